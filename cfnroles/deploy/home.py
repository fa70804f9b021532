"""Where a deployment goes, and on whose behalf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cfnroles.errors import Unavailable

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection


class Destination(Struct, frozen=True):
    """The account, the Region and the caller's ARN; ``why`` is why account and caller are not known.

    ``endpoint`` is the address on this machine that stands for AWS; empty where AWS itself is called.
    """

    region: str = ""
    account: str = ""
    caller: str = ""
    why: str = ""
    endpoint: str = ""


def home_of(connection: Connection, region: str, endpoint: str) -> Destination:
    """Where a connection leads; what AWS does not say of it is no error, but told."""
    # The values of a plan are for commands, too, that ask AWS nothing and load no SDK.
    from cfnroles.aws import caller
    from cfnroles.aws.connection import is_loopback
    from cfnroles.aws.refusals import Refused

    endpoint = endpoint if is_loopback(endpoint) else ""
    try:
        told = caller.caller_of(connection)
    except (Refused, Unavailable) as error:
        return Destination(region, why=error.what, endpoint=endpoint)
    return Destination(region, told.account, told.arn, endpoint=endpoint)
