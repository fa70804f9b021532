"""Names of IAM actions, from awacs."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

import awacs

#: Modules of awacs whose name is not the service prefix (a Python keyword), and modules of no service.
_MODULES = {"lambda": "awslambda"}
_PREFIXES = {module: service for service, module in _MODULES.items()}
_NO_SERVICES = frozenset({"aws", "helpers"})


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """Return the prefixes of all services, sorted."""
    names = (_PREFIXES.get(each.name, each.name.replace("_", "-")) for each in pkgutil.iter_modules(awacs.__path__))
    return tuple(sorted(name for name in names if name not in _NO_SERVICES))


@lru_cache(maxsize=512)
def actions_of(service: str) -> tuple[str, ...]:
    """Return the actions of a service prefix, sorted; empty for an unknown service."""
    if service not in services():
        return ()  # never import a name from a document
    module = importlib.import_module(f"awacs.{_MODULES.get(service, service.replace('-', '_'))}")
    found = (value for value in vars(module).values() if not isinstance(value, type))
    names = {f"{each.prefix}:{each.action}" for each in found if hasattr(each, "prefix") and hasattr(each, "action")}
    return tuple(sorted(names))


def spelled(action: str) -> str:
    """Return an action in the case that IAM's reference uses; if it is unknown, only the prefix is lowercased."""
    service, _, name = action.partition(":")
    low = action.lower()
    return next((each for each in actions_of(service.lower()) if each.lower() == low), f"{service.lower()}:{name}")
