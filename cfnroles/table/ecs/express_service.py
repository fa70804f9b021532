"""Express Mode: the role with which ECS creates the resources around a service, and its log group.

AWS's managed policy covers every account and Region. These rows use those of the service, and its log group. Each
action has the resource types of AWS's reference. The conditions on tags are AWS's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from awacs import acm, cloudwatch, logs
from awacs import application_autoscaling as scaling

from cfnroles.need import Holder, Standing
from cfnroles.symbols import Attribute, Wildcard
from cfnroles.table.ecs import ingress
from cfnroles.table.ecs.awslogs import arn, log_group_arn, with_contents
from cfnroles.table.ecs.ingress import TAGGED, TAGGED_NOW
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed, always, everything
from cfnroles.table.references import remedy
from cfnroles.table.scopes import EveryOf, When, each_of
from cfnroles.text import ANYTHING, EMPTY, Text, text_of
from cfnroles.workload import EXPRESS

_POLICY = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
    "AmazonECSInfrastructureRoleforExpressGatewayServices.html"
)
_DEFAULTS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html"
_CREATE = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html"
_ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
_IMAGE = "public.ecr.aws/docker/library/nginx:1.27"
_MADE_UP = Wildcard("????")
#: Members that the service's own task definition excludes, by their path: `_CREATE`.
_EXCLUDED = ("executionRoleArn", "taskRoleArn", "cpu", "memory")
#: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
_LINKED = "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"


def is_express(found: Found) -> bool:
    """The container belongs to an Express Mode service."""
    return EXPRESS in found.workload.tree


def has_default_group(found: Found) -> bool:
    """ECS names the service's log group: the service has neither a log group nor a task definition of its own."""
    container = found.workload.at(("containerDefinitions", 0)) if is_express(found) else None
    return container is not None and "logConfiguration" not in container


def own_group(found: Found) -> tuple[Text, ...]:
    """The log group of the service."""
    return with_contents(arn(found).text)


def default_group(found: Found) -> tuple[Text, ...]:
    """The log group that ECS creates, in both spellings."""
    return with_contents(_default_group(found))


def default_streams(found: Found) -> Text:
    """The streams of the container in the log group that ECS creates."""
    return Text(_default_group(found), ":log-stream:ecs/Main/", ANYTHING)


def security_group(found: Found) -> Text:
    """The security group of the service."""
    return found.facts.home_arn("ec2", "security-group/", found.text)


def own_task_definition(found: Found) -> None:
    """Raise Unnamed: the needs of a task definition elsewhere."""
    tree = found.workload.tree
    beside = [name for name in _EXCLUDED if name in tree]
    beside += [name for name in ("cpuArchitecture", "primaryContainer") if name in tree[EXPRESS]]
    if tree["containerDefinitions"]:
        beside.append("primaryContainer")
    if beside:
        raise Malformed(
            f"taskDefinitionArn is next to {', '.join(dict.fromkeys(beside))}, and ECS accepts only one of them",
            "Remove taskDefinitionArn, or the members that the task definition already has.",
        )
    # Its ARN ends with a revision that CloudFormation generates.
    last = found.text.parts[-1] if found.text.parts else ""
    if isinstance(last, Attribute) and last.type == "AWS::ECS::TaskDefinition":
        return  # a task definition in the same template has its own needs
    raise Unnamed(
        f"the task definition {found.text.written} is a separate document, with an execution role and a task role",
        "Pass that task definition to cfnroles, too: `aws ecs describe-task-definition --task-definition NAME`"
        " returns it",
    )


def _default_group(found: Found) -> Text:
    """``/aws/ecs/CLUSTER/NAME-####``: the names of cluster and service, and four characters of ECS."""
    name, cluster = _member(found, "serviceName"), _cluster(found)
    logging = found.workload.at((EXPRESS, "primaryContainer", "awsLogsConfiguration"))
    if logging is not None:
        raise Malformed("awsLogsConfiguration names no log group", "Write its logGroup and its logStreamPrefix.")
    if not name:
        raise Unnamed(
            "ECS names the log group after the service, and generates the service's name",
            "Write serviceName, or awsLogsConfiguration with a logGroup",
        )
    group = Text("/aws/ecs/", cluster, "/", name, "-")
    return Text(log_group_arn(found, group, EMPTY).text, _MADE_UP)


def _cluster(found: Found) -> Text:
    """The name of the service's cluster, which may be given by ARN."""
    cluster = _member(found, "cluster") or Text("default")
    whole = cluster.whole
    if whole and not (isinstance(whole, Attribute) and whole.type == "AWS::ECS::Cluster"):
        what = f"ECS names the log group after the cluster, and {cluster.written} may be a name or an ARN"
        raise Unnamed(what, remedy(whole))
    return cluster.cut("/")[-1]


def _member(found: Found, name: str) -> Text:
    value = found.workload.at((EXPRESS, name))
    return text_of(value) if isinstance(value, str) else EMPTY


_SCALED = EveryOf("application-autoscaling", "scalable-target/")

