"""Parsing of quoted strings, heredocs and templates: literal parts, ``${...}`` and ``%{...}``.

https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from unicodedata import normalize

from msgspec.structs import replace

from cfnroles.hcl.reader import Reader
from cfnroles.hcl.syntax import Chunk, ForDirective, IfDirective, Interpolation, Node, Stripping, Template

# A character that begins neither a sequence nor an escaped one is an ordinary character.
_QUOTED = re.compile(r'(?:[^\\"$%\r\n]+|([$%])(?!\1?\{))+')
_PLAIN = re.compile(r"(?:[^$%\n]+|([$%])(?!\1?\{))*\n?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_UNICODE = re.compile(r"u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}")


class _Directive(Stripping, frozen=True, eq=False):
    """A single directive: ``if``, ``else``, ``endif``, ``for``, ``endfor``, with its expressions."""

    word: str
    names: tuple[str, str] = ("", "")
    inner: Node | None = None


#: The unit of stripping: in quotes everything between two sequences, otherwise one line of it.
_Literal = list[Chunk]


class TemplateReader(Reader):
    """The part of a parser for templates."""

    @abstractmethod
    def expression(self) -> Node:
        """Parse an expression, with conditionals."""

    @abstractmethod
    def loop_names(self) -> tuple[str, str]:
        """Parse ``key, value in``, with an empty key if there is none."""

    def quoted(self) -> Template:
        """Parse a quoted string."""
        start = self.at
        self.at += 1
        parts = self._parts(lambda: self.taken('"'), "the quoted string is not closed", quoted=True)
        return self._template(start, parts)

    def heredoc(self, word: str, start: int, *, indented: bool) -> Template:
        """Parse the lines of a heredoc up to the one with only its word, without the end of that line."""
        closing = re.compile(rf"(?<=\n)[^\S\n]*{re.escape(word)}(?=[^\S\n]*\n)")
        parts = self._parts(lambda: bool(self.match(closing)), f"the heredoc {word} is not closed", start)
        return self._template(start, _without_indent(parts) if indented else parts)

    def template_file(self) -> Template:
        """Parse the whole text as one template."""
        return self._template(0, self._parts(lambda: self.at == len(self.text), ""))

    def _template(self, start: int, parts: list[_Literal | Stripping]) -> Template:
        flat: list[Node] = [node for part in parts for node in (part if isinstance(part, list) else [part])]
        return Template(self.source, start, self.at, self._nested(flat[::-1]))

    def _parts(
        self, closed: Callable[[], bool], fault: str, begun: int | None = None, *, quoted: bool = False
    ) -> list[_Literal | Stripping]:
        begun = self.at - 1 if begun is None else begun
        parts: list[_Literal | Stripping] = []
        while not closed():
            start = self.at
            last = parts[-1] if parts else None
            if self.taken("${"):
                part: _Literal | Stripping = self._interpolation(start)
            elif self.taken("%{"):
                part = self._directive(start)
            elif not (part := self._literal(quoted=quoted)):
                raise self.fault(fault, begun)
            if isinstance(part, list):
                parts.append(_stripped_left(part) if isinstance(last, Stripping) and last.after else part)
                continue
            if part.before and isinstance(last, list):
                parts[-1] = _stripped_right(last)
            parts.append(part)
        return parts

    def _literal(self, *, quoted: bool) -> _Literal:
        """Parse a literal part; empty at the end of the text, and at the end of a line in quotes."""
        found: _Literal = []
        while quoted or not found or not found[-1].text.endswith("\n"):
            start = self.at
            if not (text := self.match(_QUOTED if quoted else _PLAIN)):
                if self.taken("$${") or self.taken("%%{"):
                    text = self.text[start + 1 : self.at]
                elif quoted and self.taken("\\"):
                    text = self._escaped(start)
                else:
                    break
            # https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#string-literals
            found.append(Chunk(self.source, start, self.at, text if text.isascii() else normalize("NFC", text)))
        return found

    def _escaped(self, start: int) -> str:
        if found := self.match(_UNICODE):
            number = int(found[1:], 16)
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                raise self.fault(f"\\{found} is not a character", start)
            return chr(number)
        sign = self.text[self.at : self.at + 1]
        if sign not in _ESCAPES:
            raise self.fault(f"\\{sign} stands for nothing", start)
        self.at += 1
        return _ESCAPES[sign]

    def _interpolation(self, start: int) -> Interpolation:
        before = self.taken("~")
        inner = self.bracketed(self.expression)
        after = self._strips_after()
        return Interpolation(self.source, start, self.at, before, after, inner)

    def _directive(self, start: int) -> _Directive:
        before = self.taken("~")

        def read() -> tuple[str, tuple[str, str], Node | None]:
            word = self.name()
            if word not in ("if", "else", "endif", "for", "endfor"):
                raise self.fault("expected if, else, endif, for or endfor after %{", start)
            self.skip()
            names = self.loop_names() if word == "for" else ("", "")
            return word, names, self.expression() if word in ("if", "for") else None

        said = self.bracketed(read)
        after = self._strips_after()
        return _Directive(self.source, start, self.at, before, after, *said)

    def _strips_after(self) -> bool:
        """Parse the closing brace. Return whether the spaces after it are stripped."""
        strips = self.taken("~")
        if not self.taken("}"):
            raise self.fault("expected }")
        return strips

    def _nested(self, left: list[Node]) -> tuple[Node, ...]:
        """Return the parts, the first of which is the last of ``left``, with the content of each directive in it."""
        found, end = self._until(left)
        if end is not None:
            raise self.fault("this has no matching start", end.start)
        return found

    def _until(self, left: list[Node]) -> tuple[tuple[Node, ...], _Directive | None]:
        """Return what precedes the next directive that ends something, and that directive."""
        found: list[Node] = []
        with self.level():
            while left:
                part = left.pop()
                if not isinstance(part, _Directive):
                    found.append(part)
                elif part.inner is None:
                    return tuple(found), part
                else:
                    found.append(self._structure(part, part.inner, left))
        return tuple(found), None

    def _structure(self, begin: _Directive, said: Node, left: list[Node]) -> Node:
        place = (self.source, begin.start, begin.end)
        inner, end = self._until(left)
        if begin.word == "for":
            made: Node = ForDirective(*place, *begin.names, said, inner)
        else:
            otherwise: tuple[Node, ...] = ()
            if end is not None and end.word == "else":
                otherwise, end = self._until(left)
            made = IfDirective(*place, said, inner, otherwise)
        if end is None or end.word != f"end{begin.word}":
            raise self.fault(f"%{{ end{begin.word} }} is missing", begin.start)
        return made


def _stripped_left(literal: _Literal) -> _Literal:
    """Strip leading spaces. An empty part stays: next to it, a value becomes a string."""
    for index, chunk in enumerate(literal):
        if text := chunk.text.lstrip():
            start = chunk.start + len(chunk.text) - len(text)
            return [replace(chunk, text=text, start=start), *literal[index + 1 :]]
    return [replace(literal[0], text="")]


def _stripped_right(literal: _Literal) -> _Literal:
    """Strip trailing spaces, as ``_stripped_left``."""
    for index in reversed(range(len(literal))):
        if text := literal[index].text.rstrip():
            return [*literal[:index], replace(literal[index], text=text)]
    return [replace(literal[0], text="")]


def _without_indent(parts: list[_Literal | Stripping]) -> list[_Literal | Stripping]:
    """Remove the common indent of all lines, except those with only spaces."""
    spaces: dict[int, int] = {}
    begins = True
    for index, part in enumerate(parts):
        text = "".join(chunk.text for chunk in part) if isinstance(part, list) else ""
        if begins and (text.strip() or not text.endswith("\n")):
            spaces[index] = len(text) - len(text.lstrip())
        begins = text.endswith("\n")
    least = min(spaces.values(), default=0)
    made = list(parts)
    for index in spaces:
        part = parts[index]
        if least and isinstance(part, list):
            made[index] = [replace(part[0], text=part[0].text[least:], start=part[0].start + least), *part[1:]]
    return made
