"""What a managed policy allows, where cfnroles includes its text: that of AWS's policies around Amazon ECS.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from msgspec import structs

from cfnroles.answers.grants import GrantKind, Guard, RoleGrant
from cfnroles.answers.statement_grants import statement_grants
from cfnroles.facts import partition_of
from cfnroles.iam.roles import RolePolicy, attached_policy
from cfnroles.iam.statements import Part, PlacedStatement, statements
from cfnroles.template.worlds import Literal


def opened(attached: RoleGrant, region: str) -> Iterator[RoleGrant]:
    """The grants of the managed policy that ``attached`` names, at its places and under its guards.

    ``attached`` itself where the text of the policy is unknown: one of another account, or of AWS and not included.
    """
    (arn,) = attached.resources
    partition = partition_of(region)
    policy = attached_policy(arn.replace("${AWS::Partition}", "aws" if partition.unknown else partition), {}, "")
    if not isinstance(policy, RolePolicy):
        yield attached
        return
    name = f"AWS managed policy {policy.name}"
    for statement in statements(Part(policy.document, ())):
        if not isinstance(statement, PlacedStatement):
            raise TypeError(f"{policy.name} has a statement that is not one")
        told = {
            "why": name if statement.sid in ("", policy.name) else f"{name}, {statement.sid}",
            "sid": statement.sid,
            "reasons": (f"the role has the {name}",),
        }
        places = tuple(structs.replace(place, **told) for place in attached.places)
        for found in statement_grants(statement, attached.role, GrantKind.PERMISSION, _no_guard):
            yield dataclasses.replace(found.grant, guards=attached.guards, places=places)


def _no_guard(literal: Literal) -> Guard:
    raise AssertionError(literal)
