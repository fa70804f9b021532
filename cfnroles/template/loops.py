"""Expansion of loops of AWS::LanguageExtensions, as in CloudFormation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.template.given import Given
from cfnroles.template.intrinsics import Resolution, plain, symbols
from cfnroles.template.template import Template
from cfnroles.workload import Path

_TRANSFORM = "AWS::LanguageExtensions"
_LOOP = "Fn::ForEach::"
_SECTIONS = ("Conditions", "Resources", "Outputs")
#: The maximum size in bytes of a template with its loops expanded. Larger ones are left unchanged.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST = 1_048_576


def unrolled(template: Template, given: Given) -> Template:
    """Return the template with its loops expanded, as far as their collections are known; unchanged without any.

    Its ``places`` are the places of generated parts, ``rolled`` are the parameters whose default was used.
    """
    if not may_loop(template.tree) or _LOOP not in template.text:
        return template
    writing = _Writing(template, given)
    try:
        sections = {
            name: writing.value(template.tree[name], (name,), (name,), {})
            for name in _SECTIONS
            if name in template.tree
        }
    except _TooMany:
        return template
    defaults = tuple(dict.fromkeys(writing.defaults))
    return replace(template, tree={**template.tree, **sections}, places=writing.places, rolled=defaults)


def may_loop(tree: Mapping[str, Any]) -> bool:
    """Return whether CloudFormation expands the loops of a template."""
    transforms = tree.get("Transform")
    return _TRANSFORM in (transforms if isinstance(transforms, list) else [transforms])


class _TooMany(Exception):
    """The loops generate more than any template may have."""


class _Writing:
    def __init__(self, template: Template, given: Given) -> None:
        self._template, self._given = template, given
        self._resolution = Resolution(template.tree, given)
        self._left = _MOST
        self.places: dict[Path, Path] = {}
        self.defaults: list[str] = []

    def value(self, value: Any, made: Path, written: Path, items: Mapping[str, str]) -> Any:
        """Return a part of a template with its loops expanded. ``items`` are those of the loops around it."""
        match value:
            case {"Ref": str(name)} if name in items and len(value) == 1:
                return items[name]
            case Mapping():
                return dict(self._members(value, made, written, items))
            case list():
                self._take(len(value) + 1)
                return [self.value(each, (*made, index), (*written, index), items) for index, each in enumerate(value)]
            case str():
                text = _filled(value, items)
                self._take(len(text))
                return text
        return value

    def _take(self, length: int) -> None:
        """Count at least the length of the shortest notation in YAML or JSON."""
        self._left -= length
        if self._left < 0:
            raise _TooMany

    def _members(
        self, value: Mapping[str, Any], made: Path, written: Path, items: Mapping[str, str], looped: bool = False
    ) -> Iterator[tuple[str, Any]]:
        for key, member in value.items():
            known = self._items(member, items) if str(key).startswith(_LOOP) else None
            if known is not None:
                identifier, collection, body = known
                for item in collection:
                    yield from self._members(body, made, (*written, key, 2), {**items, identifier: item}, True)
                continue
            name = _filled(str(key), items)
            self._take(len(name) + len(": "))
            if looped or name != key:
                self.places[(*made, name)] = (*written, key)
            yield name, self.value(member, (*made, name), (*written, key), items)

    def _items(self, loop: Any, items: Mapping[str, str]) -> tuple[str, list[str], Mapping[str, Any]] | None:
        """Return the identifier of a loop, its items, and the template of each; ``None`` if unknown."""
        match loop:
            case [str(identifier), collection, Mapping() as body]:
                given = self.value(collection, (), (), items)
                found = self._resolution.value(given)
                if isinstance(found, list) and all(isinstance(each, str) and not symbols(each) for each in found):
                    self.defaults += self._taken(given)
                    return identifier, [plain(each) for each in found], body
        return None

    def _taken(self, collection: Any) -> Iterator[str]:
        match collection:
            case {"Ref": str(name)} if name in self._template.parameters and name not in self._given.parameters:
                yield name


def _filled(text: str, items: Mapping[str, str]) -> str:
    """Return the text with the items of loops: ``${Name}``, and ``&{Name}`` for only its letters and digits."""
    for name, item in items.items():
        text = text.replace(f"${{{name}}}", item).replace(f"&{{{name}}}", re.sub("[^0-9A-Za-z]", "", item))
    return text
