"""Deletion of stack sets: first their stacks in all accounts and Regions, then the stack sets."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from msgspec import Struct

from cfnroles.aws.stack_sets import Instance, StackSet, Targets
from cfnroles.deploy.deleting import LEAVE_IT, retained
from cfnroles.deploy.following import Work, together
from cfnroles.deploy.home import Destination
from cfnroles.deploy.ownership import not_ours
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.result import Result, StackOutcome, StackResult
from cfnroles.deploy.stack_set_operations import Fleet, finished, followed, started
from cfnroles.deploy.stack_sets import stranger
from cfnroles.deploy.stacks_file import StackSource


class StackSetDeletion(Struct, frozen=True):
    """The effect of a deletion on one stack set. ``stack_set`` is ``None`` if there is nothing to delete."""

    name: str
    stack_set: StackSet | None
    instances: tuple[Instance, ...] = ()
    retained: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[Targets, ...]:
        """The places of the stacks, in as few operations as possible: Regions with the same targets go together."""
        managed = self.stack_set is not None and self.stack_set.permission_model == "SERVICE_MANAGED"
        places: dict[str, set[str]] = {}
        for each in self.instances:
            places.setdefault(each.region, set()).add(each.organizational_unit if managed else each.account)
        regions: dict[tuple[str, ...], list[str]] = {}
        for region, names in sorted(places.items()):
            regions.setdefault(tuple(sorted(names)), []).append(region)
        return tuple(
            Targets(tuple(several), *(((), names) if managed else (names,))) for names, several in regions.items()
        )


class FleetDeletion(Struct, frozen=True):
    """The effect of a deletion on all stack sets, in the account that administers them."""

    stack_sets: tuple[StackSetDeletion, ...]
    home: Destination

    @property
    def empty(self) -> bool:
        """Whether there is nothing to delete."""
        return all(step.stack_set is None for step in self.stack_sets)


def plan_stack_set_deletion(sources: Sequence[StackSource], fleet: Fleet) -> FleetDeletion:
    """Determine what deleting the stack sets of ``sources`` does, without changes.

    Raise ``DeploymentRefused`` for stack sets of someone else.
    """
    steps, refused = [], []
    for source in reversed(sources):
        found = fleet.stack_sets.stack_set(source.name)
        if found is None:
            steps.append(StackSetDeletion(source.name, None))
        elif whose := stranger(found, source):
            refused.append(not_ours(found.name, whose, remedy=LEAVE_IT))
        else:
            instances = fleet.stack_sets.instances(source.name)
            steps.append(StackSetDeletion(source.name, found, instances, retained(found.template, source.name)))
    if refused:
        raise DeploymentRefused(tuple(refused))
    return FleetDeletion(tuple(steps), fleet.home)


def delete_stack_sets(deletion: FleetDeletion, fleet: Fleet) -> Result:
    """Delete all stack sets concurrently: none of them depends on another.

    Raise ``Unavailable`` if CloudFormation cannot be reached any more or the time is over. Its operations continue.
    """
    work = [_deleted(step, fleet) for step in deletion.stack_sets]
    return Result(tuple(together(work, fleet.pace, "deleting stack sets")))


def _deleted(step: StackSetDeletion, fleet: Fleet) -> Work[StackResult]:
    if step.stack_set is None:
        return StackResult(step.name, StackOutcome.ABSENT)
    deleted = StackResult(step.name, StackOutcome.DELETED, retained=step.retained)
    return (yield from finished(_operations(step, fleet), deleted, fleet))


def _operations(step: StackSetDeletion, fleet: Fleet) -> Work[tuple[str, ...]]:
    for number, targets in enumerate(step.targets, 1):
        token = f"{fleet.run.token}-delete-{number}"
        call = functools.partial(
            fleet.stack_sets.delete_instances,
            step.name,
            targets,
            preferences=fleet.options.preferences,
            token=token,
        )
        operation = yield from started(call, token)
        failures = yield from followed(step.name, operation, fleet)
        if failures:
            return failures
    yield from started(functools.partial(fleet.stack_sets.delete, step.name), "")
    return ()
