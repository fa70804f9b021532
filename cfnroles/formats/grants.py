"""Grants in words: what a role may do, on what and under which conditions, the same wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cfnroles.answers.grants import GrantKind, RoleGrant
from cfnroles.markdown import Markup, code, inline


class Line(Struct, frozen=True):
    """One line of what a grant is about: words of ours, then a text of the document's."""

    words: str
    text: str = ""

    def __str__(self) -> str:
        return self.words + self.text

    @property
    def markdown(self) -> Markup:
        """The line with the document's text as code."""
        return inline(self.words, code(self.text))


def actions_of(grant: RoleGrant) -> str:
    """The actions in words; of a part that could not be read, that."""
    if not grant.actions:
        return "a part of the policy that only CloudFormation can work out"
    return ("all actions but " if grant.not_actions else "") + ", ".join(grant.actions)


def resources_of(grant: RoleGrant) -> Iterator[Line]:
    """A line for each resource, each principal of a trust policy, or the ARN of a managed policy or boundary."""
    word = {GrantKind.PERMISSION: "on ", GrantKind.NEED: "on ", GrantKind.TRUST: "by "}.get(grant.kind, "")
    for resource in grant.resources:
        yield Line(word + ("all but " if grant.not_resources else ""), resource)


def conditions_of(grant: RoleGrant) -> Iterator[Line]:
    """A line for each condition of the statement, and for each of the template that it depends on."""
    for condition in grant.conditions:
        yield Line("if ", f"{condition.key} {condition.operator} {' or '.join(condition.values)}".strip())
    for guard in grant.guards:
        yield Line(f"if {guard}")


def when(grant: RoleGrant) -> list[dict[str, object]]:
    """The conditions of the template that a grant depends on, for programs."""
    return [
        {
            "parameter" if guard.parameter else "condition": guard.name,
            "holds": guard.holds,
            "byDefault": guard.by_default,
        }
        for guard in grant.guards
    ]
