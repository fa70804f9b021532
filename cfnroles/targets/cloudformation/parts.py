"""What the stacks of one service are made of."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from troposphere import Parameter

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Holder
from cfnroles.options import RoleOptions
from cfnroles.targets.cloudformation import roles, secret_validator
from cfnroles.targets.cloudformation.settled import NOTHING, Offered
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.workload import Workload


class Parts(Struct, frozen=True):
    """What the stacks of one service are made of.

    ``name`` begins the names of its stacks and ``stem`` those of its files. ``secrets`` maps ARNs to parameter names.
    ``exports`` and ``validator`` are the names under which the task finds its roles and the validator. ``offered`` are
    the choices that the templates leave to whoever deploys them.
    """

    project: str
    name: str
    stem: str
    workload: Workload
    discovery: Discovery
    facts: Facts
    secrets: Mapping[str, str]
    placeholders: Mapping[str, Parameter] = field(default_factory=dict)
    exports: Mapping[Holder, str] = field(default_factory=lambda: roles.EXPORTS)
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    validator: str = secret_validator.EXPORT
    label: str = ""
    offered: Offered = NOTHING

    @property
    def spelling(self) -> Spelling:
        """How the stacks spell names."""
        return Spelling(self.facts, self.secrets)
