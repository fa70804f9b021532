"""The fields that require the call in a message, and the statement that would allow it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from cfnroles.answers.source_roles import KnownName, matched
from cfnroles.messages.denials import Denial
from cfnroles.messages.understanding import Understood
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_types import TASK_DEFINITIONS
from cfnroles.sources.template_tasks import own
from cfnroles.symbols import Symbol, Wildcard
from cfnroles.table.message import PolicyKind
from cfnroles.text import ANYTHING, PSEUDO_PARAMETERS, Text, text_of
from cfnroles.workload import Workload

#: The document of needs that no field has.
MESSAGE = "message"
#: Terraform's own calls to AWS.
_HOME = re.compile(r"(?:module\.[^.]+\.)*data\.aws_(?:caller_identity|region|partition)\.")
_INDEX = re.compile(r"\[\d+\]")
#: A secret's ARN, without a JSON key.
_SECRET_COLONS = 6
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}")
#: How surely a need is on the resource of a message: by its own text, by the name of an expression, or only because an
#: expression may have any value.
_SURE, _NAMED, _PERHAPS, _NOT = 3, 2, 1, 0


class Asking(list[Need]):
    """The needs of the failed call. ``sure`` says that no other field of the source is about its resource."""

    def __init__(self, needs: Iterable[Need] = (), *, sure: bool = True) -> None:
        super().__init__(needs)
        self.sure = sure


def asking(each: Understood, needs: Sequence[Need], names: Mapping[str, KnownName]) -> Asking:
    """Return the needs of the failed call on the message's resource, if it names one.

    ``names`` are the names of resources that symbols represent.
    """
    called = [need for need in needs if need.permission.action.lower() == each.action.lower()]
    if not each.thing:
        return Asking(called)
    by_sureness = [(_sureness(need, each.thing, names), need) for need in called]
    best = max((sureness for sureness, _ in by_sureness), default=_NOT)
    found = (need for sureness, need in by_sureness if sureness == best and best)
    return Asking(found, sure=best > _PERHAPS)


def _sureness(need: Need, thing: str, names: Mapping[str, KnownName]) -> int:
    resource = text_of(need.permission.resource)
    pattern, known = matched(resource, names)
    if not (thing.startswith("arn:") or thing == "*"):
        if thing in resource or thing in need.origin.item:
            return _SURE
        return _NAMED if known and any(re.fullmatch(f"/?{each.pattern}", thing) for each in known) else _NOT
    if _may_be(pattern, thing):
        return _SURE if all(map(_is_of_home, resource.unknown)) else _NAMED if known else _PERHAPS
    perhaps = not all(each.exact for each in known) and _may_be(matched(resource, {})[0], thing)
    return _PERHAPS if perhaps else _NOT


def _is_of_home(symbol: Symbol) -> bool:
    """Return whether a symbol is the account, Region or partition of the deployment."""
    return symbol.name in PSEUDO_PARAMETERS or _HOME.match(symbol.name) is not None


def _may_be(pattern: re.Pattern[str], thing: str) -> bool:
    """Return whether a pattern matches a resource, with or without the six characters of a secret."""
    return pattern.fullmatch(thing) is not None or pattern.fullmatch(f"{thing}-AAAAAA") is not None


def serves(each: Understood, need: Need) -> bool:
    """Return whether a need allows the refused call. If several fields require the call, the resource decides."""
    return each.denial is None or bool(each.thing) or need.permission.action == "ecr:GetAuthorizationToken"


def bound(each: Understood, need: Need) -> Need:
    """Return the need with the key of the message if no document names the key."""
    named = granted(each.denial) if each.denial and need.permission.when else ()
    if not named or need.permission.action.lower() != each.action.lower():
        return need
    return replace(need, permission=replace(need.permission, resource=named[0], when=()))


def at_fields(each: Understood, readings: Sequence[Reading], needs: Iterable[Need]) -> Sequence[Origin]:
    """Return the fields that a message is about if no need does: preferably those with the name in the message."""
    wanted = [field.lower() for field in each.fields]
    if each.thing and each.denial:
        return ()
    values = [one for reading in readings for one in _values(reading, each.fields)]
    told = {(origin.document, origin.path): str(value) for origin, value in values}
    found: dict[Origin, str] = {}
    for need in needs:
        if _INDEX.sub("[]", need.origin.pointer).lower().endswith(tuple(wanted or ["\0"])):
            value = told.get((need.origin.document, need.origin.path), "")
            found[need.origin] = f"{need.permission.resource} {need.origin.item} {value}"
    named = {(origin.document, origin.path) for origin in found}
    found |= {origin: str(value) for origin, value in values if (origin.document, origin.path) not in named}
    holding = [origin for origin, text in found.items() if each.thing and each.thing in text]
    return holding or list(found)


def _values(reading: Reading, fields: Iterable[str]) -> Iterator[tuple[Origin, object]]:
    """Yield the values of fields in the task definitions of a source."""
    for task in reading.tasks:
        for field in fields:
            yield from ((task.workload.origin(path), value) for path, value in task.workload.find(field))
    template = reading.template
    for name in own(template, TASK_DEFINITIONS) if template else ():
        properties = template.resources[name].get("Properties") if template else None
        workload = Workload(reading.name, properties if isinstance(properties, Mapping) else {})
        for field in fields:
            written = ".".join(step[:1].upper() + step[1:] for step in field.split("."))
            for path, value in workload.find(written):
                origin = workload.origin(path)
                named = workload.at((*path[:2], "Name")) if path[:1] == ("ContainerDefinitions",) else ""
                container = named if isinstance(named, str) else ""
                yield replace(origin, path=("Resources", name, "Properties", *path), container=container), value


def own_needs(each: Understood, holder: Holder) -> Iterator[Need]:
    """Yield the needs that follow from the refusals themselves, if they have everything that a statement requires."""
    kinds = (PolicyKind.IDENTITY, PolicyKind.UNSTATED)
    for denial in (each for each in each.denials if each.kind in kinds and not each.explicit):
        conditions: tuple[Condition, ...] = ()
        if denial.action == "iam:PassRole":
            conditions = (Condition("StringEquals", "iam:PassedToService", (Text("ecs-tasks.amazonaws.com"),)),)
        sid = denial.action.partition(":")[2]
        reason = Reason("message", "the call was refused", denial.refusal.source)
        for resource in granted(denial):
            yield Need(holder, Permission(denial.action, resource, conditions), reason, Origin(MESSAGE, ()), sid)


def granted(denial: Denial) -> tuple[Text, ...]:
    """Return the resources of a statement that also serves the next task; empty if not all of it is known.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    named = str(denial.resource.plain)
    if named == "*":
        return (ANYTHING,)
    if not denial.whole or not denial.arn or any(sign in named for sign in "*?$"):
        return ()
    if denial.action.startswith("ssmmessages:"):
        return (ANYTHING,)  # the message names a task, and the next one has another ARN
    if denial.arn.service == "secretsmanager" and not _SUFFIX.fullmatch(named[-7:]):
        return (Text(named, "-", Wildcard("??????")),) if named.count(":") == _SECRET_COLONS else ()
    group, stream, _ = named.partition(":log-stream:")
    if denial.action == "logs:CreateLogGroup":
        return Text(group), Text(group, ":", ANYTHING)
    if stream:
        return (Text(group, stream, ANYTHING),)
    if denial.action == "ecs:RunTask" and ":task-definition/" in named:
        return (Text(":".join(named.split(":")[:6]), ":", ANYTHING),)
    return (Text(named),)
