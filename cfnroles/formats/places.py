"""Line and column of each finding, computed when it is printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cfnroles.answers.lint import LintedFile
from cfnroles.document import nearest, positions
from cfnroles.need import Finding
from cfnroles.positions import Positions


class Places:
    """The positions of the paths of one file."""

    def __init__(self, file: LintedFile) -> None:
        self._file = file

    @property
    def _positions(self) -> Positions:
        return positions(self._file.text, self._file.document)

    def placed(self, findings: Iterable[Finding]) -> list[tuple[Finding, int, int]]:
        """Return findings with line and column, in the order of the text.

        The remedy of a finding that represents others ends with their lines.
        """
        placed = [(self._with_others(finding), *self.of(finding)) for finding in findings]
        return sorted(placed, key=lambda each: (each[1], each[2], each[0].sort_key))

    def _with_others(self, finding: Finding) -> Finding:
        if not finding.also:
            return finding
        lines = sorted({self.of(other)[0] for other in finding.also} - {self.of(finding)[0]})
        told = f" Also on {'lines' if len(lines) > 1 else 'line'} {_listed(lines)}." if lines else ""
        return replace(finding, remedy=f"{finding.remedy}{told}")

    def of(self, finding: Finding) -> tuple[int, int]:
        """Return line and column, counted from 1; those of the nearest enclosing part if it is not in the text."""
        if finding.line:
            return finding.line, finding.column or 1
        return self._positions.get(nearest(finding.origin.path, self._positions), (1, 1))


def _listed(lines: Sequence[int]) -> str:
    *most, last = map(str, lines)
    return f"{', '.join(most)} and {last}" if most else last
