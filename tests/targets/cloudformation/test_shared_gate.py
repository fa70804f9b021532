"""One gate for all services: the same code in every build, no permission of its own, a role for each project."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Reading, build, read
from cfnroles.answers.template_lint import template_problems
from cfnroles.targets.cloudformation.gate_code import compared, digest_of
from cfnroles.targets.cloudformation.gate_files import shared_gate_files
from cfnroles.targets.cloudformation.generic import generic_files
from cfnroles.targets.cloudformation.inline_code import inline_code
from cfnroles.template.template import read_template

SOURCES = ("shop.json", "shop-project/cfnroles.yaml")


@pytest.fixture(params=SOURCES)
def reading(request: pytest.FixtureRequest, examples: Path) -> Reading:
    return read(examples / request.param)


def by_stem(reading: Reading, *, shared: bool = True) -> dict[str, Mapping[str, Any]]:
    return {stack.stem: stack.template for stack in build(reading, shared_gate=shared).stacks}


def statements(role: Mapping[str, Any]) -> str:
    policies = [each for each in role["Properties"]["Policies"] if each.get("PolicyName") != "WriteLog"]
    return json.dumps(policies, sort_keys=True)


def test_the_code_is_the_same_in_every_gate_of_a_version(examples: Path) -> None:
    gates = [shared_gate_files()["gate.yaml"], generic_files()["secret-validator.yaml"]]
    gates += [build(read(examples / name)).files["secret-validator.yaml"] for name in SOURCES]

    codes = {
        read_template(each, "gate").tree["Resources"]["Function"]["Properties"]["Code"]["ZipFile"] for each in gates
    }

    assert codes == {inline_code()}


def test_the_page_about_the_gate_has_the_hash_of_its_code(repository: Path) -> None:
    page = (repository / "docs" / "gate.md").read_text()

    assert digest_of(inline_code()) in page, f"write {digest_of(inline_code())} into docs/gate.md"


def test_the_header_of_every_gate_has_the_hash_of_its_code(examples: Path) -> None:
    gates = [shared_gate_files()["gate.yaml"], generic_files()["secret-validator.yaml"]]
    gates += [build(read(examples / name)).files["secret-validator.yaml"] for name in SOURCES]

    headers = [[line for line in gate.splitlines() if line.startswith("#")] for gate in gates]

    assert all(digest_of(inline_code()) in header[-1] for header in headers)


def test_the_shared_gate_may_write_its_log_and_nothing_else() -> None:
    template = read_template(shared_gate_files()["gate.yaml"], "gate").tree
    (policy,) = template["Resources"]["Role"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Sid"] == "WriteLog"
    assert statement["Resource"] == {"Fn::GetAtt": ["LogGroup", "Arn"]}
    assert "ManagedPolicyArns" not in template["Resources"]["Role"]["Properties"]
    assert [*template["Parameters"]] == ["ProjectName"]


def test_a_project_has_a_role_with_what_its_own_validator_may_do(reading: Reading) -> None:
    role = by_stem(reading)["secret-check-role"]["Resources"]
    validator = by_stem(reading, shared=False)["secret-validator"]["Resources"]

    assert [*role] == ["Role"]
    assert statements(role["Role"]) == statements(validator["Role"])
    assert role["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::ImportValue": "cfnroles-gate-SecretValidatorRoleArn"}},
            "Action": "sts:AssumeRole",
        }
    ]


@pytest.mark.parametrize("said", [True, False])
def test_a_spec_may_say_that_its_services_share_the_gate(examples: Path, tmp_path: Path, said: bool) -> None:
    project = shutil.copytree(examples / "shop-project", tmp_path / "shop-project")
    spec = project / "cfnroles.yaml"
    spec.write_text(f"{spec.read_text()}\nshared-gate: {str(said).lower()}\n")

    built = build(read(spec))

    assert built.files == build(read(spec), shared_gate=said).files
    assert ("secret-validator.yaml" in built.files) is not said


def test_the_task_waits_for_the_shared_gate_which_asks_as_that_role(reading: Reading) -> None:
    stacks = {stack.stem: stack for stack in build(reading, shared_gate=True).stacks}
    gated = [each for each in stacks.values() if "SecretsExist" in each.template["Resources"]]

    assert gated
    for stack in gated:
        properties = stack.template["Resources"]["SecretsExist"]["Properties"]
        assert properties["ServiceToken"] == {"Fn::ImportValue": "cfnroles-gate-SecretValidatorArn"}
        assert properties["RoleArn"] == {"Fn::ImportValue": {"Fn::Sub": "${ProjectName}-SecretCheckRoleArn"}}
        assert {"cfnroles-gate-SecretValidatorArn", "shop-SecretCheckRoleArn"} <= {*stack.imports}
        assert "shop-secret-check-role" in stack.depends_on


def test_cfn_lint_finds_nothing(examples: Path) -> None:
    role = build(read(examples / "shop.json"), shared_gate=True).files["secret-check-role.yaml"]

    assert [template_problems(text) for text in (shared_gate_files()["gate.yaml"], role)] == [(), ()]


def changed(line: int, text: str) -> str:
    lines = inline_code().split("\n")
    lines[line - 1] = text
    return "\n".join(lines)


CODES = {
    "the same": (inline_code, 0, ""),
    "a changed line": (lambda: changed(7, "import os"), 7, "import os"),
    "a line more": (lambda: inline_code() + "x", inline_code().count("\n") + 1, "x"),
    "a part": (lambda: "\n".join(inline_code().split("\n")[:5]), 6, ""),
    "other ends of lines": (lambda: inline_code().replace("\n", "\r\n"), 1, inline_code().split("\n")[0] + "\r"),
}


@pytest.mark.parametrize(("code", "line", "text"), CODES.values(), ids=CODES)
def test_code_is_compared_by_its_bytes(code: Any, line: int, text: str) -> None:
    found = compared("Function", code())

    assert (found.line, found.text) == (line, text)
    assert (found.digest == digest_of(inline_code())) == (line == 0)
