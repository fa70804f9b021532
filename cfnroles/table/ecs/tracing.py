"""Sidecars for traces and metrics: the X-Ray daemon, the AWS Distro for OpenTelemetry, the CloudWatch agent."""

from __future__ import annotations

from awacs import xray

from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Grant, Unnamed, everything
from cfnroles.table.images import repository_name

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/trace-data.html"
_COLLECTORS = ("aws-otel-collector", "adot-collector")
#: The collector's built-in configuration that writes only to X-Ray.
_ONLY_TRACES = ("ecs-xray.yaml", "ecs-default-xray.yaml")


def is_xray_daemon(found: Found) -> bool:
    """The container is the X-Ray daemon."""
    return _name(found) in ("aws-xray-daemon", "xray-daemon")


def is_collector(found: Found) -> bool:
    """The container is the collector of the AWS Distro for OpenTelemetry."""
    return _name(found) in _COLLECTORS


def exports_more(found: Found) -> bool:
    """The collector may write to more than X-Ray."""
    return is_collector(found) and not any(
        str(word).endswith(_ONLY_TRACES) for word in found.container.get("command", ()) or ()
    )


def is_cloudwatch_agent(found: Found) -> bool:
    """The container is the CloudWatch agent."""
    return _name(found) in ("cloudwatch-agent", "amazon-cloudwatch-agent")


def exporters(found: Found) -> None:
    """Raise Unnamed: the collector's configuration decides what it writes in addition to traces."""
    raise Unnamed(
        "the configuration of the collector decides what it writes in addition to traces",
        "Add the permissions of its exporters to the task role, or start it with --config=/etc/ecs/ecs-xray.yaml",
    )


def agent_outputs(found: Found) -> None:
    """Raise Unnamed: the agent's configuration decides what it writes."""
    raise Unnamed(
        "the configuration of the CloudWatch agent decides what it writes",
        "Add the permissions that it needs to the task role",
    )


def _name(found: Found) -> str:
    return repository_name(found.text).rsplit("/", 1)[-1] if isinstance(found.value, str) else ""


_TRACES = tuple(
    Grant(action, on=everything, sid="SendTraces")
    for action in (
        xray.PutTraceSegments,
        xray.PutTelemetryRecords,
        xray.GetSamplingRules,
        xray.GetSamplingTargets,
        xray.GetSamplingStatisticSummaries,
    )
)

FEATURES = (
    Feature(
        name="xray-daemon",
        field="containerDefinitions[].image",
        holder=Holder.TASK,
        why="the X-Ray daemon sends the traces of the application",
        source="https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSXRayDaemonWriteAccess.html",
        standing=Standing.MANAGED_POLICY,
        example="public.ecr.aws/xray/aws-xray-daemon:3.x",
        grants=_TRACES,
        when=is_xray_daemon,
    ),
    Feature(
        name="open-telemetry",
        field="containerDefinitions[].image",
        holder=Holder.TASK,
        why="the AWS Distro for OpenTelemetry sends the traces of the application",
        source=_PAGE,
        standing=Standing.DERIVED,
        example="public.ecr.aws/aws-observability/aws-otel-collector:v0.41.1",
        grants=_TRACES,
        when=is_collector,
    ),
    Feature(
        name="open-telemetry-exporters",
        field="containerDefinitions[].image",
        holder=Holder.TASK,
        why="the exporters of the collector write with the task role",
        source=_PAGE,
        standing=Standing.DERIVED,
        example="public.ecr.aws/aws-observability/aws-otel-collector:v0.41.1",
        hidden=exporters,
        when=exports_more,
    ),
    Feature(
        name="cloudwatch-agent",
        field="containerDefinitions[].image",
        holder=Holder.TASK,
        why="the CloudWatch agent writes with the task role",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/deploy_servicelens_CloudWatch_agent_deploy_ECS.html",
        standing=Standing.DOCUMENTED,
        example="public.ecr.aws/cloudwatch-agent/cloudwatch-agent:latest",
        hidden=agent_outputs,
        when=is_cloudwatch_agent,
    ),
)
