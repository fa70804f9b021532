"""The text of a template: YAML in the short forms that a person would write, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from cfnroles.page import json_source, visible, yaml_source

_INTRINSIC = re.compile(r"Ref|Condition|Fn::[A-Za-z0-9]+")

_SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions",
    "Resources", "Outputs",
)  # fmt: skip
_RESOURCE = (
    "Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties",
)  # fmt: skip

_PLAIN = re.compile(r"[A-Za-z/$^._][ -~]*")
# In a list on one line, a string without quotes must be a single word.
_PLAIN_IN_FLOW = re.compile(r"[A-Za-z/$^._][A-Za-z0-9/$^._-]*")
# Words that YAML 1.1 reads as a Boolean, null, or a number.
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"})
_BLOCK = re.compile(r"(?:(?:[!-~][ -~]*)?\n|(?: +[!-~][ -~]*)\n)+")


class Indentation(Struct, frozen=True):
    """How far the members of a mapping are indented from its key, and whether the elements of a list are, too."""

    step: str = "  "
    lists: bool = True


_USUAL = Indentation()


class Shared(dict[str, Any]):
    """A part of many templates that none of them changes. Its lines are written once for each indentation."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self._lines: dict[tuple[str, bool, Indentation], list[str]] = {}

    def lines(self, indent: str, short: bool, style: Indentation) -> Sequence[str]:
        """Return the text after its key, then the lines below it, each with ``indent``."""
        key = indent, short, style
        if key not in self._lines:
            lines: list[str] = []
            _add_value(lines, dict(self), indent, short, style)
            self._lines[key] = lines
        return self._lines[key]


