"""The messages in a text, in log entries, or in AWS's JSON responses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.messages.answers import Said, said_in
from cfnroles.messages.conditions import is_cut
from cfnroles.messages.normalising import normalised, split
from cfnroles.messages.understanding import Understood, understand
from cfnroles.table.message import Category
from cfnroles.table.messages.symptoms import SYMPTOMS

#: The maximum number of entries of one text, newest first.
MOST = 1_000
#: Messages whose cause is in another message.
_ELSEWHERE = frozenset((*(row.name for row in SYMPTOMS), "essential-container-exited"))
_ON_PURPOSE = "stopped-on-purpose"
#: The time in which a service can become stable; failures within it are the reason if it does not.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
_TOGETHER = timedelta(hours=3)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
#: Parts that differ in messages about the same thing: IDs of tasks, sessions, requests and deployments.
_ID = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{16,20})\b", re.IGNORECASE)
#: A text with a shorter common prefix is not the beginning of another.
_LEAST = 40
#: Several times the length of AWS's longest known text.
_LONGEST = 4_000


class Heard(Struct, frozen=True):
    """The meaning of a message, its count, and where and when it was last seen."""

    understood: Understood
    times: int = 1
    where: str = ""
    when: datetime | None = None


class Collected(Struct, frozen=True):
    """The messages of a text: the known ones, and unknown ones about a failure."""

    heard: tuple[Heard, ...]
    unknown: tuple[Said, ...] = ()


def collected(text: str) -> Collected:
    """Return the meanings of the messages in a text, without duplicates: causes first, newest first."""
    answered = said_in(text)
    said = tuple(Said(each) for each in split(text)) if answered is None else answered
    said = _newest(said) if answered is not None else said[-MOST:]
    found: dict[object, Heard] = {}
    unknown: dict[str, Said] = {}
    for each in _whole(said):
        if understood := understand(each.text):
            before = found.get(key := (_key(understood), "" if understood.action else _inside(each)))
            found[key] = _heard(understood, each, before)
        elif each.failed:
            unknown.setdefault(_ID.sub("#", each.text), each)
    if not found and answered is None and (whole := understand(text)):
        return Collected((Heard(whole),))
    heard = tuple(_causes(tuple(found.values()), answers=answered is not None))
    return Collected(tuple(sorted(heard, key=_undetermined)), tuple(unknown.values()))


def _newest(said: Iterable[Said]) -> tuple[Said, ...]:
    """Return the newest messages first, those without a time in the order of the document."""
    return tuple(sorted(said, key=lambda each: each.when or _BEGINNING, reverse=True))[:MOST]


def _heard(understood: Understood, said: Said, before: Heard | None) -> Heard:
    if before is None:
        return Heard(understood, 1, said.where, said.when)
    return replace(before, times=before.times + 1)


def _key(each: Understood) -> object:
    """Return a key that is equal for the same message about another task."""
    denials = tuple((one.action, one.role, _ID.sub("#", one.resource), one.kind, one.explicit) for one in each.denials)
    return each.name, each.action, _ID.sub("#", each.thing), denials


def _inside(said: Said) -> tuple[str, str]:
    """Return the container, and its exit code, if nothing else distinguishes two messages."""
    return said.where.partition(", container ")[2], said.text if said.text.startswith("Exit code: ") else ""


def _whole(said: Sequence[Said]) -> Iterator[Said]:
    """Yield the messages without those that are the truncated beginning of another one."""
    texts = {each.text: _ID.sub("#", normalised(each.text[:_LONGEST])) for each in said}
    long = [text for text in dict.fromkeys(texts.values()) if not is_cut(text)]
    for each in said:
        begin = texts[each.text].rstrip(".… ")
        cut = is_cut(texts[each.text]) and len(begin) >= _LEAST
        if not cut or not any(begin in text for text in long):
            yield each


def _causes(found: tuple[Heard, ...], *, answers: bool) -> Iterator[Heard]:
    """Yield the meanings without pointers to a cause elsewhere, if that cause was found."""
    told = [each for each in found if each.understood.name not in {*_ELSEWHERE, _ON_PURPOSE}]
    for each in found:
        name = each.understood.name
        if name in _ELSEWHERE and any(_same_time(each, other) for other in told):
            continue
        if not answers or name != _ON_PURPOSE or len(found) == 1:
            yield each


def _same_time(one: Heard, other: Heard) -> bool:
    return one.when is None or other.when is None or abs(one.when - other.when) <= _TOGETHER


def _undetermined(each: Heard) -> bool:
    return each.understood.category is Category.UNDETERMINED
