"""IAM's wildcard patterns, and texts of which a part is not known yet.

``*`` stands for any characters and ``?`` for exactly one. A pattern may also hold a policy variable whose
value is unknown, and a text may hold unknown characters (see `some`); either makes the match unknown
wherever the unknown part could decide it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from cfnroles.iam.evaluator.truth import Truth, Unknown, all_of

# Noncharacters of Unicode, which no ARN and no context value can hold.
UNKNOWN_CHARACTER = "\ufdd0"
UNKNOWN_TEXT = "\ufdd1"
_UNKNOWN = re.compile(f"[{UNKNOWN_CHARACTER}{UNKNOWN_TEXT}]")


_COMPONENTS = 6


class Wild(Enum):
    """What a pattern holds besides literal text."""

    MANY = "any characters"
    ONE = "any one character"
    UNKNOWN = "the unknown value of a policy variable"


Token = str | Wild


@dataclass(frozen=True, slots=True)
class Pattern:
    """Literal texts and wildcards in order; ``unknown`` names the variables without a known value."""

    tokens: tuple[Token, ...]
    unknown: frozenset[str] = frozenset()


def some(pattern: str) -> str:
    """A text known only as *pattern*: each ``?`` is one unknown character, each ``*`` an unknown text.

    For requests whose resource is not known to the last character, such as a secret before Secrets Manager
    has added its six random characters: ``some("arn:aws:secretsmanager:…:secret:db-??????")``. A statement
    that covers every such resource matches, one that covers none does not, and one that covers some of them
    is unknown.
    """
    return pattern.replace("?", UNKNOWN_CHARACTER).replace("*", UNKNOWN_TEXT)


def has_unknown_characters(text: str) -> bool:
    """Whether *text* comes from `some` and is therefore known in part only."""
    return UNKNOWN_CHARACTER in text or UNKNOWN_TEXT in text


def matches(pattern: Pattern, text: str, *, subject: str, ignore_case: bool = False, by_segment: bool = False) -> Truth:
    """Whether *pattern* matches the whole of *text*, which an unknown result calls *subject*.

    *by_segment* applies the rule for ARNs in the Resource element: a wildcard stays within its
    colon-separated segment, except a ``*`` that ends one, which "can expand to match beyond the colon
    boundaries".
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if not pattern.unknown and _covers(pattern.tokens, text, ignore_case, by_segment):
        return True
    partly_known = has_unknown_characters(text)
    if not (partly_known or pattern.unknown) or not _could_match(pattern.tokens, text, ignore_case):
        return False
    return Unknown(pattern.unknown | {subject} if partly_known else pattern.unknown)


def matches_arn(pattern: Pattern, text: str, *, subject: str) -> Truth:
    """Whether the ARN *text* matches *pattern* in each of the six colon-separated components, separately.

    What is not an ARN matches nothing.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    components, parts = text.split(":", 5), _components(pattern.tokens)
    if pattern.unknown:
        return matches(pattern, text, subject=subject)
    if len(parts) < _COMPONENTS:
        return False
    if len(components) < _COMPONENTS:
        possible = UNKNOWN_TEXT in text and matches(pattern, text, subject=subject) is not False
        return possible and Unknown(frozenset({subject}))
    return all_of(
        matches(Pattern(part), component, subject=subject) for part, component in zip(parts, components, strict=True)
    )


def _covers(tokens: tuple[Token, ...], text: str, ignore_case: bool, by_segment: bool) -> bool:
    if tokens and (len(tokens) > 1 or isinstance(tokens[0], Wild)):
        return _regex(tokens, ignore_case, by_segment).fullmatch(text) is not None
    # Most actions of a policy are plain names: no regular expression is worth compiling for them.
    literal = str(tokens[0]) if tokens else ""
    return literal == text or (ignore_case and literal.lower() == text.lower())


@lru_cache(maxsize=8192)
def _components(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, Wild):
            parts[-1].append(token)
            continue
        head, *rest = token.split(":", _COMPONENTS - len(parts))
        parts[-1].append(head)
        parts.extend([text] for text in rest)
    return tuple(map(tuple, parts))


@lru_cache(maxsize=8192)
def _regex(tokens: tuple[Token, ...], ignore_case: bool, by_segment: bool) -> re.Pattern[str]:
    following: Sequence[Token] = (*tokens[1:], "")
    parts = (_fragment(token, after, by_segment) for token, after in zip(tokens, following, strict=False))
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _fragment(token: Token, after: Token, by_segment: bool) -> str:
    if isinstance(token, str):
        return re.escape(token)
    if token is Wild.ONE:
        return f"[^:{UNKNOWN_TEXT}]" if by_segment else f"[^{UNKNOWN_TEXT}]"
    ends_segment = isinstance(after, str) and after[:1] in ("", ":")
    return "[^:]*" if by_segment and not ends_segment else ".*"


def _could_match(tokens: tuple[Token, ...], text: str, ignore_case: bool) -> bool:
    """Whether some value of the unknown parts makes the pattern match; generous about segments."""
    if not _may_begin_alike(tokens, text, ignore_case):
        return False
    wanted = list(_symbols(tokens, ignore_case))
    reachable = {0}
    for symbol in _text_symbols(text.lower() if ignore_case else text):
        reachable = _advance(_skip(reachable, wanted), wanted, symbol)
    return len(wanted) in _skip(reachable, wanted)


def _may_begin_alike(tokens: tuple[Token, ...], text: str, ignore_case: bool) -> bool:
    """Whether what is known of both beginnings is the same: most pairs differ there, and need no closer look."""
    head = tokens[0] if tokens and isinstance(tokens[0], str) else ""
    known = _UNKNOWN.split(text, maxsplit=1)[0]
    length = min(len(head), len(known))
    if ignore_case:
        return head[:length].lower() == known[:length].lower()
    return head[:length] == known[:length]


def _symbols(tokens: Iterable[Token], ignore_case: bool) -> Iterator[Token]:
    for token in tokens:
        if isinstance(token, str):
            yield from token.lower() if ignore_case else token
        else:
            yield Wild.ONE if token is Wild.ONE else Wild.MANY


def _text_symbols(text: str) -> Iterator[Token]:
    known = {UNKNOWN_CHARACTER: Wild.ONE, UNKNOWN_TEXT: Wild.MANY}
    return (known.get(character, character) for character in text)


def _skip(reachable: set[int], wanted: Sequence[Token]) -> set[int]:
    reached = set(reachable)
    for position in sorted(reachable):
        while position < len(wanted) and wanted[position] is Wild.MANY:
            position += 1
            reached.add(position)
    return reached


def _advance(reachable: set[int], wanted: Sequence[Token], symbol: Token) -> set[int]:
    if symbol is Wild.MANY:
        return set(range(min(reachable, default=len(wanted) + 1), len(wanted) + 1))
    reached = set()
    for position in reachable:
        if position == len(wanted):
            continue
        token = wanted[position]
        if token is Wild.MANY:
            reached.add(position)
        elif token is Wild.ONE or symbol is Wild.ONE or token == symbol:
            reached.add(position + 1)
    return reached
