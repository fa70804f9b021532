"""Whether ECS may assume a role.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cfnroles.answers.requests import Home
from cfnroles.errors import InvalidInput
from cfnroles.iam.evaluator import Context, Decision, Principal, Request, evaluate, parse_policy, some
from cfnroles.iam.roles import Role, Unread, evaluable_document
from cfnroles.need import Holder

_SERVICE = {Holder.INFRASTRUCTURE: "ecs.amazonaws.com"}
_TASKS = "ecs-tasks.amazonaws.com"
_NAME = "trust policy"


class Trust(Struct, frozen=True):
    """What a trust policy answers to ECS in one home: the decision, the statements behind it, and the unknown keys.

    ``others`` are further principals that it admits. ``open`` tells that ECS is admitted on behalf of any account.
    """

    service: str
    decision: Decision
    by: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    open: bool = False
    problem: str = ""


def service_of(holder: Holder) -> str:
    """The service that assumes the role."""
    return _SERVICE.get(holder, _TASKS)


def trust(role: Role, holder: Holder, home: Home, context: Mapping[str, str]) -> Trust | None:
    """Whether the role's trust policy admits ECS; ``None`` where no trust policy was told."""
    if role.trust is None:
        return None
    service = service_of(holder)
    if isinstance(role.trust, Unread):
        return Trust(service, Decision.UNKNOWN, keys=(f"the {role.trust.name}",))
    try:
        document = evaluable_document(role.trust, home.symbols)
        statements = document.get("Statement", [])
        statements = [statements] if isinstance(statements, Mapping) else statements
        admitting = [_without_principal(each) if _admits(each, service) else None for each in statements]
        named = parse_policy(_NAME, {**document, "Statement": [each or _NOTHING for each in admitting]})
    except InvalidInput as error:
        return Trust(service, Decision.IMPLICIT_DENY, problem=f"{error.where}: {error.what}")
    verdict = evaluate(_request(holder, service, home, context, some_account=False), [named])
    elsewhere = evaluate(_request(holder, service, home, context, some_account=True), [named])
    return Trust(
        service,
        verdict.decision,
        tuple(map(str, verdict.by)),
        verdict.keys,
        tuple(sorted({name for each in statements for name in _principals(each) if name != service})),
        elsewhere.decision is Decision.ALLOWED,
    )


#: Stands where a statement is about somebody else, so that the others keep their numbers.
_NOTHING: Mapping[str, Any] = {"Effect": "Allow", "Action": "none:None", "Resource": []}


def _request(holder: Holder, service: str, home: Home, context: Mapping[str, str], *, some_account: bool) -> Request:
    account = "999999999999" if some_account else home.account
    values: dict[str, tuple[str, ...]] = {
        "aws:SourceAccount": (account,),
        "aws:PrincipalServiceName": (service,),
        "aws:PrincipalIsAWSService": ("true",),
        "aws:PrincipalArn": (),
        "aws:PrincipalAccount": (),
        "aws:PrincipalType": (),
    }
    # AWS documents aws:SourceArn for the task role, and is silent about the execution role.
    if holder is Holder.TASK:
        values["aws:SourceArn"] = (some(f"arn:{home.partition}:ecs:{home.region}:{account}:*"),)
    values |= {key: (value,) for key, value in context.items()}
    return Request(Principal(""), "sts:AssumeRole", "*", Context.of(values))


def _without_principal(statement: Any) -> Mapping[str, Any]:
    return {**{key: value for key, value in statement.items() if key != "Principal"}, "Resource": "*"}


def _admits(statement: Any, service: str) -> bool:
    return "*" in _principals(statement) or service in _principals(statement)


def _principals(statement: Any) -> tuple[str, ...]:
    given = statement.get("Principal", ()) if isinstance(statement, Mapping) else ()
    if isinstance(given, Mapping):
        given = [name for names in given.values() for name in (names if isinstance(names, list) else [names])]
    # `ecs-tasks.amazonaws.com` is the name in every partition; some templates append the partition's suffix.
    return tuple(str(name) for name in ([given] if isinstance(given, str) else given))
