"""What a macro makes of a template: the roles and the gate, right for all values of its parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Document, InvalidInput, Verdict, inject, read
from cfnroles.answers.template_lint import template_problems
from cfnroles.answers.verify_template import Question, verify_template
from cfnroles.document import parse
from cfnroles.need import Holder, Severity
from cfnroles.targets.cloudformation.expansion import Expansion, MacroSettings, expanded
from cfnroles.template.worlds import without_defaults
from tests.deployed_roles import listed
from tests.test_injected_roles import CONTAINERS, EXPRESS, HEAD, IN_BRANCHES, SERVICES
from tests.test_injected_runners import BEHIND, IN_PROD, ROLE, RULE, SCHEDULE
from tests.test_injected_runners import HEAD as RUNNERS

VALIDATOR = "arn:aws:lambda:us-east-1:123456789012:function:validator"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SETTINGS = MacroSettings(VALIDATOR)
NOW, LATER = "20260101T000000Z", "20270101T000000Z"


def tree(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(parse(text, "t.yaml")))
    return found


def template(container: str, head: str = HEAD) -> dict[str, Any]:
    return tree(head.replace("CONTAINER", container))


def of(fragment: dict[str, Any], *settings: Any, **values: str) -> Expansion:
    return expanded(fragment, settings[0] if settings else SETTINGS, NOW, values)


def refusal(fragment: Any, **values: str) -> str:
    with pytest.raises(InvalidInput) as raised:
        of(fragment, **values)
    return str(raised.value)


def failing(fragment: Any) -> list[str]:
    """The roles that do not pass, whatever values the parameters have."""
    text = json.dumps(without_defaults(fragment, lambda name, value: True))
    judged = verify_template(read(Document("t.json", text)), Question(aws_managed_keys=True))
    roles = [each for each in judged if each.holder in (Holder.EXECUTION, Holder.TASK)]
    assert {each.holder for each in roles} == {Holder.EXECUTION, Holder.TASK}
    return [f"{each.holder}: {', '.join(map(str, each.grounds))}" for each in roles if each.verdict is not Verdict.PASS]


def granted(fragment: Any, role: str) -> dict[str, list[str]]:
    """The actions of a role by the key that they are on."""
    statements = [
        statement
        for policy in fragment["Resources"][role]["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    return {
        each: listed(statement["Action"])
        for statement in statements
        for each in map(str, listed(statement["Resource"]))
    }


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_the_roles_are_complete_and_minimal_for_all_values(container: str) -> None:
    assert failing(of(template(container)).fragment) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("an image that is unknown", "nginx"),
        ("an image that is unknown", "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"),
        ("a part of a name", "prod"),
        ("a reference that is unknown", "arn:aws:ssm:us-east-1:123456789012:parameter/a"),
    ],
)
def test_a_value_makes_no_other_roles(kind: str, value: str) -> None:
    told = of(template(CONTAINERS[kind]), Image=value, Stage=value, Reference=value)
    defaults = template(CONTAINERS[kind], HEAD.replace("Default: dev", f'Default: "{value}"'))
    assert told == of(template(CONTAINERS[kind]))
    assert of(defaults).fragment["Resources"] == told.fragment["Resources"]


def test_the_template_stays_but_for_what_is_added() -> None:
    given = template(CONTAINERS["a condition"])
    before = json.dumps(given)
    made = of(given)
    assert json.dumps(given) == before
    assert made.fragment["Parameters"] == given["Parameters"]
    own = {name: made.fragment["Resources"][name] for name in given["Resources"] if name != "Web"}
    assert own == {name: each for name, each in given["Resources"].items() if name != "Web"}
    assert {name for name in made.fragment["Resources"] if name not in given["Resources"]} == {
        "WebExecutionRole",
        "WebTaskRole",
        "WebSecretsExist",
    }


def test_the_gate_is_told_whom_to_ask_and_when_it_is() -> None:
    made = of(template(CONTAINERS["a parameter by its name"])).fragment["Resources"]
    gate = made["WebSecretsExist"]["Properties"]
    assert gate["ServiceToken"] == VALIDATOR
    assert gate["DeploymentId"] == NOW
    assert gate["References"] == [{"ValueFrom": {"Ref": "Name"}, "For": "container web, secret A"}]
    assert made["Web"]["DependsOn"] == "WebSecretsExist"


@pytest.mark.parametrize("kind", ["nothing", "two alternatives", "an image that is unknown"])
def test_a_second_run_changes_nothing(kind: str) -> None:
    once = of(template(CONTAINERS[kind])).fragment
    again = expanded(once, SETTINGS, LATER)
    assert again.fragment is once
    assert (again.tasks, again.left) == ((), ("Web",))


@pytest.mark.parametrize("fragment", [{"Resources": {}}, {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}])
def test_a_template_without_task_definitions_is_the_same(fragment: dict[str, Any]) -> None:
    assert of(fragment).fragment is fragment


def test_keys_are_named_in_the_place_of_a_parameter() -> None:
    given = template(CONTAINERS["a parameter by its name"])
    without, with_keys = (of(given, MacroSettings(VALIDATOR, keys)).fragment for keys in ((), (KEY,)))
    key = str({"Fn::Sub": KEY.replace(":aws:", ":${AWS::Partition}:")})
    assert key not in granted(without, "WebExecutionRole")
    assert granted(with_keys, "WebExecutionRole")[key] == ["kms:Decrypt"]
    assert "KmsKeyArns" not in json.dumps([without, with_keys])


def test_cfn_lint_finds_nothing_new() -> None:
    given = template(CONTAINERS["two at once"])
    problems = [
        {each.what for each in template_problems(json.dumps(each)) if each.severity is Severity.ERROR}
        for each in (given, of(given, MacroSettings(VALIDATOR, (KEY,))).fragment)
    ]
    assert problems[1] - problems[0] == set()


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = refusal(
        tree("""\
            Resources:
              "Fn::ForEach::Each": [Name, [a], {}]
              Mode: {Type: AWS::ECS::TaskDefinition, Properties: {NetworkMode: x}}
              Half:
                Type: AWS::ECS::TaskDefinition
                Properties:
                  TaskRoleArn: arn:aws:iam::123456789012:role/own
                  ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: /a}]}]
              Gap: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: 1.dkr.ecr.x.amazonaws.com/a}]}}
            """)  # noqa: E501 - one line for each
    )
    for part in (
        "Resources.Mode.Properties.NetworkMode",
        "Resources.Half names a role, and has needs of the execution role",
        "cannot see which resources Fn::ForEach::Each creates",
        "Resources.Gap.Properties.ContainerDefinitions[0].Image",
    ):
        assert part in told
    assert "template:1" not in told


def test_a_loop_is_refused_also_where_it_could_be_written_out() -> None:
    loop = '  "Fn::ForEach::Jobs": [N, [A], {"Task${N}": {Type: AWS::ECS::TaskDefinition, Properties: {}}}]\n'
    told = refusal(tree(f"Transform: AWS::LanguageExtensions\n{RUNNERS}{loop}"))
    assert "cannot see which resources Fn::ForEach::Jobs creates" in told


def test_one_role_is_enough_where_the_other_has_nothing_to_do() -> None:
    given = tree("""\
        Resources:
          Web:
            Type: AWS::ECS::TaskDefinition
            Properties: {TaskRoleArn: a, ContainerDefinitions: [{Name: a, Image: nginx}]}
        """)
    assert of(given) == Expansion(given, left=("Web",))


@pytest.mark.parametrize(
    ("container", "told", "feature"),
    [
        ("Image: 1.dkr.ecr.x.amazonaws.com/a", "is not the host of an ECR registry", "ecr-image"),
        (
            'Image: nginx, EnvironmentFiles: [{Type: s3, Value: "arn:aws:s3:::{{resolve:secretsmanager:key}}/a"}]',
            "a policy cannot say ${resolve:secretsmanager:key}",
            "environment-files",
        ),
    ],
    ids=["of the task definition", "of the roles"],
)
def test_a_gap_is_refused_unless_it_is_accepted(container: str, told: str, feature: str) -> None:
    given = template(container)
    assert told in refusal(given)
    accepted = of(given, MacroSettings(VALIDATOR, accept_gaps=True))
    assert accepted.tasks == ("Web",)
    assert [each.feature for each in accepted.gaps] == [feature]


def test_what_a_value_alone_tells_is_a_gap() -> None:
    given = template(CONTAINERS["an image that is unknown"])
    told = refusal(given, Image="public.ecr.aws/aws-observability/aws-otel-collector:latest")
    assert "Resources.Web.Properties.ContainerDefinitions[0].Image (container web)" in told
    assert "what is needed here depends on the value of a parameter" in told
    assert "aws-otel-collector" not in told


@pytest.mark.parametrize("fragment", [{}, [], "a", {"Type": "A::B::C"}, {"Resources": []}], ids=str)
def test_a_part_of_a_template_is_refused(fragment: Any) -> None:
    assert refusal(fragment).startswith("template: is not a complete template")


ALL = {
    "a service": SERVICES,
    "a service with a disk of two kinds": IN_BRANCHES,
    "Express Mode and daemons": EXPRESS,
    "a schedule": RUNNERS + SCHEDULE,
    "a rule": RUNNERS + RULE,
    "a target on a condition": RUNNERS + BEHIND,
    "a schedule on a condition": RUNNERS + IN_PROD,
}


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_the_roles_of_what_runs_tasks_are_made_as_inject_makes_them(text: str) -> None:
    made = of(tree(text))
    judged = verify_template(read(Document("t.json", json.dumps(made.fragment))), Question(aws_managed_keys=True))
    assert {each.verdict for each in judged} == {Verdict.PASS}
    roles = {name for name, each in made.fragment["Resources"].items() if each["Type"] == "AWS::IAM::Role"}
    assert {each.role.name.partition(" ")[0] for each in judged} == roles
    injected = parse(inject(read(Document("t.yaml", text))).text, "t.yaml")["Resources"]
    assert made.fragment["Resources"].keys() == injected.keys()
    assert expanded(made.fragment, SETTINGS, LATER).fragment is made.fragment


PASSING = """\
  Run:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: []}
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceEventsRole"]
"""
KEPT = SCHEDULE.replace("        Ecs", "        RoleArn: !GetAtt Run.Arn\n        Ecs")
MACHINE = """\
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Run.Arn
      Definition:
        StartAt: A
        States:
          A:
            Type: Task
            Resource: arn:aws:states:::ecs:runTask
            Parameters: {TaskDefinition: !Ref Task, Cluster: !GetAtt Batch.Arn}
            End: true
