"""`cfnroles mcp`: an agent gets what a person gets, about the files of one directory, and changes nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest

T = TypeVar("T")


@pytest.fixture
def project(tmp_path: Path, examples: Path, repository: Path) -> Path:
    """A directory with a task definition and its roles, and a file beside it that is none of the agent's business."""
    directory = tmp_path / "project"
    directory.mkdir()
    shutil.copy(examples / "shop.json", directory)
    shutil.copy(repository / "tests" / "golden" / "shop" / "shop-roles.yaml", directory / "roles.yaml")
    shutil.copy(examples / "shop.json", tmp_path / "outside.json")
    (directory / "link.json").symlink_to(tmp_path / "outside.json")
    return directory


def run(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer of an agent, whose event loop has a thread of its own: the browser of other tests has one here."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(anyio.run, ask).result()


def asked(project: Path, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether it was refused, and what the tool said."""
    from mcp import Client

    from cfnroles.cli.mcp_tools import server

    async def ask() -> tuple[bool, str]:
        async with Client(server(str(project))) as client:
            result = await client.call_tool(tool, arguments)
            (content,) = result.content
            return bool(result.is_error), str(getattr(content, "text", ""))

    return run(ask)


def test_an_agent_starts_it_and_asks(project: Path) -> None:
    from mcp import Client, StdioServerParameters, stdio_client

    async def ask() -> tuple[list[Any], str]:
        started = StdioServerParameters(command=sys.executable, args=["-m", "cfnroles", "mcp"], cwd=project)
        async with Client(stdio_client(started)) as client:
            tools = (await client.list_tools()).tools
            (content,) = (await client.call_tool("explain", {"source": "shop.json"})).content
            return tools, str(getattr(content, "text", ""))

    tools, told = run(ask)
    assert [tool.name for tool in tools] == ["explain", "verify", "lint", "diagnose"]
    assert all(tool.annotations and tool.annotations.read_only_hint and tool.description for tool in tools)
    head, _, body = told.partition("\n")
    assert head == "Exit code 0: success."
    assert "ReadSecrets" in {each["sid"] for each in json.loads(body)["roles"]["execution role"]}


ANSWERS = {
    "explain": ({"source": "shop.json"}, 0, "ReadSecrets"),
    "verify": ({"source": "shop.json", "roles": {"execution-role": "roles.yaml:ExecutionRole"}}, 0, "pass"),
    "verify, lacking": (
        {"source": "shop.json", "roles": {"execution-role": "empty.json"}},
        1,
        "secretsmanager:GetSecretValue",
    ),
    "lint": ({"files": ["."]}, 0, "shop.json"),
    "diagnose": ({"text": "CannotPullContainerError: no basic auth credentials"}, 3, "pull"),
}


@pytest.mark.parametrize(("name", "arguments", "code", "told"), [(k, *v) for k, v in ANSWERS.items()], ids=ANSWERS)
def test_each_tool_answers_as_its_command(
    project: Path, name: str, arguments: dict[str, Any], code: int, told: str
) -> None:
    (project / "empty.json").write_text(
        '{"Statement": [{"Effect": "Allow", "Action": "ecs:DescribeTasks", "Resource": "*"}]}'
    )
    (project / "link.json").unlink()
    refused, text = asked(project, name.partition(",")[0], **arguments)
    assert not refused, text
    assert text.startswith(f"Exit code {code}")
    assert told in text


@pytest.mark.parametrize("name", ["../outside.json", "/etc/passwd", "link.json", "~/.aws/credentials", "missing.json"])
@pytest.mark.parametrize("tool", ["explain", "verify", "lint", "diagnose", "role"])
def test_what_is_not_in_the_directory_cannot_be_asked_about(project: Path, tool: str, name: str) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "explain": {"source": name},
        "verify": {"source": name},
        "lint": {"files": [name]},
        "diagnose": {"text": "x", "source": name},
        "role": {"source": "shop.json", "roles": {"execution-role": f"{name}:Role"}},
    }
    refused, text = asked(project, "verify" if tool == "role" else tool, **arguments[tool])
    assert refused
    assert f"{name} is not in" in text or f"{name} does not exist in" in text


@pytest.mark.parametrize("name", ["shop.json\0", "x" * 5000], ids=["a NUL character", "too long"])
def test_a_string_that_is_no_path_is_refused_as_one(project: Path, name: str) -> None:
    refused, text = asked(project, "explain", source=name)
    assert refused
    assert f"{name[:100]!r} is not a path." in text


LEADING_OUT = {
    "a spec": ("explain", {"source": "spec.yaml"}, "../outside.json is not in"),
    "a module": ("explain", {"source": "infra"}, "outside/main.tf is not in"),
    "a file of Terraform": ("explain", {"source": "text"}, "outside.json into the directory"),
    "a link in a directory": ("lint", {"files": ["."]}, "link.json is not in"),
}


@pytest.mark.parametrize(("tool", "arguments", "told"), LEADING_OUT.values(), ids=LEADING_OUT)
def test_no_file_leads_out_of_the_directory(project: Path, tool: str, arguments: dict[str, Any], told: str) -> None:
    task = 'resource "aws_ecs_task_definition" "web" {\n  container_definitions = '
    (project / "spec.yaml").write_text("project: p\nservices: {web: {task-definition: ../outside.json}}\n")
    for directory, text in (
        (project / "infra", 'module "m" {\n  source = "../../outside"\n}\n'),
        (project / "text", f'{task}file("../../outside.json")\n}}\n'),
        (project.parent / "outside", f'{task}"[]"\n}}\n'),
    ):
        directory.mkdir()
        (directory / "main.tf").write_text(text)
    _, text = asked(project, tool, **arguments)
    assert told in text.replace(": is", " is")
    assert "shop/database" not in text


def test_a_file_that_cannot_be_read_hides_no_other(project: Path) -> None:
    (project / "broken.json").write_text('{"containerDefinitions": [')
    (project / "link.json").unlink()
    refused, text = asked(project, "lint", files=["."])
    assert not refused
    assert text.startswith("Exit code 2: some files could not be read, and the answer says which.\n")
    assert {each["file"]: bool(each["unreadable"]) for each in json.loads(text.partition("\n")[2])["files"]} == {
        "broken.json": True,
        "roles.yaml": False,
        "shop.json": False,
    }


def test_an_argument_that_a_tool_does_not_have_is_refused(project: Path) -> None:
    refused, text = asked(project, "verify", source="shop.json", role="roles.yaml:ExecutionRole")
    assert refused
    assert "verify has no argument role. It has source, roles, resource" in text


def test_no_text_is_an_option_or_a_file(project: Path) -> None:
    (project / "--live").write_text("{}")
    assert "--live: is empty" in asked(project, "explain", source="--live")[1]
    assert "secret" not in asked(project, "diagnose", text="shop.json")[1]
    refused, text = asked(project, "explain", source="shop.json", account="1 --live")
    assert refused
    assert "1 --live" in text


def test_an_agent_has_none_of_your_credentials(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setattr(sys, "executable", str(project / "python"))
    (project / "python").write_text("#!/bin/sh\nenv | grep -c AWS_ || true\n")
    (project / "python").chmod(0o755)
    assert asked(project, "explain", source="shop.json") == (False, "Exit code 0: success.\n0\n")


def test_an_unknown_kind_of_role_is_refused(project: Path) -> None:
    refused, text = asked(project, "verify", source="shop.json", roles={"executor": "roles.yaml:ExecutionRole"})
    assert refused
    assert "Unknown kind of role 'executor'" in text


def test_without_the_extra_it_says_how_to_get_it(cfnroles: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cfnroles.cli.mcp_tools", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    told = cfnroles("mcp")
    assert told.code == 2
    assert "pip install 'cfnroles[mcp]'" in told.err
