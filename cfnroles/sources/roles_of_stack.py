"""Roles of a stack that was built for a task definition of Terraform, in Terraform's terms.

The parameters of such a stack have the values of expressions, which its template records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.document import parse
from cfnroles.facts import Facts
from cfnroles.files import ACCOUNT, is_file, read_text
from cfnroles.iam.roles import Role, RolePolicy, Unread
from cfnroles.sources.roles import file_and_name, read_role_of

#: The key in `Metadata.cfnroles` of such a template: the expression of each of its parameters.
EXPRESSIONS = "expressions"
_SYMBOL = re.compile(r"\$\{([^{}!]+)\}")


def role_of_stack(named: str, facts: Facts) -> Role:
    """Return the role of ``read_role_of`` with Terraform's expressions in place of its parameters.

    All other values of its template are unknown before deployment.
    """
    recorded = _recorded(file_and_name(named)[0])
    spelled = {name: f"${{{each}}}" for name, each in recorded.items()}
    return replace(with_symbols(read_role_of(named, facts), spelled.get), parameters=())


def _recorded(file: str) -> Mapping[str, str]:
    text = read_text(file, ACCOUNT) if is_file(file) else ""
    if EXPRESSIONS not in text or "Resources" not in text:
        return {}
    found: Any = parse(text, file)
    for step in ("Metadata", "cfnroles", EXPRESSIONS):
        found = found.get(step) if isinstance(found, Mapping) else None
    return {str(name): str(each) for name, each in found.items()} if isinstance(found, Mapping) else {}


def with_symbols(role: Role, spelled: Callable[[str], str | None]) -> Role:
    """Return the role with texts in place of symbols, by name; all in the spelling of ``Fn::Sub``."""

    def text(value: str) -> str:
        return _SYMBOL.sub(lambda symbol: spelled(symbol[1]) or symbol[0], value)

    def policy(given: RolePolicy) -> RolePolicy:
        return replace(given, document=_mapped(given.document, text))

    return replace(
        role,
        policies=tuple(map(policy, role.policies)),
        trust=role.trust if isinstance(role.trust, Unread) else _mapped(role.trust, text),
        boundary=policy(role.boundary) if isinstance(role.boundary, RolePolicy) else role.boundary,
    )


def _mapped(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _mapped(each, text) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(each, text) for each in value]
    return text(value) if isinstance(value, str) else value
