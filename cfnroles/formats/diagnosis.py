"""Diagnoses as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap

from cfnroles.answers.diagnosis import Besides, Diagnosis
from cfnroles.answers.verification import Outcome
from cfnroles.formats.verification_words import statements_json
from cfnroles.lines import Lines
from cfnroles.need import Origin
from cfnroles.page import Page, json_page, page, painted, visible

NOTHING_BESIDES = Besides()

_OUTCOMES = {
    Outcome.ALLOWED: "allows the call",
    Outcome.UNKNOWN: "may or may not allow the call",
    Outcome.MISSING: "does not allow the call",
    Outcome.DENIED: "denies the call",
}


def human(
    found: Sequence[Diagnosis], texts: Mapping[str, str], width: int = 80, besides: Besides = NOTHING_BESIDES
) -> Page:
    """For a terminal: what happened, what asked for it, what may be behind it, and what to do."""
    lines = Lines(texts)
    told = [line for each in found for line in (*_human(each, lines, width), "")]
    for said in besides.unknown:
        told += (
            painted("Something failed in words that cfnroles does not know.", "1"),
            *_field("text", said.text, width),
        )
        told += (*(_field("seen", _seen_at(said.when, said.where), width) if said.where or said.when else ()), "")
    for unread in besides.unread:
        told += _field("not known", unread, width)
    return page(told if besides.unread else told[:-1])


def json_text(found: Sequence[Diagnosis], texts: Mapping[str, str], besides: Besides = NOTHING_BESIDES) -> Page:
    """For programs. ``schema`` changes when the form does."""
    lines = Lines(texts)
    told = {"schema": 1, "diagnoses": [_entry(each, lines) for each in found]}
    unknown = [{"text": each.text, "where": each.where, "when": _moment(each.when)} for each in besides.unknown]
    return json_page({**told, "notUnderstood": unknown, "notRead": list(besides.unread)})


def _human(each: Diagnosis, lines: Lines, width: int) -> Iterator[str]:
    said = each.understood
    yield painted(visible(f"{said.what[0].upper()}{said.what[1:]}."), "1")
    for name, value in _facts(each, lines):
        yield from _field(name, value, width)
    for number, cause in enumerate(each.causes, 1):
        if number == 1:
            yield "  It may be, the likeliest first:"
        yield from _paragraph(f"{number}. {cause.what}", width, 4)
        yield from _paragraph(f"check: {cause.check}", width, 7)
        yield from _paragraph(f"then: {cause.remedy}", width, 7)
    if each.statements:
        yield "  The statement that is missing:"
        yield _pasted(each)
    for unknown in each.unknown:
        yield from _field("not known", unknown, width)


def _facts(each: Diagnosis, lines: Lines) -> Iterator[tuple[str, str]]:
    said = each.understood
    if each.where or each.times > 1:
        yield "seen", _seen(each)
    yield "category", said.category
    if said.action:
        yield "call", f"{said.action} on {said.thing}" if said.denial and said.thing else said.action
    if said.thing and not said.denial:
        yield "about", said.thing
    yield "caller", f"{said.caller}: {said.denial.role}" if said.denial and said.denial.role else said.caller
    if said.denial:
        yield "refused by", said.denial.kind
    for origin in each.asked_by:
        yield "asked by", lines.where(origin)
    if each.outcome:
        by = ", ".join(str(statement) for one in each.judged for statement in one.by)
        yield "role", f"{each.role} {_OUTCOMES[each.outcome]}{f': {by}' if by else ''}"
    if said.endpoint:
        yield "endpoint", said.endpoint
    yield "to do", each.remedy
    if not each.causes:
        yield "to be sure", said.sure
    yield "source", said.source


def _seen_at(when: datetime | None, where: str) -> str:
    return " ".join(filter(None, (f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else "", f"in {where}" if where else "")))


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def _seen(each: Diagnosis) -> str:
    """``3 times, at last 2026-01-31 12:00:00 UTC in task 0f9d..., container web``."""
    place = _seen_at(each.when, each.where)
    if each.times == 1:
        return place
    return f"{each.times} times, at last {place}" if place else f"{each.times} times"


def _field(name: str, value: str, width: int) -> Iterator[str]:
    yield from _paragraph(value, width, 14, f"  {name}")


def _paragraph(text: str, width: int, indent: int, head: str = "") -> Iterator[str]:
    yield from wrap(
        visible(text),
        max(width, 40),
        initial_indent=head.ljust(indent),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head]


def _pasted(each: Diagnosis) -> Page:
    """The statements in the language of the source."""
    if not each.address:
        return statements_json(each.statements)
    from cfnroles.formats.hcl_statements import statements_hcl

    return statements_hcl(each.statements, each.address)


def _place(origin: Origin, lines: Lines) -> dict[str, object]:
    named = {"document": origin.document, "field": origin.pointer, "container": origin.container}
    return {**named, "line": lines.line(origin)}


def _entry(each: Diagnosis, lines: Lines) -> dict[str, object]:
    said, denial = each.understood, each.understood.denial
    return {
        "message": said.name,
        "times": each.times,
        "where": each.where,
        "when": _moment(each.when),
        "what": said.what,
        "category": said.category,
        "settled": each.is_settled,
        "stages": [stage.name for stage in said.stages],
        "action": said.action,
        "resource": said.thing,
        "caller": said.caller,
        "principal": denial.principal if denial else "",
        "policy": denial.kind if denial else "",
        "explicit": denial.explicit if denial else False,
        "cut": said.cut,
        "endpoint": said.endpoint,
        "askedBy": [_place(origin, lines) for origin in each.asked_by],
        "role": {"name": each.role, "outcome": each.outcome} if each.outcome else None,
        "causes": [{"what": one.what, "check": one.check, "remedy": one.remedy} for one in each.causes],
        "remedy": each.remedy,
        "check": said.sure,
        "statements": [] if each.address or not each.statements else json.loads(statements_json(each.statements)),
        "terraform": str(_pasted(each)) if each.address and each.statements else "",
        "unknown": list(each.unknown),
        "source": said.source,
    }
