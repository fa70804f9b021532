"""JSON with symbols: in a heredoc, in a template file, in the argument of ``jsondecode``."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import Call, Place, Source
from cfnroles.hcl.values import Failed, Value
from cfnroles.symbols import Expression, Symbol
from cfnroles.text import Part, Text

# Characters that no document uses.
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_DEPTH = 60
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


class PartialMembers(dict[str, Value]):
    """A partly known object: the expression ``rest`` represents any number of members."""

    rest: Expression | None = None


def decode(made: Sequence[tuple[Part, Place]], *, spliced: bool = False) -> Value:
    """Return the value of a JSON text. Raise Failed if it is invalid. Each value has the place of its own part.

    If it may be ``spliced``, an expression without a comma next to it represents any number of elements or members with
    their commas: the result has `Partial` and `PartialMembers`.
    """
    return _Reader(made, spliced=spliced).whole()


class _Reader:
    def __init__(self, made: Sequence[tuple[Part, Place]], *, spliced: bool) -> None:
        self._spliced = spliced
        self._symbols: list[Symbol] = []
        self._starts: list[tuple[int, Place]] = []
        pieces: list[str] = []
        length = 0
        for part, place in made:
            piece = part.replace(_OPEN, "").replace(_CLOSE, "") if isinstance(part, str) else self._mark(part)
            self._starts.append((length, place))
            pieces.append(piece)
            length += len(piece)
        self._text = "".join(pieces)
        self._offsets = [offset for offset, _ in self._starts]
        self._at = 0

    def _mark(self, symbol: Symbol) -> str:
        self._symbols.append(symbol)
        return f"{_OPEN}{len(self._symbols) - 1}{_CLOSE}"

    def _place(self, offset: int) -> Place:
        if not self._starts:
            return Place("", 0, 0)
        start, place = self._starts[max(bisect_right(self._offsets, offset) - 1, 0)]
        before = self._text[start:offset]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") if lines else place.column + len(before)
        return Place(place.document, place.line + lines, column)

    def whole(self) -> Value:
        found = self._value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._failed("unexpected text after the value")
        return found

    def _failed(self, what: str) -> Failed:
        place = self._place(min(self._at, len(self._text)))
        return Failed(f"the text is not valid JSON: {what} at {place.document}:{place.line}", place)

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _value(self, depth: int) -> Value:
        self._skip()
        start = self._at
        place = self._place(start)
        if depth > _DEPTH:
            raise self._failed("it is nested too deeply")
        sign = self._text[start : start + 1]
        if sign == "{":
            return Value(self._object(depth), place)
        if sign == "[":
            return Value(self._list(depth), place)
        if sign == '"':
            return Value(self._string(), place)
        if mark := _MARK.match(self._text, start):
            self._at = mark.end()
            return Value(_decoded(self._symbols[int(mark[1])]), place)
        match = _SCALAR.match(self._text, start)
        if match is None:
            raise self._failed("expected a value")
        self._at = match.end()
        return Value(_scalar(match[0]), place)

    def _string(self) -> str | Text:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise self._failed("a string is not closed")
        whole = match[0][1:-1]
        if "\\" in whole:
            try:
                whole = json.loads(match[0], strict=False)
            except ValueError as error:
                raise self._failed("an escape sequence is not valid") from error
        self._at = match.end()
        if _OPEN not in whole:
            return str(whole)
        pieces = _MARK.split(whole)
        return Text(*(self._symbols[int(each)] if index % 2 else each for index, each in enumerate(pieces)))

    def _object(self, depth: int) -> dict[str, Value]:
        self._at += 1
        found = PartialMembers()
        self._skip()
        while not self._text.startswith("}", self._at):
            if members := self._splice():
                found.rest = members
                self._value(depth)
                self._more("}", members)
                continue
            if not self._text.startswith('"', self._at):
                raise self._failed("expected a key in quotes")
            key = str(self._string())
            self._skip()
            self._expect(":")
            self._skip()
            whole = self._splice()
            found[key] = self._value(depth + 1)
            if self._more("}", whole) and whole:
                found.rest = whole
        self._at += 1
        return found if found.rest else dict(found)

    def _list(self, depth: int) -> list[Value]:
        self._at += 1
        found: list[Value] = []
        open_ = False
        self._skip()
        while not self._text.startswith("]", self._at):
            whole = self._splice()
            found.append(self._value(depth + 1))
            open_ = self._more("]", whole) or open_
        self._at += 1
        if not open_:
            return found
        # It is a text, not a list that the user's file could repeat.
        texts = (replace(each, data=replace(each.data, written="")) if each.unknown else each for each in found)
        return Partial(texts)

    def _splice(self) -> Expression | None:
        """Return the expression here, if it may represent several elements or members."""
        mark = _MARK.match(self._text, self._at) if self._spliced else None
        symbol = self._symbols[int(mark[1])] if mark else None
        return symbol if isinstance(symbol, Expression) else None

    def _expect(self, sign: str) -> None:
        if not self._text.startswith(sign, self._at):
            raise self._failed(f"{sign} is expected")
        self._at += 1

    def _more(self, closing: str, whole: Expression | None) -> bool:
        """Parse a comma with what follows, or the closing bracket.

        Return whether a comma may be in the expression before or behind this place.
        """
        self._skip()
        if self._text.startswith(closing, self._at):
            return False
        if not self._text.startswith(",", self._at):
            if whole or self._splice():
                return True
            raise self._failed(f"expected a comma or {closing}")
        self._at += 1
        self._skip()
        if self._text.startswith(closing, self._at):
            raise self._failed("expected a value after the comma")
        return False


def _decoded(symbol: Symbol) -> Symbol:
    """Return the expression of the value whose JSON an expression is."""
    if not isinstance(symbol, Expression) or not symbol.written:
        return symbol
    written = symbol.written[2:-1]
    node = parse_expression(Source(written, written))
    if isinstance(node, Call) and node.name == "jsonencode" and len(node.arguments) == 1:
        return replace(symbol, written=f"${{{node.arguments[0].written}}}")
    return replace(symbol, written=f"${{jsondecode({written})}}")


def _scalar(text: str) -> Any:
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    if re.fullmatch(r"-?\d{1,300}", text):
        return int(text)
    number = float(text)
    return number if abs(number) < 1e300 else 0
