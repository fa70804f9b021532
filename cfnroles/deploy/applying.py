"""Execution of a plan: each stack starts as soon as those that it depends on are deployed."""

from __future__ import annotations

import contextlib
from collections.abc import Set

from msgspec.structs import replace

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import ChangeSet, StackDescription
from cfnroles.deploy.change_sets import detailed, discard, with_change_set
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.failures import Cause, first_cause
from cfnroles.deploy.following import Work, followed, latest_event, together
from cfnroles.deploy.gate import gate_answer, let_through
from cfnroles.deploy.plan import Note, Plan, StackAction, StackPlan
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.result import Result, StackOutcome, StackResult
from cfnroles.deploy.starting import refusal, started
from cfnroles.deploy.statuses import DEPLOYED, Deploying, status_of


def apply(plan: Plan, deployer: Deployer) -> Result:
    """Execute ``plan``. A stack that fails is rolled back, and those that depend on it are skipped.

    Raise ``Unavailable`` if CloudFormation cannot be reached any more or the time is over. Operations that it has
    started continue.
    """
    done: dict[str, StackResult] = {}
    planned = {step.name for step in plan.stacks}
    work = [_when_ready(step, planned.intersection(step.source.depends_on), done, deployer) for step in plan.stacks]
    results = together(work, deployer.pace, "deploying")
    for step, result in zip(plan.stacks, results, strict=True):
        if result.outcome is StackOutcome.NOT_REACHED:
            discard(step, deployer)
    return Result(tuple(results))


def _when_ready(
    step: StackPlan, needed: Set[str], done: dict[str, StackResult], deployer: Deployer
) -> Work[StackResult]:
    while not needed <= done.keys():
        yield
    if any(done[name].outcome in {StackOutcome.FAILED, StackOutcome.NOT_REACHED} for name in needed):
        result = StackResult(step.name, StackOutcome.NOT_REACHED)
    else:
        started = deployer.pace.clock.now()
        try:
            result = yield from _deployed(step, deployer)
        except DeploymentRefused as refused:
            result = StackResult(step.name, StackOutcome.FAILED, failure=refused.failures[0])
        except Refused as refused:
            failure = refusal(step.name, refused, deployer.cloudformation, deployer.run.token)
            result = StackResult(step.name, StackOutcome.FAILED, failure=failure)
            with contextlib.suppress(Refused):  # CloudFormation keeps a change set that is being executed
                discard(step, deployer)
        result = replace(result, seconds=deployer.pace.clock.now() - started)
    done[step.name] = result
    return result


def _deployed(step: StackPlan, deployer: Deployer) -> Work[StackResult]:
    if step.action is StackAction.RECREATE and step.before:
        yield from deleted(step.before, deployer)
    elif step.before and (step.roll_back_first or step.continue_rollback):
        yield from _stable(step, step.before, deployer)
    if step.action is not StackAction.NOTHING and step.change_set is None:
        step = yield from with_change_set(step, deployer)
    if step.change_set is None:
        return _unchanged(step, deployer)
    return (yield from _executed(step, step.change_set, deployer))


def _unchanged(step: StackPlan, deployer: Deployer) -> StackResult:
    _protect(step, deployer)
    return StackResult(step.name, StackOutcome.UNCHANGED, step.before.outputs if step.before else ())


def _protect(step: StackPlan, deployer: Deployer) -> None:
    if step.protect:
        deployer.cloudformation.set_termination_protection(step.name, on=True)
        deployer.tell(Note(step.name, "termination protection is on"))


def _executed(step: StackPlan, change_set: ChangeSet, deployer: Deployer) -> Work[StackResult]:
    cloudformation, token = deployer.cloudformation, deployer.run.token
    creating = step.action in {StackAction.CREATE, StackAction.RECREATE}
    since = latest_event(cloudformation, change_set.stack_id)
    yield from started(
        lambda: cloudformation.execute_change_set(
            change_set, token=token, disable_rollback=not deployer.options.rollback, creating=creating
        ),
        cloudformation,
        change_set.stack_id,
        token,
        since,
    )
    deployer.pace.restart()
    stack, events = yield from followed(cloudformation, change_set.stack_id, token, since, deployer.tell)
    if stack is None or stack.status not in DEPLOYED:
        failure = first_cause(step.name, events, stack)
        if failure.cause is Cause.STACK:
            failure = detailed(failure, cloudformation, change_set.stack_id)
        return StackResult(step.name, StackOutcome.FAILED, failure=failure)
    _protect(step, deployer)
    answer = gate_answer(step.source.parsed, stack, events)
    if answer.tolerated:
        return StackResult(step.name, StackOutcome.FAILED, failure=let_through(stack, answer))
    outcome = {StackAction.UPDATE: StackOutcome.UPDATED, StackAction.CHECK_AGAIN: StackOutcome.CHECKED}
    return StackResult(step.name, outcome.get(step.action, StackOutcome.CREATED), stack.outputs, secrets=answer.checked)


def deleted(stack: StackDescription, deployer: Deployer) -> Work[tuple[str, ...]]:
    """Delete a stack by its ID, so that a new one with its name is safe. Return the retained resources.

    Raise ``DeploymentRefused`` if it could not be deleted.
    """
    cloudformation = deployer.cloudformation
    token = f"{deployer.run.token}-delete"
    since = latest_event(cloudformation, stack.id)
    yield from started(
        lambda: cloudformation.delete_stack(stack.id, token=token, role_arn=deployer.options.role_arn),
        cloudformation,
        stack.id,
        token,
        since,
    )
    deployer.pace.restart()
    after, events = yield from followed(cloudformation, stack.id, token, since, deployer.tell)
    if after is not None and after.status != "DELETE_COMPLETE":
        raise DeploymentRefused((first_cause(stack.name, events, after),))
    skipped = [event for event in events if event.status == "DELETE_SKIPPED"]
    return tuple(f"{event.resource} ({event.type}) {event.physical_id}" for event in skipped)


def _stable(step: StackPlan, stack: StackDescription, deployer: Deployer) -> Work[None]:
    """Return a stack from an interrupted operation to its last stable state."""
    cloudformation, role = deployer.cloudformation, deployer.options.role_arn
    token = f"{deployer.run.token}-rollback"
    since = latest_event(cloudformation, stack.id)
    call = cloudformation.continue_update_rollback if step.continue_rollback else cloudformation.roll_back_stack
    yield from started(lambda: call(stack.id, token=token, role_arn=role), cloudformation, stack.id, token, since)
    deployer.pace.restart()
    after, events = yield from followed(cloudformation, stack.id, token, since, deployer.tell)
    if after is None or status_of(after.status).deploying is not Deploying.UPDATE:
        raise DeploymentRefused((first_cause(stack.name, events, after),))
