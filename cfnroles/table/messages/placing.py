"""Tasks that cannot be placed, and quotas."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_EVENTS = f"{_GUIDE}/service-event-messages-list.html"
_UNPLACED = "service shop was unable to place a task because no container instance met all of its requirements."
_INSTANCES = "aws ecs describe-container-instances --cluster CLUSTER --container-instances INSTANCE --query"

SYMPTOMS = (
    Symptom(
        name="quota-reached",
        words=(
            "reached the limit on the number of",
            "capacity limit was exceeded",
            "above your limit",
            "limitexceededexception",
            "servicequotaexceeded",
            "servicelimitexceeded",
            "limit exceeded for resource",
            "quota exceeded",
            "maxspotinstancecountexceeded",
            "vcpulimitexceeded",
            "exceeds your quota",
            "exceeds limit",
            "exceeds the limit",
            "exceeds the maximum number",
            "exceeded the maximum number",
        ),
        example="service shop was unable to place a task. Reason: You've reached the limit on the number of vCPUs you"
        " can run"
        " concurrently.",
        category=Category.LIMIT,
        what="a quota of the account is reached",
        sure="aws service-quotas list-service-quotas --service-code fargate",
        remedy="Request a higher quota, or run fewer tasks at once",
        source=f"{_GUIDE}/service-quotas.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="no-free-interface",
        words=("unused device index",),
        example="Unable to attach network interface to unused device index",
        category=Category.CAPACITY,
        what="the instance has no network interface left: its CPU and memory fit more tasks than it has interfaces",
        sure="aws ec2 describe-instance-types --query 'InstanceTypes[].[InstanceType,NetworkInfo]'",
        remedy="Request more CPU per task, use larger instances, or enable the account setting awsvpcTrunking",
        source=f"{_GUIDE}/failed-to-start-error.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="no-free-address",
        words=("insufficientfreeaddresses", "enough free addresses", "no free addresses", "not have enough free ip"),
        example="Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled"
        " in subnet"
        " 'subnet-0123456789abcdef0': InsufficientFreeAddressesInSubnet",
        category=Category.CAPACITY,
        what="the subnet has no free IP address for the task",
        sure="aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailableIpAddressCount]'",
        remedy="Use larger or more subnets, or run fewer tasks there",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.SERVICE_LINKED,
        action="ec2:CreateNetworkInterface",
    ),
    Symptom(
        name="agent-disconnected",
        words=(
            "agent is not connected",
            "agent disconnected",
            "the agent connected",
            "amazon ecs agent to start",
            "data mismatch; saved cluster",
        ),
        example="service shop Timed out waiting for Amazon ECS Agent to start. Please check logs at"
        " /var/log/ecs/ecs-agent.log",
        category=Category.RUNTIME,
        what="the agent on the instance is not connected to Amazon ECS, or did not start",
        sure=f"{_INSTANCES} 'containerInstances[].agentConnected'",
        remedy="Restart the agent, and read in its log why it stopped",
        source=_EVENTS,
        caller=CallingRole.INSTANCE,
    ),
    Symptom(
        name="no-instance-connected",
        words=('encountered error "agent"', "reason: agent", "resource:agent", "doesn't have the agent connected"),
        example=f'{_UNPLACED} The closest matching container-instance 1111 encountered error "AGENT".',
        category=Category.CAPACITY,
        what="no instance can run the task: the agent on the closest one is not connected to Amazon ECS",
        sure=f"{_INSTANCES} 'containerInstances[].agentConnected'",
        remedy="Restart the agent, and read in its log why it stopped; or add instances",
        source=_EVENTS,
        caller=CallingRole.INSTANCE,
    ),
    Symptom(
        name="attribute-missing",
        words=(
            "missing an attribute required",
            "reason: attribute",
            "reason: location",
            "attribute required by your task",
            "placement constraint unsatisfied",
        ),
        example=f"{_UNPLACED} The closest matching container-instance 1111 is missing an attribute required by your"
        f" task.",
        category=Category.CAPACITY,
        what="no instance has an attribute that the task definition requires, such as a log driver, task roles or a"
        " placement constraint",
        sure=f"{_INSTANCES} 'containerInstances[].attributes[].name'",
        remedy="Configure the agent for it, or launch an instance in the subnets of the service",
        source=_EVENTS,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="no-instance-fits",
        words=(
            "no container instance met all of its requirements",
            "no container instances were found in your",
            "resource:memory",
            "resource:cpu",
            "resource:eni",
            "resource:gpu",
            "resource:ports",
            "reason: resource:",
            "no active instances",
            "too many ports",
            "cpu units available",
            "memory available",
            "a port required by your task",
            "port is already allocated",
            "network bridge: bind for ",
            "driver failed programming external connectivity",
            "starting userland proxy",
        ),
        example=f"{_UNPLACED} The closest matching container-instance 1111 has insufficient memory available.",
        category=Category.CAPACITY,
        what="no instance of the cluster has enough resources for the task",
        sure=f"{_INSTANCES} 'containerInstances[].remainingResources'",
        remedy="Add instances, or request less CPU, less memory or fewer fixed host ports in the task definition",
        source=_EVENTS,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="no-capacity",
        words=(
            "capacity is unavailable at this time",
            "insufficientinstancecapacity",
            "unfulfillablecapacity",
            "unable to launch instance",
            "could not launch" + ANY + "tasks for deployment",
            "unable to place tasks in your cluster",
            "no capacity provider",
            "empty capacity provider",
            "was unable to place a task in",
        ),
        example="Capacity is unavailable at this time. Please try again later or in a different availability zone",
        category=Category.CAPACITY,
        what="no capacity is available for the task at the moment",
        sure="aws ecs describe-services --cluster CLUSTER --services SERVICE --query 'services[].events[:10]'",
        remedy="Try again, use more Availability Zones, or another capacity provider",
        source=_EVENTS,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="zone-unsupported",
        words=("reason: internal error",),
        example="service shop was unable to place a task. Reason: Internal error.",
        category=Category.OTHER,
        what="Amazon ECS had an internal failure; AWS's page names a subnet in an Availability Zone without Fargate"
        " as a cause",
        sure="aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailabilityZoneId]'",
        remedy="Use a subnet in another Availability Zone, or try again",
        source=_EVENTS,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="tasks-protected",
        words=("number of protected tasks", "tasks under protection", "deployment_blocked"),
        example="service shop was unable to reach steady state because task set (ecs-svc/1111111111111111111) was"
        " unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks.",
        category=Category.OTHER,
        what="more tasks are protected from scale-in than the desired count of the service",
        sure="aws ecs get-task-protection --cluster CLUSTER",
        remedy="Wait until the protection ends, end it with update-task-protection, or raise the desired count",
        source=_EVENTS,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="deployment-configuration",
        words=("because of the service deployment configuration",),
        example="service shop was unable to stop or start tasks during a deployment because of the service deployment"
        " configuration."
        " Update the minimumHealthyPercent or maximumPercent value and try again.",
        category=Category.OTHER,
        what="the settings minimumHealthyPercent and maximumPercent do not allow starting or stopping a task",
        sure="aws ecs describe-services --cluster CLUSTER --services SERVICE --query"
        " 'services[].deploymentConfiguration'",
        remedy="Change one of the two",
        source=_EVENTS,
        caller=CallingRole.NOBODY,
    ),
)
