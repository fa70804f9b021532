"""The references of a template's task definitions, to check whether they exist."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse
from cfnroles.need import Gap, Reference
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import ROLE_PROPERTIES
from cfnroles.sources.template_references import made_by_template
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import hidden, in_worlds
from cfnroles.template.template import Template

#: An Express Mode service whose tasks are defined elsewhere.
_ELSEWHERE = ("express-service", "express-task-definition")
#: Unreadable parts of a template that may refer to secrets.
_UNREAD = frozenset({"unknown-member", "hidden-resource", "conditions", *_ELSEWHERE})
#: The place of a reference. A reference without a resource name is a gap.
_REFERENCES = (("valueFrom",), ("credentialsParameter",))


class TemplateReferences(Struct, frozen=True):
    """The references of the task definitions of a template.

    ``made`` are those that the template itself creates, ``unseen`` its parts that may contain more. ``defaults`` are
    the parameters with their default, ``conditional`` the references that depend on conditions.
    """

    references: tuple[Reference, ...]
    made: frozenset[Reference]
    unseen: tuple[Gap, ...]
    defaults: tuple[str, ...]
    conditional: frozenset[Reference] = frozenset()


def template_references(reading: Reading, template: Template, resource: str) -> TemplateReferences:
    """Return the references of all task definitions, or of ``resource``.

    The place of a conditional reference names its conditions. Raise InvalidInput as `explain` does.
    """
    ids, known = asked_about(reading, template, resource, TASKS), known_of(reading)
    tasks = [in_worlds(logical_id, reading.documents[0], template, known) for logical_id in ids]
    refuse(tasks, reading)
    unread = _unread(gap for task in tasks for gap in hanging(task.gaps, task))
    unread += () if resource else unseen_in(reading, template)
    if not ids and not unread:
        reading.accepted()
    found: dict[Reference, bool] = {}
    always: set[Reference] = set()
    for task in tasks:
        made = made_by_template(task, known[0])
        for reference, where in task.references.items():
            told = _told(reference, task.when(where))
            found[told] = found.get(told, True) and reference in made
            always |= {told} if where == task.worlds.space.everywhere else set()
    ordered = sorted(found, key=lambda each: (each.origin.sort_key, each.value_from))
    defaults = dict.fromkeys(name for task in tasks for name in task.defaults)
    return TemplateReferences(
        tuple(ordered),
        frozenset(each for each in ordered if found[each]),
        unread,
        tuple(defaults),
        frozenset(found) - always,
    )


def unseen_in(reading: Reading, template: Template) -> tuple[Gap, ...]:
    """Return the unreadable parts of a template outside of its task definitions that may refer to secrets."""
    return _unread(
        (*hidden(template, known_of(reading)[1]), *(each for each in reading.nested if isinstance(each, Gap)))
    )


def _unread(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(gap for gap in dict.fromkeys(gaps) if gap.feature in _UNREAD and gap.holder in ROLE_PROPERTIES)


def elsewhere(reading: Reading) -> tuple[Gap, ...]:
    """Return the parts whose secrets are in other documents, and the unread parts of a configuration."""
    if not reading.addressed:
        return tuple(gap for gap in reading.gaps if gap.feature in _ELSEWHERE)
    gaps = (*reading.gaps, *reading.unseen)
    return tuple(gap for gap in gaps if gap.feature in _UNREAD or gap.origin.path[-1:] in _REFERENCES)


def _told(reference: Reference, when: str) -> Reference:
    origin = reference.origin
    item = f"{origin.item} (only if {when})" if when else origin.item
    return replace(reference, value_from=spelled(reference.value_from), origin=replace(origin, item=item))
