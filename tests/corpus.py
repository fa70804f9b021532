"""What becomes of each task definition in a folder: built or refused, and whether anything in it was missed.

Usage: python -m tests.corpus [FOLDER] [--no-lint]
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cfnroles import Told, build, read
from cfnroles.answers.template_lint import template_problems
from cfnroles.discovery import Discovery, occurrences
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Origin, Severity
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.workload import Path as TreePath
from cfnroles.workload import Workload

#: The parts of a task definition that may need permissions.
THINGS = {
    "image": ("containerDefinitions[].image",),
    "secret": (
        "containerDefinitions[].secrets[].valueFrom",
        "containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
        "containerDefinitions[].repositoryCredentials.credentialsParameter",
    ),
    "log": ("containerDefinitions[].logConfiguration",),
    "file": (
        "containerDefinitions[].environmentFiles[].value",
        "containerDefinitions[].firelensConfiguration.options.config-file-value",
        "containerDefinitions[].credentialSpecs[]",
    ),
    "volume": (
        "volumes[].efsVolumeConfiguration",
        "volumes[].s3filesVolumeConfiguration",
        "volumes[].fsxWindowsFileServerVolumeConfiguration.authorizationConfig",
        "volumes[].configuredAtLaunch",
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. ``missed`` are things in it that no need, gap or feature without cost accounts for."""

    name: str
    result: str
    needs: int = 0
    gaps: int = 0
    warnings: int = 0
    open: int = 0
    missed: tuple[str, ...] = ()
    reason: str = ""


def outcome(path: Path, lint: bool = True) -> Outcome:
    """Build the templates of one file in memory. A file without a family gets one, as its user would do."""
    try:
        return _outcome(path, "", lint)
    except InvalidInput as error:
        if "family" not in error.what:
            return Outcome(path.name, "refused", reason=str(error))
    try:
        return _outcome(path, f"family-{path.stem}", lint)
    except InvalidInput as error:
        return Outcome(path.name, "refused", reason=str(error))


def _outcome(path: Path, family: str, lint: bool) -> Outcome:
    reading = read(path, Told(family=family))
    files = build(reading).files
    task, discovery = reading.task(), reading.task().discovery
    problems = [
        f"{name}: line {problem.line}: {problem.check} {problem.what}"
        for name, text in files.items()
        if lint and name != "stacks.json"
        for problem in template_problems(text)
    ]
    template = next(text for name, text in files.items() if name.endswith("-task.yaml"))
    return Outcome(
        path.name,
        "cfn-lint" if problems else "built with --family" if family else "built",
        len(discovery.needs),
        len(discovery.gaps),
        sum(finding.severity is Severity.WARNING for finding in discovery.findings),
        template.count("Description: Value of the placeholder") + template.count("Description: Image of the container"),
        tuple(missed(task.workload, task.facts, discovery)),
        "\n".join(problems),
    )


def missed(workload: Workload, facts: Facts, discovery: Discovery) -> Iterator[str]:
    """Each thing in the workload that nothing in the answer accounts for."""
    accounted = {origin.path for origin in _told(workload, facts, discovery)}
    for kind, fields in THINGS.items():
        for field in fields:
            for path, value in workload.find(field):
                if value is not False and not any(_within(path, other) for other in accounted):
                    yield f"{kind} {workload.origin(path).pointer}"


def _told(workload: Workload, facts: Facts, discovery: Discovery) -> Iterator[Origin]:
    yield from (need.origin for need in discovery.needs)
    yield from (gap.origin for gap in discovery.gaps)
    yield from (finding.origin for finding in discovery.findings if finding.severity is Severity.ERROR)
    for feature, found in occurrences(workload, facts):
        try:
            if feature.is_free and feature.when(found):
                yield workload.origin(found.path)
        except (Unnamed, Malformed):
            continue


def _within(path: TreePath, other: TreePath) -> bool:
    return other[: len(path)] == path


def run(folder: Path, lint: bool = True) -> list[Outcome]:
    """The outcome of each file in ``folder``, on all processors."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".yaml", ".yml"))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(outcome, files, [lint] * len(files), chunksize=4))


def table(outcomes: list[Outcome]) -> str:
    """One line for each file, and the sums."""
    lines = [f"{'file':<14}{'result':<21}{'needs':>6}{'gaps':>6}{'warn':>6}{'open':>6}  remarks"]
    for one in outcomes:
        remarks = "; ".join([*(f"missed {thing}" for thing in one.missed), *one.reason.splitlines()])
        counts = f"{one.needs:>6}{one.gaps:>6}{one.warnings:>6}{one.open:>6}"
        lines.append(f"{one.name:<14}{one.result:<21}{counts}  {remarks}".rstrip())
    results = Counter(one.result for one in outcomes)
    lines += [
        "",
        f"{len(outcomes)} files: " + ", ".join(f"{count} {result}" for result, count in sorted(results.items())),
        f"{sum(one.needs for one in outcomes)} needs, {sum(one.gaps for one in outcomes)} gaps,"
        f" {sum(one.warnings for one in outcomes)} warnings, {sum(len(one.missed) for one in outcomes)} missed",
    ]
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 where a file fails cfn-lint or something was missed."""
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    folder = Path(folders[0] if folders else "../shared/corpus/taskdefs")
    began = time.perf_counter()
    outcomes = run(folder, "--no-lint" not in sys.argv)
    sys.stdout.write(f"{table(outcomes)}\n{time.perf_counter() - began:.1f} s\n")
    return int(any(one.result == "cfn-lint" or one.missed for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
