"""A template with the parameter values of one deployment."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.diff import Difference, difference
from cfnroles.answers.grants import RoleGrant
from cfnroles.answers.template_grants import template_grants
from cfnroles.deploy.stacks_file import Pairs
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import ResolvedStack, Template


class FilledTemplate(Struct, frozen=True):
    """A template with the values of one deployment. Parameters without a value have their defaults."""

    template: Template
    given: Given

    @classmethod
    def of(cls, template: Template, kept: Pairs, new: Pairs, home: Given = NOTHING_GIVEN) -> FilledTemplate:
        """Return the template in an account and Region, with the ``new`` values and the ``kept`` ones.

        CloudFormation does not return values of NoEcho parameters, so kept ones are unknown.
        """
        unknown = dict.fromkeys(set(template.secret_parameters).intersection(dict(kept)))
        return cls(template, replace(home, parameters={**dict(kept), **unknown, **dict(new)}))

    @property
    def stack(self) -> ResolvedStack:
        """Resolve the template with these values. What they do not decide stays open."""
        return self.template.resolve(self.given)

    @property
    def grants(self) -> tuple[RoleGrant, ...]:
        """What its roles allow. A grant that depends on an undecided condition has it as its guard."""
        return template_grants(self.template, self.given, deployed=True)


def permission_changes(old: FilledTemplate | None, new: FilledTemplate) -> Difference:
    """Return the changes in permissions if ``new`` replaces ``old``; ``None`` if nothing is deployed."""
    return difference(old.grants if old else (), new.grants)
