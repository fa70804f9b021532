"""References of a template to names that it does not have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cfnroles import Document, InvalidInput, build, explain, inject, lint, read
from cfnroles.answers.verify_template import Question, verify_template
from cfnroles.iam.roles import read_role
from cfnroles.sources.reading import Reading
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.loops import unrolled
from cfnroles.template.template import read_template
from cfnroles.template.undefined_names import undefined

HEAD = """\
Parameters:
  Env: {Type: String}
  Names: {Type: CommaDelimitedList}
Mappings: {Sizes: {prod: {cpu: 256}}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  DbSecret: {Type: AWS::SecretsManager::Secret}
  Function: {Type: AWS::Serverless::Function}
  Part: {Type: My::Company::Thing::MODULE}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: """
SAM = "Transform: AWS::Serverless-2016-10-31\n"
LOOPS = "Transform: AWS::LanguageExtensions\n"
COPILOT = "    Metadata: {'aws:copilot:description': A task definition}\n"


def found(value: str, before: str = "", after: str = "") -> list[str]:
    text = f"{before}{HEAD}{value}\n{after}"
    template = unrolled(read_template(text, "t.yaml"), NOTHING_GIVEN)
    return [f"{each.what}. {each.remedy}" for each in undefined(template, ("AWS::ECS::",)) if not each.partial]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("!Ref DbSecrt", "the template has no parameter or resource DbSecrt. Did you mean 'DbSecret'?"),
        ("!GetAtt DbSecrt.Id", "the template has no resource DbSecrt. Did you mean 'DbSecret'?"),
        ("{Fn::GetAtt: [DbSecrt, Id]}", "the template has no resource DbSecrt. Did you mean 'DbSecret'?"),
        ("!Sub '${!Literal}-${Evn}'", "the template has no parameter or resource Evn. Declare it:"),
        ("!Sub ['${A}-${B}', {A: !Ref Env}]", "the template has no parameter or resource B. Declare it:"),
        ("!Sub ['${A}', {A: !Ref Nothing}]", "the template has no parameter or resource Nothing. Declare it:"),
        ("!Sub '${DbSecrt.Id}'", "the template has no resource DbSecrt. Did you mean 'DbSecret'?"),
        ("!Join ['-', [a, !Ref Nothing]]", "the template has no parameter or resource Nothing. Declare it:"),
        ("!Ref AWS::AcountId", "the template has no pseudo parameter AWS::AcountId. Did you mean 'AWS::AccountId'?"),
        ("!GetAtt Env.Arn", "Env is a parameter, and Fn::GetAtt takes a resource. Write !Ref Env, or ${Env}"),
        ("!If [IsPrd, a, b]", "the template has no condition IsPrd. Did you mean 'IsProd'?"),
        ("!FindInMap [Size, prod, cpu]", "the template has no mapping Size. Did you mean 'Sizes'?"),
        # The included part leaves its neighbors unchanged.
        (
            "{Fn::Transform: {Name: AWS::Include}, A: !Ref DbSecrt}",
            "the template has no parameter or resource DbSecrt. ",
        ),
    ],
)
def test_an_unknown_name_is_reported_with_the_likely_one(value: str, told: str) -> None:
    (said,) = found(value)
    assert said.startswith(told)


@pytest.mark.parametrize(
    "value", ["!Ref Env", "!GetAtt DbSecret.Id", "!Sub '${AWS::Region}'", "!Ref AWS::NoValue", "{Condition: START}"]
)
def test_a_name_that_is_there_is_not(value: str) -> None:
    assert found(value) == []


def test_what_is_of_no_interest_is_left_to_cfn_lint() -> None:
    assert found("a", after="  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Nothing}}\n") == []
    subnets = "NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [!Ref Nothing]}}"
    assert found("a", after=f"  Web: {{Type: AWS::ECS::Service, Properties: {{{subnets}}}}}\n") == []


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        pytest.param("!GetAtt FunctionRole.Arn", SAM, "", id="a role that SAM makes"),
        pytest.param("!Ref ServerlessRestApi", SAM, "", id="an API that SAM makes"),
        pytest.param("!Ref Other", SAM, "", id="like nothing in a template of SAM"),
        pytest.param("!Ref Other", "", COPILOT, id="like nothing in a part that Copilot keeps"),
        pytest.param("!Ref DbSecrt", "Transform: [Mine]\n", "", id="a macro"),
        pytest.param("!Ref DbSecrt", "Transform: {Name: AWS::Include}\n", "", id="what is included"),
        pytest.param("!Ref DbSecrt", "", "  Fn::Transform: {Name: AWS::Include}\n", id="what is included there"),
        pytest.param("!Ref PartThing", "", "", id="a module"),
        pytest.param(
            "!Ref QueueBlue", LOOPS, "  Fn::ForEach::Q: [N, !Ref Names, {'Queue${N}': {Type: A::B::C}}]\n", id="a loop"
        ),
        pytest.param("{Fn::Transform: {Name: Mine}, Ref: DbSecrt}", "", "", id="a macro beside it"),
    ],
)
def test_a_name_that_something_may_make_is_left(value: str, before: str, after: str) -> None:
    assert found(value, before, after) == []


@pytest.mark.parametrize(("before", "after"), [(SAM, ""), (LOOPS, ""), ("", COPILOT)], ids=["SAM", "loops", "Copilot"])
def test_a_slip_is_one_there_too(before: str, after: str) -> None:
    assert len(found("!Ref DbSecrt", before, after)) == 1


TEMPLATE = """\
Resources:
  DbSecret: {Type: AWS::SecretsManager::Secret}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: []}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx:1.27
          Secrets: [{Name: DB, ValueFrom: !Ref DbSecrt}]
