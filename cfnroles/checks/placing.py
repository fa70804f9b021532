"""The dangers of a role or policy, with their places in the document."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from cfnroles.checks.check import Placed, PlacedTrust
from cfnroles.errors import InvalidInput
from cfnroles.iam.dangers import Danger, dangers, trust_dangers
from cfnroles.iam.evaluator import parse_policy
from cfnroles.iam.evaluator.policy import PolicyStatement, StatementId
from cfnroles.iam.roles import Role, RolePolicy, Unread, evaluable, evaluable_document
from cfnroles.iam.stack_roles import PolicySource
from cfnroles.iam.statements import PlacedStatement
from cfnroles.workload import Path

_VERSIONS = {True: "2012-10-17", False: "2008-10-17"}


def placed_dangers(policies: tuple[PolicySource, ...], role: Role | None = None) -> tuple[Placed, ...]:
    """Return the dangers of the policies; none if ``role`` has a permissions boundary that could not be read."""
    if role is not None and isinstance(role.boundary, Unread):
        return ()
    found: list[PolicyStatement] = []
    places: list[Path] = []
    for policy in policies:
        for placed in policy.statements():
            if isinstance(placed, PlacedStatement) and (statement := _evaluable(placed, len(found))):
                found.append(statement)
                places.append(policy.holder.source(*placed.part.path))
    own = role.boundary if role else None
    boundary = evaluable(own).statements if isinstance(own, RolePolicy) else None
    return tuple(Placed(danger, places[danger.by[0].index]) for danger in _dangers(tuple(found), boundary))


def placed_trust(trust: PolicySource, role: Role) -> tuple[PlacedTrust, ...]:
    """Return the dangers of the trust policy, including those of services."""
    if role.trust is None or isinstance(role.trust, Unread):
        return ()
    start = trust.document.path if trust.document else ()
    return tuple(PlacedTrust(danger, trust.holder.source(*start, *danger.path)) for danger in trust_dangers(role.trust))


def _evaluable(placed: PlacedStatement, index: int) -> PolicyStatement | None:
    """Return the statement for the evaluator; ``None`` if it is malformed or unknown, which other checks report."""
    document = {"Version": _VERSIONS[placed.variables], "Statement": [placed.part.value]}
    try:
        (statement,) = parse_policy("", evaluable_document(document)).statements
    except InvalidInput:
        return None
    return replace(statement, id=StatementId("", index))


@lru_cache(maxsize=1024)
def _dangers(
    statements: tuple[PolicyStatement, ...], boundary: tuple[PolicyStatement, ...] | None
) -> tuple[Danger, ...]:
    # The worlds of a template repeat most of its roles.
    return dangers(statements, boundary)
