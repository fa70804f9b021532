"""Put additions into the text of a template. Everything else in it stays as its author wrote it.

The template's own Metadata records the additions, so that they can be removed again, byte for byte: each part with a
digest of its text, and the previous text if something was replaced.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cfnroles import spans
from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.injection_record import RECORD, Record, Replaced, is_injected, recorded
from cfnroles.targets.cloudformation.patches import Patch, Path, Spot, TemplateText, patched, without
from cfnroles.targets.cloudformation.remaining import check_comments
from cfnroles.targets.cloudformation.template_roles import Added
from cfnroles.targets.cloudformation.uneditable import BY_HAND, check_edited, check_quotas, check_restored, check_size
from cfnroles.template.template import Template

_METADATA = ("Metadata",)
#: The length of the path of a property: Resources, its logical id, Properties, its name.
_OWN = 4
_NOTHING_TOLD: Mapping[str, Any] = MappingProxyType({})


def injected(text: str, document: str, added: Added, told: Mapping[str, Any] = _NOTHING_TOLD) -> str:
    """Return the text of a template with the additions, in its author's own style.

    ``told`` are the options that led to the additions, which are recorded with them. Raise InvalidInput if a place for
    them cannot be edited: behind an alias, or within an expression.
    """
    failure: InvalidInput | None = None
    # A line that begins like a comment may be part of a string.
    for above_comments in (True, False):
        try:
            return _injected(text, document, added, told, above_comments)
        except InvalidInput as error:
            failure = failure or error
    raise failure or InvalidInput("cannot be edited", where=document)


def restored(text: str, document: str) -> str:
    """Return the text of a template without the additions, or the text itself if there are none.

    Raise InvalidInput if an added part was changed later, or has a comment.
    """
    if RECORD not in text:
        return text
    tree = parse(text, document)
    if not is_injected(tree):
        return text
    record = recorded(tree, text, document)
    parts = TemplateText(text, document)
    going = [place for path in record.added if (place := _unchanged(parts, path, record.added[path]))]
    if own := parts.place((*_METADATA, RECORD)):
        going.append(own)
    values = [place.value for place in going]
    patches = [_removal(parts, place, values) for place in going]
    for path, replaced in record.replaced.items():
        if place := _unchanged(parts, path, replaced.digest, value=True):
            patches.append(Patch(*parts.value_span(place), replaced.was))
    return _emptied(without(text, patches), parts, record)


def _injected(text: str, document: str, added: Added, told: Mapping[str, Any], above_comments: bool) -> str:
    tree = parse(text, document)
    putting = _Putting(TemplateText(text, document), tree, above_comments)
    putting.put(added)
    expected = with_added(tree, added)
    check_quotas(Template(document, text, tree), expected)
    check_size(patched(text, putting.patches), document)
    bare = check_edited(text, document, putting.patches, expected)
    with_record = _with_record(bare, document, putting, told)
    check_size(with_record, document)
    check_restored(restored(with_record, document), text, document)
    return with_record


class _Putting:
    """The additions with their places, and the record of them."""

    def __init__(self, parts: TemplateText, tree: Mapping[str, Any], above_comments: bool) -> None:
        self.parts, self.tree, self.above_comments = parts, tree, above_comments
        self.patches: list[Patch] = []
        self.added: list[Path] = []
        self.replaced: dict[Path, str] = {}
        self.emptied: dict[str, str] = {}
        self.sections: list[str] = []

    def put(self, added: Added) -> None:
        self._section("Parameters", added.parameters)
        self._section("Conditions", added.conditions)
        self._section("Resources", added.resources)
        for logical_id in dict.fromkeys((*added.depends_on, *added.resourced)):
            roles = [(path, each) for path, each in added.roles.items() if path[1] == logical_id]
            own = {str(path[-1]): each for path, each in roles if len(path) == _OWN}
            self._attributes(logical_id, added.depends_on.get(logical_id, ""), own)
            for path, each in roles:
                if len(path) > _OWN:
                    self._member(tuple(map(str, path)), _plain(each))

    def _section(self, name: str, members: Mapping[str, Any]) -> None:
        if not members:
            return
        members = _plain(members)
        if self.parts.place((name,)):
            self._into((name,), members)
        else:
            self.patches.append(self.parts.section(name, members, above_comments=self.above_comments))
            self.added += [(name, each) for each in members]
            self.sections.append(name)

    def _into(self, path: Path, members: Mapping[str, Any]) -> None:
        if text := self.parts.emptied(path):
            self.emptied[".".join(path)] = text
        self.patches += self.parts.addition(path, members)
        self.added += [(*path, each) for each in members]

    def _attributes(self, logical_id: str, dependency: str, properties: Mapping[str, Any]) -> None:
        resource: Path = ("Resources", logical_id)
        self.parts.members(resource)
        beside: dict[str, Any] = {}
        if dependency and not self._depends_on((*resource, "DependsOn"), dependency):
            beside["DependsOn"] = dependency
        if properties and not self.parts.place((*resource, "Properties")):
            beside["Properties"] = _plain(properties)
        elif properties:
            self._properties((*resource, "Properties"), _plain(properties))
        if beside:
            self.patches.append(self.parts.beside((*resource, "Type"), beside))
            self.added += [(*resource, each) for each in beside]

    def _depends_on(self, path: Path, name: str) -> bool:
        """Add a name to the dependencies of a resource; return whether it has any."""
        place = self.parts.place(path)
        if place is None:
            return False
        if isinstance(place.value, spans.Sequence) and place.value.elements:
            self.patches.append(self.parts.element(path, name))
            self.added.append((*path, name))
        else:
            self._replace(path, place, _dependencies(self.tree["Resources"][path[1]].get("DependsOn"), name))
        return True

    def _properties(self, path: Path, properties: Mapping[str, Any]) -> None:
        self.parts.members(path)
        new = {}
        for name, given in properties.items():
            place = self.parts.place((*path, name))
            if place is None:
                new[name] = given
            else:
                self._replace((*path, name), place, given)
        if new:
            self._into(path, new)

    def _member(self, path: Path, given: Any) -> None:
        """Set a member of an attribute that a resource already has."""
        if place := self.parts.place(path):
            self._replace(path, place, given)
            return
        around = self.parts.members(path[:-1])
        place = self.parts.place(path[:-1])
        if around is None or place is None or place.key or around.flow:
            self._into(path[:-1], {path[-1]: given})
        else:
            # The first member is on the line of its hyphen.
            self.patches.append(self.parts.beside((*path[:-1], around.members[0][0].value), {path[-1]: given}))
            self.added.append(path)

    def _replace(self, path: Path, place: Spot, given: Any) -> None:
        start, end = self.parts.value_span(place)
        self.replaced[path] = self.parts.text[start:end]
        self.patches.append(self.parts.replacement(place, given))


def _with_record(text: str, document: str, putting: _Putting, told: Mapping[str, Any]) -> str:
    parts = TemplateText(text, document)
    replaced = {
        ".".join(path): Replaced(_digest(parts, parts.place(path), value=True), was)
        for path, was in putting.replaced.items()
    }
    there = parts.place(_METADATA) is not None
    record = Record(
        {".".join(path): _digest(parts, parts.place(path)) for path in putting.added},
        replaced,
        {**putting.emptied, **({"Metadata": was} if (was := parts.emptied(_METADATA)) else {})},
        (*putting.sections, *(() if there else _METADATA)),
        told,
    )
    members = {RECORD: record.tree}
    if there:
        return patched(text, parts.addition(_METADATA, members))
    return patched(text, [parts.section("Metadata", members, above_comments=putting.above_comments)])


def _unchanged(parts: TemplateText, path: str, digest: str, *, value: bool = False) -> Spot | None:
    """Return the place of an added part, if it is there; raise InvalidInput if it was changed later."""
    place = parts.place(tuple(path.split(".")))
    if place is not None and _digest(parts, place, value=value) != digest:
        raise parts.refused(
            place,
            f"{path} was added by cfnroles and changed since",
            why="cfnroles does not remove or replace your changes.",
            remedy=f"Undo the change, or keep it: remove {path} from Metadata.{RECORD}.",
        )
    return place


def _digest(parts: TemplateText, place: Spot | None, *, value: bool = False) -> str:
    """Return a digest of a part's text that does not depend on its line ends and its indentation."""
    if place is None:
        raise InvalidInput("has a format that cfnroles cannot edit", where=parts.document, remedy=BY_HAND)
    start, end = parts.value_span(place) if value else (place.start, place.value.end)
    lines = (line.strip() for line in parts.text[start:end].strip().splitlines())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _emptied(text: str, given: TemplateText, record: Record) -> str:
    """Return the text with the empty values that it had, and without the added sections that are empty."""
    parts = TemplateText(text, given.document)
    patches = []
    for path, was in record.emptied.items():
        place = parts.place(tuple(path.split(".")))
        if place and parts.is_nothing(place.value):
            patches.append(Patch(*parts.value_span(place), was))
    empty = {
        name: place for name in record.sections if (place := parts.place((name,))) and parts.is_nothing(place.value)
    }
    going = [place.value for place in empty.values()]
    for name, place in empty.items():
        header = given.place((name,))
        patches.append(_removal(parts, place, going, given.where(header) if header else ""))
    return without(text, patches)


def _removal(parts: TemplateText, place: Spot, going: Sequence[spans.Node], where: str = "") -> Patch:
    removal = parts.removal(place, going)
    check_comments(parts, place, removal, where)
    return removal


def with_added(tree: Mapping[str, Any], added: Added) -> dict[str, Any]:
    """Return the tree of a template with the additions."""
    new: dict[str, Any] = json.loads(json.dumps(tree))
    sections = {"Parameters": added.parameters, "Conditions": added.conditions, "Resources": added.resources}
    for name, members in sections.items():
        if members:
            new[name] = {**(new.get(name) or {}), **_plain(members)}
    for path, role in added.roles.items():
        resource = new["Resources"][path[1]]
        resource["Properties"] = resource.get("Properties") or {}
        around = resource
        for step in path[2:-1]:
            around = around[step]
        around[path[-1]] = _plain(role)
    for logical_id, name in added.depends_on.items():
        resource = new["Resources"][logical_id]
        resource["DependsOn"] = _dependencies(resource.get("DependsOn"), name) if "DependsOn" in resource else name
    return new


def _dependencies(given: Any, name: str) -> list[Any]:
    return [name, *(given if isinstance(given, list) else [given] if given else [])]


def _plain(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tree with only the types of JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(tree))
    return plain
