"""The plain tree of a template that consists of troposphere objects."""

from __future__ import annotations

from typing import Any

from troposphere import AWSHelperFn, BaseAWSObject, Parameter, Template, encode_to_dict

from cfnroles.targets.cloudformation.template_text import Shared

#: The sections that troposphere omits if they are empty, by its names of them, in its order.
_SECTIONS = {
    "Description": "description",
    "Metadata": "metadata",
    "Conditions": "conditions",
    "Mappings": "mappings",
    "Outputs": "outputs",
    "Parameters": "parameters",
    "AWSTemplateFormatVersion": "version",
    "Transform": "transform",
    "Rules": "rules",
    "Globals": "globals",
}


def plain_tree(template: Template) -> dict[str, Any]:
    """Return what ``template.to_dict()`` returns, after the same checks. Raise ValueError for a missing property.

    troposphere copies the tree of an object again for each object around it. This function walks each once.
    """
    sections = {name: getattr(template, attribute) for name, attribute in _SECTIONS.items()}
    tree = {name: section for name, section in sections.items() if section}
    return {name: _plain(section) for name, section in {**tree, "Resources": template.resources}.items()}


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is Shared:
        return value
    if kind is Parameter:
        return _plain_parameter(value)
    if kind is dict:
        return {name: member if type(member) is str else _plain(member) for name, member in value.items()}
    if kind is list or kind is tuple:
        return [_plain(element) for element in value]
    form = getattr(kind, "to_dict", None)
    if form is AWSHelperFn.to_dict:
        return _plain(value.data)
    if form is BaseAWSObject.to_dict:
        return _plain_object(value)
    # Objects of awacs.
    return _plain(value.JSONrepr()) if form is None and hasattr(kind, "JSONrepr") else encode_to_dict(value)


def _plain_parameter(parameter: Parameter) -> Shared:
    # Many stacks have the same object as a parameter, so it keeps its tree.
    own = vars(parameter)
    if "plain" not in own:
        own["plain"] = Shared(_plain_object(parameter))
    tree: Shared = own["plain"]
    return tree


def _plain_object(value: Any) -> dict[str, Any]:
    if value.do_validation:
        value._validate_props()
        value.validate()
    if value.properties:
        return {name: _plain(member) for name, member in value.resource.items()}
    if not hasattr(value, "resource_type"):
        return {}
    return {name: _plain(member) for name, member in value.resource.items() if name != "Properties"}
