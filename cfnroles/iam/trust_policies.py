"""Trust policies in the form of identity-based policies of the principal that assumes the role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.iam.evaluator import IdentityPolicy, read_policy
from cfnroles.iam.statements import outcomes

TRUST_POLICY = "trust policy"
_KINDS = ("AWS", "CanonicalUser", "Federated", "Service")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_UNTOLD = re.compile(r"\$\{(?!AWS::)")


def read_trust(document: Mapping[str, Any], service: str = "") -> tuple[IdentityPolicy, Mapping[int, InvalidInput]]:
    """Return the trust policy for a service, and the fault of each unreadable statement by its index.

    A statement whose principal has an unknown part is unreadable. Raise InvalidInput if the document has no statements.
    """
    given = document.get("Statement")
    statements = given if isinstance(given, list) else [given] if isinstance(given, Mapping) else []
    faults: Mapping[int, InvalidInput] = {
        index: fault for index, each in enumerate(statements) if (fault := _fault(each, index)) is not None
    }
    policy, faults = read_policy(
        TRUST_POLICY, {**document, "Statement": list(map(_for_anyone, statements))}, faults, outcomes
    )
    about = {
        index for index, each in enumerate(statements) if index not in faults and {"*", service} & set(principals(each))
    }
    return replace(policy, statements=tuple(each for each in policy.statements if each.id.index in about)), faults


def principals(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the principals of a statement, such as ``ecs-tasks.amazonaws.com`` or ``*``."""
    given = statement.get("Principal", ())
    if isinstance(given, Mapping):
        given = [name for names in given.values() for name in (names if isinstance(names, list) else [names])]
    return tuple(str(name) for name in ([given] if isinstance(given, str) else given))


def is_service(principal: str) -> bool:
    """Return whether a principal is a service of AWS."""
    return _SERVICE.fullmatch(principal) is not None


def _fault(statement: Any, index: int) -> InvalidInput | None:
    if not isinstance(statement, Mapping):
        return None  # read_policy reports it
    where = f"{TRUST_POLICY}.Statement[{index}]"
    if "NotPrincipal" in statement:
        # "You cannot use the NotPrincipal element in an IAM identity-based policy nor in an IAM role trust policy."
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        return InvalidInput(
            "IAM does not accept NotPrincipal in a trust policy", where=where, remedy="Name the principals."
        )
    given = statement.get("Principal", {})
    if given == "*":
        return None
    if not isinstance(given, Mapping):
        return InvalidInput("its Principal cannot be read", where=where, remedy="Write {Service: NAME}.")
    for kind, names in given.items():
        told = names if isinstance(names, list) else [names]
        if kind not in _KINDS or not all(isinstance(name, str | int) and name for name in told):
            return InvalidInput(f"its principal of {kind} cannot be read", where=where, remedy="Write {Service: NAME}.")
        if kind == "Service" and any(_UNTOLD.search(str(name)) for name in told):
            return InvalidInput("its service is unknown", where=where, remedy="Pass the role with --live.")
    return None


def _for_anyone(statement: Any) -> Any:
    if not isinstance(statement, Mapping) or "Effect" not in statement:
        return statement  # read_policy reports it
    return {**{key: value for key, value in statement.items() if key != "Principal"}, "Resource": "*"}
