"""Which fields asked for the call of a message, and what a statement has to grant so that it is not refused again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from cfnroles.answers.source_roles import KnownName, matched
from cfnroles.messages.denials import Denial
from cfnroles.messages.understanding import Understood
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_definitions import TASK_DEFINITIONS
from cfnroles.sources.template_tasks import own
from cfnroles.symbols import Symbol, Wildcard
from cfnroles.table.message import PolicyKind
from cfnroles.text import ANYTHING, PSEUDO_PARAMETERS, Text, text_of
from cfnroles.workload import Workload

#: What stands for the document of needs that no field has.
MESSAGE = "message"
#: What Terraform asks AWS for itself.
_HOME = re.compile(r"(?:module\.[^.]+\.)*data\.aws_(?:caller_identity|region|partition)\.")
_INDEX = re.compile(r"\[\d+\]")
#: A secret's ARN, without a key behind it.
_SECRET_COLONS = 6
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}")
#: How surely a need is on what a message names: by its own text, by a name that an expression stands for, or by no more
#: than that an expression may stand for anything.
_SURE, _NAMED, _PERHAPS, _NOT = 3, 2, 1, 0


class Asking(list[Need]):
    """The needs of the call that failed. ``sure`` says that nothing else of the source is about what it names."""

    def __init__(self, needs: Iterable[Need] = (), *, sure: bool = True) -> None:
        super().__init__(needs)
        self.sure = sure


def asking(each: Understood, needs: Sequence[Need], names: Mapping[str, KnownName]) -> Asking:
    """The needs of the call that failed, on what the message names, if it names it.

    ``names`` are those of the things that symbols stand for.
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
    """Whether a symbol is the account, the Region or the partition that the source is deployed to."""
    return symbol.name in PSEUDO_PARAMETERS or _HOME.match(symbol.name) is not None


def _may_be(pattern: re.Pattern[str], thing: str) -> bool:
    """Whether a thing is what a pattern is about, be it named with the six signs behind a secret's name or without."""
    return pattern.fullmatch(thing) is not None or pattern.fullmatch(f"{thing}-AAAAAA") is not None


def serves(each: Understood, need: Need) -> bool:
    """Whether what a need grants is what was refused: where several fields ask for the call, the resource tells."""
    return each.denial is None or bool(each.thing) or need.permission.action == "ecr:GetAuthorizationToken"


def bound(each: Understood, need: Need) -> Need:
    """The need, of a key that no document names for the one that the message does."""
    named = granted(each.denial) if each.denial and need.permission.when else ()
    if not named or need.permission.action.lower() != each.action.lower():
        return need
    return replace(need, permission=replace(need.permission, resource=named[0], when=()))


def at_fields(each: Understood, readings: Sequence[Reading], needs: Iterable[Need]) -> Sequence[Origin]:
    """The fields that the message is about, where no need tells which; those that hold what it names, if any do."""
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
    """The values of fields in the task definitions of a source."""
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
    """The needs that follow from the refusals themselves, where all that has to stand in a statement does."""
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
    """What a statement has to name so that the next task is not refused, either; nothing where it is not all known.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    named = str(denial.resource.plain)
    if named == "*":
        return (ANYTHING,)
    if not denial.whole or not denial.arn or any(sign in named for sign in "*?$"):
        return ()
    if denial.action.startswith("ssmmessages:"):
        return (ANYTHING,)  # what is named is the task, and the next one has another ARN
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
