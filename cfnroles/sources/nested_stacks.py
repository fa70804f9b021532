"""The templates of nested stacks next to a template, with the values that it passes to them.

`aws cloudformation package` uploads a template whose `TemplateURL` is a path, and replaces the path by the URL.
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from msgspec import Struct, field

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.definition_files import with_definitions
from cfnroles.sources.template_tasks import defined
from cfnroles.template.dependencies import names_in
from cfnroles.template.given import Given
from cfnroles.template.intrinsics import Resolution, plain, symbols
from cfnroles.template.linking import Stack, linked
from cfnroles.template.loops import unrolled
from cfnroles.template.settled_names import with_settled_names
from cfnroles.template.template import Template, checked

STACK = "AWS::CloudFormation::Stack"
#: The types of nested stacks, and the property with the template.
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
ADDRESSES = {STACK: "TemplateURL", "AWS::Serverless::Application": "Location"}
#: The maximum depth: a template that names itself would be read forever.
_DEEPEST = 10


class NestedStack(Struct, frozen=True):
    """A nested stack whose template is next to its parent. ``name`` is its path of logical IDs.

    ``condition`` is the undecided condition of its resource, and ``defaults`` are the parent's parameters whose default
    is passed on. ``passed`` is what it gets, as written.
    """

    name: str
    document: Document
    template: Template
    given: Given
    condition: str = ""
    defaults: tuple[str, ...] = ()
    passed: Mapping[str, Any] = field(default_factory=dict)


def nested_stacks(
    template: Template, document: Document, given: Given, name: str = "", around: tuple[str, ...] = ()
) -> Iterator[NestedStack | Gap]:
    """Yield the nested stacks of a template at any depth, and a gap for each whose template cannot be read.

    Raise InvalidInput for a template with an invalid content.
    """
    resolution = Resolution(template.tree, given)
    for logical_id, resource in _stacks(template):
        condition = resource.get("Condition")
        holds = resolution.condition(condition) if isinstance(condition, str) else True
        if holds is False:
            continue
        given_properties = resource.get("Properties")
        properties: Mapping[str, Any] = given_properties if isinstance(given_properties, Mapping) else {}
        called = f"{name}.{logical_id}".lstrip(".")
        url = resolution.value(properties.get(ADDRESSES[str(resource["Type"])]))
        beside = _beside(document, url)
        if beside is None or beside.name in (*around, document.name) or len(around) >= _DEEPEST:
            origin = Origin(document.name, ("Resources", logical_id))
            yield Gap(Holder.EXECUTION, "hidden-resource", origin, _UNSEEN.format(called), _REMEDY)
            continue
        passed = _passed(properties.get("Parameters"), resolution)
        own = Given(passed, given.account, given.region)
        child = checked(unrolled(Template(beside.name, beside.text, beside.members), own))
        child = with_settled_names(with_definitions(child, beside), own)
        hangs_on = condition if isinstance(condition, str) and holds is None else ""
        defaults = tuple(_defaults(properties.get("Parameters"), template, given))
        arguments = properties.get("Parameters")
        given_on = arguments if isinstance(arguments, Mapping) else {}
        yield NestedStack(called, beside, child, own, hangs_on, defaults, given_on)
        yield from nested_stacks(child, beside, own, called, (*around, document.name))


def with_tasks(nested: Iterable[NestedStack | Gap]) -> tuple[str, ...]:
    """Return the templates of nested stacks with task definitions, without duplicates."""
    found = (each for each in nested if isinstance(each, NestedStack) and defined(each.template))
    return tuple(dict.fromkeys(each.document.name for each in found))


def linked_stacks(
    template: Template, given: Given, nested: Iterable[NestedStack | Gap]
) -> tuple[tuple[NestedStack, Template], ...]:
    """Return each nested stack, and its template with what is around it.

    Resources that are passed to it, and that use its outputs, are included.
    """
    found = [each for each in nested if isinstance(each, NestedStack)]
    numbers = {"": 0, **{each.name: number for number, each in enumerate(found, 1)}}

    def inside(name: str) -> Mapping[str, int]:
        return {each.rpartition(".")[2]: number for each, number in numbers.items() if each and _around(each) == name}

    taken = {
        name for each in (template, *(one.template for one in found)) for name in (*each.declarations, *each.resources)
    }

    def called(name: str) -> str:
        wanted = f"{re.sub('[^A-Za-z0-9]', '', name)}StackName"
        return next(each for number in count(1) if (each := f"{wanted}{number if number > 1 else ''}") not in taken)

    top = Stack("Parent", template, "", None, _told(template, given), inside(""), called("Parent"))
    others = [
        Stack(name, each.template, "", numbers[_around(name)], each.passed, inside(name), called(name))
        for name, each in ((one.name, one) for one in found)
    ]
    return tuple(zip(found, linked((top, *others))[1:], strict=True)) if found else ()


def _around(name: str) -> str:
    return name.rpartition(".")[0]


def _told(template: Template, given: Given) -> Mapping[str, Any]:
    """Return the values of parameters in the form in which they replace references."""
    kinds = {name: str(each.get("Type")) for name, each in template.declarations.items()}
    told = {name: value for name, value in given.parameters.items() if value is not None and name in template.settable}
    return {
        name: [each.strip() for each in value.split(",")] if "List" in kinds[name] else value
        for name, value in told.items()
    }


_UNSEEN = "cannot see what is in the nested stack {}"
_REMEDY = "Also pass its template to cfnroles"


def _stacks(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, each) for name, each in template.resources.items() if each["Type"] in ADDRESSES)


def _beside(document: Document, url: Any) -> Document | None:
    """Return the template at a path relative to another one; ``None`` for a URL, and for anything but a template."""
    if not isinstance(url, str) or not url or symbols(url) or "://" in url:
        return None
    try:
        found = document.beside(plain(url))
    except InvalidInput:
        return None
    return found if found is not None and isinstance(found.members.get("Resources"), Mapping) else None


def _passed(parameters: Any, resolution: Resolution) -> dict[str, str | None]:
    """Return the parameter values of a nested stack; ``None`` for one that depends on an unknown."""
    passed: dict[str, str | None] = {}
    for name, given in parameters.items() if isinstance(parameters, Mapping) else ():
        value = resolution.value(given)
        texts = [resolution.text(each) for each in given] if isinstance(given, list) else [_text(value)]
        passed[str(name)] = None if any(map(symbols, texts)) else plain(",".join(texts))
    return passed


def _defaults(passed: Any, template: Template, given: Given) -> Iterator[str]:
    named = set(names_in(passed))
    for name in template.settable:
        if name in named and name not in given.parameters and template.declarations[name].get("Default") is not None:
            yield name


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else "${unknown}"
