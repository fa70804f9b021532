"""Pages of the documentation whose commands are run as they are there, and whose outputs are true.

A page uses one folder after another. Comments, which no reader of the rendered page sees, come before the block that
they are about:

- ``<!-- folder: NAME -->``: what follows happens in another, empty folder;
- ``<!-- file: NAME -->``: the block is written to this file; ``<!-- append: NAME -->``: at its end;
- ``<!-- part of: NAME -->``: the block is a part of this file, indented there or not, where a line of three dots
  replaces any lines;
- ``<!-- ends in CODE -->``: so does the last command of the block, and not in 0;
- ``<!-- run: COMMAND -->``: what happens unseen.
"""

from __future__ import annotations

import contextlib
import doctest
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 60
_BLOCK = re.compile(r"^<!-- (?P<said>[^\n]*) -->$|^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_OF_SHELLS = re.compile(r"[^\w\s./:=-]")
_ENDS = re.compile(r"ends in (\d+)")


@dataclass(frozen=True)
class Step:
    """A comment, or a block with its language, and the line where it begins."""

    line: int
    said: str
    language: str
    text: str


def steps(page: str) -> Iterator[Step]:
    for found in _BLOCK.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        yield Step(line, found["said"] or "", found["language"] or "", found["text"] or "")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a block with what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, printed = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
        yield command, printed


def matches(expected: str, got: str) -> bool:
    """Whether a text is as a page shows it; three dots match anything, and a line of them also no line."""
    return doctest.OutputChecker().check_output(
        re.sub(r"^\.\.\.\n", "...", expected, flags=re.MULTILINE), got, doctest.ELLIPSIS
    )


def without_indents(text: str) -> str:
    return re.sub(r"^ +", "", text, flags=re.MULTILINE)


@dataclass
class Story:
    """A page that is being followed, in folders below ``root``, with the variables of ``environment``.

    ``begin`` is called in each new folder. ``programs`` are those that need no shell if they are the whole command:
    each takes its arguments, and returns its code and what it prints.
    """

    name: str
    root: Path
    environment: Mapping[str, str]
    begin: Callable[[], object]
    programs: Mapping[str, Callable[[list[str]], tuple[int, str]]] = field(default_factory=dict)

    def follow(self, page: str) -> None:
        folder, said = self.root, ""
        for step in steps(page):
            if not step.said:
                self.block(folder, said, step)
                said = ""
                continue
            verb, _, rest = step.said.partition(": ")
            if verb == "folder":
                folder = self.root / rest
                folder.mkdir()
                self.begin()
            elif verb == "run":
                code, printed = self.run(folder, rest)
                assert code == 0, f"{self.name}:{step.line}: {rest}\n{printed}"
            else:
                assert not said, f"{self.name}:{step.line}: there is no block for {said}"
                assert verb in ("file", "append", "part of") or _ENDS.fullmatch(step.said), step
                said = step.said

    def block(self, folder: Path, said: str, step: Step) -> None:
        verb, _, rest = said.partition(": ")
        if verb in ("file", "append"):
            with (folder / rest).open("w" if verb == "file" else "a", encoding="utf-8") as file:
                file.write(step.text if verb == "file" else f"\n{step.text}")
        elif verb == "part of":
            whole = (folder / rest).read_text(encoding="utf-8")
            shown = f"...\n{without_indents(step.text)}...\n"
            assert matches(shown, without_indents(whole)), f"{self.name}:{step.line}: is not part of {rest}:\n{whole}"
        elif step.language == "console":
            self.console(folder, said, step)

    def console(self, folder: Path, said: str, step: Step) -> None:
        told = list(commands(step.text))
        for number, (command, expected) in enumerate(told, 1):
            ends = _ENDS.fullmatch(said)
            code, printed = self.run(folder, command)
            where = f"{self.name}:{step.line}: $ {command}\n{printed}"
            assert code == (int(ends[1]) if ends and number == len(told) else 0), f"ends in {code}: {where}"
            assert matches(expected, printed), f"prints something else: {where}"

    def run(self, folder: Path, command: str) -> tuple[int, str]:
        words = command.split()
        if words[0] in self.programs and not _OF_SHELLS.search(command):
            with contextlib.chdir(folder):
                return self.programs[words[0]](words[1:])
        ended = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return ended.returncode, ended.stdout
