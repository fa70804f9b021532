"""Prompts for parameters without a value."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cfnroles.cli.terminal import ask, is_asked, say

if TYPE_CHECKING:
    from cfnroles.deploy.parameters import Ask, MissingParameter


def prompts(*, plan_only: bool) -> Ask | None:
    """Return the function that asks for missing values; ``None`` without a terminal, and for a plan."""
    return _prompted if not plan_only and is_asked() else None


def _prompted(missing: Sequence[MissingParameter]) -> dict[str, str]:
    return {each.name: _value(each) for each in missing}


def _value(missing: MissingParameter) -> str:
    told = missing.description or "No description."
    if missing.default is not None:
        told = f"Use the same value as for the template. {missing.description}".rstrip()
    say(f"{told} ({', '.join(missing.stacks)})", err=True)
    admitted = functools.partial(_admitted, missing)
    return ask(missing.name, admitted, hidden=missing.is_secret, default=missing.default)


def _admitted(missing: MissingParameter, value: str) -> str:
    if refusal := missing.refusal(value):
        raise ValueError(refusal)
    return value
