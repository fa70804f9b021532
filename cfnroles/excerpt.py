"""The source line of an error with a caret, without values that may be secret.

Shown are keys, and the one value that the error is about: only if the error quotes it already, or if its key never
has a secret. All other values are dots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.layout import columns
from cfnroles.page import LINE_END, Page, joined, page, painted, verbatim, visible

#: The part of a line that fits 80 columns next to its number.
_MOST = 66
_HIDDEN = "…"

_STRING = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<comment>(?:(?<=\s)|^)(?:\#|//).*)|(?P<string>{_STRING})|(?P<open>[\"'].*)"
    r"|(?P<mark>[{}\[\],]|[:=](?!=)(?=\s|$)|(?<=[\"'])\s*:|-(?=\s)|(?<=[\"'])=)"
    r"|(?P<word>(?:[^\s\"'{}\[\],:=]|:(?!\s|$)|=(?!\s|$))+)|(?P<other>.)"
)
_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w.:/ -]*")
_HEADER = re.compile(r"\s*[a-z_]+(?:\s+(?:\"[\w-]*\"|[\w-]+))*\s*\{?\s*")

#: References of CloudFormation to what a template declares. The long forms may also be members of another name.
_REFERENCE = re.compile(r"!(?:Ref|GetAtt)\s+(?:[A-Za-z0-9:.]+|\"[A-Za-z0-9:.]+\"|'[A-Za-z0-9:.]+')")

#: Members with names, numbers and choices as values, in lowercase and without hyphens.
_OPEN = frozenset(
    (
        *("account", "action", "apiversion", "awslogsregion", "condition", "containername", "containerport", "cpu"),
        *("dependson", "driver", "effect", "essential", "executionrolearn", "expression", "family", "hostport"),
        *("image", "ipcmode", "launchtype", "logdriver", "memory", "memoryreservation", "networkmode", "notaction"),
        *("notresource", "operatingsystemfamily", "partition", "pidmode", "platformversion", "principal", "protocol"),
        *("region", "requirescompatibilities", "resource", "runby", "service", "sid", "taskdefinition", "taskrolearn"),
        *("type", "version"),
    )
)


#: Parts of a document that may contain secrets. No value in them is shown.
_SECRET = re.compile(
    r"value$|environment|variables|secret|passw|token|credential|command|entrypoint|label|tags|default", re.IGNORECASE
)


def is_secret(path: Sequence[str | int]) -> bool:
    """Return whether a part of a document may contain a secret."""
    return any(_SECRET.search(str(step)) for step in path)


class Spot(Struct, frozen=True):
    """A place in a text: line and column, from 1. ``key`` is the member whose value is meant, if any.

    With ``secret``, no value is shown.
    """

    text: str
    line: int
    column: int
    document: str = ""
    key: str = ""
    secret: bool = False

    @property
    def terraform(self) -> bool:
        """Whether the text is in Terraform's language."""
        return self.document.endswith((".tf", ".tofu", ".tfvars", ".hcl"))


class _Token(Struct, frozen=True):
    kind: str
    start: int
    text: str


def excerpt(spot: Spot, said: str = "") -> Page:
    """Return the line with a caret below the place; ``said`` is the text of the error.

    Empty if the line does not exist, or if all of it is hidden.
    """
    lines = LINE_END.split(spot.text)
    if not 0 < spot.line <= len(lines):
        return page([])
    tokens = [*_tokens(lines[spot.line - 1], spot)]
    target = _target(tokens, replace(spot, key="") if _is_about_key(spot.key, said) else spot)
    told, start, size = "", 0, 1
    for token in tokens:
        shown = _shown(token, spot, said if token is target else "")
        if token is target:
            start, size = len(told), max(len(shown), 1)
        told += shown
    if target is None:
        start = len(told.rstrip())
    if not any(map(str.isalnum, told)):
        return page([])
    told, start = _cropped(told.rstrip(), start)
    return _drawn(spot.line, told, start, min(size, max(len(told) - start, 1)))


def _is_about_key(key: str, said: str) -> bool:
    """Return whether an error names a key, in quotes or as an unknown member, so that the caret belongs below it."""
    return bool(key) and (
        repr(key) in said or re.search(rf"member {re.escape(key)}(?!\w)", said, re.IGNORECASE) is not None
    )


