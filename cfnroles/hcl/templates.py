"""Quoted texts, heredocs and templates: literal parts, ``${...}`` and ``%{...}``.

https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.hcl.syntax import (
    Chunk,
    ForDirective,
    IfDirective,
    Interpolation,
    Node,
    Source,
    Stripping,
    Template,
)

#: People nest less than ten levels. Beyond this, reading would pass Python's limit of recursion.
DEPTH = 40

_SPACE = re.compile(r"(?:[ \t\r]+|#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)+")
_SPACE_AND_LINES = re.compile(r"(?:\s+|#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)+")
_WORD = re.compile(r"[^\W\d][\w-]*")
_LITERAL = re.compile(r"[^\\\"$%\n]+")
_PLAIN = re.compile(r"[^$%\n]+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_UNICODE = re.compile(r"u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}")

_Read = TypeVar("_Read")


class _Marker(Stripping, frozen=True, eq=False):
    """A directive by itself: ``if``, ``else``, ``endif``, ``for``, ``endfor``, with what it says."""

    word: str
    names: tuple[str, str]
    inner: Node | None


class TemplateReader:
    """The part of a parser that reads templates. ``at`` is the next character of the text."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.at = self.depth = 0
        self.over_lines = False

    @abstractmethod
    def expression(self) -> Node:
        """An expression, with conditionals."""

    @abstractmethod
    def loop_names(self) -> tuple[str, str]:
        """``key, value in``, with an empty key where there is none."""

    def fault(self, what: str, at: int | None = None) -> InvalidInput:
        """The error that says what is wrong at a character, by default the next one."""
        place = self.source.place(min(self.at if at is None else at, len(self.text)))
        where = f"{place.document}:{place.line}:{place.column}"
        return InvalidInput(f"is not valid Terraform: {what}", where=where, remedy="`terraform fmt` finds it, too.")

    def deeper(self) -> None:
        """Note one more level; raises InvalidInput where they are too many."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fault(f"it is nested deeper than {DEPTH} levels")

    def skip(self, *, lines: bool = False) -> None:
        """Pass over spaces and comments, and over ends of lines where they mean nothing."""
        match = (_SPACE_AND_LINES if lines or self.over_lines else _SPACE).match(self.text, self.at)
        self.at = match.end() if match else self.at

    def bracketed(self, read: Callable[[], _Read]) -> _Read:
        """What is read inside of brackets, where the end of a line is a space."""
        lines, self.over_lines = self.over_lines, True
        self.skip()
        found = read()
        self.skip()
        self.over_lines = lines
        return found

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def _taken(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _ahead(self, sign: str) -> bool:
        """Whether a sign comes next, passing over spaces before it if so."""
        before = self.at
        self.skip()
        if self.text.startswith(sign, self.at):
            return True
        self.at = before
        return False

    def _expect(self, sign: str, *, skip: bool = True) -> None:
        if skip:
            self.skip()
        if not self._taken(sign):
            raise self.fault(f"{sign} is expected here")
        if skip:
            self.skip()

    def _keyword(self, word: str) -> bool:
        match = _WORD.match(self.text, self.at)
        if match is None or match[0] != word:
            return False
        self.at = match.end()
        return True

    def literal_text(self, text: str, start: int) -> Template:
        """A plain text that stands in the file without quotes."""
        return Template(self.source, start, self.at, (Chunk(self.source, start, self.at, text),))

    def quoted(self) -> Template:
        """A text in quotes."""
        start = self.at
        self.at += 1
        parts: list[Node] = []
        while not self.text.startswith('"', self.at):
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                raise self.fault("the text in quotes is not closed", start)
            parts.append(self._part(self._quoted_literal))
        self.at += 1
        return Template(self.source, start, self.at, self._nested(parts))

    def _quoted_literal(self) -> str:
        if literal := self._match(_LITERAL):
            return literal
        self.at += 1
        if self.text[self.at - 1] != "\\":
            return self.text[self.at - 1]
        if found := self._match(_UNICODE):
            number = int(found[1:], 16)
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                raise self.fault(f"\\{found} is no character", self.at - len(found) - 1)
            return chr(number)
        sign = self.text[self.at : self.at + 1]
        if sign not in _ESCAPES or not sign:
            raise self.fault(f"\\{sign} stands for nothing", self.at - 1)
        self.at += 1
        return _ESCAPES[sign]

    def _plain_literal(self) -> str:
        if literal := self._match(_PLAIN):
            return literal
        self.at += 1
        return self.text[self.at - 1]

    def heredoc(self, word: str, start: int, *, indented: bool) -> Template:
        """The lines of a heredoc up to the one that is its word alone, which is left to be read."""
        closing = re.compile(rf"[ \t]*{re.escape(word)}[ \t]*(?=\r?\n|\Z)")
        parts: list[Node] = []
        begins = True
        while not (begins and (end := closing.match(self.text, self.at))):
            if self.at >= len(self.text):
                raise self.fault(f"the heredoc {word} is not closed", start)
            parts.append(self._part(self._plain_literal))
            begins = self.text[self.at - 1] == "\n" and isinstance(parts[-1], Chunk)
        self.at = end.end()
        lines = _joined(parts)
        return Template(self.source, start, self.at, self._nested(_without_indent(lines) if indented else lines))

    def template_file(self) -> Template:
        """All of the text as one template."""
        parts: list[Node] = []
        while self.at < len(self.text):
            parts.append(self._part(self._plain_literal))
        return Template(self.source, 0, self.at, self._nested(parts))

    def _part(self, literal: Callable[[], str]) -> Node:
        start = self.at
        for sign in ("$", "%"):
            if self._taken(f"{sign}{sign}{{"):
                return Chunk(self.source, start, self.at, f"{sign}{{")
        if self._taken("${"):
            return self._interpolation(start)
        if self._taken("%{"):
            return self._directive(start)
        text = literal()
        return Chunk(self.source, start, self.at, text)

    def _interpolation(self, start: int) -> Node:
        before = self._taken("~")
        inner = self.bracketed(self.expression)
        after = self._closed()
        return Interpolation(self.source, start, self.at, before, after, inner)

    def _directive(self, start: int) -> Node:
        before = self._taken("~")

        def read() -> tuple[str, tuple[str, str], Node | None]:
            word = self._match(_WORD)
            names, inner = ("", ""), None
            self.skip()
            if word == "for":
                names = self.loop_names()
            if word in ("if", "for"):
                inner = self.expression()
            elif word not in ("else", "endif", "endfor"):
                raise self.fault("if, else, endif, for or endfor is expected after %{", start)
            return word, names, inner

        said = self.bracketed(read)
        after = self._closed()
        return _Marker(self.source, start, self.at, before, after, *said)

    def _closed(self) -> bool:
        """Whether the spaces behind are stripped; the closing brace is passed over."""
        strips = self._taken("~")
        if not self._taken("}"):
            raise self.fault("} is expected here")
        return strips

    def _nested(self, parts: list[Node]) -> tuple[Node, ...]:
        return _Nesting(_stripped(_joined(parts)), self.fault).all()


class _Nesting:
    """The parts of a template with what stands in each directive inside of it."""

    def __init__(self, parts: list[Node], fault: Callable[[str, int], InvalidInput]) -> None:
        self._parts, self._next, self._fault, self._depth = parts, 0, fault, 0

    def all(self) -> tuple[Node, ...]:
        """All parts; raises InvalidInput where a directive has no beginning or no end."""
        found = self._inner()
        if self._next < len(self._parts):
            raise self._fault("this has no beginning", self._parts[self._next].start)
        return found

    def _inner(self) -> tuple[Node, ...]:
        found: list[Node] = []
        self._depth += 1
        while self._next < len(self._parts):
            part = self._parts[self._next]
            if self._depth > DEPTH:
                raise self._fault(f"it is nested deeper than {DEPTH} levels", part.start)
            if isinstance(part, _Marker) and part.inner is None:
                break
            self._next += 1
            found.append(self._structure(part, part.inner) if isinstance(part, _Marker) and part.inner else part)
        self._depth -= 1
        return tuple(found)

    def _structure(self, marker: _Marker, inner: Node) -> Node:
        within = self._inner()
        if marker.word == "for":
            self._expect("endfor", marker)
            return ForDirective(marker.source, marker.start, marker.end, *marker.names, inner, within)
        otherwise: tuple[Node, ...] = ()
        if self._word() == "else":
            self._next += 1
            otherwise = self._inner()
        self._expect("endif", marker)
        return IfDirective(marker.source, marker.start, marker.end, inner, within, otherwise)

    def _word(self) -> str:
        part = self._parts[self._next] if self._next < len(self._parts) else None
        return part.word if isinstance(part, _Marker) else ""

    def _expect(self, word: str, marker: _Marker) -> None:
        if self._word() != word:
            raise self._fault(f"%{{ {word} }} is missing for this", marker.start)
        self._next += 1


def _stripped(parts: list[Node]) -> list[Node]:
    """The parts without the spaces that a ``~`` beside them takes away."""
    found: list[Node] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Stripping) and part.before and isinstance(last, Chunk):
            found[-1] = replace(last, text=last.text.rstrip())
        if isinstance(part, Chunk) and isinstance(last, Stripping) and last.after:
            left = part.text.lstrip()
            part = replace(part, text=left, start=min(part.start + len(part.text) - len(left), part.end))
        found.append(part)
    return found


def _joined(parts: list[Node]) -> list[Node]:
    """The parts with literal neighbours in one; each still begins where its text does."""
    found: list[Node] = []
    run: list[Chunk] = []
    for part in (*parts, None):
        if isinstance(part, Chunk) and (not run or (_as_long(run[-1]) and run[-1].end == part.start)):
            run.append(part)
            continue
        if run:
            found.append(replace(run[0], text="".join(each.text for each in run), end=run[-1].end))
        run = [part] if isinstance(part, Chunk) else []
        if part is not None and not isinstance(part, Chunk):
            found.append(part)
    return found


def _as_long(chunk: Chunk) -> bool:
    """Whether the text is as long as it stands in the file, so that each character has its place."""
    return len(chunk.text) == chunk.end - chunk.start


def _without_indent(parts: list[Node]) -> list[Node]:
    """The lines without the spaces that all of them begin with."""
    lines: list[Node] = []
    begins = True
    starts: list[tuple[int, int]] = []
    for part in parts:
        if not isinstance(part, Chunk):
            if begins:
                starts.append((-1, 0))
            lines.append(part)
            begins = False
            continue
        at = part.start
        for line in part.text.splitlines(keepends=True) if _as_long(part) else [part.text]:
            own = Chunk(part.source, at, at + len(line), line)
            if begins and line.strip():
                starts.append((len(lines), len(line) - len(line.lstrip(" \t"))))
            elif begins and not line.endswith("\n"):
                starts.append((len(lines), len(line)))
            lines.append(own)
            at += len(line)
            begins = line.endswith("\n")
    least = min((spaces for _, spaces in starts), default=0)
    for index, _ in starts:
        first = lines[index] if index >= 0 else None
        if isinstance(first, Chunk):
            lines[index] = replace(first, text=first.text[least:], start=first.start + least)
    return lines
