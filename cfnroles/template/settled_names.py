"""Names of resources that functions say, written out where they are the same whatever the conditions of a template are.

With AWS::LanguageExtensions, ``Ref`` and ``Fn::GetAtt`` take functions in the place of a name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.template.given import Given
from cfnroles.template.intrinsics import Resolution
from cfnroles.template.template import Template, resources_of

#: A name that begins a function, in any spelling; a template without any has nothing to write out.
_FUNCTION = re.compile(r"""(?:GetAtt["']?\s*:?\s*[\[-]?|Ref["']?\s*:)\s*(?:!|\{|["']?Fn::)""")
_SECTIONS = ("Resources", "Outputs")


def with_settled_names(template: Template, given: Given) -> Template:
    """The template with the names of its resources as they stand, as far as these are known; itself where all are.

    What depends on a parameter that a condition asks is told apart with the conditions. ``rolled`` gains the parameters
    whose default was taken.
    """
    if not _FUNCTION.search(template.text):
        return template
    writing = _Writing(template, given)
    sections = {name: writing.value(template.tree[name]) for name in _SECTIONS if name in template.tree}
    rolled = tuple(dict.fromkeys((*template.rolled, *writing.taken)))
    return replace(template, tree={**template.tree, **sections}, rolled=rolled)


class _Writing:
    def __init__(self, template: Template, given: Given) -> None:
        self._template, self._given = template, given
        self._resolution = Resolution(template.tree, given)
        self._resources = resources_of(template.tree)
        asked = template.parameters_of(template.tree.get("Conditions"))
        self._open = frozenset(asked).difference(given.parameters)
        self.taken: list[str] = []

    def value(self, value: Any) -> Any:
        """A part of a template with the names in it written out."""
        match value:
            case {"Fn::GetAtt": [Mapping() as name, *attribute]} if len(value) == 1:
                known = self._name(name)
                return value if known is None else {"Fn::GetAtt": [known, *attribute]}
            case {"Fn::GetAtt": Mapping() as name} | {"Ref": Mapping() as name} if len(value) == 1:
                known = self._name(name)
                return value if known is None else dict.fromkeys(value, known)
            case Mapping():
                return {key: self.value(member) for key, member in value.items()}
            case list():
                return [self.value(each) for each in value]
        return value

    def _name(self, function: Mapping[str, Any]) -> str | None:
        parameters = self._template.parameters_of(function)
        name = self._resolution.value(function)
        if not isinstance(name, str) or name.partition(".")[0] not in self._resources:
            return None
        if not self._open.isdisjoint(parameters):
            return None
        self.taken += (each for each in parameters if each not in self._given.parameters)
        return name
