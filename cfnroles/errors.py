"""The errors that cfnroles raises on purpose. Any other exception is a bug."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from cfnroles.page import Page, joined, page

Drawn = Callable[[], Page]


class CfnrolesError(Exception):
    """An error with its place and cause, the reason, and the remedy.

    ``exit_code`` is the exit status of the process. Each part prints as one line, unless it is a page. ``drawn`` is the
    source line with a caret; on a terminal it replaces ``why``. It is computed on first use.
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
        """The whole message, with the source line."""
        return self._page((self.drawn() if self.drawn else "") or self.why)

    def _page(self, middle: str) -> Page:
        head = joined(self.where, ": ", self.what) if self.where else self.what
        return page(line for line in (head, middle, self.remedy) if line)


class BadAnswer(CfnrolesError):
    """A negative result of a valid request: a refused deployment, a missing secret."""

    exit_code = 1


class InvalidInput(CfnrolesError):
    """Input that is unreadable, malformed or contradictory."""

    exit_code = 2


class RefusedByEcs(InvalidInput):
    """A source that can be read, but that Amazon ECS would reject or misread."""


class Unavailable(CfnrolesError):
    """A result that could not be determined: AWS denied access, the network failed, or time ran out."""

    exit_code = 3
