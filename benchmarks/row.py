"""One line of the table that ``make bench`` prints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement, the one it is compared with, the number that has a goal, the goal, and whether it is met.

    ``met`` is ``None`` if this machine could not measure it. ``why`` is the reason for a missed goal.
    """

    what: str
    ours: str
    base: str
    result: str
    goal: str
    met: bool | None
    why: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's words, a column each."""
        verdict = {True: "met", False: "**missed**", None: "not measured"}[self.met]
        return (self.what, self.ours, self.base, self.result, self.goal, verdict)


def at_most(what: str, measured: tuple[float, float, float], base: str, goal: float, why: str = "") -> Row:
    """A row for the seconds of two commands, and a ratio that may not be larger than the goal."""
    mine, other, ratio = measured
    return Row(what, spelled(mine), f"{base}, {spelled(other)}", f"{ratio:.2f} x", f"<= {goal} x", ratio <= goal, why)


def spelled(seconds: float) -> str:
    """Seconds as a person reads them."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
