"""Stacks that are deployed together, each as a template that also has the resources of the others.

Imports, parameters of nested stacks and their outputs become the resources themselves: a secret is the same secret in
all of them, and a role has the policies and the users of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.document import inside
from cfnroles.template.intrinsics import Resolution
from cfnroles.template.template import Template

_SECTIONS = ("Resources", "Parameters", "Conditions", "Mappings")
_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}]+?)\s*\}")
#: The types of what a task definition may name, with the property that gives the name.
_NAMES = {
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
}
#: The maximum depth: two stacks that pass values to each other in a circle would be followed forever.
_DEEPEST = 50


class Stack(Struct, frozen=True):
    """A stack with its name and its place, which is equal for stacks in the same account and Region.

    ``around`` is the number of its parent if it is nested, and ``passed`` are the parameters from that; for any other
    stack these are given values. ``nested`` are the numbers of its nested stacks, by logical ID. If its name is
    unknown, the parameter ``called`` contains it for other stacks.
    """

    name: str
    template: Template
    place: str
    around: int | None = None
    passed: Mapping[str, Any] = field(default_factory=dict)
    nested: Mapping[str, int] = field(default_factory=dict)
    called: str = ""


def linked(stacks: Sequence[Stack]) -> tuple[Template, ...]:
    """Return the template of each stack with the resources of all linked stacks, directly or through others.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    links = _Links(stacks)
    return tuple(_Merging(links, number).template() for number in range(len(stacks)))


class _Links:
    """The values that stacks pass to each other."""

    def __init__(self, stacks: Sequence[Stack]) -> None:
        self.stacks = stacks
        self._exports: dict[tuple[str, str], tuple[int, Any]] = {}
        self._outputs: dict[tuple[str, str, str], tuple[int, Any]] = {}
        for number, stack in enumerate(stacks):
            for name, output in _mapping(stack.template.tree.get("Outputs")).items():
                given, value = _mapping(output), (number, _mapping(output).get("Value"))
                if isinstance(given.get("Condition"), str):
                    continue  # if the condition does not hold, nothing is passed
                if stack.around is None:
                    self._outputs[stack.place, stack.name, str(name)] = value
                if "Export" in given:
                    self._exports[stack.place, self._text(number, _mapping(given["Export"]).get("Name"))] = value
        self.together = self._components()

    def followed(self, number: int, given: Any) -> tuple[int, Any] | None:
        """Return the stack with the value of an expression, and the value; otherwise ``None``."""
        stack = self.stacks[number]
        match given:
            case {"Ref": str(name)} if len(given) == 1 and name in stack.passed:
                return number if stack.around is None else stack.around, stack.passed[name]
            case {"Fn::GetAtt": [str(name), str(attribute)]} if name in stack.nested:
                inner = stack.nested[name]
                outputs = _mapping(self.stacks[inner].template.tree.get("Outputs"))
                output = _mapping(outputs.get(attribute.removeprefix("Outputs.")))
                return (inner, output["Value"]) if "Value" in output and "Condition" not in output else None
            case {"Fn::ImportValue": name}:
                return self._exports.get((stack.place, self._text(number, name)))
            case {"Fn::GetStackOutput": {"StackName": name, "OutputName": output, **others}} if not others:
                return self._outputs.get((stack.place, self._text(number, name), self._text(number, output)))
        return None

    def _text(self, number: int, given: Any) -> str:
        stack = self.stacks[number]
        return Resolution(stack.template.tree).text(given).replace("${AWS::StackName}", stack.name)

    def _components(self) -> tuple[frozenset[int], ...]:
        """Return for each stack all those that are linked with it, directly or through others."""
        found = [{number} for number in range(len(self.stacks))]
        for number, stack in enumerate(self.stacks):
            others = {other for part in _parts(stack.template.tree) if (other := self._other(number, part)) is not None}
            for other in (*others, *stack.nested.values(), *self._named_by(number)):
                if found[other] is not found[number]:
                    found[number] |= found[other]
                    for each in found[other]:
                        found[each] = found[number]
        return tuple(map(frozenset, found))

    def _named_by(self, number: int) -> Iterator[int]:
        """Yield the stacks with a bucket, secret or the like that the tasks of a stack name, in the same place."""
        texts = set(_texts_of_tasks(self.stacks[number].template))
        for other, stack in enumerate(self.stacks):
            if other != number and stack.place == self.stacks[number].place:
                names = {
                    re.escape(name) for name in _given_names(stack.template) if any(name in each for each in texts)
                }
                called = re.compile(rf"(^|[:/])({'|'.join(sorted(names))})($|[:/?*-])")
                if names and any(called.search(each) for each in texts):
                    yield other

    def _other(self, number: int, part: Any) -> int | None:
        found = self.followed(number, part)
        return found[0] if found else None


