"""The proof that a role has no excess permissions: remove each grant and see which call fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.requests import Asked
from cfnroles.iam.actions import matches_action
from cfnroles.iam.evaluator import (
    Decision,
    Effect,
    IdentityPolicy,
    PolicyStatement,
    StatementId,
    evaluate,
    statement_applies,
)
from cfnroles.need import Need


class Removal(Struct, frozen=True):
    """One removed grant: one action on one resource under one value of each condition.

    ``fails`` are the needs whose call is then denied; none: the grant is excess.
    """

    statement: StatementId
    action: str
    resource: str
    conditions: tuple[tuple[str, str], ...]
    fails: tuple[Need, ...]

    def __str__(self) -> str:
        conditions = "".join(f", {key} {value}" for key, value in self.conditions)
        return f"{self.action} on {self.resource}{conditions}"


def removals(
    policies: Sequence[IdentityPolicy], boundary: IdentityPolicy | None, asked: Sequence[Asked]
) -> tuple[Removal, ...]:
    """Return each grant of the policies with the needs that fail without it."""
    found = []
    for place, policy in enumerate(policies):
        for index, statement in enumerate(policy.statements):
            if statement.effect is not Effect.ALLOW:
                continue
            for single, rest in _taken_apart(statement):
                left = replace(policy, statements=(*policy.statements[:index], *rest, *policy.statements[index + 1 :]))
                remaining = (*policies[:place], left, *policies[place + 1 :])
                # Removing a grant does not affect requests that it does not match.
                fails = [
                    each.need
                    for each in asked
                    if _may_serve(single, each)
                    and statement_applies(single, each.request) is True
                    and evaluate(each.request, policies, boundary).decision is Decision.ALLOWED
                    and evaluate(each.request, remaining, boundary).decision is not Decision.ALLOWED
                ]
                found.append(_removal(single, fails))
    return tuple(found)


def _may_serve(single: PolicyStatement, each: Asked) -> bool:
    return single.not_actions or matches_action(single.actions[0], each.told.action)


def _removal(single: PolicyStatement, fails: Sequence[Need]) -> Removal:
    actions, resources = ", ".join(single.actions), ", ".join(single.resources)
    return Removal(
        single.id,
        f"NOT {actions}" if single.not_actions else actions,
        f"NOT {resources}" if single.not_resources else resources,
        tuple((condition.key, " or ".join(condition.values)) for condition in single.conditions),
        tuple(dict.fromkeys(fails)),
    )


def _taken_apart(statement: PolicyStatement) -> Iterator[tuple[PolicyStatement, tuple[PolicyStatement, ...]]]:
    """Yield each single grant of a statement, with statements for all the others."""
    actions = [statement.actions] if statement.not_actions else [(action,) for action in statement.actions]
    resources = [statement.resources] if statement.not_resources else [(each,) for each in statement.resources]
    alternatives = [_alternatives(condition) for condition in statement.conditions]
    for action, resource, *values in product(actions, resources, *alternatives):
        single = replace(
            statement,
            actions=action,
            resources=resource,
            conditions=tuple(replace(c, values=v) for c, v in zip(statement.conditions, values, strict=True)),
        )
        yield single, tuple(_others(statement, single))


def _alternatives(condition: object) -> list[tuple[str, ...]]:
    values: tuple[str, ...] = condition.values  # type: ignore[attr-defined]
    operator = condition.operator  # type: ignore[attr-defined]
    negated = operator is None or operator.negated
    return [values] if negated else [(value,) for value in values]


def _others(whole: PolicyStatement, single: PolicyStatement) -> Iterator[PolicyStatement]:
    """Yield ``whole`` without ``single``: every other action, then this one on every other resource, and so on."""
    if others := _without(whole.actions, single.actions):
        yield replace(whole, actions=others)
    if others := _without(whole.resources, single.resources):
        yield replace(whole, actions=single.actions, resources=others)
    for index, (condition, taken) in enumerate(zip(whole.conditions, single.conditions, strict=True)):
        if others := _without(condition.values, taken.values):
            conditions = (*single.conditions[:index], replace(condition, values=others), *whole.conditions[index + 1 :])
            yield replace(single, conditions=conditions)


def _without(values: tuple[str, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if value not in taken)
