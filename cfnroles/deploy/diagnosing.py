"""Diagnosis of a failed deployment, from its events to the tasks of an unstable service."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from cfnroles.answers.diagnose_live import LiveDiagnosis, diagnose_gathered
from cfnroles.answers.diagnosis import Besides
from cfnroles.aws.connection import Connection
from cfnroles.aws.ecs import Ecs
from cfnroles.aws.iam import Iam
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.errors import CfnrolesError
from cfnroles.iam.roles import Role, detailed_role
from cfnroles.sources.failures import Gathered, Stacks, of_events

#: Failures whose message has no remedy.
_OPEN = frozenset({Cause.RESOURCE, Cause.STACK, Cause.HOOK, Cause.CHANGE_SET})


def diagnosed_failure(failure: Failure, stacks: Stacks, connection: Connection) -> LiveDiagnosis | None:
    """Diagnose a failure; return ``None`` if its message suffices or is unknown.

    Reads failed services from Amazon ECS, and a denied role from IAM. Never raises: what could not be read is part of
    the result.
    """
    if failure.cause not in _OPEN:
        return None
    text = Gathered("\n\n".join((*failure.lines, *failure.others)))
    try:
        gathered = of_events(Ecs(connection), stacks, failure.events) if failure.events else text
        found = diagnose_gathered(gathered, partial(_role, connection))
    except CfnrolesError as error:
        found = LiveDiagnosis((), Besides((), (f"the cause: {error.what}",)))
    # The events are already printed.
    found = replace(found, besides=replace(found.besides, unknown=()))
    return found if found.found or found.besides.unread else None


def _role(connection: Connection, named: str) -> Role:
    detail, policies = Iam(connection).role(named)
    return detailed_role(detail, policies, "AWS")
