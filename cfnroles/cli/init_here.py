"""What ``cfnroles init`` finds in a folder, and what it asks about that on a terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.cli.paths import pass_over
from cfnroles.cli.terminal import ask, confirm, say
from cfnroles.errors import InvalidInput
from cfnroles.files import TooLarge
from cfnroles.page import quoted

if TYPE_CHECKING:
    from cfnroles.sources.service_spec.draft import Drafted

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")
_LOCAL_MODULE = re.compile(r'"?source"?\s*[=:]\s*"(\.{1,2}/[^"]*)"')


class Here(Struct, frozen=True):
    """What lies below a folder, by the paths from it: task definitions, and what is no matter of a spec."""

    definitions: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    configurations: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()

    @property
    def commands(self) -> Iterator[str]:
        """What to run for everything that needs no spec."""
        for name in self.specs:
            yield f"cfnroles build {quoted(name)}"
        for name in self.templates:
            path = Path(name)
            yield f"cfnroles explain {quoted(name)}"
            yield f"cfnroles inject {quoted(name)} -o {quoted(str(path.with_stem(f'{path.stem}-with-roles')))}"
        for name in self.apps:
            yield f"cfnroles verify {quoted(name)}"
        for name in self.configurations:
            yield f"cfnroles verify {quoted(name)}"
            yield f"cfnroles terraform {quoted(name)}"


def look(folder: str = ".") -> Here:
    """What lies in a folder and below it; not in what tools keep there (``.git``, ``node_modules``, environments)."""
    from cfnroles.sources.cdk_app import is_app
    from cfnroles.sources.source import holds_terraform

    found: dict[str, list[str]] = {field: [] for field in Here.__struct_fields__}
    texts: dict[str, str] = {}
    for at, folders, names in os.walk(folder):
        if is_app(at):
            found["apps"].append(_told(at, folder))
            folders.clear()
            continue
        folders[:] = sorted(each for each in folders if not _is_kept_by_a_tool(Path(at, each)))
        if holds_terraform(at):
            texts[os.path.realpath(at)] = _terraform(at)
            found["configurations"].append(_told(at, folder))
        for name in sorted(names):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                kind = _kind(str(Path(at, name)))
                if kind:
                    found[kind].append(_told(str(Path(at, name)), folder))
    found["configurations"] = list(_applied(found["configurations"], folder, texts))
    return Here(**{field: tuple(paths) for field, paths in found.items()})


def _told(path: str, folder: str) -> str:
    return os.path.relpath(path, folder)


def _is_kept_by_a_tool(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name == "node_modules" or (folder / "pyvenv.cfg").exists()


def _terraform(folder: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(Path(folder).glob("*.tf*"))
        if path.is_file()
    )


def _applied(folders: Sequence[str], top: str, texts: Mapping[str, str]) -> Iterator[str]:
    """The directories of Terraform that have a task definition, in a module of theirs maybe, and are no module."""
    calls = {
        folder: [os.path.realpath(Path(folder, source)) for source in _LOCAL_MODULE.findall(text)]
        for folder, text in texts.items()
    }
    called = {module for folder, modules in calls.items() for module in modules if module != folder}
    for name in folders:
        folder = os.path.realpath(Path(top, name))
        if folder not in called and any(
            "aws_ecs_task_definition" in texts.get(each, "") for each in _reached(folder, calls)
        ):
            yield name


def _reached(folder: str, calls: Mapping[str, Sequence[str]]) -> set[str]:
    reached, left = set[str](), [folder]
    while left:
        each = left.pop()
        if each not in reached:
            reached.add(each)
            left += calls.get(each, ())
    return reached


def _kind(path: str) -> str:
    """Which of the fields of `Here` a file belongs to; empty for none."""
    from cfnroles import read
    from cfnroles.document import read_document
    from cfnroles.sources.source import looks_known, recognised
    from cfnroles.sources.template_task_definitions import TASKS
    from cfnroles.sources.template_tasks import defined

    try:
        document = read_document(path)
        if not (looks_known(document) and recognised(document)):
            return ""
        reading = read(document)
    except TooLarge as error:
        pass_over(error)
        return ""
    except InvalidInput:
        # What nobody named may be broken, and of any kind.
        return ""
    if reading.template is not None:
        return "templates" if defined(reading.template, TASKS) else ""
    if reading.project:
        return "specs"
    return "definitions" if reading.tasks and not reading.addressed else ""


def asked(services: Sequence[Drafted], output: Path) -> tuple[Sequence[Drafted], bool]:
    """The services of the spec at ``output`` with what their author says, and whether their log groups are made."""
    say("Empty answers leave a question open: the file says where to write the answer later.", "", err=True)
    account = _fact("Account that they run in (12 digits)", {each.facts.account for each in services}, _ACCOUNT)
    region = _fact("Region that they run in", {each.facts.region for each in services}, _REGION)
    made = not any(each.has_log_groups for each in services) or confirm("Should cfnroles create the log groups?")
    return [
        replace(
            each,
            facts=replace(each.facts, account=each.facts.account or account, region=each.facts.region or region),
            grants=tuple(_grants(each, output)),
        )
        for each in services
    ], made


def _fact(question: str, known: set[str], form: re.Pattern[str]) -> str:
    if known - {""}:
        return ""

    def admitted(answer: str) -> str:
        if answer and not form.fullmatch(answer):
            raise ValueError(f"{answer} is none")
        return answer

    return ask(question, admitted, hidden=False, default="")


def _grants(service: Drafted, output: Path) -> Iterator[str]:
    """What the application may do, one grant after the other."""
    question = f"What may the application of {service.name} do? For example sqs-send: orders"
    admitted = partial(_grant, service, output)
    while answer := ask(question, admitted, hidden=False, default=""):
        yield answer
        question = f"What else may {service.name} do?"


def _grant(service: Drafted, output: Path, answer: str) -> str:
    """The grant, if a spec that has it is accepted; raises ValueError with what is wrong about it."""
    from cfnroles import Document, read
    from cfnroles.document import read_document
    from cfnroles.sources.service_spec.draft import draft

    if not answer.strip():
        return ""
    word, colon, name = (part.strip() for part in answer.partition(":"))
    if not colon or not name:
        raise ValueError("Write WORD: NAME, such as sqs-send: orders")
    grant = f"{word}: {name}"
    spec = draft("project", [replace(service, grants=(grant,))])
    try:
        read(Document(str(output), spec, lambda path: read_document(str(output.parent / path)))).accepted()
    except InvalidInput as error:
        raise ValueError(". ".join(filter(None, (error.what, error.remedy)))) from error
    return grant
