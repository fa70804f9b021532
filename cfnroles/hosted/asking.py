"""What the hook's function asks of its own account: metadata alone, and nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from cfnroles.answers.admission import Account
from cfnroles.aws.connection import Connection
from cfnroles.aws.iam import NoSuchRole
from cfnroles.aws.secret_keys import keys_of
from cfnroles.aws.secret_validator import Examined, examine
from cfnroles.iam.roles import Role
from cfnroles.need import Reference
from cfnroles.sources.live import live_role

#: CloudFormation waits for an answer for 30 seconds.
_SECONDS = 12.0


def account_of(account: str, region: str) -> Account:
    """The account that the function runs in."""
    connection = Connection(region=region)

    @cache
    def role(named: str) -> Role | None:
        try:
            return live_role(named, "", region)
        except NoSuchRole:
            return None

    def examined(references: Sequence[Reference]) -> Sequence[Examined]:
        found, _ = examine([each.asked for each in references], connection, region, account, seconds=_SECONDS)
        return found

    return Account(role, examined, lambda references: keys_of(references, connection, region, account))
