"""The properties of a resource in the API's spelling, with their places in the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from cfnroles.sources.members import ANYTHING, FLAG, MAP, TEXT
from cfnroles.sources.template_shapes import shaped
from cfnroles.symbols import Attribute, Opaque
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import Text
from cfnroles.workload import BESIDE, Path

_UNDECIDED = "Fn::If"
_CUSTOM = "AWS::CloudFormation::CustomResource"
_CONTAINERS = ("containerDefinitions",)
#: Members with another name in CloudFormation than in the API, in lowercase.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
_RENAMED = {"placementstrategies": "placementStrategy", "clustersettings": "settings", "clustername": "cluster"}


class Turned(Struct):
    """The properties of a resource with the API's names, during conversion. ``sources`` are the places of each part."""

    resource: Resource
    stack: ResolvedStack
    sources: dict[Path, Path] = field(default_factory=dict)
    unseen: list[Path] = field(default_factory=list)
    _places: dict[Path, Path] = field(default_factory=dict)
    _names: dict[tuple[int, bool], dict[str, str]] = field(default_factory=dict)

    def source(self, steps: Path) -> Path:
        """Return the place in the document of the part at ``steps`` of the resource's properties."""
        found = self._places.get(steps)
        if found is None:
            moved = self.resource.moved(steps) if steps else self.resource.source()
            found = self._places[steps] = moved or (*self.source(steps[:-1]), steps[-1])
        return found

    def _known(self, kind: Mapping[str, Any], path: Path) -> dict[str, str]:
        """Return the members of a structure by their names in lowercase."""
        key = id(kind), path[-1:] == ("proxyConfiguration",)
        if key not in self._names:
            self._names[key] = {**_RENAMED, **{_folded(name, path): name for name in kind}}
        return self._names[key]

    def structure(self, given: Mapping[str, Any], kind: Mapping[str, Any], path: Path, steps: Path) -> dict[str, Any]:
        """Return the members at ``steps`` with the names of ``kind``, placed at ``path``."""
        known = self._known(kind, path)
        tree = {}
        for name, value in given.items():
            function = name.startswith("Fn::")
            member = known.get(name.lower(), name if function else name[:1].lower() + name[1:])
            self.sources[(*path, member)] = self.source((*steps, name))
            turned = self.value(value, kind.get(member, TEXT), (*path, member), (*steps, name))
            if turned is None and value is not None and member not in kind:
                # An unknown member is reported with any content.
                turned = {}
            if turned is not None:
                tree[member] = turned
        return tree

    def known_containers(self, elements: Any) -> Any:
        """Return the containers among the elements of a list, without the unknown ones; another value as it is."""
        if isinstance(elements, Mapping | str | int | float):
            return elements
        found = elements or []
        if not (unknown := [index for index, each in enumerate(found) if each is None]):
            return found
        order = [*(index for index in range(len(found)) if index not in unknown), *unknown]
        places = {before: index for index, before in enumerate(order)}

        def moved(path: Path) -> Path:
            return (path[0], places[int(path[1])], *path[2:]) if path[:1] == _CONTAINERS and path[1:] else path

        self.sources = {moved(path): source for path, source in self.sources.items()}
        self.unseen[:] = map(moved, self.unseen)
        return [found[index] for index in order[: -len(unknown)]]

    def value(self, given: Any, kind: Any, path: Path, steps: Path) -> Any:
        """Return the value at ``steps`` in the form of its ``kind``; ``None`` for another type."""
        # Most values are plain strings, and there are many worlds.
        if isinstance(given, str) and isinstance(kind, str) and kind != MAP:
            return self._plain(given, kind)
        branches = undecided(given)
        if branches is not None and not isinstance(kind, list):
            index, chosen = branches[0] if branches else (0, None)
            return None if chosen is None else self.value(chosen, kind, path, (*steps, _UNDECIDED, index))
        if isinstance(given, str) and _holds_members(kind) and shaped(given, self.stack).symbols:
            self.unseen.append(path)
            if kind == MAP and _may_be_map(shaped(given, self.stack)):
                return None
        if self._is_refused(given, kind, path):
            return given
        if isinstance(kind, Mapping):
            return self.structure(given, kind, path, steps) if isinstance(given, Mapping) else None
        if isinstance(kind, list):
            return [
                self._element(element, kind[0], (*path, index), place)
                for index, (element, place) in enumerate(elements(given, steps))
            ]
        if kind == MAP and isinstance(given, Mapping):
            options = {name: member for name, member in given.items() if not name.startswith("Fn::")}
            if len(options) < len(given):
                self.unseen.append(path)
            for name in options:
                self.sources[(*path, name)] = self.source((*steps, name))
            return {name: self.value(member, TEXT, (*path, name), (*steps, name)) for name, member in options.items()}
        # A function or a macro generates another type.
        return None if isinstance(given, Mapping | list) else self._plain(given, kind)

    def _is_refused(self, given: Any, kind: Any, path: Path) -> bool:
        """Return whether CloudFormation refuses a value because of its type.

        A string in place of a list of strings that decides no permission, such as security groups, is not reported.
        """
        if self.stack.changed or not self.resource.type.startswith("AWS::ECS::"):
            return False
        plain = isinstance(kind, list) and not isinstance(kind[0], Mapping) and path[0] in BESIDE
        return not plain and is_of_another_type(given, kind)

    def _element(self, given: Any, kind: Any, path: Path, steps: Path) -> Any:
        self.sources[path] = self.source(steps)
        return self.value(given, kind, path, steps)

    def _plain(self, given: Any, kind: Any) -> Any:
        # CloudFormation converts strings, numbers and Booleans. An empty string is a parameter without a default, and
        # unknown.
        if isinstance(given, str):
            if kind == FLAG and given.lower() in ("true", "false"):
                return given.lower() == "true"
            if "${" not in given:
                return given or None
            text = shaped(given, self.stack)
            return (text if text.symbols else text.plain) if given else None
        if kind == TEXT and isinstance(given, bool):
            return str(given).lower()
        return str(given) if kind == TEXT and isinstance(given, int | float) else given


