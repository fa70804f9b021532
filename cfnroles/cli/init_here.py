"""The sources that ``cfnroles init`` finds in a folder, and its questions about them on a terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.cli.paths import pass_over
from cfnroles.cli.terminal import ask, confirm, say
from cfnroles.errors import InvalidInput
from cfnroles.files import TooLarge, is_file, read_text
from cfnroles.page import quoted

if TYPE_CHECKING:
    from cfnroles.sources.service_spec.draft import Drafted, Place

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")
#: The answer that skips a question.
_OPEN = "-"
#: What shows in the text of Terraform that something has roles.
_WITH_ROLES = ("aws_ecs_task_definition", "aws_ecs_express_gateway_service", "managed_instances_provider")
_LOCAL_MODULE = re.compile(r'"?source"?\s*[=:]\s*"(\.{1,2}/[^"]*)"')


class Here(Struct, frozen=True):
    """The sources below a folder, by relative path: task definitions, and sources that need no spec.

    ``unread`` has the errors of files that could not be read, with their places.
    """

    definitions: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    templates_with_roles: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    configurations: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    without_roles: frozenset[str] = frozenset()

    @property
    def commands(self) -> Iterator[str]:
        """Yield a command for each source that needs no spec."""
        for name in self.specs:
            yield f"cfnroles build {quoted(name)}"
        for name in self.templates:
            path = Path(name)
            yield f"cfnroles explain {quoted(name)}"
            yield f"cfnroles inject {quoted(name)} -o {quoted(str(path.with_stem(f'{path.stem}-with-roles')))}"
        for name in (*self.templates_with_roles, *self.apps):
            yield f"cfnroles verify {quoted(name)}"
        for name in self.configurations:
            yield f"cfnroles {'explain' if name in self.without_roles else 'verify'} {quoted(name)}"
            yield f"cfnroles terraform {quoted(name)}"


_MEANINGS = {
    "build": "writes the stacks of a spec",
    "explain": "shows what the roles need, and why",
    "inject": "adds the roles to a copy of the template",
    "verify": "checks the roles that exist",
    "terraform": "writes the roles as Terraform",
}


def meanings(commands: Sequence[str]) -> str:
    """Return what the commands do, in one sentence."""
    named = {command.split()[1] for command in commands}
    return f"{'; '.join(f'{name} {what}' for name, what in _MEANINGS.items() if name in named)}."


def look(folder: str = ".") -> Here:
    """Return the sources in a folder and below, except in directories of tools (``.git``, ``node_modules``,
    environments).
    """
    from cfnroles.sources.directories import holds_terraform, is_app

    found: dict[str, list[str]] = {field: [] for field in Here.__struct_fields__}
    texts: dict[str, str] = {}
    for at, folders, names in os.walk(folder, onerror=lambda error: found["unread"].append(_unlisted(error, folder))):
        if is_app(at):
            found["apps"].append(_told(at, folder))
            folders.clear()
            continue
        folders[:] = sorted(each for each in folders if not _is_kept_by_a_tool(Path(at, each)))
        if holds_terraform(at):
            texts[os.path.realpath(at)] = _terraform(at)
            found["configurations"].append(_told(at, folder))
        for name in sorted(set(names) - _built(at, names)):
            path = Path(at, name)
            if name.endswith(_SUFFIXES) and not name.startswith(".") and path.is_file():
                kind, told = _looked_at(str(path), _told(str(path), folder))
                if kind:
                    found[kind].append(told)
    return _here(found, folder, texts)


def _built(folder: str, names: Sequence[str]) -> frozenset[str]:
    """Return the output files of builds in a folder: their source is elsewhere."""
    from cfnroles.document import parse
    from cfnroles.manifest import FILE, manifest_of

    if FILE not in names or not is_file(Path(folder, FILE)):
        return frozenset()
    try:
        manifest = manifest_of(parse(read_text(Path(folder, FILE)), FILE))
    except InvalidInput:
        return frozenset()
    return manifest.names if manifest else frozenset()


def _here(found: Mapping[str, Sequence[str]], folder: str, texts: Mapping[str, str]) -> Here:
    applied = dict(_applied(found["configurations"], folder, texts))
    without = frozenset(name for name, text in applied.items() if "aws_iam_role" not in text)
    fields = {field: tuple(paths) for field, paths in found.items()}
    return Here(**{**fields, "configurations": tuple(applied), "without_roles": without})  # type: ignore[arg-type]


def _unlisted(error: OSError, folder: str) -> str:
    return f"{_told(error.filename, folder)}: cannot be listed: {error.strerror}"


def _looked_at(path: str, name: str) -> tuple[str, str]:
    """Return the field of `Here` for a file and its name, or the reason why it could not be read."""
    try:
        return _kind(path), name
    except TooLarge as error:
        pass_over(error)
        return "", name
    except InvalidInput as error:
        place = error.where.removeprefix(path)
        return "unread", f"{name}{place}: {error.what}"


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


def _applied(folders: Sequence[str], top: str, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the root directories of Terraform with a task definition or the like, in the root or in one of its modules.

    Each comes with the texts of its files and of its modules.
    """
    calls = {
        folder: [os.path.realpath(Path(folder, source)) for source in _LOCAL_MODULE.findall(text)]
        for folder, text in texts.items()
    }
    called = {module for folder, modules in calls.items() for module in modules if module != folder}
    for name in folders:
        folder = os.path.realpath(Path(top, name))
        whole = "\n".join(texts.get(each, "") for each in sorted(_reached(folder, calls)))
        if folder not in called and any(sign in whole for sign in _WITH_ROLES):
            yield name, whole


