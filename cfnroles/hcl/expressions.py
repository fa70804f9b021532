"""Expressions, as they stand in a text.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re

from cfnroles.hcl.syntax import (
    Call,
    Conditional,
    Constant,
    For,
    GetAttribute,
    Index,
    Node,
    Object,
    Operation,
    Splat,
    Tuple,
    Variable,
)
from cfnroles.hcl.templates import DEPTH, TemplateReader

NAME = re.compile(r"[^\W\d][\w-]*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DIGITS = re.compile(r"\d+")
_SPLAT = re.compile(r"\.\*|\[\s*\*\s*\]")
_AFTER_KEY = re.compile(r"[ \t]*(?:=(?![=>])|:)")
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)\r?\n")
#: Each level binds tighter than the one before it.
_LEVELS = (
    re.compile(r"\|\|"),
    re.compile(r"&&"),
    re.compile(r"==|!="),
    re.compile(r"<=|>=|<(?!<)|>"),
    re.compile(r"[+-]"),
    re.compile(r"[*%]|/(?![/*])"),
)
_CONSTANTS = {"true": True, "false": False, "null": None}


class ExpressionReader(TemplateReader):
    """The part of a parser that reads expressions. Inside of brackets a line's end is a space."""

    def expression(self) -> Node:
        """An expression, with conditionals."""
        self.deeper()
        start = self.at
        found = self._binary(0)
        if self._ahead("?"):
            self.at += 1
            self.skip()
            yes = self.expression()
            self._expect(":")
            no = self.expression()
            found = Conditional(self.source, start, no.end, found, yes, no)
        self.depth -= 1
        return found

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        start, left = self.at, self._binary(level + 1)
        while True:
            before = self.at
            self.skip()
            match = _LEVELS[level].match(self.text, self.at)
            if match is None:
                self.at = before
                return left
            self.at = match.end()
            self.skip()
            right = self._binary(level + 1)
            left = Operation(self.source, start, right.end, match[0], (left, right))

    def _unary(self) -> Node:
        start = self.at
        signs = []
        while self.text[self.at : self.at + 1] in ("-", "!"):
            signs.append(self.text[self.at])
            self.at += 1
            self.skip()
            if len(signs) > DEPTH:
                raise self.fault(f"is nested deeper than {DEPTH} levels")
        found = self._traversal()
        for sign in reversed(signs):
            found = Operation(self.source, start, found.end, sign, (found,))
        return found

    def _traversal(self) -> Node:
        start, found = self.at, self._term()
        steps = 0
        while True:
            before = self.at
            self.skip()
            if self._splat_ahead():
                found = self._splat(found, start)
            elif (step := self._step(found, start)) is None:
                self.at = before
                return found
            else:
                found = step
            steps += 1
            if steps > DEPTH:
                raise self.fault(f"is nested deeper than {DEPTH} levels")

    def _step(self, of: Node, start: int) -> Node | None:
        """``.name``, ``.0`` or ``[key]``; ``None`` for anything else."""
        if self.text.startswith("[", self.at):
            self.at += 1
            key = self.bracketed(self.expression)
            self._expect("]", skip=False)
            return Index(self.source, start, self.at, of, key)
        if not self.text.startswith(".", self.at) or self.text.startswith("...", self.at):
            return None
        self.at += 1
        begun = self.at
        if name := self._match(NAME):
            return GetAttribute(self.source, start, self.at, of, name)
        if number := self._match(_DIGITS):
            return Index(self.source, start, self.at, of, Constant(self.source, begun, self.at, int(number)))
        raise self.fault("the name of an attribute is expected after the dot")

    def _splat_ahead(self) -> bool:
        return bool(_SPLAT.match(self.text, self.at))

    def _splat(self, of: Node, start: int) -> Node:
        full = self.text.startswith("[", self.at)
        self.at = self.text.index("]" if full else "*", self.at) + 1
        each: Node = Variable(self.source, self.at, self.at, "*")
        while True:
            before = self.at
            if full:
                self.skip()
            # What follows .* takes attributes alone, up to an index.
            if self._splat_ahead() or (not full and self.text.startswith("[", self.at)):
                step = None
            else:
                step = self._step(each, start)
            if step is None:
                self.at = before
                return Splat(self.source, start, self.at, of, each)
            each = step

    def _term(self) -> Node:
        start, sign = self.at, self.text[self.at : self.at + 1]
        if sign == '"':
            return self.quoted()
        if heredoc := _HEREDOC.match(self.text, self.at):
            self.at = heredoc.end()
            return self.heredoc(heredoc[2], start, indented=bool(heredoc[1]))
        if sign == "(":
            self.at += 1
            found = self.bracketed(self.expression)
            self._expect(")", skip=False)
            return found
        if sign == "[":
            return self._tuple()
        if sign == "{":
            return self._object()
        if number := self._match(_NUMBER):
            value = _number(number)
            if value is None:
                raise self.fault("the number is too large", start)
            return Constant(self.source, start, self.at, value)
        name = self._match(NAME)
        if not name:
            raise self.fault("an expression is expected here")
        return self._named(name, start)

    def _named(self, name: str, start: int) -> Node:
        while self.text.startswith("::", self.at):
            self.at += 2
            name = f"{name}::{self._match(NAME)}"
        if self.text.startswith("(", self.at):
            return self._call(name, start)
        if name in _CONSTANTS:
            return Constant(self.source, start, self.at, _CONSTANTS[name])
        return Variable(self.source, start, self.at, name)

    def _call(self, name: str, start: int) -> Node:
        self.at += 1
        expands = False

        def arguments() -> list[Node]:
            nonlocal expands
            found = []
            while not self.text.startswith(")", self.at):
                found.append(self.expression())
                self.skip()
                if self._taken("..."):
                    expands = True
                    self.skip()
                if not self._taken(","):
                    break
                self.skip()
            return found

        found = self.bracketed(arguments)
        self._expect(")", skip=False)
        return Call(self.source, start, self.at, name, tuple(found), expands)

    def _tuple(self) -> Node:
        start = self.at
        self.at += 1

        def elements() -> Node | list[Node]:
            if self._keyword("for"):
                return self._for(start, "]")
            found = []
            while not self.text.startswith("]", self.at):
                found.append(self.expression())
                self.skip()
                if not self._taken(","):
                    break
                self.skip()
            return found

        found = self.bracketed(elements)
        self._expect("]", skip=False)
        if isinstance(found, list):
            return Tuple(self.source, start, self.at, tuple(found))
        return found

    def _object(self) -> Node:
        start = self.at
        self.at += 1
        self.skip(lines=True)
        if self._keyword("for"):
            found = self.bracketed(lambda: self._for(start, "}"))
            self._expect("}", skip=False)
            return found
        members = []
        lines, self.over_lines = self.over_lines, False
        while not self.text.startswith("}", self.at):
            key = self._key()
            self.skip()
            if not self._taken("=") and not self._taken(":"):
                raise self.fault("= is expected after a key")
            self.skip(lines=True)
            members.append((key, self.expression()))
            self.skip()
            if not self._taken(",") and not self.text.startswith(("\n", "}"), self.at):
                raise self.fault("a comma or the end of the line is expected here")
            self.skip(lines=True)
            if self.at >= len(self.text):
                raise self.fault("the object is not closed", start)
        self.at += 1
        self.over_lines = lines
        return Object(self.source, start, self.at, tuple(members))

    def _key(self) -> Node:
        start = self.at
        name = self._match(NAME)
        if name and _AFTER_KEY.match(self.text, self.at):
            return self.literal_text(name, start)
        self.at = start
        return self.expression()

    def _for(self, start: int, closing: str) -> Node:
        self.skip()
        key, value = self.loop_names()
        collection = self.expression()
        self._expect(":")
        member, result, grouped = None, self.expression(), False
        self.skip()
        if closing == "}":
            if not self._taken("=>"):
                raise self.fault("=> is expected here")
            self.skip()
            member, result = result, self.expression()
            self.skip()
            grouped = self._taken("...")
            self.skip()
        condition = None
        if self._keyword("if"):
            self.skip()
            condition = self.expression()
            self.skip()
        return For(self.source, start, self.at + 1, key, value, collection, member, result, condition, grouped)

    def loop_names(self) -> tuple[str, str]:
        """``key, value in``, with an empty key where there is none."""
        first, second = self._match(NAME), ""
        self.skip()
        if self._taken(","):
            self.skip()
            second = self._match(NAME)
            self.skip()
        if not first or not self._keyword("in"):
            raise self.fault("`NAME in` is expected after `for`")
        self.skip()
        return (first, second) if second else ("", first)


def _number(text: str) -> int | float | None:
    """The number that digits are; ``None`` where it is too large."""
    if re.fullmatch(r"\d{1,300}", text):
        return int(text)
    found = float(text)
    if found == float("inf"):
        return None
    return int(found) if found.is_integer() and abs(found) < 1e15 else found
