"""The order in which several workers run tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_order(tests: Sequence[T], workers: int, file_of_long: Callable[[T], str]) -> list[T]:
    """The tests in an order in which each worker begins with its share of the long ones.

    Each worker is given as many tests as the others, one part of the whole after the other. ``file_of_long`` returns
    the file of a long test, and nothing of another. The long ones of a file stay together, since they may share what
    takes long.
    """
    files: dict[str, list[T]] = {}
    others: list[T] = []
    for test in tests:
        file = file_of_long(test)
        (files.setdefault(file, []) if file else others).append(test)
    ordered: list[T] = []
    for worker in range(workers):
        begin = [test for file in list(files.values())[worker::workers] for test in file]
        size = (len(tests) - len(ordered)) // (workers - worker)
        rest = max(0, size - len(begin))
        ordered += begin + others[:rest]
        del others[:rest]
    return ordered + others
