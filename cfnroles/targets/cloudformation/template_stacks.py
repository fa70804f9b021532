"""The roles of a template's task definitions as a separate stack, and the validator that these tasks wait for.

The values that the roles need from the template's resources are parameters. The stack copies the template's own
parameters, conditions and mappings that it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.need import Gap, Holder, Need, Origin, Reference
from cfnroles.placeholders import OF_THE_STACKS
from cfnroles.role_kinds import kind_of
from cfnroles.sources.role_places import RolePlace, holders_of, places_of, without_place
from cfnroles.sources.roles_beside import STANDS_FOR, record_of
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.symbols import Attribute, Cut, InImage, Opaque, Parameter, Placeholder, Symbol
from cfnroles.targets.cloudformation.parameters import project_name, secret_parameters
from cfnroles.targets.cloudformation.service import Stack, validator_stack, with_tree
from cfnroles.targets.cloudformation.stack_names import stack_name_of
from cfnroles.targets.cloudformation.template_gate import divided
from cfnroles.targets.cloudformation.template_roles import Adding, added_roles, role_behind
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.template.dependencies import names_in, with_attributes
from cfnroles.text import Part, Text, text_of
from cfnroles.validator_needs import validator_needs

_SYMBOL = re.compile(r"\$\{([A-Za-z0-9]+)\}")


class Taking(Struct, frozen=True):
    """One role of the stacks by its export, and where the template names it.

    ``role`` is its logical ID in its stack. ``origin`` is where it is first needed, if the template has no place for
    it.
    """

    task: str
    holder: Holder
    export: str
    role: str
    places: tuple[RolePlace, ...]
    origin: Origin | None = None


class TemplateStacks(Struct, frozen=True):
    """The stacks, in deployment order. ``takes`` are the places of the template with the roles that they need.

    ``gaps`` are the permissions that the roles lack because a policy cannot express them, and ``made`` the references
    that the validator does not check because the template creates what they name. ``nested`` are the templates of
    nested stacks that have task definitions of their own, and ``taken`` the parameters whose values were used.
    ``handed`` are the parameters that receive values from the template, ``unknown_keys`` the files in Amazon S3 whose
    key no source and no option names, and ``unknown_clusters`` the services with ECS Exec in a cluster elsewhere.
    """

    stacks: tuple[Stack, ...]
    takes: tuple[Taking, ...]
    gaps: tuple[Gap, ...]
    made: tuple[Origin, ...]
    handed: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    unknown_clusters: tuple[str, ...] = ()


def template_stacks(tasks: Iterable[TaskInWorlds], adding: Adding, project: str, document: str) -> TemplateStacks:
    """Return the validator's and the roles' stacks; raise InvalidInput for what CloudFormation or IAM would reject."""
    outside, asked, made = _Outside(adding), list[Reference](), list[Origin]()
    roles: dict[str, Mapping[Holder, Any]] = {}
    takes: list[Taking] = []
    for task in tasks:
        roles[task.logical_id] = added_roles(outside.of(task), holders_of(task, adding.tree), adding)
        takes += _takes(task, roles[task.logical_id], adding)
        references, of_template = divided(task, adding)
        asked += (outside.reference(each) for each in references)
        made += of_template
    named = _roles(roles, adding, outside, project, document)
    handed = tuple(name for name in outside.handed if name in named.template["Parameters"])
    return TemplateStacks(
        (*_validator(asked, adding, project, outside), named), tuple(takes), tuple(adding.gaps), tuple(made), handed
    )


def _takes(task: TaskInWorlds, roles: Mapping[Holder, Any], adding: Adding) -> Iterator[Taking]:
    """Yield where each role of a task definition belongs, by its export."""
    places = places_of(task, adding.tree)
    left = without_place(task, places, adding.tree)
    for holder, arn in roles.items():
        own, role = tuple(place for place in places if place.holder is holder), role_behind(arn, adding)
        yield Taking(task.logical_id, holder, _export(task.logical_id, holder), role, own, left.get(holder))


def _export(task: str, holder: Holder) -> str:
    return kind_of(holder).export_name.replace("${ProjectName}", f"${{ProjectName}}-{task}")


class _Outside:
    """A template as seen from outside: its resources are parameters. ``declared`` are these, by name."""

    def __init__(self, adding: Adding) -> None:
        self._adding = adding
        self.declared: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        #: The stacks have parameters of their own; those of the template get other names.
        self.renamed: dict[str, str] = {}
        declared: Any = adding.tree.get("Parameters")
        for name in declared if isinstance(declared, Mapping) else ():
            own = str(name)
            if own in OF_THE_STACKS:
                self.renamed[own] = adding.ids.new(f"Template{own}")
            self.declared[self.renamed.get(own, own)] = declared[name]

    @property
    def handed(self) -> tuple[str, ...]:
        """The parameters that receive values of resources."""
        resources = self._adding.tree["Resources"]
        return tuple(given for name, given in self._names.items() if name.partition(".")[0] in resources)

    @property
    def stands_for(self) -> Mapping[str, str]:
        """What each parameter represents in the template: a resource with its attribute, or a parameter."""
        handed = {given: name for name, given in self._names.items() if given in self.handed}
        originals = {new: old for old, new in self.renamed.items()}
        of_roles = set(self._names.values()) - set(handed)
        return {
            name: handed.get(name) or stack_name_of(each) or originals.get(name, name)
            for name, each in self.declared.items()
            if name not in of_roles
        }

    def of(self, task: TaskInWorlds) -> TaskInWorlds:
        """Return the needs of a task definition as seen from outside."""
        return replace(task, needs={self._need(need): where for need, where in task.needs.items()})

    def reference(self, reference: Reference) -> Reference:
        """Return a reference to what exists before the stack, in the spelling of another stack."""
        return replace(reference, value_from=self._text(reference.value_from))

    def _need(self, need: Need) -> Need:
        permission = need.permission
        conditions = tuple(
            replace(condition, values=tuple(sorted(map(self._text, condition.values))))
            for condition in permission.conditions
        )
        return replace(
            need, permission=replace(permission, resource=self._text(permission.resource), conditions=conditions)
        )

    def _text(self, text: Text) -> Text:
        return spelled(text_of(text)).replaced(self._part)

    def _part(self, symbol: Symbol) -> Part:
        if isinstance(symbol, Cut):
            of = self._part(symbol.of)
            return replace(symbol, of=of) if isinstance(of, Symbol) else of
        if isinstance(symbol, InImage):
            return replace(symbol, image=self._text(text_of(symbol.image)))
        if isinstance(symbol, Placeholder):
            return self._told(symbol)
        if isinstance(symbol, Parameter) and symbol.name in self.renamed:
            return Parameter(self.renamed[symbol.name])
        if symbol == kind_of(Holder.INSTANCE).arn.whole:
            return symbol  # it is in the stack
        known = isinstance(symbol, Parameter) and symbol.name in self.declared
        return symbol if known or not isinstance(symbol, Parameter | Attribute) else self._handed(symbol.name)

    def _told(self, placeholder: Placeholder) -> Part:
        """Return the parameter for the value of a placeholder, which is no parameter of the template."""
        if placeholder.written not in self._names:
            name = self._names[placeholder.written] = self._adding.ids.new(placeholder.name)
            self.declared[name] = {"Type": "String", "Description": f"Value of the placeholder {placeholder.written}."}
        return Parameter(self._names[placeholder.written])

    def _handed(self, name: str) -> Part:
        """Return the parameter that receives the value of a resource."""
        if name not in self._names:
            resource, _, attribute = name.partition(".")
            self._names[name] = self._adding.ids.new(name) if attribute else resource
            what = f"Fn::GetAtt {name}" if attribute else f"Ref {name}"
            told = f"Value of {what} in the stack of the task definition"
            condition = self._adding.tree["Resources"].get(resource, {}).get("Condition")
            # If the template has no such resource, there is no value, and no policy with it.
            there = {"Default": ""} if condition else {}
            told += f"; empty if {condition} does not hold." if condition else "."
            self.declared[self._names[name]] = {"Type": "String", **there, "Description": told}
        return Parameter(self._names[name])


def _validator(asked: Iterable[Reference], adding: Adding, project: str, outside: _Outside) -> Iterator[Stack]:
    references = tuple(each for each in asked if not any(isinstance(s, Opaque) for s in each.value_from.unknown))
    if not references:
        return
    secrets = secret_parameters(references, adding.facts, (*adding.parameters, *outside.declared))
    needs = validator_needs(references, adding.facts)
    stack = validator_stack(needs, project, Spelling(adding.facts, secrets), {})
    yield with_tree(stack, _completed(stack.template, adding.tree, outside), project)


def _roles(
    roles: Mapping[str, Mapping[Holder, Any]], adding: Adding, outside: _Outside, project: str, document: str
) -> Stack:
    exports = {name: {each: _export(name, each) for each in of_task} for name, of_task in roles.items()}
    stack = Stack(
        f"{project}-roles",
        "roles",
        capabilities=("CAPABILITY_IAM",),
        exports=tuple(each for of_task in exports.values() for each in of_task.values()),
        for_others=tuple(each for of_task in exports.values() for each in of_task.values()),
    )
    outputs = {
        f"{name}{kind_of(holder).name}Arn": {
            "Description": f"ARN of the {holder} of {name}.",
            **({"Condition": condition} if (condition := adding.tree["Resources"][name].get("Condition")) else {}),
            "Value": roles[name][holder],
            "Export": {"Name": {"Fn::Sub": export}},
        }
        for name, of_task in exports.items()
        for holder, export in of_task.items()
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"IAM roles of the task definitions of {document}, with the permissions that they need.",
        "Parameters": {"ProjectName": project_name(project).to_dict(), **adding.parameters},
        "Conditions": _renamed(adding.conditions, outside.renamed),
        "Resources": adding.resources,
        "Outputs": outputs,
    }
    whole = _completed(template, adding.tree, outside)
    record = {name: record_of(each) for name, each in outside.stands_for.items() if name in whole["Parameters"]}
    return with_tree(stack, {"Metadata": {"cfnroles": {STANDS_FOR: record}} if record else {}, **whole}, project)


def _completed(template: Mapping[str, Any], source: Mapping[str, Any], outside: _Outside) -> dict[str, Any]:
    """Return the template of a stack with everything of the source's that it refers to.

    Raise InvalidInput for a resource, and for a parameter that CloudFormation would reject.
    """
    whole = {section: dict(template.get(section, {})) for section in ("Parameters", "Mappings", "Conditions")}
    resources, others = source["Resources"], {key: each for key, each in template.items() if key not in whole}
    left = True
    while left:
        left = False
        for section, name in dict.fromkeys(_referred({**others, **whole})):
            if name not in whole[section] and name in (known := _known(section, source, outside)):
                whole[section][name] = known[name]
                left = True
    missing = {name for name in names_in({**others, **whole}) if name in resources} - set(whole["Parameters"])
    # A parameter has no attributes.
    missing |= {name for name in with_attributes({**others, **whole}) if name in resources}
    if unknown := sorted(missing - set(template["Resources"])):
        raise InvalidInput(
            f"the roles reference {unknown[0]} with an expression that only its own stack can resolve",
            remedy="Inject the roles into the template: `cfnroles inject`.",
        )
    if strange := [name for name, each in whole["Parameters"].items() if not isinstance(each, Mapping)]:
        what = f"the roles reference {strange[0]}, but the declaration of that parameter is not an object"
        raise InvalidInput(what, remedy="Write its Type, which CloudFormation requires.")
    return {**others, **{section: members for section, members in whole.items() if members}}


def _known(section: str, source: Mapping[str, Any], outside: _Outside) -> Mapping[str, Any]:
    own = source.get(section)
    if section == "Parameters" or not isinstance(own, Mapping):
        return outside.declared if section == "Parameters" else {}
    return {name: _renamed(each, outside.renamed) for name, each in own.items()}


def _renamed(tree: Any, names: Mapping[str, str]) -> Any:
    """Return a condition with other names for parameters."""
    match tree:
        case {"Ref": str(name)}:
            return {"Ref": names.get(name, name)}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _SYMBOL.sub(lambda each: f"${{{names.get(each[1], each[1])}}}", text)}
        case Mapping():
            return {name: _renamed(member, names) for name, member in tree.items()}
        case list():
            return [_renamed(member, names) for member in tree]
    return tree


def _referred(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield the section and name of everything that a part of a template refers to, except resources."""
    yield from (("Parameters", name) for name in names_in(tree))
    yield from (("Conditions", name) for name in _conditions_in(tree))
    yield from (("Mappings", name) for name in _mappings_in(tree))


def _conditions_in(tree: Any) -> Iterator[str]:
    match tree:
        case {"Fn::If": [str(name), *_]} | {"Condition": str(name)}:
            yield name
    for member in _members(tree):
        yield from _conditions_in(member)


def _mappings_in(tree: Any) -> Iterator[str]:
    match tree:
        case {"Fn::FindInMap": [str(name), *_]}:
            yield name
    for member in _members(tree):
        yield from _mappings_in(member)


def _members(tree: Any) -> Iterable[Any]:
    return tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list) else ()
