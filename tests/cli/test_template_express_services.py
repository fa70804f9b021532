"""Express Mode services of templates: the same rows as for what makes one, at the places of the template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import read
from cfnroles.answers.lint import lint

HEAD = """\
Parameters:
  Image: {Type: String, Default: "public.ecr.aws/docker/library/nginx:1.27"}
  Env: {Type: String, Default: dev}
  Place: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Cluster: {Type: AWS::ECS::Cluster}
  Database: {Type: AWS::SecretsManager::Secret}
  Logs: {Type: AWS::Logs::LogGroup}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: web}}
"""
SERVICE = """\
  Web:
    Type: AWS::ECS::ExpressGatewayService
    Properties:
      ServiceName: shop
      InfrastructureRoleArn: {infrastructure}
      ExecutionRoleArn: {execution}
      NetworkConfiguration: {{SecurityGroups: [!Ref Group]}}
      {more}
      PrimaryContainer:
        Image: !Ref Image
        {container}
"""
ARN = "arn:aws:iam::123456789012:role/web"
HOME = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group"


def service(container: str = "", more: str = "", infrastructure: str = ARN, execution: str = ARN) -> str:
    return HEAD + SERVICE.format(container=container, more=more, infrastructure=infrastructure, execution=execution)


@pytest.fixture
def explained(cfnroles: Any, tmp_path: Path) -> Any:
    def explain(text: str, *options: str) -> Any:
        (tmp_path / "t.yaml").write_text(text)
        told = cfnroles("explain", tmp_path / "t.yaml", *options, "--format", "json").out
        return json.loads(told)

    return explain


def statements(explanation: Any, role: str) -> dict[str, tuple[str, list[str]]]:
    """What each statement of a role of the service depends on, and its resources."""
    found = explanation["resources"]["Web"]["roles"][role]
    return {each["sid"]: (each.get("onlyIf", ""), each["resources"]) for each in found}


def test_its_roles_are_explained_under_the_conditions_of_the_template(explained: Any) -> None:
    container = """Secrets:
          - {Name: A, ValueFrom: !Ref Database}
          - !If [IsProd, {Name: B, ValueFrom: "arn:aws:ssm:eu-west-1:123456789012:parameter/b"}, !Ref AWS::NoValue]
        AwsLogsConfiguration: {LogGroup: !Ref Logs, LogStreamPrefix: web}"""
    explanation = explained(service(container, "Cluster: !Ref Cluster"))
    assert explanation["gaps"] == []
    execution, infrastructure = (statements(explanation, f"{each} role") for each in ("execution", "infrastructure"))
    assert execution["ReadSecrets"] == ("", ["${Database}"])
    assert execution["ReadParameters"][0] == "IsProd holds"
    assert execution["WriteLogs"] == ("", [f"{HOME}:${{Logs}}:log-stream:web/Main/*"])
    assert infrastructure["OpenSecurityGroups"][1][0].endswith(":security-group/${Group}")
    assert infrastructure["MakeLogGroup"][1] == ["${Logs.Arn}", f"{HOME}:${{Logs}}"]


def test_what_is_found_stands_where_the_template_says_it(explained: Any) -> None:
    text = service("Secrets: [{Name: A, ValueFrom: !Ref Database}]")
    roles = explained(text)["resources"]["Web"]["roles"]
    fields = [field for each in roles["execution role"] for reason in each["reasons"] for field in reason["fields"]]
    assert {(field["path"], text.splitlines()[field["line"] - 1].split()[0]) for field in fields} == {
        ("Resources.Web.Properties.PrimaryContainer.Secrets[0].ValueFrom", "Secrets:"),
        ("Resources.Web.Properties.PrimaryContainer.Image", "Image:"),
    }
    assert {field["container"] for field in fields} == {"Main"}


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("", "default"),
        ("Cluster: !Ref Cluster", "${Cluster}"),
        ("Cluster: !GetAtt Cluster.Arn", "${Cluster}"),
        ("Cluster: arn:aws:ecs:eu-west-1:123456789012:cluster/blue", "blue"),
        ("Cluster: !Sub '${Env}-blue'", "dev-blue"),
    ],
)
def test_the_log_group_that_ecs_makes_is_called_by_the_cluster(explained: Any, cluster: str, name: str) -> None:
    execution = statements(explained(service(more=cluster)), "execution role")
    assert execution["WriteLogs"] == ("", [f"{HOME}:/aws/ecs/{name}/shop-????:log-stream:ecs/Main/*"])


def test_a_cluster_by_its_name_or_its_arn_is_a_gap_that_can_be_closed(explained: Any) -> None:
    text = service(more="Cluster: !Ref Place")
    gaps = explained(text)["resources"]["Web"]["gaps"]
    assert {(gap["role"], gap["remedy"]) for gap in gaps} == {
        ("execution role", "Pass --parameter Place=VALUE"),
        ("infrastructure role", "Pass --parameter Place=VALUE"),
    }
    assert explained(text, "--parameter", "Place=blue")["resources"]["Web"]["gaps"] == []


def test_an_image_of_a_map_is_looked_up_for_each_key(explained: Any) -> None:
    maps = """Mappings:
  Images: {a: {Uri: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"}, b: {Uri: "nginx:1"}}
"""
    text = maps + service().replace("!Ref Image", "!FindInMap [Images, !Ref Place, Uri]")
    explanation = explained(text)
    assert explanation["resources"]["Web"]["gaps"] == []
    assert statements(explanation, "execution role")["PullImages"] == (
        "${Place} is a",
        ["arn:aws:ecr:eu-west-1:123456789012:repository/web"],
    )


@pytest.mark.parametrize(
    ("text", "field", "what"),
    [
        (
            "Resources: {Web: {Type: AWS::ECS::ExpressGatewayService, Properties: {ServiceName: a}}}",
            "Resources.Web.Properties",
            "the service has neither a container nor a task definition",
        ),
        (
            service("Novel: [{a: b}]"),
            "Resources.Web.Properties.PrimaryContainer.Novel",
            "cfnroles does not know the member novel, or which permissions it needs",
        ),
        (
            HEAD + "  Web: {Type: AWS::ECS::ExpressGatewayService, Properties: {TaskDefinitionArn: !Ref Place}}\n",
            "Resources.Web.Properties.TaskDefinitionArn",
            "the task definition ${Place} is a separate document, with an execution role and a task role",
        ),
        (
            service("Secrets: !Ref Place"),
            "Resources.Web.Properties.PrimaryContainer.Secrets",
            "cannot see what CloudFormation puts here, or which permissions it needs",
        ),
    ],
    ids=["nothing", "an unknown member", "a task definition of its own", "a list that is worked out"],
)
def test_what_cannot_be_known_is_a_gap(explained: Any, text: str, field: str, what: str) -> None:
    gaps = [(gap["path"], gap["what"]) for gap in explained(text)["resources"]["Web"]["gaps"]]
    assert (field, what) in gaps


def test_what_ecs_would_refuse_is_refused(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(service("Secrets: [{Name: A, ValueFrom: '/a b'}]", "TaskDefinitionArn: a:1"))
    told = cfnroles("explain", tmp_path / "t.yaml")
    assert told.code == 2
    assert "TaskDefinitionArn is next to ExecutionRoleArn, PrimaryContainer" in " ".join(told.err.split())


def test_it_is_explained_beside_the_task_definitions(cfnroles: Any, tmp_path: Path) -> None:
    task = "  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: nginx}]}}\n"
    (tmp_path / "t.yaml").write_text(service() + task)
    out = cfnroles("explain", tmp_path / "t.yaml").out
    assert "\nExpress Mode service Web\n" in f"\n{out}"
    assert "\ntask definition Task\n" in f"\n{out}"
    assert "# Express Mode service Web" in cfnroles("explain", tmp_path / "t.yaml", "--format", "markdown").out
    alone = cfnroles("explain", tmp_path / "t.yaml", "--resource", "Web").out
    assert "task definition Task" not in alone


ROLE = """\
  {name}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Action: "sts:AssumeRole", Principal: {{Service: {principal}.amazonaws.com}}}}]
      ManagedPolicyArns: [{policy}]
