"""Where fields stand: the line of each, looked up when an answer or a refusal is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cfnroles.counted import counted
from cfnroles.document import nearest, positions
from cfnroles.errors import InvalidInput
from cfnroles.need import Finding, Gap, Origin
from cfnroles.page import Page, page
from cfnroles.positions import Positions
from cfnroles.workload import BESIDE, Path

#: The text of the only document, or the text of each of several by its name.
Texts = str | Mapping[str, str]


class Lines:
    """Where each field of a document stands, looked up in its text when it is printed."""

    def __init__(self, text: Texts) -> None:
        self._text = text

    def where(self, origin: Origin) -> str:
        """``web.json:12: containerDefinitions[0].image (container web)``."""
        line = self.line(origin)
        place = "" if origin.place == origin.pointer else f" ({origin.place})"
        return f"{origin.document}{f':{line}' if line else ''}: {origin.pointer}{place}"

    def line(self, origin: Origin) -> int:
        """The line of the field, counted from 1; 0 for a field that does not stand in the document."""
        if origin.line:
            return origin.line
        # The document may hold the task definition under `taskDefinition`, or as the only element of a list. What
        # is next to it is in a document of its own, be it the only one of `services` that ECS answers.
        places = self._places(origin.document)
        wholes: list[Path] = [
            (*prefix, *origin.path) for prefix in ((), ("taskDefinition",), (0,), (0, "taskDefinition"))
        ]
        if origin.path[:1] and origin.path[0] in BESIDE:
            wholes += [(*prefix, *origin.path[1:]) for prefix in ((), ("services", 0))]
        return next((places[whole][0] for whole in wholes if whole in places), 0)

    def nearest(self, origin: Origin) -> tuple[int, int]:
        """Line and column of the field, or of what is around it; (0, 0) where not even its first member is there."""
        if origin.line:
            return origin.line, origin.column
        places = self._places(origin.document)
        at = nearest(origin.path, places)
        return (0, 0) if origin.path and not at else places.get(at, (1, 1))

    def _places(self, document: str) -> Positions:
        if isinstance(self._text, str):
            return positions(self._text)
        return positions(self._text.get(document, ""), document)


def findings_text(findings: Sequence[Finding], text: Texts) -> Page:
    """Each finding with its place and its remedy."""
    return _listed(findings, Lines(text))


def gaps_head(gaps: Sequence[Gap], who: str = "the roles do") -> str:
    """How many permissions ``who`` does not have."""
    return f"Gaps: {counted(len(gaps), 'permission')} that {who} not have, because a name is missing:"


def gaps_text(gaps: Sequence[Gap], text: Texts | Lines) -> Page:
    """Each gap with its place and its remedy."""
    return _listed(gaps, _lines(text))


def gap_lines(gaps: Iterable[Gap], text: Texts) -> tuple[str, ...]:
    """Each gap in one line, with its place and its remedy."""
    lines = Lines(text)
    return tuple(f"{lines.where(gap.origin)}: {gap.what}. {gap.remedy}" for gap in gaps)


def _lines(text: Texts | Lines) -> Lines:
    return text if isinstance(text, Lines) else Lines(text)


def _listed(entries: Iterable[Finding | Gap], lines: Lines) -> Page:
    return page(
        line for entry in entries for line in (f"- {lines.where(entry.origin)}", f"  {entry.what}. {entry.remedy}")
    )


def refuse(findings: Sequence[Finding], texts: Mapping[str, str]) -> None:
    """Raise InvalidInput with line and column of each finding, if there is any."""
    lines = Lines(texts)
    told = sorted({(*lines.nearest(each.origin), each.origin.document, each.what, each.remedy) for each in findings})
    faults = [
        (f"{document}:{line}:{column}" if line else document, what, remedy)
        for line, column, document, what, remedy in told
    ]
    if len(faults) == 1:
        ((where, what, remedy),) = faults
        raise InvalidInput(what, where=where, remedy=remedy)
    if faults:
        why = page(
            line for where, what, remedy in faults for line in (f"{where}: {what}", f"  {remedy}") if line.strip()
        )
        raise InvalidInput(f"is wrong in {len(faults)} places", where=findings[0].origin.document, why=why)
