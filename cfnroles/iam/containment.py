"""Whether one pattern of IAM surely covers another: everything that the one matches, the other matches.

    covers_resource("arn:aws:s3:::config/*", "arn:aws:s3:::config/web.env")     # True

Texts are in the spelling of ``Fn::Sub``. A symbol such as ``${Bucket}``, or a policy variable such as
``${!aws:username}``, stands for one text that nobody told, the same on both sides: it is covered by itself and by
``*``. Where nothing can be proved, the answer is ``False``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class _Wild(Enum):
    MANY = "any characters"
    MANY_OF_SEGMENT = "any characters but colons"
    ONE = "any one character"
    ONE_OF_SEGMENT = "any one character but a colon"


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A text that nobody told; one ``of_segment`` holds no colon."""

    text: str

    @property
    def of_segment(self) -> bool:
        return self.text in _WITHOUT_COLON


_Token = str | _Wild | _Symbol
_Tokens = tuple[_Token, ...]

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_WITHOUT_COLON = frozenset(
    f"${{AWS::{name}}}" for name in ("AccountId", "Partition", "Region", "StackName", "URLSuffix")
)
_REFERENCE = re.compile(r"\$\{(!?)([^{}]+)\}")
_WILDCARDS = {"*": _Wild.MANY, "?": _Wild.ONE}
#: Any character that the wider pattern does not name; no text holds it.
_OTHER = "\ufdd0"
_COLONS_BEFORE_RESOURCE = 5
#: Patterns such as `*a??????????????` make the search grow without bounds; past this nothing is proved.
_SEARCHED = 5_000


@lru_cache(maxsize=16384)
def covers_action(wide: str, narrow: str) -> bool:
    """Whether an Action pattern covers another one, whatever their case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    return covers_text(wide, narrow, ignore_case=True)


@lru_cache(maxsize=16384)
def covers_resource(wide: str, narrow: str) -> bool:
    """Whether a Resource pattern covers another one.

    A wildcard stays within its segment of the ARN, but for a ``*`` that ends one; an incomplete ARN is completed with
    wildcards.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    if wide == narrow:
        return True
    wider, narrower = (_completed(_tokens(text)) for text in (wide, narrow))
    # What follows a symbol's unknown text: each side takes the reading that proves less.
    return _contained(tuple(_by_segment(narrower, generous=True)), tuple(_by_segment(wider, generous=False)))


@lru_cache(maxsize=16384)
def covers_text(
    wide: str, narrow: str, *, wide_literal: bool = False, narrow_literal: bool = False, ignore_case: bool = False
) -> bool:
    """Whether a text with wildcards covers another one; in a literal one, ``*`` and ``?`` stand for themselves."""
    wider, narrower = _tokens(wide, literal=wide_literal), _tokens(narrow, literal=narrow_literal)
    return _contained(_lowered(narrower), _lowered(wider)) if ignore_case else _contained(narrower, wider)


