"""`cfnroles init` without arguments: it finds what is there, asks what that leaves open, and writes both in one go."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfnroles.cli.init_here import look

TASK = {
    "family": "web",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "nginx:1.27",
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}},
        }
    ],
}
TEMPLATE = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: web, Image: nginx}]}
"""
OTHER_TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
TERRAFORM = 'resource "aws_ecs_task_definition" "web" {\n  family = "web"\n  container_definitions = "[]"\n}\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """`here({"a/web.json": TASK, "t.yaml": "..."})`: the folder that the command runs in, with these files."""

    def plant(files: dict[str, Any]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return plant


def test_what_is_there_is_found_by_its_kind_and_what_tools_keep_is_not(here: Callable[..., Path]) -> None:
    here(
        {
            "task.json": TASK,
            "deploy/task.yaml": json.dumps(TASK),
            "stack/template.yaml": TEMPLATE,
            "stack/topic.yaml": OTHER_TEMPLATE,
            "infra/main.tf": TERRAFORM,
            "network/main.tf": 'resource "aws_vpc" "a" {}\n',
            "package.json": {"name": "web"},
            "broken.yaml": "containerDefinitions: [",
            "node_modules/a/task.json": TASK,
            ".git/task.json": TASK,
            "env/pyvenv.cfg": "",
            "env/task.json": TASK,
            "old/cfnroles.yaml": "project: a\nservices: {a: {task-definition: ../task.json}}\n",
        }
    )
    found = look()
    assert sorted(found.definitions) == ["deploy/task.yaml", "task.json"]
    assert found.templates == ("stack/template.yaml",)
    assert found.configurations == ("infra",)
    assert found.specs == ("old/cfnroles.yaml",)
    assert found.apps == ()
    assert found.unread == ("broken.yaml:2:1: is not valid YAML: did not find expected node content",)


BROKEN = {
    "a template that is not YAML": ("t.yaml", TEMPLATE + "  B: [\n", "a/t.yaml:6:1: is not valid YAML"),
    "a task definition that is not JSON": ("t.json", '{"containerDefinitions": [,]}', "a/t.json:1:"),
    "a task definition without containers": ("t.json", '{"containerDefinitions": 3}', "a/t.json: containerDef"),
    "a spec with an unknown key": ("s.yaml", "project: a\nservices: {a: {task-definition: t, b: 1}}\n", "a/s.yaml"),
}


@pytest.mark.parametrize(("name", "text", "told"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_named_with_its_place(
    here: Callable[..., Path], cfnroles: Callable[..., Any], name: str, text: str, told: str
) -> None:
    here({f"a/{name}": text})
    alone = cfnroles("init")
    here({"web.json": TASK})
    beside = cfnroles("init")
    assert (alone.code, beside.code) == (2, 0)
    assert f"or its subfolders\n  {told}" in alone.err
    assert f"Skipped, because it cannot be read:\n  {told}" in beside.err


def test_a_folder_that_cannot_be_listed_is_named(here: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    # As root, who may list everything, no folder is closed.
    folder = here({"closed/web.json": TASK, "web.json": TASK})
    listed = os.scandir

    def scandir(path: str) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert look(str(folder)).unread == ("closed: cannot be listed: Permission denied",)


def test_an_app_of_the_cdk_is_one_thing_and_not_its_templates(here: Callable[..., Path]) -> None:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Web.template.json"}}
    here(
        {
            "cdk.out/manifest.json": {"version": "48.0.0", "artifacts": {"Web": stack}},
            "cdk.out/asset.1/task.json": TASK,
            "cdk.out/Web.template.json": {
                "Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": []}}}
            },
        }
    )
    found = look()
    assert (found.apps, found.templates, found.definitions) == (("cdk.out",), (), ())
    assert list(found.commands) == ["cfnroles verify cdk.out"]


def test_without_a_terminal_nothing_is_asked_and_the_spec_lints(
    here: Callable[..., Path], cfnroles: Callable[..., Any]
) -> None:
    here({"web.json": TASK})
    told = cfnroles("init")
    assert told.code == 0, told.err
    assert "Found task definitions:\n  web.json\n" in told.err
    assert Path("cfnroles.yaml").read_text().startswith("# yaml-language-server: $schema=cfnroles.schema.json\n")
    assert json.loads(Path("cfnroles.schema.json").read_text())["$schema"]
    assert cfnroles("lint", "cfnroles.yaml").code == 0
    again = cfnroles("init")
    assert (again.code, "does not overwrite files" in again.err) == (2, True)


def test_every_command_that_it_names_works(
    here: Callable[..., Path], cfnroles: Callable[..., Any], examples: Path
) -> None:
    shutil.copy(examples / "shop.json", here({"a b/t.yaml": TEMPLATE, "infra/main.tf": TERRAFORM}) / "shop.json")
    told = cfnroles("init")
    commands = [line.strip() for line in told.err.splitlines() if line.startswith("  cfnroles ")]
    assert [command.split()[1] for command in commands] == ["explain", "inject", "explain", "terraform"]
    last = told.err.splitlines()[-1].partition("stacks: ")[2]
    for command in (*commands, last):
        ended = cfnroles(*shlex.split(command)[1:])
        assert ended.code == 0, f"{command}: {ended.err}"


def test_templates_alone_need_no_spec(here: Callable[..., Path], cfnroles: Callable[..., Any]) -> None:
    folder = here({"t.yaml": TEMPLATE})
    told = cfnroles("init")
    assert (told.code, sorted(path.name for path in folder.iterdir())) == (0, ["t.yaml"])
    assert "cfnroles inject t.yaml -o t-with-roles.yaml" in told.err


def test_what_has_its_roles_is_verified_and_what_was_built_is_no_source(
    here: Callable[..., Path], cfnroles: Callable[..., Any]
) -> None:
    here({"t.yaml": TEMPLATE, "web.json": TASK})
    for command in ("init", "build cfnroles.yaml", "inject t.yaml -o t-with-roles.yaml"):
        assert cfnroles(*command.split()).code == 0
    again = cfnroles("init")
    commands = [line.strip() for line in again.err.splitlines() if line.startswith("  cfnroles ")]
    assert commands == [
        "cfnroles build cfnroles.yaml",
        "cfnroles explain t.yaml",
        "cfnroles inject t.yaml -o t-with-roles.yaml",
        "cfnroles verify t-with-roles.yaml",
    ]
    assert (again.code, "cfnroles.yaml: already exists" in again.err) == (2, True)


def test_where_nothing_is_it_says_what_to_do(here: Callable[..., Path], cfnroles: Callable[..., Any]) -> None:
    here({"notes.json": {"a": 1}})
    told = cfnroles("init")
    assert told.code == 2
    assert "cfnroles init --live CLUSTER/SERVICE" in told.err


def test_on_a_terminal_it_asks_until_the_answer_is_one(
    here: Callable[..., Path], cfnroles: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here({"web.json": TASK})
    monkeypatch.setattr("cfnroles.cli.init.is_asked", lambda: True)
    answers = [
        "123",
        "123456789012",
        "eu-west-1",
        "n",
        "sqs-sent: x",
        "sqs-send: orders",
        "s3-read",
        "s3-read: a",
        "s3-read: shop-assets",
        "",
    ]
    told = cfnroles("init", stdin="\n".join(answers) + "\n")
    assert told.code == 0, told.err
    assert "Did you mean 'sqs-send'?" in told.err
    assert "Write WORD: NAME" in told.err
    assert "'a' is not the name or ARN of an S3 bucket" in told.err
    spec = yaml.safe_load(Path("cfnroles.yaml").read_text())
    assert spec == {
        "project": "web",
        "account": "123456789012",
        "region": "eu-west-1",
        "services": {
            "web": {
                "task-definition": "web.json",
                "task-role": {"grants": [{"sqs-send": "orders"}, {"s3-read": "shop-assets"}]},
            }
        },
    }
    assert cfnroles("build", "cfnroles.yaml").code == 0


PLACES = {
    "one account and Region, taken": ("123456789012", "eu-west-1", "\n\ny\n\n", ("123456789012", "eu-west-1")),
    "left open": ("123456789012", "eu-west-1", "-\n-\ny\n\n", (None, None)),
    "another one": ("123456789012", "eu-west-1", "111122223333\nus-east-1\ny\n\n", ("111122223333", "us-east-1")),
}


@pytest.mark.parametrize(("account", "region", "answers", "expected"), PLACES.values(), ids=PLACES)
def test_the_only_account_and_region_that_are_named_are_offered(
    here: Callable[..., Path],
    cfnroles: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    account: str,
    region: str,
    answers: str,
    expected: tuple[str | None, str | None],
) -> None:
    here({"web.json": json.dumps(TASK).replace("nginx:", f"{account}.dkr.ecr.{region}.amazonaws.com/nginx:")})
    monkeypatch.setattr("cfnroles.cli.init.is_asked", lambda: True)
    told = cfnroles("init", stdin=answers)
    assert f"(12 digits) [{account}]" in told.err
    spec = yaml.safe_load(Path("cfnroles.yaml").read_text())
    assert (spec.get("account"), spec.get("region")) == expected
    if expected[0] is None:
        assert (
            f'# account: "{account}"  # the only one that the task definitions name'
            in Path("cfnroles.yaml").read_text()
        )


def test_empty_answers_leave_the_file_as_without_a_terminal(
    here: Callable[..., Path], cfnroles: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here({"web.json": TASK})
    cfnroles("init", "-o", "without.yaml")
    monkeypatch.setattr("cfnroles.cli.init.is_asked", lambda: True)
    assert cfnroles("init", stdin="\n\ny\n\n").code == 0
    assert Path("cfnroles.yaml").read_text() == Path("without.yaml").read_text()


def test_a_schema_that_is_there_stays(here: Callable[..., Path], cfnroles: Callable[..., Any]) -> None:
    here({"web.json": TASK, "cfnroles.schema.json": "{}"})
    assert cfnroles("init").code == 0
    assert Path("cfnroles.schema.json").read_text() == "{}"


@pytest.mark.parametrize("sources", [(), (".",)], ids=["found", "in a named directory"])
def test_a_role_is_of_one_service_however_many_are_found(
    here: Callable[..., Path], cfnroles: Callable[..., Any], sources: tuple[str, ...]
) -> None:
    folder = here({"web.json": TASK, "worker.json": {**TASK, "family": "worker"}, "role.json": {"Statement": []}})
    told = cfnroles("init", *sources, "--from-role", "role.json")
    assert (told.code, "require a single service" in told.err) == (2, True)
    assert not (folder / "cfnroles.yaml").exists()


@pytest.mark.parametrize(
    ("files", "roots"),
    {
        "its own": ({"infra/main.tf": TERRAFORM}, ("infra",)),
        "a module's": (
            {"main.tf": 'module "ecs" {\n  source = "./modules/ecs"\n}\n', "modules/ecs/main.tf": TERRAFORM},
            (".",),
        ),
        "a module's of a module": (
            {
                "live/main.tf": 'module "a" {\n  source = "../a"\n}\n',
                "a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
                "b/main.tf": TERRAFORM,
            },
            ("live",),
        ),
        "none": ({"main.tf": 'module "vpc" {\n  source = "./vpc"\n}\n', "vpc/main.tf": ""}, ()),
    }.values(),
    ids=["its own", "a module's", "a module's of a module", "none"],
)
def test_terraform_is_named_where_it_is_applied(here: Callable[..., Path], files: Any, roots: tuple[str, ...]) -> None:
    here(files)

    assert look().configurations == roots
