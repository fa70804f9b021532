"""IAM's wildcard patterns: whether one matches a text, and whether one covers another.

    covers_resource("arn:aws:s3:::config/*", "arn:aws:s3:::config/web.env")     # True

``*`` stands for any characters and ``?`` for exactly one. Both sides may be known in part. In a match, a policy
variable without a known value and the unknown characters of a text (see `some`) make the answer unknown wherever they
could decide it. Whether a pattern covers another is asked of texts in the spelling of ``Fn::Sub``: a symbol such as
``${Bucket}``, or a policy variable such as ``${!aws:username}``, stands for one text that nobody told, the same on
both sides, and is covered by itself and by ``*``; where nothing can be proved, the answer is ``False``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from cfnroles.iam.truth import Truth, Unknown, all_of

# Noncharacters of Unicode, which no ARN and no context value can hold.
UNKNOWN_CHARACTER = "\ufdd0"
UNKNOWN_TEXT = "\ufdd1"
#: Any character that the wider pattern does not name.
_OTHER = "\ufdd2"
_UNKNOWN = re.compile(f"[{UNKNOWN_CHARACTER}{UNKNOWN_TEXT}]")
_COMPONENTS = 6
_REFERENCE = re.compile(r"\$\{(!?)([^{}]+)\}")
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_WITHOUT_COLON = frozenset(
    f"${{AWS::{name}}}" for name in ("AccountId", "Partition", "Region", "StackName", "URLSuffix")
)
#: Patterns such as `*a??????????????` make the search grow without bounds; past this nothing is proved.
_SEARCHED = 5_000


class Wild(Enum):
    """What a pattern holds besides literal text."""

    MANY = "any characters"
    MANY_OF_SEGMENT = "any characters but colons"
    ONE = "any one character"
    ONE_OF_SEGMENT = "any one character but a colon"
    UNKNOWN = "the unknown value of a policy variable"


WILDCARDS = {"*": Wild.MANY, "?": Wild.ONE}
_MANY = (Wild.MANY, Wild.MANY_OF_SEGMENT)


class Untold(Struct, frozen=True):
    """A text that nobody told; one ``of_segment`` holds no colon."""

    text: str

    @property
    def of_segment(self) -> bool:
        """Whether no colon can be in it."""
        return self.text in _WITHOUT_COLON


Token = str | Wild | Untold
_Tokens = tuple[Token, ...]


class Pattern(Struct, frozen=True):
    """Literal texts and wildcards in order; ``unknown`` names the variables without a known value."""

    tokens: _Tokens
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
    if not pattern.unknown and _fits(pattern.tokens, text, ignore_case, by_segment):
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
    wider, narrower = (_completed(_spelled(text)) for text in (wide, narrow))
    # What follows a symbol's unknown text: each side takes the reading that proves less.
    return _contained(tuple(_by_segment(narrower, generous=True)), tuple(_by_segment(wider, generous=False)))


@lru_cache(maxsize=16384)
def covers_text(
    wide: str, narrow: str, *, wide_literal: bool = False, narrow_literal: bool = False, ignore_case: bool = False
) -> bool:
    """Whether a text with wildcards covers another one; in a literal one, ``*`` and ``?`` stand for themselves."""
    wider, narrower = _spelled(wide, literal=wide_literal), _spelled(narrow, literal=narrow_literal)
    return _contained(_lowered(narrower), _lowered(wider)) if ignore_case else _contained(narrower, wider)


@lru_cache(maxsize=4096)
def covers_arn(wide: str, narrow: str) -> bool:
    """Whether an ARN in an ArnLike condition covers another one, in each of the six components for itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    if wide == narrow:
        return True
    wider, narrower = (_components(_spelled(text)) for text in (wide, narrow))
    # A symbol that may hold colons hides where the components after it begin.
    hidden = any(
        isinstance(token, Untold) and not token.of_segment
        for components in (wider, narrower)
        for component in components[: _COMPONENTS - 1]
        for token in component
    )
    if hidden or not len(wider) == len(narrower) == _COMPONENTS:
        return False
    return all(_contained(part, whole) for part, whole in zip(narrower, wider, strict=True))


def _fits(tokens: _Tokens, text: str, ignore_case: bool, by_segment: bool) -> bool:
    if tokens and (len(tokens) > 1 or isinstance(tokens[0], Wild)):
        return _regex(tokens, ignore_case, by_segment).fullmatch(text) is not None
    # Most actions of a policy are plain names: no regular expression is worth compiling for them.
    literal = str(tokens[0]) if tokens else ""
    return literal == text or (ignore_case and literal.lower() == text.lower())


