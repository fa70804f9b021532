"""Verification of nested stacks next to a template, with the parameters that it passes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.answers.template_tasks import known_of
from cfnroles.answers.verification import Use, Verification
from cfnroles.answers.verify_template import NO_QUESTION, Question, verify_template
from cfnroles.errors import InvalidInput
from cfnroles.sources.nested_stacks import NestedStack, linked_stacks
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import hidden, own
from cfnroles.spelling import hint
from cfnroles.template.template import Template


def verify_with_nested(reading: Reading, question: Question = NO_QUESTION) -> tuple[Verification, ...]:
    """Return the results of `verify_template` for a template and each nested stack with task definitions.

    Roles that a stack passes to another are judged where they are used. With a given role, only the template is
    examined. Raise InvalidInput as `verify_template` does.
    """
    template = reading.template
    if template is None or question.asked or template.borrowed:
        return verify_template(reading, question)
    linked = linked_stacks(template, known_of(reading)[1], reading.nested)
    found = [(stack, whole) for stack, whole in linked if own(whole, TASKS)]
    if not found:
        return verify_template(reading, question)
    if "." in question.resource:
        return _one(reading, question, found)
    seen = {stack.name for stack, _ in found}
    left = tuple(each for each in reading.nested if not isinstance(each, NestedStack) or each.name not in seen)
    judged: tuple[Verification, ...] = ()
    if question.resource or left or own(template, TASKS) or any(hidden(template)):
        judged = verify_template(replace(reading, nested=left), question)
    inner = () if question.resource else tuple(one for each in found for one in _inner(reading, question, *each))
    return (*judged, *inner)


def _one(reading: Reading, question: Question, found: list[tuple[NestedStack, Template]]) -> tuple[Verification, ...]:
    """Judge the roles of one task definition of a nested stack, named by its path."""
    ids = {f"{stack.name}.{name}": (stack, whole, name) for stack, whole in found for name in own(whole, TASKS)}
    if question.resource not in ids:
        why = f"The task definitions of its nested stacks: {', '.join(ids)}."
        what = f"has no task definition {question.resource}"
        raise InvalidInput(what, where=reading.name, why=why, remedy=hint(question.resource, ids))
    stack, whole, name = ids[question.resource]
    return tuple(_inner(reading, replace(question, resource=name), stack, whole))


def _inner(reading: Reading, question: Question, stack: NestedStack, whole: Template) -> Iterator[Verification]:
    """Yield the results for the roles of a nested stack with its parameter values."""
    others = tuple(each for each in reading.documents if each.name != stack.document.name)
    told = replace(reading.told, parameters={})
    inside = replace(reading, documents=(stack.document, *others), template=whole, nested=(), told=told)
    own_parameters = set(stack.template.declarations) - set(stack.passed)
    for each in verify_template(inside, question):
        use = each.use or Use(())
        defaults = (f"{stack.name}.{name}" if name in own_parameters else name for name in use.defaults)
        yield replace(
            each,
            use=replace(
                use,
                tasks=tuple(f"{stack.name}.{name}" for name in use.tasks),
                defaults=tuple(dict.fromkeys((*stack.defaults, *defaults))),
            ),
        )
