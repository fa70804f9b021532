"""Whose credentials they are: AWS STS."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering


class Caller(Struct, frozen=True):
    """The account that credentials belong to, and the ARN of the user or of the role's session."""

    account: str
    arn: str


def caller_of(connection: Connection) -> Caller:
    """GetCallerIdentity, which needs no permission; errors as ``cfnroles.aws.refusals`` tells.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    with answering("sts:GetCallerIdentity"):
        told = connection.client("sts").get_caller_identity()
    return Caller(told["Account"], told["Arn"])
