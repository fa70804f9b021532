"""Deletion of stacks: importing stacks before exporting ones, and nothing that others still need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import StackDescription
from cfnroles.deploy.applying import deleted
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.existing import existing
from cfnroles.deploy.failures import PROTECTED_REMEDY, Cause, Failure, explained
from cfnroles.deploy.following import Work, together
from cfnroles.deploy.preconditions import of_the_place
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.result import Result, StackOutcome, StackResult
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.starting import refusal
from cfnroles.template.template import read_template


class StackDeletion(Struct, frozen=True):
    """The effect of a deletion on one stack. ``stack`` is ``None`` if there is nothing to delete."""

    source: StackSource
    stack: StackDescription | None
    retained: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Deletion(Struct, frozen=True):
    """The effect of a deletion, in order."""

    stacks: tuple[StackDeletion, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to delete."""
        return all(step.stack is None for step in self.stacks)


def plan_deletion(sources: Sequence[StackSource], deployer: Deployer) -> Deletion:
    """Determine what deleting ``sources`` does, without changes.

    Raise ``DeploymentRefused`` with everything that prevents it: stacks of someone else, termination protection,
    exports that other stacks import.
    """
    if elsewhere := of_the_place(deployer.home, deployer.options.place):
        raise DeploymentRefused(elsewhere)
    work = [_judged(_stack_deletion(source, deployer)) for source in reversed(sources)]
    answers = together(work, deployer.pace, "waiting for operations in progress")
    steps = tuple(answer for answer in answers if isinstance(answer, StackDeletion))
    going = {step.stack.name for step in steps if step.stack}
    failures = tuple(answer for answer in answers if isinstance(answer, Failure))
    failures += tuple(
        failure for step in steps if step.stack for failure in _forbidden(step, step.stack, going, deployer)
    )
    if failures:
        raise DeploymentRefused(failures)
    return Deletion(steps)


def _judged(work: Work[StackDeletion]) -> Work[StackDeletion | Failure]:
    try:
        return (yield from work)
    except DeploymentRefused as refused:
        return refused.failures[0]


def _stack_deletion(source: StackSource, deployer: Deployer) -> Work[StackDeletion]:
    found = yield from existing(source, deployer, remedy=LEAVE_IT, wait=True)
    stack = found.stack
    if stack is None or stack.status == "DELETE_COMPLETE":
        return StackDeletion(source, None)
    if stack.status == "REVIEW_IN_PROGRESS":
        return StackDeletion(source, stack, notes=("only change sets, no resources",))
    return StackDeletion(source, stack, retained(deployer.cloudformation.template(stack.id), source.name))


LEAVE_IT = "cfnroles does not delete a stack that it did not create. Delete it with the tool that created it."


def retained(body: str, name: str) -> tuple[str, ...]:
    """Return the resources of a template that stay when its stack is deleted, with their types."""
    return tuple(
        f"{resource} ({item.get('Type')})"
        for resource, item in read_template(body, name).tree["Resources"].items()
        if isinstance(item, Mapping) and str(item.get("DeletionPolicy", "")).startswith("Retain")
    )


def _forbidden(step: StackDeletion, stack: StackDescription, going: Set[str], deployer: Deployer) -> list[Failure]:
    failures = []
    if stack.termination_protection:
        failures.append(
            Failure(
                stack.name,
                Cause.PROTECTED,
                (f"termination protection is on for {stack.name}",),
                stack.status,
                remedy=PROTECTED_REMEDY,
            )
        )
    if stack.status == "REVIEW_IN_PROGRESS":
        return failures
    for export in step.source.exports:
        importers = [name for name in deployer.cloudformation.importers(export) if name not in going]
        if importers:
            failures.append(explained(stack.name, f"Export {export} is imported by stack {', '.join(importers)}"))
    return [replace(failure, status=stack.status) for failure in failures]


def delete(deletion: Deletion, deployer: Deployer) -> Result:
    """Delete each stack as soon as those that depend on it are gone.

    Raise ``Unavailable`` if CloudFormation cannot be reached any more or the time is over.
    """
    done: dict[str, StackResult] = {}
    planned = [step.source for step in deletion.stacks]
    work = [
        _when_free(step, {other.name for other in planned if step.source.name in other.depends_on}, done, deployer)
        for step in deletion.stacks
    ]
    return Result(tuple(together(work, deployer.pace, "deleting")))


def _when_free(
    step: StackDeletion, dependants: Set[str], done: dict[str, StackResult], deployer: Deployer
) -> Work[StackResult]:
    while not dependants <= done.keys():
        yield
    name = step.source.name
    if any(done[other].outcome in {StackOutcome.FAILED, StackOutcome.NOT_REACHED} for other in dependants):
        result = StackResult(name, StackOutcome.NOT_REACHED)
    elif step.stack is None:
        result = StackResult(name, StackOutcome.ABSENT)
    else:
        started = deployer.pace.clock.now()
        try:
            retained = yield from deleted(step.stack, deployer)
            result = StackResult(name, StackOutcome.DELETED, retained=retained)
        except DeploymentRefused as refused:
            result = StackResult(name, StackOutcome.FAILED, failure=refused.failures[0])
        except Refused as refused:
            failure = refusal(name, refused, deployer.cloudformation, deployer.run.token)
            result = StackResult(name, StackOutcome.FAILED, failure=replace(failure, status=step.stack.status))
        result = replace(result, seconds=deployer.pace.clock.now() - started)
    done[name] = result
    return result
