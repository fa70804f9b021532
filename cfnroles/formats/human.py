"""Answers for people: plain text with the line of each field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cfnroles.need import Finding, Gap, Origin
from cfnroles.readers.document import positions
from cfnroles.workload import Path


class Lines:
    """Where each field of one document stands, looked up in its text when it is printed."""

    def __init__(self, text: str) -> None:
        self._positions = positions(text)

    def where(self, origin: Origin) -> str:
        """``web.json:12: containerDefinitions[0].image (container web)``."""
        line = self.line(origin)
        place = "" if origin.place == origin.pointer else f" ({origin.place})"
        return f"{origin.document}{f':{line}' if line else ''}: {origin.pointer}{place}"

    def line(self, origin: Origin) -> int:
        """The line of the field, counted from 1; 0 for a field that does not stand in the document."""
        # The document may hold the task definition under `taskDefinition`, or as the only element of a list.
        for prefix in ((), ("taskDefinition",), (0,), (0, "taskDefinition")):
            whole: Path = (*prefix, *origin.path)
            if whole in self._positions:
                return self._positions[whole][0]
        return 0


def findings_text(findings: Sequence[Finding], text: str) -> str:
    """Each finding with its place and its remedy."""
    return _listed(findings, Lines(text))


def gaps_text(gaps: Sequence[Gap], text: str) -> str:
    """Each gap with its place and its remedy."""
    return _listed(gaps, Lines(text))


def _listed(entries: Iterable[Finding | Gap], lines: Lines) -> str:
    return "\n".join(f"- {lines.where(entry.origin)}\n  {entry.what}. {entry.remedy}" for entry in entries)
