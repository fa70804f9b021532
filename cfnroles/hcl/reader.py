"""A text that is read from its beginning to its end, sign by sign, as Terraform's scanner does.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#lexical-elements
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from cfnroles.errors import InvalidInput
from cfnroles.hcl.syntax import Source

#: People nest less than ten levels. Beyond this, reading would pass Python's limit of recursion.
DEPTH = 40

_COMMENTS = r"#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/"
_SPACE = re.compile(rf"(?:[ \t]+|\r(?=\n)|{_COMMENTS})+")
_SPACE_AND_LINES = re.compile(rf"(?:[ \t\n]+|\r(?=\n)|{_COMMENTS})+")
#: What is no ASCII is looked at once more: Python's ``\w`` has signs that no name may have, and lacks others.
NAME = re.compile(r"[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff-]*")

_Read = TypeVar("_Read")


class Reader:
    """``at`` is the next character. ``over_lines`` says that a line's end is a space, as it is inside of brackets."""

    def __init__(self, source: Source, remedy: str = "") -> None:
        self.source, self.text = source, source.text
        self._remedy = remedy
        self.at = self.depth = 0
        self.over_lines = False

    def fault(self, what: str, at: int | None = None) -> InvalidInput:
        """The error that says what is wrong at a character, by default the next one."""
        if at is None and self.text.startswith("/*", self.at):
            what = "the comment is not closed"
        return self._error(f"is not valid Terraform: {what}", self._remedy, at)

    def beyond(self, what: str, remedy: str, at: int | None = None) -> InvalidInput:
        """The error that says what Terraform may take, and is not read here."""
        return self._error(f"is not supported: {what}", remedy, at)

    def _error(self, what: str, remedy: str, at: int | None) -> InvalidInput:
        place = self.source.place(min(self.at if at is None else at, len(self.text)))
        where = f"{place.document}:{place.line}:{place.column}"
        return InvalidInput(what, where=where, remedy=remedy, drawn=partial(self.source.drawn, place))

    @contextmanager
    def level(self) -> Iterator[None]:
        """One more level, and all that are added inside of it; raises InvalidInput where they are too many."""
        depth = self.depth
        self.deeper()
        yield
        self.depth = depth

    def deeper(self) -> None:
        """Note one more level; raises InvalidInput where they are too many."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.beyond(f"it is nested deeper than {DEPTH} levels", "Move an inner part to `locals`.")

    def skip(self, *, lines: bool = False) -> None:
        """Pass over spaces and comments, and over ends of lines where they mean nothing."""
        match = (_SPACE_AND_LINES if lines or self.over_lines else _SPACE).match(self.text, self.at)
        self.at = match.end() if match else self.at

    def bracketed(self, read: Callable[[], _Read], *, over_lines: bool = True) -> _Read:
        """What is read inside of brackets, with the spaces around it."""
        before, self.over_lines = self.over_lines, over_lines
        self.skip()
        found = read()
        self.skip()
        self.over_lines = before
        return found

    def match(self, pattern: re.Pattern[str]) -> str:
        """What comes next, if it is this; empty if not."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match[0] if match else ""

    def taken(self, sign: str) -> bool:
        """Whether a sign comes next, which is passed over then."""
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def taken_after_space(self, sign: str) -> bool:
        """Skip a sign with the spaces before it if it comes next. Return whether it did; otherwise nothing is
        skipped.
        """
        before = self.at
        self.skip()
        if self.taken(sign):
            return True
        self.at = before
        return False

    def expect(self, sign: str) -> None:
        """Pass over a sign, with the spaces before it; raises InvalidInput where something else comes."""
        self.skip()
        if not self.taken(sign):
            raise self.fault(f"expected {sign}")

    def name(self) -> str:
        """The name that comes next; empty where there is none."""
        start, found = self.at, self.match(NAME)
        if not found.isascii() and not found.replace("-", "_").isidentifier():
            raise self.fault(f"{found} is not a name", start)
        return found

    def keyword(self, word: str) -> bool:
        """Whether a word comes next, which is passed over then."""
        start = self.at
        if self.match(NAME) == word:
            return True
        self.at = start
        return False
