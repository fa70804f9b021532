"""One pattern covers another only if it matches everything that the other matches."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfnroles.iam.containment import covers_action, covers_arn, covers_resource, covers_text
from cfnroles.iam.evaluator.variables import plain_text
from cfnroles.iam.patterns import matches

RESOURCES = [
    ("*", "arn:aws:s3:::config/web.env", True),
    ("arn:aws:s3:::config/*", "arn:aws:s3:::config/web.env", True),
    ("arn:aws:s3:::config/web.env", "arn:aws:s3:::config/*", False),
    ("arn:aws:s3:::config/*", "arn:aws:s3:::config/*", True),
    ("arn:aws:s3:::config/*", "arn:aws:s3:::config/a*", True),
    ("arn:aws:s3:::config/a*", "arn:aws:s3:::config/*", False),
    ("arn:aws:s3:::config/?", "arn:aws:s3:::config/*", False),
    ("arn:aws:s3:::config/?*", "arn:aws:s3:::config/??", True),
    ("arn:aws:s3:::config/??", "arn:aws:s3:::config/?*", False),
    ("arn:aws:s3:::Config", "arn:aws:s3:::config", False),
    ("arn:aws:logs:r:1:log-group:/ecs/shop:*", "arn:aws:logs:r:1:log-group:/ecs/shop:log-stream:web/*", True),
    ("arn:aws:logs:r:1:log-group:/ecs/shop", "arn:aws:logs:r:1:log-group:/ecs/shop:*", False),
    # A wildcard within a segment stays within it; one that ends a segment does not.
    ("arn:aws:x:r:1:a*c", "arn:aws:x:r:1:a:c", False),
    ("arn:aws:x:r:1:a*", "arn:aws:x:r:1:a:c", True),
    ("arn:aws:x:*:1:c", "arn:aws:x:r:q:1:c", True),
    ("arn:aws:x:r:1:a?c", "arn:aws:x:r:1:a:c", False),
    # An incomplete ARN is completed.
    ("arn:aws:s3", "arn:aws:s3:::config", True),
    ("arn:aws:s3:*", "arn:aws:s3", True),
    # A symbol has only its own meaning.
    ("arn:${AWS::Partition}:s3:::a/*", "arn:${AWS::Partition}:s3:::a/b", True),
    ("arn:${AWS::Partition}:s3:::a", "arn:aws:s3:::a", False),
    ("arn:aws:s3:::a", "arn:${AWS::Partition}:s3:::a", False),
    ("arn:*:s3:::a", "arn:${AWS::Partition}:s3:::a", True),
    ("arn:*n:s3:::a", "arn:${AWS::Partition}n:s3:::a", True),
    ("arn:aws:s3:::*", "${Bucket.Arn}", False),
    ("arn:aws:s3:::a*b", "arn:aws:s3:::a${Name}b", False),
    ("arn:aws:s3:::a*", "arn:aws:s3:::a${Name}b", True),
    ("arn:aws:s3:::?", "arn:aws:s3:::${Name}", False),
    ("${Bucket.Arn}/*", "${Bucket.Arn}/web.env", True),
    ("${Bucket.Arn}/*", "${Other.Arn}/web.env", False),
    ("*", "${Bucket.Arn}", True),
    # Policy variables are texts that only the request knows, but for three that are characters.
    ("arn:aws:s3:::home/*", "arn:aws:s3:::home/${!aws:username}", True),
    ("arn:aws:s3:::home/${!aws:username}", "arn:aws:s3:::home/*", False),
    ("arn:aws:s3:::home/${!*}", "arn:aws:s3:::home/*", False),
    ("arn:aws:s3:::home/?", "arn:aws:s3:::home/${!*}", True),
]


@pytest.mark.parametrize(("wide", "narrow", "expected"), RESOURCES, ids=lambda value: str(value))
def test_resources(wide: str, narrow: str, expected: bool) -> None:
    assert covers_resource(wide, narrow) is expected


ACTIONS = [
    ("s3:Get*", "s3:GetObject", True),
    ("S3:get*", "s3:GetObject", True),
    ("s3:GetObject", "s3:getobject", True),
    ("s3:GetObject", "s3:Get*", False),
    ("s3:*Object", "s3:Get*Object", True),
    ("*", "s3:*", True),
    ("s3:*", "*", False),
]


@pytest.mark.parametrize(("wide", "narrow", "expected"), ACTIONS, ids=lambda value: str(value))
def test_actions(wide: str, narrow: str, expected: bool) -> None:
    assert covers_action(wide, narrow) is expected


ARNS = [
    ("arn:aws:ecs:*:1:*", "arn:aws:ecs:eu-west-1:1:task/a:b", True),
    ("arn:aws:ecs:*", "arn:aws:ecs:eu-west-1:1:task/a", False),
    ("arn:aws:*:r:1:a", "arn:aws:x:y:r:1:a", False),
    ("arn:aws:ecs:${AWS::Region}:1:*", "arn:aws:ecs:${AWS::Region}:1:task/${Name}", True),
    ("arn:aws:*:r:1:a", "arn:aws:${Name}:r:1:a", False),
    ("${Role.Arn}", "${Role.Arn}", True),
    ("*", "arn:aws:ecs:eu-west-1:1:task/a", False),
]


@pytest.mark.parametrize(("wide", "narrow", "expected"), ARNS, ids=lambda value: str(value))
def test_arns_of_conditions(wide: str, narrow: str, expected: bool) -> None:
    assert covers_arn(wide, narrow) is expected


def test_a_literal_text_has_no_wildcards() -> None:
    assert covers_text("a*", "a*", narrow_literal=True)
    assert not covers_text("a*", "ab", wide_literal=True)
    assert covers_text("a?", "a*", narrow_literal=True)
    assert not covers_text("A", "a")
    assert covers_text("A", "a", ignore_case=True)


def test_what_takes_too_long_to_prove_is_not_proved() -> None:
    assert not covers_text("*a" + "?" * 40, "*a" + "?" * 39 + "b*")


TEXTS = ["".join(letters) for length in range(7) for letters in itertools.product("ab:", repeat=length)]
SHORT = [text for text in TEXTS if len(text) <= 5]
PATTERNS = st.text("a:*?", max_size=4)
LONGER = st.text("ab:*?", max_size=7)


def language(pattern: str, texts: list[str], *, by_segment: bool) -> set[str]:
    read = plain_text(pattern).fixed
    assert read is not None
    return {text for text in texts if matches(read, text, subject="", by_segment=by_segment) is True}


@given(PATTERNS, PATTERNS)
@settings(deadline=None, max_examples=120)
def test_covering_is_what_trying_all_short_texts_shows(wide: str, narrow: str) -> None:
    for covers, by_segment in [(covers_text, False), (covers_resource, True)]:
        expected = language(narrow, TEXTS, by_segment=by_segment) <= language(wide, TEXTS, by_segment=by_segment)
        assert covers(wide, narrow) is expected


@given(LONGER, LONGER)
@settings(deadline=None, max_examples=120)
def test_a_longer_pattern_that_covers_matches_all_that_the_other_does(wide: str, narrow: str) -> None:
    for covers, by_segment in [(covers_text, False), (covers_resource, True)]:
        if covers(wide, narrow):
            assert language(narrow, SHORT, by_segment=by_segment) <= language(wide, SHORT, by_segment=by_segment)


WITH_SYMBOLS = st.lists(st.sampled_from(["a", ":", "*", "?", "${X}", "${AWS::Region}"]), max_size=5).map("".join)


@given(WITH_SYMBOLS, WITH_SYMBOLS, st.text("ab:*?", max_size=3), st.text("ab", max_size=2))
@settings(deadline=None, max_examples=300)
def test_a_pattern_with_symbols_covers_whatever_the_symbols_turn_out_to_be(
    wide: str, narrow: str, value: str, region: str
) -> None:
    def told(pattern: str) -> str:
        return re.sub(r"\*+", "*", pattern.replace("${X}", value).replace("${AWS::Region}", region))

    for covers, by_segment in [(covers_text, False), (covers_resource, True)]:
        if covers(wide, narrow):
            covered = language(told(narrow), SHORT, by_segment=by_segment)
            assert covered <= language(told(wide), SHORT, by_segment=by_segment)


def test_patterns_that_are_too_long_to_compare_are_not_called_contained() -> None:
    began = time.process_time()
    assert not covers_resource(f"arn:aws:s3:::{'?*' * 1500}", f"arn:aws:s3:::{'*b' * 3000}")
    assert time.process_time() - began < 3
