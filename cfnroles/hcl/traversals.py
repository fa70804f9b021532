"""Traversals: a name, and the steps after it.

https://developer.hashicorp.com/terraform/language/expressions/references
"""

from __future__ import annotations

from functools import lru_cache
from itertools import takewhile

from cfnroles.hcl.syntax import GetAttribute, Index, Node, Variable


@lru_cache(maxsize=16_384)  # each pass evaluates the same traversals
def chain(node: Node) -> tuple[Variable, list[GetAttribute | Index]] | None:
    """Return the first name of a traversal and its steps in order; ``None`` for anything else."""
    steps: list[GetAttribute | Index] = []
    while isinstance(node, (GetAttribute, Index)):
        steps.append(node)
        node = node.of
    return (node, steps[::-1]) if isinstance(node, Variable) else None


@lru_cache(maxsize=16_384)
def leading(node: Node) -> tuple[str, ...]:
    """Return the names after the first one, up to the first key."""
    found = chain(node)
    steps = takewhile(lambda step: isinstance(step, GetAttribute), found[1] if found else ())
    return tuple(step.name for step in steps if isinstance(step, GetAttribute))
