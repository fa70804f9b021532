"""Read access to IAM: nothing here changes anything.

https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import Refused, answering
from cfnroles.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


#: The number of polls for a report, which takes some seconds.
_MOST_ASKED = 120


class Simulated(Struct, frozen=True):
    """The policy simulator's result for one request. ``missing`` are the context keys without a value."""

    decision: str
    missing: tuple[str, ...] = ()


class NoSuchRole(Unavailable):
    """The role does not exist in the account."""


class Iam:
    """IAM of one account.

    Every method raises ``Unavailable`` if AWS rejects a call or cannot be reached. ``role`` raises its subclass
    ``NoSuchRole`` if the role does not exist.
    """

    def __init__(self, connection: Connection, *, patient: bool = False) -> None:
        self._client: IAMClient = connection.client("iam", patient=True) if patient else connection.client("iam")

    def role(self, name_or_arn: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return a role and its managed policies, both in the format of GetAccountAuthorizationDetails."""
        name = name_or_arn.rsplit("/", 1)[-1]
        try:
            with answering("iam:GetRole"):
                role: Any = self._client.get_role(RoleName=name)["Role"]
        except Refused as refusal:
            if refusal.code == "NoSuchEntity":
                raise NoSuchRole(
                    f"the role {name} does not exist in this account",
                    why=refusal.message,
                    remedy="Check --profile, AWS_PROFILE and the role's name.",
                ) from refusal
            raise
        attached = self._attached(name)
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        arns = [policy["PolicyArn"] for policy in attached] + ([boundary] if boundary else [])
        detail = {**role, "RolePolicyList": self._inline(name), "AttachedManagedPolicies": attached}
        return detail, [self._managed(arn) for arn in arns]

    def account(self) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
        """GetAccountAuthorizationDetails: all roles of the account and their managed policies, by page."""
        asked: Any = {"Filter": ["Role", "LocalManagedPolicy", "AWSManagedPolicy"], "MaxItems": 1000}
        while True:
            with answering("iam:GetAccountAuthorizationDetails"):
                page: Any = self._client.get_account_authorization_details(**asked)
            yield page.get("RoleDetailList", []), page.get("Policies", [])
            if not page.get("IsTruncated"):
                return
            asked["Marker"] = page["Marker"]

    def simulate(self, role_arn: str, action: str, resource: str, context: Mapping[str, Iterable[str]]) -> Simulated:
        """SimulatePrincipalPolicy for one request.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
        """
        entries: Any = [
            {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": "stringList"}
            for key, values in context.items()
        ]
        with answering("iam:SimulatePrincipalPolicy"):
            answer = self._client.simulate_principal_policy(
                PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource], ContextEntries=entries
            )
        result = answer["EvaluationResults"][0]
        return Simulated(result["EvalDecision"], tuple(sorted(result.get("MissingContextValues", ()))))

    def last_accessed(self, role_arn: str, seconds: float = 1.0) -> list[dict[str, Any]]:
        """Return when a role last called services and actions, from IAM's report.

        Also raise ``Unavailable`` if the report is not generated.
        https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html
        """
        with answering("iam:GenerateServiceLastAccessedDetails"):
            job = self._client.generate_service_last_accessed_details(Arn=role_arn, Granularity="ACTION_LEVEL")["JobId"]
        found: list[dict[str, Any]] = []
        asked: Any = {"JobId": job}
        for _ in range(_MOST_ASKED):
            with answering("iam:GetServiceLastAccessedDetails"):
                answer: Any = self._client.get_service_last_accessed_details(**asked)
            if answer["JobStatus"] == "IN_PROGRESS":
                time.sleep(seconds)
                continue
            if answer["JobStatus"] == "FAILED":
                break
            found += answer.get("ServicesLastAccessed", ())
            if not answer.get("IsTruncated"):
                return found
            asked["Marker"] = answer["Marker"]
        raise Unavailable("IAM did not create its report of last accessed services", remedy="Run again.")

    def _inline(self, role: str) -> list[dict[str, Any]]:
        with answering("iam:ListRolePolicies"):
            pages = list(self._client.get_paginator("list_role_policies").paginate(RoleName=role))
        return [self._inline_policy(role, name) for page in pages for name in page["PolicyNames"]]

    def _inline_policy(self, role: str, name: str) -> dict[str, Any]:
        with answering("iam:GetRolePolicy"):
            return {
                "PolicyName": name,
                "PolicyDocument": self._client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"],
            }

    def _attached(self, role: str) -> list[dict[str, str]]:
        with answering("iam:ListAttachedRolePolicies"):
            pages = list(self._client.get_paginator("list_attached_role_policies").paginate(RoleName=role))
        return [
            {"PolicyName": policy.get("PolicyName", ""), "PolicyArn": policy.get("PolicyArn", "")}
            for page in pages
            for policy in page["AttachedPolicies"]
        ]

    def _managed(self, arn: str) -> dict[str, Any]:
        with answering("iam:GetPolicy"):
            version = self._client.get_policy(PolicyArn=arn)["Policy"].get("DefaultVersionId", "v1")
        with answering("iam:GetPolicyVersion"):
            found = self._client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
        return {"Arn": arn, "PolicyVersionList": [{**found, "IsDefaultVersion": True}]}
