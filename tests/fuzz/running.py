"""Running cases in this process, and what must be true of each."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from msgspec import Struct

from tests.fuzz.cases import Case

SECONDS = 5.0

#: README.md has the list; 70 is a bug.
DOCUMENTED = (0, 1, 2, 3)


#: Signs that move a terminal's cursor, change what it shows, or are not seen. A new line ends a line; a tab, a field.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_ARE_JSON = (("--format", "json"), ("--format", "sarif"))


class Outcome(Struct, frozen=True):
    """How a case ended. ``faults`` are its problems; the same fault has the same first words."""

    seed: int
    code: int
    seconds: float
    faults: tuple[str, ...] = ()


class TooSlow(BaseException):
    """The time of a case is over."""


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """A directory to run cases in, for as long as the ``with`` block."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="cfnroles-fuzz-") as folder:
        try:
            yield Path(folder)
        finally:
            os.chdir(here)


def outcome(case: Case, folder: Path) -> Outcome:
    """Run a case in a directory that is emptied for it."""
    _lay(case, folder)
    began = time.process_time()
    try:
        code, out, err = _ended(case.arguments)
    except TooSlow as slow:
        return Outcome(case.seed, -1, SECONDS, (f"takes more than {SECONDS:g} s: {_place(slow)}",))
    seconds = time.process_time() - began
    return Outcome(case.seed, code, seconds, tuple(faults(case, code, out, err, folder)))


def _lay(case: Case, folder: Path) -> None:
    os.chdir(folder)
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _ended(arguments: tuple[str, ...]) -> tuple[int, str, str]:
    from cfnroles.cli import main

    streams = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    texts = [io.TextIOWrapper(each, encoding="utf-8", write_through=True) for each in (io.BytesIO(), out, err)]
    sys.stdin, sys.stdout, sys.stderr = texts
    # Time of the processor, so that a busy machine fails no case; and much more of the clock, so that waiting does.
    signal.signal(signal.SIGVTALRM, _too_slow)
    signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, SECONDS * 12)
    try:
        main(list(arguments))
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdin, sys.stdout, sys.stderr = streams
        for text in texts:
            text.detach()
    return code, out.getvalue().decode(errors="replace"), err.getvalue().decode(errors="replace")


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow


def faults(case: Case, code: int, out: str, err: str, folder: Path) -> Iterator[str]:
    """What is wrong with the end of a case."""
    if code not in DOCUMENTED:
        yield f"ends with {code}: {_cause(case)}"
    if "Traceback (most recent call last)" in out + err:
        yield "shows a traceback"
    if code and not (out + err).strip():
        yield f"ends with {code} and says nothing"
    if code == 2 and not re.search(r"^(error|Error|Usage): ", err, re.MULTILINE):
        yield "ends with 2 and tells no error"
    # What `inject` writes is the author's own template.
    told = err if case.arguments[0] == "inject" else out + err
    if signs := sorted(set(_UNSEEN.findall(told))):
        yield f"prints {' '.join(f'U+{ord(sign):04X}' for sign in signs)} raw: {_line_with(signs[0], told)!r}"
    asked = set(itertools.pairwise(case.arguments))
    # Help has no format.
    if out and "--help" not in case.arguments and any(pair in asked for pair in _ARE_JSON):
        yield from _no_json(out)
    if case.arguments[0] == "build" and code >= 2 and (left := _left_behind(case, folder)):
        yield f"ends with {code} and leaves {left}"


def _line_with(sign: str, text: str) -> str:
    at = text.index(sign)
    return text[max(0, at - 60) : at + 20]


def _no_json(out: str) -> Iterator[str]:
    try:
        json.loads(out)
    except ValueError as error:
        yield f"writes what is not JSON: {error}"


def _left_behind(case: Case, folder: Path) -> str:
    given = {folder / name for name in case.files}
    return ", ".join(
        sorted(
            str(path.relative_to(folder))
            for path in (folder / "out").rglob("*")
            if path not in given and path.is_file()
        )
    )


def _cause(case: Case) -> str:
    """What was raised, and where in cfnroles: the case again, below what makes an exit code of it."""
    from cfnroles.cli import cfnroles

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            cfnroles.main(args=list(case.arguments), prog_name="cfnroles", standalone_mode=False)
        except SystemExit:
            return "not again"
        except BaseException as error:  # noqa: BLE001 - a bug is what is looked for
            return f"{type(error).__name__} {_place(error)}: {str(error)[:200]}"
    return "not again"


def _place(error: BaseException) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "/cfnroles/" in frame.filename.replace("\\", "/")
    ]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames[-3:]))
