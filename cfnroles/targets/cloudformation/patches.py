"""Changes to the text of a template, each at one place, in the style of the text there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles import spans
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.refusal import refused
from cfnroles.targets.cloudformation.template_text import Indentation, yaml_elements, yaml_inline, yaml_members

#: The path of a part of a template: sections, logical IDs and properties; in a list, the element's string or its
#: number.
Path = tuple[str, ...]


_WRITE_OUT = "Write its members there."


class Patch(Struct, frozen=True):
    """``text`` replaces what is between two offsets; an ``outer`` one comes after everything else at its place."""

    start: int
    end: int
    text: str
    outer: bool = False


def patched(text: str, patches: Iterable[Patch]) -> str:
    """Return the text with all patches, of which none overlaps another; those at one place in their order."""
    pieces, at = [], 0
    for patch in sorted(patches, key=lambda each: (each.start, each.end, each.outer)):
        pieces += [text[at : patch.start], patch.text]
        at = max(at, patch.end)
    return "".join([*pieces, text[at:]])


def without(text: str, patches: Iterable[Patch]) -> str:
    """Return the text without what the patches remove; patches may be nested.

    If the removed text ends the last line without a line end, the line end before it is removed, too.
    """
    apart: list[Patch] = []
    for patch in sorted(patches, key=lambda each: (each.start, -each.end)):
        before = apart[-1] if apart else None
        if before and not before.text and not patch.text and patch.start <= before.end:
            apart[-1] = Patch(before.start, max(before.end, patch.end), "")
        elif before is None or patch.end > before.end or patch.text:
            apart.append(patch)
    if apart and not apart[-1].text and apart[-1].end == len(text) and not text.endswith("\n"):
        start = apart[-1].start
        if start == text.rfind("\n", 0, start) + 1:
            apart[-1] = Patch(len(text[:start].removesuffix("\n").removesuffix("\r")), len(text), "")
    return patched(text, apart)


class Spot(Struct, frozen=True):
    """A value in its parent, and the key before it; elements of a list have none."""

    parent: spans.Mapping | spans.Sequence
    value: spans.Node
    key: spans.Scalar | None = None

    @property
    def start(self) -> int:
        """The offset where the member or the element begins."""
        return (self.key or self.value).start


class TemplateText:
    """The text of a template and the places of its parts."""

    def __init__(self, text: str, document: str) -> None:
        self.text, self.document = text, document
        root = spans.spans(text, document)
        if not isinstance(root, spans.Mapping):
            raise InvalidInput("is not a CloudFormation template: it has no Resources", where=document)
        self.root = root
        self.line_end = "\r\n" if re.search(r"[^\r]?\r\n", text[: text.find("\n") + 1]) else "\n"

    def place(self, path: Path) -> Spot | None:
        """Return the place of a part; ``None`` if it does not exist."""
        found: Spot | None = None
        node: spans.Node = self.root
        for step in path:
            if isinstance(node, spans.Mapping) and (member := node.member(step)):
                found = Spot(node, member[1], member[0])
            elif step == "Fn::If" and isinstance(node, spans.Sequence):
                continue  # in the short form, the value is the arguments themselves
            elif isinstance(node, spans.Sequence) and (element := _element(node, step)):
                found = Spot(node, element)
            else:
                return None
            node = found.value
        return found

    def members(self, path: Path) -> spans.Mapping | None:
        """Return the mapping at a path; ``None`` if there is nothing. Raise InvalidInput for another value."""
        place = self.place(path) if path else Spot(self.root, self.root)
        if place is None or self.is_nothing(place.value):
            return None
        if not isinstance(place.value, spans.Mapping) or any(each.value == "Fn::If" for each, _ in place.value.members):
            what = "is behind an alias or an expression, so cfnroles cannot add to it"
            raise self.refused(place, f"{'.'.join(path)} {what}")
        return place.value

    def is_nothing(self, node: spans.Node) -> bool:
        """Whether a node is an empty mapping, or missing."""
        if isinstance(node, spans.Mapping):
            return not node.members
        return isinstance(node, spans.Scalar) and self.text[node.start : node.end] in ("", "~", "null", "Null", "NULL")

    def where(self, place: Spot) -> str:
        """Return the document and the line of a place."""
        return f"{self.document}:{self.text.count(chr(10), 0, place.start) + 1}"

    def refused(self, place: Spot, what: str, *, why: str = "", remedy: str = _WRITE_OUT) -> InvalidInput:
        """Return the error about a place that cannot be edited, with its line."""
        return refused(self.text, self.document, place.start, what, why=why, remedy=remedy)

    def value_span(self, place: Spot) -> tuple[int, int]:
        """Return the range of a value to replace; in block style, with the white space before it."""
        if place.parent.flow or place.key is None:
            return place.value.start, place.value.end
        return self._after_colon(place.key), place.value.end

    def removal(self, place: Spot, going: Sequence[spans.Node] = ()) -> Patch:
        """Return the removal of a member or an element; ``going`` are other removed values of its parent."""
        if not place.parent.flow:
            return Patch(self._line_start(place.start), self._line_end(place.value.end), "")
        starts, values = _parts(place.parent)
        number = starts.index(place.start)
        if number + 1 < len(starts):
            return Patch(place.start, starts[number + 1], "")
        kept = [value for value in values[:number] if not any(value is each for each in going)]
        return Patch(kept[-1].end if kept else place.start, place.value.end, "")

    def replacement(self, place: Spot, value: Any) -> Patch:
        """Return the replacement of a value by another."""
        start, end = self.value_span(place)
        if place.parent.flow:
            return Patch(start, end, self._json(value, place.parent))
        return Patch(start, end, f" {yaml_inline(value)}")

    def addition(self, path: Path, members: Mapping[str, Any]) -> tuple[Patch, ...]:
        """Return the addition of members to the mapping at a path, before those that it has.

        Raise InvalidInput if there is no such mapping. The addition replaces an empty value, such as `{}`, which
        `emptied` returns.
        """
        found = self.members(path)
        if found is None:
            return self._into_nothing(path, members)
        if found.flow:
            return (self._before(found, found.members[0][0].start, members),)
        key = found.members[0][0]
        at = self._below(path) if path else self._line_start(key.start)
        return (self._lines(at, yaml_members(members, " " * self._column(key.start), style=self.indentation)),)

    def section(self, name: str, members: Mapping[str, Any], *, above_comments: bool) -> Patch:
        """Return the addition of a section before the resources, and before the comments directly above them."""
        place = self.place(("Resources",))
        if place is None or place.key is None:
            raise InvalidInput("is not a CloudFormation template: it has no Resources", where=self.document)
        if self.root.flow:
            return self._before(self.root, place.key.start, {name: members})
        column = " " * self._column(place.key.start)
        at = self._line_start(place.key.start)
        while above_comments and at and self.text.startswith(f"{column}#", self._line_start(at - 1)):
            at = self._line_start(at - 1)
        return replace(self._lines(at, yaml_members({name: members}, column, style=self.indentation)), outer=True)

    def beside(self, path: Path, members: Mapping[str, Any]) -> Patch:
        """Return the addition of members to a mapping after the member at a path."""
        place = self.place(path)
        if place is None or place.key is None or not isinstance(place.parent, spans.Mapping):
            raise self._merged(path)
        if place.parent.flow:
            return self._before(place.parent, place.parent.members[0][0].start, members)
        column = " " * self._column(place.key.start)
        return self._lines(self._line_end(place.value.end), yaml_members(members, column, style=self.indentation))

    def _merged(self, path: Path) -> InvalidInput:
        """Return the error for a part that is in the template, but not in its text."""
        around = next(found for length in range(len(path), 0, -1) if (found := self.place(path[:length])))
        what = "comes from a merge key (<<), so cfnroles cannot add to it"
        return self.refused(around, f"{'.'.join(path)} {what}")

    def element(self, path: Path, text: str) -> Patch:
        """Return the addition of a string to the list at a path, before the others."""
        place = self.place(path)
        if place is None or not isinstance(place.value, spans.Sequence) or not place.value.elements:
            raise InvalidInput(f"has no list {'.'.join(path)}", where=self.document)
        if place.value.flow:
            first = place.value.elements[0]
            gap = self._gap(place.value, first.start)
            return Patch(first.start, first.start, f"{self._json(text, place.value)},{gap or ' '}")
        column = " " * self._column(place.value.start)
        return self._lines(self._below(path), [f"{column}- {yaml_inline(text)}"])

    def appended(self, path: Path, values: Sequence[Any]) -> Patch:
        """Return the addition of values to the list at a path, after those that it has.

        Raise InvalidInput if there is no such list.
        """
        place = self.place(path)
        if place and self.is_nothing(place.value):
            return self.replacement(place, list(values))
        if place is None or not isinstance(place.value, spans.Sequence):
            what = f"has no list {'.'.join(path)}"
            raise self.refused(place, what) if place else InvalidInput(what, where=self.document, remedy=_WRITE_OUT)
        elements = place.value.elements
        if not elements:
            return self.replacement(place, list(values))
        if place.value.flow:
            gap = self._gap(place.value, elements[0].start)
            joined = f",{gap or ' '}".join(self._json(each, place.value) for each in values)
            return Patch(elements[-1].end, elements[-1].end, f",{gap or ' '}{joined}")
        column = " " * self._column(place.value.start)
        return self._lines(self._line_end(elements[-1].end), yaml_elements(values, column, style=self.indentation))

    def emptied(self, path: Path) -> str:
        """Return the empty value, such as `{}`, that an addition replaces; empty for none."""
        place = self.place(path)
        if place is None or not self.is_nothing(place.value):
            return ""
        start, end = self.value_span(place)
        return self.text[start:end]

    @cached_property
    def indentation(self) -> Indentation:
        """How the author of the text indents."""
        resources = self.place(("Resources",))
        step, lists = 2, True
        if resources and resources.key and isinstance(resources.value, spans.Mapping) and not resources.value.flow:
            step = self._column(resources.value.members[0][0].start) - self._column(resources.key.start)
            lists = next(self._lists(resources.value), True)
        return Indentation(" " * step, lists)

    def _lists(self, node: spans.Node) -> Iterator[bool]:
        """Yield for each list in block style whether it is indented against its key."""
        for key, value in node.members if isinstance(node, spans.Mapping) else ():
            if isinstance(value, spans.Sequence) and not value.flow and value.elements:
                yield self._column(value.start) > self._column(key.start)
            yield from self._lists(value)
        for element in node.elements if isinstance(node, spans.Sequence) else ():
            yield from self._lists(element)

    def _into_nothing(self, path: Path, members: Mapping[str, Any]) -> tuple[Patch, ...]:
        place = self.place(path)
        if place is None or place.key is None:
            raise self._merged(path)
        start, end = self.value_span(place)
        if place.parent.flow:
            return (Patch(start, end, self._json(members, place.parent)),)
        column = " " * self._column(place.key.start) + self.indentation.step
        lines = self._lines(self._line_end(end), yaml_members(members, column, style=self.indentation))
        return (Patch(start, end, ""), lines)

    def _lines(self, at: int, lines: Iterable[str]) -> Patch:
        """Return whole lines at the start of a line, or after a last line that has no end."""
        joined = self.line_end.join(lines)
        unended = at == len(self.text) and not self.text.endswith("\n")
        return Patch(at, at, f"{self.line_end}{joined}" if unended else f"{joined}{self.line_end}")

    def _before(self, parent: spans.Mapping, at: int, members: Mapping[str, Any]) -> Patch:
        """Return members in braces, before the one at an offset."""
        gap = self._gap(parent, at)
        entries = [
            f"{json.dumps(name)}{self._colon(parent)}{self._json(each, parent)}" for name, each in members.items()
        ]
        return Patch(at, at, "".join(f"{entry},{gap}" for entry in entries))

    def _gap(self, parent: spans.Mapping | spans.Sequence, at: int) -> str:
        """Return the white space before the member at an offset."""
        before = self.text[parent.start : at]
        gap = before[len(before.rstrip()) :]
        if "\n" in gap:
            return gap
        return " " if self._colon(parent).endswith(" ") else ""

    def _colon(self, parent: spans.Node) -> str:
        key, value = next(_members_in(parent), self.root.members[0])
        return ":" if self.text[key.end : value.start] == ":" else ": "

    def _json(self, value: Any, parent: spans.Mapping | spans.Sequence) -> str:
        """Return a value in braces, over several lines if its neighbors are on lines of their own."""
        first = _parts(parent)[0][:1]
        gap = self._gap(parent, first[0]) if first else ""
        if "\n" not in gap:
            colon = self._colon(parent)
            return json.dumps(value, ensure_ascii=False, separators=(", " if colon == ": " else ",", colon))
        indent = gap.rpartition("\n")[2]
        outer = re.match(r"[ \t]*", self.text[self._line_start(parent.start) :])
        step = indent.removeprefix(outer[0]) if outer else ""
        lines = json.dumps(value, ensure_ascii=False, indent=step or "  ", separators=(",", self._colon(parent)))
        return lines.replace("\n", f"{self.line_end}{indent}")

    def _below(self, path: Path) -> int:
        """Return the start of the line below the key of a part."""
        place = self.place(path)
        if place is None or place.key is None:
            raise InvalidInput(f"has no {'.'.join(path)}", where=self.document)
        return self._line_end(self._after_colon(place.key))

    def _after_colon(self, key: spans.Scalar) -> int:
        return self.text.index(":", key.end) + 1

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        return (self.text.find("\n", at) + 1) or len(self.text)

    def _column(self, at: int) -> int:
        return at - self._line_start(at)


def _element(node: spans.Sequence, step: str) -> spans.Node | None:
    """Return the string of a list that equals this one, or the mapping or list in it with this number."""
    numbered = node.elements[int(step)] if step.isdigit() and int(step) < len(node.elements) else None
    if numbered is not None and (not isinstance(numbered, spans.Scalar) or numbered.is_alias):
        return numbered
    return next((each for each in node.elements if isinstance(each, spans.Scalar) and each.value == step), None)


def _parts(node: spans.Mapping | spans.Sequence) -> tuple[list[int], list[spans.Node]]:
    """Return where the members or elements begin, and their values."""
    if isinstance(node, spans.Mapping):
        return [key.start for key, _ in node.members], [value for _, value in node.members]
    return [each.start for each in node.elements], list(node.elements)


def _members_in(node: spans.Node) -> Iterator[tuple[spans.Scalar, spans.Node]]:
    if isinstance(node, spans.Mapping):
        yield from node.members
    for each in () if isinstance(node, spans.Scalar) else _parts(node)[1]:
        yield from _members_in(each)
