"""Validation of the shape of an account's authorization details.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cfnroles.errors import InvalidInput

_Document = str | dict[str, Any] | None


class _Inline(Struct):
    PolicyName: str = ""
    PolicyDocument: _Document = None


class _Attached(Struct):
    PolicyArn: str = ""


class _Boundary(Struct):
    PermissionsBoundaryArn: str | None = None


class _Role(Struct):
    RoleName: str
    Arn: str = ""
    AssumeRolePolicyDocument: _Document = None
    RolePolicyList: list[_Inline] = []
    AttachedManagedPolicies: list[_Attached] = []
    PermissionsBoundary: _Boundary | None = None


class _Version(Struct):
    Document: _Document = None
    IsDefaultVersion: bool = False


class _Policy(Struct):
    Arn: str = ""
    PolicyVersionList: list[_Version] = []


class _Details(Struct):
    RoleDetailList: list[_Role]
    Policies: list[_Policy] = []


def check_details(answer: Mapping[str, Any], document: str) -> None:
    """Raise InvalidInput with the name of a member that does not have IAM's format."""
    try:
        msgspec.convert(answer, _Details)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        told = re.sub("`([^`]+)`", lambda match: " or ".join(map(_called, match[1].split(" | "))), what)
        raise InvalidInput(
            f"is not an answer of IAM: {place.strip('`').removeprefix('$.')}: {told[:1].lower()}{told[1:]}",
            where=document,
            remedy="Pass the unchanged output of `aws iam get-account-authorization-details`.",
        ) from error


def _called(kind: str) -> str:
    return {"object": "an object", "array": "a list", "str": "a string", "int": "a number", "float": "a number"}.get(
        kind, kind
    )
