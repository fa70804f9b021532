"""Help that breaks no option or command at its hyphens."""

from __future__ import annotations

from collections.abc import Iterable

import click

#: Replaces a hyphen while lines are wrapped: they are not broken after it, and it is as wide.
_HYPHEN = "\u2011"


class WholeWords(click.HelpFormatter):
    """A formatter that wraps lines between words only, so an option or command can be copied from its line."""

    def write(self, string: str) -> None:
        """Write text with its hyphens."""
        super().write(string.replace(_HYPHEN, "-"))

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with their texts."""
        super().write_dl([(name, text.replace("-", _HYPHEN)) for name, text in rows], col_max, col_spacing)


class WholeWordsContext(click.Context):
    """A context whose help breaks no word."""

    formatter_class = WholeWords
