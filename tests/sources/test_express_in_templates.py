"""Express Mode services of templates: explained, linted and built in their place."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles import Document, Told, build, lint, read
from cfnroles.answers.explain_template import explain_template
from cfnroles.deploy.filled_template import FilledTemplate
from cfnroles.deploy.unchecked_secrets import unchecked_secrets
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.template.given import Given
from cfnroles.template.template import read_template

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
  Kind: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Kind, prod]
Resources:
  Database: {Type: AWS::SecretsManager::Secret}
  Execution:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: logs
          PolicyDocument: {Statement: [{Effect: Allow, Action: ["logs:CreateLogStream"], Resource: "*"}]}
  Web:
    Type: AWS::ECS::ExpressGatewayService
    Properties:
      ServiceName: !Sub "${Stage}-shop"
      InfrastructureRoleArn: arn:aws:iam::123456789012:role/infrastructure
      ExecutionRoleArn: !GetAtt Execution.Arn
      PrimaryContainer:
        Image: nginx:1.27
        Secrets: !If [IsProd, [{Name: DB, ValueFrom: !Ref Database}], !Ref AWS::NoValue]
"""
CONTAINER = "Resources.Web.Properties.PrimaryContainer"


def reading(text: str = TEMPLATE, **told: Any) -> Reading:
    return read(Document("t.yaml", text), Told(**told))


def explained(text: str = TEMPLATE, **told: Any) -> Any:
    found = reading(text, **told)
    assert found.template is not None
    return {each.resource: each for each in explain_template(found, found.template, "")}


def test_its_roles_are_explained_at_their_places_and_under_its_conditions() -> None:
    web = explained()["Web"]
    explained_ones = [each for _, found in web.roles for each in found]
    statements = {each.statement.sid: each.statement for each in explained_ones}
    assert [holder for holder, _ in web.roles] == [Holder.EXECUTION, Holder.INFRASTRUCTURE]
    assert statements["WriteLogs"].resources == (
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
        ":log-group:/aws/ecs/default/${Stage}-shop-????:log-stream:ecs/Main/*",
    )
    assert {each.statement.sid: each.when for each in explained_ones if each.when} == {"ReadSecrets": "IsProd holds"}
    origins = {origin.pointer for each in explained_ones for reason in each.reasons for origin in reason.origins}
    assert {f"{CONTAINER}.Image", "Resources.Web.Properties.InfrastructureRoleArn"} <= origins
    assert f"{CONTAINER}.Secrets[1][0].ValueFrom" in origins


def test_lint_judges_its_execution_role_and_what_no_row_knows() -> None:
    unknown = TEMPLATE.replace("nginx:1.27", "nginx:1.27\n        EntryPoint: [run]")
    findings = lint(reading(unknown)).findings
    missing = [each.what for each in findings if each.check == "missing-permission"]
    assert len(missing) == 2
    assert all(each.startswith("Execution is the execution role of Web and does not allow ") for each in missing)
    (member,) = [each for each in findings if each.check == "likely-to-fail"]
    assert (member.origin.pointer, member.what.partition(",")[0]) == (
        f"{CONTAINER}.EntryPoint",
        "cfnroles does not know the member EntryPoint",
    )


def test_a_name_by_which_ecs_finds_no_role_is_told_for_each_of_its_roles() -> None:
    text = TEMPLATE.replace("!GetAtt Execution.Arn", "!Ref Execution")
    found = [finding.origin.pointer for finding in lint(reading(text)).findings if finding.check == "role-by-name"]
    assert "Resources.Web.Properties.ExecutionRoleArn" in found


def test_its_three_roles_are_built_beside_the_template() -> None:
    built = build(reading())
    assert [gap for gap in built.gaps if gap.feature == "hidden-resource"] == []
    roles = [taking.holder for taking in built.takes if taking.task == "Web"]
    assert roles == [
        Holder.EXECUTION,
        Holder.TASK,
        Holder.INFRASTRUCTURE,
    ]


@pytest.mark.parametrize(
    ("depends", "unchecked"),
    [("", ["Web: container Main, secret DB"]), ("    DependsOn: Gate\n", [])],
    ids=["unchecked", "checked"],
)
def test_its_secrets_must_be_checked_before_it_starts(depends: str, unchecked: list[str]) -> None:
    gate = "  Gate: {Type: Custom::SecretsExist, Properties: {References: [{ValueFrom: !Ref Database, For: Web}]}}\n"
    text = TEMPLATE.replace("Service\n    Properties:", f"Service\n{depends}    Properties:") + gate
    filled = FilledTemplate(read_template(text, "t.yaml"), Given({"Stage": "a", "Kind": "prod"}))
    assert [*unchecked_secrets(filled)] == unchecked
