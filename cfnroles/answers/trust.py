"""Whether the service of a role may assume it. `role_kinds.py` has AWS's page for each.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.requests import Home
from cfnroles.errors import InvalidInput
from cfnroles.iam.actions import matches_action
from cfnroles.iam.evaluator import Context, Decision, Principal, Request, evaluate, some
from cfnroles.iam.roles import Role, Unread, evaluable_document
from cfnroles.iam.trust_policies import principals, read_trust
from cfnroles.need import Holder
from cfnroles.role_kinds import kind_of

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
_ASSUMES = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")


class Trust(Struct, frozen=True):
    """The result of a trust policy for the service in one home: the decision, its statements, and the unknown keys.

    ``others`` are further principals that may assume the role. ``open`` says that the service may do so on behalf of
    any account.
    """

    service: str
    decision: Decision
    by: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    open: bool = False
    problem: str = ""


def service_of(holder: Holder) -> str:
    """Return the service that assumes the role."""
    return kind_of(holder).assumed_by.service


def trust(role: Role, holder: Holder, home: Home, context: Mapping[str, str], sent: str = "") -> Trust | None:
    """Return whether the role's trust policy admits the service; ``None`` if there is no trust policy to judge.

    ``sent`` is the ``aws:SourceArn`` that the service sends, if more than its prefix is known.
    """
    if role.trust is None:
        return None
    service = service_of(holder)
    if isinstance(role.trust, Unread):
        return Trust(service, Decision.UNKNOWN, keys=(f"the {role.trust.name}",))
    try:
        document = evaluable_document(role.trust, home.symbols)
        named, faults = read_trust(document, service)
    except InvalidInput as error:
        return Trust(service, Decision.IMPLICIT_DENY, problem=f"{error.where}: {error.what}")
    asked = replace(home, account="999999999999")
    verdict, elsewhere = (evaluate(_request(holder, service, each, context, sent), [named]) for each in (home, asked))
    return Trust(
        service,
        verdict.decision,
        tuple(map(str, verdict.by)),
        verdict.keys,
        _others(document, faults, service),
        elsewhere.decision is Decision.ALLOWED,
    )


def without(trust: Trust, used: Callable[[str], bool]) -> Trust:
    """Return the result without the principals as which something known assumes the role."""
    return replace(trust, others=tuple(each for each in trust.others if not used(each)))


def _request(holder: Holder, service: str, home: Home, context: Mapping[str, str], sent: str) -> Request:
    account, by = home.account, kind_of(holder).assumed_by
    values: dict[str, tuple[str, ...]] = {
        "aws:SourceAccount": (account,),
        "aws:PrincipalServiceName": (service,),
        "aws:PrincipalIsAWSService": ("true",),
        "aws:PrincipalArn": (),
        "aws:PrincipalAccount": (),
        "aws:PrincipalType": (),
    }
    if by.source_arn and not by.source_arn_switch:
        values["aws:SourceArn"] = (home.text(sent) if sent else some(home.text(by.source_arn)),)
    values |= {key: (value,) for key, value in context.items()}
    return Request(Principal(""), "sts:AssumeRole", "*", Context.of(values))


def _others(document: Mapping[str, Any], faults: Container[int], service: str) -> tuple[str, ...]:
    """Return the principals besides the service that the readable statements let assume the role."""
    given = document.get("Statement")
    statements = given if isinstance(given, list) else [given]
    admitting = [
        each
        for index, each in enumerate(statements)
        if index not in faults and each.get("Effect") == "Allow" and _assumes(each)
    ]
    return tuple(sorted({name for each in admitting for name in principals(each)} - {service}))


def _assumes(statement: Mapping[str, Any]) -> bool:
    given = statement.get("Action", statement.get("NotAction"))
    texts = given if isinstance(given, list) else [given]
    named = [any(matches_action(str(text), action) for text in texts) for action in _ASSUMES]
    return not all(named) if "NotAction" in statement else any(named)
