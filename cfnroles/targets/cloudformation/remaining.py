"""Comments and references around the additions to a template, which must not be lost when the additions are removed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cfnroles import spans
from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.patches import Patch, Spot, TemplateText
from cfnroles.targets.cloudformation.refusal import refused, refused_at
from cfnroles.template.template import Template
from cfnroles.workload import Path

_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}.\s]+)")
_NAMED = ("Parameters", "Conditions", "Resources")


def check_comments(parts: TemplateText, place: Spot, removal: Patch, where: str = "") -> None:
    """Raise InvalidInput if the removed text contains a comment: nothing that cfnroles adds has one.

    ``where`` is the line, if it differs in the original text.
    """
    at = removal.start
    for start, end in (*([(place.key.start, place.key.end)] if place.key else []), *_leaves(place.value)):
        comment = parts.text.find("#", at, start)
        at = max(at, end)
        if comment >= 0:
            break
    else:
        comment = parts.text.find("#", at, removal.end)
    if comment >= 0:
        what = "has a comment in a part that was added by cfnroles, which would go with it"
        remedy = "Move the comment to a line above the part, or take it out."
        if where:
            raise InvalidInput(what, where=where, remedy=remedy)
        raise refused(parts.text, parts.document, comment, what, remedy=remedy)


def check_references(given: Template, tree: Mapping[str, Any]) -> None:
    """Raise InvalidInput if ``tree`` refers to a part that only the original template has.

    This happens if a task definition got another logical ID after its roles were injected: the roles that it names
    would be gone, and CloudFormation would reject the template.
    """
    # The resources that a loop creates are in no text.
    gone = _names(parse(given.text, given.document)) - _names(tree)
    found = tuple(_references(tree, gone, ())) if gone else ()
    if found:
        references = ", ".join(f"{'.'.join(map(str, path))} to {name}" for path, name in found)
        raise refused_at(
            given.text,
            given.document,
            given.written(found[0][0]),
            f"refers to what cfnroles added and would take out: {references}",
            why="CloudFormation takes no template that refers to what it does not have.",
            remedy="Take these references out, and run the command again: `cfnroles inject` sets its own again.",
        )


def _names(tree: Mapping[str, Any]) -> set[str]:
    sections = (tree.get(name) for name in _NAMED)
    return {str(name) for section in sections if isinstance(section, Mapping) for name in section}


def _references(value: Any, gone: Collection[str], path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the paths that refer to one of the names, and which."""
    yield from ((path, name) for name in _named(value) if name in gone)
    if path[-1:] in (("Condition",), ("DependsOn",)):
        yield from (
            (path, name)
            for name in (value if isinstance(value, list) else [value])
            if isinstance(name, str) and name in gone
        )
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield from _references(member, gone, (*path, step))


def _named(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::If": [str(name), _, _]}:
            yield name
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from _SUBSTITUTED.findall(text)
        case {"Fn::Sub": [str(text), dict(own)]}:
            yield from (name for name in _SUBSTITUTED.findall(text) if name not in own)


def _leaves(node: spans.Node) -> Iterator[tuple[int, int]]:
    """Yield where the strings of a node begin and end, in the order of the document."""
    if isinstance(node, spans.Scalar):
        yield node.start, node.end
    elif isinstance(node, spans.Sequence):
        for each in node.elements:
            yield from _leaves(each)
    else:
        for key, value in node.members:
            yield key.start, key.end
            yield from _leaves(value)
