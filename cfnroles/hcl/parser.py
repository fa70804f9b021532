"""From the text of a file to its blocks and expressions.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from cfnroles.hcl.expressions import NAME, ExpressionReader
from cfnroles.hcl.syntax import Block, Body, Chunk, Node, Source, Template


def parse(source: Source) -> Body:
    """The blocks and arguments of a file; raises InvalidInput with line and column where it is not well formed."""
    parser = Parser(source)
    body = parser.body("")
    if parser.at < len(source.text):
        raise parser.fault("a block or an argument is expected here")
    return body


def parse_template(source: Source) -> Template:
    """The text of a file that ``templatefile`` reads; raises InvalidInput as ``parse`` does."""
    return Parser(source).template_file()


def parse_expression(source: Source) -> Node:
    """A text that is one expression, as values on the command line are; raises InvalidInput as ``parse`` does."""
    parser = Parser(source)
    parser.skip()
    found = parser.bracketed(parser.expression)
    if parser.at < len(source.text):
        raise parser.fault("nothing more is expected here")
    return found


class Parser(ExpressionReader):
    """One pass over a text. ``at`` is the next character; inside of brackets a line's end is a space."""

    def body(self, closing: str) -> Body:
        """Arguments and blocks up to a closing sign, or to the end."""
        start, arguments, blocks = self.at, dict[str, Node](), list[Block]()
        self.skip(lines=True)
        while self.at < len(self.text) and not (closing and self.text.startswith(closing, self.at)):
            begun = self.at
            name = self._match(NAME)
            if not name:
                raise self.fault("a block or an argument is expected here")
            self.skip()
            if self._taken("="):
                if name in arguments:
                    raise self.fault(f"the argument {name} is set twice", begun)
                self.skip()
                arguments[name] = self.expression()
            else:
                blocks.append(self._block(name, begun))
            self.skip()
            if not self._ends(closing):
                raise self.fault("the line is expected to end here")
            self.skip(lines=True)
        return Body(self.source, start, self.at, arguments, tuple(blocks))

    def _ends(self, closing: str) -> bool:
        at_end = self.at >= len(self.text) or self.text[self.at] == "\n"
        return at_end or bool(closing and self.text.startswith(closing, self.at))

    def _block(self, kind: str, begun: int) -> Block:
        labels = []
        while not self._taken("{"):
            if self.text.startswith('"', self.at):
                labels.append(self._label())
            elif name := self._match(NAME):
                labels.append(name)
            else:
                raise self.fault(f"= or {{ is expected after {kind}")
            self.skip()
        self.deeper()
        lines, self.over_lines = self.over_lines, False
        body = self.body("}")
        if not self._taken("}"):
            raise self.fault(f"the block {kind} is not closed", begun)
        self.over_lines = lines
        self.depth -= 1
        return Block(self.source, begun, self.at, kind, tuple(labels), body)

    def _label(self) -> str:
        begun = self.at
        text = self.quoted()
        chunks = [part.text for part in text.parts if isinstance(part, Chunk)]
        if len(chunks) < len(text.parts):
            raise self.fault("a label is a plain text", begun)
        return "".join(chunks)