"""


def _verify(reading: Reading) -> object:
    return verify_template(reading, Question())


@pytest.mark.parametrize("command", [explain, build, inject, _verify])
def test_no_command_makes_anything_of_it(command: Callable[[Reading], object]) -> None:
    with pytest.raises(InvalidInput) as error:
        command(read(Document("t.yaml", TEMPLATE)))
    told = "t.yaml:13:32: the template has no parameter or resource DbSecrt"
    assert str(error.value) == f"{told}\nDid you mean 'DbSecret'?"


def test_a_nested_stack_is_read_as_a_template_is() -> None:
    text = "Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: t.yaml}}}"
    document = Document("top.yaml", text, lambda path: Document(path, TEMPLATE))
    with pytest.raises(InvalidInput, match=r"^t\.yaml:13:32: the template has no parameter or resource DbSecrt"):
        explain(read(document))


def test_a_role_is_read_from_no_template_with_an_undefined_name() -> None:
    text = TEMPLATE.replace("{Statement: []}", "{Statement: !Ref Trsut}")
    with pytest.raises(InvalidInput, match="no parameter or resource Trsut"):
        read_role(text, "roles.yaml", "Role")


def test_a_type_that_is_nearly_one_of_ecs_is_told() -> None:
    text = TEMPLATE.replace("AWS::ECS::TaskDefinition", "AWS::ECS::TaskDefintion").replace("DbSecrt", "DbSecret")
    reading = read(Document("t.yaml", text))
    told = "AWS::ECS::TaskDefintion is no resource type"
    assert [(each.check, each.what) for each in lint(reading).findings] == [("unknown-type", told)]
    with pytest.raises(InvalidInput, match="Did you mean 'AWS::ECS::TaskDefinition'"):
        build(reading)
    other = text.replace("TaskDefintion", "Something").replace("AWS::IAM::Role", "AWS::EKS::Cluster")
    assert read(Document("t.yaml", other)).wrong == ()


def test_lint_finds_it_beside_all_else() -> None:
    found = {each.check: each.what for each in lint(read(Document("t.yaml", TEMPLATE))).findings}
    assert found["undefined-name"] == "the template has no parameter or resource DbSecrt"
    assert len(found) > 1


def test_an_unknown_name_is_a_gap_in_part_of_a_template() -> None:
    reading = read(Document("t.yaml", f"{SAM}{TEMPLATE.replace('DbSecrt', 'Other')}"))
    assert [each.what for each in explain(reading)[-1].gaps] == ["the template has no parameter or resource Other"]
