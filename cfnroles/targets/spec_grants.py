"""The entries that a service spec lacks: a grant or a statement of the application, or the key of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cfnroles.answers.asked_for import MESSAGE
from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.document import Document, parse
from cfnroles.errors import InvalidInput
from cfnroles.need import Holder, Need
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.table.message import CallingRole
from cfnroles.table.words import ROWS
from cfnroles.targets.cloudformation.patches import Path, TemplateText
from cfnroles.targets.cloudformation.uneditable import check_edited
from cfnroles.targets.lacking import Ungrantable
from cfnroles.text import PSEUDO_PARAMETERS, arn_of, text_of

_DECRYPT = "kms:Decrypt"


def changed_spec(reading: Reading, several: Sequence[Diagnosis]) -> str:
    """Return the text of a spec with what was refused: a word if one grants exactly that, else a statement.

    Raise Ungrantable for permissions that `build` already writes, and if the calling service is unknown.
    """
    text = reading.documents[0].text
    for each in several:
        service = _service(reading, each)
        for need in dict.fromkeys(need for statement in each.statements for need in statement.needs):
            if need.origin.document != MESSAGE and need.permission.action != _DECRYPT:
                name, resource = reading.name, need.permission.resource
                if {symbol.name for symbol in text_of(resource).unknown}.difference(PSEUDO_PARAMETERS):
                    raise Ungrantable(f"{name} requests it on {resource}, which may be another resource")
                raise Ungrantable(f"{name} has it: deploy the roles of `cfnroles build {name}` again")
            text = _with(text, reading, service, need, each)
    return text


def _service(reading: Reading, each: Diagnosis) -> str:
    """Return the service whose role was refused: the only one, or the one in the name of the role."""
    names = [task.name for task in reading.tasks]
    role = each.understood.denial.role if each.understood.denial else ""
    found = [name for name in names if f"-{name}-" in f"-{role}-"]
    longest = [name for name in found if len(name) == max(map(len, found))]
    if len(names) == 1 or len(longest) == 1:
        return (longest or names)[0]
    raise Ungrantable(f"the calling service is unknown: {reading.name} has {', '.join(names)}")


def _with(text: str, reading: Reading, service: str, need: Need, each: Diagnosis) -> str:
    document = reading.documents[0]
    for path, value in _ways(service, need, each.understood.caller):
        try:
            after = _put(text, document.name, path, value)
            again = read(Document(document.name, after, document.beside), reading.told)
            task = next(task for task in again.accepted() if task.name == service)
        except InvalidInput:
            continue
        asked = {(one.permission.action, str(one.permission.resource)) for one in task.discovery.needs}
        key = ("services", service, "kms-keys", "secrets")
        if path == key or (need.permission.action, str(need.permission.resource)) in asked:
            return after
    raise Ungrantable(
        f"{reading.name} cannot say {need.permission.action} on {need.permission.resource} of {service}: what ECS calls"
        " follows from the task definition"
    )


def _ways(service: str, need: Need, caller: CallingRole) -> Iterator[tuple[Path, Any]]:
    """Yield the places in a spec for what was refused, each with its value, the best one first."""
    action, resource = need.permission.action, str(need.permission.resource)
    of_execution = need.holder is Holder.EXECUTION and caller is not CallingRole.EITHER
    if action == _DECRYPT and need.holder is Holder.EXECUTION:
        yield ("services", service, "kms-keys", "secrets"), resource
    if of_execution:
        return
    role = ("services", service, "task-role")
    arn = arn_of(need.permission.resource)
    names = [str(arn.resource).rpartition("/")[2].rpartition(":")[2], resource] if arn else []
    rows = [
        row
        for row in ROWS
        if row.kind and any(action == f"{one.prefix}:{one.action}" for access in row.access for one in access.actions)
    ]
    for row in sorted(rows, key=lambda row: sum(len(access.actions) for access in row.access)):
        yield from (((*role, "grants"), {row.word: name}) for name in names)
    reason = "the application calls it, and AWS refused"
    yield (*role, "statements"), {"reason": reason, "actions": action, "resources": resource}


def _put(text: str, name: str, path: Path, value: Any) -> str:
    """Return the text with a value added to the list at a path; raise InvalidInput if that is impossible."""
    parts = TemplateText(text, name)
    expected: Any = parse(text, name)
    depth = max(length for length in range(len(path) + 1) if not length or parts.place(path[:length]))
    around: Any = expected
    for step in path[: min(depth, len(path) - 1)]:
        around = around[step]
    if depth == len(path):
        existing = around[path[-1]]
        if isinstance(existing, list):
            patches = [parts.appended(path, [value])]
        else:
            place = parts.place(path)
            assert place is not None  # noqa: S101 - it was just found
            patches = [parts.replacement(place, [existing, value])]
        around[path[-1]] = [*(existing if isinstance(existing, list) else [existing]), value]
        return check_edited(text, name, patches, expected)
    members = _nested(path[depth:], value)
    behind = (*path[:depth], "task-definition")
    patches = [parts.beside(behind, members)] if parts.place(behind) else list(parts.addition(path[:depth], members))
    around.update(members)
    return check_edited(text, name, patches, expected)


def _nested(path: Path, value: Any) -> Mapping[str, Any]:
    """Return the members that lead to a list with one value; a single key needs no list."""
    made: Any = value if path[-1] == "secrets" else [value]
    for step in reversed(path):
        made = {step: made}
    return dict(made)
