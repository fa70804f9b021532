"""Dangers of a role for any use: what its policies allow, and who its trust policy admits.

    dangers(policy.statements)              # of several policies together: an escalation may use more than one
    trust_dangers(role.trust)

The texts of the policies alone prove a danger. A statement that depends on an unknown part is not a danger, and a
danger that depends on a condition says so. https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct

from cfnroles.iam.actions import is_known, meant_action, service_names
from cfnroles.iam.containment import covers_action, covers_text
from cfnroles.iam.escalations import ESCALATIONS, Escalation, Step
from cfnroles.iam.evaluator import Context, Effect, some
from cfnroles.iam.evaluator.conditions import PolicyCondition
from cfnroles.iam.evaluator.policy import PolicyStatement, StatementId
from cfnroles.iam.patterns import widest
from cfnroles.iam.statements import Part, PlacedStatement, statements

_ANYTHING = re.compile(r"\*+")
_UNTOLD = re.compile(r"\$\{[^{}]*\}")
_WRITES_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_GROUPS = "logs:log-group:"
_PASSED_TO = "iam:passedtoservice"
#: Services whose actions have no resource type and are useful only together.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_ssmmessages.html
_WHOLE_BY_NATURE = frozenset({"ssmmessages", "ec2messages"})
#: Conditions that every request of a role over TLS meets, because the caller chooses the value.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_ALWAYS = Context.of(
    {
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        "aws:PrincipalIsAWSService": "false",
        **dict.fromkeys(("aws:PrincipalArn", "aws:PrincipalAccount", "aws:RequestedRegion", "aws:userid"), some("*")),
    }
)


class DangerKind(StrEnum):
    """What a policy allows."""

    FULL_ACCESS = "full access"
    SERVICE_WILDCARD = "every action of a service"
    ESCALATION = "privilege escalation"
    UNKNOWN_ACTION = "unknown action"
    EVERY_LOG_GROUP = "writes to every log group"


class Danger(Struct, frozen=True):
    """A danger, and its statements. ``grants`` are the relevant texts of their Action or NotAction.

    ``conditional`` says that a condition of one of them may prevent it. ``escalation`` is the way of an ESCALATION,
    ``meant`` the likely intended action for an UNKNOWN_ACTION, or empty. ``what`` continues "the role".
    """

    kind: DangerKind
    by: tuple[StatementId, ...]
    grants: tuple[str, ...]
    what: str
    source: str
    conditional: bool = False
    escalation: Escalation | None = None
    meant: str = ""


class TrustKind(StrEnum):
    """Who a trust policy admits."""

    ANYBODY = "anyone"
    ANYBODY_WITHIN = "anyone whom conditions admit"
    OTHER = "another principal"


class TrustDanger(Struct, frozen=True):
    """A principal that may assume the role. ``path`` is the statement's path in the trust policy.

    ``principal`` is as in ``AWS *`` or ``Service ec2.amazonaws.com``. ``keys`` are the condition keys that restrict it.
    """

    kind: TrustKind
    path: tuple[str | int, ...]
    principal: str
    keys: tuple[str, ...] = ()


class _Granted(Struct, frozen=True):
    by: tuple[StatementId, ...]
    grants: tuple[str, ...]
    conditional: bool


_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/"
_BEST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
_LOGS = f"{_REFERENCE}list_amazoncloudwatchlogs.html"
_ACTIONS = f"{_REFERENCE}reference_policies_actions-resources-contextkeys.html"


def dangers(
    policies: Sequence[PolicyStatement], boundary: Sequence[PolicyStatement] | None = None
) -> tuple[Danger, ...]:
    """Return the dangers of a role with the statements of all its policies, worst kind first.

    Permissions that a ``boundary`` excludes are not a danger. Dangers that follow from full access alone are reported
    only as full access.
    """
    return _dangers(_Role(tuple(policies), None if boundary is None else tuple(boundary)))


@lru_cache(maxsize=256)  # the same role is judged for the needs of many worlds
def _dangers(role: _Role) -> tuple[Danger, ...]:
    full = tuple(_full_access(role))
    told = frozenset(one for danger in full for one in danger.by)
    wildcards = tuple(_service_wildcards(role, told))
    found = (*full, *wildcards, *_escalations(role, told, wildcards))
    return (*found, *_unknown_actions(role.statements), *_every_log_group(role, told))


class _Role(Struct, frozen=True):
    statements: tuple[PolicyStatement, ...]
    boundary: tuple[PolicyStatement, ...] | None

    def granting(self, step: Step, passed_to: str = "") -> _Granted | None:
        """Return the grants for a step; ``None`` if nothing grants it or something denies it."""
        # Most roles grant few of the steps that are asked about: what grants one is looked for first.
        found = [each for each in self.statements if _grants(each, step, passed_to)]
        if not found:
            return None
        if self.boundary is not None and not any(_grants(each, step, passed_to) for each in self.boundary):
            return None
        if any(_denies(each, step) for each in (*self.statements, *(self.boundary or ()))):
            return None
        sure = [each for each in found if not _narrows(each, step)]
        chosen = sure or found
        texts = dict.fromkeys(text for each in chosen for text in _granting_texts(each, step.action))
        return _Granted(tuple(each.id for each in chosen), tuple(texts), not sure)


def _full_access(role: _Role) -> Iterator[Danger]:
    granted = role.granting(Step("*:*", "*:"))
    without = {text for each in role.statements if each.not_actions for text in each.actions}
    if granted is None:
        return
    but = granted.grants and set(granted.grants) <= {f"NOT {text}" for text in without}
    texts = ", ".join(text.removeprefix("NOT ") for text in granted.grants)
    what = f"may do everything but {texts}, on everything" if but else "may do everything on everything"
    yield Danger(DangerKind.FULL_ACCESS, granted.by, granted.grants, what, _BEST, granted.conditional)


def _beyond(granted: _Granted, told: frozenset[StatementId]) -> bool:
    """Return whether a grant is not part of the statements that were already reported as a whole."""
    return told.isdisjoint(granted.by)


def _service_wildcards(role: _Role, told: frozenset[StatementId]) -> Iterator[Danger]:
    everyone = (*role.statements, *(role.boundary or ()))
    wildcards = {text for each in everyone if not each.not_actions for text in each.actions if "*" in text}
    for service in sorted({service for text in wildcards for service in _services(text)} - _WHOLE_BY_NATURE):
        granted = role.granting(Step(f"{service}:*", f"{service}:"))
        if granted is not None and _beyond(granted, told):
            what = f"may do everything that {service} has, on everything"
            yield Danger(DangerKind.SERVICE_WILDCARD, granted.by, granted.grants, what, _BEST, granted.conditional)


def _services(action: str) -> tuple[str, ...]:
    service, colon, _ = action.partition(":")
    if not colon or _UNTOLD.search(service):
        return ()
    return service_names(service.lower()) if "*" in service or "?" in service else (service.lower(),)


def _escalations(role: _Role, told: frozenset[StatementId], wildcards: Iterable[Danger]) -> Iterator[Danger]:
    whole = told.union(*(danger.by for danger in wildcards if not danger.conditional))
    for way in ESCALATIONS:
        granted = [role.granting(step, way.passed_to) for step in way.steps]
        held = [each for each in granted if each is not None]
        if len(held) == len(granted) and any(_beyond(each, whole if way.plain else told) for each in held):
            yield Danger(
                DangerKind.ESCALATION,
                tuple(dict.fromkeys(one for each in held for one in each.by)),
                tuple(dict.fromkeys(text for each in held for text in each.grants)),
                f"may {way.gives}, by {way}",
                way.source,
                any(each.conditional for each in held),
                way,
            )


def _unknown_actions(policies: Iterable[PolicyStatement]) -> Iterator[Danger]:
    seen: dict[str, list[StatementId]] = {}
    for each in policies:
        for action in each.actions:
            if not _UNTOLD.search(action) and not is_known(action):
                seen.setdefault(action, []).append(each.id)
    for action, by in seen.items():
        what = f"names {action}, which is not a known action"
        meant = meant_action(action)
        yield Danger(DangerKind.UNKNOWN_ACTION, tuple(dict.fromkeys(by)), (action,), what, _ACTIONS, meant=meant)


def _every_log_group(role: _Role, told: frozenset[StatementId]) -> Iterator[Danger]:
    found = [each for action in _WRITES_LOGS if (each := role.granting(Step(action, _GROUPS))) is not None]
    if any(_beyond(each, told) for each in found):
        yield Danger(
            DangerKind.EVERY_LOG_GROUP,
            tuple(dict.fromkeys(one for each in found for one in each.by)),
            tuple(dict.fromkeys(text for each in found for text in each.grants)),
            "may write to every log group",
            _LOGS,
            all(each.conditional for each in found),
        )


def _grants(statement: PolicyStatement, step: Step, passed_to: str) -> bool:
    if statement.effect is not Effect.ALLOW or not _covers(statement, step.action):
        return False
    if step.every and not _is_on_every(statement, step.every):
        return False
    if any(each.met(_ALWAYS) is False for each in statement.conditions):
        return False
    return step.action != "iam:PassRole" or all(
        _lets_pass(each, passed_to) for each in statement.conditions if each.key.lower() == _PASSED_TO
    )


def _denies(statement: PolicyStatement, step: Step) -> bool:
    return (
        statement.effect is Effect.DENY
        and all(each.met(_ALWAYS) is True for each in statement.conditions)
        and _covers(statement, step.action)
        and _is_on_every(statement, step.every or "*:")
    )


def _narrows(statement: PolicyStatement, step: Step) -> bool:
    """Return whether a condition of the statement may exclude the step. The target of a passed role is known."""
    keys = {each.key.lower() for each in statement.conditions if each.met(_ALWAYS) is not True}
    return bool(keys - {_PASSED_TO} if step.action == "iam:PassRole" else keys)


def _lets_pass(condition: PolicyCondition, service: str) -> bool:
    if condition.operator is None or condition.operator.negated:
        return True
    return any(covers_text(value, service) or value.startswith(f"{service}.") for value in condition.values)


def _covers(statement: PolicyStatement, action: str) -> bool:
    if statement.not_actions:
        # An excluded action leaves all other actions, or those of its service.
        return not any(covers_action(text, action) for text in statement.actions)
    return any(covers_action(widest(text), action) for text in statement.actions)


def _granting_texts(statement: PolicyStatement, action: str) -> Iterator[str]:
    for text in statement.actions:
        if statement.not_actions:
            yield f"NOT {text}"
        elif covers_action(widest(text), action):
            yield text


def _is_on_every(statement: PolicyStatement, every: str) -> bool:
    covering = any(is_every(text, every) for text in statement.resources)
    return not covering if statement.not_resources else covering


def is_every(resource: str, every: str) -> bool:
    """Return whether a resource covers all of a service, or one kind in it, possibly in one Region or account.

    An incomplete ARN is completed with wildcards.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    if _ANYTHING.fullmatch(widest(resource)):
        return True
    service, _, kind = every.partition(":")
    # An unknown part may be anything: it represents itself and covers no other text.
    parts = _UNTOLD.sub("\ufffd", widest(resource)).split(":", 5)
    if parts[0] != "arn":
        return False
    parts += ["*"] * (6 - len(parts))
    return covers_text(parts[2], service) and covers_text(parts[5], f"{kind}*")


