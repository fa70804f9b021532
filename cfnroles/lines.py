"""Positions of fields in their documents, computed when they are printed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from cfnroles.counted import counted
from cfnroles.document import nearest, positions
from cfnroles.errors import InvalidInput
from cfnroles.need import UNREAD_PARTS, Finding, Gap, Origin
from cfnroles.page import Page, page
from cfnroles.positions import Positions
from cfnroles.workload import BESIDE, Path

#: The text of the only document, or the text of each document by its name.
Texts = str | Mapping[str, str]
#: The gaps that are not one permission each.
_UNCOUNTED = UNREAD_PARTS | {"own-region"}


class Lines:
    """The position of each field of a document, computed when it is printed."""

    def __init__(self, text: Texts) -> None:
        self._text = text

    def where(self, origin: Origin) -> str:
        """``web.json:12: containerDefinitions[0].image (container web)``."""
        line = self.line(origin)
        place = "" if origin.place == origin.pointer else f" ({origin.place})"
        return f"{origin.document}{f':{line}' if line else ''}: {origin.pointer}{place}"

    def line(self, origin: Origin) -> int:
        """Return the line of the field, counted from 1; 0 for a field that is not in the document."""
        if origin.line:
            return origin.line
        # The document may hold the task definition under `taskDefinition`, or as the only element of a list. Settings
        # next to it have a document of their own, possibly an element of `services` in AWS's response.
        places = self._places(origin.document)
        wholes: list[Path] = [
            (*prefix, *origin.path) for prefix in ((), ("taskDefinition",), (0,), (0, "taskDefinition"))
        ]
        if origin.path[:1] and origin.path[0] in BESIDE:
            wholes += [(*prefix, *origin.path[1:]) for prefix in ((), ("services", 0))]
        return next((places[whole][0] for whole in wholes if whole in places), 0)

    def at(self, origin: Origin) -> str:
        """Return ``web.json:12:9``: document, line and column of the field, or of the nearest part around it."""
        line, column = self.nearest(origin)
        return f"{origin.document}:{line}:{column}" if line else origin.document

    def nearest(self, origin: Origin) -> tuple[int, int]:
        """Return line and column of the field, or of the nearest part around it; (0, 0) if its first member is
        unknown.
        """
        if origin.line:
            return origin.line, origin.column
        places = self._places(origin.document)
        at = nearest(origin.path, places)
        return (0, 0) if origin.path and not at else places.get(at, (1, 1))

    def drawn(self, about: Finding | Gap) -> Page:
        """Return the source line with a caret; empty if its text is unknown."""
        from cfnroles.excerpt import Spot, excerpt, is_secret  # only for wrong input

        origin, key = about.origin, about.origin.path[-1] if about.origin.path else ""
        line, column = self.nearest(origin)
        at = nearest(origin.path, self._places(origin.document)) if line and not origin.line else origin.path
        if not line or not at:
            return page([])
        exact = at == origin.path
        spot = Spot(
            self._of(origin.document),
            line,
            column,
            origin.document,
            key=key if exact and isinstance(key, str) else "",
            secret=is_secret(origin.path),
        )
        return excerpt(spot, f"{about.what} {about.remedy}")

    def _places(self, document: str) -> Positions:
        return positions(self._of(document), "" if isinstance(self._text, str) else document)

    def _of(self, document: str) -> str:
        return self._text if isinstance(self._text, str) else self._text.get(document, "")


def findings_text(findings: Sequence[Finding], text: Texts, *, drawn: bool = False) -> Page:
    """Return each finding with its place and remedy, and with its source line if it is to be ``drawn``."""
    return _listed(findings, Lines(text), drawn=drawn)


def gaps_head(gaps: Sequence[Gap], who: str = "the roles do") -> str:
    """Return the number of permissions that ``who`` lacks, if it can be counted."""
    if any(gap.feature in _UNCOUNTED for gap in gaps):
        return f"Gaps: permissions that {who} not have, because a name is missing or a part is unknown:"
    return f"Gaps: {counted(len(gaps), 'permission')} that {who} not have, because a name is missing:"


def gaps_text(gaps: Sequence[Gap], text: Texts | Lines) -> Page:
    """Return each gap with its place and remedy. Gaps with one cause are listed together."""
    return _listed(gaps, _lines(text))


def gap_lines(gaps: Iterable[Gap], text: Texts, source: str = "") -> tuple[str, ...]:
    """Return each gap in one line, with place and remedy, relative to the folder of ``source`` if given."""
    lines = Lines(text)
    folder = f"{parent}/" if (parent := posixpath.dirname(source)) else ""
    return tuple(f"{lines.where(gap.origin).removeprefix(folder)}: {gap.what}. {gap.remedy}" for gap in gaps)


def _lines(text: Texts | Lines) -> Lines:
    return text if isinstance(text, Lines) else Lines(text)


def _listed(entries: Iterable[Finding | Gap], lines: Lines, *, drawn: bool = False) -> Page:
    causes: dict[str, dict[str, Page]] = {}
    for entry in entries:
        source = lines.drawn(entry) if drawn else page([])
        causes.setdefault(f"{entry.what}. {entry.remedy}", {}).setdefault(lines.where(entry.origin), source)
    return page(line for cause, places in causes.items() for line in _cause(cause, places))


def _cause(cause: str, places: Mapping[str, Page]) -> Iterator[str]:
    """Yield the cause below its place if there is one place, otherwise once above all places."""
    several = len(places) > 1
    if several:
        yield f"- {cause}"
    for where, source in places.items():
        yield f"{'    ' if several else '- '}{where}"
        if source:
            yield source
    if not several:
        yield f"  {cause}"


def refuse(findings: Sequence[Finding], texts: Mapping[str, str]) -> None:
    """Raise InvalidInput with line and column of each finding, if there are any."""
    lines = Lines(texts)
    several = {(*lines.nearest(each.origin), each.origin.document, each.what, each.remedy): each for each in findings}
    found = [several[key] for key in sorted(several)]
    if len(found) == 1:
        (only,) = found
        drawn = partial(lines.drawn, only)
        raise InvalidInput(only.what, where=lines.at(only.origin), remedy=only.remedy, drawn=drawn)
    if found:
        what, where = f"has {len(found)} errors", findings[0].origin.document
        raise InvalidInput(
            what, where=where, why=_faults(found, lines), drawn=partial(_faults, found, lines, drawn=True)
        )


def _faults(found: Iterable[Finding], lines: Lines, *, drawn: bool = False) -> Page:
    """Return each finding with its place, its source line if it is to be ``drawn``, and its remedy."""
    return page(
        line
        for each in found
        for line in (
            f"{lines.at(each.origin)}: {each.what}",
            lines.drawn(each) if drawn else "",
            f"  {each.remedy}",
        )
        if line.strip()
    )
