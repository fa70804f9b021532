"""What becomes of each reference in the task definitions of the templates in a folder.

Usage: python -m tests.template_corpus [FOLDER]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cfnroles import read
from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.sources.task_definition_checks import discover
from cfnroles.sources.template_tasks import around_task, defined, run_in
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.template import Template
from cfnroles.workload import Path as TreePath
from cfnroles.workload import Workload
from tests.corpus import THINGS, missed

#: Logical id, kind and path of a thing in a task definition, in whichever world.
Thing = tuple[str, str, str]


def outcomes(template: Template | None) -> dict[Thing, str]:
    """What accounts for each thing: ``covered`` by a need or at no cost, a ``gap`` with a remedy, or ``missed``."""
    found: dict[Thing, str] = {}
    for logical_id in defined(template) if template else ():
        assert template is not None
        _, worlds = around_task(logical_id, template, NOTHING_GIVEN)
        for world in worlds.all:
            for task, _ in run_in(world, worlds, logical_id):
                for kind, place, outcome in _of_task(task.workload):
                    before = found.get((logical_id, kind, place), "covered")
                    found[logical_id, kind, place] = max(before, outcome, key=("covered", "gap", "missed").index)
    return found


def _of_task(workload: Workload) -> Iterator[tuple[str, str, str]]:
    discovery = discover(workload, Facts())
    nowhere = set(missed(workload, Facts(), discovery))
    for kind, fields in THINGS.items():
        for field in fields:
            for path, _ in workload.find(field):
                place = workload.origin(path).pointer
                missing = f"{kind} {place}" in nowhere
                yield kind, place, "missed" if missing else "gap" if _has_gap(path, discovery) else "covered"


def _has_gap(path: TreePath, discovery: Discovery) -> bool:
    return any(gap.origin.path[: len(path)] == path and gap.remedy for gap in discovery.gaps)


def table(folder: Path) -> str:
    """A line for each kind of thing, and the sums."""
    found = (outcomes(read(path).template).items() for path in sorted(folder.iterdir()))
    counts = Counter((thing[1], outcome) for each in found for thing, outcome in each)
    lines = [f"{'':<10}{'covered':>9}{'gap':>9}{'missed':>9}"]
    for kind in (*THINGS, "all"):
        sums = [
            sum(n for (each, outcome), n in counts.items() if kind in (each, "all") and outcome == wanted)
            for wanted in ("covered", "gap", "missed")
        ]
        lines.append(f"{kind:<10}" + "".join(f"{each:>9}" for each in sums) + f"{sums[1] / max(1, sum(sums)):>8.1%}")
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 where something was missed, or more than one in twenty things is a gap."""
    told = table(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/corpus/templates"))
    sys.stdout.write(f"{told}\n")
    _, _, _, missing, share = told.splitlines()[-1].split()
    return int(missing != "0" or float(share.rstrip("%")) > 5)


if __name__ == "__main__":
    sys.exit(main())
