"""Existing roles, read from files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.files import ACCOUNT, exists, is_file, read_text
from cfnroles.iam.roles import Role, account_roles, read_role
from cfnroles.template.given import Given

#: The name of a role rather than of a file, which has an extension or a directory.
_ROLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+=,@_-]*")


def read_role_of(named: str, facts: Facts, parameters: Mapping[str, str] | None = None) -> Role:
    """Return the role of ``FILE:LogicalId``, ``FILE:RoleName`` or ``FILE``, as in ``read_role``.

    ``parameters`` are values of a template's parameters. Raise InvalidInput for a missing file or role.
    """
    file, name = file_and_name(named)
    given = Given(parameters or {}, facts.account, facts.region)
    return read_role(read_text(file, ACCOUNT), file, name, given)


def read_roles_of(named: str, facts: Facts, parameters: Mapping[str, str] | None = None) -> tuple[Role, ...]:
    """Return the role of ``read_role_of``, or all roles of an account for authorization details without a name.

    Raise InvalidInput as ``read_role_of``.
    """
    if is_file(named) and (several := account_roles(read_text(named, ACCOUNT), named)):
        return several
    return (read_role_of(named, facts, parameters),)


def file_and_name(named: str) -> tuple[str, str]:
    """Split ``FILE:LogicalId``, ``FILE:RoleName`` or ``FILE`` into the file and the name in it."""
    if exists(named) or ":" not in named:
        if _ROLE_NAME.fullmatch(named) and not exists(named):
            raise InvalidInput(
                "cannot be read: No such file or directory",
                where=named,
                remedy="Pass FILE:LogicalId, or add --live to read a role of this name from AWS.",
            )
        return named, ""
    if named.startswith("arn:"):
        raise InvalidInput(f"{named} is the ARN of a role in AWS", remedy="Add --live to read it.")
    file, _, name = named.rpartition(":")
    return file, name
