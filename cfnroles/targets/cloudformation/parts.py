"""The parts from which the stacks of one service are written."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace
from troposphere import Parameter

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Holder
from cfnroles.options import RoleOptions
from cfnroles.targets.cloudformation import roles, secret_validator
from cfnroles.targets.cloudformation.settled import USUAL, Form
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.workload import Workload


class Parts(Struct, frozen=True):
    """The parts from which the stacks of one service are written.

    ``name`` begins the names of its stacks and ``stem`` those of its files. ``secrets`` maps ARNs to parameter names.
    ``exports``, ``validator`` and ``check_role`` are the names under which the task finds its roles, the validator, and
    the role that a shared validator assumes. ``form`` is how the templates are written.
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
    check_role: str = ""
    label: str = ""
    form: Form = USUAL

    def gated(self, number: int) -> Parts:
        """Return the same with the names of the validator that has this number among a project's."""
        export = secret_validator.export_name(number, shared=self.form.shared_gate)
        if self.form.shared_gate:
            return replace(self, validator=secret_validator.SHARED_EXPORT, check_role=export)
        return replace(self, validator=export)

    @property
    def spelling(self) -> Spelling:
        """How the stacks spell names."""
        return Spelling(self.facts, self.secrets)