@lru_cache(maxsize=8192)
def _regex(tokens: _Tokens, ignore_case: bool, by_segment: bool) -> re.Pattern[str]:
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


def _could_match(tokens: _Tokens, text: str, ignore_case: bool) -> bool:
    """Whether some value of the unknown parts makes the pattern match; generous about segments."""
    if not _may_begin_alike(tokens, text, ignore_case):
        return False
    wanted = tuple(_letters(tokens, ignore_case))
    reached = _with_skipped(wanted, {0})
    for letter in text.lower() if ignore_case else text:
        if letter == UNKNOWN_TEXT:
            reached = frozenset(range(min(reached, default=len(wanted) + 1), len(wanted) + 1))
        else:
            reached = _advanced(wanted, reached, letter)
    return len(wanted) in reached


def _may_begin_alike(tokens: _Tokens, text: str, ignore_case: bool) -> bool:
    """Whether what is known of both beginnings is the same: most pairs differ there, and need no closer look."""
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
def _components(tokens: _Tokens) -> tuple[_Tokens, ...]:
    """The colon-separated components of an ARN, without empty texts; the last holds all further colons."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        head, *rest = token.split(":", _COMPONENTS - len(parts))
        parts[-1].append(head)
        parts.extend([text] for text in rest)
    return tuple(tuple(token for token in part if token != "") for part in parts)


@lru_cache(maxsize=16384)
def _spelled(text: str, *, literal: bool = False) -> _Tokens:
    tokens: list[Token] = []
    position = 0
    for found in _REFERENCE.finditer(text):
        tokens += _plain(text[position : found.start()], literal)
        # `${*}`, `${?}` and `${$}` are the characters themselves.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        tokens.append(found[2] if found[1] and found[2] in ("*", "?", "$") else Untold(found[0]))
        position = found.end()
    tokens += _plain(text[position:], literal)
    return tuple(
        token
        for index, token in enumerate(tokens)
        if not (token is Wild.MANY and index and tokens[index - 1] is Wild.MANY)
    )


def _plain(text: str, literal: bool) -> list[Token]:
    return list(text) if literal else [WILDCARDS.get(character, character) for character in text]


def _lowered(tokens: _Tokens) -> _Tokens:
    return tuple(token.lower() if isinstance(token, str) else token for token in tokens)


def _completed(tokens: _Tokens) -> _Tokens:
    missing = _COMPONENTS - 1 - tokens.count(":")
    unclear = any(isinstance(token, Untold) and not token.of_segment for token in tokens)
    if missing <= 0 or unclear or tokens[:4] != ("a", "r", "n", ":"):
        return tokens
    return (*tokens, *(":", Wild.MANY) * missing)


def _by_segment(tokens: _Tokens, *, generous: bool) -> Iterator[Token]:
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else ":"
        if token is Wild.ONE:
            yield Wild.ONE_OF_SEGMENT
        elif token is Wild.MANY and after != ":" and not (generous and isinstance(after, Untold)):
            yield Wild.MANY_OF_SEGMENT
        else:
            yield token


def _contained(narrow: _Tokens, wide: _Tokens) -> bool:
    """Whether every text of ``narrow`` is one of ``wide``: both are run side by side over all texts of ``narrow``.

    A state is a place in ``narrow`` with all the places that ``wide`` may have reached by then.
    """
    if wide in (narrow, (Wild.MANY,)):
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
        many = token in _MANY
        following = {(at + 1, reached)} if many else set()
        for letter in letters if isinstance(token, Wild) else (token,):
            if _takes(token, letter):
                following.add((at if many else at + 1, _advanced(wide, reached, letter)))
        pending += following - seen
        seen |= following
    return True


def _advanced(wide: _Tokens, reached: frozenset[int], letter: Token) -> frozenset[int]:
    places = set()
    for at in reached:
        if at < len(wide) and _takes(wide[at], letter):
            places.add(at if wide[at] in _MANY else at + 1)
    return _with_skipped(wide, places)


def _with_skipped(wide: Sequence[Token], places: set[int]) -> frozenset[int]:
    """The places, and those behind a ``*``, which may also stand for nothing."""
    reached = set(places)
    for place in places:
        at = place
        while at < len(wide) and wide[at] in _MANY:
            at += 1
            reached.add(at)
    return frozenset(reached)


def _takes(token: Token, letter: Token) -> bool:
    """Whether one token matches a letter: a character, or a symbol as a whole."""
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
