"""The decision on a request, from identity-based policies and the permissions boundary.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from cfnroles.iam.evaluator.policy import Effect, IdentityPolicy, PolicyStatement, StatementId
from cfnroles.iam.evaluator.request import Context, Request
from cfnroles.iam.evaluator.variables import plain_text, resource_text, variables_of
from cfnroles.iam.patterns import Pattern, matches
from cfnroles.iam.truth import Truth, Unknown, all_of, any_of, negate, unknown

_RESOURCE = "the rest of the resource's ARN"
_NOTHING = Context()


class Decision(StrEnum):
    """The decision on a request. Only ALLOWED lets it through; UNKNOWN depends on missing values."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"
    UNKNOWN = "unknown"


class UnknownStatement(Struct, frozen=True):
    """A statement that may or may not apply, and the condition keys that decide."""

    statement: StatementId
    effect: Effect
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.statement} may {self.effect.lower()} it, depending on {', '.join(self.keys)}"


class Evaluation(Struct, frozen=True):
    """The decision and its statements.

    ``by`` names the statements that decide: every Allow that applies (the boundary's too) if allowed, every
    Deny that applies if explicitly denied. ``undecided`` lists the statements whose effect is unknown, even
    if the others decide without them. ``outside_boundary`` is the name of the permissions boundary if
    the identity-based policies allow the request and the boundary does not.
    """

    decision: Decision
    by: tuple[StatementId, ...] = ()
    undecided: tuple[UnknownStatement, ...] = ()
    outside_boundary: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The condition keys that an unknown decision depends on, without duplicates; otherwise empty."""
        if self.decision is not Decision.UNKNOWN:
            return ()
        return tuple(sorted({key for each in self.undecided for key in each.keys}))

    def __str__(self) -> str:
        match self.decision:
            case Decision.UNKNOWN:
                return "; ".join(["unknown", *map(str, self.undecided)])
            case Decision.IMPLICIT_DENY if self.outside_boundary:
                return f"implicit deny: the permissions boundary {self.outside_boundary} does not allow it"
            case Decision.IMPLICIT_DENY:
                return "implicit deny: no statement allows it"
            case _:
                return f"{self.decision} by {', '.join(map(str, self.by))}"


def evaluate(
    request: Request, policies: Iterable[IdentityPolicy], boundary: IdentityPolicy | None = None
) -> Evaluation:
    """Evaluate *request* with identity-based *policies*, within *boundary* if there is one.

    A Deny that applies decides. Otherwise, the request needs an Allow in the policies and, if there is a
    boundary, also in the boundary. What depends on an unknown key is unknown, unless the rest decides: a
    request that nothing can allow is denied, whatever an unknown Deny would add.

    Resource-based policies, service and resource control policies, session policies and the root user (to whom
    identity-based policies do not apply) are not included.
    """
    context = request.full_context
    limits = () if boundary is None else (boundary,)
    within = [_applying(request, context, (policy,)) for policy in limits]
    layers = [_applying(request, context, tuple(policies)), *within]
    everywhere = [each for layer in layers for each in layer]
    denied = any_of(truth for statement, truth in everywhere if statement.effect is Effect.DENY)
    granted = [_granted(layer) for layer in layers]
    allowed = all_of(granted)
    undecided = tuple(
        UnknownStatement(statement.id, statement.effect, tuple(sorted(truth.keys)))
        for statement, truth in everywhere
        if isinstance(truth, Unknown)
    )
    if denied is True:
        return Evaluation(Decision.EXPLICIT_DENY, _true(everywhere, Effect.DENY), undecided)
    if allowed is False:
        outside = boundary.name if boundary and granted[0] is True else ""
        return Evaluation(Decision.IMPLICIT_DENY, (), undecided, outside)
    if denied is False and allowed is True:
        return Evaluation(Decision.ALLOWED, _true(everywhere, Effect.ALLOW), undecided)
    return Evaluation(Decision.UNKNOWN, _true(everywhere, Effect.ALLOW) if allowed is True else (), undecided)


def statement_applies(statement: PolicyStatement, request: Request) -> Truth:
    """Return whether action, resource and conditions of the statement all match the request, for either effect."""
    return _applies(statement, request, request.full_context)


Applying = list[tuple[PolicyStatement, Truth]]


def _applying(request: Request, context: Context, policies: tuple[IdentityPolicy, ...]) -> Applying:
    return [
        (statement, truth)
        for policy in policies
        for statement, truth in (
            *((each, _applies(each, request, context)) for each in policy.statements),
            *((each, _may_apply(each, request)) for each in policy.unread),
        )
    ]


def _granted(layer: Applying) -> Truth:
    return any_of(truth for statement, truth in layer if statement.effect is Effect.ALLOW)


def _true(statements: Applying, effect: Effect) -> tuple[StatementId, ...]:
    return tuple(each.id for each, truth in statements if each.effect is effect and truth is True)


def _applies(statement: PolicyStatement, request: Request, context: Context) -> Truth:
    # "When you provide an empty array in a statement's resource element, the statement has no effect on the
    # policy."
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    if not statement.actions or not statement.resources:
        return False
    if not names_action(statement, request.action):
        return False
    return all_of(_remaining(statement, request, context))


def _may_apply(unread: PolicyStatement, request: Request) -> Truth:
    return unknown(str(unread.id)) if names_action(unread, request.action) else False


def _remaining(statement: PolicyStatement, request: Request, context: Context) -> Iterable[Truth]:
    yield _names_resource(statement, request.resource, context)
    for condition in statement.conditions:
        yield condition.met(context)


def names_action(statement: PolicyStatement, action: str) -> bool:
    """Return whether a statement is about an action, for either effect."""
    return _is_among(action, statement.actions) is not statement.not_actions


@lru_cache(maxsize=65_536)  # the same statements are in many forms of a role
def _is_among(action: str, actions: tuple[str, ...]) -> bool:
    # "The prefix and the action name are case insensitive."
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    patterns = (plain_text(each).fixed for each in actions)
    return any(matches(each, action, subject="", ignore_case=True) is True for each in patterns if each is not None)


def _names_resource(statement: PolicyStatement, resource: str, context: Context) -> Truth:
    keys = _variables(statement.resources) if statement.variables else ()
    known = context.only(keys) if keys else _NOTHING
    named = _is_one_of(resource, statement.resources, statement.variables, known)
    return negate(named) if statement.not_resources else named


@lru_cache(maxsize=65_536)  # as for the actions
def _variables(resources: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for each in resources for key in variables_of(each)))


@lru_cache(maxsize=65_536)  # as for the actions
def _is_one_of(resource: str, resources: tuple[str, ...], variables: bool, context: Context) -> Truth:
    texts = (resource_text(each, variables=variables) for each in resources)
    return _matched(resource, (text.expand(context) for text in texts))


def _matched(resource: str, patterns: Iterable[Pattern | None]) -> Truth:
    return any_of(
        pattern is not None and matches(pattern, resource, subject=_RESOURCE, by_segment=True) for pattern in patterns
    )