"""
POLICIES = "arn:aws:iam::aws:policy/service-role"
MANAGED = f"{POLICIES}/AmazonECSInfrastructureRoleforExpressGatewayServices"
EXECUTION = f"{POLICIES}/AmazonECSTaskExecutionRolePolicy"


def linted(principal: str = "ecs", policy: str = MANAGED, container: str = "") -> set[tuple[str, str]]:
    from cfnroles import Document

    roles = ROLE.format(name="Infra", principal=principal, policy=policy)
    roles += ROLE.format(name="Exec", principal="ecs-tasks", policy=EXECUTION)
    text = service(container, infrastructure="!GetAtt Infra.Arn", execution="!GetAtt Exec.Arn") + roles
    return {(each.check, each.origin.pointer) for each in lint(read(Document("t.yaml", text))).findings}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, set()),
        ({"principal": "ecs-tasks"}, {("untrusted-role", "Resources.Infra.Properties.AssumeRolePolicyDocument")}),
        ({"policy": EXECUTION}, {("missing-permission", "Resources.Infra")}),
        (
            {"container": "Secrets: [{Name: A, ValueFrom: !Ref Database}]"},
            {("missing-permission", "Resources.Exec")},
        ),
        (
            {"container": "Environment: [{Name: DATABASE_PASSWORD, Value: correct horse}]"},
            {("plain-text-secret", "Resources.Web.Properties.PrimaryContainer.Environment[0].Value")},
        ),
    ],
    ids=["as AWS advises", "trusts tasks alone", "too little", "a secret", "a secret in plain text"],
)
def test_lint_judges_its_three_roles(changed: dict[str, str], found: set[tuple[str, str]]) -> None:
    assert linted(**changed) == found


def test_a_role_outside_the_source_is_reported() -> None:
    from cfnroles import Document

    text = service(infrastructure="!ImportValue infra", execution="!GetAtt Exec.Arn")
    text += ROLE.format(name="Exec", principal="ecs-tasks", policy=EXECUTION)
    found = {each.origin.pointer: each.what for each in lint(read(Document("t.yaml", text))).findings}
    assert found["Resources.Web.Properties.InfrastructureRoleArn"] == (
        "the infrastructure role of Web is not judged: another stack exports it"
    )


def judged(cfnroles: Any, tmp_path: Path, text: str, command: str = "verify", *options: str) -> Any:
    (tmp_path / "t.yaml").write_text(text)
    return cfnroles(command, tmp_path / "t.yaml", *options)


def test_verify_judges_its_roles_in_the_template(cfnroles: Any, tmp_path: Path) -> None:
    roles = ROLE.format(name="Infra", principal="ecs", policy=MANAGED)
    roles += ROLE.format(name="Exec", principal="ecs-tasks", policy=EXECUTION)
    text = service("Secrets: [{Name: A, ValueFrom: !Ref Database}]", infrastructure="!GetAtt Infra.Arn") + roles
    told = judged(cfnroles, tmp_path, text.replace(f"ExecutionRoleArn: {ARN}", "ExecutionRoleArn: !GetAtt Exec.Arn"))
    assert told.code == 1
    assert f"Execution role: Exec of {tmp_path}/t.yaml\nof the Express Mode service Web\nVerdict: fail" in told.out
    assert "[MISSING] secretsmanager:GetSecretValue on ${Database}" in told.out
    assert f"Infrastructure role: Infra of {tmp_path}/t.yaml\nof the Express Mode service Web\n" in told.out
    assert told.out.count("[MISSING]") == 1


def test_without_an_execution_role_nobody_does_it_in_its_place(cfnroles: Any, tmp_path: Path) -> None:
    told = judged(cfnroles, tmp_path, service().replace(f"      ExecutionRoleArn: {ARN}\n", ""))
    assert told.code == 1
    assert "[MISSING] logs:CreateLogStream" in told.out


def test_check_looks_at_its_secrets(cfnroles: Any, tmp_path: Path) -> None:
    told = judged(cfnroles, tmp_path, service("Secrets: [{Name: A, ValueFrom: !Ref Database}]"), "check")
    assert (told.code, "created with the task, not checked" in told.out) == (0, True)
    told = judged(cfnroles, tmp_path, service("Secrets: [{Name: A, ValueFrom: !Ref Place}]"), "check")
    assert told.code == 3
    assert "cannot be checked before ${Place} is known" in told.out


TASK = "  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: nginx}]}}\n"
OF_A_TASK = """\
  Web:
    Type: AWS::ECS::ExpressGatewayService
    Properties: {ServiceName: shop, InfrastructureRoleArn: NONE, TaskDefinitionArn: !Ref TASK}
"""


@pytest.mark.parametrize(("named", "code"), [("Task", 0), ("Place", 3)], ids=["of the template", "of nobody knows"])
def test_the_secrets_of_a_task_definition_elsewhere_are_not_seen(
    cfnroles: Any, tmp_path: Path, named: str, code: int
) -> None:
    told = judged(cfnroles, tmp_path, HEAD + TASK + OF_A_TASK.replace("TASK", named), "check")
    assert told.code == code
    assert ("the task definition ${Place} is a separate document" in told.out) == bool(code)


def test_the_secrets_of_a_task_definition_that_a_document_names_are_not_seen(cfnroles: Any) -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/shop:7"
    told = cfnroles("check", "-", stdin=json.dumps({"infrastructureRoleArn": ARN, "taskDefinitionArn": arn}))
    assert told.code == 3
    assert "so that secrets may be missing from this list" in told.out
