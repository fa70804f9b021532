"""The roles, policies and users of roles in a plan or state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from cfnroles.hcl.syntax import Place
from cfnroles.iam.roles import Unread
from cfnroles.sources.terraform_configured import NAMING, POLICY, RESOURCE_POLICIES, ROLE, Configured
from cfnroles.sources.terraform_instance_profiles import INSTANCE_PROFILE
from cfnroles.sources.terraform_kinds import CAPACITY_PROVIDER, KINDS
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_services import SERVICE
from cfnroles.symbols import Expression
from cfnroles.text import Text

_NO_USERS = frozenset({*NAMING, ROLE, POLICY, *KINDS, SERVICE, "aws_iam_role_policies_exclusive"})


_Result = TypeVar("_Result")


class PlanSurface:
    """As for ``terraform_configured.Surface``. ``resources`` are all of the plan or the state, with data sources.

    ``judged`` are the addresses of users of roles of which all needs are seen, and ``naming`` gives the types of the
    resources that refer to an address, as far as a plan says so.
    """

    def __init__(
        self,
        resources: Iterable[Mapping[str, Any]],
        attributes: Callable[[Mapping[str, Any]], Attributes],
        place: Callable[[str], Place],
        judged: frozenset[str] = frozenset(),
        naming: Callable[[str], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        self._naming = naming
        self._judged = judged
        self._by_address = {str(each.get("address")): each for each in resources}
        self._attributes, self._place = attributes, place
        self._made: dict[str, Configured] = {}

    def _configured(self, address: str) -> Configured:
        if address not in self._made:
            given = self._by_address[address]
            self._made[address] = Configured(
                address,
                str(given.get("type")),
                self._attributes(given),
                self._place(address),
                given.get("mode") == "data",
            )
        return self._made[address]

    def _of(self, *kinds: str) -> Iterator[Configured]:
        for address, each in self._by_address.items():
            if each.get("type") in kinds and each.get("mode") == "managed":
                yield self._configured(address)

    def once(self, key: object, work: Callable[[], _Result]) -> _Result:
        """As for ``Surface``: a plan has one world."""
        return work()

    def roles(self, named: Sequence[Text]) -> Iterable[Configured]:
        """As for ``Surface``."""
        return self._of(ROLE)

    def policies(self, roles: Sequence[Configured]) -> Iterable[Configured | Unread]:
        """As for ``Surface``."""
        return self._of(*NAMING)

    def at(self, address: str) -> Configured | None:
        """As for ``Surface``."""
        return self._configured(address) if address in self._by_address else None

    def policy(self, arn: str) -> Configured | None:
        """As for ``Surface``."""
        return next((each for each in self._of(POLICY) if str(each.known("arn")) == arn), None)

    def holders(self, names: Sequence[str]) -> Iterable[Configured]:
        """As for ``Surface``."""
        return self._of(*RESOURCE_POLICIES)

    def beside(self, role: Configured) -> Iterable[Unread]:
        """As for ``Surface``: a plan contains all modules."""
        return ()

    def users(self, role: Configured) -> tuple[str, ...]:
        """As for ``Surface``."""
        names = {str(text) for text in map(role.known, ("name", "arn", "id")) if text}
        found = (
            each.address
            for address, given in self._by_address.items()
            if given.get("mode") == "managed" and given.get("type") not in _NO_USERS and address not in self._judged
            for each in [self._configured(address)]
            if not (each.type == INSTANCE_PROFILE and self._is_of_providers(each))
            if any(_names(name, each, role, names) for name in each.attributes)
        )
        return tuple(found)

    def _is_of_providers(self, profile: Configured) -> bool:
        """Whether only capacity providers use an instance profile."""
        texts = [json.dumps(str(text)) for text in map(profile.known, ("name", "arn", "id")) if text]
        users = {
            str(given.get("type"))
            for given in self._by_address.values()
            if given.get("type") != INSTANCE_PROFILE and any(text in json.dumps(given.get("values")) for text in texts)
        }
        return {*users, *self._naming(profile.address)} == {CAPACITY_PROVIDER}


def _names(attribute: str, resource: Configured, role: Configured, names: set[str]) -> bool:
    if not attribute.endswith(("role", "role_arn", "role_name", "role_id", "roles", "iam_role")):
        return False
    text = resource.known(attribute)
    if text is None:
        return False
    return str(text) in names or any(isinstance(e, Expression) and e.address == role.address for e in text.symbols)
