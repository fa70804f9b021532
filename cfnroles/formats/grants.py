"""Grants in words: actions, resources and conditions, the same in all formats."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cfnroles.answers.grants import GrantKind, RoleGrant
from cfnroles.markdown import Markup, code, inline


class Line(Struct, frozen=True):
    """One line about a grant: our words, then a text of the document."""

    words: str
    text: str = ""

    def __str__(self) -> str:
        return self.words + self.text

    @property
    def markdown(self) -> Markup:
        """Return the line with the document's text as code."""
        return inline(self.words, code(self.text))


def actions_of(grant: RoleGrant) -> str:
    """Return the actions in words, or the unreadable part."""
    if not grant.actions:
        return "a part of the policy that only CloudFormation can work out"
    return ("all actions but " if grant.not_actions else "") + ", ".join(grant.actions)


def resources_of(grant: RoleGrant) -> Iterator[Line]:
    """Yield a line for each resource, principal of a trust policy, or ARN of a managed policy or boundary."""
    word = {GrantKind.PERMISSION: "on ", GrantKind.NEED: "on ", GrantKind.TRUST: "by "}.get(grant.kind, "")
    for resource in grant.resources:
        yield Line(word + ("all but " if grant.not_resources else ""), resource)


def conditions_of(grant: RoleGrant) -> Iterator[Line]:
    """Yield a line for each condition of the statement, and each template condition that it depends on."""
    for condition in grant.conditions:
        yield Line("if ", f"{condition.key} {condition.operator} {' or '.join(condition.values)}".strip())
    for guard in grant.guards:
        yield Line(f"if {guard}")


def when(grant: RoleGrant) -> list[dict[str, object]]:
    """Return the template conditions of a grant for JSON."""
    return [
        {
            "parameter" if guard.parameter else "condition": guard.name,
            "holds": guard.holds,
            "byDefault": guard.by_default,
        }
        for guard in grant.guards
    ]
