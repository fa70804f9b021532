"""Starting operations: never twice, and with the name of a concurrent caller."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from msgspec.structs import replace

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import ChangeSet, ChangeSetRequest
from cfnroles.deploy.failures import Cause, Failure, explained
from cfnroles.deploy.following import Work
from cfnroles.deploy.plan import RUN_PREFIX
from cfnroles.errors import Unavailable

#: The number of polls for the first event of an operation: DescribeStackEvents may lag behind.
_LOOKS = 4

#: AWS's messages about a stack or change set that has changed meanwhile.
_OVERTAKEN_CODES = frozenset({"InvalidChangeSetStatus", "ChangeSetNotFound", "AlreadyExistsException"})
_OVERTAKEN = re.compile(r"_IN_PROGRESS\b|already exists and cannot be created")


def requested(request: ChangeSetRequest, cloudformation: CloudFormation) -> ChangeSet:
    """Create a change set, or return the one from a repeated call whose first response was lost.

    The name of ``request`` is unique to this run. Raise ``Refused``.
    """
    try:
        return cloudformation.create_change_set(request)
    except Refused as refused:
        if refused.code != "AlreadyExistsException":
            raise
        for made in cloudformation.change_sets(request.stack):
            if made.name == request.name:
                return made
        raise


def started(
    call: Callable[[], None], cloudformation: CloudFormation, stack_id: str, token: str, since: str
) -> Work[None]:
    """Start an operation on a stack by ``call``, which marks its events with ``token``.

    An error is ignored if such events exist after the event ``since``: then the operation was started, the response was
    lost, and the call was repeated. Raise ``Refused`` otherwise.
    """
    try:
        call()
    except Refused:
        for _ in range(_LOOKS):
            news = itertools.takewhile(lambda event: event.id != since, cloudformation.events(stack_id))
            if any(event.token == token for event in news):
                return
            yield
        raise


def started_by(stack: str, cloudformation: CloudFormation) -> str:
    """Return who or what started the last operation on a stack; empty if its events do not say."""
    newest = next(iter(cloudformation.events(stack)), None)
    token = newest.token if newest else ""
    if token.startswith(RUN_PREFIX):
        return f"by another run of cfnroles ({token})"
    if token.startswith("Console-"):
        return "in the console"
    return f"by {token}" if token else ""


def refusal(name: str, refused: Refused, cloudformation: CloudFormation, own: str) -> Failure:
    """Return why a call about a stack was rejected, and the concurrent caller if that is why. ``own`` is this run's
    token.
    """
    failure = explained(name, refused.message, otherwise=Cause.CHANGE_SET)
    overtaken = refused.code in _OVERTAKEN_CODES or _OVERTAKEN.search(refused.message)
    if failure.cause is not Cause.CHANGE_SET or not overtaken:
        return failure
    try:
        who = started_by(name, cloudformation)
    except (Refused, Unavailable):  # the stack is gone, or its events cannot be read: report what is known
        who = ""
    if not who or own in who:
        who = "by someone else"
    return replace(
        failure,
        lines=(f"{name} was changed {who} during this run:", *failure.lines),
        remedy="Wait for it (cfnroles status SOURCE --follow), then run the same command again for a new plan.",
    )
