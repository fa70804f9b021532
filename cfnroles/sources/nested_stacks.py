"""The templates of nested stacks that are next to a template, with the values that it passes to them.

`aws cloudformation package` uploads a template that `TemplateURL` names by a path, and writes the address in its place.
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
#: What makes nested stacks, and the property that says where the template of one is.
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
ADDRESSES = {STACK: "TemplateURL", "AWS::Serverless::Application": "Location"}
#: Stacks are nested less deep, and a template that names itself would be read without end.
_DEEPEST = 10


class NestedStack(Struct, frozen=True):
    """A nested stack whose template is next to the one that has it. ``name`` is the way to it by logical ids.

    ``condition`` is what its resource depends on, if nobody told whether that holds, and ``defaults`` are the
    parameters of the template around it whose default is passed on. ``passed`` is what it is given, as it is written.
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
    """The nested stacks of a template, with those in them; a gap for each whose template cannot be read.

    Raises InvalidInput where a template that is named cannot be read for what it is.
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
    """The templates of nested stacks that have task definitions, each once."""
    found = (each for each in nested if isinstance(each, NestedStack) and defined(each.template))
    return tuple(dict.fromkeys(each.document.name for each in found))


def linked_stacks(
    template: Template, given: Given, nested: Iterable[NestedStack | Gap]
) -> tuple[tuple[NestedStack, Template], ...]:
    """Each nested stack, and its template with what is around it.

    What is passed to it, and what others take of its outputs, is there as the resource that it is.
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
    """The values of parameters as what stands in their place."""
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
    """The template that a path names from another one; ``None`` for an address, and for what is not a template."""
    if not isinstance(url, str) or not url or symbols(url) or "://" in url:
        return None
    try:
        found = document.beside(plain(url))
    except InvalidInput:
        return None
    return found if found is not None and isinstance(found.members.get("Resources"), Mapping) else None


def _passed(parameters: Any, resolution: Resolution) -> dict[str, str | None]:
    """The values of a nested stack's parameters; ``None`` for one that depends on an unknown value."""
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
