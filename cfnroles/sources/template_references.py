"""The secrets and parameters of its task definitions that a template itself creates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.facts import Facts
from cfnroles.need import Reference
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import OpenReference, ParameterReference, value_from
from cfnroles.template.template import ResolvedStack
from cfnroles.template.world_sets import WorldSet
from cfnroles.text import Text, text_of

_SECRET, _PARAMETER = "AWS::SecretsManager::Secret", "AWS::SSM::Parameter"


def made_by_template(task: TaskInWorlds, facts: Facts) -> frozenset[Reference]:
    """Return the references of a task definition to resources of its template, in all worlds that have them.

    CloudFormation creates those before the task definition.
    """
    tree = task.worlds.template.tree
    kinds = (_SECRET, _PARAMETER)
    return frozenset(
        reference
        for reference, where in task.references.items()
        if resources_in(reference.value_from, tree)
        or all(_is_named(reference, task.worlds.stack(world, kinds), facts) for world in task.worlds.some_of(where))
    )


def deployable_worlds(task: TaskInWorlds) -> WorldSet:
    """Return the worlds of a task definition without those in which it refers to a missing resource.

    CloudFormation cannot deploy those. If it could deploy none, all are returned.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
    """
    tree = task.worlds.template.tree
    broken = task.worlds.space.nowhere
    for need, where in task.needs.items():
        for name in (name for text in need.permission.texts for name in resources_in(text, tree)):
            if condition := tree["Resources"][name].get("Condition"):
                broken |= where & task.worlds.truths(str(condition))[1]
    return task.there - broken or task.there


def resources_in(text: Text, tree: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the logical IDs of a template's resources in a text, also of those that do not exist in a world."""
    names = (getattr(symbol, "of", symbol).name.partition(".")[0] for symbol in text_of(text).unknown)
    return tuple(name for name in names if name in tree["Resources"])


def _is_named(reference: Reference, stack: ResolvedStack, facts: Facts) -> bool:
    """Return whether a stack creates what a reference names, by the name in the template."""
    try:
        target = value_from(reference.value_from, facts)
    except (Unnamed, Malformed):
        return False
    if isinstance(target, OpenReference):
        return False
    if isinstance(target, ParameterReference):
        names = {f"parameter/{name.removeprefix('/')}" for name in _names(stack, _PARAMETER)}
        return str(target.arn.resource) in names
    resource = str(target.arn.resource)
    return any(resource.removeprefix("secret:") == name for name in _names(stack, _SECRET))


def _names(stack: ResolvedStack, kind: str) -> Iterator[str]:
    for resource in stack.of_type(kind):
        if isinstance(name := resource.properties.get("Name"), str):
            yield name
