"""The services that run a task definition of Terraform, and their clusters, in ECS's form.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.facts import Facts
from cfnroles.hcl.values import Failed, Value, text
from cfnroles.need import Holder
from cfnroles.sources.task_definition_checks import discover
from cfnroles.sources.terraform_members import Attributes, Turned, TurnedParts
from cfnroles.sources.unknown_members import members_beside
from cfnroles.symbols import Expression
from cfnroles.text import Text
from cfnroles.workload import Workload

SERVICE, TASK_SET, CLUSTER = "aws_ecs_service", "aws_ecs_task_set", "aws_ecs_cluster"
_TASK_DEFINITION = "task_definition"
UNSEEN_TASK = (
    "it runs a task definition from outside the configuration; cfnroles does not check the permissions that this"
    " requires"
)
HOW_TO_SEE = "Pass that task definition to cfnroles, with the service that runs it as --service-file FILE"


class Service(Struct, frozen=True):
    """A service, with the attributes of its cluster if that is available."""

    address: str
    attributes: Attributes
    cluster_address: str = ""
    cluster: Attributes | None = None

    def runs(self, task: Turned, arns: Sequence[str] = ()) -> bool:
        """Return whether it runs a task definition, by address, family, or one of its ARNs."""
        named = self.attributes.get(_TASK_DEFINITION)
        if not isinstance(named, Value):
            return False
        try:
            given = text(named)
        except Failed:
            return False
        if any(isinstance(each, Expression) and each.address == task.address for each in given.symbols):
            return True
        # A family may be followed by a revision, known or not.
        family = given.partition(":")[0].plain
        without = re.sub(r":\d+$", "", given.plain)
        return bool(family) and (family == task.tree.get("family") or bool({given.plain, without} & set(arns)))

    def beside(self, task: Turned, parts: TurnedParts | None = None) -> Turned:
        """Return the task definition with the service and the cluster. ``parts`` is as for ``Turned``."""
        both = task.copied()
        for root, address, attributes in (
            ("service", self.address, self.attributes),
            ("cluster", self.cluster_address, self.cluster),
        ):
            if attributes is not None:
                both.beside(root, address, attributes, members_beside(root), parts)
        return both

    def asks_alone(self) -> Holder | None:
        """Return the first role that it needs regardless of its task definition."""
        alone = self.beside(Turned(self.address, {"containerDefinitions": []}))
        workload = Workload("", alone.tree, alone.settings)
        found = discover(workload, Facts())
        holders = (*(need.holder for need in found.needs), *(gap.holder for gap in found.gaps))
        return next(iter(holders), None)


def cluster_of(attributes: Attributes, found: Mapping[str, Attributes]) -> tuple[str, Attributes | None]:
    """Return the cluster of a service, among those available by address."""
    named = attributes.get("cluster")
    symbols: tuple[Any, ...] = ()
    if isinstance(named, Value) and isinstance(named.data, Expression | str):
        symbols = (named.data,) if isinstance(named.data, Expression) else _symbols(named.data)
    for symbol in symbols:
        if isinstance(symbol, Expression) and symbol.address in found:
            return symbol.address, found[symbol.address]
    for address, each in found.items():
        name = each.get("name")
        if isinstance(named, Value) and isinstance(name, Value) and named.data == name.data and named.data:
            return address, each
    return "", None


def _symbols(value: str) -> tuple[Any, ...]:
    return value.symbols if isinstance(value, Text) else ()


def beside_services(
    task: Turned, services: Sequence[Service], arns: Sequence[str] = (), parts: TurnedParts | None = None
) -> Iterator[Turned]:
    """Yield the task definition with each service that runs it; alone if none does. ``parts`` is as for ``Turned``."""
    running = [each for each in services if each.runs(task, arns)]
    yield from (each.beside(task, parts) for each in running) if running else (task,)
