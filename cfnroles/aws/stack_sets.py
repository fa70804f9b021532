"""CloudFormation StackSets: one template in many accounts and Regions, one method for each call.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/what-is-cfnstacksets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cfnroles.aws.connection import Connection, is_loopback
from cfnroles.aws.refusals import Refused, answering
from cfnroles.signed_addresses import unsigned

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        CreateStackInstancesInputTypeDef,
        CreateStackSetInputTypeDef,
        DeleteStackInstancesInputTypeDef,
        ParameterTypeDef,
        StackSetOperationPreferencesUnionTypeDef,
        UpdateStackSetInputTypeDef,
    )


class StackSet(Struct, frozen=True):
    """A stack set from DescribeStackSet. Mappings are sorted pairs."""

    name: str
    template: str
    parameters: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    permission_model: str = "SELF_MANAGED"
    organizational_units: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Instance(Struct, frozen=True):
    """One stack of a stack set: its account and Region, and whether it is up to date."""

    account: str
    region: str
    status: str
    reason: str = ""
    organizational_unit: str = ""


class OperationResult(Struct, frozen=True):
    """The progress of an operation in one account and Region."""

    account: str
    region: str
    status: str
    reason: str = ""


class StackSetRequest(Struct, frozen=True):
    """The arguments for creating or updating a stack set."""

    name: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    capabilities: tuple[str, ...]
    token: str
    previous: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    service_managed: bool = False
    administration_role_arn: str = ""
    execution_role_name: str = ""


class Targets(Struct, frozen=True):
    """The targets of the stacks: accounts (self-managed) or OUs, possibly only some accounts of them
    (service-managed).
    """

    regions: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    organizational_units: tuple[str, ...] = ()


class Preferences(Struct, frozen=True):
    """The number of concurrent accounts, and of tolerated failures in each Region."""

    max_concurrent: int = 1
    failure_tolerance: int = 0


class StackSets:
    """StackSets of one administrator account. Errors are those of ``cfnroles.aws.refusals``.

    ``delegated`` calls on behalf of the organization as its delegated administrator.
    """

    def __init__(self, connection: Connection, *, delegated: bool = False) -> None:
        self._client: CloudFormationClient = connection.client("cloudformation")
        self._call_as: Literal["DELEGATED_ADMIN", "SELF"] = "DELEGATED_ADMIN" if delegated else "SELF"

    @property
    def endpoint_url(self) -> str:
        """The endpoint of the calls."""
        return self._client.meta.endpoint_url

    @property
    def region(self) -> str:
        """The Region of the calls."""
        return self._client.meta.region_name

    @property
    def is_local(self) -> bool:
        """Whether the calls stay on this machine."""
        return is_loopback(self.endpoint_url)

    def stack_set(self, name: str) -> StackSet | None:
        """DescribeStackSet; ``None`` if it does not exist."""
        try:
            with answering("cloudformation:DescribeStackSet"):
                told = self._client.describe_stack_set(StackSetName=name, CallAs=self._call_as)["StackSet"]
        except Refused as refusal:
            if refusal.code == "StackSetNotFoundException":
                return None
            raise
        if told.get("Status") == "DELETED":
            return None
        return StackSet(
            name=told.get("StackSetName", name),
            template=told.get("TemplateBody", ""),
            parameters=tuple(
                sorted(
                    (item.get("ParameterKey", ""), item.get("ParameterValue", ""))
                    for item in told.get("Parameters", ())
                )
            ),
            tags=tuple(sorted((item["Key"], item["Value"]) for item in told.get("Tags", ()))),
            permission_model=told.get("PermissionModel", "SELF_MANAGED"),
            organizational_units=tuple(told.get("OrganizationalUnitIds", ())),
            regions=tuple(told.get("Regions", ())),
        )

    def instances(self, name: str) -> tuple[Instance, ...]:
        """ListStackInstances: every stack of a stack set."""
        with answering("cloudformation:ListStackInstances"):
            pages = list(
                self._client.get_paginator("list_stack_instances").paginate(StackSetName=name, CallAs=self._call_as)
            )
        return tuple(
            Instance(
                item.get("Account", ""),
                item.get("Region", ""),
                item.get("Status", ""),
                unsigned(item.get("StatusReason", "")),
                item.get("OrganizationalUnitId", ""),
            )
            for page in pages
            for item in page["Summaries"]
        )

    def create(self, request: StackSetRequest) -> None:
        """CreateStackSet. Concurrent operations are queued instead of rejected (managed execution)."""
        told: CreateStackSetInputTypeDef = {
            "StackSetName": request.name,
            "TemplateBody": request.template,
            "Parameters": _parameters(request),
            "Capabilities": list(request.capabilities),  # type: ignore[arg-type]
            "Tags": [{"Key": key, "Value": value} for key, value in request.tags],
            "PermissionModel": "SERVICE_MANAGED" if request.service_managed else "SELF_MANAGED",
            "CallAs": self._call_as,
            "ClientRequestToken": request.token,
            "ManagedExecution": {"Active": True},
        }
        if request.service_managed:
            # Required with SERVICE_MANAGED: accounts that join an OU get the stacks, those that leave keep them.
            told["AutoDeployment"] = {"Enabled": True, "RetainStacksOnAccountRemoval": True}
        if request.administration_role_arn:
            told["AdministrationRoleARN"] = request.administration_role_arn
        if request.execution_role_name:
            told["ExecutionRoleName"] = request.execution_role_name
        with answering("cloudformation:CreateStackSet"):
            self._client.create_stack_set(**told)

    def update(self, request: StackSetRequest, preferences: Preferences) -> str:
        """UpdateStackSet, in all its instances. Returns the operation's ID."""
        told: UpdateStackSetInputTypeDef = {
            "StackSetName": request.name,
            "TemplateBody": request.template,
            "Parameters": _parameters(request),
            "Capabilities": list(request.capabilities),  # type: ignore[arg-type]
            "Tags": [{"Key": key, "Value": value} for key, value in request.tags],
            "OperationPreferences": _preferences(preferences),
            "OperationId": request.token,
            "CallAs": self._call_as,
        }
        if request.administration_role_arn:
            told["AdministrationRoleARN"] = request.administration_role_arn
        if request.execution_role_name:
            told["ExecutionRoleName"] = request.execution_role_name
        with answering("cloudformation:UpdateStackSet"):
            return self._client.update_stack_set(**told)["OperationId"]

    def create_instances(self, name: str, targets: Targets, *, preferences: Preferences, token: str) -> str:
        """CreateStackInstances in each of the accounts or OUs, and each of the Regions. Returns the operation's ID.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html
        """
        told: CreateStackInstancesInputTypeDef = {
            "StackSetName": name,
            "Regions": list(targets.regions),
            "OperationPreferences": _preferences(preferences),
            "OperationId": token,
            "CallAs": self._call_as,
        }
        if targets.organizational_units:
            told["DeploymentTargets"] = {"OrganizationalUnitIds": list(targets.organizational_units)}
            if targets.accounts:
                told["DeploymentTargets"]["Accounts"] = list(targets.accounts)
                told["DeploymentTargets"]["AccountFilterType"] = "INTERSECTION"
        else:
            told["Accounts"] = list(targets.accounts)
        with answering("cloudformation:CreateStackInstances"):
            return self._client.create_stack_instances(**told)["OperationId"]

    def delete_instances(self, name: str, targets: Targets, *, preferences: Preferences, token: str) -> str:
        """DeleteStackInstances, with their resources. Returns the operation's ID.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStackInstances.html
        """
        told: DeleteStackInstancesInputTypeDef = {
            "StackSetName": name,
            "Regions": list(targets.regions),
            "RetainStacks": False,
            "OperationPreferences": _preferences(preferences),
            "OperationId": token,
            "CallAs": self._call_as,
        }
        if targets.organizational_units:
            told["DeploymentTargets"] = {"OrganizationalUnitIds": list(targets.organizational_units)}
        else:
            told["Accounts"] = list(targets.accounts)
        with answering("cloudformation:DeleteStackInstances"):
            return self._client.delete_stack_instances(**told)["OperationId"]

    def delete(self, name: str) -> str:
        """DeleteStackSet, which has no operation: returns an empty string. It must have no stacks."""
        with answering("cloudformation:DeleteStackSet"):
            self._client.delete_stack_set(StackSetName=name, CallAs=self._call_as)
        return ""

    def operation(self, name: str, operation: str) -> tuple[str, str]:
        """DescribeStackSetOperation: its status, and the reason for it."""
        with answering("cloudformation:DescribeStackSetOperation"):
            told = self._client.describe_stack_set_operation(
                StackSetName=name, OperationId=operation, CallAs=self._call_as
            )["StackSetOperation"]
        return told.get("Status", ""), unsigned(told.get("StatusReason", ""))

    def progress(self, name: str, operation: str) -> tuple[OperationResult, ...]:
        """ListStackSetOperationResults: the progress in each account and Region."""
        with answering("cloudformation:ListStackSetOperationResults"):
            pages = list(
                self._client.get_paginator("list_stack_set_operation_results").paginate(
                    StackSetName=name, OperationId=operation, CallAs=self._call_as
                )
            )
        return tuple(
            OperationResult(
                item.get("Account", ""),
                item.get("Region", ""),
                item.get("Status", ""),
                unsigned(item.get("StatusReason", "")),
            )
            for page in pages
            for item in page["Summaries"]
        )


def _parameters(request: StackSetRequest) -> list[ParameterTypeDef]:
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in request.parameters
    ]
    kept: list[ParameterTypeDef] = [{"ParameterKey": key, "UsePreviousValue": True} for key in request.previous]
    return given + kept


def _preferences(preferences: Preferences) -> StackSetOperationPreferencesUnionTypeDef:
    return {
        "MaxConcurrentCount": preferences.max_concurrent,
        "FailureToleranceCount": preferences.failure_tolerance,
        "RegionConcurrencyType": "PARALLEL",
    }
