"""Standard output and standard error: the only module that writes to them, and that asks."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TextIO

import click

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
    if _drawn is not None:
        _drawn.erase()
    for text in texts:
        stream.write(f"{_laid_out(text, err=err)}\n")
    stream.flush()


class Drawn(Protocol):
    """What is drawn at the end of the terminal, and makes way for what is printed there."""

    def erase(self) -> None:
        """Take it away; it comes back by itself."""

    def hold(self, held: bool) -> None:
        """Take it away until it is let go again."""


_drawn: Drawn | None = None


@contextlib.contextmanager
def drawing(drawn: Drawn) -> Iterator[None]:
    """Let what is printed in the block erase first what is drawn; what was drawn before is held for as long."""
    global _drawn
    outer, _drawn = _drawn, drawn
    if outer is not None:
        outer.hold(True)
    try:
        yield
    finally:
        _drawn = outer
        if outer is not None:
            outer.hold(False)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Nothing is drawn while somebody answers a question."""
    if _drawn is not None:
        _drawn.hold(True)
    try:
        yield
    finally:
        if _drawn is not None:
            _drawn.hold(False)


def _laid_out(text: str, *, err: bool) -> str:
    whole, columns, colour = page([text]), columns_of(err=err), colourful(err=err)
    if columns is None and not colour:
        return whole
    from cfnroles.layout import laid_out  # for eyes alone

    return laid_out(whole, width=columns, colour=colour)


_at = ("", 0, 0)


def at(what: str, done: int = 0, total: int = 0) -> None:
    """Note what a command is at, and how far: who waits for it at a terminal is shown that."""
    global _at
    _at = (what, done, total)


def is_at() -> tuple[str, int, int]:
    """What was noted last: what a command is at, how much it has done, and of how much."""
    return _at


def draw(text: str) -> None:
    """Write what moves the cursor of the terminal, and is there until it is drawn over."""
    sys.stderr.write(text)
    sys.stderr.flush()


def drawing_size() -> os.terminal_size:
    """In how many columns and rows can be drawn."""
    return _size(sys.stderr)


def rows(texts: Sequence[str]) -> list[str]:
    """The rows that texts take on standard error."""
    return [row for text in texts for row in _laid_out(text, err=True).split("\n")]


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
    if _drawn is not None:
        _drawn.erase()
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say_error(text: str) -> None:
    """Print a text as an error."""
    say(joined(painted("error:", "1;31"), " ", text), err=True)


def say_usage(error: click.ClickException) -> None:
    """Print what is wrong with a command line and how to use the command; without any argument, print its help."""
    context = getattr(error, "ctx", None)
    if context is not None and error.format_message() == context.get_help():
        say(*error.format_message().split("\n"), err=True)
        return
    if context is not None:
        say(*context.get_usage().split("\n"), err=True)
        if context.command.get_help_option(context) is not None:
            say(f"Try '{context.command_path} {context.help_option_names[0]}' for help.", "", err=True)
    # click lists the choices of a missing option one below the other.
    message = error.format_message().replace("\n\t", " ")
    say(f"Error: {message}", err=True)


def say_traceback(error: BaseException) -> None:
    """Print where in the code an error comes from."""
    import traceback

    say(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), err=True)


def confirm(question: str) -> bool:
    """Ask on standard error, and return whether the answer is yes."""
    with _alone():
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

    with _alone():
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
