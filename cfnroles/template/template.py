"""CloudFormation templates: their resources with the intrinsic functions evaluated as far as possible.

    template = read_template(text, "roles.yaml")
    stack = template.resolve(Given({"ProjectName": "shop"}, account="111122223333", region="eu-west-1"))
    role = stack.resources["ExecutionRole"]
    role.properties["Policies"][0]          # texts in the spelling of Fn::Sub: what is unknown stays ${...}
    template.line(role.source("Policies", 0))

Resolved texts never guess: ``${Queue.Arn}``, ``${AWS::AccountId}`` or ``${Fn::Select(0, Keys)}`` is an unknown part,
and ``${!`` is a literal ``${``. A symbol has the same value throughout a stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from cfnroles.document import inside, nearest, parse, positions
from cfnroles.errors import InvalidInput
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import Look, Resolution, literal, plain, symbols
from cfnroles.workload import Path

__all__ = [
    "ResolvedStack",
    "Resource",
    "Template",
    "checked",
    "is_module",
    "literal",
    "plain",
    "read_template",
    "resources_of",
    "symbols",
]


class Resource(Struct, frozen=True, dict=True):
    """One resource of a template. ``undecided`` is its condition, if that is undecided.

    A value that depends on an undecided condition stays ``{"Fn::If": [condition, value, value]}`` with both values
    resolved.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    undecided: str = ""
    _sources: Mapping[Path, Path] = field(default_factory=dict)

    def source(self, *steps: str | int) -> Path:
        """Return the place in the document of the part of ``properties`` at ``steps``, for `Template.line`."""
        path: Path = ()
        source: Path = ()
        for step in ("Resources", self.logical_id, "Properties", *steps):
            path = (*path, step)
            source = self._sources.get(path, (*source, step))
        return source

    @cached_property
    def known(self) -> dict[object, Any]:
        """A cache of results about the resource."""
        return {}

    @property
    def moves(self) -> tuple[tuple[Path, Path], ...]:
        """The parts with another place than what is around them, and their places."""
        return tuple(self._sources.items())

    def moved(self, steps: Path) -> Path | None:
        """Return the place of a part of ``properties`` that differs from what is around it; otherwise ``None``."""
        return self._sources.get(("Resources", self.logical_id, "Properties", *steps)) if self._sources else None


class ResolvedStack(Struct, frozen=True, dict=True):
    """A template with values: its resources by logical ID, without those whose condition does not hold.

    ``conditions`` says whether each condition holds; ``None`` if it depends on an unknown. ``changed`` says whether a
    macro may change any part of the template.
    """

    resources: Mapping[str, Resource]
    conditions: Mapping[str, bool | None]
    changed: bool = False

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of these types, in the order of the template."""
        if isinstance(self.resources, _Resources):
            return tuple(self.resources.of_type(types))
        return tuple(resource for resource in self.resources.values() if resource.type in types)

    def left_out(self, logical_id: str) -> bool:
        """Return whether the template has a resource that the stack lacks, because its condition does not hold."""
        given = self.resources
        return isinstance(given, _Resources) and logical_id in given.definitions and logical_id not in given

    @cached_property
    def known(self) -> dict[object, Any]:
        """A cache of results about the stack."""
        return {}


#: Resources by logical ID, with the lookups of each and their results.
Alike = dict[str, dict[tuple[Look, ...], dict[tuple[object, ...], Resource]]]


class _Resources(Mapping[str, Resource]):
    """The resources of a stack, each resolved on demand: most never are."""

    def __init__(self, resolution: Resolution, types: tuple[str, ...], alike: Alike | None) -> None:
        self.definitions = resources_of(resolution.tree)
        self._resolution, self._types, self._alike = resolution, types, alike
        self._known: dict[str, Resource] = {}
        self._there: dict[str, bool] = {}
        self._by_type: dict[str, list[str]] = {}
        for name, definition in self.definitions.items():
            self._by_type.setdefault(definition["Type"], []).append(name)

    def __getitem__(self, logical_id: str) -> Resource:
        if logical_id not in self._known:
            if logical_id not in self.definitions or not self._is_there(logical_id):
                raise KeyError(logical_id)
            self._known[logical_id] = self._worked_out(logical_id)
        return self._known[logical_id]

    def _worked_out(self, logical_id: str) -> Resource:
        """Return the resource; that of another world if all of its lookups have the same results."""
        alike = {} if self._alike is None else self._alike.setdefault(logical_id, {})
        for looks, found in alike.items():
            if (same := found.get(tuple(map(self._resolution.look, looks)))) is not None:
                return same
        own = self._resolution.apart()
        made = _resource(logical_id, self.definitions[logical_id], own, self._types)
        alike.setdefault(tuple(own.looks), {})[tuple(own.looks.values())] = made
        return made

    def __iter__(self) -> Iterator[str]:
        return filter(self._is_there, self.definitions)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, logical_id: object) -> bool:
        return logical_id in self.definitions and self._is_there(str(logical_id))

    def of_type(self, types: tuple[str, ...]) -> Iterator[Resource]:
        """Yield the resources of these types, in the order of the template."""
        names = [name for each in dict.fromkeys(types) for name in self._by_type.get(each, ())]
        if len(types) > 1:
            names.sort(key=self._order.__getitem__)
        return (self[name] for name in names if self._is_there(name))

    @cached_property
    def _order(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(self.definitions)}

    def _is_there(self, logical_id: str) -> bool:
        there = self._there.get(logical_id)
        if there is None:
            there = self._there[logical_id] = self._holds(logical_id)
        return there

    def _holds(self, logical_id: str) -> bool:
        condition = self.definitions[logical_id].get("Condition")
        return not isinstance(condition, str) or self._resolution.condition(condition) is not False


class Template(Struct, frozen=True, dict=True):
    """A template that was read, with long forms of functions.

    ``places`` are the places of parts of ``tree`` that a loop generated, ``rolled`` the parameters whose default
    determines them. ``borrowed`` are resources of ``tree`` from other templates: their places and IDs there.
    """

    document: str
    text: str
    tree: Mapping[str, Any]
    places: Mapping[Path, Path] = field(default_factory=dict)
    rolled: tuple[str, ...] = ()
    borrowed: Mapping[str, tuple[Template, str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        # The contents may be secret.
        return f"Template({self.document!r})"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(_mapping(self.tree.get("Parameters")))

    @property
    def declarations(self) -> Mapping[str, Mapping[str, Any]]:
        """The declarations of its parameters, by name."""
        return {name: _mapping(given) for name, given in _mapping(self.tree.get("Parameters")).items()}

    @property
    def settable(self) -> tuple[str, ...]:
        """The parameters that can be set; values of the others come from Parameter Store."""
        return tuple(
            name
            for name, given in self.declarations.items()
            if not str(given.get("Type", "")).startswith("AWS::SSM::Parameter::Value")
        )

    def values(self, given: Given) -> Mapping[str, str]:
        """Return the values of its parameters that are given or have a default."""
        found = {name: given.parameters.get(name, self.declarations[name].get("Default")) for name in self.settable}
        return {name: str(value) for name, value in found.items() if value is not None}

    def untold_in(self, path: Path, given: Given) -> tuple[str, ...]:
        """Return the parameters without a value that the part at ``path`` refers to, directly or through a
        condition.
        """
        return self._untold(_references(self._at(path), self.tree, frozenset()), given)

    def parameters_in(self, path: Path) -> tuple[str, ...]:
        """Return the parameters that the part at ``path`` refers to, directly or through a condition."""
        return self.parameters_of(self._at(path))

    def parameters_of(self, expression: Any) -> tuple[str, ...]:
        """Return the parameters that an expression refers to, directly or through a condition."""
        names = _references(expression, self.tree, frozenset())
        return tuple(dict.fromkeys(name for name in names if name in self.parameters))

    def _at(self, path: Path) -> Any:
        part: Any = self.tree
        for step in path:
            if isinstance(part, Mapping) and step not in part and len(part) == 1:
                (part,) = part.values()  # a short form has no key of its own
            indexed = isinstance(part, list) and isinstance(step, int) and step < len(part)
            part = part[step] if indexed or (isinstance(part, Mapping) and step in part) else None
        return part

    def untold_by(self, condition: str, given: Given) -> tuple[str, ...]:
        """Return the parameters without a value that a condition of the template depends on."""
        return self._untold(_references({"Condition": condition}, self.tree, frozenset()), given)

    def _untold(self, names: Iterable[str], given: Given) -> tuple[str, ...]:
        home = {"AWS::Region": given.region, "AWS::Partition": given.region, "AWS::AccountId": given.account}
        values = {**dict.fromkeys(self.settable, ""), **home, **self.values(given)}
        return tuple(dict.fromkeys(name for name in names if values.get(name, name) == ""))

    @property
    def secret_parameters(self) -> tuple[str, ...]:
        """The names of the parameters whose values CloudFormation hides (NoEcho)."""
        return tuple(
            name for name, given in self.declarations.items() if str(given.get("NoEcho", "")).lower() == "true"
        )

    @cached_property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The resources as written, by logical ID: each a mapping with a Type, without loops and transforms."""
        return resources_of(self.tree)

    @cached_property
    def macros(self) -> tuple[str, ...]:
        """The names of the macros that change the template as a whole: its transforms, without those of AWS."""
        given = self.tree.get("Transform")
        named = given if isinstance(given, list) else [given] if given else []
        called = (str(each.get("Name", "") if isinstance(each, Mapping) else each) for each in named)
        return tuple(name for name in called if not name.startswith("AWS::"))

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of its conditions."""
        return tuple(_mapping(self.tree.get("Conditions")))

    def conditions_of(self, types: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the conditions of resources with these type prefixes, and of their parts."""
        found: dict[str, None] = {}
        for definition in self.resources.values():
            if definition["Type"].startswith(types):
                own = definition.get("Condition")
                found |= {own: None} if isinstance(own, str) else {}
                found |= dict.fromkeys(_conditions_inside(definition.get("Properties")))
        return tuple(found)

    def type_of(self, logical_id: str) -> str:
        """Return the type of a resource; empty if there is none, or an invalid one."""
        return str(self.resources[logical_id]["Type"]) if logical_id in self.resources else ""

    def home(self, path: Path) -> tuple[Template, Path]:
        """Return the template whose text contains a path of ``tree``, and the path there."""
        if self.borrowed and len(path) > 1 and path[0] == "Resources" and path[1] in self.borrowed:
            template, logical_id = self.borrowed[str(path[1])]
            return template, ("Resources", logical_id, *path[2:])
        return self, path

    def called(self, logical_id: str) -> str:
        """Return the name of a resource for messages about several templates."""
        template, path = self.home(("Resources", logical_id))
        return f"{path[-1]} of {template.document}"

    def place(self, path: Path) -> str:
        """Return the document and the line of a path of ``tree``."""
        return f"{self.home(path)[0].document}:{self.line(path)}"

    def line(self, path: Path) -> int:
        """Return the line of a path of ``tree``, or of the nearest enclosing part in the document; from 1."""
        template, there = self.home(path)
        if template is not self:
            return template.line(there)
        known = positions(self.text, self.document)
        at = nearest(self.written(path), known)
        return known[at][0] if at in known else 0

    def written(self, path: Path) -> Path:
        """Return the path in the text of a path of ``tree``: the same unless a loop generated it."""
        starts = (path[:length] for length in range(len(path), 0, -1)) if self.places else ()
        made = next((start for start in starts if start in self.places), None)
        return path if made is None else (*self.places[made], *path[len(made) :])

    def resolve(
        self,
        given: Given = NOTHING_GIVEN,
        *,
        conditions: Mapping[str, bool | None] | None = None,
        types: tuple[str, ...] = ("",),
        alike: Alike | None = None,
    ) -> ResolvedStack:
        """Return the stack of the template with these values, and defaults for other parameters.

        ``conditions`` decides conditions by name, whatever the parameters are, so that every combination can be
        examined; ``None`` leaves one undecided. ``types`` are prefixes of the relevant types: others are not resolved.
        ``alike`` are the resources of other stacks of the template, of the same types, in the same place and with the
        same imports.
        """
        resolution = Resolution(self.tree, given, conditions or {}, dict(self.places))
        resources = _Resources(resolution, types, alike)
        conditions = {name: resolution.condition(name) for name in self.conditions}
        return ResolvedStack(resources, conditions, changed=bool(self.macros))

    @cached_property
    def known(self) -> dict[object, Any]:
        """A cache of results about the template."""
        return {}

    def exports(self, given: Given = NOTHING_GIVEN) -> tuple[str, ...]:
        """Return the names of the stack's exports with these values, including those of unknown values."""
        return tuple(self.exported(given))

    def exported(self, given: Given = NOTHING_GIVEN) -> Mapping[str, str]:
        """Return the stack's exports with these values, by name; a value as far as it is known."""
        resolution = Resolution(self.tree, given)
        found = {}
        for output in map(_mapping, _mapping(self.tree.get("Outputs")).values()):
            condition = output.get("Condition")
            holds = resolution.condition(condition) if isinstance(condition, str) else True
            name = resolution.value(_mapping(output.get("Export")).get("Name"))
            if holds is not False and isinstance(name, str):
                found[name] = resolution.text(output.get("Value"))
        return found


def read_template(text: str, document: str) -> Template:
    """Return the template in a JSON or YAML text. Raise InvalidInput if it is invalid."""
    tree = parse(text, document)
    if not isinstance(tree, Mapping) or not isinstance(tree.get("Resources"), Mapping):
        what = "is not a CloudFormation template: it has no Resources"
        raise InvalidInput(what, where=document, remedy="Pass a template with a Resources section.")
    return checked(Template(document, text, tree))


def checked(template: Template) -> Template:
    """Return the template. Raise InvalidInput if one of its resources is invalid.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
    """
    for name, given in _mapping(template.tree.get("Resources")).items():
        if str(name).startswith(_MADE):
            continue
        kind = given.get("Type") if isinstance(given, Mapping) else None
        if not isinstance(given, Mapping):
            what, remedy = f"the resource {name} is not an object", "Write its Type and its Properties."
        elif kind is None and _TRANSFORM not in given:
            what, remedy = f"the resource {name} has no Type", "Write it, such as AWS::ECS::TaskDefinition."
        elif kind is not None and not isinstance(kind, str):
            what = f"the Type of the resource {name} is not a string; CloudFormation does not accept a function there"
            remedy = "Write a type, such as AWS::ECS::TaskDefinition."
        else:
            continue
        place = ("Resources", name) if kind is None else ("Resources", name, "Type")
        raise InvalidInput(what, where=template.place(place), remedy=remedy)
    return template


#: The prefix of entries that generate resources.
_MADE = "Fn::"
_TRANSFORM = "Fn::Transform"


def is_module(kind: str) -> bool:
    """Return whether a type is a module's: its resources are in the registry, and in no template.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/modules.html
    """
    return kind.endswith("::MODULE")


def resources_of(tree: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the resources in the tree of a template: each a mapping with a Type."""
    given = _mapping(tree.get("Resources")).items()
    return {str(name): each for name, each in given if not str(name).startswith(_MADE) and "Type" in each}


def _resource(logical_id: str, definition: Mapping[str, Any], own: Resolution, types: tuple[str, ...]) -> Resource:
    condition = definition.get("Condition")
    holds = own.condition(condition) if isinstance(condition, str) else True
    resource: Path = ("Resources", logical_id)
    given = definition.get("Properties", {}) if definition["Type"].startswith(types) else {}
    source = (*own.sources.get(resource, resource), "Properties")
    properties = own.value(given, source, (*resource, "Properties"))
    return Resource(
        logical_id,
        definition["Type"],
        # If a macro generates them, nothing else is known about them.
        _mapping(properties if isinstance(properties, Mapping) else given),
        _mapping(definition.get("Metadata")),
        str(condition) if holds is None else "",
        own.sources,
    )


def _conditions_inside(value: Any) -> Iterator[str]:
    match value:
        case {"Fn::If": [str(name), _, _]}:
            yield name
    for member in inside(value):
        yield from _conditions_inside(member)


_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}.]+?)\s*\}")


def _references(value: Any, tree: Mapping[str, Any], seen: frozenset[str]) -> Iterator[str]:
    """Yield the names that a part of a template refers to, with those of its conditions."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::Sub": str(text) | [str(text), _]}:
            yield from _SUBSTITUTED.findall(text)
        case {"Fn::If": [str(name), _, _]} | {"Condition": str(name)} if name not in seen:
            yield from _references(_mapping(tree.get("Conditions")).get(name), tree, seen | {name})
    for member in inside(value):
        yield from _references(member, tree, seen)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
