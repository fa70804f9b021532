"""Parsing of files into blocks and expressions.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from cfnroles.hcl.expressions import ExpressionReader
from cfnroles.hcl.syntax import Block, Body, Chunk, Node, Source, Template


def parse(source: Source) -> Body:
    """Return the blocks and arguments of a file. Raise InvalidInput with line and column if it is malformed."""
    parser = Parser(source, "Run `terraform fmt`.")
    body = parser.body()
    if parser.at < len(source.text):
        raise parser.fault("expected a block or an argument")
    return body


def parse_template(source: Source) -> Template:
    """Return the text of a file for ``templatefile``. Raise InvalidInput as ``parse``."""
    return Parser(source).template_file()


def parse_expression(source: Source) -> Node:
    """Return a single expression, such as a value on the command line. Raise InvalidInput as ``parse``."""
    parser = Parser(source)
    found = parser.bracketed(parser.expression)
    if parser.at < len(source.text):
        raise parser.fault("unexpected text after the expression")
    return found


class Parser(ExpressionReader):
    """One pass over a text."""

    def body(self) -> Body:
        """Parse arguments and blocks, each on its own lines, up to a closing brace or the end."""
        start, arguments, blocks = self.at, dict[str, Node](), list[Block]()
        self.skip(lines=True)
        while self.at < len(self.text) and not self.text.startswith("}", self.at):
            begun, name = self.at, self._beginning()
            if self.taken("="):
                self._argument(name, begun, arguments)
            else:
                blocks.append(self._block(name, begun))
            self.skip()
            if self.at < len(self.text) and self.text[self.at] != "\n":
                raise self.fault("expected the end of the line")
            self.skip(lines=True)
        return Body(self.source, start, self.at, arguments, tuple(blocks))

    def _beginning(self) -> str:
        name = self.name()
        if not name:
            raise self.fault("expected a block or an argument")
        self.skip()
        return name

    def _argument(self, name: str, begun: int, arguments: dict[str, Node]) -> None:
        if name in arguments:
            raise self.fault(f"the argument {name} is set twice", begun)
        self.skip()
        arguments[name] = self.expression()

    def _block(self, kind: str, begun: int) -> Block:
        labels = []
        while not self.taken("{"):
            if self.text.startswith('"', self.at):
                labels.append(self._label())
            elif name := self.name():
                labels.append(name)
            else:
                raise self.fault(f"expected = or {{ after {kind}")
            self.skip()
        with self.level():
            body = self._inner()
        if not self.taken("}"):
            raise self.fault(f"the block {kind} is not closed", begun)
        return Block(self.source, begun, self.at, kind, tuple(labels), body)

    def _inner(self) -> Body:
        """Parse the content of braces: nothing, one argument on the same line, or lines."""
        start = self.at
        self.skip()
        if self.at >= len(self.text) or self.text[self.at] in "\n}":
            self.at = start
            return self.body()
        name, arguments = self._beginning(), dict[str, Node]()
        if not self.taken("="):
            raise self.fault("expected =: a block on one line has one argument and no block")
        self._argument(name, start, arguments)
        self.skip()
        if self.at < len(self.text) and self.text[self.at] != "}":
            raise self.fault("expected }: a block on one line has one argument")
        return Body(self.source, start, self.at, arguments, ())

    def _label(self) -> str:
        begun = self.at
        text = self.quoted()
        chunks = [part.text for part in text.parts if isinstance(part, Chunk)]
        if len(chunks) < len(text.parts):
            raise self.fault("expected a literal string as label", begun)
        return "".join(chunks)
