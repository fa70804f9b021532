"""Grants: what a role allows, in a comparable form for all kinds of sources.

Texts are in the spelling of ``Fn::Sub``, as in needs and resolved templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cfnroles.iam.containment import covers_action, covers_resource, covers_text
from cfnroles.iam.evaluator import Effect
from cfnroles.iam.implication import implies
from cfnroles.need import Condition, Origin
from cfnroles.template.template import symbols
from cfnroles.written import as_written

if TYPE_CHECKING:
    from cfnroles.discovery import Discovery
    from cfnroles.template.worlds import Disjunction, Literal


class GrantKind(StrEnum):
    """The origin of a grant: a policy, the trust policy, a managed policy, or the permissions boundary.

    A need is the requirement of a template's task definition on a role elsewhere, whatever that allows.
    """

    PERMISSION = "permission"
    NEED = "need"
    TRUST = "trust"
    MANAGED_POLICY = "managed policy"
    BOUNDARY = "permissions boundary"


class Guard(Struct, frozen=True, order=True):
    """A precondition of a grant: a template condition, or a parameter that must have a value.

    ``by_default`` says whether it holds with all defaults; ``None`` if unknown. ``definition`` is the condition as the
    template defines it.
    """

    name: str
    holds: bool = True
    by_default: bool | None = None
    definition: str = ""
    parameter: bool = False

    def within(self, other: Guard) -> bool:
        """Return whether ``other`` certainly holds whenever this does."""
        if (self.name, self.holds, self.definition) != (other.name, other.holds, other.definition):
            return False
        # The same condition with other defaults: holding by default implies more.
        return self.by_default == other.by_default or self.by_default is False or other.by_default is True

    def __str__(self) -> str:
        if self.parameter:
            return f"the parameter {self.name} has a value"
        default = {True: ", as by default", False: ", not by default", None: ""}[self.by_default]
        return f"the condition {self.name} {'holds' if self.holds else 'does not hold'}{default}"


class Place(Struct, frozen=True):
    """The place of a grant and its reason: what ECS does, with AWS's page, or the Sid of the statement.

    ``reasons`` are the entries of the role's Metadata for the statement with this ``sid``.
    """

    origin: Origin
    why: str = ""
    source: str = ""
    sid: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One action on one resource under conditions, allowed or denied for one role.

    With ``not_actions``, ``actions`` are exclusions and may be several; ``not_resources`` likewise. The resources of a
    trust policy are its principals, such as ``Service ecs-tasks.amazonaws.com``. Those of a managed policy or boundary
    are its ARN, without actions. The place is not part of the identity.
    """

    role: str
    kind: GrantKind
    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    guards: tuple[Guard, ...] = ()
    not_actions: bool = False
    not_resources: bool = False
    places: tuple[Place, ...] = field(default=(), compare=False)

    @property
    def is_undecided_wildcard(self) -> bool:
        """Whether it covers many actions, every resource or every principal, and its existence is unknown."""
        many = self.not_actions or self.not_resources or any("*" in action or "?" in action for action in self.actions)
        everything = not {"*", "AWS *"}.isdisjoint(self.resources)
        # A choice within a text is a symbol with both outcomes.
        within = any("*" in name for text in (*self.actions, *self.resources) for name in symbols(text))
        return within or bool(self.guards and (many or everything))

    @property
    def sort_key(self) -> tuple[object, ...]:
        """A total order of distinct grants."""
        exclusions = (self.not_actions, self.not_resources)
        of_role = (self.role, list(GrantKind).index(self.kind))
        return (*of_role, self.actions, self.resources, self.effect, self.conditions, exclusions, str(self.guards))

    def covers(self, other: RoleGrant) -> bool:
        """Return whether this certainly applies to every request that ``other`` applies to."""
        return (
            (self.role, self.kind, self.effect) == (other.role, other.kind, other.effect)
            and self._covers_what(other)
            and implies(other.conditions, self.conditions)
            and all(any(given.within(guard) for given in other.guards) for guard in self.guards)
        )

    def _covers_what(self, other: RoleGrant) -> bool:
        if self.actions and other.actions:
            return self._covers_actions(other) and self._covers_resources(other)
        # A policy of which only the name is known, or an unreadable part.
        return (self.actions, self.resources) == (other.actions, other.resources)

    def _covers_actions(self, other: RoleGrant) -> bool:
        if self.not_actions and not other.not_actions:
            return all(not _may_be(excluded, action) for excluded in self.actions for action in other.actions)
        if other.not_actions and not self.not_actions:
            return self.actions == ("*",)
        wide, narrow = (other, self) if self.not_actions else (self, other)
        return all(any(covers_action(pattern, action) for pattern in wide.actions) for action in narrow.actions)

    def _covers_resources(self, other: RoleGrant) -> bool:
        covers = _covers_principal if self.kind is GrantKind.TRUST else covers_resource
        if self.not_resources != other.not_resources:
            return not self.not_resources and self.resources == ("*",)
        wide, narrow = (other, self) if self.not_resources else (self, other)
        return all(any(covers(pattern, resource) for pattern in wide.resources) for resource in narrow.resources)


def merged(grants: Iterable[RoleGrant]) -> tuple[RoleGrant, ...]:
    """Merge equal grants with their places, in a deterministic order."""
    places: dict[RoleGrant, set[Place]] = {}
    for grant in grants:
        places.setdefault(grant, set()).update(grant.places)
    return tuple(
        replace(grant, places=tuple(sorted(places[grant], key=lambda p: (p.origin.sort_key, p.why))))
        for grant in sorted(places, key=lambda grant: grant.sort_key)
    )


def needed(
    discovery: Discovery, when: Mapping[Any, Disjunction] | None = None, condition: Disjunction = ((),)
) -> tuple[RoleGrant, ...]:
    """Return the grants of roles for a task definition's needs: one for each permission, with all its fields.

    ``when`` are the conditions of needs, as a task has them, and ``condition`` those of all others. A need with
    alternative conditions is one grant for each.
    """
    return merged(
        RoleGrant(
            str(need.holder),
            GrantKind.PERMISSION,
            Effect.ALLOW,
            (need.permission.action,),
            (as_written(need.permission.resource),),
            tuple(sorted(need.permission.conditions)),
            (*(Guard(name, parameter=True) for name in need.permission.when), *_guards(literals)),
            places=(Place(need.origin, need.reason.why, need.reason.source),),
        )
        for need in discovery.needs
        for literals in (when or {}).get(need, condition)
    )


def _guards(literals: Iterable[Literal]) -> tuple[Guard, ...]:
    return tuple(Guard(literal.condition, literal.holds) for literal in literals)


def _may_be(pattern: str, action: str) -> bool:
    """Whether an action may be one of a pattern; of two patterns, and of a symbol, only the services are compared."""
    services = [text.lower().partition(":")[0] for text in (pattern, action)]
    if services[0] != services[1] and not any(wild in service for wild in "*?$" for service in services):
        return False
    return any(wild in action for wild in "*?$") or "$" in pattern or covers_action(pattern, action)


def _covers_principal(wide: str, narrow: str) -> bool:
    """Return whether a principal covers another: itself, and `*` every AWS principal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    everyone = wide in ("*", "AWS *") and (narrow == "*" or narrow.startswith("AWS "))
    return everyone or covers_text(wide, narrow, wide_literal=True, narrow_literal=True)
