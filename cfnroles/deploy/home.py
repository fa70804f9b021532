"""Where a deployment goes, and on whose behalf."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.aws import caller
from cfnroles.aws.connection import Connection, is_loopback
from cfnroles.aws.refusals import Refused
from cfnroles.errors import Unavailable


class Home(Struct, frozen=True):
    """The account, the Region and the caller's ARN; ``why`` is why account and caller are not known.

    ``endpoint`` is the address on this machine that stands for AWS; empty where AWS itself is called.
    """

    region: str = ""
    account: str = ""
    caller: str = ""
    why: str = ""
    endpoint: str = ""


def home_of(connection: Connection, region: str, endpoint: str) -> Home:
    """Where a connection leads; what AWS does not tell of it is no error, but told."""
    endpoint = endpoint if is_loopback(endpoint) else ""
    try:
        told = caller.caller_of(connection)
    except (Refused, Unavailable) as error:
        return Home(region, why=error.what, endpoint=endpoint)
    return Home(region, told.account, told.arn, endpoint=endpoint)
