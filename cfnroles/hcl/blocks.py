"""Blocks in resources as values, including those of ``dynamic``.

https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks
"""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Block, Body
from cfnroles.hcl.values import Failed, Lazy, Value, elements, first_unknown, is_known, plain


def blocks_in(body: Body, kind: str, scope: Scope) -> Value | None:
    """Return the blocks of a type in a body, each as an object; ``None`` if there is none.

    If the number of blocks of a ``dynamic`` block is unknown, its expression represents them.
    """
    found: list[Value] = []
    place = body.place
    open_ = False
    for block in body.blocks:
        if block.type == kind:
            found.append(_object(block, scope))
            place = found[0].place
        elif block.type == "dynamic" and block.labels == (kind,):
            made = _dynamic(block, kind, scope)
            open_ = open_ or isinstance(made, Value)
            found += [made] if isinstance(made, Value) else made
            place = block.place
    if not found:
        return None
    return Value(Partial(found) if open_ else found, place)


def _object(block: Block, scope: Scope) -> Value:
    made = {name: evaluate(node, scope) for name, node in block.body.arguments.items()}
    kinds = (each.labels[0] if each.type == "dynamic" and each.labels else each.type for each in block.body.blocks)
    for kind in dict.fromkeys(kinds):
        inner = blocks_in(block.body, kind, scope)
        if inner is not None:
            made[kind] = inner
    return Value(made, block.place)


def _dynamic(block: Block, kind: str, scope: Scope) -> list[Value] | Value:
    node, content = block.body.arguments.get("for_each"), block.body.of("content")
    if node is None or not content:
        raise Failed(f"the dynamic block {kind} has no for_each or no content", block.place)
    collection = evaluate(node, scope)
    if isinstance(collection.data, Lazy):
        collection = collection.data.all(node.place)
    if collection.unknown or isinstance(collection.data, Partial):
        # The blocks are made from the collection; its elements are not the blocks.
        return Value(replace(scope.open(node, first_unknown(collection)), written=""), node.place)
    iterator = block.body.arguments.get("iterator")
    name = iterator.written if iterator else kind
    made = []
    for key, value in elements(collection):
        each = Value({"key": key, "value": value}, value.place)
        called = plain(key) if is_known(key) and isinstance(key.data, str | int) else "..."
        made.append(_object(content[0], scope.binding(f"{name} = {called}", {name: each})))
    return made
