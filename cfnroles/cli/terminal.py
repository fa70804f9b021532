"""Standard output and standard error: the only module that writes to them, and that asks."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cfnroles.page import joined, page

if TYPE_CHECKING:
    from rich.console import Console


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
    stream, colour = sys.stderr if err else sys.stdout, colourful(err=err)
    for whole in (page([text]) for text in texts):
        stream.write(f"{whole.painted if colour else whole}\n")
    stream.flush()


def put(data: bytes) -> None:
    """Write a file to standard output as it is, to the last byte; on a terminal as texts that are no more than that."""
    if sys.stdout.isatty():
        say(*data.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say_error(text: str) -> None:
    """Print a text as an error."""
    say(joined("error: ", text), err=True)


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
    """Whether standard error can show a table that changes."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def console(**options: Any) -> Console:
    """Standard error for rich, which draws a table there; the texts in it are made visible by who makes the table."""
    from rich.console import Console

    return Console(stderr=True, markup=False, emoji=False, highlight=False, **options)


def colourful(*, err: bool = False) -> bool:
    """Whether a stream is for eyes that want colours. https://no-color.org, https://force-color.org"""
    if os.environ.get("NO_COLOR"):
        return False
    stream = sys.stderr if err else sys.stdout
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def width() -> int:
    """How many columns standard output has; 100 where it is no terminal and COLUMNS says nothing."""
    return shutil.get_terminal_size((100, 24)).columns
