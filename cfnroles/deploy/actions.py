"""The action for each stack, by its status. Determined before the detailed plan."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.aws.stack import StackDescription
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.existing import busy, existing
from cfnroles.deploy.failures import Failure, explained
from cfnroles.deploy.following import Work
from cfnroles.deploy.ownership import ADOPT_REMEDY
from cfnroles.deploy.plan import Options, StackAction, StackPlan
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.statuses import MISSING, Deploying, status_of


def with_action(source: StackSource, deployer: Deployer, *, wait: bool) -> Work[StackPlan]:
    """Return the plan for one stack with only its action. With ``wait``, operations in progress end first.

    Raise ``DeploymentRefused`` for a stack that cannot be deployed in its status, or that belongs to someone else.
    """
    found = yield from existing(source, deployer, remedy=ADOPT_REMEDY, wait=wait)
    if found.stack and status_of(found.stack.status).in_progress:
        note = busy(found.stack, deployer.cloudformation)
        step = StackPlan(source, StackAction.BUSY, found.stack, notes=(note,))
    else:
        step = _at_rest(source, found.stack, deployer.options)
    return replace(step, adopted=found.adopted)


def _at_rest(source: StackSource, stack: StackDescription | None, options: Options) -> StackPlan:
    row = status_of(stack.status if stack else MISSING)
    match row.deploying:
        case Deploying.CREATE | Deploying.WAIT_AND_CREATE:
            return StackPlan(source, StackAction.CREATE, stack if row.name == "REVIEW_IN_PROGRESS" else None)
        case Deploying.RECREATE:
            return _recreation(source, stack, row.meaning)
        case Deploying.ROLL_BACK_FIRST if stack and options.rollback:
            note = f"{source.name} {row.meaning}: cfnroles rolls it back first, then updates it"
            return StackPlan(source, StackAction.UPDATE, stack, roll_back_first=True, notes=(note,))
        case Deploying.CONTINUE_ROLLBACK:
            return _continuation(source, stack, row.meaning, options)
        case Deploying.REFUSE:
            raise DeploymentRefused((_stuck(source, stack, row.meaning),))
        case _:
            return StackPlan(source, StackAction.UPDATE, stack)


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
        notes=(f"{source.name} {meaning}{reason}; cfnroles deletes it, then creates it",),
    )


def _continuation(source: StackSource, stack: StackDescription | None, meaning: str, options: Options) -> StackPlan:
    if not options.continue_rollback:
        raise DeploymentRefused((_stuck(source, stack, meaning),))
    return StackPlan(
        source,
        StackAction.UPDATE,
        stack,
        continue_rollback=True,
        notes=(f"{source.name} {meaning}: cfnroles continues the rollback first, then updates the stack",),
    )


def _stuck(source: StackSource, stack: StackDescription | None, meaning: str) -> Failure:
    status = stack.status if stack else MISSING
    remedy = (
        "Fix what its events report, then run again with --continue-rollback."
        if status == "UPDATE_ROLLBACK_FAILED"
        else "Fix it in the CloudFormation console, or delete it: cfnroles delete SOURCE"
    )
    reason = f"{source.name} {meaning}" + (f": {stack.reason}" if stack and stack.reason else "")
    return replace(explained(source.name, reason, status=status), remedy=remedy)
