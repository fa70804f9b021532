"""The text of a template: YAML in the short forms that a person would write, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_INTRINSIC = re.compile(r"Ref|Condition|Fn::[A-Za-z0-9]+")

_SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
    "Resources", "Outputs",
)  # fmt: skip
_RESOURCE = (
    "Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties",
)  # fmt: skip


class _Tagged:
    """A CloudFormation intrinsic in its short form."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value


class _Dumper(yaml.SafeDumper):
    """Block style, lists indented below their key, no anchors, tagged texts without quotes where YAML allows."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def choose_scalar_style(self) -> str:
        event: Any = self.event
        if event.tag and event.tag.startswith("!") and not event.style:
            analysis = self.analyze_scalar(event.value)
            if analysis.allow_flow_plain if self.flow_level else analysis.allow_block_plain:
                self.analysis = analysis
                return ""
        style: str = super().choose_scalar_style()
        return style


def ordered(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with its sections, and each resource with its attributes, in the order that people write them."""
    sections = _in_order(template, _SECTIONS)
    sections["Resources"] = {name: _in_order(resource, _RESOURCE) for name, resource in sections["Resources"].items()}
    return sections


def to_yaml(template: Mapping[str, Any], header: str = "") -> str:
    """The template in YAML with short-form intrinsics; ``header`` becomes comment lines above it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    comments = "".join(f"# {line}\n" for line in header.splitlines())
    text: str = yaml.dump(_shortened(ordered(template)), Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True)
    return comments + text


def to_json(template: Mapping[str, Any]) -> str:
    """The template in JSON, where intrinsics have their long form and comments have no place."""
    return json.dumps(ordered(template), indent=2, ensure_ascii=False) + "\n"


def _in_order(members: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    return {name: members[name] for name in (*order, *members) if name in members}


def _shortened(value: Any, inside_short: bool = False) -> Any:
    if isinstance(value, list):
        return [_shortened(element, inside_short) for element in value]
    if not isinstance(value, Mapping):
        return value
    if not _is_intrinsic(value) or ("Condition" in value and not inside_short):
        return {key: _shortened(member) for key, member in value.items()}
    ((name, argument),) = value.items()
    if name == "Fn::GetAtt" and isinstance(argument, list):
        argument = ".".join(argument)
    if _is_intrinsic(argument):
        # Two short forms cannot follow each other (`!ImportValue !Sub x`): the inner one stays long.
        return _Tagged(_tag(name), {key: _shortened(member, True) for key, member in argument.items()})
    return _Tagged(_tag(name), _shortened(argument, True))


def _is_intrinsic(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and _INTRINSIC.fullmatch(next(iter(value))) is not None


def _tag(name: str) -> str:
    return f"!{name.removeprefix('Fn::')}"


def _represent_tagged(dumper: _Dumper, tagged: _Tagged) -> yaml.Node:
    if isinstance(tagged.value, dict):
        return dumper.represent_mapping(tagged.tag, tagged.value)
    if isinstance(tagged.value, list):
        # What has no structure of its own reads best on one line: !Equals [!Ref X, '']
        return dumper.represent_sequence(tagged.tag, tagged.value, flow_style=all(map(_is_short, tagged.value)))
    return dumper.represent_scalar(tagged.tag, str(tagged.value))


def _is_short(value: Any) -> bool:
    if isinstance(value, _Tagged):
        value = value.value
        return all(map(_is_short, value)) if isinstance(value, list) else _is_short(value)
    return isinstance(value, (str, int))


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(_Tagged, _represent_tagged)
_Dumper.add_representer(str, _represent_text)
