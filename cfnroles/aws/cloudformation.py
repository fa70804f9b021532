"""The API of AWS CloudFormation, one method for each call.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cfnroles.aws.connection import Connection, is_loopback
from cfnroles.aws.refusals import Refused, answering
from cfnroles.aws.stack import (
    ChangeSet,
    ChangeSetRequest,
    Event,
    Export,
    ResourceChange,
    StackDescription,
    StackResource,
)
from cfnroles.signed_addresses import unsigned

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        ChangeTypeDef,
        ContinueUpdateRollbackInputTypeDef,
        CreateChangeSetInputTypeDef,
        DeleteStackInputTypeDef,
        DescribeEventsInputPaginateTypeDef,
        OperationEventTypeDef,
        ParameterTypeDef,
        RollbackStackInputTypeDef,
        StackEventTypeDef,
        StackTypeDef,
    )


class CloudFormation:
    """CloudFormation in one account and Region.

    Every method raises ``Refused`` if AWS rejects the call and ``Unavailable`` if it cannot be made
    (``cfnroles.aws.refusals``).
    """

    def __init__(self, connection: Connection) -> None:
        self._client: CloudFormationClient = connection.client("cloudformation")

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

    def stack(self, name: str) -> StackDescription | None:
        """DescribeStacks for one name or ID; ``None`` if the stack does not exist."""
        try:
            with answering("cloudformation:DescribeStacks"):
                found = self._client.describe_stacks(StackName=name)["Stacks"]
        except Refused as refusal:
            if "does not exist" in refusal.message:
                return None
            raise
        return _stack(found[0]) if found else None

    def template(self, name: str) -> str:
        """GetTemplate: the deployed template as submitted."""
        with answering("cloudformation:GetTemplate"):
            body: Any = self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        # botocore parses a template that was submitted as JSON.
        return body if isinstance(body, str) else json.dumps(body)

    def resources(self, stack: str) -> tuple[StackResource, ...]:
        """ListStackResources: the current resources of a stack, without deleted ones."""
        with answering("cloudformation:ListStackResources"):
            pages = list(self._client.get_paginator("list_stack_resources").paginate(StackName=stack))
        return tuple(
            StackResource(item["LogicalResourceId"], item["ResourceType"], item.get("PhysicalResourceId", ""))
            for page in pages
            for item in page["StackResourceSummaries"]
            if item["ResourceStatus"] != "DELETE_COMPLETE"
        )

    def exports(self) -> tuple[Export, ...]:
        """ListExports: every export of the account in this Region."""
        with answering("cloudformation:ListExports"):
            pages = list(self._client.get_paginator("list_exports").paginate())
        return tuple(
            Export(item.get("Name", ""), item.get("Value", ""), item.get("ExportingStackId", ""))
            for page in pages
            for item in page["Exports"]
        )

    def importers(self, export: str) -> tuple[str, ...]:
        """ListImports: the names of the stacks that import ``export``."""
        try:
            with answering("cloudformation:ListImports"):
                pages = list(self._client.get_paginator("list_imports").paginate(ExportName=export))
        except Refused as refusal:
            if "not imported" in refusal.message:
                return ()
            raise
        return tuple(name for page in pages for name in page["Imports"])

    def validate_template(self, *, body: str = "", url: str = "") -> tuple[str, ...]:
        """ValidateTemplate, which needs no stack: the capabilities that the template requires."""
        with answering("cloudformation:ValidateTemplate"):
            told = self._client.validate_template(**({"TemplateURL": url} if url else {"TemplateBody": body}))
        return tuple(told.get("Capabilities", ()))

    def create_change_set(self, request: ChangeSetRequest) -> ChangeSet:
        """CreateChangeSet. The response has only the IDs."""
        with answering("cloudformation:CreateChangeSet"):
            made = self._client.create_change_set(**_change_set_input(request))
        return ChangeSet(made["Id"], request.name, request.stack, made.get("StackId", ""), status="CREATE_PENDING")

    def change_set(self, change_set: ChangeSet) -> ChangeSet:
        """DescribeChangeSet: the current state of the change set with all its changes."""
        with answering("cloudformation:DescribeChangeSet"):
            pages = list(
                self._client.get_paginator("describe_change_set").paginate(
                    ChangeSetName=change_set.id, StackName=change_set.stack_id or change_set.stack
                )
            )
        first = pages[0]
        return ChangeSet(
            first["ChangeSetId"],
            first["ChangeSetName"],
            change_set.stack,
            first.get("StackId", "") or change_set.stack_id,
            first["Status"],
            unsigned(first.get("StatusReason", "")),
            first.get("ExecutionStatus", ""),
            tuple(_change(item) for page in pages for item in page.get("Changes", ())),
        )

    def change_sets(self, stack: str) -> tuple[ChangeSet, ...]:
        """ListChangeSets: the pending change sets of a stack, without their changes."""
        with answering("cloudformation:ListChangeSets"):
            pages = list(self._client.get_paginator("list_change_sets").paginate(StackName=stack))
        return tuple(
            ChangeSet(
                item.get("ChangeSetId", ""),
                item.get("ChangeSetName", ""),
                item.get("StackName", ""),
                item.get("StackId", ""),
                item.get("Status", ""),
                unsigned(item.get("StatusReason", "")),
                item.get("ExecutionStatus", ""),
            )
            for page in pages
            for item in page["Summaries"]
        )

    def execute_change_set(
        self, change_set: ChangeSet, *, token: str, disable_rollback: bool = False, creating: bool = False
    ) -> None:
        """ExecuteChangeSet with explicit rollback: the API's default is no rollback.

        If a creation is rolled back, resources with a retention policy are deleted too, so that they do not collide
        with the next creation.
        """
        with answering("cloudformation:ExecuteChangeSet"):
            self._client.execute_change_set(
                ChangeSetName=change_set.id,
                StackName=change_set.stack_id or change_set.stack,
                ClientRequestToken=token,
                DisableRollback=disable_rollback,
                **({"RetainExceptOnCreate": True} if creating and not disable_rollback else {}),
            )

    def delete_change_set(self, change_set: ChangeSet) -> None:
        """DeleteChangeSet. One that no longer exists is not an error."""
        with answering("cloudformation:DeleteChangeSet"):
            self._client.delete_change_set(
                ChangeSetName=change_set.id, StackName=change_set.stack_id or change_set.stack
            )

    def delete_stack(self, stack_id: str, *, token: str, role_arn: str = "", retain: tuple[str, ...] = ()) -> None:
        """DeleteStack."""
        told: DeleteStackInputTypeDef = {"StackName": stack_id, "ClientRequestToken": token}
        if role_arn:
            told["RoleARN"] = role_arn
        if retain:
            told["RetainResources"] = list(retain)
        with answering("cloudformation:DeleteStack"):
            self._client.delete_stack(**told)

    def roll_back_stack(self, stack_id: str, *, token: str, role_arn: str = "") -> None:
        """RollbackStack: from CREATE_FAILED or UPDATE_FAILED to the last stable state."""
        told: RollbackStackInputTypeDef = {"StackName": stack_id, "ClientRequestToken": token}
        if role_arn:
            told["RoleARN"] = role_arn
        with answering("cloudformation:RollbackStack"):
            self._client.rollback_stack(**told)

    def continue_update_rollback(self, stack_id: str, *, token: str, role_arn: str = "") -> None:
        """ContinueUpdateRollback: out of UPDATE_ROLLBACK_FAILED."""
        told: ContinueUpdateRollbackInputTypeDef = {"StackName": stack_id, "ClientRequestToken": token}
        if role_arn:
            told["RoleARN"] = role_arn
        with answering("cloudformation:ContinueUpdateRollback"):
            self._client.continue_update_rollback(**told)

    def set_termination_protection(self, stack: str, *, on: bool) -> None:
        """UpdateTerminationProtection."""
        with answering("cloudformation:UpdateTerminationProtection"):
            self._client.update_termination_protection(StackName=stack, EnableTerminationProtection=on)

    def events(self, stack: str) -> Iterator[Event]:
        """DescribeStackEvents, newest first, with pages on demand."""
        token = ""
        while True:
            with answering("cloudformation:DescribeStackEvents"):
                page = self._client.describe_stack_events(StackName=stack, **({"NextToken": token} if token else {}))
            yield from map(_event, page["StackEvents"])
            token = page.get("NextToken", "")
            if not token:
                return

    def failed_events(self, *, stack: str, change_set: str = "") -> tuple[Event, ...]:
        """DescribeEvents: the validations, hooks and resources that failed in a stack or change set.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
        """
        told: DescribeEventsInputPaginateTypeDef = {"StackName": stack, "Filters": {"FailedEvents": True}}
        if change_set:
            told["ChangeSetName"] = change_set
        with answering("cloudformation:DescribeEvents"):
            pages = list(self._client.get_paginator("describe_events").paginate(**told))
        return tuple(_operation_event(item) for page in pages for item in page["OperationEvents"])


def _stack(told: StackTypeDef) -> StackDescription:
    return StackDescription(
        id=told.get("StackId", ""),
        name=told["StackName"],
        status=told["StackStatus"],
        reason=unsigned(told.get("StackStatusReason", "")),
        parameters=tuple(
            sorted(
                (item.get("ParameterKey", ""), item.get("ParameterValue", "")) for item in told.get("Parameters", ())
            )
        ),
        outputs=tuple(
            sorted((item.get("OutputKey", ""), item.get("OutputValue", "")) for item in told.get("Outputs", ()))
        ),
        tags=tuple(
            sorted((item["Key"], item["Value"]) for item in told.get("Tags", ()) if not item["Key"].startswith("aws:"))
        ),
        termination_protection=told.get("EnableTerminationProtection", False),
        updated=told.get("LastUpdatedTime") or told.get("CreationTime"),
    )


def _change(told: ChangeTypeDef) -> ResourceChange:
    change = told.get("ResourceChange", {})
    targets = [detail.get("Target", {}) for detail in change.get("Details", ())]
    return ResourceChange(
        action=change.get("Action", "Modify"),
        resource=change.get("LogicalResourceId", ""),
        type=change.get("ResourceType", ""),
        replacement=change.get("Replacement", ""),
        properties=tuple(sorted({target.get("Name", "") or target.get("Attribute", "") for target in targets})),
    )


def _event(told: StackEventTypeDef) -> Event:
    return Event(
        id=told["EventId"],
        stack=told["StackName"],
        stack_id=told["StackId"],
        resource=told.get("LogicalResourceId", ""),
        type=told.get("ResourceType", ""),
        status=told.get("ResourceStatus", ""),
        reason=unsigned(told.get("HookStatusReason", "") or told.get("ResourceStatusReason", "")),
        time=told["Timestamp"],
        token=told.get("ClientRequestToken", ""),
        physical_id=told.get("PhysicalResourceId", ""),
        hook=told.get("HookType", ""),
        hook_status=told.get("HookStatus", ""),
    )


def _operation_event(told: OperationEventTypeDef) -> Event:
    stack_id = told.get("StackId", "")
    return Event(
        id=told.get("EventId", ""),
        stack=stack_id.split("/")[1] if stack_id.count("/") > 1 else stack_id,
        stack_id=stack_id,
        resource=told.get("LogicalResourceId", ""),
        type=told.get("ResourceType", ""),
        status=told.get("ResourceStatus", ""),
        reason=unsigned(
            told.get("ValidationStatusReason", "")
            or told.get("HookStatusReason", "")
            or told.get("ResourceStatusReason", "")
        ),
        time=told.get("Timestamp"),
        token=told.get("ClientRequestToken", ""),
        physical_id=told.get("PhysicalResourceId", ""),
        hook=told.get("HookType", ""),
        hook_status=told.get("HookStatus", ""),
        validation=told.get("ValidationName", ""),
        path=told.get("ValidationPath", ""),
    )


def _change_set_input(request: ChangeSetRequest) -> CreateChangeSetInputTypeDef:
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in request.parameters
    ]
    kept: list[ParameterTypeDef] = [{"ParameterKey": key, "UsePreviousValue": True} for key in request.previous]
    told: CreateChangeSetInputTypeDef = {
        "StackName": request.stack,
        "ChangeSetName": request.name,
        "ChangeSetType": "CREATE" if request.type == "CREATE" else "UPDATE",
        "ClientToken": request.token,
        "Parameters": given + kept,
        "Capabilities": list(request.capabilities),  # type: ignore[arg-type]
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags],
    }
    if request.template_url:
        told["TemplateURL"] = request.template_url
    else:
        told["TemplateBody"] = request.template
    if request.role_arn:
        told["RoleARN"] = request.role_arn
    if request.description:
        told["Description"] = request.description
    return told
