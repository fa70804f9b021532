"""An option for each kind of role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from cfnroles.cli.completed import FILE
from cfnroles.need import Holder
from cfnroles.role_kinds import ROLE_KINDS, RoleKind

Command = Callable[..., Any]


def role_options(*, several: bool = False) -> Callable[[Command], Command]:
    """Add the options to a command. With ``several``, each can be repeated."""
    more = " Repeatable." if several else ""

    def decorated(command: Command) -> Command:
        for kind in reversed(ROLE_KINDS):
            about: dict[str, Any] = {"multiple": True} if several else {"default": ""}
            option = click.option(
                kind.option_name, _taken_as(kind), metavar="ROLE", type=FILE, help=f"The {kind.holder}.{more}", **about
            )
            command = option(command)
        return command

    return decorated


def taken_roles(given: dict[str, Any]) -> Mapping[Holder, Any]:
    """Remove the given roles from click's arguments and return them by holder."""
    return {kind.holder: given.pop(_taken_as(kind)) for kind in ROLE_KINDS}


def _taken_as(kind: RoleKind) -> str:
    return kind.key.replace("-", "_")
