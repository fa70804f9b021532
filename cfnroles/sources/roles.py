"""Where a role that is there already is read from: a file, or AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cfnroles.aws.connection import Connection
from cfnroles.aws.iam import Iam
from cfnroles.document import read_text
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role, detailed_role, read_role
from cfnroles.template.intrinsics import Given


def read_role_of(named: str, facts: Facts, parameters: Mapping[str, str] | None = None) -> Role:
    """The role that ``FILE:LogicalId``, ``FILE:RoleName`` or ``FILE`` names, as ``read_role`` reads it.

    ``parameters`` are values of a template's parameters. Raises InvalidInput for a file or a role that is not there.
    """
    file, name = (named, "") if Path(named).exists() or ":" not in named else named.rpartition(":")[::2]
    given = Given(parameters or {}, facts.account, facts.region)
    return read_role(read_text(file), Path(file).name, name, given)


def live_role(named: str, profile: str, region: str) -> Role:
    """The role of a name or ARN, from AWS with the credentials of a profile. Reads only."""
    detail, policies = iam_of(profile, region).role(named)
    return detailed_role(detail, policies, "AWS")


def iam_of(profile: str, region: str) -> Iam:
    """IAM with the credentials of a profile."""
    # IAM is one for all Regions, and a client wants one nevertheless.
    told = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Iam(Connection(profile, "" if told else region))