"""
DISK = SERVICES.replace("TaskDefinition: !Ref Web", "TaskDefinition: !If [IsProd, !Ref Web, other]")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(RUNNERS + KEPT + PASSING, id="a role that passes all roles on"),
        pytest.param(
            RUNNERS + RULE.replace("!GetAtt Task.TaskDefinitionArn", "nightly\n          RoleArn: x"), id="elsewhere"
        ),
        pytest.param(
            RUNNERS.replace("      Family", "      Volumes: [{Name: a, ConfiguredAtLaunch: true}]\n      Family"),
            id="of a service that is not in the template",
        ),
    ],
)
def test_a_role_that_is_there_stays(text: str) -> None:
    made = of(tree(text))
    assert (made.tasks, made.gaps) == (("Task",), ())
    for name in {"Nightly", "Hourly"} & made.fragment["Resources"].keys():
        assert made.fragment["Resources"][name] == tree(text)["Resources"][name]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            RUNNERS + KEPT + ROLE,
            "the scheduler role of Nightly stays, and must be able to pass the roles that Task gets",
            id="a role that may not pass the new ones on",
        ),
        pytest.param(
            RUNNERS + KEPT.replace("!GetAtt Run.Arn", "!ImportValue run"), "the scheduler role of Nightly stays",
            id="a role of elsewhere",
        ),
        pytest.param(
            RUNNERS + MACHINE + ROLE,
            "the state machine role of Machine stays, and must be able to pass the roles that Task",
            id="a state machine",
        ),
        pytest.param(
            DISK,
            "the infrastructure role is required here, but it is unknown whether Service runs Web",
            id="two tasks",
        ),
        pytest.param(
            RUNNERS + RULE.replace("!GetAtt Task.TaskDefinitionArn", "nightly"),
            "the event rule role is required here, but it is unknown what Hourly runs", id="a task of elsewhere",
        ),
    ],
)  # fmt: skip
def test_a_role_that_would_lack_something_or_is_not_there_is_a_gap(text: str, told: str) -> None:
    assert told in refusal(tree(text))
    assert told in str(of(tree(text), MacroSettings(VALIDATOR, accept_gaps=True)).gaps)


def test_what_a_service_lacks_where_it_is_not_there_is_none_of_its_roles() -> None:
    given = tree(IN_BRANCHES)
    given["Resources"]["Service"]["Condition"] = "IsProd"
    made = of(given)
    assert (made.tasks, made.gaps) == (("Web", "Service"), ())


def test_a_service_of_express_mode_names_all_of_its_roles_or_none() -> None:
    half = EXPRESS.replace("      ServiceName: shop", "      ServiceName: shop\n      TaskRoleArn: x")
    told = refusal(tree(half))
    assert "Resources.Web names a role, and has needs of the execution role" in told
    assert "Set InfrastructureRoleArn, too, or take out the roles that it names." in told