_row = partial(
    Feature,
    field=f"{EXPRESS}.infrastructureRoleArn",
    holder=Holder.INFRASTRUCTURE,
    source=_POLICY,
    standing=Standing.MANAGED_POLICY,
    example=_ROLE,
    when=always,
)


def _made_group(on: Callable[[Found], tuple[Text, ...]]) -> tuple[Grant, ...]:
    return (
        *each_of((logs.CreateLogGroup, logs.TagResource), on=on, sid="MakeLogGroup", conditions=TAGGED_NOW),
        Grant(logs.DescribeLogGroups, on=everything, sid="FindLogGroups"),
    )


FEATURES = (
    _row(
        name="express-service-load-balancer",
        why="ECS creates or shares a load balancer for the service, with a listener, a rule and target groups, and"
        " shifts traffic between them",
        grants=ingress.balancing(),
    ),
    _row(
        name="express-service-network",
        why="ECS creates security groups for the load balancer and the tasks, and allows traffic between them",
        grants=ingress.guarding(),
    ),
    _row(
        name="express-service-security-group",
        field=f"{EXPRESS}.networkConfiguration.securityGroups[]",
        why="ECS may add tagged rules to this security group that allow the load balancer",
        example="sg-0123456789abcdef0",
        grants=tuple(each_of(ingress.OPENED, on=security_group, sid="OpenSecurityGroups", conditions=TAGGED_NOW)),
    ),
    _row(
        name="express-service-certificate",
        why="ECS requests a certificate for the service's domain name, and deletes it with the service",
        grants=tuple(
            each_of(
                (acm.RequestCertificate, acm.AddTagsToCertificate, acm.DeleteCertificate, acm.DescribeCertificate),
                on=EveryOf("acm", "certificate/"),
                sid="ManageCertificates",
                conditions=TAGGED,
            )
        ),
    ),
    _row(
        name="express-service-scaling",
        why="ECS configures Application Auto Scaling for the number of tasks of the service",
        grants=(
            *each_of(
                (scaling.RegisterScalableTarget, scaling.TagResource, scaling.DeregisterScalableTarget),
                on=_SCALED,
                sid="ManageScaling",
                conditions=TAGGED,
            ),
            *each_of(
                (scaling.PutScalingPolicy, scaling.DeleteScalingPolicy),
                on=_SCALED,
                sid="ManageScalingPolicies",
                conditions=When("StringEquals", "application-autoscaling:service-namespace", "ecs"),
            ),
            *each_of(
                (scaling.DescribeScalableTargets, scaling.DescribeScalingActivities, scaling.DescribeScalingPolicies),
                on=_SCALED,
                sid="FindScaling",
            ),
        ),
    ),
    _row(
        name="express-service-alarms",
        why="ECS creates metric alarms that detect a failed deployment",
        grants=(
            *each_of(
                (cloudwatch.PutMetricAlarm, cloudwatch.TagResource),
                on=EveryOf("cloudwatch", "alarm:"),
                sid="MakeAlarms",
                conditions=TAGGED_NOW,
            ),
            *each_of(
                (cloudwatch.DeleteAlarms, cloudwatch.DescribeAlarms),
                on=EveryOf("cloudwatch", "alarm:"),
                sid="ManageAlarms",
                conditions=TAGGED,
            ),
        ),
    ),
    _row(
        name="express-service-linked-roles",
        why="the first load balancer and the first scaled service in an account create service-linked roles",
        grants=tuple(map(ingress.makes_service_linked_role, (ingress.LINKED, _LINKED))),
    ),
    _row(
        name="express-service-log-group",
        field="containerDefinitions[].logConfiguration.options.awslogs-group",
        why="ECS creates the log group that the service names",
        example="/ecs/shop",
        grants=_made_group(own_group),
        when=is_express,
        beside=((f"{EXPRESS}.infrastructureRoleArn", _ROLE),),
    ),
    _row(
        name="express-service-default-log-group",
        field="containerDefinitions[].image",
        why="ECS creates a log group for a service that names none",
        example=_IMAGE,
        grants=_made_group(default_group),
        when=has_default_group,
        beside=((f"{EXPRESS}.serviceName", "shop"),),
    ),
    Feature(
        name="express-logs",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="the container writes to the log group that ECS creates for a service that names none",
        source=_DEFAULTS,
        standing=Standing.DOCUMENTED,
        example=_IMAGE,
        grants=tuple(each_of((logs.CreateLogStream, logs.PutLogEvents), on=default_streams, sid="WriteLogs")),
        when=has_default_group,
        beside=((f"{EXPRESS}.serviceName", "shop"),),
    ),
    Feature(
        name="express-task-definition",
        field=f"{EXPRESS}.taskDefinitionArn",
        holder=Holder.EXECUTION,
        why="the tasks run a separate task definition, which has the roles of the tasks",
        source=_CREATE,
        standing=Standing.DOCUMENTED,
        example="arn:aws:ecs:us-east-1:123456789012:task-definition/shop:7",
        hidden=own_task_definition,
    ),
)
