"""The type of a variable that declares none, as far as its use shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cfnroles.hcl.configuration import Configuration
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import (
    Block,
    Body,
    Call,
    Constant,
    For,
    ForDirective,
    GetAttribute,
    Index,
    Node,
    Source,
    Splat,
    Template,
    Variable,
)
from cfnroles.hcl.traversals import chain

#: The steps from a value to a part of it that is used: ``.NAME``, an element of a list or of a map.
_Use = tuple[str, ...]
_ELEMENT, _MEMBER = "[]", "{}"
#: https://developer.hashicorp.com/terraform/language/functions
_OF_LISTS = frozenset(
    {"concat", "contains", "distinct", "element", "flatten", "setproduct", "setunion", "sort", "toset"}
)
_OF_MAPS = frozenset({"keys", "lookup", "merge", "values"})
#: A name in an expression, or the escape sequence that may encode a part of it in JSON.
_ESCAPED = r"\u"
_WORD = re.compile(r"\\u|[\w-]+")


@lru_cache(maxsize=1024)  # each pass asks for the same ones
def known_type(configuration: Configuration, variable: Block) -> Node | None:
    """Return the type that a variable declares, else that of its use; ``None`` if it may be a string."""
    kind = variable.body.arguments.get("type")
    if kind is None or kind.written == "any":
        return _by_use(configuration, variable.labels[0]) or kind
    return kind


def _by_use(configuration: Configuration, name: str) -> Node | None:
    nodes = (node for node, words in _nodes(configuration) if name in words or _ESCAPED in words)
    uses = [use for node in nodes for use in _uses(node, "var", name)]
    return parse_expression(Source("", _type(uses))) if any(uses) else None


@lru_cache(maxsize=64)  # each variable asks for those of its configuration
def _nodes(configuration: Configuration) -> Sequence[tuple[Node, frozenset[str]]]:
    """Return the parts of a configuration that may use variables, with the words in each."""
    blocks = (*configuration.resources.values(), *configuration.modules.values(), *configuration.outputs.values())
    nodes: list[Node] = [*(each.body for each in blocks), *configuration.locals.values()]
    return [(node, _words(node)) for node in nodes]


def _words(node: Node) -> frozenset[str]:
    if isinstance(node, Body):
        # Other files may override parts of a block.
        parts: list[Node] = [*node.arguments.values(), *(each.body for each in node.blocks)]
        return frozenset().union(*map(_words, parts))
    return frozenset(_WORD.findall(node.written))


def _type(uses: Sequence[_Use]) -> str:
    inner = {first: [use[1:] for use in uses if use[:1] == (first,)] for use in uses for first in use[:1]}
    if _MEMBER in inner:
        return f"map({_type(inner[_MEMBER])})"
    if _ELEMENT in inner:
        return f"list({_type(inner[_ELEMENT])})"
    if inner:
        return f"object({{{', '.join(f'{name[1:]} = {_type(inner[name])}' for name in inner)}}})"
    return "string"


def _uses(node: object, root: str, first: str = "") -> Iterator[_Use]:
    """Yield the uses of a name, or of what is called ``first`` in it, in an expression."""
    if isinstance(node, tuple):
        for each in node:
            yield from _uses(each, root, first)
        return
    if isinstance(node, dict):
        for name, each in node.items():
            use = (_MEMBER,) if name == "for_each" else ()
            yield from ((*own, *use) for own in _uses(each, root, first))
        return
    if not isinstance(node, Node) or not _may_use(node, root, first):
        return
    match node:
        case Variable() | GetAttribute() | Index() if (found := chain(node)) is not None:
            if (steps := _steps(node, root, first)) is not None:
                yield steps
            for step in found[1]:
                yield from _uses(getattr(step, "key", None), root, first)
            return
        case For() | ForDirective() if (own := _steps(node.collection, root, first)) is not None:
            result = (node.result, node.condition, node.member) if isinstance(node, For) else node.inner
            parts = list(_uses(result, node.value)) or [()]
            yield from ((*own, _MEMBER if node.key else _ELEMENT, *part) for part in parts)
            yield from _uses(result, root, first)
            return
        case Splat() if (own := _steps(node.of, root, first)) is not None:
            yield from ((*own, _ELEMENT, *part) for part in list(_uses(node.each, "*")) or [()])
            return
        case Call() if node.name in _OF_LISTS | _OF_MAPS and node.arguments:
            if (own := _steps(node.arguments[0], root, first)) is not None:
                yield (*own, _MEMBER if node.name in _OF_MAPS else _ELEMENT)
    for name in node.__struct_fields__:
        if name != "source":
            yield from _uses(getattr(node, name), root, first)


def _may_use(node: Node, root: str, first: str) -> bool:
    """Return whether the text of an expression has a name at all. JSON may escape it."""
    if isinstance(node, Body) or root == "*":
        return True  # other files may override parts of a block
    text, start, end = node.source.text, node.start, node.end
    return text.find(first or root, start, end) >= 0 or text.find("\\u", start, end) >= 0


def _steps(node: Node, root: str, first: str) -> _Use | None:
    """Return the steps of a traversal that begins with a name; ``None`` for any other expression."""
    found = chain(node)
    if found is None or found[0].name != root:
        return None
    steps = found[1]
    if first:
        if not steps or not isinstance(steps[0], GetAttribute) or steps[0].name != first:
            return None
        steps = steps[1:]
    return tuple(map(_step, steps))


def _step(step: GetAttribute | Index) -> str:
    if isinstance(step, GetAttribute):
        return f".{step.name}"
    if isinstance(step.key, Constant):
        return _ELEMENT
    literal = step.key.parts if isinstance(step.key, Template) and len(step.key.parts) == 1 else ()
    text = getattr(literal[0], "text", "") if literal else ""
    return f".{text}" if text.isidentifier() else _MEMBER
