"""The grants of the roles of a source, for comparison."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from msgspec.structs import replace

from cfnroles.answers.grants import GrantKind, Place, RoleGrant, merged, needed
from cfnroles.answers.managed_grants import opened
from cfnroles.answers.template_grants import template_grants
from cfnroles.answers.template_tasks import known_of
from cfnroles.discovery import Discovery
from cfnroles.iam.evaluator import Effect
from cfnroles.need import Gap, Holder, Origin
from cfnroles.role_kinds import kind_of
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_tasks import TaskInWorlds, in_worlds
from cfnroles.template.given import Given
from cfnroles.template.template import Template
from cfnroles.text import text_of
from cfnroles.written import in_terraform


def granted(
    reading: Reading, elsewhere: Collection[tuple[str, Holder]] = ()
) -> tuple[tuple[RoleGrant, ...], tuple[Gap, ...]]:
    """Return the grants of all roles, and the gaps. Roles of a project have names such as ``web execution role``.

    For roles ``elsewhere``, by the task definitions that name them, the grants are what these need. Permissions
    boundaries are compared by name, and so are managed policies that cfnroles does not include. Raise InvalidInput for
    a source that ECS would reject.
    """
    told = reading.told
    if reading.template:
        grants = template_grants(reading.template, Given(told.parameters, told.account, told.region))
        wanted = (grant for task in _tasks(reading, reading.template, elsewhere) for grant in _wanted(task, elsewhere))
        return merged((*grants, *wanted)), ()
    tasks = reading.accepted()
    if not reading.project and not reading.addressed:
        return merged(grant for task in tasks for grant in needed(task.discovery)), reading.gaps
    grants = merged(grant for task in tasks for grant in _of_service(reading.name, task))
    # Two services may have a gap in containers of the same name.
    return grants, tuple(_named(gap, task) for task in tasks for gap in task.discovery.gaps)


def _tasks(reading: Reading, template: Template, elsewhere: Collection[tuple[str, Holder]]) -> Iterator[TaskInWorlds]:
    facts, given = known_of(reading)
    # The other version may have parameters that this one lacks.
    known = facts, replace(given, parameters={n: v for n, v in given.parameters.items() if n in template.settable})
    for logical_id in sorted({name for name, _ in elsewhere}):
        yield in_worlds(logical_id, reading.documents[0], template, known)


def _wanted(task: TaskInWorlds, elsewhere: Collection[tuple[str, Holder]]) -> Iterator[RoleGrant]:
    """Yield what a template's task definition needs from its roles elsewhere, allowed or not."""
    own = (need for need in task.needs if (task.logical_id, need.holder) in elsewhere)
    # Needs of a key depend on a parameter that the template does not have.
    needs = tuple(need for need in own if not need.permission.when)
    when = {need: task.worlds.when(where) for need, where in task.needs.items() if where != task.there}
    for grant in needed(Discovery(needs, (), (), ()), when):
        resources = tuple(map(str, map(spelled, map(text_of, grant.resources))))
        yield dataclasses.replace(
            grant, role=f"{task.logical_id} {grant.role}", kind=GrantKind.NEED, resources=resources
        )


def _of_service(document: str, task: Task) -> Iterator[RoleGrant]:
    for grant in needed(task.discovery, task.when, task.condition):
        yield dataclasses.replace(_in_own_words(grant, task), role=_role(task, grant.role))
    needing = {need.holder for need in task.discovery.needs}
    for holder, options in task.options.items():
        # A role without needs does not exist, and its options have no effect.
        if not kind_of(holder).always and holder not in needing:
            continue
        for arn in options.managed_policies:
            yield from opened(_whole(document, task, holder, GrantKind.MANAGED_POLICY, arn), task.facts.region)
        if options.permissions_boundary:
            yield _whole(document, task, holder, GrantKind.BOUNDARY, options.permissions_boundary)


def _in_own_words(grant: RoleGrant, task: Task) -> RoleGrant:
    """Return the grant with the texts of a configuration in the user's spelling."""
    if not task.address:
        return grant
    values = (tuple(map(in_terraform, map(text_of, each.values))) for each in grant.conditions)
    conditions = tuple(replace(each, values=own) for each, own in zip(grant.conditions, values, strict=True))
    return dataclasses.replace(
        grant, resources=tuple(map(in_terraform, map(text_of, grant.resources))), conditions=conditions
    )


def _whole(document: str, task: Task, holder: Holder, kind: GrantKind, arn: str) -> RoleGrant:
    # A boundary restricts: a role without one may allow more.
    effect, option = (
        (Effect.DENY, "permissions-boundary") if kind is GrantKind.BOUNDARY else (Effect.ALLOW, "managed-policies")
    )
    path = task.service.where(kind_of(holder).key, option) if task.service else ()
    origin = Origin(document, path, item=f"{task.address or task.name}, {option}")
    return RoleGrant(_role(task, holder), kind, effect, (), (arn,), places=(Place(origin, origin.place),))


def _role(task: Task, holder: str) -> str:
    return f"{task.address or task.name} {holder}"


def _named(gap: Gap, task: Task) -> Gap:
    called = task.address or f"service {task.name}"
    item = ", ".join(part for part in (gap.origin.item, called) if part)
    return replace(gap, origin=replace(gap.origin, item=item))
