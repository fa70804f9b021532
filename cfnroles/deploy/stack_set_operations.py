"""Operations of stack sets: one at a time on each, followed in all accounts and Regions until they end."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack_sets import Preferences, StackSets, Targets
from cfnroles.deploy.failures import Cause, Failure, unfolded
from cfnroles.deploy.following import Pace, Work
from cfnroles.deploy.home import Destination
from cfnroles.deploy.parameters import Ask
from cfnroles.deploy.plan import Note, Run, Tell
from cfnroles.deploy.reference_check import Examine
from cfnroles.deploy.result import StackOutcome, StackResult
from cfnroles.deploy.stacks_file import Pairs


class StackSetOptions(Struct, frozen=True):
    """The options of a deployment, besides the targets."""

    parameters: Pairs = ()
    tags: Pairs = ()
    administration_role_arn: str = ""
    execution_role_name: str = ""
    allow_unchecked_secrets: bool = False
    adopt: bool = False
    strict: bool = False
    preferences: Preferences = field(default_factory=Preferences)


class Fleet(Struct, frozen=True):
    """The targets, options and callbacks of a deployment. The check of secrets is optional.

    ``home`` is the place of the stack sets themselves, ``gaps`` are those of the roles, if the build recorded them.
    """

    stack_sets: StackSets
    targets: Targets
    options: StackSetOptions
    run: Run
    pace: Pace
    tell: Tell
    ask: Ask | None = None
    home: Destination = Destination()
    examine: Examine | None = None
    gaps: tuple[str, ...] | None = ()


def started(call: Callable[[], str], operation: str) -> Work[str]:
    """Start an operation once no other is in progress on the stack set. One with its ID was started by this run."""
    while True:
        try:
            return call()
        except Refused as refused:
            if refused.code == "OperationIdAlreadyExistsException":
                return operation
            if refused.code != "OperationInProgressException":
                raise
        yield


def followed(name: str, operation: str, fleet: Fleet) -> Work[tuple[str, ...]]:
    """Wait for an operation, report its progress by account and Region, and return what failed."""
    told: dict[tuple[str, str], str] = {}
    fleet.pace.restart()
    while True:
        status, reason = fleet.stack_sets.operation(name, operation)
        progress = fleet.stack_sets.progress(name, operation)
        for one in progress:
            if told.get((one.account, one.region)) != one.status:
                told[one.account, one.region] = one.status
                fleet.tell(Note(name, f"{one.account} {one.region} {one.status}"))
        if status not in {"RUNNING", "QUEUED", "STOPPING"}:
            break
        yield
    failed = [one for one in progress if one.status == "FAILED"]
    lines = tuple(f"{one.account} {one.region}: {one.reason or 'CloudFormation gives no reason'}" for one in failed)
    if status == "SUCCEEDED":
        # Within the tolerance that the user chose: reported, but not a failure.
        for line in lines:
            fleet.tell(Note(name, line))
        return ()
    return lines or (reason or f"the operation ended as {status}",)


def finished(operations: Work[tuple[str, ...]], succeeded: StackResult, fleet: Fleet) -> Work[StackResult]:
    """Run the operations of a stack set, and return ``succeeded`` or what failed, with the seconds that they took."""
    began = fleet.pace.clock.now()
    try:
        failures = yield from operations
    except Refused as refused:
        failures = unfolded(refused.message)
    seconds = fleet.pace.clock.now() - began
    if not failures:
        return replace(succeeded, seconds=seconds)
    name = succeeded.stack
    failure = Failure(name, Cause.STACK, failures, remedy="Fix it and run the same command again to continue.")
    return StackResult(name, StackOutcome.FAILED, failure=failure, seconds=seconds)