def trust_dangers(trust: Mapping[str, Any], expected: Iterable[str] = ()) -> tuple[TrustDanger, ...]:
    """Return who may assume the role besides the ``expected`` services, such as ``ecs-tasks.amazonaws.com``.

    ``trust`` is its trust policy, with texts in the spelling of ``Fn::Sub``.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    told = [each for each in statements(Part(trust, ()), trust=True) if isinstance(each, PlacedStatement)]
    denied = tuple(
        key
        for each in told
        if each.effect is Effect.DENY and any(map(_is_anyone, each.resources))
        for key in _narrowing_keys(each, negated=True)
    )
    services = {f"Service {name}" for name in expected}
    return tuple(
        danger
        for each in told
        if each.effect is Effect.ALLOW and _admits(each)
        for danger in _admitted(each, denied, services)
    )


#: Any value of a key, in its format or not: any organization, any address, any account in an ARN.
_EVERYBODY = re.compile(r"(o-)?[*?]+(/[*?]*)?|[0-9a-fA-F:.]+/0+|arn:[^:]*:[^:]*:[^:]*:[*?]+:.*")
#: An account in the ARN of a principal, or an unknown.
_ACCOUNT = re.compile(r":(\d|\$\{)")
_ASSUMES = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
#: Condition keys that identify the caller, or the account on whose behalf a service calls.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_WHO = re.compile(
    r"aws:(principal(arn|account|org(id|paths)|tag/.*|servicename)|source(arn|account|org(id|paths)|vpc|vpce|ip|identity)"
    r"|userid|vpcsourceip|sourcevpcarn|calledvia.*)|sts:externalid|.*:(sub|aud|amr)",
    re.IGNORECASE,
)


def _admits(statement: PlacedStatement) -> bool:
    named = [any(covers_action(part.value, action) for part in statement.actions) for action in _ASSUMES]
    return not all(named) if statement.not_actions else any(named)


def _admitted(statement: PlacedStatement, denied: tuple[str, ...], expected: set[str]) -> Iterator[TrustDanger]:
    path = statement.part.path
    if statement.not_resources:
        yield TrustDanger(TrustKind.ANYBODY, path, "everyone except " + ", ".join(p.value for p in statement.resources))
        return
    keys = tuple(dict.fromkeys((*_narrowing_keys(statement), *denied)))
    for principal in statement.resources:
        if _is_anyone(principal):
            yield TrustDanger(TrustKind.ANYBODY_WITHIN if keys else TrustKind.ANYBODY, path, principal.value, keys)
        elif principal.value not in expected:
            yield TrustDanger(TrustKind.OTHER, path, principal.value, keys)


def _is_anyone(principal: Part) -> bool:
    return str(principal.value) in ("*", "AWS *", "Federated *")


def _narrowing_keys(statement: PlacedStatement, *, negated: bool = False) -> tuple[str, ...]:
    """Return the keys of conditions that restrict the caller; ``negated`` for a Deny of all others."""
    block = statement.condition.value
    found: dict[str, None] = {}
    for operator, keys in block.items() if isinstance(block, Mapping) else ():
        name = str(operator).lower().rpartition(":")[2]
        # A key that may be absent, or a value that matches everyone, restricts nothing.
        optional = name.endswith("ifexists") or str(operator).lower().startswith("forallvalues:")
        if name == "null" or ("not" in name) is not negated or (optional and not negated):
            continue
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            texts = values if isinstance(values, list) else [values]
            if _WHO.fullmatch(str(key)) and not any(_is_everybody(str(key), str(text)) for text in texts):
                found[str(key)] = None
    return tuple(found)


def _is_everybody(key: str, value: str) -> bool:
    """Return whether a value matches everyone: only wildcards, or a pattern of principals in any account."""
    anyone = key.lower() == "aws:principalarn" and "*" in value and not _ACCOUNT.search(value)
    return anyone or bool(_EVERYBODY.fullmatch(value))
