"""Changed verdicts on a template's task definitions, in the formats of a comparison."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import to_builtins

from cfnroles.answers.standings import Standing, VerdictChange
from cfnroles.formats.grants import Line
from cfnroles.markdown import below, code, inline

COLUMNS = ("task definition", "verdict", "lacking", "where")


def human(change: VerdictChange, where: str) -> Iterator[str]:
    """Yield a line with the verdicts, and one for each permission that is newly missing, or no longer."""
    yield f"{change.task}, {change.holder}: {_turn(change)} ({where})"
    yield from (f"      {line}" for line in _lacks(change))


def row(change: VerdictChange, where: str) -> Iterator[str]:
    """Yield the cells of a table for a pull request, under COLUMNS."""
    yield inline(code(change.task), f", {change.holder}")
    yield _turn(change)
    yield below([line.markdown for line in _lacks(change)])
    yield code(where)


def entry(change: VerdictChange, line: int) -> dict[str, object]:
    """Return the same for JSON."""
    return {
        "task": change.task,
        "role": str(change.holder),
        "line": line,
        "before": _entry(change.before),
        "after": _entry(change.after),
        "nowLacks": [to_builtins(each) for each in change.now_lacks],
        "noLongerLacks": [to_builtins(each) for each in change.no_longer_lacks],
    }


def _turn(change: VerdictChange) -> str:
    """Return ``was pass, now fail: what is needed is missing or denied``."""
    if change.after is None:
        return f"gone, was {change.before.verdict}" if change.before else "gone"
    now, why = change.after.verdict, ", ".join(change.after.grounds)
    if change.before is None:
        turn = f"new, {now}"
    else:
        turn = f"still {now}" if change.before.verdict is now else f"was {change.before.verdict}, now {now}"
    return f"{turn}: {why}" if why else turn


def _lacks(change: VerdictChange) -> Iterator[Line]:
    for words, lacks in (("now lacks ", change.now_lacks), ("no longer lacks ", change.no_longer_lacks)):
        for each in lacks:
            when = f" (only if {each.when})" if each.when else ""
            yield Line(words, f"{each.action} on {each.resource}{when}")


def _entry(standing: Standing | None) -> dict[str, object] | None:
    if standing is None:
        return None
    return {"verdict": str(standing.verdict), "grounds": [str(each) for each in standing.grounds]}
