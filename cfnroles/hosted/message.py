"""Messages of a function to CloudFormation, including internal errors."""

from __future__ import annotations

import traceback

_MORE = "... and {} more lines: see the log of {}'s function."


def fitting(message: str, most: int, whose: str) -> str:
    """Return the whole lines of a message that fit, and a pointer to the log of ``whose`` function for the others."""
    lines = message.split("\n")
    count = len(lines)
    while count > 1 and len(_shown(lines, count, whose)) > most:
        count -= 1
    return _shown(lines, count, whose)[:most]


def internal_error(error: Exception, whose: str) -> str:
    """Return the place of an internal error, without the text of the exception, which may contain input."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"Internal error of {whose}: {type(error).__name__} in {frame.name}:{frame.lineno}."


def _shown(lines: list[str], count: int, whose: str) -> str:
    rest = len(lines) - count
    return "\n".join([*lines[:count], *([_MORE.format(rest, whose)] if rest else [])])