def ordered(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template with its sections, and each resource's attributes, in the order that people write."""
    sections = _in_order(template, _SECTIONS)
    sections["Resources"] = {name: _in_order(resource, _RESOURCE) for name, resource in sections["Resources"].items()}
    return sections


def to_yaml(template: Mapping[str, Any], header: Sequence[str] = ()) -> str:
    """Return the template in YAML with short-form intrinsics; each line of ``header`` becomes a comment above it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    comments = [f"# {visible(line)}" for line in header]
    return "\n".join([*comments, *yaml_members(ordered(template), "")]) + "\n"


def to_json(template: Mapping[str, Any]) -> str:
    """Return the template in JSON, where intrinsics have their long form and comments are impossible."""
    return json_source(ordered(template)) + "\n"


def _in_order(members: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    return {name: members[name] for name in (*order, *members) if name in members}


def yaml_members(
    members: Mapping[str, Any], indent: str, short: bool = False, style: Indentation = _USUAL
) -> Sequence[str]:
    """Return the lines of the members of a mapping, each with ``indent``.

    ``short`` says that they are in an intrinsic, where ``Condition`` is an intrinsic, too.
    """
    lines: list[str] = []
    _add_members(lines, members, indent, short, style)
    return lines


def yaml_elements(elements: Sequence[Any], indent: str, style: Indentation = _USUAL) -> Sequence[str]:
    """Return the lines of the elements of a list, each with ``indent``."""
    lines: list[str] = []
    _add_elements(lines, elements, indent, False, style)
    return lines


def _add_members(lines: list[str], members: Mapping[str, Any], indent: str, short: bool, style: Indentation) -> None:
    for name, value in members.items():
        key = _text(name, False) if type(name) is str else _scalar(name)
        if type(value) is str and "\n" not in value:
            # Most members have this form.
            lines.append(f"{indent}{key}: {_text(value, False)}")
            continue
        beside = isinstance(value, list) and not style.lists
        at = len(lines)
        _add_value(lines, value, indent if beside else f"{indent}{style.step}", short, style)
        lines[at] = f"{indent}{key}:{lines[at] and f' {lines[at]}'}"


def _add_elements(lines: list[str], elements: Sequence[Any], indent: str, short: bool, style: Indentation) -> None:
    inner = f"{indent}  "
    for element in elements:
        if type(element) is str and "\n" not in element:
            lines.append(f"{indent}- {_text(element, False)}")
            continue
        at = len(lines)
        # A mapping or list without a tag begins on the line of its hyphen.
        if isinstance(element, list) and element:
            _add_elements(lines, element, inner, short, style)
            lines[at] = lines[at][len(inner) :]
        elif isinstance(element, (dict, Mapping)) and element and not _is_intrinsic(element, short):
            _add_members(lines, element, inner, False, style)
            lines[at] = lines[at][len(inner) :]
        else:
            _add_value(lines, element, inner, short, style)
        lines[at] = f"{indent}- {lines[at]}"


def _are_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


def _add_value(lines: list[str], value: Any, indent: str, short: bool, style: Indentation) -> None:
    """Add the lines of a value: what follows its key, then the lines below, each with ``indent``."""
    kind = type(value)
    if kind is dict and len(value) > 1:
        # Most values that are neither strings nor intrinsics.
        lines.append("")
        _add_members(lines, value, indent, False, style)
    elif kind is Shared:
        lines += value.lines(indent, short, style)
    elif isinstance(value, str):
        _add_text(lines, value, indent)
    elif isinstance(value, list):
        lines.append("" if value else "[]")
        _add_elements(lines, value, indent, short, style)
    elif _is_intrinsic(value, short):
        _add_intrinsic(lines, value, indent, style)
    elif isinstance(value, (dict, Mapping)):
        lines.append("" if value else "{}")
        _add_members(lines, value, indent, False, style)
    else:
        lines.append(_scalar(value))


def _add_text(lines: list[str], value: str, indent: str) -> None:
    if "\n" in value and _BLOCK.fullmatch(value) and not value.startswith((" ", "\n")) and value[-2:] != "\n\n":
        lines.append("|")
        lines.extend(f"{indent}{line}" if line else "" for line in value.split("\n")[:-1])
    else:
        lines.append(_scalar(value))


def _add_intrinsic(lines: list[str], value: Mapping[str, Any], indent: str, style: Indentation) -> None:
    ((name, argument),) = value.items()
    tag = f"!{name.removeprefix('Fn::')}"
    if name == "Fn::GetAtt" and _are_names(argument):
        argument = ".".join(argument)
    if isinstance(argument, list) and all(map(_is_short, argument)):
        lines.append(f"{tag} {yaml_inline(argument)}")
    elif isinstance(argument, list):
        lines.append(tag)
        _add_elements(lines, argument, indent, True, style)
    elif isinstance(argument, Mapping):
        # Two short forms cannot follow each other (`!ImportValue !Sub x`): the inner one is written in the long form.
        lines.append(tag)
        _add_members(lines, argument, indent, True, style)
    else:
        lines.append(f"{tag} {_scalar(argument)}")


def yaml_inline(value: Any) -> str:
    """Return a short value on one line, if it has no inner structure: ``!Equals [!Ref X, '']``."""
    if _is_intrinsic(value, True):
        ((name, argument),) = value.items()
        argument = ".".join(argument) if name == "Fn::GetAtt" else argument
        return f"!{name.removeprefix('Fn::')} {yaml_inline(argument)}"
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_inline, value))}]"
    return _scalar(value, flow=True)


def _is_intrinsic(value: Any, short: bool) -> bool:
    # Most values are strings, and the check for a Mapping takes longer than everything else here.
    if isinstance(value, str) or not isinstance(value, (dict, Mapping)) or len(value) != 1:
        return False
    (name,) = value
    if name != "Ref" and name != "Condition" and name[:4] != "Fn::":
        return False
    # A bare `Condition` is an attribute of a resource. It is an intrinsic only inside Fn::And and similar functions.
    return _INTRINSIC.fullmatch(name) is not None and (name != "Condition" or short)


def _is_short(value: Any) -> bool:
    if _is_intrinsic(value, True):
        (argument,) = value.values()
        return not _is_intrinsic(argument, True) and _is_short(argument)
    if isinstance(value, list):
        return all(map(_is_short, value))
    return isinstance(value, (str, int, float)) and "\n" not in str(value)


def _scalar(value: Any, flow: bool = False) -> str:
    if isinstance(value, str):
        return _text(value, flow)
    return str(value) if type(value) is int else json.dumps(value)


@lru_cache(maxsize=2048)  # most are names, and the same in all templates
def _text(value: str, flow: bool) -> str:
    if _is_plain(value) and (not flow or _PLAIN_IN_FLOW.fullmatch(value)):
        return value
    if visible(value) == value:
        return "'" + value.replace("'", "''") + "'"
    return yaml_source(value)


def _is_plain(value: str) -> bool:
    """Return whether every YAML reader reads a string without quotes as that string.

    It begins with a letter, a slash, `$`, `^`, `_` or `.`, and contains neither `: ` nor ` #` nor a colon at its end.
    """
    # Searching for the signs is twice as fast as one pattern for everything.
    return (
        _PLAIN.fullmatch(value) is not None
        and ": " not in value
        and " #" not in value
        and value[-1] not in ": "
        and value.lower() not in _NO_TEXT
        and not (value[0] == "." and value[1:2].isdigit())
    )
