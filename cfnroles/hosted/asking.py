"""The calls of the hook's function to its own account: read-only, and only metadata."""

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

#: CloudFormation waits 30 seconds for a response.
_SECONDS = 12.0


def account_of(account: str, region: str) -> Account:
    """Return the account in which the function runs."""
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
