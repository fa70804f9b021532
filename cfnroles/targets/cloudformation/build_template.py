"""From a template to its separate stacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse, refuse_without_tasks
from cfnroles.need import Gap
from cfnroles.page import quoted
from cfnroles.sources.nested_stacks import NestedStack, nested_stacks, with_tasks
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_parameters import by_parameters
from cfnroles.sources.template_targets import made_in_part
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import hidden
from cfnroles.sources.unknown_clusters import clusters_elsewhere
from cfnroles.sources.unknown_keys import files_of_unknown_key, own_buckets
from cfnroles.targets.cloudformation.project_names import project_option, projects_of
from cfnroles.targets.cloudformation.stack_names import with_stack_names
from cfnroles.targets.cloudformation.template_roles import Adding
from cfnroles.targets.cloudformation.template_stacks import TemplateStacks, template_stacks
from cfnroles.template.given import Given
from cfnroles.template.template import Template


def stacks_beside(reading: Reading, template: Template, resource: str, project: str) -> TemplateStacks:
    """Return the stacks of the validator and the roles for a template; raise InvalidInput as `build` does."""
    ids, known = asked_about(reading, template, resource, TASKS), known_of(reading)
    nested = () if resource else tuple(nested_stacks(template, reading.documents[0], known[1]))
    if not ids:
        refuse_without_tasks(reading, _commands(with_tasks(nested)))
    template = with_stack_names(template)
    facts = replace(known[0], roles_first=True, makes_profiles=True)
    found = [by_parameters(each, reading.documents[0], template, (facts, known[1])) for each in ids]
    tasks, taken = [task for task, _ in found], tuple(dict.fromkeys(name for _, names in found for name in names))
    refuse(tasks, reading)
    made = template_stacks(tasks, Adding(template.tree, facts), project, reading.name)
    gaps = [gap for task in tasks for gap in hanging(task.gaps, task)]
    ordered = sorted(gaps, key=lambda gap: (gap.origin.sort_key, gap.feature, gap.what))
    whole = (*ordered, *made.gaps, *made_in_part(template, ids), *unseen(template, nested, known[1]))
    needs = [need for task in tasks for need in task.needs]
    return replace(
        made,
        gaps=whole,
        nested=with_tasks(nested),
        taken=taken,
        unknown_keys=files_of_unknown_key(needs, own_buckets((reading,))),
        unknown_clusters=clusters_elsewhere(needs, (reading,)),
    )


def _commands(nested: Sequence[str]) -> list[str]:
    return [
        f"cfnroles build {quoted(name)}{project_option(name, project)} -o build-{project}"
        for name, project in projects_of(nested).items()
    ]


def unseen(template: Template, nested: Iterable[NestedStack | Gap], given: Given) -> Iterator[Gap]:
    """Yield a gap for each part of a template that cannot be read, and for each such nested stack."""
    yield from hidden(template, given)
    yield from (each for each in nested if isinstance(each, Gap))
