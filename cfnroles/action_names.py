"""The names of IAM's actions, as far as awacs knows them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

import awacs

#: The one module of awacs that has another name than its service, whose own is a keyword; and those of no service.
_MODULES = {"lambda": "awslambda"}
_PREFIXES = {module: service for service, module in _MODULES.items()}
_NO_SERVICES = frozenset({"aws", "helpers"})


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """The prefixes of all services, sorted."""
    names = (_PREFIXES.get(each.name, each.name.replace("_", "-")) for each in pkgutil.iter_modules(awacs.__path__))
    return tuple(sorted(name for name in names if name not in _NO_SERVICES))


@lru_cache(maxsize=512)
def actions_of(service: str) -> tuple[str, ...]:
    """The actions of a service by its prefix, sorted; empty for a service that is not known."""
    if service not in services():
        return ()  # what a document says is never imported
    module = importlib.import_module(f"awacs.{_MODULES.get(service, service.replace('-', '_'))}")
    found = (value for value in vars(module).values() if not isinstance(value, type))
    names = {f"{each.prefix}:{each.action}" for each in found if hasattr(each, "prefix") and hasattr(each, "action")}
    return tuple(sorted(names))


def spelled(action: str) -> str:
    """An action as IAM's reference spells it, whatever its case; as it is given, but for the prefix, if unknown."""
    service, _, name = action.partition(":")
    low = action.lower()
    return next((each for each in actions_of(service.lower()) if each.lower() == low), f"{service.lower()}:{name}")
