"""Which action each stack needs, as its status decides: looked at before anything is planned in detail."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.stack import StackDescription
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.failures import Failure, explained
from cfnroles.deploy.following import Work, settled
from cfnroles.deploy.plan import Note, Options, StackAction, StackPlan
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.starting import started_by
from cfnroles.deploy.statuses import MISSING, Deploying, status_of


def with_action(source: StackSource, deployer: Deployer) -> Work[StackPlan]:
    """The plan for one stack with nothing in it but the action; waits for an operation that is under way.

    Raises ``DeploymentRefused`` for a stack that cannot be deployed as it stands.
    """
    cloudformation, options = deployer.cloudformation, deployer.options
    stack = cloudformation.stack(source.name)
    if stack and status_of(stack.status).in_progress:
        if options.plan_only:
            return StackPlan(source, StackAction.BUSY, stack, notes=(busy(stack, cloudformation),))
        stack = yield from settled(
            cloudformation, stack, lambda now: deployer.tell(Note(source.name, f"{busy(now, cloudformation)}; waiting"))
        )
    row = status_of(stack.status if stack else MISSING)
    match row.deploying:
        case Deploying.CREATE | Deploying.WAIT_AND_CREATE:
            return StackPlan(source, StackAction.CREATE, stack if row.name == "REVIEW_IN_PROGRESS" else None)
        case Deploying.RECREATE:
            return _recreation(source, stack, row.meaning)
        case Deploying.ROLL_BACK_FIRST if stack and options.rollback:
            note = f"{source.name} {row.meaning}: it is rolled back first, then updated"
            return StackPlan(source, StackAction.UPDATE, stack, roll_back_first=True, notes=(note,))
        case Deploying.CONTINUE_ROLLBACK:
            return _continuation(source, stack, row.meaning, options)
        case Deploying.REFUSE:
            raise DeploymentRefused((_stuck(source, stack, row.meaning),))
        case _:
            return StackPlan(source, StackAction.UPDATE, stack)


def busy(stack: StackDescription, cloudformation: CloudFormation) -> str:
    """What is under way on a stack, and what started it, as far as its events tell."""
    who = started_by(stack.id, cloudformation)
    return f"{stack.name} {status_of(stack.status).meaning} ({stack.status})" + (f", started {who}" if who else "")


def _recreation(source: StackSource, stack: StackDescription | None, meaning: str) -> StackPlan:
    reason = f" ({stack.reason})" if stack and stack.reason else ""
    if stack and stack.termination_protection:
        raise DeploymentRefused(
            (
                explained(
                    source.name,
                    f"{source.name} {meaning}{reason}, but TerminationProtection is enabled",
                    status=stack.status,
                ),
            )
        )
    return StackPlan(
        source,
        StackAction.RECREATE,
        stack,
        notes=(f"{source.name} {meaning}{reason}: it is deleted first, then created",),
    )


def _continuation(source: StackSource, stack: StackDescription | None, meaning: str, options: Options) -> StackPlan:
    if not options.continue_rollback:
        raise DeploymentRefused((_stuck(source, stack, meaning),))
    return StackPlan(
        source,
        StackAction.UPDATE,
        stack,
        continue_rollback=True,
        notes=(f"{source.name} {meaning}: the rollback is continued first, then the stack is updated",),
    )


def _stuck(source: StackSource, stack: StackDescription | None, meaning: str) -> Failure:
    status = stack.status if stack else MISSING
    remedy = (
        "Repair what its events name, then run again with --continue-rollback."
        if status == "UPDATE_ROLLBACK_FAILED"
        else "Repair it in the CloudFormation console, or delete it with: cfnroles delete"
    )
    reason = f"{source.name} {meaning}" + (f": {stack.reason}" if stack and stack.reason else "")
    return replace(explained(source.name, reason, status=status), remedy=remedy)
