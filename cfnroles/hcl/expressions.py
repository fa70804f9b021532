"""Parsing of expressions.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#expressions
"""

from __future__ import annotations

import re

from cfnroles.hcl.reader import NAME
from cfnroles.hcl.syntax import (
    Call,
    Chunk,
    Conditional,
    Constant,
    For,
    GetAttribute,
    Index,
    Node,
    Object,
    Operation,
    Splat,
    Template,
    Tuple,
    Variable,
)
from cfnroles.hcl.templates import TemplateReader

#: Anything that Terraform scans as a number before it validates it.
_NUMBER = re.compile(r"[0-9](?:\.*(?:[eE][+-]?[0-9]|[0-9]))*")
_HEREDOC = re.compile(rf"<<(-?)({NAME.pattern})\r?\n")
_OPERATOR = re.compile(r"\|\||&&|[=!]=|[<>]=?|[-+*%]|/(?!\*)")
#: The precedence of each operator.
_BINDS = {
    sign: level
    for level, signs in enumerate(("||", "&&", "== !=", "< <= > >=", "+ -", "* / %"), 1)
    for sign in signs.split()
}
_CONSTANTS = {"true": True, "false": False, "null": None}


class ExpressionReader(TemplateReader):
    """The part of a parser for expressions."""

    def expression(self) -> Node:
        """Parse an expression, with conditionals."""
        with self.level():
            start, found = self.at, self._operation(1)
            if not self.taken_after_space("?"):
                return found
            self.skip()
            yes = self.expression()
            self.expect(":")
            self.skip()
            no = self.expression()
            return Conditional(self.source, start, no.end, found, yes, no)

    def _operation(self, least: int) -> Node:
        """Parse operands of operators with at least this precedence."""
        start, left = self.at, self._operand()
        while True:
            before = self.at
            self.skip()
            sign = self.match(_OPERATOR)
            if _BINDS.get(sign, 0) < least:
                self.at = before
                return left
            self.skip()
            right = self._operation(_BINDS[sign] + 1)
            left = Operation(self.source, start, right.end, sign, (left, right))

    def _operand(self) -> Node:
        start = self.at
        for sign in ("-", "!"):
            if self.taken(sign):
                self.skip()
                with self.level():
                    inner = self._operand()
                return Operation(self.source, start, inner.end, sign, (inner,))
        term = self._term()
        with self.level():
            return self._traversal(term, start)

    def _traversal(self, found: Node, start: int) -> Node:
        """Parse the steps that follow ``found``."""
        while True:
            self.deeper()
            if self._dot():
                found = self._old_splat(found, start) if self.taken("*") else self._step(found, start)
            elif not self.taken_after_space("["):
                return found
            elif self.taken_after_space("*"):
                self.expect("]")
                each = self._traversal(Variable(self.source, start, self.at, "*"), start)
                return Splat(self.source, start, self.at, found, each)
            else:
                key = self.bracketed(self.expression)
                self.expect("]")
                found = Index(self.source, start, self.at, found, key)

    def _dot(self) -> bool:
        before = self.at
        self.skip()
        if self.text.startswith(".", self.at) and not self.text.startswith("...", self.at):
            self.at += 1
            self.skip()
            return True
        self.at = before
        return False

    def _step(self, of: Node, start: int) -> Node:
        """Parse what follows a dot: ``name``, or the legacy ``0`` for ``[0]``."""
        begun = self.at
        if name := self.name():
            return GetAttribute(self.source, start, self.at, of, name)
        number = self.match(_NUMBER)
        if number.isdigit():
            return Index(self.source, start, self.at, of, Constant(self.source, begun, self.at, int(number)))
        if number:
            raise self.fault("expected an index in [ and ]", begun)
        raise self.fault("expected the name of an attribute after the dot")

    def _old_splat(self, of: Node, start: int) -> Node:
        """Parse ``.*``, which applies only to attributes: an index after it is one of the resulting list."""
        each: Node = Variable(self.source, start, self.at, "*")
        while self._dot():
            self.deeper()
            each = self._step(each, start)
        return Splat(self.source, start, self.at, of, each)

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
            self.expect(")")
            return found
        if sign == "[":
            return self._tuple()
        if sign == "{":
            return self._object()
        if number := self.match(_NUMBER):
            return Constant(self.source, start, self.at, self._number(number, start))
        name = self.name()
        if not name:
            raise self.fault("expected an expression")
        return self._named(name, start)

    def _number(self, written: str, start: int) -> int | float:
        if written.isdigit() and len(written) <= 300:
            return int(written)
        try:
            found = float(written)
        except ValueError:
            raise self.fault(f"{written} is not a number", start) from None
        if found == float("inf"):
            raise self.beyond("the number is too large", "Write a smaller one.", start)
        return int(found) if found.is_integer() and abs(found) < 1e15 else found

    def _named(self, name: str, start: int) -> Node:
        end = self.at
        while self.taken_after_space("::"):
            self.skip()
            name, end = f"{name}::{self.name()}", -1
        if self.taken_after_space("("):
            return self._call(name, start)
        if end < 0:
            raise self.fault("expected ( after the name of a function")
        if name in _CONSTANTS:
            return Constant(self.source, start, end, _CONSTANTS[name])
        return Variable(self.source, start, end, name)

    def _call(self, name: str, start: int) -> Node:
        expands = False

        def arguments() -> list[Node]:
            nonlocal expands
            found = self._listed(")")
            expands = bool(found) and self.taken_after_space("...")
            return found

        found = self.bracketed(arguments)
        self.expect(")")
        return Call(self.source, start, self.at, name, tuple(found), expands)

    def _listed(self, closing: str) -> list[Node]:
        """Parse expressions with commas between them, and optionally a trailing one."""
        found: list[Node] = []
        while not self.text.startswith(closing, self.at):
            found.append(self.expression())
            self.skip()
            if not self.taken(","):
                break
            self.skip()
        return found

    def _tuple(self) -> Node:
        start = self.at
        self.at += 1

        def inner() -> Node | list[Node]:
            return self._for(start, "]") if self.keyword("for") else self._listed("]")

        found = self.bracketed(inner)
        self.expect("]")
        return Tuple(self.source, start, self.at, tuple(found)) if isinstance(found, list) else found

    def _object(self) -> Node:
        start = self.at
        self.at += 1
        self.skip(lines=True)
        if self.keyword("for"):
            found = self.bracketed(lambda: self._for(start, "}"))
            self.expect("}")
            return found
        members = self.bracketed(lambda: self._members(start), over_lines=False)
        self.at += 1
        return Object(self.source, start, self.at, tuple(members))

    def _members(self, start: int) -> list[tuple[Node, Node]]:
        members = []
        self.skip(lines=True)
        while not self.text.startswith("}", self.at):
            if self.at >= len(self.text):
                raise self.fault("the object is not closed", start)
            key = self._key()
            self.skip()
            if not self.taken("=") and not self.taken(":"):
                raise self.fault("expected = after a key")
            self.skip()
            members.append((key, self.expression()))
            self.skip()
            if not self.taken(",") and not self.text.startswith(("\n", "}"), self.at):
                raise self.fault("expected a comma or the end of the line")
            self.skip(lines=True)
        return members

    def _key(self) -> Node:
        """Parse a key. A bare name is its own text; in parentheses it is an expression."""
        start, key = self.at, self.expression()
        text = self.text[key.start : key.end]
        if key.start > start or not NAME.fullmatch(text):
            return key
        return Template(self.source, start, key.end, (Chunk(self.source, start, key.end, text),))

    def _for(self, start: int, closing: str) -> Node:
        self.skip()
        key, value = self.loop_names()
        collection = self.expression()
        self.expect(":")
        self.skip()
        member, result, grouped, condition = None, self.expression(), False, None
        self.skip()
        if closing == "}":
            self.expect("=>")
            self.skip()
            member, result = result, self.expression()
            grouped = self.taken_after_space("...")
            self.skip()
        if self.keyword("if"):
            self.skip()
            condition = self.expression()
            self.skip()
        return For(self.source, start, self.at + 1, key, value, collection, member, result, condition, grouped)

    def loop_names(self) -> tuple[str, str]:
        """Parse ``key, value in``, with an empty key if there is none."""
        key, value = "", self.name()
        self.skip()
        if self.taken(","):
            self.skip()
            key, value = value, self.name()
            self.skip()
        if not value or not self.keyword("in"):
            raise self.fault("expected `NAME in` after `for`")
        self.skip()
        return key, value
