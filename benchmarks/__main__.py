"""All benchmarks as one table: printed, and written with date and versions to the page that is given."""

from __future__ import annotations

import datetime
import importlib
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.row import Row

#: In the order of the table; a name on the command line chooses one of them.
MODULES = ("startup", "linting", "spec", "explaining", "weight", "gate.rows")

_HEAD = ("what", "measured", "compared with", "result", "goal", "")
_PACKAGES = ("cfnroles", "awacs", "botocore", "cfn-lint", "click", "msgspec", "PyYAML", "troposphere")

_PAGE = """# Benchmarks

`make bench` repeats all measurements and rewrites this page. Seconds are processor time (user and system), so other
work on the machine changes them little; for the secret validator, which waits for AWS, they are elapsed time. Each
number is a median; a ratio is the median of the ratios of neighboring runs. For the row with `cdk synth`, run
`npm install aws-cdk aws-cdk-lib constructs` in `benchmarks/cdk`, or `CDK_MODULES=DIR/node_modules make bench`.

{table}

{misses}Measured on {date} with Python {python} on {machine}: {packages}.
"""


def main(page: str = "", *names: str) -> None:
    """Print each line when it is known, and write the page in the end."""
    rows: list[Row] = []
    for row in _rows(names or MODULES):
        print(" | ".join(row.cells).replace("`", "").replace("*", ""), flush=True)
        rows.append(row)
    if page:
        Path(page).write_text(_page(rows))


def _rows(names: Sequence[str]) -> Iterator[Row]:
    for name in names:
        yield from importlib.import_module(f"benchmarks.{name}").rows()


def _page(rows: Sequence[Row]) -> str:
    table = [_HEAD, ("---",) * len(_HEAD), *(row.cells for row in rows)]
    reasons = [f"- {row.what}: {row.why}" for row in rows if not row.met and row.why]
    return _PAGE.format(
        table="\n".join(f"| {' | '.join(cells)} |" for cells in table),
        misses="\n".join(["## What is missed, and why", "", *reasons, "", ""]) if reasons else "",
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        packages=", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
