"""The owner of the credentials, from AWS STS."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering

#: Enough for a response. Without a route, as in a VPC without the endpoint, the wait is short.
_PATIENCE = {"connect_timeout": 3, "read_timeout": 10, "retries": {"mode": "standard", "max_attempts": 3}}


class Caller(Struct, frozen=True):
    """The account of the credentials, and the ARN of the user or role session."""

    account: str
    arn: str


def caller_of(connection: Connection) -> Caller:
    """GetCallerIdentity, which needs no permission. Errors are those of ``cfnroles.aws.refusals``.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    with answering("sts:GetCallerIdentity"):
        told = connection.made("sts", connection.home_region, **_PATIENCE).get_caller_identity()
    return Caller(told["Account"], told["Arn"])
