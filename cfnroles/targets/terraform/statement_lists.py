"""Lists of statements in Terraform files, in each form, and how to add a statement to each.

A list is an argument of ``jsonencode``, the ``statement`` blocks of ``aws_iam_policy_document``, or part of a JSON
string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles import spans
from cfnroles.errors import InvalidInput
from cfnroles.hcl.syntax import Block, Body, Chunk, Node, Object, Source, Template, Tuple
from cfnroles.targets.terraform.pasted_statements import block_lines, json_text, members

#: A statement as a policy document has it, with the texts of a configuration, and the names of data sources.
Statements = Sequence[Mapping[str, Any]]
Data = Mapping[str, str]


class Insertion(Struct, frozen=True):
    """A text to insert at an offset."""

    at: int
    text: str


class StatementList(Struct, frozen=True):
    """A list of statements in a block of a file."""

    block: Block
    insertions: Callable[[Statements, Data], Sequence[Insertion]]


def inserted(text: str, insertions: Sequence[Insertion]) -> str:
    """Return a text with the insertions; those at one offset in their order."""
    pieces, at = [], 0
    for each in sorted(insertions, key=lambda one: one.at):
        pieces += [text[at : each.at], each.text]
        at = each.at
    return "".join([*pieces, text[at:]])


def list_with(body: Body, line: int) -> StatementList | None:
    """Return the list with the statement that begins on a line of a file; ``None`` if no list can be edited."""
    for block in body.blocks:
        if _covers(block, line):
            found = _in_block(block, block, line)
            return StatementList(block, found) if found else None
    return None


def _covers(node: Node, line: int) -> bool:
    return node.source.place(node.start).line <= line <= node.source.place(max(node.end - 1, node.start)).line


def _in_block(block: Block, around: Block, line: int) -> Callable[[Statements, Data], Sequence[Insertion]] | None:
    for inner in block.body.blocks:
        if inner.type == "statement" and inner.place.line == line:
            last = block.body.of("statement")[-1]
            return lambda statements, data: [_blocks(last, statements, data)]
        if _covers(inner, line) and (found := _in_block(inner, around, line)):
            return found
    for argument in block.body.arguments.values():
        for node in _nodes(argument) if _covers(argument, line) else ():
            if isinstance(node, Tuple) and any(_begins(each, line) for each in node.elements):
                return lambda statements, data, node=node: _elements(node, statements, data)  # type: ignore[misc]
            if isinstance(node, Template) and _covers(node, line) and node.source.text.startswith("<<", node.start):
                return lambda statements, data, node=node: _in_json(node, statements, data)  # type: ignore[misc]
    return None


def _begins(node: Node, line: int) -> bool:
    return isinstance(node, Object) and node.place.line == line


def _nodes(node: object) -> Iterator[Node]:
    """Yield a node and all nodes in it, the inner ones first."""
    if isinstance(node, tuple):
        for each in node:
            yield from _nodes(each)
    elif isinstance(node, Node):
        for name in node.__struct_fields__:
            if name != "source":
                yield from _nodes(getattr(node, name))
        yield node


def _line_end(source: Source, at: int) -> int:
    end = source.text.find("\n", at)
    return len(source.text) if end < 0 else end


def _indent(source: Source, at: int) -> str:
    """Return the white space at the beginning of the line of an offset."""
    start = source.text.rfind("\n", 0, at) + 1
    return re.match(r"[ \t]*", source.text[start:])[0]  # type: ignore[index]


def _blocks(last: Block, statements: Statements, data: Data) -> Insertion:
    """Return more blocks after the last one."""
    indent = _indent(last.source, last.start)
    lines = [line for each in statements for line in ("", *block_lines(each, indent, data))]
    return Insertion(_line_end(last.source, last.end), "".join(f"\n{line}" for line in lines))


def _elements(node: Tuple, statements: Statements, data: Data) -> Sequence[Insertion]:
    """Return more elements after the last one of a list."""
    source, last = node.source, node.elements[-1]
    text, indent = source.text, _indent(source, last.end - 1)
    made = [_object(each, indent, data) for each in statements]
    comma = re.match(r"\s*,", text[last.end :])
    behind = last.end + (comma.end() if comma else 0)
    rest = text[behind : _line_end(source, behind)]
    own_line = _indent(source, last.start) == text[text.rfind("\n", 0, last.start) + 1 : last.start]
    if own_line and re.fullmatch(r"\s*(?:(?:#|//).*)?", rest):
        lines = ",".join(f"\n{indent}{each}" for each in made) + ("," if comma else "")
        return [*([] if comma else [Insertion(last.end, ",")]), Insertion(_line_end(source, behind), lines)]
    joined = "".join(f", {each}" for each in made)
    return [Insertion(last.end, joined)]


def _object(statement: Mapping[str, Any], indent: str, data: Data) -> str:
    return "\n".join(["{", *members(statement, f"{indent}  ", data), f"{indent}}}"])


def _in_json(node: Template, statements: Statements, data: Data) -> Sequence[Insertion]:
    """Return more elements in a JSON string; raise InvalidInput if it cannot be read."""
    source = node.source
    start = _line_end(source, node.start) + 1
    end = source.text.rfind("\n", start, node.end) + 1
    blank = list(source.text[start:end])
    for part in node.parts:
        if not isinstance(part, Chunk):
            for at in range(max(part.start, start), min(part.end, end)):
                blank[at - start] = " " if blank[at - start] == "\n" else "x"
    root = spans.spans("".join(blank), source.name)
    statement = root.member("Statement") if isinstance(root, spans.Mapping) else None
    found = statement[1] if statement else None
    if not isinstance(found, spans.Sequence) or not found.elements:
        raise InvalidInput("has no list of statements that can be edited", where=str(node.place))
    last = start + found.elements[-1].end
    indent = _indent(source, start + found.elements[-1].start)
    lines = (json_text(each, data) for each in statements)
    return [Insertion(last, "".join(",\n" + _indented(each, indent) for each in lines))]


def _indented(text: str, indent: str) -> str:
    return "\n".join(f"{indent}{line}" for line in text.split("\n"))
