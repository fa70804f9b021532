"""Aliases and merge keys of YAML."""

from __future__ import annotations

import re
from typing import Any

import yaml

from cfnroles.errors import InvalidInput
from cfnroles.refused_texts import DEPTH, too_deep

#: Above this, aliases have multiplied a small text.
_NODES = 1_000_000

#: An alias or a merge key, possibly.
MAYBE = re.compile(r"(?:^|[\s,\[{:])\*[\w-]|<<")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MERGE, _MAPPING = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:map"


def check_extent(root: Any, document: str) -> None:
    """Raise InvalidInput for nodes that contain themselves, or for more nodes than can be walked."""
    _extent(root, document, {})


def merge(root: Any, document: str) -> None:
    """Replace merge keys by the members of the mappings that they name.

    A mapping's own members take precedence, then the mapping that is named first. CloudFormation accepts neither
    aliases nor merge keys; `aws cloudformation package` expands them.
    https://yaml.org/type/merge.html
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    Raise InvalidInput if a merge key names anything but a mapping.
    """
    _merge(root, document, set())


def has_aliases(text: str) -> bool:
    """Return whether a YAML text has aliases or merge keys. CloudFormation accepts neither."""
    return MAYBE.search(text) is not None and any(map(_is_alias, yaml.parse(text, Loader=_Loader)))


def _is_alias(event: Any) -> bool:
    merges = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style
    return merges or isinstance(event, yaml.AliasEvent)


def _extent(node: Any, document: str, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """Return the number of nodes below a node with its aliases expanded, and their depth."""
    if isinstance(node, yaml.ScalarNode):
        return 1, 0
    if id(node) in known:
        extent = known[id(node)]
        if extent is None:
            raise InvalidInput(
                "contains itself, by an alias of its own anchor",
                where=_where(node, document),
                remedy="Replace the alias with its value.",
            )
        return extent
    known[id(node)] = None
    inner = node.value if isinstance(node, yaml.SequenceNode) else [each for pair in node.value for each in pair]
    extents = [_extent(each, document, known) for each in inner]
    count = 1 + sum(nodes for nodes, _ in extents)
    depth = 1 + max((below for _, below in extents), default=0)
    if count > _NODES:
        raise InvalidInput("expands its aliases to more than cfnroles reads", where=_where(node, document))
    if depth > DEPTH:
        raise too_deep(_where(node, document))
    known[id(node)] = count, depth
    return count, depth


def _merge(node: Any, document: str, done: set[int]) -> None:
    if isinstance(node, yaml.ScalarNode) or id(node) in done:
        return
    done.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for element in node.value:
            _merge(element, document, done)
        return
    # Mappings named by an earlier alias are already merged.
    for key, value in node.value:
        _merge(key, document, done)
        _merge(value, document, done)
    merging = [value for key, value in node.value if key.tag == _MERGE]
    own = [(key, value) for key, value in node.value if key.tag != _MERGE]
    if len(merging) > 1:
        raise InvalidInput("has the key '<<' twice in one object", where=_where(node, document), remedy=_LIST)
    if merging:
        # Keys that are not strings are rejected elsewhere.
        named = {str(key.value) for key, _ in own}
        others: dict[str, Any] = {}
        for source in _sources(merging[0], document):
            for key, value in source.value:
                if str(key.value) not in named:
                    others.setdefault(str(key.value), (key, value))
        node.value = [*own, *others.values()]


def _sources(value: Any, document: str) -> list[Any]:
    sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
    for source in sources:
        if not isinstance(source, yaml.MappingNode) or source.tag != _MAPPING:
            raise InvalidInput("merges something that is not an object: <<", where=_where(source, document))
    return list(sources)


_LIST = "Put all of them in one list: `<<: [*first, *second]`."


def _where(node: Any, document: str) -> str:
    return f"{document}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
