"""Patterns with many stars, beside a matcher that tries every way."""

from __future__ import annotations

import itertools
import time
from functools import cache

import pytest

from cfnroles.iam.patterns import WILDCARDS, Pattern, matches


def pattern(text: str) -> Pattern:
    pieces = ["".join(group) for _, group in itertools.groupby(text, lambda sign: sign not in WILDCARDS)]
    tokens = [[piece] if piece[0] not in WILDCARDS else [WILDCARDS[sign] for sign in piece] for piece in pieces]
    return Pattern(tuple(itertools.chain(*tokens)))


@cache
def every_way(wanted: str, text: str, by_segment: bool) -> bool:
    """The same, as slowly as it is plain."""
    if not wanted:
        return not text
    head, rest = wanted[0], wanted[1:]
    if head == "*":
        wide = not by_segment or rest[:1] in ("", ":")
        return every_way(rest, text, by_segment) or (
            bool(text) and (wide or text[0] != ":") and every_way(wanted, text[1:], by_segment)
        )
    if head == "?":
        return bool(text) and (not by_segment or text[0] != ":") and every_way(rest, text[1:], by_segment)
    return text[:1] == head and every_way(rest, text[1:], by_segment)


@pytest.mark.parametrize("by_segment", [False, True], ids=["anywhere", "by segment"])
def test_it_matches_as_if_every_way_were_tried(by_segment: bool) -> None:
    texts = ["".join(signs) for length in range(6) for signs in itertools.product("a:", repeat=length)]
    for length in range(5):
        for signs in itertools.product("a:*?", repeat=length):
            wanted = "".join(signs)
            read = pattern(wanted)
            for text in texts:
                found = matches(read, text, subject="x", by_segment=by_segment)
                assert found is every_way(wanted, text, by_segment), (wanted, text)


@pytest.mark.parametrize("by_segment", [False, True], ids=["anywhere", "by segment"])
@pytest.mark.parametrize("wanted", ["*a" * 100 + "b", "a*" * 30 + "b", "?*" * 300, "*:" * 40 + "b"])
def test_many_stars_take_no_time(wanted: str, by_segment: bool) -> None:
    began = time.process_time()
    assert matches(pattern(wanted), "a" * 250, subject="x", by_segment=by_segment) is False
    assert time.process_time() - began < 1
