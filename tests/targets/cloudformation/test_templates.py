"""The templates: clean under cfn-lint whatever the parameters, as CloudFormation and IAM take them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document
from cfnroles.answers.template_lint import template_problems
from cfnroles.discovery import discover
from cfnroles.document import parse
from cfnroles.sources.task_definition import home, read_task_definition
from cfnroles.targets.cloudformation.gate_code import digest_of
from cfnroles.targets.cloudformation.generic import generic_files
from cfnroles.targets.cloudformation.inline_code import inline_code
from cfnroles.targets.cloudformation.output_files import output_files
from cfnroles.targets.cloudformation.service import Stack, service_stacks
from cfnroles.targets.cloudformation.template_text import to_json

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

#: The values that make each condition of any template true, by parameter.
SET = {
    "KmsKeyArns": f"{KEY},{KEY}",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    "ExecutionRoleName": "execution",
    "TaskRoleName": "task",
    "TrustConditions": "disabled",
    "ExecutionRoleSourceArn": "enabled",
    "SecretArns": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf",
    "ParameterArns": "arn:aws:ssm:us-east-1:123456789012:parameter/shop/flags",
    "RepositoryArns": "arn:aws:ecr:us-east-1:123456789012:repository/shop/web",
    "LogGroupName": "/ecs/shop",
    "ManagedPolicyArns": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf",
    "ParameterName": "/shop/flags",
    "Hook": "task-definitions-and-templates",
    "ExcludedStacks": "shop,web",
}


def example_stacks(examples: Path, name: str = "shop.json") -> tuple[Stack, ...]:
    text = (examples / name).read_text()
    workload = read_task_definition(Document(name, text))
    facts = home(workload)
    return service_stacks(workload, discover(workload, facts), facts, "shop")


def templates(examples: Path) -> dict[str, dict[str, Any]]:
    built = {stack.stem: dict(stack.template) for stack in example_stacks(examples)}
    generic = {f"generic {name}": parse(text, name) for name, text in generic_files().items()}
    return {**built, **generic}


def with_defaults(template: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(template))
    for name, definition in changed["Parameters"].items():
        if name in values:
            definition["Default"] = values[name]
    return changed


def test_cfn_lint_finds_nothing_with_any_condition_true_or_false(examples: Path) -> None:
    for name, template in templates(examples).items():
        for values in ({}, dict(SET)):
            assert template_problems(to_json(with_defaults(template, values))) == (), (name, values)


def test_the_yaml_is_clean_as_it_is_written(examples: Path) -> None:
    files = output_files(example_stacks(examples), "shop", "shop.json")

    assert {name: template_problems(text) for name, text in files.items() if name.endswith(".yaml")} == {
        "secret-validator.yaml": (),
        "shop-roles.yaml": (),
        "shop-task.yaml": (),
    }


def test_every_parameter_has_a_default_and_a_description(examples: Path) -> None:
    for name, template in templates(examples).items():
        for parameter, definition in template["Parameters"].items():
            assert ("Default" in definition) != (parameter in ("CodeBucket", "CodeKey")), (name, parameter)
            assert definition["Description"].endswith("."), (name, parameter)


def test_no_template_names_a_partition(examples: Path) -> None:
    for name, template in templates(examples).items():
        for section in ("Resources", "Outputs", "Conditions"):
            assert "arn:aws" not in without_code(template.get(section, {})), (name, section)


def test_conditions_use_only_what_aws_and_the_emulator_evaluate_alike(examples: Path) -> None:
    for name, template in templates(examples).items():
        for condition in template.get("Conditions", {}).values():
            for equality in equalities(condition):
                left, right = equality
                assert isinstance(right, str), (name, equality)
                (form,) = left
                assert form == "Ref" or (form == "Fn::Select" and left[form][0] == 0), (name, equality)


def test_templates_leave_room_in_a_request(examples: Path) -> None:
    files = {**output_files(example_stacks(examples), "shop", "shop.json"), **generic_files()}

    assert {name: len(text.encode()) for name, text in files.items() if len(text.encode()) > 47_500} == {}


def test_the_generic_templates_are_fresh(repository: Path) -> None:
    committed = {path.name: path.read_text() for path in (repository / "templates").glob("*.yaml")}

    assert committed == generic_files(), "run `make templates` and review the difference"


def test_roles_yaml_reads_as_reviewed(examples: Path, golden: Any) -> None:
    files = output_files(example_stacks(examples), "shop", "shop.json")

    for name in ("shop-roles.yaml", "shop-task.yaml", "stacks.json"):
        golden(f"shop/{name}", files[name])


def test_the_validators_role_reads_as_reviewed(examples: Path, golden: Any) -> None:
    """All of the validator's template but its code: what a reviewer looks at to say what the function may do."""
    files = output_files(example_stacks(examples), "shop", "shop.json")
    text = files["secret-validator.yaml"].replace(digest_of(inline_code()), "...")
    before, _, code_and_after = text.partition("        ZipFile: |\n")
    after = itertools.dropwhile(lambda line: line.startswith("          ") or not line, code_and_after.split("\n"))

    golden("shop/secret-validator-without-code.yaml", f"{before}        ZipFile: ...\n" + "\n".join(after))


@pytest.mark.parametrize("format_", ["yaml", "json"])
def test_both_formats_are_read_back_as_they_were_meant(examples: Path, format_: Any) -> None:
    stacks = example_stacks(examples)

    for stack, text in zip(stacks, output_files(stacks, "shop", "shop.json", format_).values(), strict=False):
        assert as_json(parse(text, stack.stem)) == as_json(stack.template)


def as_json(template: Any) -> Any:
    return json.loads(json.dumps(template))


def without_code(section: Any) -> str:
    resources = json.loads(json.dumps(section))
    for resource in resources.values():
        if isinstance(resource, dict):
            resource.get("Properties", {}).pop("Code", None)
    return json.dumps(resources)


def equalities(condition: Any) -> list[list[Any]]:
    if isinstance(condition, dict):
        own = [condition["Fn::Equals"]] if "Fn::Equals" in condition else []
        return [*own, *(found for value in condition.values() for found in equalities(value))]
    if isinstance(condition, list):
        return [found for value in condition for found in equalities(value)]
    return []
