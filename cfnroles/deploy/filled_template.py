"""A template together with the values that its parameters have in one deployment."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cfnroles.answers.diff import Difference, difference
from cfnroles.answers.grants import Grant
from cfnroles.answers.template_grants import template_grants
from cfnroles.deploy.stacks_file import Pairs
from cfnroles.template.template import Stack, Template
from cfnroles.text import arn_of


class Home(Struct, frozen=True):
    """The account and Region of a deployment; empty where that is not known, or where it goes to several."""

    account: str = ""
    region: str = ""

    @classmethod
    def of_stack(cls, stack_id: str) -> Home:
        """Where a stack is, which its id tells."""
        arn = arn_of(stack_id)
        return cls(str(arn.account), str(arn.region)) if arn else cls()


class FilledTemplate(Struct, frozen=True):
    """A template with the values of one deployment; parameters without one have their defaults.

    The value ``None`` is one that nobody knows: CloudFormation never tells those of NoEcho parameters.
    """

    template: Template
    values: Mapping[str, str | None]
    home: Home = Home()

    @classmethod
    def of(cls, template: Template, kept: Pairs, given: Pairs, home: Home) -> FilledTemplate:
        """The template with the values ``given`` now, and those ``kept`` from an earlier deployment."""
        unknown = dict.fromkeys(set(template.secret_parameters).intersection(dict(kept)))
        return cls(template, {**dict(kept), **unknown, **dict(given)}, home)

    @property
    def stack(self) -> Stack:
        """What these values make of the template: what they decide is decided, what they leave open stays open."""
        return self.template.resolve(self.values, self.home.account, self.home.region)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What its roles may do; a grant that hangs on an undecided condition has it as its guard."""
        return template_grants(self.template, self.values, self.home.account, self.home.region, deployed=True)


def permission_changes(old: FilledTemplate | None, new: FilledTemplate) -> Difference:
    """What deploying ``new`` over ``old`` does to the permissions of each role; ``None`` where nothing is deployed."""
    return difference(old.grants if old else (), new.grants)
