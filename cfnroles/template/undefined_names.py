"""What a template refers to by a name that it does not have: CloudFormation makes no stack of such a template.

A name that a macro, a loop, a module or AWS SAM may make is none of these.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.need import Finding, Origin, Severity
from cfnroles.spelling import meant
from cfnroles.template.generated import COPILOT, mark_of
from cfnroles.template.logical_ids import LogicalIds
from cfnroles.template.template import Template, is_module
from cfnroles.workload import Path

#: The check that tells of it.
UNDEFINED = "undefined-name"
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_PSEUDO = tuple(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
_PSEUDO_PREFIX = "AWS::"
_SAM = "AWS::Serverless-2016-10-31"
_ROTATION = "AWS::SecretsManager::RotationSchedule"
#: Transforms of AWS, and what the types begin with of which they make more resources, named like the first.
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
_TRANSFORMS = {
    _SAM: "AWS::Serverless::",
    "AWS::SecretsManager-2020-07-23": _ROTATION,
    "AWS::SecretsManager-2024-09-16": _ROTATION,
    "AWS::LanguageExtensions": "",
    "AWS::CodeDeployBlueGreen": "",
}
#: What the names begin with of what SAM makes of no resource in particular.
_OF_SAM = ("Serverless", "CodeDeployServiceRole")
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")
_Known = Collection[str]
_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}]+?)\s*\}")
_TRANSFORM, _LOOP, _INCLUDE = "Fn::Transform", "Fn::ForEach::", "AWS::Include"
#: No permission depends on it.
_COSTLESS = "NetworkConfiguration"
#: How much of a name must be another's, so that it is taken for a slip of it.
_NEAR = 0.8


class Undefined(Struct, frozen=True):
    """A reference of a template to a name that nothing in it has.

    ``partial`` tells that AWS SAM or Copilot keeps parts of the template, and that no name here is like this one.
    """

    path: Path
    what: str
    remedy: str
    partial: bool = False

    def finding(self, template: Template) -> Finding:
        """It as an error in the text of the template."""
        origin = Origin(template.document, template.written(self.path))
        return Finding(Severity.ERROR, origin, self.what, self.remedy, UNDEFINED)


def undefined_names(template: Template, kinds: tuple[str, ...]) -> tuple[Finding, ...]:
    """The errors among what `undefined` finds."""
    return tuple(each.finding(template) for each in undefined(template, kinds) if not each.partial)


def undefined(template: Template, kinds: tuple[str, ...]) -> tuple[Undefined, ...]:
    """The undefined names in the conditions of a template, and in its resources of types that begin so.

    None where a macro may make any name.
    """
    if _any_may_be_made(template.tree):
        return ()
    names = _Names(template)
    of_conditions = _Scope(names, "parameter", names.parameters, ())
    of_resources = _Scope(names, "parameter or resource", (*names.parameters, *names.resources), names.resources)
    found = [*of_conditions.inside(template.tree.get("Conditions"), ("Conditions",))]
    for logical_id, resource in template.resources.items():
        if resource["Type"].startswith(kinds):
            path: Path = ("Resources", logical_id)
            found += of_resources.condition(resource.get("Condition"), (*path, "Condition"))
            found += of_resources.inside(resource.get("Properties"), (*path, "Properties"))
    return tuple(found)


def _any_may_be_made(tree: Mapping[str, Any]) -> bool:
    """Whether a macro, or a template that is included, may make any name."""
    whole = (tree, *(tree.get(section) for section in _SECTIONS))
    here = any(isinstance(each, Mapping) and _TRANSFORM in each for each in whole)
    return here or any(not isinstance(each, str) or each not in _TRANSFORMS for each in _transforms(tree))


def _transforms(tree: Mapping[str, Any]) -> tuple[Any, ...]:
    given = tree.get("Transform")
    return tuple(given) if isinstance(given, list) else (given,) if given else ()


class _Names:
    """The names that a template has, and those that may be made of them."""

    def __init__(self, template: Template) -> None:
        tree, transforms = template.tree, _transforms(template.tree)
        self.parameters = (*_keys(tree, "Parameters"), *_PSEUDO)
        self.resources = tuple(template.resources)
        self.conditions, self.mappings = _keys(tree, "Conditions"), _keys(tree, "Mappings")
        self._ids = LogicalIds(tree)
        kinds = tuple(_TRANSFORMS[name] for name in transforms if _TRANSFORMS[name])
        types = {name: each["Type"] for name, each in template.resources.items()}
        made = (name for name, kind in types.items() if is_module(kind) or kind.startswith(kinds))
        self._made = (*made, *(_OF_SAM if _SAM in transforms else ()))
        mark = mark_of(tree)
        self._partial = _SAM in transforms or (mark is not None and mark.generator == COPILOT)

    def undefined(self, noun: str, name: str, known: _Known, path: Path) -> Iterator[Undefined]:
        """A name that is none of the known ones, and that nothing makes of them."""
        if name in known or name.startswith(self._made) or self._ids.may_be_made(name):
            return
        near = meant(name, known, _NEAR)
        remedy = f"Did you mean {near!r}?" if near else "Declare it: CloudFormation refuses an undefined name."
        yield Undefined(path, f"the template has no {noun} {name}", remedy, self._partial and near is None)


class _Scope(Struct, frozen=True):
    """A part of a template, and the names that Ref takes there, and those that GetAtt does."""

    names: _Names
    noun: str
    named: _Known
    attributed: _Known

    def inside(self, value: Any, path: Path) -> Iterator[Undefined]:
        """What is undefined in a value."""
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from self.inside(each, (*path, index))
        if not isinstance(value, dict | Mapping) or _is_transformed(value):
            return
        if len(value) == 1:
            yield from self._function(*next(iter(value.items())), path)
        for name, member in value.items():
            if name != _COSTLESS and not str(name).startswith(_LOOP):
                yield from self.inside(member, (*path, name))

    def condition(self, name: Any, path: Path) -> Iterator[Undefined]:
        """The name of a condition that is undefined."""
        if isinstance(name, str):
            yield from self.names.undefined("condition", name, self.names.conditions, path)

    def _function(self, function: str, argument: Any, path: Path) -> Iterator[Undefined]:
        match function, argument:
            case "Ref", str():
                yield from self._ref(argument, path)
            case "Fn::GetAtt", str(name) | [str(name), *_]:
                yield from self._attribute(name, path)
            case "Fn::Sub", str(text) | [str(text), *_]:
                given = argument[1] if isinstance(argument, list) and len(argument) > 1 else ()
                for name in dict.fromkeys(_SUBSTITUTED.findall(text)):
                    if name not in given:
                        yield from self._attribute(name, path) if "." in name else self._ref(name, path)
            case "Fn::FindInMap", [str(name), *_]:
                yield from self.names.undefined("mapping", name, self.names.mappings, path)
            case "Fn::If", [name, *_]:
                yield from self.condition(name, path)
            case "Condition", str() if path[0] == "Conditions":
                yield from self.condition(argument, path)

    def _ref(self, name: str, path: Path) -> Iterator[Undefined]:
        if name.startswith(_PSEUDO_PREFIX):
            yield from self.names.undefined("pseudo parameter", name, _PSEUDO, path)
        elif name.partition(".")[0] not in self.attributed:
            yield from self.names.undefined(self.noun, name, self.named, path)

    def _attribute(self, name: str, path: Path) -> Iterator[Undefined]:
        resource = name.partition(".")[0]
        if resource in self.names.parameters and resource not in self.attributed:
            what = f"{resource} is a parameter, and Fn::GetAtt takes a resource"
            yield Undefined(path, what, f"Write !Ref {resource}, or ${{{resource}}} in Fn::Sub.")
        else:
            yield from self.names.undefined("resource", resource, self.attributed, path)


def _is_transformed(value: Mapping[str, Any]) -> bool:
    """Whether a macro makes what is beside it in a mapping; what is included leaves that as it is."""
    transform = value.get(_TRANSFORM)
    return transform is not None and not (isinstance(transform, Mapping) and transform.get("Name") == _INCLUDE)


def _keys(tree: Mapping[str, Any], section: str) -> tuple[str, ...]:
    given = tree.get(section)
    return tuple(map(str, given)) if isinstance(given, Mapping) else ()
