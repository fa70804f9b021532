"""What a role may do, one grant at a time, whatever document says so: the values that are compared.

Texts are in the spelling of ``Fn::Sub``, as needs and resolved templates have them.
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
    """By what a role gets a grant: its policies, its trust policy, a managed policy, its permissions boundary.

    A need is none of these: what a task definition of a template asks of a role elsewhere, whatever that allows.
    """

    PERMISSION = "permission"
    NEED = "need"
    TRUST = "trust"
    MANAGED_POLICY = "managed policy"
    BOUNDARY = "permissions boundary"


class Guard(Struct, frozen=True, order=True):
    """What must hold for a grant to be there: a template's condition, or a parameter that must have a value.

    ``by_default`` tells whether it holds while every parameter has its default; ``None`` where that is not known.
    ``definition`` is the condition as the template defines it.
    """

    name: str
    holds: bool = True
    by_default: bool | None = None
    definition: str = ""
    parameter: bool = False

    def within(self, other: Guard) -> bool:
        """Whether ``other`` surely holds wherever this does."""
        if (self.name, self.holds, self.definition) != (other.name, other.holds, other.definition):
            return False
        # The same condition under other defaults: what holds by default weighs more than what does not.
        return self.by_default == other.by_default or self.by_default is False or other.by_default is True

    def __str__(self) -> str:
        if self.parameter:
            return f"the parameter {self.name} has a value"
        default = {True: ", as by default", False: ", not by default", None: ""}[self.by_default]
        return f"the condition {self.name} {'holds' if self.holds else 'does not hold'}{default}"


class Place(Struct, frozen=True):
    """Where a grant stands, and why: what ECS does there with AWS's page, or the Sid of the statement.

    ``reasons`` are what the role's own Metadata tells of the statement with this ``sid``.
    """

    origin: Origin
    why: str = ""
    source: str = ""
    sid: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One action on one resource under conditions, allowed or denied to one role.

    ``not_actions`` makes ``actions`` exclusions, which may be several, and ``not_resources`` the ``resources``. The
    resources of a trust policy are its principals, such as ``Service ecs-tasks.amazonaws.com``; those of a managed
    policy or boundary are its ARN, and there are no actions. Where it stands is not part of its identity.
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
        """Whether it is for many actions or every resource or principal, while nobody knows whether it is there."""
        many = self.not_actions or self.not_resources or any("*" in action or "?" in action for action in self.actions)
        everything = not {"*", "AWS *"}.isdisjoint(self.resources)
        # A choice within a text is a symbol that holds both outcomes.
        within = any("*" in name for text in (*self.actions, *self.resources) for name in symbols(text))
        return within or bool(self.guards and (many or everything))

    @property
    def sort_key(self) -> tuple[object, ...]:
        """A total order of grants that differ."""
        exclusions = (self.not_actions, self.not_resources)
        of_role = (self.role, list(GrantKind).index(self.kind))
        return (*of_role, self.actions, self.resources, self.effect, self.conditions, exclusions, str(self.guards))

    def covers(self, other: RoleGrant) -> bool:
        """Whether this surely applies to every request that ``other`` applies to."""
        return (
            (self.role, self.kind, self.effect) == (other.role, other.kind, other.effect)
            and self._covers_what(other)
            and implies(other.conditions, self.conditions)
            and all(any(given.within(guard) for given in other.guards) for guard in self.guards)
        )

    def _covers_what(self, other: RoleGrant) -> bool:
        if self.actions and other.actions:
            return self._covers_actions(other) and self._covers_resources(other)
        # A policy that is known by its name only, or a part that could not be read.
        return (self.actions, self.resources) == (other.actions, other.resources)

    def _covers_actions(self, other: RoleGrant) -> bool:
        if self.not_actions != other.not_actions:
            return not self.not_actions and self.actions == ("*",)
        wide, narrow = (other, self) if self.not_actions else (self, other)
        return all(any(covers_action(pattern, action) for pattern in wide.actions) for action in narrow.actions)

    def _covers_resources(self, other: RoleGrant) -> bool:
        covers = _covers_principal if self.kind is GrantKind.TRUST else covers_resource
        if self.not_resources != other.not_resources:
            return not self.not_resources and self.resources == ("*",)
        wide, narrow = (other, self) if self.not_resources else (self, other)
        return all(any(covers(pattern, resource) for pattern in wide.resources) for resource in narrow.resources)


def merged(grants: Iterable[RoleGrant]) -> tuple[RoleGrant, ...]:
    """The grants, each once with all places where it stands, in an order that depends on nothing but them."""
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
    """The grants that roles made of a task definition's needs have: one for each permission, with all its fields.

    ``when`` are the conditions that needs depend on, as a task has them, and ``condition`` those of all others. What
    depends on alternatives is a grant under each.
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


def _covers_principal(wide: str, narrow: str) -> bool:
    """Whether a principal covers another: itself, and `*` every principal of AWS.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    everyone = wide in ("*", "AWS *") and (narrow == "*" or narrow.startswith("AWS "))
    return everyone or covers_text(wide, narrow, wide_literal=True, narrow_literal=True)
