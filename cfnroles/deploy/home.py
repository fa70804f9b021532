"""The target of a deployment, and its caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cfnroles.errors import Unavailable

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection


class Destination(Struct, frozen=True):
    """The account, the Region and the caller's ARN. ``why`` is why account and caller are unknown.

    ``endpoint`` is the local address in place of AWS; empty for AWS itself.
    """

    region: str = ""
    account: str = ""
    caller: str = ""
    why: str = ""
    endpoint: str = ""


def home_of(connection: Connection, region: str, endpoint: str) -> Destination:
    """Return the target of a connection. What AWS does not return is unknown, not an error."""
    # Commands that never call AWS import the values of a plan without loading the SDK.
    from cfnroles.aws import caller
    from cfnroles.aws.connection import is_loopback
    from cfnroles.aws.refusals import Refused

    endpoint = endpoint if is_loopback(endpoint) else ""
    try:
        told = caller.caller_of(connection)
    except (Refused, Unavailable) as error:
        return Destination(region, why=error.what, endpoint=endpoint)
    return Destination(region, told.account, told.arn, endpoint=endpoint)
