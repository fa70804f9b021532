"""What becomes of each task definition of Terraform in repositories, plans and states, and whether plans say the same.

Usage: python -m tests.terraform_corpus [MIRROR] [CORPUS]

MIRROR has a git directory OWNER+NAME/repo for each repository that CORPUS/index-hcl.json names; they are read there, at
the commit of the index, and nothing of them is written anywhere.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cfnroles import Told, read
from cfnroles.errors import InvalidInput
from cfnroles.placeholders import texts_in
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.terraform_directory import read_files
from cfnroles.text import Text

TASK = "aws_ecs_task_definition"


class Committed:
    """The files of a directory in a commit, read by git."""

    def __init__(self, git: Path, commit: str, directory: str) -> None:
        self._git, self._commit, self._directory = git, commit, directory
        listed = self._run("ls-tree", "-r", "-z", commit)
        entries = (line.split("\t", 1) for line in listed.split("\0") if line)
        self._blobs = {path: (meta.split()[0], meta.split()[2]) for meta, path in entries}

    def at(self, directory: str) -> Committed:
        """The same commit, seen from another directory."""
        other = Committed.__new__(Committed)
        other.__dict__ |= {**self.__dict__, "_directory": directory}
        return other

    def _run(self, *arguments: str) -> str:
        environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
        command = ["git", "--git-dir", str(self._git), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=False).stdout.decode(
            "utf-8", "replace"
        )

    def _path(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._directory, path))

    def names(self, directory: str) -> tuple[str, ...]:
        here = self._path(directory)
        return tuple(
            sorted(posixpath.basename(path) for path in self._blobs if (posixpath.dirname(path) or ".") == here)
        )

    def text(self, path: str) -> str | None:
        found = self._path(path)
        for _ in range(8):
            if found not in self._blobs:
                return None
            mode, blob = self._blobs[found]
            content = self._run("cat-file", "blob", blob)
            if mode != "120000":
                return content
            found = posixpath.normpath(posixpath.join(posixpath.dirname(found), content))
        return None

    def called(self, path: str) -> str:
        return self._path(path)

    def in_own_tree(self, path: str) -> bool:
        return self.in_repository(path)

    def in_repository(self, path: str) -> bool:
        return not self._path(path).startswith("../")

    def inside(self, path: str, directory: str) -> bool:
        start = self._path(directory)
        return start == "." or self._path(path).startswith(f"{start}/")


@dataclass
class Outcome:
    """What became of one definition: ``read``, ``gap``, ``absent`` or ``refused``, with the reason."""

    repository: str
    directory: str
    name: str
    result: str
    reason: str = ""
    symbols: int = 0


def outcomes(reading: Reading, repository: str, directory: str, names: list[str]) -> Iterator[Outcome]:
    """What became of the definitions of these names in the root of a configuration."""
    for name in names:
        own = [task for task in reading.tasks if re.fullmatch(rf"{TASK}\.{re.escape(name)}(\[.*\])?", task.address)]
        if own:
            yield _of_task(own, repository, directory, name)
            continue
        reasons = [gap.what for gap in reading.unseen if gap.origin.path == (f"{TASK}.{name}",)]
        result = "absent" if any("no instance" in reason for reason in reasons) else "gap"
        yield Outcome(repository, directory, name, result, reasons[0] if reasons else "is not there")


def _of_task(own: list[Task], repository: str, directory: str, name: str) -> Outcome:
    empty = [task for task in own if not task.workload.tree["containerDefinitions"]]
    if empty:
        gaps = [gap.what for gap in empty[0].discovery.gaps] + [each.what for each in empty[0].discovery.findings]
        return Outcome(repository, directory, name, "gap", gaps[0] if gaps else "SILENT")
    symbols = {str(text) for task in own for _, text in texts_in(task.workload.tree) if isinstance(text, Text)}
    return Outcome(repository, directory, name, "read", symbols=len(symbols))


def of_repositories(mirror: Path, index: list[dict[str, Any]]) -> Iterator[Outcome]:
    """What became of each definition that the index names."""
    wanted: dict[tuple[str, str], dict[str, list[str]]] = {}
    for entry in index:
        directories = wanted.setdefault((entry["repo"], entry["commit"]), {})
        names = directories.setdefault(posixpath.dirname(entry["path"]) or ".", [])
        names += [each["name"] for each in entry["definitions"]]
    for (repository, commit), directories in wanted.items():
        git = mirror / repository.replace("/", "+") / "repo"
        if not git.is_dir():
            yield from (
                Outcome(repository, d, n, "away", "not in the mirror") for d in directories for n in directories[d]
            )
            continue
        files = Committed(git, commit, ".")
        for directory, names in directories.items():
            if names:
                yield from _of_directory(files.at(directory), repository, directory, names)


def _of_directory(files: Committed, repository: str, directory: str, names: list[str]) -> Iterator[Outcome]:
    try:
        reading = read_files(files, directory, Told())
    except InvalidInput as error:
        reason = str(error).splitlines()[0]
        yield from (Outcome(repository, directory, name, "refused", reason) for name in names)
        return
    yield from outcomes(reading, repository, directory, names)


@dataclass
class Compared:
    """The values of a real plan that a directory shares, and the others; a symbol matches anything."""

    alike: int = 0
    symbols: int = 0
    different: list[str] = field(default_factory=list)


def compared(planned: Reading, directory: Reading) -> Compared:
    """The values that a plan knows beside those of the directory that it was made from."""
    found = Compared()
    tasks = {task.address: task for task in directory.tasks}
    for task in planned.tasks:
        # What a plan does not know is no value.
        if task.address in tasks and task.workload.tree["containerDefinitions"]:
            _compare(task.workload.tree, tasks[task.address].workload.tree, task.address, found)
    return found


def _compare(known: Any, ours: Any, path: str, found: Compared) -> None:
    if isinstance(known, Mapping) and isinstance(ours, Mapping):
        # Which of several services is beside a definition that all of them run is not a value of a plan.
        for name in known.keys() & ours.keys() - {"taskDefinition"}:
            _compare(known[name], ours[name], f"{path}.{name}", found)
    elif isinstance(known, list) and isinstance(ours, list):
        if len(known) != len(ours):
            found.different.append(f"{path}: {len(known)} elements, and here {len(ours)}")
        for index, (one, other) in enumerate(zip(known, ours, strict=False)):
            _compare(one, other, f"{path}[{index}]", found)
    elif isinstance(known, Text) and known.symbols:
        found.symbols += 1
    elif isinstance(ours, Text) and ours.symbols:
        pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in ours.parts)
        if re.fullmatch(pattern, str(known), re.DOTALL):
            found.symbols += 1
        else:
            found.different.append(f"{path}: {known!r} does not fit {str(ours)!r}")
    elif known == ours:
        found.alike += 1
    else:
        found.different.append(f"{path}: {known!r}, and here {ours!r}")


def of_plans(corpus: Path, mirror: Path) -> Iterator[tuple[str, str, Compared | None]]:
    """Each plan and state: its name, what is known of its definitions, and the comparison with its directory."""
    origins = {each["file"]: each for each in json.loads((corpus / "index-json.json").read_text())}
    for path in sorted([*corpus.glob("plans/*.json"), *corpus.glob("states/*.json")]):
        name = str(path.relative_to(corpus))
        reading = read(path)
        known = sum(bool(task.workload.tree["containerDefinitions"]) for task in reading.tasks)
        told = f"{len(reading.tasks)} definitions, {known} with containers, {len(reading.gaps)} gaps"
        yield name, told, _beside_source(reading, origins.get(name, {}), path, mirror)


def _beside_source(reading: Reading, origin: Mapping[str, Any], path: Path, mirror: Path) -> Compared | None:
    git = mirror / str(origin.get("repo", "")).replace("/", "+") / "repo"
    if "plan of the real configuration" not in str(origin.get("origin")) or not git.is_dir():
        return None
    variables = json.loads(path.read_text()).get("variables", {})
    files = Committed(git, origin["commit"], ".").at(str(origin.get("path") or "."))
    given = {name: _written(each.get("value")) for name, each in variables.items() if each.get("value") is not None}
    try:
        return compared(reading, read_files(files, str(origin.get("path")), Told(parameters=given)))
    except InvalidInput as error:
        return Compared(different=[str(error)])


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def table(mirror: Path, corpus: Path) -> Iterator[str]:
    """The lines that tell it."""
    found = list(of_repositories(mirror, json.loads((corpus / "index-hcl.json").read_text())))
    yield from _of_each(found)
    results = Counter(each.result for each in found)
    yield f"{len(found)} definitions: {', '.join(f'{number} {result}' for result, number in results.most_common())}"
    yield f"read with their containers: {results['read'] / max(len(found), 1):.0%}"
    yield ""
    alike = symbols = 0
    different: list[str] = []
    for name, told, comparison in of_plans(corpus, mirror):
        beside = f"; {comparison.alike} values alike, {comparison.symbols} symbols" if comparison else ""
        yield f"{name}: {told}{beside}"
        if comparison:
            alike, symbols = alike + comparison.alike, symbols + comparison.symbols
            different += [f"{name}: {each}" for each in comparison.different]
    yield f"values of real plans: {alike} alike, {symbols} symbols, {len(different)} different"
    yield from (f"  {each}" for each in different)


def _of_each(found: list[Outcome]) -> Iterator[str]:
    for repository in dict.fromkeys(each.repository for each in found):
        own = [each for each in found if each.repository == repository]
        yield f"{repository}: {sum(each.result == 'read' for each in own)} of {len(own)} read"
        yield from (
            f"  {each.directory} {each.name}: {each.result}: {each.reason}" for each in own if each.result != "read"
        )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    mirror_ = Path(arguments[0] if arguments else "../.mirror")
    corpus_ = Path(arguments[1] if len(arguments) > 1 else "../shared/corpus/terraform")
    for told_ in table(mirror_, corpus_):
        sys.stdout.write(f"{told_}\n")
