"""Standard output and standard error: the only module that prints and prompts."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TextIO

import click

from cfnroles.page import joined, page, painted, verbatim


def open_streams() -> None:
    """Make both streams accept all characters, and open those that the caller closed."""
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors=_REPLACED)


#: The error handler of both streams.
_REPLACED = "cfnroles.replaced"
#: What a stream prints for an ellipsis that it cannot encode: as wide, so that a caret stays below its place.
_ELLIPSIS = "~"


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError) or error.object[error.start] != "…":
        return codecs.backslashreplace_errors(error)
    return _ELLIPSIS, error.start + 1


codecs.register_error(_REPLACED, _replaced)


def output_reader() -> TextIO:
    """Return the stream that represents the reader of standard output; click replaces it when the reader is gone."""
    return sys.stdout


def say(*texts: str, err: bool = False) -> None:
    """Print each text: a page with its lines, any other as one line with visible characters."""
    # click.echo would write UTF-8 to an ASCII stream.
    stream = sys.stderr if err else sys.stdout
    if _drawn is not None:
        _drawn.erase()
    # Without standard error, the exit code is the message.
    with contextlib.suppress(OSError) if err else contextlib.nullcontext():
        for text in texts:
            stream.write(f"{_laid_out(text, err=err)}\n")
        stream.flush()


class Drawn(Protocol):
    """Lines at the end of the terminal that give way to other output."""

    def erase(self) -> None:
        """Erase the lines. The next update restores them."""

    def hold(self, held: bool) -> None:
        """Hide the lines until they are released."""


_drawn: Drawn | None = None


@contextlib.contextmanager
def drawing(drawn: Drawn) -> Iterator[None]:
    """Erase ``drawn`` before each output of the block. Lines drawn earlier are hidden meanwhile."""
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
    """Draw nothing during a prompt."""
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
    from cfnroles.layout import laid_out  # only for people

    return laid_out(whole, width=columns, colour=colour)


_at = ("", 0, 0)


def at(what: str, done: int = 0, total: int = 0) -> None:
    """Record the progress of a command, for display on a terminal."""
    global _at
    _at = (what, done, total)


def is_at() -> tuple[str, int, int]:
    """Return the recorded progress: the activity, the number of completed items, and the total."""
    return _at


def draw(text: str) -> None:
    """Write control sequences and text that are overwritten later."""
    sys.stderr.write(text)
    sys.stderr.flush()


def drawing_size() -> os.terminal_size:
    """Return the number of columns and rows for drawing."""
    return _size(sys.stderr)


def rows(texts: Sequence[str]) -> list[str]:
    """Return the rows of texts on standard error."""
    return [row for text in texts for row in _laid_out(text, err=True).split("\n")]


def note(*texts: str) -> None:
    """Print additional information on standard error, except with `--quiet`."""
    if not is_quiet():
        say(*texts, err=True)


_quiet = False


def is_quiet() -> bool:
    """Return whether a command prints only its result and errors."""
    return _quiet


def be_quiet(quiet: bool) -> None:
    """Turn additional information off or on."""
    global _quiet
    _quiet = quiet


def put(data: bytes) -> None:
    """Write a file to standard output unchanged; on a terminal, as safe text."""
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
    """Print a usage error and the usage of the command; without any arguments, its help."""
    context = getattr(error, "ctx", None)
    if context is not None and error.format_message() == context.get_help():
        say(*error.format_message().split("\n"), err=True)
        return
    if context is not None:
        say(*context.get_usage().split("\n"), err=True)
        if context.command.get_help_option(context) is not None:
            say(f"Try '{context.command_path} {context.help_option_names[0]}' for help.", "", err=True)
    # click lists the choices of a missing option on separate lines.
    message = error.format_message().replace("\n\t", " ")
    say_error(message)


def say_traceback(error: BaseException) -> None:
    """Print the traceback of an error."""
    import traceback

    say(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), err=True)


def confirm(question: str) -> bool:
    """Ask for confirmation on standard error, and return whether the answer is yes."""
    with _alone():
        return click.confirm(page([question]), err=True)


def ask(name: str, admitted: Callable[[str], str], *, hidden: bool, default: str | None = None) -> str:
    """Prompt on standard error until ``admitted`` accepts the answer, and return its result.

    An empty answer means ``default``, if there is one; otherwise it is not accepted.
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
    """Return whether prompts can be answered."""
    return sys.stdin.isatty()


def is_live() -> bool:
    """Return whether standard error can show output that changes, and is meant to."""
    return not is_quiet() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def colourful(*, err: bool = False) -> bool:
    """Return whether a stream should have colors. https://no-color.org, https://force-color.org"""
    if os.environ.get("NO_COLOR"):
        return False
    stream = sys.stderr if err else sys.stdout
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def columns_of(*, err: bool = False) -> int | None:
    """Return the width of a stream in columns; ``None`` if it is not a terminal.

    COLUMNS alone does not make a terminal: Python's readline sets it in every child process.
    """
    stream = sys.stderr if err else sys.stdout
    return _size(stream).columns if stream.isatty() else None


def _size(terminal: TextIO) -> os.terminal_size:
    """Return the size from COLUMNS and LINES, otherwise that of the terminal. The streams may differ."""
    import shutil

    given = shutil.get_terminal_size((0, 0))
    with contextlib.suppress(OSError, ValueError):
        own = os.get_terminal_size(terminal.fileno())
        names = (("COLUMNS", given.columns, own.columns, 80), ("LINES", given.lines, own.lines, 24))
        return os.terminal_size([(told if os.environ.get(name) else its) or usual for name, told, its, usual in names])
    return os.terminal_size((given.columns or 80, given.lines or 24))
