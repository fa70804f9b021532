"""Expressions of a user's with the spaces that `terraform fmt` leaves in them.

https://github.com/hashicorp/hcl/blob/main/hclwrite/format.go
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_TOKEN = re.compile(r"[A-Za-z_][\w-]*|\d+(?:\.\d+)?|=>|==|!=|<=|>=|&&|\|\||\.\.\.|[^\s\"]")
#: White space and comments.
_SKIPPED = re.compile(r"(?:\s+|(?:#|//)[^\n]*|/\*.*?\*/)+", re.DOTALL)
_OPERATORS = frozenset(("=", "=>", "==", "!=", "<=", ">=", "&&", "||", *"<>+-*/%?:,"))
_CLOSING = frozenset(")]}")
#: The maximum length of an expression in a comment or message.
_LONGEST = 100
_KEYWORDS = frozenset({"for", "in", "if"})


def tidied(text: str) -> str:
    """An expression on one line, in Terraform's own layout."""
    found, before, unary = "", "", False
    for piece in _without_lines(_tokens(text)):
        found += f" {piece}" if before and not unary and _apart(before, piece) else piece
        unary = piece == "!" or (piece == "-" and (not before or before in _OPERATORS or before in "([{"))
        before = piece
    return found


def in_short(text: str) -> str:
    """An expression on one line for readers: a long one ends after a word, with an ellipsis."""
    line = tidied(text)
    if len(line) <= _LONGEST:
        return line
    return f"{line[:_LONGEST].rpartition(' ')[0] or line[:_LONGEST]} ..."


def _without_lines(pieces: Iterable[str]) -> Iterator[str]:
    """The tokens without the ends of lines: between the members of an object, a comma has their place."""
    open_: list[str] = []
    before, ended, comma = "", False, False
    for piece in pieces:
        if piece in ("\n", ","):
            ended, comma = ended or piece == "\n", comma or piece == ","
            continue
        member = ended and open_[-1:] == ["{"] and before not in _OPERATORS and before != "{"
        if (comma or member) and piece not in _CLOSING:
            yield ","
        if before == "{" and piece == "for":
            open_[-1] = "for"  # a loop ends no member at the end of a line
        if piece in ("(", "[", "{"):
            open_.append(piece)
        elif piece in _CLOSING and open_:
            open_.pop()
        yield piece
        before, ended, comma = piece, False, False


def is_quoted(text: str) -> bool:
    """Whether an expression is one quoted text, with all that is interpolated in it."""
    return text.startswith('"') and _quoted(text, 0) == text


def _apart(before: str, piece: str) -> bool:
    """Return whether a space is between two tokens."""
    if piece in (")", "]", ",", ".", "...") or before in ("(", "[", "."):
        return False
    if before == "{":
        return piece != "}"
    if piece == "(":
        return before in _OPERATORS
    if piece == "[":
        return before in _OPERATORS or before in _KEYWORDS
    return True


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        if skipped := _SKIPPED.match(text, at):
            if "\n" in skipped[0]:
                yield "\n"
            at = skipped.end()
            continue
        piece = _quoted(text, at) if text[at] == '"' else _token(text, at)
        yield _tidied_text(piece) if piece.startswith('"') else piece
        at += len(piece)


def _token(text: str, at: int) -> str:
    match = _TOKEN.match(text, at)
    return match.group() if match else text[at]


def _quoted(text: str, at: int) -> str:
    """The quoted text that begins here, with the quoted texts in its interpolations."""
    end = at + 1
    while end < len(text) and text[end] != '"':
        if text[end] == "\\":
            end += 2
        elif _opens(text, end):
            end = _closing(text, end + 2) + 1
        else:
            end += 1
    return text[at : end + 1]


def _opens(text: str, at: int) -> bool:
    return text[at : at + 2] in ("${", "%{") and text[at - 1 : at] != text[at]


def _closing(text: str, at: int) -> int:
    """Return the offset of the brace that ends an interpolation."""
    depth = 0
    while at < len(text):
        if text[at] == '"':
            at += len(_quoted(text, at))
            continue
        if text[at] == "}" and depth == 0:
            return at
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def _tidied_text(quoted: str) -> str:
    """A quoted text with its interpolations and directives in their layout."""
    made, at = "", 0
    while at < len(quoted):
        if at and _opens(quoted, at):
            end = _closing(quoted, at + 2)
            inner = quoted[at + 2 : end]
            tidy = not inner.startswith("~") and not inner.endswith("~")
            made += f"{quoted[at : at + 2]}{tidied(inner) if tidy else inner}}}"
            at = end + 1
        else:
            made += quoted[at]
            at += 1
    return made
