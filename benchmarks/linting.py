"""What `build --lint` takes, beside cfn-lint and beside the AWS CDK."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import interleaved, usage
from benchmarks.row import Row, at_most, spelled
from benchmarks.spec import write_project

SERVICES = 20
RUNS = 5
GOAL = 1.1
FASTER = 10
_WHY = (
    "nearly all of the time is cfn-lint's own, as the row above shows. Loading it with its rules takes more than a "
    "tenth of `cdk synth`. No template is left out: cfn-lint also checks names, so templates that differ in names only "
    "may have different findings. Without `--lint`, `build` meets the goal."
)

_APP = Path(__file__).parent / "cdk" / "app.js"
#: Where `npm install aws-cdk aws-cdk-lib constructs` was run.
_MODULES = Path(os.environ.get("CDK_MODULES", _APP.parent / "node_modules"))


def rows() -> Iterator[Row]:
    """The services linted, beside what cfn-lint takes for the same files, and beside `cdk synth`."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        spec, out = write_project(directory, SERVICES), directory / "build"
        build = [sys.executable, "-m", "cfnroles", "build", str(spec), "--lint", "-o", str(out)]
        usage(build)
        files = sorted(str(path) for path in out.glob("*.yaml"))
        lint = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--", *files]
        yield at_most(
            f"`build --lint`, {SERVICES} services", interleaved(build, lint, RUNS), "`cfn-lint`, one process", GOAL
        )
        yield _beside_cdk(build, directory)


def _beside_cdk(build: list[str], directory: Path) -> Row:
    what, goal = f"`build --lint`, {SERVICES} services", f">= {FASTER} x faster"
    command = _MODULES / ".bin" / "cdk"
    if not command.exists():
        return Row(
            what, "", "`cdk synth`", "", goal, None, "there is no aws-cdk here; CDK_MODULES names its node_modules."
        )
    synth = [str(command), "synth", "--quiet", "--app", f"node {_APP}", "--output", str(directory / "cdk.out")]
    more = {"NODE_PATH": str(_MODULES), "SERVICES": str(SERVICES), "CDK_DISABLE_CLI_TELEMETRY": "1"}
    pairs = [(usage(build).seconds, usage(synth, directory, more).seconds) for _ in range(RUNS)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(two / one for one, two in pairs)
    return Row(what, spelled(mine), f"`cdk synth`, {spelled(other)}", f"{ratio:.1f} x", goal, ratio >= FASTER, _WHY)
