"""The only access to existing stacks: idle, and created by cfnroles or adopted on purpose."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import StackDescription
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.following import Work, settled
from cfnroles.deploy.ownership import Deployed, maker, not_ours
from cfnroles.deploy.plan import RUN_PREFIX, Note, Stranger
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.starting import started_by
from cfnroles.deploy.statuses import status_of
from cfnroles.errors import Unavailable


class Existing(Struct, frozen=True):
    """The stack with a name, if it exists. ``adopted`` is its former owner, if it was adopted."""

    stack: StackDescription | None
    adopted: Stranger | None = None


def existing(source: StackSource, deployer: Deployer, *, remedy: str, wait: bool) -> Work[Existing]:
    """Return the stack with the name of ``source``. With ``wait``, an operation in progress ends first.

    Raise ``DeploymentRefused`` with ``remedy`` for a stack that cfnroles did not create for the project, in any status,
    unless it is adopted.
    """
    name = source.name
    stack = deployer.cloudformation.stack(name)
    adopted = _claimed(stack, source, deployer, remedy)
    if wait and stack and status_of(stack.status).in_progress:
        stack = yield from settled(
            deployer.cloudformation,
            stack,
            lambda now: deployer.tell(Note(name, f"{busy(now, deployer.cloudformation)}; waiting")),
        )
        adopted = _claimed(stack, source, deployer, remedy)
    return Existing(stack, adopted)


def _claimed(stack: StackDescription | None, source: StackSource, deployer: Deployer, remedy: str) -> Stranger | None:
    if stack is None or stack.status in _GONE:
        return None
    stranger = _stranger(stack, source, deployer.cloudformation)
    if stranger and not deployer.options.adopt:
        raise DeploymentRefused((not_ours(stack.name, stranger, status=stack.status, remedy=remedy),))
    return stranger


_GONE = frozenset({"DELETE_IN_PROGRESS", "DELETE_COMPLETE"})


def _stranger(stack: StackDescription, source: StackSource, cloudformation: CloudFormation) -> Stranger | None:
    """Describe a stack that cfnroles did not create for the project; ``None`` for one of the project."""
    if stack.status == "REVIEW_IN_PROGRESS":
        # It has no template and no resources yet: it belongs to the owner of its change sets.
        others = [each.name for each in cloudformation.change_sets(stack.name) if not each.name.startswith(RUN_PREFIX)]
        lost = tuple(f"the change set {name}" for name in others)
        return Stranger("not created by cfnroles", stack.tags, lost) if others else None
    deployed = Deployed(stack.name, stack.tags, cloudformation.template(stack.id), stack.parameters)
    whose = maker(deployed, source)
    return Stranger(whose, stack.tags, _resources(stack, cloudformation)) if whose else None


def _resources(stack: StackDescription, cloudformation: CloudFormation) -> tuple[str, ...]:
    try:
        return tuple(f"{each.resource} ({each.type})" for each in cloudformation.resources(stack.id))
    except (Refused, Unavailable) as error:
        return (f"its resources, which could not be listed ({error.what})",)


def busy(stack: StackDescription, cloudformation: CloudFormation) -> str:
    """Return the operation in progress on a stack, and what started it, from its events."""
    who = started_by(stack.id, cloudformation)
    return f"{stack.name} {status_of(stack.status).meaning} ({stack.status})" + (f", started {who}" if who else "")
