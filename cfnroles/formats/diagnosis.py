"""Diagnoses as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from cfnroles.answers.diagnosis import Besides, Diagnosis
from cfnroles.answers.verification import Outcome
from cfnroles.formats.pasted_commands import NOTHING_GIVEN, Pasting
from cfnroles.formats.shapes import origin_entry
from cfnroles.formats.verification_words import placed, statements_json, trust_words
from cfnroles.layout import hanging
from cfnroles.lines import Lines
from cfnroles.need import Origin
from cfnroles.page import Page, json_page, page, painted
from cfnroles.statements import Statement

NOTHING_BESIDES = Besides()

_OUTCOMES = {
    Outcome.ALLOWED: "allows the call",
    Outcome.UNKNOWN: "may or may not allow the call",
    Outcome.MISSING: "does not allow the call",
    Outcome.DENIED: "denies the call",
}


def human(
    found: Sequence[Diagnosis],
    texts: Mapping[str, str],
    besides: Besides = NOTHING_BESIDES,
    given: Pasting = NOTHING_GIVEN,
) -> Page:
    """Return text for a terminal: what happened, the field behind it, possible causes, and the remedy."""
    lines = Lines(texts)
    told = [line for each in found for line in (*_human(each, lines, given), "")]
    for said in besides.unknown:
        told += (
            painted("Something failed in words that cfnroles does not know.", "1"),
            _field("text", said.text),
        )
        told += (*([_field("seen", _seen_at(said.when, said.where))] if said.where or said.when else ()), "")
    told += (_field("unknown", unread) for unread in besides.unread)
    return page(told if besides.unread else told[:-1])


def json_text(
    found: Sequence[Diagnosis],
    texts: Mapping[str, str],
    besides: Besides = NOTHING_BESIDES,
    given: Pasting = NOTHING_GIVEN,
) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    lines = Lines(texts)
    told = {"schema": 1, "diagnoses": [_entry(each, lines, given) for each in found]}
    unknown = [{"text": each.text, "where": each.where, "when": _moment(each.when)} for each in besides.unknown]
    return json_page({**told, "notUnderstood": unknown, "notRead": list(besides.unread)})


def _as_sentence(text: str) -> str:
    return text if text.startswith("arn:") else f"{text[0].upper()}{text[1:]}"


def _human(each: Diagnosis, lines: Lines, given: Pasting) -> Iterator[str]:
    said = each.understood
    yield painted(f"{_as_sentence(said.what)}.", "1")
    for name, value in _facts(each, lines, given):
        yield _field(name, value)
    for number, cause in enumerate(each.causes, 1):
        if number == 1:
            yield "  Possible causes, most likely first:"
        yield hanging(f"    {number}. ", cause.what)
        yield hanging(" " * 7, f"check: {given.filled(cause.check, each)}")
        yield hanging(" " * 7, f"then: {given.filled(cause.remedy, each)}")
    if each.statements:
        yield "  The statement that is missing:"
        yield _pasted(each, each.statements)
    if each.also_missing:
        yield _field("next", f"the role lacks more permissions, which are denied next: {_calls(each)}")
    for unknown in each.unknown:
        yield _field("unknown", unknown)


def _calls(each: Diagnosis) -> str:
    """Return what else the role lacks, in a line."""
    return ", ".join(dict.fromkeys(action for statement in each.also_missing for action in statement.actions))


def _facts(each: Diagnosis, lines: Lines, given: Pasting) -> Iterator[tuple[str, str]]:
    said = each.understood
    if each.where or each.times > 1:
        yield "seen", _seen(each)
    yield "category", each.category
    if said.action:
        yield "call", f"{said.action} on {said.thing}" if said.denial and said.thing else said.action
    if said.thing and not said.denial:
        yield "about", said.thing
    yield "caller", f"{said.caller}: {said.denial.role}" if said.denial and said.denial.role else said.caller
    if said.denial:
        yield "refused by", said.denial.kind
    for origin in each.asked_by:
        yield "asked by", _where(origin, lines)
    yield from _of_role(each)
    if said.endpoint:
        yield "endpoint", said.endpoint
    yield "to do", given.filled(each.remedy, each)
    if not each.causes:
        yield "to be sure", given.filled(said.sure, each)
    yield "source", said.source


def _seen_at(when: datetime | None, where: str) -> str:
    return " ".join(filter(None, (f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else "", f"in {where}" if where else "")))


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def _seen(each: Diagnosis) -> str:
    """Return ``3 times, at last 2026-01-31 12:00:00 UTC in task 0f9d..., container web``."""
    place = _seen_at(each.when, each.where)
    if each.times == 1:
        return place
    return f"{each.times} times, at last {place}" if place else f"{each.times} times"


def _of_role(each: Diagnosis) -> Iterator[tuple[str, str]]:
    called = f"{each.role} ({each.at.where})" if each.at and each.at.where else each.role
    if each.outcome and each.at and each.at.verification.absence:
        yield "role", f"the source does not have it: {called}. {each.at.verification.absence.remedy}".rstrip()
    elif each.outcome:
        role = each.at.verification.role if each.at else None
        named = [placed(role, one) if role else str(one) for judged in each.judged for one in judged.by]
        by = ", ".join(dict.fromkeys(named))
        yield "role", f"{called} {_OUTCOMES[each.outcome]}{f': {by}' if by else ''}"
    if each.trust:
        yield "role" if not each.outcome else "trust", f"{called}: {' '.join(trust_words(each.trust))}"


def _where(origin: Origin, lines: Lines) -> str:
    """Return ``web.json:12:9: containerDefinitions[0].image (container web)``."""
    line, column = lines.nearest(origin)
    place = "" if origin.place == origin.pointer else f" ({origin.place})"
    return f"{origin.document}{f':{line}' if line else ''}{f':{column}' if column else ''}: {origin.pointer}{place}"


def _field(name: str, value: str) -> Page:
    return hanging(f"  {name}".ljust(14), value)


def _pasted(each: Diagnosis, statements: Sequence[Statement]) -> Page:
    """Return the statements in the language of the source."""
    if not each.address:
        return statements_json(statements)
    from cfnroles.targets.terraform.pasted_statements import statements_hcl

    return statements_hcl(statements, each.address)


def _place(origin: Origin, lines: Lines) -> dict[str, object]:
    line, column = lines.nearest(origin)
    return origin_entry(origin, line, column)


def _entry(each: Diagnosis, lines: Lines, given: Pasting) -> dict[str, object]:
    said, denial = each.understood, each.understood.denial
    return {
        "message": said.name,
        "times": each.times,
        "where": each.where,
        "when": _moment(each.when),
        "what": said.what,
        "category": each.category,
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
        "role": _role_entry(each),
        "causes": [
            {
                "what": one.what,
                "category": one.category or said.category,
                "check": given.filled(one.check, each),
                "remedy": given.filled(one.remedy, each),
            }
            for one in each.causes
        ],
        "remedy": given.filled(each.remedy, each),
        "check": given.filled(said.sure, each),
        **_statements_entry(each),
        "unknown": list(each.unknown),
        "source": said.source,
    }


def _role_entry(each: Diagnosis) -> dict[str, object] | None:
    if not (each.outcome or each.trust):
        return None
    trust = {"trust": each.trust.decision} if each.trust else {}
    return {"name": each.role, "outcome": each.outcome, "where": each.at.where if each.at else "", **trust}


def _statements_entry(each: Diagnosis) -> dict[str, object]:
    """Return the statements in the form of a template, or of Terraform."""
    found = {"statements": each.statements, "alsoMissing": each.also_missing}
    trees = {
        name: [] if each.address or not several else json.loads(statements_json(several))
        for name, several in found.items()
    }
    return {**trees, "terraform": str(_pasted(each, each.statements)) if each.address and each.statements else ""}
