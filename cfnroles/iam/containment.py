"""Containment of IAM's patterns: whether one matches everything that another matches.

    covers_resource("arn:aws:s3:::config/*", "arn:aws:s3:::config/web.env")     # True

Texts are in the spelling of ``Fn::Sub``. A symbol such as ``${Bucket}``, or a policy variable such as
``${!aws:username}``, represents one unknown text that is the same on both sides. Only itself and ``*`` cover it. The
result is ``False`` if nothing can be proved.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

from cfnroles.iam.patterns import (
    COMPONENTS,
    MANY,
    WILDCARDS,
    Token,
    Tokens,
    Untold,
    Wild,
    advanced,
    components,
    takes,
    with_skipped,
)

#: Any character that the wider pattern does not contain.
_OTHER = "\ufdd2"
_REFERENCE = re.compile(r"\$\{(!?)([^{}]+)\}")
#: Patterns such as `*a??????????????` make the search grow without bounds. Above this, nothing is proved.
_SEARCHED = 5_000
#: The maximum number of positions in the wider pattern: each state may have all of them.
_VISITED = 100_000


@lru_cache(maxsize=16384)
def covers_action(wide: str, narrow: str) -> bool:
    """Return whether an Action pattern covers another one, ignoring case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    return covers_text(wide, narrow, ignore_case=True)


@lru_cache(maxsize=16384)
def covers_resource(wide: str, narrow: str) -> bool:
    """Return whether a Resource pattern covers another one.

    A wildcard does not cross the segments of an ARN, unless it is a ``*`` at the end of one. An incomplete ARN is
    completed with wildcards.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    if wide == narrow:
        return True
    wider, narrower = (_completed(_spelled(text)) for text in (wide, narrow))
    # What follows a symbol's unknown text: each side is read in the way that proves less.
    return _contained(tuple(_by_segment(narrower, generous=True)), tuple(_by_segment(wider, generous=False)))


@lru_cache(maxsize=16384)
def covers_text(
    wide: str, narrow: str, *, wide_literal: bool = False, narrow_literal: bool = False, ignore_case: bool = False
) -> bool:
    """Return whether a text with wildcards covers another one. In a literal text, ``*`` and ``?`` are ordinary
    characters.
    """
    wider = _spelled(wide, literal=wide_literal, ignore_case=ignore_case)
    return _contained(_spelled(narrow, literal=narrow_literal, ignore_case=ignore_case), wider)


@lru_cache(maxsize=4096)
def covers_arn(wide: str, narrow: str) -> bool:
    """Return whether an ARN in an ArnLike condition covers another one, in each of the six components.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    if wide == narrow:
        return True
    wider, narrower = (components(_spelled(text)) for text in (wide, narrow))
    # A symbol that may contain colons hides where the components after it begin.
    hidden = any(
        isinstance(token, Untold) and not token.of_segment
        for components in (wider, narrower)
        for component in components[: COMPONENTS - 1]
        for token in component
    )
    if hidden or not len(wider) == len(narrower) == COMPONENTS:
        return False
    return all(_contained(part, whole) for part, whole in zip(narrower, wider, strict=True))


@lru_cache(maxsize=16384)
def _spelled(text: str, *, literal: bool = False, ignore_case: bool = False) -> Tokens:
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
        token.lower() if ignore_case and isinstance(token, str) else token
        for index, token in enumerate(tokens)
        if not (token is Wild.MANY and index and tokens[index - 1] is Wild.MANY)
    )


def _plain(text: str, literal: bool) -> list[Token]:
    return list(text) if literal else [WILDCARDS.get(character, character) for character in text]


def _completed(tokens: Tokens) -> Tokens:
    missing = COMPONENTS - 1 - tokens.count(":")
    unclear = any(isinstance(token, Untold) and not token.of_segment for token in tokens)
    if missing <= 0 or unclear or tokens[:4] != ("a", "r", "n", ":"):
        return tokens
    return (*tokens, *(":", Wild.MANY) * missing)


def _by_segment(tokens: Tokens, *, generous: bool) -> Iterator[Token]:
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else ":"
        if token is Wild.ONE:
            yield Wild.ONE_OF_SEGMENT
        elif token is Wild.MANY and after != ":" and not (generous and isinstance(after, Untold)):
            yield Wild.MANY_OF_SEGMENT
        else:
            yield token


def _contained(narrow: Tokens, wide: Tokens) -> bool:
    """Return whether ``wide`` matches every text of ``narrow``, by simulating both patterns in parallel.

    A state is a position in ``narrow`` with all positions that ``wide`` may have reached.
    """
    if wide in (narrow, (Wild.MANY,)):
        return True
    begin = _alike(narrow, wide)
    if begin < min(len(narrow), len(wide)) and isinstance(narrow[begin], str) and isinstance(wide[begin], str):
        return False
    letters = {token for token in wide if isinstance(token, str)} | {":", _OTHER}
    pending = [(begin, with_skipped(wide, {begin}))]
    seen = set(pending)
    visited = 0
    while pending:
        at, reached = pending.pop()
        visited += len(reached)
        if not reached or len(seen) > _SEARCHED or visited > _VISITED:
            return False
        if at == len(narrow):
            if len(wide) not in reached:
                return False
            continue
        token = narrow[at]
        many = token in MANY
        following = {(at + 1, reached)} if many else set()
        for letter in letters if isinstance(token, Wild) else (token,):
            if takes(token, letter):
                following.add((at if many else at + 1, advanced(wide, reached, letter)))
        pending += following - seen
        seen |= following
    return True


def _alike(narrow: Tokens, wide: Tokens) -> int:
    """Return how many characters both begin with. Most pairs differ in the first that are not."""
    known = (one == other and isinstance(one, str) for one, other in zip(narrow, wide, strict=False))
    return sum(itertools.takewhile(bool, known))
