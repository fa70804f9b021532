"""The errors that cfnroles raises on purpose; anything else that escapes is a bug of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from cfnroles.page import Page, joined, page

Drawn = Callable[[], Page]


class CfnrolesError(Exception):
    """One clear message: what is wrong and where, why, and what to do next.

    ``exit_code`` is the process's exit status when the error ends a command. Each part is one line in the message,
    whatever text of a document it repeats; what has several is a page. ``drawn`` is the source with a caret, for who
    reads the message in a terminal: it stands in the place of ``why``, and is drawn when it is asked for.
    """

    exit_code: ClassVar[int] = 70

    def __init__(
        self, what: str, *, where: str = "", why: str = "", remedy: str = "", drawn: Drawn | None = None
    ) -> None:
        self.what = what
        self.where = where
        self.why = why
        self.remedy = remedy
        self.drawn = drawn
        super().__init__(str(self))

    def __str__(self) -> str:
        return self._page(self.why)

    @property
    def in_full(self) -> Page:
        """The message with the source that it is about."""
        return self._page((self.drawn() if self.drawn else "") or self.why)

    def _page(self, middle: str) -> Page:
        head = joined(self.where, ": ", self.what) if self.where else self.what
        return page(line for line in (head, middle, self.remedy) if line)


class BadAnswer(CfnrolesError):
    """The question was understood and the answer is bad: a refused deployment, a missing secret."""

    exit_code = 1


class InvalidInput(CfnrolesError):
    """The question cannot be answered as it was put: unreadable, malformed or contradictory input."""

    exit_code = 2


class RefusedByEcs(InvalidInput):
    """The source is understood, and Amazon ECS would refuse or misread it."""


class Unavailable(CfnrolesError):
    """The answer could not be found out: AWS refused, the network failed, or time ran out."""

    exit_code = 3
