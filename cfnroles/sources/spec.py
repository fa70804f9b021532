"""A service spec that was read: its services, and where each of their settings stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cfnroles.workload import Path


class Spec(Struct, frozen=True):
    """The spec in ``document``, whose text is ``text``. Its tree has known keys and good values only."""

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
        """The value at a path, or ``None``."""
        return _at(self.tree, path)


class Service(Struct, frozen=True):
    """One service: its own settings, and the project's defaults behind them."""

    name: str
    own: Mapping[str, Any]
    defaults: Mapping[str, Any]

    def get(self, *path: str | int) -> Any:
        """The service's own value, else the default, else ``None``."""
        if path[0] not in self.own and path[0] not in self.defaults:
            return None
        value = _at(self.own, path)
        return _at(self.defaults, path) if value is None else value

    def where(self, *path: str | int) -> Path:
        """The path in the document of what ``get`` answers."""
        own = _at(self.own, path) is not None or _at(self.defaults, path) is None
        return ("services", self.name, *path) if own else ("defaults", *path)

    def many(self, *path: str | int) -> tuple[Any, ...]:
        """The value as a tuple, whether it stands alone or in a list; empty where it is left out."""
        value = self.get(*path)
        return () if value is None else tuple(value) if isinstance(value, list) else (value,)

    def merged(self, *path: str | int) -> dict[str, Any]:
        """A mapping with the defaults and the service's own entries."""
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
