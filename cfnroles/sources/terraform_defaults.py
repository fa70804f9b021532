"""The defaults of variables that are the cause of a gap."""

from __future__ import annotations

from collections.abc import Mapping

from cfnroles.hcl.syntax import Node, Place

#: The variables of the root whose default was used, with that default.
Defaults = Mapping[str, Node]


def remedy_for(cause: Place | None, defaults: Defaults) -> str:
    """Return how to replace the default that is written at a place; empty if none is."""
    for name, node in defaults.items():
        if cause is not None and node.place <= cause <= node.source.place(node.end):
            return f"Pass --parameter {name}=VALUE"
    return ""
