"""A request for evaluation: the principal, the action, the resource, and the known context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import Struct

from cfnroles.errors import InvalidInput
from cfnroles.iam.truth import Unknown

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9-]+")


class PrincipalType(StrEnum):
    """The value of aws:PrincipalType for principals with identity-based policies.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-infotouse
    """

    ASSUMED_ROLE = "AssumedRole"
    USER = "User"
    FEDERATED_USER = "FederatedUser"


class Principal(Struct, frozen=True):
    """The principal of a request. For the session of a role, ``arn`` is the ARN of the role.

    "For IAM roles, the request context returns the ARN of the role, not the ARN of the user that assumed
    the role."
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """

    arn: str
    type: PrincipalType = PrincipalType.ASSUMED_ROLE

    @property
    def account(self) -> str:
        """The twelve digits in the ARN, or an empty string."""
        fields = self.arn.split(":")
        return fields[4] if len(fields) > 4 else ""


@dataclass(frozen=True, slots=True)
class Context:
    """The known request context: the values of keys, and absent keys. All other keys are unknown.

    Create one with `Context.of`. Key names are not case-sensitive.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    """

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    absent: frozenset[str] = frozenset()
    complete: bool = False
    _by_key: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", dict(self.values))

    @classmethod
    def of(
        cls,
        values: Mapping[str, str | Iterable[str]] | None = None,
        *,
        absent: Iterable[str] = (),
        complete: bool = False,
    ) -> Context:
        """Return a context with *values* (several for a multivalued key) and without the *absent* keys.

        A name in *absent* may end in ``*``, as in ``aws:RequestTag/*``. *complete* says that every key
        without a value is absent, so that nothing is unknown.
        """
        several = {
            key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in (values or {}).items()
        }
        return cls(tuple(sorted(several.items())), frozenset(key.lower() for key in absent), complete)

    def only(self, keys: Iterable[str]) -> Context:
        """Return what is known about these keys."""
        found = [(key.lower(), self.lookup(key)) for key in keys]
        return Context(tuple((name, values) for name, values in found if not isinstance(values, Unknown)))

    def lookup(self, key: str) -> tuple[str, ...] | Unknown:
        """Return the values of *key*, none if it is absent, or unknown."""
        name = key.lower()
        values = self._by_key.get(name)
        if values is not None:
            return values
        if self.complete or any(_names(pattern, name) for pattern in self.absent):
            return ()
        return Unknown(frozenset({key}))


@dataclass(frozen=True, slots=True)
class Request:
    """One API call for IAM.

    ``action`` is one action such as ``ssm:GetParameters``; ``resource`` is one ARN, ``*`` for actions
    without a resource type, or a partly known ARN (`some`). ``context`` adds to the keys that the
    principal implies: aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType, and for a role the absence of
    aws:username; ``full_context`` is the context with them.

    Raise InvalidInput for an action or resource in another form.
    """

    principal: Principal
    action: str
    resource: str
    context: Context = field(default_factory=Context)
    full_context: Context = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "full_context", self._with_implied())
        if not _ACTION.fullmatch(self.action):
            raise InvalidInput(
                f"{self.action!r} is not the name of a single action",
                where="request",
                why="A request is for a single action, written as service:Name, without wildcards.",
                remedy="Pass one action at a time, such as ssm:GetParameters.",
            )
        if self.resource != "*" and not self.resource.startswith("arn:"):
            raise InvalidInput(
                f"{self.resource!r} is not an ARN or *",
                where="request",
                why="IAM compares ARNs; * is for actions without a resource type.",
                remedy="Pass the full ARN of the resource.",
            )

    def _with_implied(self) -> Context:
        implied: dict[str, tuple[str, ...]] = {
            "aws:principalarn": (self.principal.arn,),
            "aws:principaltype": (self.principal.type.value,),
        }
        if self.principal.account:
            implied["aws:principalaccount"] = (self.principal.account,)
        if self.principal.type is PrincipalType.ASSUMED_ROLE:
            implied["aws:username"] = ()
        merged = implied | dict(self.context.values)
        return Context(tuple(sorted(merged.items())), self.context.absent, self.context.complete)


def _names(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
