"""`cfnroles lint` as people and pipelines run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as Xml
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLEAN = "family: shop\ncontainerDefinitions: [{name: web, image: nginx:1.27}]\n"
INFO = CLEAN.replace(":1.27", "")
WARNING = CLEAN.replace("1.27}", "1.27, environment: [{name: API_KEY, value: a1}]}")
ERROR = CLEAN.replace("1.27}", "1.27, environmentFiles: [{type: s3, value: s3://b/c.env}]}")


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`document(text)`: the name of a file with this text, in the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "shop.yaml") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write


def test_a_clean_file_is_a_good_answer(cfnroles: Callable[..., Any], document: Callable[..., str]) -> None:
    result = cfnroles("lint", document(CLEAN))
    assert (result.code, result.out) == (0, "")
    assert result.err == "no findings in 1 file\n"


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [("error", (0, 0, 1)), ("warning", (0, 1, 1)), ("info", (1, 1, 1)), ("never", (0, 0, 0))],
)
def test_what_ends_in_exit_code_1(
    fail_on: str, codes: tuple[int, ...], cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    found = [cfnroles("lint", "--fail-on", fail_on, document(text)) for text in (INFO, WARNING, ERROR)]
    assert tuple(result.code for result in found) == codes
    assert all(": [" not in result.out.split("\n")[0] and result.out.startswith("shop.yaml:2:") for result in found)


def test_only_errors_end_in_exit_code_1_unless_more_is_asked_for(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    assert [cfnroles("lint", document(text)).code for text in (INFO, WARNING, ERROR)] == [0, 0, 1]


def test_infos_are_left_out_on_request(cfnroles: Callable[..., Any], document: Callable[..., str]) -> None:
    result = cfnroles("lint", "--severity", "warning", document(INFO))
    assert (result.code, result.out) == (0, "")


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_linted(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    result = cfnroles(
        "lint", "missing.yaml", document("a: [", "broken.yaml"), document(ERROR), document("x: 1", "x.yaml")
    )
    assert result.code == 2
    assert "[refused-value]" in result.out
    assert result.err.splitlines()[0] == "error: missing.yaml: cannot be read: No such file or directory"
    assert "error: broken.yaml:2:1: is not valid YAML" in result.err
    assert "error: x.yaml: is not a task definition, Express Mode service, service spec" in result.err
    assert result.err.splitlines()[-1] == "1 error in 1 file; 3 files could not be linted"


def test_files_of_other_kinds_are_passed_over_on_request(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    others = [document("x: 1", "x.yaml"), document("{{ helm }}: [", "chart.yaml"), document("{}", "package.json")]
    result = cfnroles("lint", "--skip-others", *others, document(CLEAN))
    assert (result.code, result.err) == (0, "no findings in 1 file\n")
    assert cfnroles("lint", "--skip-others", document("Resources: {A: {Type: AWS::ECS::", "cut.yaml")).code == 2


def test_a_directory_is_linted_with_everything_in_it(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    for name in ("a/shop.yaml", "a/b/shop.yml", "a/.hidden/shop.yaml"):
        document(ERROR, name)
    document("x: 1", "a/other.yaml")
    document("{}", "a/stacks.json")
    result = cfnroles("lint", "a")
    assert result.code == 1
    assert [line.split(":")[0] for line in result.out.splitlines() if line.startswith("a")] == [
        str(Path("a/b/shop.yml")),
        str(Path("a/shop.yaml")),
    ]


def test_a_directory_that_a_build_wrote_has_no_spec_in_it(
    cfnroles: Callable[..., Any], examples: Path, tmp_path: Path
) -> None:
    cfnroles("build", examples / "shop.json", "-o", tmp_path / "out")

    assert "stacks.json" not in cfnroles("lint", tmp_path / "out").out
    assert "is not a task definition" in cfnroles("explain", tmp_path / "out/stacks.json").err


def test_a_directory_that_cannot_be_listed_is_told(
    cfnroles: Callable[..., Any], document: Callable[..., str], tmp_path: Path
) -> None:
    document(CLEAN, "a/shop.yaml")
    at = os.open(tmp_path / "a", os.O_RDONLY)
    for _ in range(20):  # longer, all in all, than a path may be
        os.mkdir("d" * 250, dir_fd=at)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    result = cfnroles("lint", "a")
    assert (result.code, "cannot be read: File name too long" in result.err) == (2, True), result.err
    assert result.err.splitlines()[-1].startswith("no findings in 1 file; 1 file")


def test_standard_input_is_a_file_like_others(cfnroles: Callable[..., Any]) -> None:
    result = cfnroles("lint", "-", stdin=ERROR)
    assert result.code == 1
    assert result.out.startswith("standard input:2:")


def test_parameters_of_templates_are_taken(cfnroles: Callable[..., Any], document: Callable[..., str]) -> None:
    name = document(
        "Parameters: {Name: {Type: String, Default: a-??????}}\n"
        "Resources: {P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Effect: Allow,\n"
        "  Action: secretsmanager:GetSecretValue,\n"
        '  Resource: !Sub "arn:aws:secretsmanager:eu-west-1:123456789012:secret:${Name}"}}}}}\n'
    )
    assert cfnroles("lint", name).code == 0
    assert cfnroles("lint", "--parameter", "Name=a", name).code == 1
    wrong = cfnroles("lint", "--parameter", "Name", name)
    assert (wrong.code, wrong.err.splitlines()[0]) == (2, "error: --parameter Name has no value")


@pytest.mark.parametrize(
    ("format_", "read"),
    [
        ("json", lambda text: len(json.loads(text)["files"][0]["findings"])),
        ("sarif", lambda text: len(json.loads(text)["runs"][0]["results"])),
        ("junit", lambda text: len(Xml.fromstring(text).findall("testsuite/testcase/failure"))),
        ("markdown", lambda text: text.count("[refused-value](")),
    ],
)
def test_standard_output_is_the_report_and_nothing_else(
    format_: str, read: Callable[[str], int], cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    result = cfnroles("lint", "--format", format_, document(ERROR))
    assert result.code == 1
    assert read(result.out) == 1


def test_cfn_lint_is_asked_on_request(cfnroles: Callable[..., Any], document: Callable[..., str]) -> None:
    name = document("Parameters: {Unused: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic}}\n")
    assert cfnroles("lint", name).out == ""
    result = cfnroles("lint", "--cfn-lint", name, document(CLEAN, "task.yaml"))
    assert (result.code, result.out.startswith("shop.yaml:1:14: warning: Parameter Unused not used")) == (0, True)
    assert "[W2001]\n" in result.out


def test_what_cfn_lint_finds_can_be_suppressed_alike(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    name = document(
        "Parameters:\n"
        "  Unused: {Type: String} # cfnroles: ignore W2001: kept for the stacks that pass it\n"
        "Resources: {T: {Type: AWS::SNS::Topic}}\n"
    )
    result = cfnroles("lint", "--cfn-lint", name)
    assert (result.out, result.err) == ("", "no findings in 1 file; 1 suppressed\n")


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours_follow_the_environment(
    environment: dict[str, str],
    coloured: bool,
    cfnroles: Callable[..., Any],
    document: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cfnroles("lint", document(ERROR)).out) is coloured


def test_cfn_lint_runs_no_code_that_stands_beside_the_files(document: Callable[..., str], tmp_path: Path) -> None:
    document("append_rules: [rules]\n", ".cfnlintrc")
    document(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n", "rules/planted.py")
    name = document("Parameters: {Unused: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic}}\n")
    # In a process of its own: cfn-lint's rules are loaded once in each.
    command = [sys.executable, "-m", "cfnroles", "lint", "--cfn-lint", name]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, "[W2001]" in ended.stdout) == (0, True), ended.stderr
    assert not (tmp_path / "ran").exists()


SPEC = "project: shop\nservices:\n  web:\n    task-definition: {}\n"


def test_the_task_definitions_that_a_spec_names_are_looked_at_with_it(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    document(ERROR, "tasks/web.yaml")
    result = cfnroles("lint", document(SPEC.format("tasks/web.yaml")))
    assert result.code == 1
    assert result.out.startswith("tasks/web.yaml:2:85: error: ")
    assert result.err == "1 error in 2 files\n"


def test_a_file_that_a_spec_names_and_is_not_there_is_an_error(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    document(ERROR, "worker.yaml")
    spec = SPEC.format("web.yaml") + "  worker:\n    task-definition: worker.yaml\n"
    result = cfnroles("lint", document(spec))
    assert result.code == 1
    assert "shop.yaml:4:5: error: the file web.yaml does not exist [refused-key]\n" in result.out
    # What is there is looked at all the same.
    assert "worker.yaml:2:85: error: " in result.out


def test_a_task_definition_in_amazon_ecs_is_told_to_be_unread(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    result = cfnroles("lint", document(SPEC.format("web:3")))
    assert result.code == 0
    told = " ".join(result.out.split())
    assert told.startswith(
        "shop.yaml:4:5: info: the file web:3 does not exist, and this command does not read task definitions from"
    )


def test_the_roles_of_a_specs_services_are_not_missed_in_their_task_definitions(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    document(CLEAN.replace("1.27}", "1.27, secrets: [{name: DB, valueFrom: /shop/db}]}"), "web.yaml")
    document(SPEC.format("web.yaml"))
    # Also where both are named: the spec says more about it.
    assert cfnroles("lint", "web.yaml").out.startswith("web.yaml:1:1: warning: the task definition names no execution")
    result = cfnroles("lint", ".")
    assert (result.out, result.err) == ("", "no findings in 2 files\n")


TEMPLATE = "Parameters: {Stage: {Type: String}}\nResources: {Bucket: {Type: AWS::S3::Bucket}}\n"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("shop.yaml", CLEAN, "None of them has parameters."),
        ("template.yaml", TEMPLATE, "Their parameters: Stage.\nDid you mean 'Stage'?"),
        ("main.tf", 'variable "stage" {}', "Their parameters: stage."),
    ],
)
def test_a_parameter_that_no_file_has_is_refused(
    name: str, text: str, why: str, cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    document(text, name)
    result = cfnroles("lint", "." if name == "main.tf" else name, "--parameter", "Stag=dev")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: --parameter: no file has a parameter Stag\n{why}")


@pytest.mark.parametrize("option", [("--parameter", "Stage=x"), ("--parameter", "stage=x"), ("--var-file", "x.tfvars")])
def test_a_value_is_for_the_files_that_have_the_parameter(
    option: tuple[str, str], cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    document(TEMPLATE, "all/template.yaml")
    document('variable "stage" {}', "all/main.tf")
    document('stage = "x"', "x.tfvars")
    result = cfnroles("lint", "all", *option)
    assert (result.code, result.err) == (0, "no findings in 2 files\n")


def test_files_of_variables_without_terraform_are_refused(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    result = cfnroles("lint", document(CLEAN), "--var-file", "x.tfvars")
    assert (result.code, result.err) == (2, "error: --var-file requires a directory of Terraform, and no FILE is one\n")


def test_a_value_that_a_parameter_does_not_allow_is_refused(
    cfnroles: Callable[..., Any], document: Callable[..., str]
) -> None:
    document(TEMPLATE.replace("{Type: String}", "{Type: String, AllowedValues: [dev, prod]}"), "template.yaml")
    result = cfnroles("lint", "template.yaml", "--parameter", "Stage=test")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        "error: template.yaml: the parameter Stage does not allow 'test'",
    )
