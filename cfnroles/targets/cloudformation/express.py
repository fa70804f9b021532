"""An Express Mode service as a resource, with the built roles in place of those that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from troposphere import AWSObject, GetAtt, ImportValue, Output, Ref, Template

from cfnroles.errors import InvalidInput
from cfnroles.need import Holder
from cfnroles.targets.cloudformation.parts import Parts
from cfnroles.targets.cloudformation.placeholders import image_parameters
from cfnroles.targets.cloudformation.rendering import Images, Rendering
from cfnroles.targets.cloudformation.values import value
from cfnroles.text import from_spelling
from cfnroles.workload import EXPRESS, Workload

#: The roles of a service, by the property of each.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-expressgatewayservice.html
ROLES = {
    Holder.EXECUTION: "ExecutionRoleArn",
    Holder.TASK: "TaskRoleArn",
    Holder.INFRASTRUCTURE: "InfrastructureRoleArn",
}
_REPLACED = ("infrastructureRoleArn", "primaryContainer")
_READ = ("name", "logConfiguration")
_LOGGING = {"logGroup": "awslogs-group", "logStreamPrefix": "awslogs-stream-prefix"}


class ExpressService(AWSObject):
    """An Express Mode service with its members unchanged: the API's model validates them, not a copy of it."""

    resource_type = "AWS::ECS::ExpressGatewayService"
    props: ClassVar[dict[str, Any]] = {}


def express_service(template: Template, parts: Parts) -> ExpressService:
    """Return the service, and add its outputs and the parameter for a missing image to the template.

    Raise InvalidInput for a service that already exists, and for one whose task definition is in another place.
    """
    _refuse(parts.workload)
    images = image_parameters(parts.workload, template.parameters)
    for parameter in images.values():
        template.add_parameter(parameter)
    service = ExpressService("Service")
    places: Images = {("primaryContainer", "image"): images[0]} if images else {}
    rendering = Rendering(places, parts.spelling)
    service.properties.update(rendering.structure(_members(parts.workload), ()))
    for holder, role in ROLES.items():
        service.properties[role] = ImportValue(value(from_spelling(parts.exports[holder])))
    template.add_output(Output("ServiceArn", Description="ARN of the service.", Value=Ref("Service")))
    template.add_output(Output("Endpoint", Description="Address of the service.", Value=GetAtt("Service", "Endpoint")))
    return service


def _members(workload: Workload) -> Mapping[str, Any]:
    """Return the members of the service as in its document, without the roles and without empty strings."""
    tree = workload.tree
    service = {name: member for name, member in tree[EXPRESS].items() if name not in _REPLACED}
    service |= {name: tree[name] for name in ("cpu", "memory") if name in tree}
    (container,) = tree["containerDefinitions"]
    primary = {name: member for name, member in container.items() if name not in _READ}
    primary |= tree[EXPRESS].get("primaryContainer", {})
    if logging := container.get("logConfiguration"):
        options = logging["options"]
        named = {name: options[option] for name, option in _LOGGING.items() if option in options}
        primary["awsLogsConfiguration"] = {**primary.get("awsLogsConfiguration", {}), **named}
    return {name: member for name, member in {**service, "primaryContainer": primary}.items() if member != ""}


def _refuse(workload: Workload) -> None:
    if "taskDefinitionArn" in workload.tree[EXPRESS]:
        raise InvalidInput(
            "the task definition of the service, with the roles of the tasks, is elsewhere",
            where=workload.document,
            remedy="Build that task definition. `cfnroles explain` shows what the infrastructure role needs.",
        )
    if "serviceArn" in workload.tree[EXPRESS]:
        raise InvalidInput(
            "the service already exists, and CloudFormation would create another one of the same name",
            where=workload.document,
            remedy="Pass the input of create-express-gateway-service. `cfnroles explain` shows what the roles need.",
        )
    if not workload.tree["containerDefinitions"]:
        raise InvalidInput(
            "the service has no primaryContainer and no taskDefinitionArn",
            where=workload.document,
            remedy="Write its primaryContainer, with an image.",
        )
