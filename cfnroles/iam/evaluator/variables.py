"""Policy variables: ``${aws:username}``, ``${key, 'default'}`` and the literals ``${*}``, ``${?}``, ``${$}``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from cfnroles.iam.evaluator.request import Context
from cfnroles.iam.patterns import WILDCARDS, Pattern, Token, Wild, has_unknown_characters
from cfnroles.iam.truth import Unknown

_VARIABLE = re.compile(r"\$\{([^{}]+)\}")
_WITH_DEFAULT = re.compile(r"(?P<key>[^,]+?)\s*,\s*'(?P<default>[^']*)'")
# Everything before an ARN's resource part: "arn:partition:service:region:account:".
_COLONS_BEFORE_RESOURCE = 5


class Variable(Struct, frozen=True):
    """A reference to a condition key, with the default for requests without it (None: no default)."""

    key: str
    default: str | None = None


class Unresolved(Struct, frozen=True):
    """A reference where AWS documents no substitution: its value is always unknown."""

    key: str


Part = str | Wild | Variable | Unresolved


class VariableText(Struct, frozen=True):
    """A policy string, divided into literal text, wildcards and variables."""

    parts: tuple[Part, ...]
    fixed: Pattern | None

    def expand(self, context: Context) -> Pattern | None:
        """Return the pattern with variables replaced from *context*; None if a variable has no value.

        A variable without a value matches nothing. The value of a variable is literal
        text: a ``*`` in it is not a wildcard. A variable with an unknown key, or with several values (a "multivalued
        condition key" cannot be a variable), leaves an unknown gap.
        """
        if self.fixed is not None:
            return self.fixed
        tokens: list[str | Wild] = []
        unknown: set[str] = set()
        for part in self.parts:
            if isinstance(part, str | Wild):
                tokens.append(part)
                continue
            value = part if isinstance(part, Unresolved) else _value(part, context)
            if value is None:
                return None
            if isinstance(value, str):
                tokens.append(value)
            else:
                tokens.append(Wild.UNKNOWN)
                unknown.add(part.key)
        return Pattern(_joined(tokens), frozenset(unknown))


@lru_cache(maxsize=8192)
def plain_text(text: str) -> VariableText:
    """Parse a string with wildcards and no variables: an action."""
    return _text(tuple(_parts(text, variables=False, wildcards=True)))


@lru_cache(maxsize=8192)
def condition_text(text: str, *, variables: bool, wildcards: bool) -> VariableText:
    """Parse a value of a string or ARN condition, with variables if the policy's version has them."""
    return _text(tuple(_parts(text, variables=variables, wildcards=wildcards)))


@lru_cache(maxsize=8192)
def resource_text(text: str, *, variables: bool) -> VariableText:
    """Parse a string of the Resource or NotResource element, with variables if the policy's version has them.

    An incomplete ARN is completed with wildcards. A variable counts only "in the resource portion of
    the ARN"; one before it makes the match unknown.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    colons = 0
    parts: list[Part] = []
    for part in _parts(text, variables=variables, wildcards=True):
        too_early = isinstance(part, Variable) and colons < _COLONS_BEFORE_RESOURCE
        parts.append(Unresolved(part.key) if isinstance(part, Variable) and too_early else part)
        colons += part.count(":") if isinstance(part, str) else 0
    missing = _COLONS_BEFORE_RESOURCE - colons
    if text.startswith("arn:") and missing > 0 and not any(isinstance(part, Unresolved) for part in parts):
        parts += [token for _ in range(missing) for token in (":", Wild.MANY)]
    return _text(tuple(parts))


def variables_of(text: str) -> tuple[str, ...]:
    """Return the keys of the variables in *text*, as spelled."""
    parts = _parts(text, variables=True, wildcards=False)
    return tuple(part.key for part in parts if isinstance(part, Variable))


def _text(parts: tuple[Part, ...]) -> VariableText:
    tokens = [part for part in parts if isinstance(part, str | Wild)]
    return VariableText(parts, Pattern(_joined(tokens)) if len(tokens) == len(parts) else None)


def _value(variable: Variable, context: Context) -> str | Unknown | None:
    values = context.lookup(variable.key)
    if isinstance(values, Unknown):
        return values
    if not values:
        return variable.default
    if len(values) > 1 or has_unknown_characters(values[0]):
        return Unknown(frozenset({variable.key}))
    return values[0]


def _parts(text: str, *, variables: bool, wildcards: bool) -> Iterator[Part]:
    position = 0
    if variables:
        for found in _VARIABLE.finditer(text):
            yield from _tokens(text[position : found.start()], wildcards)
            yield _reference(found[1])
            position = found.end()
    yield from _tokens(text[position:], wildcards)


def _reference(inside: str) -> Part:
    if inside in ("*", "?", "$"):
        return inside
    with_default = _WITH_DEFAULT.fullmatch(inside)
    return Variable(with_default["key"], with_default["default"]) if with_default else Variable(inside)


def _tokens(text: str, wildcards: bool) -> Iterator[str | Wild]:
    if not wildcards:
        yield text
        return
    for piece in re.split(r"([*?])", text):
        yield WILDCARDS.get(piece, piece)


def _joined(tokens: Iterable[str | Wild]) -> tuple[Token, ...]:
    joined: list[str | Wild] = []
    for token in tokens:
        if token == "" or (token is Wild.MANY and joined[-1:] == [Wild.MANY]):
            continue
        if isinstance(token, str) and joined and isinstance(joined[-1], str):
            joined[-1] += token
        else:
            joined.append(token)
    return tuple(joined)
