"""CloudFormation's descriptions of stacks, as plain values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class StackDescription(Struct, frozen=True):
    """One stack from DescribeStacks. Mappings are sorted pairs."""

    id: str
    name: str
    status: str
    reason: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    termination_protection: bool = False
    updated: datetime | None = None


class Event(Struct, frozen=True):
    """One event of a stack or of one of its resources. ``status`` is empty for validations and hooks.

    ``failed`` events have a ``reason``; ``path`` is where in the template a validation failed.
    """

    id: str
    stack: str
    stack_id: str
    resource: str
    type: str
    status: str
    reason: str = ""
    time: datetime | None = None
    token: str = ""
    physical_id: str = ""
    hook: str = ""
    hook_status: str = ""
    validation: str = ""
    path: str = ""

    @property
    def of_stack(self) -> bool:
        """Whether it is about the stack itself, not a resource in it."""
        return self.type == "AWS::CloudFormation::Stack" and self.physical_id == self.stack_id

    @property
    def failed(self) -> bool:
        """Whether a resource or the stack failed."""
        return self.status.endswith("_FAILED")


class ResourceChange(Struct, frozen=True):
    """The effect of a change set on one resource. ``properties`` are the changed ones, sorted."""

    action: str
    resource: str
    type: str
    replacement: str = ""
    properties: tuple[str, ...] = ()


class ChangeSet(Struct, frozen=True):
    """One change set from DescribeChangeSet."""

    id: str
    name: str
    stack: str
    stack_id: str
    status: str
    reason: str = ""
    execution: str = ""
    changes: tuple[ResourceChange, ...] = ()


class StackResource(Struct, frozen=True):
    """One resource that is in a stack now."""

    resource: str
    type: str
    physical_id: str = ""


class Export(Struct, frozen=True):
    """An exported output value, and the stack that exports it."""

    name: str
    value: str
    stack_id: str

    @property
    def stack(self) -> str:
        """The name of the stack that exports it."""
        return self.stack_id.split("/")[1] if self.stack_id.count("/") > 1 else self.stack_id


class ChangeSetRequest(Struct, frozen=True):
    """The arguments of CreateChangeSet. ``previous`` are parameters that keep their deployed value.

    ``template_url`` replaces ``template`` if the template is in a bucket.
    """

    stack: str
    name: str
    type: str
    token: str
    template: str = ""
    template_url: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    previous: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    role_arn: str = ""
    description: str = ""
