"""Change sets: created, evaluated, and deleted if they are not executed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import ChangeSet, ChangeSetRequest, ResourceChange
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.failures import Cause, Failure, detail, explained
from cfnroles.deploy.following import Work
from cfnroles.deploy.gate import next_deployment_id
from cfnroles.deploy.ownership import tags_of
from cfnroles.deploy.parameters import DEPLOYMENT_ID, given_values
from cfnroles.deploy.plan import GATE, NO_PERMISSION_CHANGES, Plan, StackAction, StackPlan
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.starting import refusal, requested
from cfnroles.errors import Unavailable

#: Two messages of CloudFormation with the same meaning.
_NO_CHANGES = ("The submitted information didn't contain changes", "No updates are to be performed")


def with_change_set(blank: StackPlan, deployer: Deployer) -> Work[StackPlan]:
    """Return the plan with its change set created, described and evaluated. An empty change set is deleted.

    Raise ``DeploymentRefused`` if CloudFormation creates none.
    """
    try:
        return (yield from _with_change_set(blank, deployer))
    except Refused as refused:
        own = deployer.run.token
        raise DeploymentRefused((refusal(blank.name, refused, deployer.cloudformation, own),)) from refused


def _with_change_set(blank: StackPlan, deployer: Deployer) -> Work[StackPlan]:
    cloudformation = deployer.cloudformation
    creating = blank.action in {StackAction.CREATE, StackAction.RECREATE}
    change_set = requested(_request(blank, creating, deployer), cloudformation)
    change_set = cloudformation.change_set(change_set)
    while change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
        yield
        change_set = cloudformation.change_set(change_set)
    if change_set.status == "CREATE_COMPLETE":
        return replace(
            blank,
            action=_action(blank, change_set.changes),
            change_set=change_set,
            changes=change_set.changes,
        )
    if any(text in change_set.reason for text in _NO_CHANGES):
        cloudformation.delete_change_set(change_set)
        return replace(blank, action=StackAction.NOTHING, permissions=NO_PERMISSION_CHANGES, parameters=())
    failure = _failure(change_set, blank.source, cloudformation)
    discard(replace(blank, change_set=change_set), deployer)
    raise DeploymentRefused((failure,))


def _action(blank: StackPlan, changes: Sequence[ResourceChange]) -> StackAction:
    if blank.action is not StackAction.UPDATE:
        return blank.action
    only_gate = bool(changes) and all(
        change.type == GATE and change.action == "Modify" and set(change.properties) <= {DEPLOYMENT_ID}
        for change in changes
    )
    unchanged = not blank.permissions.changes and not blank.parameters
    return StackAction.CHECK_AGAIN if only_gate and unchanged else StackAction.UPDATE


def _request(blank: StackPlan, creating: bool, deployer: Deployer) -> ChangeSetRequest:
    source, options = blank.source, deployer.options
    declared, given = source.parsed.declarations, given_values(source)
    if DEPLOYMENT_ID in declared:
        given[DEPLOYMENT_ID] = next_deployment_id(deployer.run.began, blank.before)
    deployed = {name for name, _ in blank.before.parameters} if blank.before and not creating else set()
    return ChangeSetRequest(
        stack=source.name,
        name=deployer.run.token,
        type="CREATE" if creating else "UPDATE",
        token=deployer.run.token,
        template="" if blank.template_url else source.body,
        template_url=blank.template_url,
        parameters=tuple(sorted(given.items())),
        previous=tuple(sorted(name for name in declared if name in deployed and name not in given)),
        capabilities=source.capabilities,
        tags=tags_of(
            source,
            options.tags,
            blank.before.tags if blank.before and not creating else None,
            adopted=blank.adopted is not None,
        ),
        role_arn=options.role_arn,
        description="Made by cfnroles deploy",
    )


def _failure(change_set: ChangeSet, source: StackSource, cloudformation: CloudFormation) -> Failure:
    """Return why a change set could not be created, with the messages of validations and hooks."""
    failure = explained(source.name, change_set.reason, otherwise=Cause.CHANGE_SET)
    return detailed(failure, cloudformation, change_set.stack_id, change_set.id)


def detailed(failure: Failure, cloudformation: CloudFormation, stack: str, change_set: str = "") -> Failure:
    """Return the failure with what only DescribeEvents returns: failed validations and hooks.

    If the call fails (unsupported endpoint, missing permission), return the failure unchanged.
    """
    try:
        events = cloudformation.failed_events(stack=stack, change_set=change_set)
    except (Refused, Unavailable):
        return failure
    told = [event for event in events if event.reason and (event.validation or event.hook or change_set)]
    cause = failure.cause
    if any(event.validation for event in told):
        cause = Cause.VALIDATION
    elif any(event.hook for event in told):
        cause = Cause.HOOK
    lines = dict.fromkeys((*failure.lines, *map(detail, told)))
    return replace(failure, cause=cause, lines=tuple(lines))


def discard(step: StackPlan, deployer: Deployer) -> None:
    """Delete a change set that is not executed, and the empty stack that was created for it.

    A stack with another change set is never deleted: someone else created it.
    """
    change_set, cloudformation = step.change_set, deployer.cloudformation
    if change_set is None:
        return
    cloudformation.delete_change_set(change_set)
    if step.before and step.action is not StackAction.RECREATE:
        return
    stack = cloudformation.stack(change_set.stack_id)
    if stack is None or stack.status != "REVIEW_IN_PROGRESS":
        return
    if all(other.id == change_set.id for other in cloudformation.change_sets(stack.name)):
        cloudformation.delete_stack(stack.id, token=deployer.run.token)


def discard_all(made: Plan, deployer: Deployer) -> None:
    """Remove everything that an unapplied plan created."""
    for step in made.stacks:
        discard(step, deployer)