def is_of_another_type(given: Any, kind: Any) -> bool:
    """Return whether a value has another type than its kind: a map for a list, or a string for a map."""
    if isinstance(given, Mapping):
        return not isinstance(kind, Mapping) and kind not in (MAP, ANYTHING) and not _is_function(given)
    if isinstance(given, list):
        return not isinstance(kind, list) and kind != ANYTHING
    literal = isinstance(given, bool | int | float) or (isinstance(given, str) and given and "${" not in given)
    return bool(literal) and isinstance(kind, Mapping | list)


def _is_function(given: Mapping[str, Any]) -> bool:
    return any(name == "Ref" or name.startswith("Fn::") for name in given)


def undecided(given: Any) -> list[tuple[int, Any]] | None:
    """Return the branches of an undecided condition with their index; ``None`` for any other value."""
    if not isinstance(given, (dict, Mapping)) or len(given) != 1 or _UNDECIDED not in given:
        return None
    return [(index, branch) for index, branch in enumerate(given[_UNDECIDED]) if index and not _is_no_value(branch)]


def elements(given: Any, steps: Path) -> Iterator[tuple[Any, Path]]:
    """Yield the elements of a list and of both branches of undecided conditions, with their places."""
    branches = undecided(given)
    if branches is not None:
        for index, branch in branches:
            yield from elements(branch, (*steps, _UNDECIDED, index))
    elif isinstance(given, list):
        for index, element in enumerate(given):
            inner = undecided(element)
            if inner is None:
                yield element, (*steps, index)
                continue
            for number, branch in inner:
                yield from _branch(branch, (*steps, index, _UNDECIDED, number))


def _branch(branch: Any, steps: Path) -> Iterator[tuple[Any, Path]]:
    if isinstance(branch, list) or undecided(branch) is not None:
        yield from elements(branch, steps)
    else:
        yield branch, steps


def _holds_members(kind: Any) -> bool:
    return kind == MAP or isinstance(kind, Mapping) or (isinstance(kind, list) and isinstance(kind[0], Mapping))


def _may_be_map(value: Text) -> bool:
    """Return whether a value may be a map: from a macro or a custom resource. Any other is a string or a list."""
    symbol = value.whole
    if isinstance(symbol, Attribute):
        return symbol.type == _CUSTOM or not symbol.type.startswith("AWS::")
    return isinstance(symbol, Opaque) and symbol.name.startswith("Fn::Transform(")


def _folded(name: str, path: Path) -> str:
    if name == "properties" and path[-1:] == ("proxyConfiguration",):
        return "proxyconfigurationproperties"
    return name.lower()


def _is_no_value(branch: Any) -> bool:
    return isinstance(branch, Mapping) and branch == {"Ref": "AWS::NoValue"}