class _Merging:
    """One stack with the contents of linked stacks, under unique names."""

    def __init__(self, links: _Links, root: int) -> None:
        self._links, self._root = links, root
        self._names: dict[tuple[int, str, str], str] = {}
        self._others = sorted(links.together[root] - {root})

    def template(self) -> Template:
        own = self._links.stacks[self._root].template
        if not self._others:
            return own
        self._choose_names()
        numbers = (self._root, *self._others)
        made: dict[str, Any] = {name: self._section(name, numbers) for name in _SECTIONS}
        called = {self._links.stacks[number].called for number in self._others} - {""}
        made["Parameters"] |= {name: {"Type": "String"} for name in sorted(called)}
        made = {name: each for name, each in made.items() if each}
        borrowed = {
            new: (self._links.stacks[number].template, old)
            for (number, section, old), new in self._names.items()
            if section == "Resources"
        }
        return replace(own, tree={**own.tree, "Outputs": {}, **made, **self._gates()}, borrowed=borrowed)

    def _choose_names(self) -> None:
        """Name what comes from other stacks as it is there, with a number if this stack has that name, too."""
        taken = {_kind(name): set[str]() for name in _SECTIONS}
        for section in _SECTIONS:
            taken[_kind(section)].update(map(str, self._kept(self._root, section)))
        for number in self._others:
            for section in _SECTIONS:
                for name in map(str, self._kept(number, section)):
                    new, used = name, taken[_kind(section)]
                    while new in used:
                        new = f"{re.sub(r'[^A-Za-z0-9]', '', self._links.stacks[number].name)}{new}"
                    used.add(new)
                    self._names[number, section, name] = new

    def _section(self, section: str, numbers: Sequence[int]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for number in numbers:
            for name, each in self._kept(number, section).items():
                found[self._name(number, section, str(name))] = self._definition(section, each, number)
        return found

    def _kept(self, number: int, section: str) -> Mapping[str, Any]:
        """Return the contents of a stack, without nested stacks that are present themselves and what is passed to
        it.
        """
        stack, members = self._links.stacks[number], self._members(number, section)
        gone: Mapping[str, Any] = {"Parameters": stack.passed, "Resources": stack.nested}.get(section, {})
        return {name: each for name, each in members.items() if name not in gone}

    def _definition(self, section: str, given: Any, number: int) -> Any:
        if section != "Resources" or not isinstance(given, Mapping):
            return self._value(given, number)
        # Its dependencies say nothing about it, and may be a nested stack.
        made = {
            name: self._value(each, number) for name, each in given.items() if name not in ("DependsOn", "Condition")
        }
        conditions = self._conditions(given.get("Condition"), number)
        return {**made, "Condition": self._gate(conditions)} if conditions else made

    def _conditions(self, own: Any, number: int) -> tuple[str, ...]:
        """Return the conditions of a resource of a stack: its own, and those of the nested stacks around it."""
        found = [self._name(number, "Conditions", own)] if isinstance(own, str) else []
        inner, stack = number, self._links.stacks[number]
        while stack.around is not None:
            around = self._links.stacks[stack.around]
            ids = [name for name, each in around.nested.items() if each == inner]
            of = _mapping(self._members(stack.around, "Resources").get(ids[0])).get("Condition") if ids else None
            found += [self._name(stack.around, "Conditions", of)] if isinstance(of, str) else []
            inner, stack = stack.around, around
        return tuple(found)

    def _gate(self, conditions: tuple[str, ...]) -> str:
        return conditions[0] if len(conditions) == 1 else " and ".join(conditions)

    def _gates(self) -> Mapping[str, Any]:
        """Return the conditions, with those that combine several."""
        conditions: dict[str, Any] = dict(self._section("Conditions", (self._root, *self._others)))
        for number in (self._root, *self._others):
            for each in self._members(number, "Resources").values():
                several = self._conditions(_mapping(each).get("Condition"), number)
                if len(several) > 1:
                    conditions[self._gate(several)] = {"Fn::And": [{"Condition": name} for name in several]}
        return {"Conditions": conditions} if conditions else {}

    def _value(self, given: Any, number: int, depth: int = 0) -> Any:
        """Return a value of a stack with the names that it has here."""
        if depth < _DEEPEST and (found := self._links.followed(number, given)) is not None:
            return self._value(found[1], found[0], depth + 1)
        match given:
            case {"Fn::Sub": str(text)} if len(given) == 1:
                return self._sub(text, {}, number, depth)
            case {"Fn::Sub": [str(text), Mapping() as variables]} if len(given) == 1:
                return self._sub(text, variables, number, depth)
            case Mapping() if number != self._root and (renamed := self._renamed(given, number)) is not None:
                return renamed
            case Mapping():
                return {name: self._value(each, number, depth) for name, each in given.items()}
            case list():
                return [self._value(each, number, depth) for each in given]
        return given

    def _renamed(self, given: Mapping[str, Any], number: int) -> Any:
        """Return a renamed reference; ``None`` for anything else."""
        match given:
            case {"Ref": "AWS::StackName"} if len(given) == 1:
                stack = self._links.stacks[number]
                return {"Ref": stack.called} if stack.called else stack.name
            case {"Ref": str(name)} if len(given) == 1:
                return {"Ref": self._name(number, "", name)}
            case {"Fn::GetAtt": [str(name), *rest]} if len(given) == 1:
                return {"Fn::GetAtt": [self._name(number, "Resources", name), *rest]}
            case {"Fn::GetAtt": str(name)} if len(given) == 1:
                resource, _, attribute = name.partition(".")
                return {"Fn::GetAtt": [self._name(number, "Resources", resource), attribute]}
            case {"Condition": str(name)} if len(given) == 1:
                return {"Condition": self._name(number, "Conditions", name)}
            case {"Fn::If": [str(name), *values]} if len(given) == 1:
                return {"Fn::If": [self._name(number, "Conditions", name), *self._value(values, number)]}
            case {"Fn::FindInMap": [str(name), *keys]} if len(given) == 1:
                return {"Fn::FindInMap": [self._name(number, "Mappings", name), *self._value(keys, number)]}
        return None

    def _sub(self, text: str, variables: Mapping[str, Any], number: int, depth: int) -> Any:
        """Return a substitution with variables for what is renamed or elsewhere."""
        known = {str(name): self._value(each, number, depth) for name, each in variables.items()}
        for name in _SUBSTITUTED.findall(text):
            resource, dot, attribute = name.partition(".")
            expression = {"Fn::GetAtt": [resource, attribute]} if dot else {"Ref": name}
            value = self._value(expression, number, depth)
            if name not in known and value != expression:
                known[name] = value
        return {"Fn::Sub": [text, known] if known else text}

    def _name(self, number: int, section: str, name: str) -> str:
        sections = (section,) if section else ("Resources", "Parameters")
        return next((new for each in sections if (new := self._names.get((number, each, name)))), name)

    def _members(self, number: int, section: str) -> Mapping[str, Any]:
        return _mapping(self._links.stacks[number].template.tree.get(section))


def _texts_of_tasks(template: Template) -> Iterator[str]:
    for resource in template.resources.values():
        if resource["Type"].startswith("AWS::ECS::"):
            yield from _texts_in(resource.get("Properties"))


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for member in inside(value):
        yield from _texts_in(member)


def _given_names(template: Template) -> Iterator[str]:
    """Yield the names that a template gives in plain text, as an ARN has them."""
    for resource in template.resources.values():
        given = _mapping(resource.get("Properties")).get(_NAMES.get(resource["Type"], ""))
        if isinstance(given, str) and given.strip("/"):
            yield given.lstrip("/")


def _kind(section: str) -> str:
    return "Resources" if section == "Parameters" else section


def _parts(value: Any) -> Iterator[Any]:
    """Yield every mapping in a tree, and the references in texts of ``Fn::Sub`` as mappings."""
    if isinstance(value, Mapping):
        yield value
        text = value.get("Fn::Sub")
        for name in _SUBSTITUTED.findall(str(text[0] if isinstance(text, list) and text else text)) if text else ():
            resource, dot, attribute = name.partition(".")
            yield {"Fn::GetAtt": [resource, attribute]} if dot else {"Ref": name}
    for member in inside(value):
        yield from _parts(member)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
