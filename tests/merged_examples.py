"""Examples of the feature table side by side in one task definition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cfnroles.table.examples import example_workload
from cfnroles.table.feature import Feature
from cfnroles.workload import EXPRESS


def merged(features: Iterable[Feature]) -> dict[str, Any]:
    """One task definition with the examples of `features`, each in a container and a volume of its own."""
    tree: dict[str, Any] = {"family": "shop", "containerDefinitions": []}
    for number, feature in enumerate(features):
        for name, value in example_workload(feature).tree.items():
            if name == "containerDefinitions":
                tree[name].append({"image": "nginx", "memory": 128, **value[0], "name": f"c{number}"})
            elif name == "volumes":
                tree.setdefault(name, []).append({**value[0], "name": f"v{number}"})
            # Express Mode takes one container, and no settings of others.
            elif name not in ("family", EXPRESS):
                tree[name] = value
    return tree
