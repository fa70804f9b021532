"""What ECS, its agents and the sidecars in a task call, seen from their side: an account of its own beside the table.

It is written from the sources of the agent and of the log router, and what ECS calls for a service from AWS's own
managed policies for its infrastructure role. It knows nothing of cfnroles but the tree's shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
SUFFIX = "Zy9Xw8"
TASK = "0123456789abcdef0123456789abcdef"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_SECRET = re.compile(r"(arn:aws:secretsmanager:[a-z0-9-]+:\d+:secret:[^:]+?)(-[A-Za-z0-9]{6})?(:[^:]*:[^:]*:[^:]*)?")


@dataclass(frozen=True)
class Call:
    """One call: who makes it, what it asks, and resources of the same kind that it must not reach."""

    role: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[str, ...] = ()


def calls(tree: Mapping[str, Any], with_key: bool) -> Iterator[Call]:
    """Every call for one task. `with_key`: secrets and parameters are encrypted with a customer managed key."""
    for container in tree["containerDefinitions"]:
        yield from _image(container["image"])
        for secret in container.get("secrets", ()):
            yield from _value(secret["valueFrom"], with_key)
        credentials = container.get("repositoryCredentials")
        if credentials:
            yield from _value(credentials["credentialsParameter"], with_key)
        for file in container.get("environmentFiles", ()):
            yield from _file(file["value"])
        logs = container.get("logConfiguration", {})
        for secret in logs.get("secretOptions", ()):
            yield from _value(secret["valueFrom"], with_key)
        options = logs.get("options", {})
        if logs.get("logDriver") == "awslogs":
            yield from _log(container["name"], options)
        if logs.get("logDriver") == "awsfirelens":
            yield from _route(options)
    for volume in tree.get("volumes", ()):
        yield from _volume(tree, volume)
    yield from _shifted(tree.get("service", {}))
    if tree.get("service", {}).get("enableExecuteCommand"):
        for action in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"):
            yield Call("TaskRole", f"ssmmessages:{action}", "*")


def _image(image: str) -> Iterator[Call]:
    match = re.match(r"(\d{12})\.dkr[.-]ecr[^/]*?\.([a-z]+-[a-z]+-\d)\.[^/]+/([^:@]+)", image)
    if match is None:
        return
    yield Call("ExecutionRole", "ecr:GetAuthorizationToken", "*")
    arn = f"arn:aws:ecr:{match[2]}:{match[1]}:repository/{match[3]}"
    for action in ("BatchGetImage", "GetDownloadUrlForLayer"):
        yield Call("ExecutionRole", f"ecr:{action}", arn, (), (f"{arn}-x", f"{arn}/x", arn[:-1]))


def _value(value: str, with_key: bool) -> Iterator[Call]:
    match = _SECRET.fullmatch(value)
    if match:
        stored = f"{match[1]}{match[2] or f'-{SUFFIX}'}"
        longer = (f"{match[1]}-x-{SUFFIX}", f"{match[1]}x-{SUFFIX}", match[1][:-1] + f"-{SUFFIX}", f"{stored}x")
        yield Call("ExecutionRole", "secretsmanager:GetSecretValue", stored, (), longer)
        region, key, context = stored.split(":")[3], "kms:encryptioncontext:secretarn", stored
        service = "secretsmanager"
    else:
        name = value.split(":parameter/")[-1].lstrip("/")
        region = value.split(":")[3] if value.startswith("arn:") else REGION
        arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name}"
        yield Call("ExecutionRole", "ssm:GetParameters", arn, (), (f"{arn}x", f"{arn}/x", arn[:-1]))
        service, key, context = "ssm", "kms:encryptioncontext:parameter_arn", arn
    if with_key:
        through = ("kms:viaservice", f"{service}.{region}.amazonaws.com")
        yield Call("ExecutionRole", "kms:Decrypt", KEY, (through, (key, context)), (f"{KEY}0",))


def _file(arn: str) -> Iterator[Call]:
    bucket = arn.partition("/")[0]
    yield Call("ExecutionRole", "s3:GetObject", arn, (), (f"{arn}x", f"{bucket}x/{arn.partition('/')[2]}"))
    yield Call("ExecutionRole", "s3:GetBucketLocation", bucket, (), (f"{bucket}x",))


def _log(container: str, options: Mapping[str, str]) -> Iterator[Call]:
    group = f"arn:aws:logs:{options['awslogs-region']}:{ACCOUNT}:log-group:{options['awslogs-group']}"
    prefix = options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{container}/{TASK}" if prefix else TASK
    others = [f"{group}x:log-stream:{stream}", f"{group}/x:log-stream:{stream}"]
    if prefix:
        others += [f"{group}:log-stream:{prefix}/{container}-x/{TASK}", f"{group}:log-stream:x/{container}/{TASK}"]
    for action in ("CreateLogStream", "PutLogEvents"):
        yield Call("ExecutionRole", f"logs:{action}", f"{group}:log-stream:{stream}", (), tuple(others))
    if options.get("awslogs-create-group") == "true":
        for spelling in (group, f"{group}:*"):
            yield Call("ExecutionRole", "logs:CreateLogGroup", spelling, (), (f"{group}x", f"{group}x:*"))


def _route(options: Mapping[str, str]) -> Iterator[Call]:
    region = options.get("region", REGION)
    match options.get("Name"):
        case "firehose":
            arn = f"arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/{options['delivery_stream']}"
            yield Call("TaskRole", "firehose:PutRecordBatch", arn, (), (f"{arn}x",))
        case "kinesis_streams":
            arn = f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{options['stream']}"
            yield Call("TaskRole", "kinesis:PutRecords", arn, (), (f"{arn}x",))
        case "cloudwatch_logs":
            group = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{options['log_group_name']}"
            stream = f"{options['log_stream_prefix']}web-firelens-{TASK}"
            for action in ("CreateLogStream", "PutLogEvents"):
                others = (f"{group}x:log-stream:{stream}", f"{group}:log-stream:x{stream}")
                yield Call("TaskRole", f"logs:{action}", f"{group}:log-stream:{stream}", (), others)
        case "s3":
            arn = f"arn:aws:s3:::{options['bucket']}"
            yield Call("TaskRole", "s3:PutObject", f"{arn}/fluent-bit-logs/1", (), (f"{arn}x/fluent-bit-logs/1",))


def _volume(tree: Mapping[str, Any], volume: Mapping[str, Any]) -> Iterator[Call]:
    efs = volume.get("efsVolumeConfiguration", {})
    authorization = efs.get("authorizationConfig", {})
    if authorization.get("iam") == "ENABLED":
        arn = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/{efs['fileSystemId']}"
        point = authorization.get("accessPointId")
        context = (
            (
                (
                    "elasticfilesystem:accesspointarn",
                    f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/{point}",
                ),
            )
            if point
            else ()
        )
        mounts = [
            mount
            for container in tree["containerDefinitions"]
            for mount in container.get("mountPoints", ())
            if mount["sourceVolume"] == volume["name"]
        ]
        yield Call("TaskRole", "elasticfilesystem:ClientMount", arn, context, (f"{arn}0",))
        if not mounts or not all(mount.get("readOnly") for mount in mounts):
            yield Call("TaskRole", "elasticfilesystem:ClientWrite", arn, context, (f"{arn}0",))


def _shifted(service: Mapping[str, Any]) -> Iterator[Call]:
    """A deployment that shifts traffic: AmazonECSInfrastructureRolePolicyForLoadBalancers and ...ForVpcLattice."""
    for balancer in service.get("loadBalancers", ()):
        if advanced := balancer.get("advancedConfiguration"):
            for action in ("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth"):
                yield _of_infrastructure(f"elasticloadbalancing:{action}", "*")
            for group in (balancer["targetGroupArn"], advanced["alternateTargetGroupArn"]):
                for action in ("RegisterTargets", "DeregisterTargets"):
                    yield _of_infrastructure(f"elasticloadbalancing:{action}", group)
            for rule in (advanced[name] for name in ("productionListenerRule", "testListenerRule") if name in advanced):
                if ":listener-rule/" in rule:
                    yield _of_infrastructure("elasticloadbalancing:ModifyRule", rule)
                    rule = rule.rpartition("/")[0].replace(":listener-rule/", ":listener/")
                yield _of_infrastructure("elasticloadbalancing:ModifyListener", rule)
    for lattice in service.get("vpcLatticeConfigurations", ()):
        advanced = lattice.get("advancedConfiguration", {})
        for action in ("DescribeSubnets", "DescribeVpcs", "DescribeInstances"):
            yield _of_infrastructure(f"ec2:{action}", "*")
        for group in filter(None, (lattice["targetGroupArn"], advanced.get("alternateTargetGroupArn"))):
            for action in ("RegisterTargets", "DeregisterTargets", "GetTargetGroup", "ListTargets"):
                yield _of_infrastructure(f"vpc-lattice:{action}", group)
        for rule in (advanced[name] for name in ("productionListenerRule", "testListenerRule") if name in advanced):
            if "/rule/" in rule:
                yield _of_infrastructure("vpc-lattice:GetRule", rule)
                yield _of_infrastructure("vpc-lattice:UpdateRule", rule)
            yield _of_infrastructure("vpc-lattice:UpdateListener", rule.partition("/rule/")[0])
    for hook in service.get("deploymentConfiguration", {}).get("lifecycleHooks", ()):
        if function := hook.get("hookTargetArn"):
            yield Call("LifecycleHookRole", "lambda:InvokeFunction", function, (), (f"{function}x", function[:-1]))


def _of_infrastructure(action: str, resource: str) -> Call:
    return Call("InfrastructureRole", action, resource, (), () if resource == "*" else (f"{resource}x", resource[:-1]))
