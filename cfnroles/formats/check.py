"""A check as text, as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from cfnroles.answers.check import CheckedReference, SecretCheck, Usable
from cfnroles.lines import Lines, Texts

SCHEMA = 1


def human(check: SecretCheck, text: Texts) -> str:
    """For a terminal: a branch for each container, a leaf for each reference, all problems at once."""
    return "\n".join(_human(check, Lines(text)))


def markdown(check: SecretCheck, text: Texts) -> str:
    """For a review: one row for each reference."""
    lines = Lines(text)
    rows = [
        f"| {each.usable} | {each.reference.origin.place} | `{each.reference.value_from.written}` | {_finding(each)} |"
        for each in check.references
    ]
    head = ["| | needed by | reference | finding |", "|---|---|---|---|"]
    where = [f"- {lines.where(checked.reference.origin)}" for checked in check.references if checked.examined.what]
    return "\n".join([*head, *rows, "", summary(check), *(["", *where] if where else [])])


def json_text(check: SecretCheck, text: Texts) -> str:
    """For programs. ``schema`` changes when the form does."""
    lines = Lines(text)
    references = [
        {
            "value_from": checked.reference.value_from.written,
            "usable": str(checked.usable),
            "document": checked.reference.origin.document,
            "path": checked.reference.origin.pointer,
            "line": lines.line(checked.reference.origin),
            "container": checked.reference.origin.container,
            "item": checked.reference.origin.item,
            "version": checked.examined.version,
            "problem": checked.examined.code,
            "what": checked.examined.what,
            "remedy": checked.examined.remedy,
        }
        for checked in check.references
    ]
    return json.dumps({"schema": SCHEMA, "references": references, "warnings": list(check.warnings)}, indent=2)


def summary(check: SecretCheck) -> str:
    """The answer in one sentence."""
    total, bad, unknown = len(check.references), check.count(Usable.NO), check.count(Usable.UNKNOWN)
    if not total:
        return "The task refers to no secret and no parameter."
    parts = [f"{bad} of {total} cannot be used"] if bad else []
    parts += [f"{unknown} of {total} could not be checked"] if unknown else []
    return f"{' and '.join(parts)}." if parts else f"All {total} secrets and parameters can be used."


def _human(check: SecretCheck, lines: Lines) -> Iterator[str]:
    several = len({checked.reference.origin.document for checked in check.references}) > 1
    for (document, container), group in groupby(check.references, _branch):
        yield (f"container {container}" if container else "task") + (f" of {document}" if several else "")
        for checked in group:
            origin = checked.reference.origin
            yield f"  {checked.usable:<7}  {origin.item or origin.pointer}  {checked.reference.value_from.written}"
            if checked.examined.what:
                yield f"           {checked.examined.what}."
                yield f"           {checked.examined.remedy}"
                yield f"           {lines.where(origin)}"
    yield from (f"warning: {warning}" for warning in check.warnings)
    yield summary(check)


def _branch(checked: CheckedReference) -> tuple[str, str]:
    origin = checked.reference.origin
    return origin.document, origin.container


def _finding(checked: CheckedReference) -> str:
    examined = checked.examined
    return f"{examined.what}. {examined.remedy}".replace("|", "\\|") if examined.what else f"version {examined.version}"
