"""`cfnroles diff` of service specs: each with the task definitions that are next to it on its own side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SPEC = """\
project: shop
account: "123456789012"
region: us-east-1
services:
  web:
    task-definition: web.json
    task-role:
      permissions-boundary: arn:aws:iam::123456789012:policy/bounds
      grants:
        - {s3-read: assets, prefix: images/}
  worker:
    task-definition: worker.json
"""
NEW_SPEC = """\
project: shop
account: "123456789012"
region: us-east-1
services:
  web:
    task-definition: web.json
    task-role:
      managed-policies: [AmazonSSMReadOnlyAccess]
      grants:
        - s3-read: assets
  worker:
    task-definition: tasks/worker.json
"""
COMPOSE = "services: {web: {image: nginx}}\n"


def task(*images: str) -> str:
    containers = [
        {"name": f"app{number}", "image": image}
        for number, image in enumerate(images or ("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1",))
    ]
    return json.dumps({"family": "app", "containerDefinitions": containers}, indent=1)


OTHER = task("210987654321.dkr.ecr.us-east-1.amazonaws.com/other:1")


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with two versions of a project in two folders."""
    monkeypatch.chdir(tmp_path)
    write({"old/cfnroles.yaml": SPEC, "old/web.json": task(), "old/worker.json": task()})
    write({"new/cfnroles.yaml": NEW_SPEC, "new/web.json": task(), "new/tasks/worker.json": OTHER})
    return tmp_path


@pytest.fixture
def repository_of_specs(git: Callable[..., str]) -> Callable[..., str]:
    """A repository whose revision v1 has SPEC in app/, and whose working tree has NEW_SPEC there."""
    write({"app/cfnroles.yaml": SPEC, "app/web.json": task(), "app/worker.json": task(), "compose.yaml": COMPOSE})
    git("add", ".")
    git("commit", "-m", "v1")
    git("tag", "v1")
    write({"app/cfnroles.yaml": NEW_SPEC, "app/tasks/worker.json": OTHER, "compose.yaml": f"{COMPOSE}# more\n"})
    Path("app/worker.json").unlink()
    return git


@pytest.mark.parametrize(("format_", "suffix"), [("human", "txt"), ("json", "json"), ("markdown", "md")])
def test_answers(
    cfnroles: Callable[..., Any], files: Path, golden: Callable[[str, str], None], format_: str, suffix: str
) -> None:
    result = cfnroles("diff", "old/cfnroles.yaml", "new/cfnroles.yaml", "--format", format_)
    assert (result.code, result.err) == (0, "")
    golden(f"diff/spec.{suffix}", result.out)


def test_a_spec_that_only_lost_grants_widens_nothing(cfnroles: Callable[..., Any], files: Path) -> None:
    write({"old/fewer.yaml": SPEC.replace("images/", "images/small/")})
    arguments = ("diff", "old/cfnroles.yaml", "old/fewer.yaml", "--fail-on")
    assert cfnroles(*arguments, "widen").code == 0
    assert cfnroles(*arguments, "change").code == 1


@pytest.mark.parametrize(
    ("line", "widens"),
    [("managed-policies: [AmazonSSMReadOnlyAccess]", True), ("permissions-boundary: arn:aws:iam::aws:policy/x", False)],
)
def test_what_stands_beside_the_grants(cfnroles: Callable[..., Any], files: Path, line: str, widens: bool) -> None:
    bare = SPEC.replace("      permissions-boundary: arn:aws:iam::123456789012:policy/bounds\n", "")
    write({"old/a.yaml": bare, "old/b.yaml": bare.replace("      grants", f"      {line}\n      grants")})
    assert cfnroles("diff", "old/a.yaml", "old/b.yaml", "--fail-on", "widen").code == int(widens)
    assert cfnroles("diff", "old/b.yaml", "old/a.yaml", "--fail-on", "widen").code == int(not widens)


def test_a_task_definition_that_changed_under_the_same_spec(cfnroles: Callable[..., Any], files: Path) -> None:
    write({"new/cfnroles.yaml": SPEC, "new/worker.json": OTHER})
    (found,) = json.loads(cfnroles("diff", "old/cfnroles.yaml", "new/cfnroles.yaml", "--format", "json").out)[
        "documents"
    ]
    assert {change["role"] for change in found["changes"]} == {"worker execution role"}
    (added, *_) = [change for change in found["changes"] if change["change"] == "added"]
    origin = added["after"][0]["origins"][0]
    assert (origin["document"], origin["line"]) == ("new/worker.json", 6)


