"""IAM's wildcard patterns and their matching.

``*`` matches any characters and ``?`` exactly one. Both sides may be partly known: a policy variable without a known
value and the unknown characters of a text (see `some`) make the result unknown if they could decide it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from cfnroles.iam.truth import Truth, Unknown, all_of

# Noncharacters of Unicode, which no ARN and no context value can contain.
UNKNOWN_CHARACTER = "\ufdd0"
UNKNOWN_TEXT = "\ufdd1"
_UNKNOWN = re.compile(f"[{UNKNOWN_CHARACTER}{UNKNOWN_TEXT}]")
COMPONENTS = 6
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_WITHOUT_COLON = frozenset(
    f"${{AWS::{name}}}" for name in ("AccountId", "Partition", "Region", "StackName", "URLSuffix")
)


class Wild(Enum):
    """The elements of a pattern besides literal text."""

    MANY = "any characters"
    MANY_OF_SEGMENT = "any characters but colons"
    ONE = "any one character"
    ONE_OF_SEGMENT = "any one character but a colon"
    UNKNOWN = "the unknown value of a policy variable"


WILDCARDS = {"*": Wild.MANY, "?": Wild.ONE}
MANY = (Wild.MANY, Wild.MANY_OF_SEGMENT)
_ANYTHING, _SEGMENT = ".*", "[^:]*"
_STARS = (_ANYTHING, _SEGMENT)


_AT_LEAST = re.compile(r"[*?]*\*[*?]*")


@lru_cache(maxsize=8192)
def widest(pattern: str) -> str:
    """Return the pattern with ``*`` for parts that only require a length, such as ``?*``: no name is empty."""
    return _AT_LEAST.sub("*", pattern)


class Untold(Struct, frozen=True):
    """An unknown text. One ``of_segment`` contains no colon."""

    text: str

    @property
    def of_segment(self) -> bool:
        """Whether the text contains no colon."""
        return self.text in _WITHOUT_COLON


Token = str | Wild | Untold
Tokens = tuple[Token, ...]


class Pattern(Struct, frozen=True):
    """Literal texts and wildcards in order. ``unknown`` names the variables without a known value."""

    tokens: Tokens
    unknown: frozenset[str] = frozenset()


def some(pattern: str) -> str:
    """Return a text of which only *pattern* is known: each ``?`` is an unknown character, each ``*`` an unknown text.

    For requests whose resource is not known completely, such as a secret before Secrets Manager
    has added its six random characters: ``some("arn:aws:secretsmanager:…:secret:db-??????")``. A statement
    that covers every such resource matches, one that covers none does not, and one that covers some of them
    is unknown.
    """
    return pattern.replace("?", UNKNOWN_CHARACTER).replace("*", UNKNOWN_TEXT)


def has_unknown_characters(text: str) -> bool:
    """Return whether *text* comes from `some` and is therefore only partly known."""
    return UNKNOWN_CHARACTER in text or UNKNOWN_TEXT in text


def matches(pattern: Pattern, text: str, *, subject: str, ignore_case: bool = False, by_segment: bool = False) -> Truth:
    """Return whether *pattern* matches all of *text*, which is *subject* in an unknown result.

    *by_segment* applies the rule for ARNs in the Resource element: a wildcard does not cross
    colon-separated segments, except a ``*`` at the end of one, which "can expand to match beyond the colon
    boundaries".
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if not pattern.unknown and _fits(pattern.tokens, text, ignore_case, by_segment):
        return True
    partly_known = has_unknown_characters(text)
    if not (partly_known or pattern.unknown) or not _could_match(pattern.tokens, text, ignore_case):
        return False
    if by_segment and not pattern.unknown and not _could_match_resource(pattern.tokens, text):
        return False
    return Unknown(pattern.unknown | {subject} if partly_known else pattern.unknown)


