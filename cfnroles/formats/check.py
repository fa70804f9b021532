"""A check as text, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cfnroles.answers.check import CheckedReference, SecretCheck, Usable
from cfnroles.formats.shapes import gap_entry, origin_entry
from cfnroles.lines import Lines, Texts
from cfnroles.markdown import code, document, inline, items, table
from cfnroles.page import Page, json_page, page

SCHEMA = 1


def human(check: SecretCheck, text: Texts) -> Page:
    """Return a tree for a terminal: a branch for each container, a leaf for each reference."""
    return page(_human(check, Lines(text)))


def markdown(check: SecretCheck, text: Texts) -> Page:
    """Return a table for a review, with one row for each reference."""
    lines = Lines(text)
    rows = [
        (str(each.usable), each.reference.origin.place, code(each.reference.value_from.written), _finding(each))
        for each in check.references
    ]
    where = [code(lines.where(each.reference.origin)) for each in check.references if each.examined.what]
    unseen = [inline(code(lines.where(gap.origin)), f": {gap.what}. {gap.remedy}") for gap in check.unseen]
    return document([table(("", "needed by", "reference", "finding"), rows), summary(check), items([*where, *unseen])])


def json_text(check: SecretCheck, text: Texts) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    lines = Lines(text)
    references = [
        {
            "valueFrom": checked.reference.value_from.written,
            "usable": str(checked.usable),
            **origin_entry(checked.reference.origin, lines.line(checked.reference.origin)),
            "version": checked.examined.version,
            "problem": checked.examined.code,
            "what": checked.examined.what,
            "remedy": checked.examined.remedy,
        }
        for checked in check.references
    ]
    unseen = [gap_entry(gap, lines.line(gap.origin)) for gap in check.unseen]
    page = {"schema": SCHEMA, "references": references, "warnings": list(check.warnings), "unseen": unseen}
    return json_page(page)


def summary(check: SecretCheck) -> str:
    """Return the result in one sentence, and what was not checked."""
    bad, unknown, made = check.count(Usable.NO), check.count(Usable.UNKNOWN), check.count(Usable.MADE)
    total = len(check.references) - made
    if not check.references:
        if check.unseen:
            return "No secret or parameter found, but not everything is visible."
        return "No references to secrets or parameters."
    parts = [f"{_of(bad, total)} cannot be used"] if bad else []
    parts += [f"{f'{unknown} of {total}' if bad else _of(unknown, total)} could not be checked"] if unknown else []
    parts += [f"{_all(total)} can be used"] if total and not parts else []
    whole = f"{made} more" if total else _all(made)
    parts += [f"{whole} {'names' if made == 1 else 'name'} what is created with the task, not checked"] if made else []
    parts += ["not everything is visible"] if check.unseen else []
    told = " and ".join(parts)
    return f"{told[:1].upper()}{told[1:]}."


_ONE, _SEVERAL = "the reference to a secret or parameter", "references to secrets and parameters"


def _of(number: int, total: int) -> str:
    return _ONE if total == 1 else f"{number} of {total} {_SEVERAL}"


def _all(total: int) -> str:
    return _ONE if total == 1 else f"all {total} {_SEVERAL}"


def _human(check: SecretCheck, lines: Lines) -> Iterator[str]:
    several = len({checked.reference.origin.document for checked in check.references}) > 1
    for (name, container), group in groupby(check.references, _branch):
        yield (f"container {container}" if container else "task") + (f" of {name}" if several else "")
        for checked in group:
            origin = checked.reference.origin
            yield f"  {checked.usable:<7}  {origin.item or origin.pointer}  {checked.reference.value_from.written}"
            if checked.examined.what:
                yield f"           {checked.examined.what}."
                yield f"           {checked.examined.remedy}"
                yield f"           {lines.where(origin)}"
    causes: dict[tuple[str, str], dict[str, None]] = {}
    for gap in check.unseen:
        causes.setdefault((gap.what, gap.remedy), {})[lines.where(gap.origin)] = None
    for (what, remedy), places in causes.items():
        for number, place in enumerate(places):
            yield f"  {'' if number else Usable.UNKNOWN:<7}  {place}"
        yield f"           {what}, so that secrets may be missing from this list."
        yield f"           {remedy}"
    yield from (f"warning: {warning}" for warning in check.warnings)
    yield summary(check)


def _branch(checked: CheckedReference) -> tuple[str, str]:
    origin = checked.reference.origin
    return origin.document, origin.container


def _finding(checked: CheckedReference) -> str:
    examined = checked.examined
    if checked.made:
        return "created with the task, not checked"
    return f"{examined.what}. {examined.remedy}" if examined.what else f"version {examined.version}"
