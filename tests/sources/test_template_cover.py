"""What a task definition needs in all worlds, told from a few of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.need import Finding, Origin, Severity
from cfnroles.sources import template_tasks
from cfnroles.sources.template_cover import WorldsApart, cover_of, whole_cover
from cfnroles.sources.template_keys import Keys
from cfnroles.sources.template_tasks import TaskInWorlds, around_task, in_worlds, run_in
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import Template, read_template
from cfnroles.workload import EXPRESS

NO_VALUE = {"Ref": "AWS::NoValue"}
KEY = {"Fn::GetAtt": ["Key", "Arn"]}


def when(condition: str, value: Any, otherwise: Any = NO_VALUE) -> Any:
    return {"Fn::If": [condition, value, otherwise]}


def secret(number: int, value_from: Any = None) -> dict[str, Any]:
    return {"Name": f"S{number}", "ValueFrom": value_from or {"Ref": f"Secret{number}"}}


def variable(number: int, value: Any) -> dict[str, Any]:
    return {"Name": f"E{number}", "Value": value}


def template(container: dict[str, Any], number: int = 3, **others: Any) -> dict[str, Any]:
    asked = {f"C{each}": {"Fn::Equals": [{"Ref": f"P{each}"}, "yes"]} for each in range(number)}
    secrets = {f"Secret{each}": {"Type": "AWS::SecretsManager::Secret"} for each in range(number)}
    made = {"Key": {"Type": "AWS::KMS::Key"}, "Bucket": {"Type": "AWS::S3::Bucket"}, **secrets, **others}
    task = {"Family": "web", "ContainerDefinitions": [{"Name": "app", "Image": "nginx", **container}]}
    return {
        "Parameters": {f"P{each}": {"Type": "String", "Default": "no"} for each in range(number)},
        "Conditions": {**asked, **made.pop("Conditions", {})},
        "Mappings": {"Map": {"yes": {"Of": "arn:aws:ssm:eu-west-1:111122223333:parameter/a"}}},
        "Resources": {**made, "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task}},
    }


def logs(group: str) -> dict[str, Any]:
    options = {"awslogs-group": {"Ref": group}, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "x"}
    return {"LogConfiguration": {"LogDriver": "awslogs", "Options": options}}


def with_parameters(given: dict[str, Any], defaults: dict[str, str]) -> dict[str, Any]:
    declared = {name: {"Type": "String", "Default": default} for name, default in defaults.items()}
    return {**given, "Parameters": {**given["Parameters"], **declared}}


ONE_BY_ONE = [when(f"C{number}", secret(number)) for number in range(3)]
ENCRYPTED = {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": when("C2", KEY)}}
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"KmsKeyId": KEY}}
BUCKET = {
    "Type": "AWS::S3::Bucket",
    "Properties": {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/files"}}
            ]
        }
    },
}


def init_file(number: int) -> dict[str, Any]:
    return {"Name": f"aws_fluent_bit_init_s3_{number}", "Value": {"Fn::Sub": "arn:aws:s3:::${Bucket}/x"}}


LARGE = "x" * 40_000
ASKED_TOGETHER = {"Joined": {"Fn::Equals": [{"Fn::Sub": "${P0}-${Extra}"}, "yes-x"]}}

#: Templates in which elements depend on conditions, and how many worlds are looked at for them.
LOOKED_AT = {
    "one condition around each": (template({"Secrets": ONE_BY_ONE}), 2),
    "six conditions": (
        template({"Secrets": [when(f"C{each}", secret(each)) for each in range(6)]}, 6),
        2,
    ),
    "one in another": (template({"Secrets": [when("C0", when("C1", secret(0))), when("C2", secret(1))]}), 4),
    "one in either arm": (template({"Secrets": [when("C0", secret(0), secret(1)), when("C1", secret(2))]}), 2),
    "around the key of a secret": (template({"Secrets": [*ONE_BY_ONE[:2]]}, Secret1=ENCRYPTED), 4),
    "around a container's image": (
        template({"Image": when("C0", "nginx", "httpd"), "Secrets": ONE_BY_ONE[1:]}),
        4,
    ),
    "around a list": (template({"Secrets": when("C0", ONE_BY_ONE[1:])}), 4),
    "in a value": (template({"Secrets": [secret(0, {"Ref": "P0"}), secret(1, {"Ref": "P1"})]}), 1),
    "an image that a parameter says": (
        with_parameters(template({"Image": {"Ref": "Image"}, "Secrets": ONE_BY_ONE}), {"Image": ""}),
        4,
    ),
    "by what a map holds": (
        template({"Secrets": [secret(0, {"Fn::FindInMap": ["Map", {"Ref": "P0"}, "Of"]}), *ONE_BY_ONE[1:]]}),
        2,
    ),
}
#: Templates in which elements affect what is reported about others.
TOGETHER = {
    "a log group's key, for which a variable names it": template(
        {"Environment": [when("C0", variable(0, {"Ref": "Other"})), when("C1", variable(1, "x"))], **logs("Group")},
        Group={"Type": "AWS::Logs::LogGroup"},
        Other=GROUP,
    ),
    "a bucket that two of them name": template(
        {
            "FirelensConfiguration": {"Type": "fluentbit"},
            "Environment": [when(f"C{each}", init_file(each)) for each in range(2)],
        },
        Bucket=BUCKET,
    ),
    "their numbers": template(
        {"Secrets": [when("C0", secret(0)), when("C1", {"ValueFrom": {"Ref": "Secret1"}})]},
    ),
    "a size that is too much": template(
        {"Environment": [when("C0", variable(0, LARGE)), when("C1", NO_VALUE, variable(1, LARGE))]}
    ),
    "a name by which a secret is found": template(
        {"Secrets": [when("C0", secret(0, "arn:aws:ssm:eu-west-1:111122223333:parameter/a")), when("C1", secret(1))]},
        Parameter={"Type": "AWS::SSM::Parameter", "Properties": {"Name": when("C1", "a", "b")}},
    ),
    "a name among properties that a condition chooses": template(
        {"Secrets": [when("C0", secret(0, "arn:aws:ssm:eu-west-1:111122223333:parameter/a")), when("C1", secret(1))]},
        Parameter={
            "Type": "AWS::SSM::Parameter",
            "Properties": when("C1", {"Name": "a", "Tier": "Standard"}, {"Name": "b"}),
        },
    ),
    "a default beside what is compared": with_parameters(
        template(
            {"Secrets": [secret(0, {"Ref": "Extra"}), when("Joined", secret(1)), when("C0", secret(2))]},
            Conditions=ASKED_TOGETHER,
        ),
        {"Extra": "x", "P0": "yes"},
    ),
    "a name that a function says": template(
        {
            "Secrets": [when("C0", secret(0)), secret(1, {"Ref": {"Fn::Sub": "Secret${P1}"}}), when("C1", secret(2))],
            "Environment": [when("C2", variable(0, "x"))],
        },
        Secretyes=ENCRYPTED,
    ),
    "a key that is there under a condition": template(
        {"Secrets": ONE_BY_ONE[:2], "Environment": [when("C2", variable(0, "x"))]},
        Secret1={"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": KEY}},
        Key={"Type": "AWS::KMS::Key", "Condition": "C2"},
    ),
}


def read(given: dict[str, Any]) -> tuple[Document, Template]:
    text = json.dumps(given)
    return Document("t.json", text), read_template(text, "t.json")


def told(given: dict[str, Any]) -> TaskInWorlds:
    document, whole = read(given)
    return in_worlds("Task", document, whole, (Facts("111122223333", "eu-west-1"), NOTHING_GIVEN))


@pytest.mark.parametrize(
    "given", [*(given for given, _ in LOOKED_AT.values()), *TOGETHER.values()], ids=[*LOOKED_AT, *TOGETHER]
)
def test_what_is_told_from_a_few_worlds_is_what_all_of_them_tell(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_few = told(given)
    monkeypatch.setattr(template_tasks, "cover_of", lambda _, around, worlds: whole_cover(worlds))
    by_all = told(given)
    members = ("there", "needs", "gaps", "findings", "references")
    assert {name: getattr(by_few, name) for name in members} == {name: getattr(by_all, name) for name in members}
    assert by_all.needs or by_all.gaps or by_all.findings


#: What each part of a random template may be around: nothing, a condition, or one in another.
_wrapped = st.lists(st.sampled_from(["C0", "C1", "C2", "C3"]), max_size=2)


def chosen(conditions: list[str], value: Any, otherwise: Any = NO_VALUE) -> Any:
    for condition in conditions:
        value = when(condition, value, otherwise)
    return value


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """A small template with conditions around anything."""
    images = ["nginx", {"Ref": "P3"}, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1"]

    def part(value: Any, otherwise: Any = NO_VALUE) -> Any:
        return chosen(draw(_wrapped), value, otherwise)

    def container(name: str) -> Any:
        secrets = [part(secret(each, part({"Ref": f"Secret{each}"}, "/p"))) for each in range(draw(st.integers(0, 3)))]
        variables = [part(variable(each, part("x", {"Ref": "P0"}))) for each in range(draw(st.integers(0, 2)))]
        image = part(draw(st.sampled_from(images)), "httpd")
        return {"Name": name, "Image": image, "Secrets": part(secrets), "Environment": variables}

    kept = {"Secret1": part({"KmsKeyId": KEY}, {})} if draw(st.booleans()) else {"Secret1": {}}
    made = {name: {"Type": "AWS::SecretsManager::Secret", "Properties": each} for name, each in kept.items()}
    found = template(container("app"), 4, **made)
    task = found["Resources"]["Task"]
    task["Properties"] |= {"Cpu": part("256", "512"), "TaskRoleArn": part("arn:aws:iam::111122223333:role/x")}
    task["Properties"]["ContainerDefinitions"].append(part(container("side")))
    if draw(st.booleans()):
        task["Condition"] = draw(st.sampled_from(["C0", "C3"]))
    if draw(st.booleans()):
        run = {"TaskDefinition": {"Ref": "Task"}, "EnableExecuteCommand": part(True, False)}
        found["Resources"]["Web"] = {"Type": "AWS::ECS::Service", "Properties": run}
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(templates())
def test_whatever_conditions_are_around_all_worlds_tell_the_same(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]
) -> None:
    by_few = told(found)
    with monkeypatch.context() as patched:
        patched.setattr(template_tasks, "cover_of", lambda _, around, worlds: whole_cover(worlds))
        by_all = told(found)
    members = ("there", "needs", "gaps", "findings", "references")
    assert {name: getattr(by_few, name) for name in members} == {name: getattr(by_all, name) for name in members}


def around(conditions: list[int], value: Any) -> Any:
    return chosen([f"C{each}" for each in conditions], value)


@pytest.mark.parametrize("number", [20, 40])
def test_each_element_is_told_with_its_own_conditions_however_many_there_are(number: int) -> None:
    secrets = [around([each, (each + 1) % number], secret(each)) for each in range(number)]
    sidecar = around([0], {"Name": "side", "Image": "nginx", "Secrets": [around([1], secret(2))]})
    given = template({"Secrets": secrets}, number)
    given["Resources"]["Task"]["Properties"]["ContainerDefinitions"].append(sidecar)
    found = told(given)
    assert not found.gaps
    conditions = {need.origin.item + need.origin.container: found.when(where) for need, where in found.needs.items()}
    assert conditions["secret S5app"] == "C5 holds and C6 holds"
    assert conditions["secret S2side"] == "C0 holds and C1 holds"


def test_an_element_with_too_many_conditions_is_a_gap_that_parameters_close() -> None:
    given = template({"Secrets": [around([*range(9)], secret(0)), around([9, 10], secret(1))]}, 12)
    found = told(given)
    (gap,) = found.gaps
    assert gap.feature == "conditions"
    assert gap.origin.path[:7] == ("Resources", "Task", "Properties", "ContainerDefinitions", 0, "Secrets", 0)
    conditions = {need.origin.item: found.when(where) for need, where in found.needs.items()}
    assert conditions["secret S1"] == "C9 holds and C10 holds"
    document, whole = read(given)
    decided = in_worlds("Task", document, whole, (Facts("111122223333", "eu-west-1"), Given({"P0": "yes"})))
    assert not decided.gaps
    assert {need.origin.item for need in decided.needs} == {"secret S0", "secret S1"}


def test_what_has_too_many_conditions_is_told_with_all_that_are_around_it() -> None:
    # In each of the worlds that are looked at, at most one condition is not as usual.
    sidecar = {"Name": "side", "Image": around([*range(1, 10)], "nginx"), "Secrets": [around([10], secret(0))]}
    given = template({}, 11)
    given["Parameters"]["P0"]["Default"] = "yes"
    given["Resources"]["Task"]["Properties"]["ContainerDefinitions"].append(around([0], sidecar))
    found = told(given)
    # Where few conditions hold, the sidecar has no image.
    assert {gap.feature for gap in found.gaps} == {"conditions", "other-image"}
    assert {found.when(where) for need, where in found.needs.items() if need.origin.item} == {"C0 holds and C10 holds"}


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        pytest.param({"Ref": "P0"}, "C0 holds", id="a parameter"),
        pytest.param({"Fn::Sub": "${P0}"}, "", id="an expression"),
    ],
)
def test_a_parameter_that_is_a_value_decides_however_many_conditions_there_are(value: Any, condition: str) -> None:
    given = template({}, 11)
    given["Parameters"]["P0"] = {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}
    given["Conditions"]["C0"] = {"Fn::Equals": [{"Ref": "P0"}, "true"]}
    given["Resources"]["Task"]["Properties"]["Family"] = around([*range(11)], "web")
    service = {"TaskDefinition": {"Ref": "Task"}, "EnableExecuteCommand": value}
    given["Resources"]["Service"] = {"Type": "AWS::ECS::Service", "Properties": service}
    found = told(given)
    assert "conditions" in {gap.feature for gap in found.gaps}
    assert {found.when(where) for where in found.needs.values()} == {condition}


def test_the_policies_of_a_role_play_no_part() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [when(f"C{each}", "x") for each in range(9)]}}
    given = template({"Secrets": ONE_BY_ONE}, 9, Role=role)
    given["Resources"]["Task"]["Properties"]["ExecutionRoleArn"] = {"Fn::GetAtt": ["Role", "Arn"]}
    assert not told(given).gaps


@pytest.mark.parametrize(
    ("image", "gaps"), [("nginx", 0), ("public.ecr.aws/aws-observability/aws-otel-collector:1", 2)]
)
def test_of_too_many_conditions_those_of_networks_and_commands_play_no_part(image: str, gaps: int) -> None:
    groups = [when(f"C{each}", f"sg-{each}") for each in range(5)]
    network = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": groups}}
    service = {"TaskDefinition": {"Ref": "Task"}, "NetworkConfiguration": network}
    container = {"Image": image, "Command": [when(f"C{each}", "x") for each in range(5, 13)]}
    given = template({**container, "Secrets": [when("C13", secret(0))]}, 14)
    given["Resources"]["Service"] = {"Type": "AWS::ECS::Service", "Properties": service}
    found = told(given)
    assert len(found.gaps) == gaps
    assert {found.when(where) for need, where in found.needs.items() if need.origin.item} == {"C13 holds"}


def test_a_rule_that_runs_no_task_plays_no_part() -> None:
    targets = [when(f"C{each}", {"Id": f"t{each}", "Arn": "arn:aws:sns:eu-west-1:111122223333:a"}) for each in range(9)]
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {}, "Targets": targets}}
    given = template({"Secrets": [when("C9", secret(0))]}, 10, Rule=rule)
    given["Resources"]["Task"]["Properties"]["Family"] = {"Ref": "AWS::StackName"}
    assert not told(given).gaps


@pytest.mark.parametrize(("given", "number"), LOOKED_AT.values(), ids=LOOKED_AT)
def test_each_element_is_looked_at_in_each_of_its_forms(given: dict[str, Any], number: int) -> None:
    around, worlds = around_task("Task", read(given)[1], NOTHING_GIVEN)
    assert len(cover_of("Task", around, worlds).visited) == number <= len(worlds.all)


def test_nothing_is_told_of_the_rest_where_ecs_refuses_what_is_there() -> None:
    around, worlds = around_task("Task", read(template({"Secrets": ONE_BY_ONE}))[1], NOTHING_GIVEN)
    cover = cover_of("Task", around, worlds)
    ((task, stack),) = run_in(cover.visited[0], worlds, "Task")
    keys = Keys(task, stack, Facts())
    refused = Finding(Severity.ERROR, Origin("t.json", ()), "", "")
    for findings, holds in (((), True), ((refused,), False)):
        apart = WorldsApart(cover)
        apart.look(task, Discovery((), (), findings, ()), keys, lambda ground: Keys(ground, stack, Facts()))
        assert apart.holds(across=False) is holds
        assert not apart.holds(across=True)


@pytest.mark.parametrize("beside", ["runTask", "daemon", EXPRESS])
def test_nothing_is_told_of_the_rest_where_something_else_says_a_part_of_the_task(beside: str) -> None:
    around, worlds = around_task("Task", read(template({"Secrets": ONE_BY_ONE}))[1], NOTHING_GIVEN)
    cover = cover_of("Task", around, worlds)
    ((task, stack),) = run_in(cover.visited[0], worlds, "Task")
    for members, holds in (({"service": "t.json"}, True), ({beside: "t.json"}, False)):
        apart, run = WorldsApart(cover), replace(task, workload=replace(task.workload, settings=members))
        apart.look(
            run, Discovery((), (), (), ()), Keys(task, stack, Facts()), lambda ground: Keys(ground, stack, Facts())
        )
        assert apart.holds(across=False) is holds


def test_a_task_definition_that_the_defaults_leave_out_is_examined_where_it_exists() -> None:
    labels = {f"l{each}": when(f"C{each}", "a", "b") for each in range(9)}
    given = template({"DockerLabels": labels, "Secrets": [secret(0)]}, 10)
    given["Conditions"]["Both"] = {"Fn::And": [{"Condition": "C8"}, {"Condition": "C9"}]}
    given["Resources"]["Task"]["Condition"] = "Both"
    found = told(given)
    assert {need.permission.action for need in found.needs} == {"secretsmanager:GetSecretValue"}
    assert [gap.what for gap in found.gaps] == ["too many conditions to check every combination"]
