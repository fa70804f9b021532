"""A service spec that was read: its services, and the place of each setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cfnroles.workload import Path


class Spec(Struct, frozen=True):
    """The spec in ``document``, with the text ``text``. Its tree has only known keys and valid values."""

    document: str
    text: str
    tree: Mapping[str, Any]

    @property
    def project(self) -> str:
        """The project's name."""
        return str(self.tree["project"])

    @property
    def services(self) -> tuple[Service, ...]:
        """The services, in the order of the document."""
        defaults = self.tree.get("defaults", {})
        return tuple(Service(name, own, defaults) for name, own in self.tree["services"].items())

    def get(self, *path: str | int) -> Any:
        """Return the value at a path, or ``None``."""
        return _at(self.tree, path)


class Service(Struct, frozen=True):
    """One service: its own settings, and the project's defaults."""

    name: str
    own: Mapping[str, Any]
    defaults: Mapping[str, Any]

    def get(self, *path: str | int) -> Any:
        """Return the service's own value, otherwise the default, otherwise ``None``."""
        if path[0] not in self.own and path[0] not in self.defaults:
            return None
        value = _at(self.own, path)
        return _at(self.defaults, path) if value is None else value

    def where(self, *path: str | int) -> Path:
        """Return the path in the document of what ``get`` returns."""
        own = _at(self.own, path) is not None or _at(self.defaults, path) is None
        return ("services", self.name, *path) if own else ("defaults", *path)

    def many(self, *path: str | int) -> tuple[Any, ...]:
        """Return the value as a tuple, also for a single one; empty if absent."""
        value = self.get(*path)
        return () if value is None else tuple(value) if isinstance(value, list) else (value,)

    def merged(self, *path: str | int) -> dict[str, Any]:
        """Return a mapping with the defaults and the service's own entries."""
        return {**(_at(self.defaults, path) or {}), **(_at(self.own, path) or {})}


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        if isinstance(tree, (dict, Mapping)):
            tree = tree.get(str(step))
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree
