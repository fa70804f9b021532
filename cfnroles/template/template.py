"""CloudFormation templates: their resources with the intrinsic functions worked out as far as is known.

    template = read_template(text, "roles.yaml")
    stack = template.resolve(Given({"ProjectName": "shop"}, account="111122223333", region="eu-west-1"))
    role = stack.resources["ExecutionRole"]
    role.properties["Policies"][0]          # texts in the spelling of Fn::Sub: what nobody told stays ${...}
    template.line(role.source("Policies", 0))

Resolved texts never guess: ``${Queue.Arn}``, ``${AWS::AccountId}`` or ``${Fn::Select(0, Keys)}`` is a part that nobody
told, and ``${!`` is a literal ``${``. The same symbol stands for the same value throughout a stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from cfnroles.document import nearest, parse, positions
from cfnroles.errors import InvalidInput
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import Resolution, literal, plain, symbols
from cfnroles.workload import Path

__all__ = ["ResolvedStack", "Resource", "Template", "literal", "plain", "read_template", "symbols"]


class Resource(Struct, frozen=True):
    """One resource of a template. ``undecided`` names the condition it hangs on, where nobody told whether it holds.

    A value that hangs on an undecided condition stays ``{"Fn::If": [condition, value, value]}``, both values resolved.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    undecided: str = ""
    _sources: Mapping[Path, Path] = field(default_factory=dict)

    def source(self, *steps: str | int) -> Path:
        """Where the part of ``properties`` at ``steps`` stands in the document, for `Template.line`."""
        path: Path = ()
        source: Path = ()
        for step in ("Resources", self.logical_id, "Properties", *steps):
            path = (*path, step)
            source = self._sources.get(path, (*source, step))
        return source


class ResolvedStack(Struct, frozen=True):
    """A template with values: its resources by logical id, without those whose condition does not hold.

    ``conditions`` tells of each condition whether it holds, ``None`` where that hangs on something nobody told.
    """

    resources: Mapping[str, Resource]
    conditions: Mapping[str, bool | None]

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types, in the order of the template."""
        return tuple(resource for resource in self.resources.values() if resource.type in types)


class Template(Struct, frozen=True):
    """A template as it was read, short forms turned into long ones.

    ``places`` are where parts of ``tree`` stand in the text that a loop made, ``rolled`` the parameters whose default
    says what it made.
    """

    document: str
    text: str
    tree: Mapping[str, Any]
    places: Mapping[Path, Path] = field(default_factory=dict)
    rolled: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # What a template says may be secret.
        return f"Template({self.document!r})"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(_mapping(self.tree.get("Parameters")))

    @property
    def declarations(self) -> Mapping[str, Mapping[str, Any]]:
        """What it declares of its parameters, by name."""
        return {name: _mapping(given) for name, given in _mapping(self.tree.get("Parameters")).items()}

    @property
    def settable(self) -> tuple[str, ...]:
        """The parameters whose value somebody can give; that of the others is looked up in Parameter Store."""
        return tuple(
            name
            for name, given in self.declarations.items()
            if not str(given.get("Type", "")).startswith("AWS::SSM::Parameter::Value")
        )

    def values(self, given: Given) -> Mapping[str, str]:
        """The values of its parameters, as far as they are given or have a default."""
        found = {name: given.parameters.get(name, self.declarations[name].get("Default")) for name in self.settable}
        return {name: str(value) for name, value in found.items() if value is not None}

    def untold_in(self, path: Path, given: Given) -> tuple[str, ...]:
        """The parameters without a value that the part at ``path`` refers to, directly or through a condition."""
        return self._untold(_references(self._at(path), self.tree, frozenset()), given)

    def parameters_in(self, path: Path) -> tuple[str, ...]:
        """The parameters that the part at ``path`` refers to, directly or through a condition."""
        names = _references(self._at(path), self.tree, frozenset())
        return tuple(dict.fromkeys(name for name in names if name in self.parameters))

    def _at(self, path: Path) -> Any:
        part: Any = self.tree
        for step in path:
            if isinstance(part, Mapping) and step not in part and len(part) == 1:
                (part,) = part.values()  # a short form has no step of its own
            indexed = isinstance(part, list) and isinstance(step, int) and step < len(part)
            part = part[step] if indexed or (isinstance(part, Mapping) and step in part) else None
        return part

    def untold_by(self, condition: str, given: Given) -> tuple[str, ...]:
        """The parameters without a value that a condition of the template hangs on."""
        return self._untold(_references({"Condition": condition}, self.tree, frozenset()), given)

    def _untold(self, names: Iterable[str], given: Given) -> tuple[str, ...]:
        home = {"AWS::Region": given.region, "AWS::Partition": given.region, "AWS::AccountId": given.account}
        values = {**dict.fromkeys(self.settable, ""), **home, **self.values(given)}
        return tuple(dict.fromkeys(name for name in names if values.get(name, name) == ""))

    @property
    def secret_parameters(self) -> tuple[str, ...]:
        """The names of the parameters whose values CloudFormation shows to nobody (NoEcho)."""
        return tuple(
            name for name, given in self.declarations.items() if str(given.get("NoEcho", "")).lower() == "true"
        )

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of its conditions."""
        return tuple(_mapping(self.tree.get("Conditions")))

    def conditions_of(self, types: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the conditions that resources hang on, or parts of them, whose types begin like that."""
        found: dict[str, None] = {}
        for definition in _mapping(self.tree.get("Resources")).values():
            if isinstance(definition, Mapping) and str(definition.get("Type", "")).startswith(types):
                own = definition.get("Condition")
                found |= {own: None} if isinstance(own, str) else {}
                found |= dict.fromkeys(_conditions_inside(definition.get("Properties")))
        return tuple(found)

    def line(self, path: Path) -> int:
        """The line of a path of ``tree``, or of the nearest part around it that stands in the document; from 1."""
        known = _positions(self.text, self.document)
        at = nearest(self.written(path), known)
        return known[at][0] if at in known else 0

    def written(self, path: Path) -> Path:
        """Where a path of ``tree`` stands in the text: the path itself for what no loop made."""
        starts = (path[:length] for length in range(len(path), 0, -1)) if self.places else ()
        made = next((start for start in starts if start in self.places), None)
        return path if made is None else (*self.places[made], *path[len(made) :])

    def resolve(
        self,
        given: Given = NOTHING_GIVEN,
        *,
        conditions: Mapping[str, bool | None] | None = None,
        types: tuple[str, ...] = ("",),
    ) -> ResolvedStack:
        """The stack that the template makes with these values; parameters have their defaults where none is given.

        ``conditions`` decides conditions by name, whatever the
        parameters say, so that every combination of them can be looked at; ``None`` leaves one undecided. ``types`` are
        what the types begin with whose properties are of interest: those of the others are not looked at.
        """
        resolution = Resolution(self.tree, given, conditions or {}, dict(self.places))
        resources = {}
        for logical_id, definition in _mapping(self.tree.get("Resources")).items():
            resource = _resource(str(logical_id), definition, resolution, types)
            if resource is not None:
                resources[resource.logical_id] = resource
        return ResolvedStack(resources, {name: resolution.condition(name) for name in self.conditions})

    def exports(self, given: Given = NOTHING_GIVEN) -> tuple[str, ...]:
        """The names that the stack exports with these values, and those that hang on what nobody told."""
        return tuple(self.exported(given))

    def exported(self, given: Given = NOTHING_GIVEN) -> Mapping[str, str]:
        """What the stack exports with these values, by name; a value as far as it is known."""
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
    """The template in a JSON or YAML text; raises InvalidInput where the text is none."""
    tree = parse(text, document)
    if not isinstance(tree, Mapping) or not isinstance(tree.get("Resources"), Mapping):
        raise InvalidInput("is no CloudFormation template: it has no Resources", where=document)
    return Template(document, text, tree)


def _resource(logical_id: str, definition: Any, resolution: Resolution, types: tuple[str, ...]) -> Resource | None:
    # A loop of AWS::LanguageExtensions stands among the resources and is none.
    if not isinstance(definition, Mapping) or not isinstance(definition.get("Type"), str):
        return None
    condition = definition.get("Condition")
    holds = resolution.condition(condition) if isinstance(condition, str) else True
    if holds is False:
        return None
    start: Path = ("Resources", logical_id, "Properties")
    given = definition.get("Properties", {}) if definition["Type"].startswith(types) else {}
    properties = resolution.value(given, start, start)
    return Resource(
        logical_id,
        definition["Type"],
        # Where a macro makes them, it is all that is known of them.
        _mapping(properties if isinstance(properties, Mapping) else given),
        _mapping(definition.get("Metadata")),
        str(condition) if holds is None else "",
        resolution.sources,
    )


def _conditions_inside(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        match value:
            case {"Fn::If": [str(name), _, _]}:
                yield name
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from _conditions_inside(element)


_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}.]+?)\s*\}")


def _references(value: Any, tree: Mapping[str, Any], seen: frozenset[str]) -> Iterator[str]:
    """The names that a part of a template refers to, with those that its conditions do."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::Sub": str(text) | [str(text), _]}:
            yield from _SUBSTITUTED.findall(text)
        case {"Fn::If": [str(name), _, _]} | {"Condition": str(name)} if name not in seen:
            yield from _references(_mapping(tree.get("Conditions")).get(name), tree, seen | {name})
    members = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for member in members:
        yield from _references(member, tree, seen)


@lru_cache(maxsize=8)
def _positions(text: str, document: str) -> Mapping[Path, tuple[int, int]]:
    return positions(text, document)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
