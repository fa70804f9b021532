"""The messages in what people have: a text, entries of a log, or what AWS answers as JSON."""

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

#: How many entries of one text are looked at, the newest ones.
MOST = 1_000
#: Messages of which the cause stands in another one.
_ELSEWHERE = frozenset((*(row.name for row in SYMPTOMS), "essential-container-exited"))
_ON_PURPOSE = "stopped-on-purpose"
#: How long a service may take to become stable, so that what failed meanwhile is why it did not.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
_TOGETHER = timedelta(hours=3)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
#: What is another one each time in messages about the same thing: ids of tasks, sessions, requests and deployments.
_ID = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{16,20})\b", re.IGNORECASE)
#: A text that ends in fewer signs is no beginning of another.
_LEAST = 40
#: Several times the longest text that AWS is known to write.
_LONGEST = 4_000


class Heard(Struct, frozen=True):
    """What a message says, how often it was said, and where and when for the last time."""

    understood: Understood
    times: int = 1
    where: str = ""
    when: datetime | None = None


class Collected(Struct, frozen=True):
    """The messages of a text: those that are known, and those that tell of a failure and are not."""

    heard: tuple[Heard, ...]
    unknown: tuple[Said, ...] = ()


def collected(text: str) -> Collected:
    """What the messages in a text say, each once: those first that say what it was, the newest of them first."""
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
    """The newest messages first; those without a time in the order of the document."""
    return tuple(sorted(said, key=lambda each: each.when or _BEGINNING, reverse=True))[:MOST]


def _heard(understood: Understood, said: Said, before: Heard | None) -> Heard:
    if before is None:
        return Heard(understood, 1, said.where, said.when)
    return replace(before, times=before.times + 1)


def _key(each: Understood) -> object:
    """What two messages have in common that say the same of another task."""
    denials = tuple((one.action, one.role, _ID.sub("#", one.resource), one.kind, one.explicit) for one in each.denials)
    return each.name, each.action, _ID.sub("#", each.thing), denials


def _inside(said: Said) -> tuple[str, str]:
    """Which container it is about, and with what it ended, where nothing else tells two messages apart."""
    return said.where.partition(", container ")[2], said.text if said.text.startswith("Exit code: ") else ""


def _whole(said: Sequence[Said]) -> Iterator[Said]:
    """The messages without those that are the beginning of another one, which was not cut."""
    texts = {each.text: _ID.sub("#", normalised(each.text[:_LONGEST])) for each in said}
    long = [text for text in dict.fromkeys(texts.values()) if not is_cut(text)]
    for each in said:
        begin = texts[each.text].rstrip(".… ")
        cut = is_cut(texts[each.text]) and len(begin) >= _LEAST
        if not cut or not any(begin in text for text in long):
            yield each


def _causes(found: tuple[Heard, ...], *, answers: bool) -> Iterator[Heard]:
    """What was found without what only says that the cause stands elsewhere, if it stands in what was found."""
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
