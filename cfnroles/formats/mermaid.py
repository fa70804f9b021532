"""A graph of permissions as Mermaid, which GitHub, GitLab and many editors render.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cfnroles.answers.graph import Column, Graph, GraphNode, Status
from cfnroles.formats.explanation import NOTHING
from cfnroles.page import Page, page, verbatim, visible

#: Mermaid's default limits: edges, and characters of the text.
#: https://mermaid.js.org/config/schema-docs/config.html
MOST_EDGES, MOST_TEXT = 500, 50_000

# Characters with a meaning in Mermaid, in its Markdown or in HTML are written as numeric entities.
_SPECIAL = re.compile(r"[^A-Za-z0-9 :/.,?=()_\[\]{}$+-]|^[0-9+-]")
_SHAPES = {
    Column.CONTAINER: ('(["', '"])'),
    Column.FIELD: ('["', '"]'),
    Column.STATEMENT: ('[["', '"]]'),
    Column.RESOURCE: ('("', '")'),
}
_CLASSES = {
    "gap": "stroke-dasharray:5 4",
    "added": "stroke:#1a7f37,stroke-width:3px",
    "removed": "stroke:#cf222e,stroke-width:3px,stroke-dasharray:2 3",
}
_SIGNS = {Status.KEPT: "", Status.ADDED: "+ ", Status.REMOVED: "- "}


def mermaid(graphs: Sequence[Graph]) -> Page:
    """Return one flowchart, with a box around each task definition if there are several."""
    return verbatim(page(_flowchart(graphs)))


def too_large(graphs: Sequence[Graph]) -> str:
    """Return why Mermaid may not render them, in one sentence; empty if it will."""
    edges, size = sum(len(each.edges) for each in graphs), len(mermaid(graphs))
    if edges <= MOST_EDGES and size <= MOST_TEXT:
        return ""
    return (
        f"Mermaid draws {MOST_EDGES} edges and {MOST_TEXT:,} characters unless its page allows more; this graph has"
        f" {edges} and {size:,}. Use --format html, or --resource for one task definition."
    )


def _flowchart(graphs: Sequence[Graph]) -> Iterator[str]:
    yield "flowchart LR"
    if not any(graph.nodes for graph in graphs):
        yield f'  g0n0["{_text(NOTHING)}"]'
    used: set[str] = set()
    for number, graph in enumerate(graphs):
        indent = "    " if graph.title else "  "
        if graph.title:
            yield f'  subgraph g{number}["{_text(graph.title)}"]'
        nodes = graph.nodes
        for at, node in enumerate(nodes):
            kind = _class(node)
            used |= {kind} - {""}
            yield f"{indent}g{number}n{at}{_box(node)}{f':::{kind}' if kind else ''}"
        for one, other in graph.edges:
            yield f"{indent}g{number}n{one} {'-.->' if nodes[other].is_gap else '-->'} g{number}n{other}"
        if graph.title:
            yield "  end"
    yield from (f"  classDef {kind} {style}" for kind, style in _CLASSES.items() if kind in used)


def _class(node: GraphNode) -> str:
    return "gap" if node.is_gap else "" if node.status is Status.KEPT else str(node.status)


def _box(node: GraphNode) -> str:
    opening, closing = _SHAPES[node.column]
    lines = (f"{_SIGNS[node.status]}{node.label}", *node.more)
    return f"{opening}{'<br/>'.join(map(_text, lines))}{closing}"


def _text(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", visible(text))
