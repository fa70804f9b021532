"""The actions that AWS has, from awacs."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from cfnroles.sources.service_spec.types import nearest
from cfnroles.spelling import meant

#: Services whose module has another name than their prefix, which is a keyword of Python.
_MODULES = {"lambda": "awslambda"}


def unknown_action(action: str) -> str:
    """Return what to write instead of ``action``; empty for an existing action.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    prefix, _, name = action.partition(":")
    names = _actions(prefix)
    if not names:
        return nearest(prefix, _prefixes())
    if name in names:
        return ""
    near = next((other for other in names if other.lower() == name.lower()), None)
    if near:
        return f"Did you mean '{prefix}:{near}'?"
    if len(names) < 20 or meant(name, names):
        return nearest(name, names)
    return "The service authorization reference lists the service's actions."


@cache
def _actions(prefix: str) -> tuple[str, ...]:
    module = _MODULES.get(prefix, prefix.replace("-", "_"))
    if not module.isidentifier() or module in ("aws", "helpers"):
        return ()
    try:
        members = vars(importlib.import_module(f"awacs.{module}"))
    except ModuleNotFoundError:
        return ()
    return tuple(
        sorted(
            str(value.action) for value in members.values() if getattr(value, "prefix", None) == prefix and value.action
        )
    )


@cache
def _prefixes() -> tuple[str, ...]:
    awacs = importlib.import_module("awacs")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(awacs.__path__)))
