"""The task stack: the check that every secret exists, and the task definition that waits for it."""

from __future__ import annotations

from typing import Any, ClassVar

from troposphere import AWSObject, Equals, GetAtt, If, ImportValue, Output, Parameter, Ref, Template

from cfnroles.need import Holder
from cfnroles.sources.task_definition import ANSWERED_ONLY
from cfnroles.targets.cloudformation import secret_validator
from cfnroles.targets.cloudformation.express import express_service
from cfnroles.targets.cloudformation.parameters import project_name, secret_parameter, switch, used
from cfnroles.targets.cloudformation.parts import Parts
from cfnroles.targets.cloudformation.placeholders import image_parameters
from cfnroles.targets.cloudformation.rendering import Images, Rendering
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import value
from cfnroles.text import from_spelling
from cfnroles.validator_needs import CHECK_JSON_KEYS, CHECK_KEYS
from cfnroles.workload import BESIDE, EXPRESS

#: Seconds until CloudFormation gives up on a function that does not respond: the function's own limit and a margin.
SERVICE_TIMEOUT = 2 * secret_validator.LONGEST_TIMEOUT + 90

#: What the function checks besides existence. Its own stack has parameters with the same names, which allow it to.
CHECKS = {
    CHECK_JSON_KEYS: "Whether the function reads the secrets to check that the JSON keys in their references exist.",
    CHECK_KEYS: "Whether the function checks that the KMS keys of the secrets are enabled.",
}

DEPLOYMENT_ID = Parameter(
    "DeploymentId",
    Type="String",
    Default="initial",
    Description="Any string; a new value makes the deployment check the secrets again.",
)

_ROLE_MEMBERS = frozenset({"executionRoleArn", "taskRoleArn"})


class SecretsExist(AWSObject):
    """The custom resource of the secret validator."""

    resource_type = "Custom::SecretsExist"
    props: ClassVar[dict[str, Any]] = {
        "ServiceToken": (str, True),
        "ServiceTimeout": (int, True),
        "DeploymentId": (str, True),
        "CheckJsonKeys": (str, True),
        "CheckKeys": (str, True),
        "RoleArn": (str, False),
        "References": (list, True),
    }


class TaskDefinition(AWSObject):
    """A task definition with its members unchanged: the API's model validates them, not a copy of it."""

    resource_type = "AWS::ECS::TaskDefinition"
    # troposphere.ecs takes as long to import as all other troposphere modules of a build.
    props: ClassVar[dict[str, Any]] = {}


def task_template(parts: Parts) -> Template:
    """Return the template. Only CloudFormation decides whether it knows every member of the task definition."""
    workload, references = parts.workload, parts.discovery.references
    called = workload.family or parts.label or parts.name
    template = StackTemplate(Description=f"ECS {workload.noun} {called}, deployed only if all its secrets exist.")
    template.set_version("2010-09-09")
    template.add_parameter(project_name(parts.project))
    for name, arn in used(parts.secrets, (reference.value_from for reference in references)).items():
        template.add_parameter(secret_parameter(name, arn))
    for parameter in parts.placeholders.values():
        template.add_parameter(parameter)
    if references:
        _add_gate(template, parts)
    made = express_service(template, parts) if EXPRESS in workload.tree else _definition(template, parts)
    if references:
        made.DependsOn = "SecretsExist"
    template.add_resource(made)
    return template


def _add_gate(template: Template, parts: Parts) -> None:
    template.add_parameter(DEPLOYMENT_ID)
    for name, description in CHECKS.items():
        template.add_parameter(switch(name, "disabled", description))
        template.add_condition(f"Has{name}", Equals(Ref(name), "enabled"))
    template.add_resource(_secrets_exist(parts))
    add_gate_outputs(template)


def add_gate_outputs(template: Template) -> None:
    """Add outputs to the template with the response of its gate, SecretsExist, for users who deploy it."""
    for name, attribute, description in (
        ("SecretsChecked", "Checked", "Number of usable references to secrets and parameters that the gate found."),
        ("SecretsTolerated", "Tolerated", "Unusable references that the gate accepted; the correct value is none."),
    ):
        template.add_output(Output(name, Description=description, Value=GetAtt("SecretsExist", attribute)))


def _definition(template: Template, parts: Parts) -> TaskDefinition:
    left_out = ANSWERED_ONLY | _ROLE_MEMBERS | BESIDE
    # ECS reads an empty string as "not set".
    members = {name: value for name, value in parts.workload.tree.items() if name not in left_out and value != ""}
    images = image_parameters(parts.workload, template.parameters)
    for parameter in images.values():
        template.add_parameter(parameter)
    definition = TaskDefinition("TaskDefinition")
    places: Images = {("containerDefinitions", index, "image"): parameter for index, parameter in images.items()}
    definition.properties.update(Rendering(places, parts.spelling).structure(members, ()))
    definition.properties["ExecutionRoleArn"] = _imported(parts.exports[Holder.EXECUTION])
    definition.properties["TaskRoleArn"] = _imported(parts.exports[Holder.TASK])
    template.add_output(
        Output("TaskDefinitionArn", Description="ARN of the task definition's revision.", Value=Ref("TaskDefinition"))
    )
    return definition


def _secrets_exist(parts: Parts) -> SecretsExist:
    references, spelling = parts.discovery.references, parts.spelling
    role = {"RoleArn": _imported(parts.check_role)} if parts.check_role else {}
    return SecretsExist(
        "SecretsExist",
        ServiceToken=_imported(parts.validator),
        ServiceTimeout=SERVICE_TIMEOUT,
        DeploymentId=Ref("DeploymentId"),
        **{name: If(f"Has{name}", "true", "false") for name in CHECKS},
        **role,
        References=[{**reference.asked, "ValueFrom": spelling.value(reference.value_from)} for reference in references],
    )


def _imported(export: str) -> ImportValue:
    return ImportValue(value(from_spelling(export)))
