"""The errors that cfnroles raises on purpose; anything else that escapes is a bug of ours."""

from __future__ import annotations

from typing import ClassVar

from cfnroles.page import joined, page


class CfnrolesError(Exception):
    """One clear message: what is wrong and where, why, and what to do next.

    ``exit_code`` is the process's exit status when the error ends a command. Each part is one line in the message,
    whatever text of a document it repeats; what has several is a page.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, where: str = "", why: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.why = why
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        head = joined(self.where, ": ", self.what) if self.where else self.what
        return page(line for line in (head, self.why, self.remedy) if line)


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
