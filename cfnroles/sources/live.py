"""Documents and roles from an AWS account."""

from __future__ import annotations

import os
from collections.abc import Callable

from cfnroles.aws.connection import Connection
from cfnroles.aws.ecs import Ecs
from cfnroles.aws.iam import Iam
from cfnroles.iam.roles import Role, detailed_role


def registered(profile: str) -> Callable[[str, str], str]:
    """Return a function that reads the text of a task definition by Region and FAMILY:REVISION with a profile."""
    services: dict[str, Ecs] = {}

    def read(region: str, named: str) -> str:
        ecs = services.setdefault(region, Ecs(Connection(profile, region)))
        return ecs.task_definition(named)

    return read


def live_role(named: str, profile: str, region: str) -> Role:
    """Return the role with a name or ARN, read from AWS with a profile."""
    detail, policies = iam_of(profile, region).role(named)
    return detailed_role(detail, policies, "AWS")


def iam_of(profile: str, region: str) -> Iam:
    """Return IAM with the credentials of a profile."""
    # IAM is global, but a client needs a Region.
    told = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Iam(Connection(profile, "" if told else region))
