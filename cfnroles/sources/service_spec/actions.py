"""Which actions AWS has, as awacs knows them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from cfnroles.sources.service_spec.types import nearest

#: Services whose module has another name than their prefix, because that is a keyword of Python.
_MODULES = {"lambda": "awslambda"}


def unknown_action(action: str) -> str:
    """What to write instead of ``action``; empty for an action that exists.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    prefix, _, name = action.partition(":")
    names = _actions(prefix)
    if not names:
        return nearest(prefix, _prefixes())
    if name in names:
        return ""
    lowered = {other.lower(): other for other in names}
    if name.lower() in lowered:
        return f"Did you mean '{prefix}:{lowered[name.lower()]}'?"
    return nearest(name, names) if len(names) < 20 else _nearest_of_many(name, names)


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


def _nearest_of_many(name: str, names: tuple[str, ...]) -> str:
    remedy = nearest(name, names)
    return remedy if remedy.startswith("Did") else "The service authorization reference lists the service's actions."
