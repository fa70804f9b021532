"""What roles get from a source, one grant at a time, as it is compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.answers.grants import GrantKind, Place, RoleGrant, merged, needed
from cfnroles.answers.template_grants import template_grants
from cfnroles.iam.evaluator import Effect
from cfnroles.need import Gap, Holder, Origin
from cfnroles.role_kinds import kind_of
from cfnroles.sources.reading import Reading, Task
from cfnroles.template.given import Given


def granted(reading: Reading) -> tuple[tuple[RoleGrant, ...], tuple[Gap, ...]]:
    """The grants of all roles, and the gaps. Roles of a project are called ``web execution role`` and the like.

    A managed policy and a permissions boundary are told by their names: what they say is not compared. Raises
    InvalidInput for what ECS would refuse.
    """
    told = reading.told
    if reading.template:
        return template_grants(reading.template, Given(told.parameters, told.account, told.region)), ()
    tasks = reading.accepted()
    if not reading.project and not reading.addressed:
        return merged(grant for task in tasks for grant in needed(task.discovery)), reading.gaps
    grants = merged(grant for task in tasks for grant in _of_service(reading.name, task))
    # Two services may have a gap in containers of the same name.
    return grants, tuple(_named(gap, task) for task in tasks for gap in task.discovery.gaps)


def _of_service(document: str, task: Task) -> Iterator[RoleGrant]:
    for grant in needed(task.discovery, task.when, task.condition):
        yield dataclasses.replace(grant, role=_role(task, grant.role))
    needing = {need.holder for need in task.discovery.needs}
    for holder, options in task.options.items():
        # Without needs there is no such role, and its options are nobody's.
        if not kind_of(holder).always and holder not in needing:
            continue
        for arn in options.managed_policies:
            yield _whole(document, task, holder, GrantKind.MANAGED_POLICY, arn)
        if options.permissions_boundary:
            yield _whole(document, task, holder, GrantKind.BOUNDARY, options.permissions_boundary)


def _whole(document: str, task: Task, holder: Holder, kind: GrantKind, arn: str) -> RoleGrant:
    # A boundary takes away: a role without one may do more.
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
