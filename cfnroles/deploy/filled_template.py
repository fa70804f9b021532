"""A template together with the values that its parameters have in one deployment."""

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
    """A template with the values of one deployment; parameters without one have their defaults."""

    template: Template
    given: Given

    @classmethod
    def of(cls, template: Template, kept: Pairs, new: Pairs, home: Given = NOTHING_GIVEN) -> FilledTemplate:
        """The template in a home, an account and Region, with the ``new`` values and those ``kept`` from before.

        CloudFormation never tells the values of NoEcho parameters, so nobody knows which were kept.
        """
        unknown = dict.fromkeys(set(template.secret_parameters).intersection(dict(kept)))
        return cls(template, replace(home, parameters={**dict(kept), **unknown, **dict(new)}))

    @property
    def stack(self) -> ResolvedStack:
        """What these values make of the template: what they decide is decided, what they leave open stays open."""
        return self.template.resolve(self.given)

    @property
    def grants(self) -> tuple[RoleGrant, ...]:
        """What its roles may do; a grant that depends on an undecided condition has it as its guard."""
        return template_grants(self.template, self.given, deployed=True)


def permission_changes(old: FilledTemplate | None, new: FilledTemplate) -> Difference:
    """What deploying ``new`` over ``old`` does to the permissions of each role; ``None`` where nothing is deployed."""
    return difference(old.grants if old else (), new.grants)
