"""The relevant roles of an account, each read once and compressed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from cfnroles.aws.iam import NoSuchRole
from cfnroles.aws.refusals import Denied
from cfnroles.iam.roles import Role, detailed_role

#: The service that assumes the roles of tasks.
ECS = "ecs-tasks.amazonaws.com"


class Roles(Protocol):
    """The calls to IAM that are needed here: ``cfnroles.aws.iam.Iam``."""

    def account(self) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
        """Call GetAccountAuthorizationDetails."""

    def role(self, name_or_arn: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Call GetRole, and read the role's policies."""


class HeldRoles:
    """The relevant roles of the account, compressed: those that task definitions name, and those that ECS may
    assume.
    """

    def __init__(self, iam: Roles, named: Iterable[str], denied: dict[str, None]) -> None:
        self._iam, self._denied = iam, denied
        self._roles: dict[str, bytes] = {}
        self._policies: dict[str, bytes] = {}
        self.whole = True
        wanted = {each.rpartition("/")[2] for each in named}
        try:
            for roles, policies in iam.account():
                self._take(roles, policies, wanted)
        except Denied as refused:
            denied[refused.call] = None
            self.whole = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all roles that were read."""
        return tuple(self._roles)

    def detail(self, name: str) -> Mapping[str, Any] | None:
        """Return the details of a role; ``None`` if it does not exist. Raise ``Denied`` if that is unknown."""
        if name in self._roles:
            return _unpacked(self._roles[name])
        if self.whole:
            return None
        try:
            detail, policies = self._iam.role(name)
        except NoSuchRole:
            return None
        except Denied as refused:
            self._denied[refused.call] = None
            raise
        self._roles[name] = _packed(detail)
        self._policies |= {str(each["Arn"]): _packed(each) for each in policies}
        return detail

    def role(self, detail: Mapping[str, Any]) -> Role:
        """Return the role with its policies."""
        boundary = detail.get("PermissionsBoundary") or {}
        arns = [each.get("PolicyArn") for each in detail.get("AttachedManagedPolicies", ())]
        wanted = dict.fromkeys([*arns, boundary.get("PermissionsBoundaryArn")])
        return detailed_role(detail, [_unpacked(self._policies[arn]) for arn in wanted if arn in self._policies], "IAM")

    def _take(self, roles: Iterable[dict[str, Any]], policies: Iterable[dict[str, Any]], wanted: set[str]) -> None:
        for role in roles:
            if role["RoleName"] in wanted or ECS in json.dumps(role.get("AssumeRolePolicyDocument")):
                self._roles[role["RoleName"]] = _packed(role)
        for policy in policies:
            versions = [each for each in policy.get("PolicyVersionList", ()) if each.get("IsDefaultVersion")]
            self._policies[policy["Arn"]] = _packed({"Arn": policy["Arn"], "PolicyVersionList": versions})


def _packed(told: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(told, default=str).encode())


def _unpacked(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(data))
    return found