def matches_arn(pattern: Pattern, text: str, *, subject: str) -> Truth:
    """Return whether the ARN *text* matches *pattern* in each of the six colon-separated components.

    Anything but an ARN matches nothing.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    given, parts = text.split(":", 5), components(pattern.tokens)
    if pattern.unknown:
        return matches(pattern, text, subject=subject)
    if len(parts) < COMPONENTS:
        return False
    if len(given) < COMPONENTS:
        possible = UNKNOWN_TEXT in text and matches(pattern, text, subject=subject) is not False
        return possible and Unknown(frozenset({subject}))
    return all_of(
        matches(Pattern(part), component, subject=subject) for part, component in zip(parts, given, strict=True)
    )


def _fits(tokens: Tokens, text: str, ignore_case: bool, by_segment: bool) -> bool:
    if tokens and (len(tokens) > 1 or isinstance(tokens[0], Wild)):
        return _regex(tokens, ignore_case, by_segment).fullmatch(text) is not None
    # Most actions of a policy are plain names, for which compiling a regular expression is not worthwhile.
    literal = str(tokens[0]) if tokens else ""
    return literal == text or (ignore_case and literal.lower() == text.lower())


@lru_cache(maxsize=8192)
def _regex(tokens: Tokens, ignore_case: bool, by_segment: bool) -> re.Pattern[str]:
    following: Sequence[Token] = (*tokens[1:], "")
    parts = [_fragment(token, after, by_segment) for token, after in zip(tokens, following, strict=False)]
    stars = [at for at, part in enumerate(parts) if part in _STARS]
    expression = "".join(parts[: stars[0]] if stars else parts)
    for at, until in itertools.pairwise([*stars, len(parts)]):
        star, rest = parts[at], "".join(parts[at + 1 : until])
        # If the next star can match everything up to another star, the first position where the rest fits is final.
        # Otherwise, thirty stars would take exponential time.
        first = until < len(parts) and (star == _SEGMENT or parts[until] == _ANYTHING)
        expression += f"(?>{star}?{rest})" if first else star + rest
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _fragment(token: Token, after: Token, by_segment: bool) -> str:
    if isinstance(token, str):
        return re.escape(token)
    if token is Wild.ONE:
        return f"[^:{UNKNOWN_TEXT}]" if by_segment else f"[^{UNKNOWN_TEXT}]"
    ends_segment = isinstance(after, str) and after[:1] in ("", ":")
    return _SEGMENT if by_segment and not ends_segment else _ANYTHING


@lru_cache(maxsize=8192)  # the roles of similar tasks are asked for the same resources
def _could_match(tokens: Tokens, text: str, ignore_case: bool) -> bool:
    """Return whether some value of the unknown parts makes the pattern match, ignoring segments."""
    if not _may_begin_alike(tokens, text, ignore_case):
        return False
    letters = [*_letters(tokens, ignore_case), ""]
    # Adjacent stars are one.
    wanted = tuple(each for each, after in itertools.pairwise(letters) if (each, after) != (Wild.MANY, Wild.MANY))
    reached = with_skipped(wanted, {0})
    for letter in text.lower() if ignore_case else text:
        if letter == UNKNOWN_TEXT:
            reached = frozenset(range(min(reached, default=len(wanted) + 1), len(wanted) + 1))
        else:
            reached = advanced(wanted, reached, letter)
    return len(wanted) in reached


def _could_match_resource(tokens: Tokens, text: str) -> bool:
    """Return whether some name in an ARN makes a complete pattern match: no name contains the rest of another ARN."""
    parts, given = components(tokens), text.split(":", COMPONENTS - 1)
    if len(parts) < COMPONENTS or len(given) < COMPONENTS or has_unknown_characters("".join(given[:-1])):
        return True
    if ":" in given[-1]:
        return True
    *known, resource = zip(parts, given, strict=True)
    return all(_fits(part, each, ignore_case=False, by_segment=False) for part, each in known) and _could_match(
        *resource, ignore_case=False
    )


def _may_begin_alike(tokens: Tokens, text: str, ignore_case: bool) -> bool:
    """Return whether the known beginnings agree: most pairs differ there and need no further test."""
    head = tokens[0] if tokens and isinstance(tokens[0], str) else ""
    known = _UNKNOWN.split(text, maxsplit=1)[0]
    length = min(len(head), len(known))
    if ignore_case:
        return head[:length].lower() == known[:length].lower()
    return head[:length] == known[:length]


def _letters(tokens: Iterable[Token], ignore_case: bool) -> Iterator[Token]:
    for token in tokens:
        if isinstance(token, str):
            yield from token.lower() if ignore_case else token
        else:
            yield Wild.ONE if token is Wild.ONE else Wild.MANY


@lru_cache(maxsize=8192)
def components(tokens: Tokens) -> tuple[Tokens, ...]:
    """Return the colon-separated components of an ARN, without empty texts. The last contains all further colons."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        head, *rest = token.split(":", COMPONENTS - len(parts))
        parts[-1].append(head)
        parts.extend([text] for text in rest)
    return tuple(tuple(token for token in part if token != "") for part in parts)


def advanced(wide: Tokens, reached: frozenset[int], letter: Token) -> frozenset[int]:
    """Return the positions that a pattern may have reached after one more character."""
    places = set()
    for at in reached:
        if at < len(wide) and takes(wide[at], letter):
            places.add(at if wide[at] in MANY else at + 1)
    return with_skipped(wide, places)


def with_skipped(wide: Sequence[Token], places: set[int]) -> frozenset[int]:
    """Return the positions, and those after each ``*``, which may match nothing."""
    reached = set(places)
    for place in places:
        at = place
        while at < len(wide) and wide[at] in MANY:
            at += 1
            reached.add(at)
    return frozenset(reached)


def takes(token: Token, letter: Token) -> bool:
    """Return whether one token matches a letter: a character, or a whole symbol."""
    match token:
        case Wild.MANY:
            return True
        case Wild.ONE:
            return isinstance(letter, str)
        case Wild.MANY_OF_SEGMENT:
            return letter.of_segment if isinstance(letter, Untold) else letter != ":"
        case Wild.ONE_OF_SEGMENT:
            return isinstance(letter, str) and letter != ":"
        case _:
            return token == letter or letter == UNKNOWN_CHARACTER
