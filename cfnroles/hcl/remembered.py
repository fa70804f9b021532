"""Results that passes share: each is worked out once for the answers that it depends on.

A computation depends on its pass only through the questions that it asks the session: whether a condition holds, and
what the root gets as input. The same answers lead to the same next question and to the same result, so the questions of
a computation form a tree, with results as leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum
from typing import Any


class Kind(Enum):
    """Whether a condition holds, with and without meeting it; the input of a variable; whether keys are open."""

    HOLDS = "holds"
    PEEKED = "peeked"
    INPUT = "input"
    ANY_KEY = "any key"


#: What is asked, and the name of the condition or variable.
Question = tuple[Kind, str]
#: For a condition, whether it holds; ``None`` if the pass has not met it.
Answer = Hashable


class Traced:
    """What a computation asked its session for, and what it noted there, in order.

    ``depth`` is how many evaluations that meet no new condition surround it. Without ``complete``, the result depends
    on what is in progress.
    """

    __slots__ = ("answers", "complete", "depth", "notes")

    def __init__(self, depth: int) -> None:
        self.depth, self.complete = depth, True
        self.answers: dict[Question, Answer] = {}
        self.notes: dict[tuple[str, Any], Any] = {}

    def asked(self, kind: Kind, name: str, answer: Answer) -> None:
        """Add a question with its answer."""
        if kind is not Kind.PEEKED or (Kind.HOLDS, name) not in self.answers:
            self.answers.setdefault((kind, name), answer)

    def contain(self, inner: Traced) -> None:
        """Add what a part of this computation asked for and noted."""
        deeper = inner.depth > self.depth
        for (kind, name), answer in inner.answers.items():
            self.asked(Kind.PEEKED if deeper and kind is Kind.HOLDS else kind, name, answer)
        self.notes |= inner.notes
        self.complete = self.complete and inner.complete


class Leaf:
    """A result, with the questions and the notes of its computation."""

    __slots__ = ("result", "traced")

    def __init__(self, result: Any, traced: Traced) -> None:
        self.result, self.traced = result, traced


class _Fork:
    __slots__ = ("after", "question")

    def __init__(self, question: Question) -> None:
        self.question = question
        self.after: dict[Answer, _Fork | Leaf] = {}


class Remembered:
    """The results of one computation."""

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first: _Fork | Leaf | None = None

    def found(self, answer: Callable[[Question, set[str]], Answer]) -> Leaf | None:
        """Return the result for these answers, if it is known. Questions with their conditions met so far are asked in
        order.
        """
        at, met = self._first, set[str]()
        while isinstance(at, _Fork):
            given = answer(at.question, met)
            if at.question[0] is Kind.HOLDS:
                met.add(at.question[1])
            at = at.after.get(given)
        return at

    def keep(self, result: Any, traced: Traced) -> None:
        """Add the result of a computation with these questions."""
        leaf = Leaf(result, traced)
        if not traced.answers:
            self._first = self._first or leaf
            return
        (question, answer), *others = traced.answers.items()
        if self._first is None:
            self._first = _Fork(question)
        at = self._first
        for following, given in others:
            if not isinstance(at, _Fork) or at.question != question:
                return  # it depends on more than its questions
            at = at.after.setdefault(answer, _Fork(following))
            question, answer = following, given
        if isinstance(at, _Fork) and at.question == question:
            at.after.setdefault(answer, leaf)
