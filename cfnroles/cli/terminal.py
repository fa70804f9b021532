"""Standard output and standard error: the only module that writes to them, and that asks."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from cfnroles.layout import columns, laid_out, unpainted
from cfnroles.page import joined, page, painted, verbatim


def open_streams() -> None:
    """Make both streams take every text, whatever their encoding, and be there where the caller closed them."""
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def output_reader() -> TextIO:
    """What stands for the reader of standard output; click puts another in its place when the reader went away."""
    return sys.stdout


def say(*texts: str, err: bool = False) -> None:
    """Print each text: a page with its lines, any other as one line in which everything can be seen."""
    # click.echo would write UTF-8 to a stream that says it is ASCII.
    stream = sys.stderr if err else sys.stdout
    if _region is not None:
        _region.erase()
    for text in texts:
        stream.write(f"{_laid_out(text, err=err)}\n")
    stream.flush()


def _laid_out(text: str, *, err: bool) -> str:
    return laid_out(page([text]), width=columns_of(err=err), colour=colourful(err=err))


def note(*texts: str) -> None:
    """Print on standard error what is more than the answer; nothing where `--quiet` is given."""
    if not is_quiet():
        say(*texts, err=True)


_quiet = False


def is_quiet() -> bool:
    """Whether a command prints its answer and its errors alone."""
    return _quiet


def be_quiet(quiet: bool) -> None:
    """Print answers and errors alone, or everything again."""
    global _quiet
    _quiet = quiet


def put(data: bytes) -> None:
    """Write a file to standard output as it is, to the last byte; on a terminal as texts that are no more than that."""
    if sys.stdout.isatty():
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
        say(*map(verbatim, lines))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say_error(text: str) -> None:
    """Print a text as an error."""
    say(joined(painted("error:", "1;31"), " ", text), err=True)


def say_usage(error: click.ClickException) -> None:
    """Print what is wrong with a command line, with the usage of the command."""
    context = getattr(error, "ctx", None)
    if context is not None:
        say(*context.get_usage().split("\n"), err=True)
        if context.command.get_help_option(context) is not None:
            say(f"Try '{context.command_path} {context.help_option_names[0]}' for help.", "", err=True)
    say(f"Error: {error.format_message()}", err=True)


def say_traceback(error: BaseException) -> None:
    """Print where in the code an error comes from."""
    import traceback

    say(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), err=True)


def confirm(question: str) -> bool:
    """Ask on standard error, and return whether the answer is yes."""
    return click.confirm(page([question]), err=True)


def ask(name: str, admitted: Callable[[str], str], *, hidden: bool, default: str | None = None) -> str:
    """Ask on standard error until ``admitted`` raises no ``ValueError``; returns what it makes of the answer.

    An empty answer is asked for again, unless it stands for ``default``.
    """

    def value_of(answer: str) -> str:
        try:
            return admitted(answer)
        except ValueError as refusal:
            raise click.UsageError(page([str(refusal)])) from refusal

    answer: str = click.prompt(
        page([name]), err=True, hide_input=hidden, value_proc=value_of, default=default, show_default=bool(default)
    )
    return answer


def is_asked() -> bool:
    """Whether somebody can answer a question."""
    return sys.stdin.isatty()


def is_live() -> bool:
    """Whether standard error can show what changes, and is asked to."""
    return not is_quiet() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Region:
    """The last lines of the terminal, drawn again in their place. What else is printed comes to stand above them."""

    def __init__(self) -> None:
        self._rows = 0
        self._lock = threading.RLock()

    def show(self, texts: Sequence[str]) -> None:
        """Draw these lines in the place of those before; the last ones, where the terminal has not so many rows."""
        size = _size(sys.stderr)
        rows = [row for text in texts for row in _laid_out(text, err=True).split("\n")][-max(size.lines - 1, 1) :]
        with self._lock:
            sys.stderr.write(self._erasing() + "".join(f"{row}\n" for row in rows))
            sys.stderr.flush()
            self._rows = sum(max(1, -(-columns(unpainted(row)) // size.columns)) for row in rows)

    def leave(self, texts: Sequence[str]) -> None:
        """Draw all of these lines, and leave them there."""
        with self._lock:
            self.erase()
            sys.stderr.write("".join(f"{_laid_out(text, err=True)}\n" for text in texts))
            sys.stderr.flush()

    def erase(self) -> None:
        """Take away what is drawn."""
        with self._lock:
            sys.stderr.write(self._erasing())
            sys.stderr.flush()
            self._rows = 0

    def _erasing(self) -> str:
        # https://en.wikipedia.org/wiki/ANSI_escape_code#CSIsection: so many lines up, and all below is cleared.
        return f"\x1b[{self._rows}F\x1b[J" if self._rows else ""


_region: Region | None = None


@contextlib.contextmanager
def live_region() -> Iterator[Region]:
    """The lines that can be drawn again, for the length of a ``with`` block; erased at its end."""
    global _region
    _region = Region()
    try:
        yield _region
    finally:
        _region.erase()
        _region = None


def colourful(*, err: bool = False) -> bool:
    """Whether a stream is for eyes that want colours. https://no-color.org, https://force-color.org"""
    if os.environ.get("NO_COLOR"):
        return False
    stream = sys.stderr if err else sys.stdout
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def columns_of(*, err: bool = False) -> int | None:
    """In how many columns a stream's lines have to fit; ``None`` where it is not a terminal.

    COLUMNS alone makes no terminal: Python's own readline leaves it to every process that it starts.
    """
    stream = sys.stderr if err else sys.stdout
    return _size(stream).columns if stream.isatty() else None


def _size(terminal: TextIO) -> os.terminal_size:
    """The size that COLUMNS and LINES tell, else the terminal's own; that of both streams may differ."""
    import shutil

    given = shutil.get_terminal_size((0, 0))
    with contextlib.suppress(OSError, ValueError):
        own = os.get_terminal_size(terminal.fileno())
        names = (("COLUMNS", given.columns, own.columns, 80), ("LINES", given.lines, own.lines, 24))
        return os.terminal_size([(told if os.environ.get(name) else its) or usual for name, told, its, usual in names])
    return os.terminal_size((given.columns or 80, given.lines or 24))


def width() -> int:
    """How many columns a table on standard output has; 100 where it is not a terminal and COLUMNS says nothing."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns
