"""Placeholders as parameters: one name in every stack, no wildcard through any of them, a gate for each secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Task, Told, build, read
from cfnroles.discovery import discover
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.options import LogGroupOptions
from cfnroles.placeholders import as_symbols
from cfnroles.targets.cloudformation.project import project_stacks
from cfnroles.targets.cloudformation.service import Stack, service_stacks
from cfnroles.workload import Workload

SECRETS = "arn:aws:secretsmanager:${AWS_REGION}:<ACCOUNT_ID>:secret"
COMPLETE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/shop/db"


def workload(*secrets: str, document: str = "task.json", **members: Any) -> Workload:
    entries = [{"name": f"S{number}", "valueFrom": value} for number, value in enumerate(secrets)]
    web = {"name": "web", "image": "nginx", "memory": 128, "secrets": entries, **members}
    return Workload(document, as_symbols({"family": "shop", "containerDefinitions": [web]}))


def stacks(*secrets: str, **members: Any) -> dict[str, Stack]:
    described = workload(*secrets, **members)
    facts = Facts()
    made = service_stacks(described, discover(described, facts), facts, "shop")
    return {stack.stem.rpartition("-")[2]: stack for stack in made}


def asked_for(stack: Stack) -> dict[str, Any]:
    return {name: each for name, each in stack.template["Parameters"].items() if "Default" not in each}


def test_a_placeholder_is_the_same_parameter_of_every_stack_whose_text_holds_it() -> None:
    made = stacks(f"{SECRETS}:<STAGE>/db", "/${STAGE}/flags", image="nginx:<TAG>")
    assert {name: set(asked_for(stack)) for name, stack in made.items()} == {
        "validator": {"Stage"},
        "roles": {"Stage"},
        "task": {"Stage", "Tag"},
    }
    declared = [asked_for(stack)["Stage"] for stack in made.values()]
    assert declared[0] == declared[1] == declared[2]


def test_what_a_stack_asks_for_stands_in_its_entry_without_a_value() -> None:
    made = stacks(f"{SECRETS}:<STAGE>/db")
    assert [stack.parameters["Stage"] for stack in made.values()] == [None, None, None]


def test_the_usual_names_of_account_and_region_need_no_value() -> None:
    made = stacks(f"{SECRETS}:db-AbCdEf")
    assert {name: asked_for(stack) for name, stack in made.items()} == {"validator": {}, "roles": {}, "task": {}}
    arn = {"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-AbCdEf"}
    task = made["task"].template["Resources"]
    assert task["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]["Secrets"][0]["ValueFrom"] == arn
    assert task["SecretsExist"]["Properties"]["References"][0]["ValueFrom"] == arn
    (statement,) = made["roles"].template["Resources"]["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    assert statement["Resource"] == arn


VALUES = {
    "a name": ("staging", True),
    "a star": ("*", False),
    "a name and a star": ("a*", False),
    "a question mark": ("stagin?", False),
    "a policy variable": ("${aws:username}", False),
    "a colon, behind which another part begins": ("a:b", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize(("value", "accepted"), VALUES.values(), ids=VALUES)
def test_no_value_can_widen_a_role(value: str, accepted: bool) -> None:
    pattern = asked_for(stacks("/<STAGE>/flags")["roles"])["Stage"]["AllowedPattern"]
    assert (re.search(pattern, value) is not None) is accepted


REFERENCES = {
    "a secret": (COMPLETE, True),
    "one key of a secret": (f"{COMPLETE}:password::", True),
    "a version of a secret": (f"{COMPLETE}::AWSPREVIOUS:", True),
    "a parameter": (PARAMETER, True),
    "a secret without its suffix": (COMPLETE[:-7], False),
    "a secret with wildcards for it": (f"{COMPLETE[:-6]}??????", False),
    "every secret": ("arn:aws:secretsmanager:us-east-1:123456789012:secret:*", False),
    "two fields too few": (f"{COMPLETE}:password", False),
    "a parameter by name": ("/shop/db", False),
    "a key": ("arn:aws:kms:us-east-1:123456789012:key/1", False),
    "a star": ("*", False),
}


@pytest.mark.parametrize(("value", "accepted"), REFERENCES.values(), ids=REFERENCES)
def test_a_placeholder_for_a_whole_reference_admits_one_complete_reference(value: str, accepted: bool) -> None:
    for stack in stacks("${SECRET_ARN}").values():
        pattern = asked_for(stack)["SecretArn"]["AllowedPattern"]
        assert (re.search(pattern, value) is not None) is accepted


def test_a_placeholder_before_a_json_key_admits_the_arn_of_a_secret_alone() -> None:
    pattern = asked_for(stacks("${SECRET_ARN}:password::")["roles"])["SecretArn"]["AllowedPattern"]
    assert [bool(re.search(pattern, value)) for value in (COMPLETE, f"{COMPLETE}:a::", PARAMETER)] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("reference", "accepted"),
    [("${PREFIX}/flags", {"/shop", "/shop/web"}), ("${PREFIX}-flags", {"shop"})],
)
def test_the_beginning_of_a_parameter_s_name_has_a_slash_where_the_name_has_one(
    reference: str, accepted: set[str]
) -> None:
    pattern = asked_for(stacks(reference)["roles"])["Prefix"]["AllowedPattern"]
    values = ("/shop", "/shop/web", "shop", "/shop/", "/*", "*", "a/b", "")
    assert {value for value in values if re.search(pattern, value)} == accepted


def test_a_placeholder_that_no_role_is_about_takes_any_value() -> None:
    assert "AllowedPattern" not in asked_for(stacks(image="nginx:<TAG>")["task"])["Tag"]


def test_services_share_the_parameter_of_a_placeholder_in_the_validator_that_they_share() -> None:
    def service(name: str, *secrets: str) -> Task:
        described = workload(*secrets, document=f"{name}.json")
        return Task(name, described, Facts(), discover(described, Facts()))

    made = project_stacks((service("web", "/<STAGE>/a"), service("worker", "/${STAGE}/b", "/<TEAM>/c")), "shop")
    validator = next(stack for stack in made if stack.stem == "secret-validator")
    assert set(asked_for(validator)) == {"Stage", "Team"}
    with pytest.raises(InvalidInput, match="would be the same parameter StAge"):
        project_stacks((service("web", "/<ST_AGE>/a"), service("worker", "/<st-age>/b")), "shop")


def test_a_log_group_with_a_placeholder_is_made_by_its_value() -> None:
    options = {"awslogs-group": "/<STAGE>/web", "awslogs-region": "${AWS_REGION}", "awslogs-stream-prefix": "web"}
    described = workload(logConfiguration={"logDriver": "awslogs", "options": options})
    service = Task("web", described, Facts(), discover(described, Facts()), log_groups=LogGroupOptions())
    made = {stack.stem: stack for stack in project_stacks((service,), "shop")}
    assert set(asked_for(made["web-log-groups"])) == {"Stage"}
    groups = made["web-log-groups"].template["Resources"].values()
    assert [group["Properties"]["LogGroupName"] for group in groups] == [{"Fn::Sub": "/${Stage}/web"}]


def test_no_placeholder_takes_the_name_of_a_parameter_of_the_stacks() -> None:
    plain = stacks(COMPLETE, "/a")
    own = {name for stack in plain.values() for name in stack.template["Parameters"]}
    words = [re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper() for name in own]
    made = stacks(COMPLETE, "/a", image="nginx:" + "".join(f"<{word}>" for word in words))
    assert len(asked_for(made["task"])) == len(words)
    for name, stack in made.items():
        settled = set(stack.template["Parameters"]) - set(asked_for(stack))
        assert len(settled) == len(plain[name].template["Parameters"])


CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "taskdefs"
SECRET_FIELDS = (
    "containerDefinitions[].secrets[].valueFrom",
    "containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
    "containerDefinitions[].repositoryCredentials.credentialsParameter",
)


def with_secrets() -> Iterator[Path]:
    for path in sorted(CORPUS.glob("*.json")):
        if any(word in path.read_text(errors="replace") for word in ("valueFrom", "credentialsParameter")):
            yield path


@pytest.mark.parametrize("path", list(with_secrets()), ids=lambda path: path.name)
def test_a_real_task_definition_that_builds_has_a_gate_and_a_permission_for_each_secret(path: Path) -> None:
    try:
        reading = read(path, Told(family="family"))
        source = reading.task()
    except InvalidInput:
        return  # refused, with exit code 2
    secrets = {origin for field in SECRET_FIELDS for origin, _ in source.workload.find(field)}
    assert {reference.origin.path for reference in source.discovery.references} == secrets
    reads = {"secretsmanager:GetSecretValue", "ssm:GetParameters"}
    assert {need.origin.path for need in source.discovery.needs if need.permission.action in reads} >= secrets
    made = build(reading, project="shop").stacks
    assert made[0].stem.startswith("secret-validator") is bool(secrets)
