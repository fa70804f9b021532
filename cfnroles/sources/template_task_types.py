"""The types of resources that define or run tasks, and which of these have roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnroles.document import inside
from cfnroles.template.template import Template

#: The types of task definitions. Those of daemons have fewer members, with the same names.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterDaemonTaskDefinition.html
TASK_DEFINITIONS = ("AWS::ECS::TaskDefinition", "AWS::ECS::DaemonTaskDefinition")
EXPRESS_SERVICE = "AWS::ECS::ExpressGatewayService"
CAPACITY_PROVIDER = "AWS::ECS::CapacityProvider"
#: Types with roles: those that define tasks, and those that launch their instances. ECS creates a task definition for
#: an Express Mode service.
TASKS = (*TASK_DEFINITIONS, EXPRESS_SERVICE, CAPACITY_PROVIDER)
#: The noun of each that is not a task definition.
NOUNS = {EXPRESS_SERVICE: "Express Mode service", CAPACITY_PROVIDER: "capacity provider"}
#: Types with roles of their own that are not read.
UNREAD = {"AWS::ECS::Gateway": "its infrastructure role; `gateway` in a service spec creates it"}
#: What deploys a template of its own, and the parts of such a text that may define tasks.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
STACK_SET = "AWS::CloudFormation::StackSet"
_IN_STACK_SET = ("AWS::ECS::", "AWS::CloudFormation::", "AWS::Serverless::", "Transform")
#: The property without which a type has no roles.
_WITH_ROLES = {CAPACITY_PROVIDER: "ManagedInstancesProvider"}
SERVICE, TASK_SET, CLUSTER = "AWS::ECS::Service", "AWS::ECS::TaskSet", "AWS::ECS::Cluster"
#: What runs tasks, by type: its key next to a task definition, and its property with the task definition.
RUNS = {
    SERVICE: ("service", "TaskDefinition"),
    TASK_SET: ("service", "TaskDefinition"),
    "AWS::ECS::Daemon": ("daemon", "DaemonTaskDefinitionArn"),
}


def may_have_roles(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource of one of these types has roles, possibly under a condition."""
    named = _WITH_ROLES.get(resource["Type"])
    return named is None or has_key(resource.get("Properties"), named)


def may_define_tasks(stack_set: Mapping[str, Any]) -> bool:
    """Return whether the template of a stack set may define tasks, which only a text in it excludes."""
    properties = stack_set.get("Properties")
    match properties.get("TemplateBody") if isinstance(properties, Mapping) else None:
        case str(body) | {"Fn::Sub": str(body) | [str(body), _]}:
            return any(part in body for part in _IN_STACK_SET)
    return True


def noun_of(template: Template, logical_id: str) -> str:
    """Return the noun of a resource with roles: a task definition, or another kind."""
    return NOUNS.get(template.type_of(logical_id), "task definition")


def has_key(value: Any, name: str) -> bool:
    """Return whether a name is anywhere in a value, also below a condition."""
    return (isinstance(value, Mapping) and name in value) or any(has_key(member, name) for member in inside(value))


def names_of(logical_id: str) -> tuple[str, ...]:
    """Return the references by which runners name a task definition."""
    return tuple(
        f"${{{logical_id}{attribute}}}" for attribute in ("", ".TaskDefinitionArn", ".DaemonTaskDefinitionArn")
    )
