"""Roles that are there already, read from files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.files import ACCOUNT, exists, is_file, read_text
from cfnroles.iam.roles import Role, account_roles, read_role
from cfnroles.template.given import Given

#: What is rather the name of a role than that of a file, which has an ending or a folder.
_ROLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+=,@_-]*")


def read_role_of(named: str, facts: Facts, parameters: Mapping[str, str] | None = None) -> Role:
    """The role that ``FILE:LogicalId``, ``FILE:RoleName`` or ``FILE`` names, as ``read_role`` reads it.

    ``parameters`` are values of a template's parameters. Raises InvalidInput for a file or a role that is not there.
    """
    file, name = file_and_name(named)
    given = Given(parameters or {}, facts.account, facts.region)
    return read_role(read_text(file, ACCOUNT), file, name, given)


def read_roles_of(named: str, facts: Facts, parameters: Mapping[str, str] | None = None) -> tuple[Role, ...]:
    """The role that ``read_role_of`` reads, or all roles of an account where IAM's answer is named without one of them.

    Raises InvalidInput as ``read_role_of`` does.
    """
    if is_file(named) and (several := account_roles(read_text(named, ACCOUNT), named)):
        return several
    return (read_role_of(named, facts, parameters),)


def file_and_name(named: str) -> tuple[str, str]:
    """The file that ``FILE:LogicalId``, ``FILE:RoleName`` or ``FILE`` names, and what it names in there."""
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
