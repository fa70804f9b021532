"""Replaces functions that compute resource names by their values, if these are the same in all worlds.

With AWS::LanguageExtensions, ``Ref`` and ``Fn::GetAtt`` accept functions in place of a name.
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

#: The beginning of a function with a name, in any notation; a template without any needs no change.
_FUNCTION = re.compile(r"""(?:GetAtt["']?\s*:?\s*[\[-]?|Ref["']?\s*:)\s*(?:!|\{|["']?Fn::)""")
_SECTIONS = ("Resources", "Outputs")


def with_settled_names(template: Template, given: Given) -> Template:
    """Return the template with plain names of resources, as far as they are known; unchanged if all are plain.

    Names that depend on a tested parameter are distinguished by worlds. ``rolled`` gains the parameters whose default
    was used.
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
        """Return a part of a template with plain names."""
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
