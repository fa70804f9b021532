"""GuardDuty Runtime Monitoring: a container that GuardDuty adds to Fargate tasks, absent from task definitions."""

from __future__ import annotations

from awacs import ecr

from cfnroles.facts import partition_of
from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Grant, Unnamed, everything
from cfnroles.text import Arn, Text

_PAGE = "https://docs.aws.amazon.com/guardduty/latest/ug/prereq-runtime-monitoring-ecs-support.html"

#: The account with the agent's image, by Region.
#: https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-ecr-repository-gdu-agent.html
ACCOUNTS = {
    "af-south-1": "197869348890",
    "ap-east-1": "258348409381",
    "ap-east-2": "259886477082",
    "ap-northeast-1": "533107202818",
    "ap-northeast-2": "914738172881",
    "ap-northeast-3": "273192626886",
    "ap-south-1": "251508486986",
    "ap-south-2": "950823858135",
    "ap-southeast-1": "174946120834",
    "ap-southeast-2": "005257825471",
    "ap-southeast-3": "510637619217",
    "ap-southeast-4": "251357961535",
    "ap-southeast-5": "156041399949",
    "ap-southeast-7": "054037130133",
    "ca-central-1": "354763396469",
    "ca-west-1": "339712888787",
    "eu-central-1": "323658145986",
    "eu-central-2": "529164026651",
    "eu-north-1": "591436053604",
    "eu-south-1": "266869475730",
    "eu-south-2": "919611009337",
    "eu-west-1": "694911143906",
    "eu-west-2": "892757235363",
    "eu-west-3": "665651866788",
    "il-central-1": "870907303882",
    "me-central-1": "000014521398",
    "me-south-1": "536382113932",
    "mx-central-1": "311141559934",
    "sa-east-1": "758426053663",
    "us-east-1": "593207742271",
    "us-east-2": "307168627858",
    "us-west-1": "684579721401",
    "us-west-2": "733349766148",
}


def is_monitored(found: Found) -> bool:
    """GuardDuty is enabled, and the task may run on Fargate."""
    launch_types = found.workload.launch_types
    return found.value in ("on", "enabled") and (not launch_types or "FARGATE" in launch_types)


def is_not_monitored(found: Found) -> bool:
    """GuardDuty adds no container to this task."""
    return not is_monitored(found)


def agent_repository(found: Found) -> Text:
    """The repository of GuardDuty's agent, in AWS's own account for the home Region."""
    region = found.facts.region
    if region not in ACCOUNTS:
        told = (
            f"no account is known for the GuardDuty agent in {region}"
            if region
            else "the Region of the task is unknown"
        )
        raise Unnamed(
            f"{told}, and ECS pulls the GuardDuty agent from a different account in each Region", "Give --region"
        )
    resource = Text("repository/aws-guardduty-agent-fargate")
    return Arn(partition_of(region), "ecr", Text(region), Text(ACCOUNTS[region]), resource).text


FEATURES = (
    Feature(
        name="guard-duty",
        field="account.guardDutyActivate",
        holder=Holder.EXECUTION,
        why="GuardDuty adds its agent to a Fargate task as a container, and ECS pulls the image of the agent",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="on",
        grants=(
            Grant(ecr.GetAuthorizationToken, on=everything, sid="GetRegistryToken"),
            Grant(ecr.BatchGetImage, on=agent_repository, sid="PullGuardDutyAgent"),
            Grant(ecr.GetDownloadUrlForLayer, on=agent_repository, sid="PullGuardDutyAgent"),
        ),
        when=is_monitored,
    ),
    Feature(
        name="guard-duty-elsewhere",
        field="account.guardDutyActivate",
        holder=Holder.EXECUTION,
        why="on EC2, the GuardDuty agent belongs to the instance and is installed or pulled with the instance's"
        " role; external instances have none",
        source="https://docs.aws.amazon.com/guardduty/latest/ug/managing-gdu-agent-bottlerocket-ecs-ec2.html",
        standing=Standing.DOCUMENTED,
        example="off",
        when=is_not_monitored,
    ),
)
