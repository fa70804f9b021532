"""References of a template to names that it does not have, for which CloudFormation rejects it.

A name that a macro, a loop, a module or AWS SAM may generate is not reported.
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

#: The check for them.
UNDEFINED = "undefined-name"
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_PSEUDO = tuple(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
_PSEUDO_PREFIX = "AWS::"
_SAM = "AWS::Serverless-2016-10-31"
_ROTATION = "AWS::SecretsManager::RotationSchedule"
#: Transforms of AWS, and prefixes of the types for which they generate more resources, with names derived from the
#: first.
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
_TRANSFORMS = {
    _SAM: "AWS::Serverless::",
    "AWS::SecretsManager-2020-07-23": _ROTATION,
    "AWS::SecretsManager-2024-09-16": _ROTATION,
    "AWS::LanguageExtensions": "",
    "AWS::CodeDeployBlueGreen": "",
}
#: Prefixes of names that SAM generates for no particular resource.
_OF_SAM = ("Serverless", "CodeDeployServiceRole")
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")
_Known = Collection[str]
_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}]+?)\s*\}")
_TRANSFORM, _LOOP, _INCLUDE = "Fn::Transform", "Fn::ForEach::", "AWS::Include"
#: No permission depends on it.
_COSTLESS = "NetworkConfiguration"
#: The minimum similarity of a misspelled name.
_NEAR = 0.8


class Undefined(Struct, frozen=True):
    """A reference to a name that the template does not have.

    ``partial`` says that AWS SAM or Copilot adds parts to the template, and that no name is similar.
    """

    path: Path
    what: str
    remedy: str
    partial: bool = False

    def finding(self, template: Template) -> Finding:
        """Return it as an error in the text of the template."""
        origin = Origin(template.document, template.written(self.path))
        return Finding(Severity.ERROR, origin, self.what, self.remedy, UNDEFINED)


def undefined_names(template: Template, kinds: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return the errors among the results of `undefined`."""
    return tuple(each.finding(template) for each in undefined(template, kinds) if not each.partial)


def undefined(template: Template, kinds: tuple[str, ...]) -> tuple[Undefined, ...]:
    """Return the undefined names in the conditions of a template, and in its resources with these type prefixes.

    Empty if a macro may generate any name.
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
    """Return whether a macro, or an included template, may generate any name."""
    whole = (tree, *(tree.get(section) for section in _SECTIONS))
    here = any(isinstance(each, Mapping) and _TRANSFORM in each for each in whole)
    return here or any(not isinstance(each, str) or each not in _TRANSFORMS for each in _transforms(tree))


def _transforms(tree: Mapping[str, Any]) -> tuple[Any, ...]:
    given = tree.get("Transform")
    return tuple(given) if isinstance(given, list) else (given,) if given else ()


class _Names:
    """The names of a template, and those that may be generated from them."""

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
        """Yield a name that is unknown and that nothing generates."""
        if name in known or name.startswith(self._made) or self._ids.may_be_made(name):
            return
        near = meant(name, known, _NEAR)
        remedy = f"Did you mean {near!r}?" if near else "Declare it: CloudFormation refuses an undefined name."
        yield Undefined(path, f"the template has no {noun} {name}", remedy, self._partial and near is None)


class _Scope(Struct, frozen=True):
    """A part of a template, with the names that are valid for Ref and for GetAtt."""

    names: _Names
    noun: str
    named: _Known
    attributed: _Known

    def inside(self, value: Any, path: Path) -> Iterator[Undefined]:
        """Yield what is undefined in a value."""
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
        """Yield the name of an undefined condition."""
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
    """Return whether a macro transforms the siblings in a mapping; an include does not."""
    transform = value.get(_TRANSFORM)
    return transform is not None and not (isinstance(transform, Mapping) and transform.get("Name") == _INCLUDE)


def _keys(tree: Mapping[str, Any], section: str) -> tuple[str, ...]:
    given = tree.get(section)
    return tuple(map(str, given)) if isinstance(given, Mapping) else ()
