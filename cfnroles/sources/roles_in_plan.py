"""What a plan or a state has beside its task definitions: roles, policies and who uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfnroles.hcl.syntax import Place
from cfnroles.iam.roles import Unread
from cfnroles.sources.terraform_configured import NAMING, POLICY, RESOURCE_POLICIES, ROLE, Configured
from cfnroles.sources.terraform_members import TASK_DEFINITION, Attributes
from cfnroles.sources.terraform_services import SERVICE
from cfnroles.symbols import Expression
from cfnroles.text import Text

_NO_USERS = frozenset({*NAMING, ROLE, POLICY, TASK_DEFINITION, SERVICE, "aws_iam_role_policies_exclusive"})


class PlanSurface:
    """As for ``terraform_configured.Surface``. ``resources`` are all of the plan or the state, with data sources.

    ``judged`` are the addresses of users of roles of which all needs are seen.
    """

    def __init__(
        self,
        resources: Iterable[Mapping[str, Any]],
        attributes: Callable[[Mapping[str, Any]], Attributes],
        place: Callable[[str], Place],
        judged: frozenset[str] = frozenset(),
    ) -> None:
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
        """As for ``Surface``: all modules are in it."""
        return ()

    def users(self, role: Configured) -> tuple[str, ...]:
        """As for ``Surface``."""
        names = {str(text) for text in map(role.known, ("name", "arn", "id")) if text}
        found = (
            each.address
            for address, given in self._by_address.items()
            if given.get("mode") == "managed" and given.get("type") not in _NO_USERS and address not in self._judged
            for each in [self._configured(address)]
            if any(_names(name, each, role, names) for name in each.attributes)
        )
        return tuple(found)


def _names(attribute: str, resource: Configured, role: Configured, names: set[str]) -> bool:
    if not attribute.endswith(("role", "role_arn", "role_name", "role_id", "roles", "iam_role")):
        return False
    text = resource.known(attribute)
    if text is None:
        return False
    return str(text) in names or any(isinstance(e, Expression) and e.address == role.address for e in text.symbols)