REVISIONS = [
    (".", ("v1", "app/cfnroles.yaml"), "v1:app/", "app/"),
    (".", ("v1:app/cfnroles.yaml",), "v1:app/", "app/"),
    ("app", ("v1:./cfnroles.yaml", "cfnroles.yaml"), "v1:./", ""),
    ("app/tasks", ("v1", "../cfnroles.yaml"), "v1:../", "../"),
    ("app/tasks", ("v1:app/cfnroles.yaml", "../cfnroles.yaml"), "v1:app/", "../"),
]


@pytest.mark.parametrize(
    ("directory", "arguments", "old", "new"), REVISIONS, ids=[f"{row[0]} {' '.join(row[1])}" for row in REVISIONS]
)
def test_task_definitions_come_from_the_side_of_their_spec(
    cfnroles: Callable[..., Any],
    repository_of_specs: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    directory: str,
    arguments: tuple[str, ...],
    old: str,
    new: str,
) -> None:
    monkeypatch.chdir(directory)
    result = cfnroles("diff", *arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{old}cfnroles.yaml -> {new}cfnroles.yaml\n")
    assert f"{old.replace('./', '') if old == 'v1:./' else old}worker.json:6: " in result.out
    assert f"{new}tasks/worker.json:6: " in result.out
    assert f"{new}cfnroles.yaml:10: " in result.out


def test_changed_specs_below_the_current_directory(
    cfnroles: Callable[..., Any], repository_of_specs: Callable[..., str]
) -> None:
    result = cfnroles("diff", "v1", "--format", "json")
    documents = json.loads(result.out)["documents"]
    assert [(each["old"], each["new"]) for each in documents] == [
        ("v1:app/cfnroles.yaml", "app/cfnroles.yaml"),
        (None, "app/tasks/worker.json"),
        ("v1:app/worker.json", None),
    ]
    assert {change["role"] for change in documents[0]["changes"]} == {"web task role", "worker execution role"}


def test_gaps_of_two_services_are_told_apart(cfnroles: Callable[..., Any], files: Path) -> None:
    unnamed = json.loads(task())
    unnamed["containerDefinitions"][0]["environmentFiles"] = [{"type": "s3", "value": "${BUCKET_ARN}/web.env"}]
    write({"new/cfnroles.yaml": SPEC, "new/web.json": json.dumps(unnamed), "new/worker.json": json.dumps(unnamed)})
    out = cfnroles("diff", "old/cfnroles.yaml", "new/cfnroles.yaml").out
    assert out.count("! gap opened: ") == 2
    assert "(new/web.json:1: container app0, environment file #1, service web)" in out
    assert "(new/worker.json:1: container app0, environment file #1, service worker)" in out


QUESTIONS = [
    (
        ("old/cfnroles.yaml", "old/web.json"),
        "old/cfnroles.yaml is a service spec and old/web.json is a task definition",
    ),
    (("old/cfnroles.yaml", "lost.yaml"), "lost.yaml:6:5: the file web.json does not exist"),
    (("old/cfnroles.yaml", "wrong.yaml"), "wrong.yaml:1:1: "),
    (("-", "old/cfnroles.yaml"), "standard input: names the file web.json, but its own directory is unknown"),
    (("old/cfnroles.yaml", "new/cfnroles.yaml", "--family", "x"), "--family requires a task definition"),
]


@pytest.mark.parametrize(("arguments", "told"), QUESTIONS, ids=[" ".join(row[0]) for row in QUESTIONS])
def test_wrong_questions(cfnroles: Callable[..., Any], files: Path, arguments: tuple[str, ...], told: str) -> None:
    write({"lost.yaml": SPEC, "wrong.yaml": f"projekt: shop\n{SPEC}"})
    result = cfnroles("diff", *arguments, stdin=SPEC)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


def test_a_task_definition_that_the_revision_lacks(
    cfnroles: Callable[..., Any], repository_of_specs: Callable[..., str]
) -> None:
    outside = SPEC.replace("web.json", "../../web.json")
    write({"app/cfnroles.yaml": outside})
    repository_of_specs("commit", "-a", "-m", "v2")
    result = cfnroles("diff", "v1:app/cfnroles.yaml", "HEAD:app/cfnroles.yaml")
    assert result.code == 2
    assert "HEAD:app/cfnroles.yaml:6:5: the file ../../web.json does not exist" in result.err
