"""Whose credentials they are: AWS STS."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering

#: Enough for an answer. Where there is no way to it, as in a VPC without the endpoint, nobody waits for long.
_PATIENCE = {"connect_timeout": 3, "read_timeout": 10, "retries": {"mode": "standard", "max_attempts": 3}}


class Caller(Struct, frozen=True):
    """The account that credentials belong to, and the ARN of the user or of the role's session."""

    account: str
    arn: str


def caller_of(connection: Connection) -> Caller:
    """GetCallerIdentity, which needs no permission; errors as ``cfnroles.aws.refusals`` tells.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    with answering("sts:GetCallerIdentity"):
        told = connection.made("sts", connection.home_region, **_PATIENCE).get_caller_identity()
    return Caller(told["Account"], told["Arn"])