@lru_cache(maxsize=4096)
def covers_arn(wide: str, narrow: str) -> bool:
    """Whether an ARN in an ArnLike condition covers another one, in each of the six components for itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    if wide == narrow:
        return True
    wider, narrower = (_components(_tokens(text)) for text in (wide, narrow))
    # A symbol that may hold colons hides where the components after it begin.
    hidden = any(
        isinstance(token, _Symbol) and not token.of_segment
        for components in (wider, narrower)
        for component in components[:_COLONS_BEFORE_RESOURCE]
        for token in component
    )
    if hidden or not len(wider) == len(narrower) == _COLONS_BEFORE_RESOURCE + 1:
        return False
    return all(_contained(part, whole) for part, whole in zip(narrower, wider, strict=True))


@lru_cache(maxsize=16384)
def _tokens(text: str, *, literal: bool = False) -> _Tokens:
    tokens: list[_Token] = []
    position = 0
    for found in _REFERENCE.finditer(text):
        tokens += _plain(text[position : found.start()], literal)
        # `${*}`, `${?}` and `${$}` are the characters themselves.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        tokens.append(found[2] if found[1] and found[2] in ("*", "?", "$") else _Symbol(found[0]))
        position = found.end()
    tokens += _plain(text[position:], literal)
    return tuple(
        token
        for index, token in enumerate(tokens)
        if not (token is _Wild.MANY and index and tokens[index - 1] is _Wild.MANY)
    )


def _plain(text: str, literal: bool) -> list[_Token]:
    return list(text) if literal else [_WILDCARDS.get(character, character) for character in text]


def _lowered(tokens: _Tokens) -> _Tokens:
    return tuple(token.lower() if isinstance(token, str) else token for token in tokens)


def _completed(tokens: _Tokens) -> _Tokens:
    missing = _COLONS_BEFORE_RESOURCE - tokens.count(":")
    unclear = any(isinstance(token, _Symbol) and not token.of_segment for token in tokens)
    if missing <= 0 or unclear or tokens[:4] != ("a", "r", "n", ":"):
        return tokens
    return (*tokens, *(":", _Wild.MANY) * missing)


def _by_segment(tokens: _Tokens, *, generous: bool) -> Iterator[_Token]:
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else ":"
        if token is _Wild.ONE:
            yield _Wild.ONE_OF_SEGMENT
        elif token is _Wild.MANY and after != ":" and not (generous and isinstance(after, _Symbol)):
            yield _Wild.MANY_OF_SEGMENT
        else:
            yield token


def _components(tokens: _Tokens) -> tuple[_Tokens, ...]:
    colons = [index for index, each in enumerate(tokens) if each == ":"][:_COLONS_BEFORE_RESOURCE]
    starts = [0, *(index + 1 for index in colons)]
    return tuple(tokens[start:end] for start, end in zip(starts, [*colons, len(tokens)], strict=True))


def _contained(narrow: _Tokens, wide: _Tokens) -> bool:
    """Whether every text of ``narrow`` is one of ``wide``: both are run side by side over all texts of ``narrow``.

    A state is a place in ``narrow`` with all the places that ``wide`` may have reached by then.
    """
    if wide in (narrow, (_Wild.MANY,)):
        return True
    letters = {token for token in wide if isinstance(token, str)} | {":", _OTHER}
    pending = [(0, _with_skipped(wide, {0}))]
    seen = set(pending)
    while pending:
        at, reached = pending.pop()
        if not reached or len(seen) > _SEARCHED:
            return False
        if at == len(narrow):
            if len(wide) not in reached:
                return False
            continue
        token = narrow[at]
        many = token in (_Wild.MANY, _Wild.MANY_OF_SEGMENT)
        following = {(at + 1, reached)} if many else set()
        for letter in letters if isinstance(token, _Wild) else (token,):
            if _takes(token, letter):
                following.add((at if many else at + 1, _advanced(wide, reached, letter)))
        pending += following - seen
        seen |= following
    return True


def _advanced(wide: _Tokens, reached: frozenset[int], letter: _Token) -> frozenset[int]:
    places = set()
    for at in reached:
        if at < len(wide) and _takes(wide[at], letter):
            places.add(at if wide[at] in (_Wild.MANY, _Wild.MANY_OF_SEGMENT) else at + 1)
    return _with_skipped(wide, places)


def _with_skipped(wide: Sequence[_Token], places: set[int]) -> frozenset[int]:
    """The places, and those behind a ``*``, which may also stand for nothing."""
    reached = set(places)
    for place in places:
        at = place
        while at < len(wide) and wide[at] in (_Wild.MANY, _Wild.MANY_OF_SEGMENT):
            at += 1
            reached.add(at)
    return frozenset(reached)


def _takes(token: _Token, letter: _Token) -> bool:
    """Whether one token matches a letter: a character, or a symbol as a whole."""
    match token:
        case _Wild.MANY:
            return True
        case _Wild.ONE:
            return isinstance(letter, str)
        case _Wild.MANY_OF_SEGMENT:
            return letter.of_segment if isinstance(letter, _Symbol) else letter != ":"
        case _Wild.ONE_OF_SEGMENT:
            return isinstance(letter, str) and letter != ":"
        case _:
            return token == letter