def _drawn(number: int, told: str, start: int, size: int) -> Page:
    margin = f"{number:>6}"
    below = " " * columns(told[:start]) + "^" * columns(told[start : start + size] or " ")
    code = joined(painted(f"{margin} |", "34"), " ", told)
    caret = joined(painted(f"{' ' * len(margin)} |", "34"), " ", painted(below, "1;31"))
    return verbatim(page([code, caret]))


def _cropped(told: str, start: int) -> tuple[str, int]:
    """Return the line without indentation, or the part around the caret if it is long."""
    indent = len(told) - len(told.lstrip())
    told, start = told[indent:], max(start - indent, 0)
    if len(told) <= _MOST:
        return told, start
    first = max(0, min(start - _MOST // 3, len(told) - _MOST))
    before, after = (_HIDDEN if first else ""), (_HIDDEN if first + _MOST < len(told) else "")
    return f"{before}{told[first : first + _MOST]}{after}", start - first + len(before)


def _tokens(line: str, spot: Spot) -> Iterator[_Token]:
    """Yield keys, values, punctuation and spaces of a line, without comments and unknown tokens."""
    if spot.terraform and _HEADER.fullmatch(line):
        yield _Token("key", 0, line)
        return
    found = [_Token(each.lastgroup or "", each.start(), each[0]) for each in _TOKEN.finditer(line)]
    found = found[: next((at for at, each in enumerate(found) if each.kind == "comment"), len(found))]
    is_value, depth = False, 0
    at = 0
    while at < len(found):
        token = found[at]
        if token.kind == "mark":
            is_value = token.text.strip() in (":", "=") or (is_value and token.text not in ("{", ","))
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token.text, 0)
            yield token
        elif token.kind == "space":
            yield token
        elif not is_value and _is_key(found, at, spot):
            yield _Token("key", token.start, token.text)
        else:
            end = _end_of_value(found, at, depth, spot)
            text = "".join(each.text for each in found[at:end])
            yield _Token("value", token.start, text.rstrip())
            yield _Token("space", token.start + len(text.rstrip()), text[len(text.rstrip()) :])
            at = end - 1
        at += 1


def _is_key(found: Sequence[_Token], at: int, spot: Spot) -> bool:
    """Return whether a token is a member's name: quoted before a colon, or a word in the form of a name."""
    token = found[at]
    after = next((each.text.strip() for each in found[at + 1 :] if each.kind != "space"), "")
    if after not in (":", "=") or (after == "=" and not spot.terraform):
        return False
    if token.kind == "string":
        return True
    if token.kind != "word" or not _PLAIN_KEY.fullmatch(token.text):
        return False
    before = [each for each in found[:at] if each.kind != "space" and each.text != "-"]
    return not before or (bool(spot.key) and before[-1].text in ("{", ","))


def _end_of_value(found: Sequence[_Token], at: int, depth: int, spot: Spot) -> int:
    """Return the end of a value: a quoted string at its closing quote, a plain one at the next mark of its braces."""
    if found[at].kind == "string":
        return at + 1
    ends = {",", "}", "]"} if depth or spot.text.lstrip()[:1] in ("{", "[") else set()
    return next((end for end in range(at + 1, len(found)) if found[end].text in ends), len(found))


def _target(tokens: Sequence[_Token], spot: Spot) -> _Token | None:
    """Return the token for the caret: the value of the member whose key is at the place, or the token there."""
    at = next((n for n, each in enumerate(tokens) if each.start + len(each.text) >= spot.column), None)
    if at is None:
        return None
    token = tokens[at]
    if token.kind != "key" or not spot.key:
        return token
    others = (each for each in tokens[at + 1 :] if each.kind != "space" and each.text.strip() not in (":", "="))
    value = next(others, None)
    return value if value is not None and value.kind == "value" else token


def _shown(token: _Token, spot: Spot, said: str) -> str:
    if token.kind == "space":
        return " " * len(token.text)
    if token.kind != "value" or (not spot.secret and _is_open(token.text, spot.key, said)):
        return visible(token.text)
    return visible(token.text) if not spot.terraform and _REFERENCE.fullmatch(token.text) else _HIDDEN


def _is_open(text: str, key: str, said: str) -> bool:
    """Return whether a value may be shown. ``said`` is the text of an error about it, or empty."""
    value = text.strip("\"'")
    return bool(said) and bool(key) and (value in said or re.sub(r"[^a-z]", "", key.lower()) in _OPEN)
