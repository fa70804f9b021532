"""AWS Fault Injection Service: an SSM agent next to the application registers the task as a managed instance."""

from __future__ import annotations

from awacs import iam, ssm

from cfnroles.facts import partition_of
from cfnroles.need import Condition, Holder, Standing
from cfnroles.table.choices import is_true
from cfnroles.table.feature import Feature, Found, Grant, Unnamed, everything
from cfnroles.table.images import repository_name
from cfnroles.text import ANYTHING, Text, text_of

_PAGE = "https://docs.aws.amazon.com/fis/latest/userguide/ecs-task-actions.html"


def is_agents_role(found: Found) -> bool:
    """The variable names the role of the managed instance, in a container that runs the SSM agent."""
    return found.parent.get("name") == "MANAGED_INSTANCE_ROLE_NAME" and _is_agent(found.container.get("image"))


def is_without_agent(found: Found) -> bool:
    """Fault injection is enabled, and no container runs the SSM agent."""
    images = (image for _, image in found.workload.find("containerDefinitions[].image"))
    return not any(map(_is_agent, images)) and is_true(found.value, "enableFaultInjection")


def managed_instances(found: Found) -> Text:
    """The managed instances of the home account: their IDs are unknown until they are registered."""
    return found.facts.home_arn("ssm", "managed-instance/", ANYTHING)


def instance_role(found: Found) -> Text:
    """The role of the managed instance."""
    partition = partition_of(found.facts.home_region)
    return Text("arn:", partition, ":iam::", found.facts.home_account, ":role/", found.text)


def passed_to_ssm(found: Found) -> tuple[Condition, ...]:
    """The role is passed only to Systems Manager."""
    return (Condition("StringEquals", "iam:PassedToService", (Text("ssm.amazonaws.com"),)),)


def unknown_agent(found: Found) -> None:
    """Raise Unnamed: the agent's role is not in the task definition."""
    raise Unnamed(
        "no container runs the SSM agent that fault injection into tasks needs",
        "Add the container amazon-ssm-agent with MANAGED_INSTANCE_ROLE_NAME, or set enableFaultInjection to false",
    )


def _is_agent(image: object) -> bool:
    return isinstance(image, str) and repository_name(text_of(image)).endswith("amazon-ssm-agent")


FEATURES = (
    Feature(
        name="fault-injection-agent",
        field="containerDefinitions[].environment[].value",
        holder=Holder.TASK,
        why="the SSM agent registers the task as a managed instance with this role, so that faults can be injected",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="shop-managed-instance",
        grants=(
            Grant(ssm.CreateActivation, on=everything, sid="RegisterTask"),
            Grant(
                ssm.AddTagsToResource,
                on=managed_instances,
                sid="TagTask",
                standing=Standing.UNPROVEN,
                doubt="that the managed instance is the tagged resource; AWS's page names none",
            ),
            Grant(iam.PassRole, on=instance_role, conditions=passed_to_ssm, sid="PassInstanceRole"),
        ),
        when=is_agents_role,
        beside=(
            ("containerDefinitions[].environment[].name", "MANAGED_INSTANCE_ROLE_NAME"),
            ("containerDefinitions[].image", "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:latest"),
        ),
    ),
    Feature(
        name="fault-injection",
        field="enableFaultInjection",
        holder=Holder.TASK,
        why="faults that need the SSM agent require the permissions with which the agent registers",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example=True,
        hidden=unknown_agent,
        when=is_without_agent,
    ),
)