def _reached(folder: str, calls: Mapping[str, Sequence[str]]) -> set[str]:
    reached, left = set[str](), [folder]
    while left:
        each = left.pop()
        if each not in reached:
            reached.add(each)
            left += calls.get(each, ())
    return reached


def _kind(path: str) -> str:
    """Return the field of `Here` for a file, or an empty string.

    Raise InvalidInput for a file that looks like a task definition, template or spec and cannot be read.
    """
    from cfnroles import read
    from cfnroles.document import read_document
    from cfnroles.lines import refuse
    from cfnroles.sources.source import looks_known, recognised
    from cfnroles.sources.template_task_types import TASKS
    from cfnroles.sources.template_tasks import defined

    document = read_document(path)
    # A malformed file has no kind; reading its tree raises the error.
    if not looks_known(document) or not document.tree or not recognised(document):
        return ""
    reading = read(document)
    refuse(reading.wrong, reading.texts)
    if reading.template is not None:
        tasks = defined(reading.template, TASKS)
        lacking = [each for each in tasks if not _has_role(reading.template.resources[each])]
        return "templates" if lacking else "templates_with_roles" if tasks else ""
    if reading.project:
        return "specs"
    return "definitions" if reading.tasks and not reading.addressed else ""


def _has_role(resource: Mapping[str, Any]) -> bool:
    properties = resource.get("Properties")
    return isinstance(properties, Mapping) and "ExecutionRoleArn" in properties


def asked(services: Sequence[Drafted], output: Path) -> tuple[Sequence[Drafted], bool]:
    """Return the services of the spec at ``output`` with the answers, and whether to create their log groups."""
    from cfnroles.sources.service_spec.draft import account_of, region_of

    say(
        f"Press Enter to accept the answer in brackets. Type {_OPEN} to leave a question open in the file.",
        err=True,
    )
    say("", err=True)
    account = _fact("Account ID of the tasks (12 digits)", account_of(services), _ACCOUNT)
    region = _fact("Region of the tasks", region_of(services), _REGION)
    made = not any(each.has_log_groups for each in services) or confirm("Should cfnroles create the log groups?")
    return [
        replace(
            each,
            facts=replace(each.facts, account=each.facts.account or account, region=each.facts.region or region),
            grants=tuple(_grants(each, output)),
        )
        for each in services
    ], made


def _fact(question: str, place: Place, form: re.Pattern[str]) -> str:
    if place.proved:
        return ""

    def admitted(answer: str) -> str:
        if answer in ("", _OPEN):
            return ""
        if not form.fullmatch(answer):
            raise ValueError(f"{answer} is none")
        return answer

    return ask(question, admitted, hidden=False, default=place.likely)


def _grants(service: Drafted, output: Path) -> Iterator[str]:
    """Yield the grants of the application."""
    question = f"What may the application of {service.name} do (for example, sqs-send: orders; Enter for nothing)"
    admitted = partial(_grant, service, output)
    while answer := ask(question, admitted, hidden=False, default=""):
        yield answer
        question = f"What else may {service.name} do (Enter for nothing)"


def _grant(service: Drafted, output: Path, answer: str) -> str:
    """Return the grant if it makes a valid spec. Raise ValueError with the problem otherwise."""
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
