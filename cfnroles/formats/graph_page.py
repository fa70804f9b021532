"""A graph of permissions as one self-contained HTML page: the picture, and a table with the same content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from cfnroles.answers.explanation import conditions_told
from cfnroles.answers.graph import Column, Graph, GraphNode, Status, Trace
from cfnroles.counted import counted
from cfnroles.formats.explanation import NOTHING
from cfnroles.formats.html import Child, element, html_page, link
from cfnroles.page import Page

_HEADS = {
    Column.CONTAINER: "Container",
    Column.FIELD: "Field",
    Column.STATEMENT: "Statement of a role",
    Column.RESOURCE: "Resource",
}
_DIVIDED = re.compile(r"(?<=[:/.\]_-])(?=.)|(?<=[a-z])(?=[A-Z])")
_SIGNS = {Status.KEPT: "", Status.ADDED: "+ ", Status.REMOVED: "− "}


def graph_page(name: str, graphs: Sequence[Graph]) -> Page:
    """Return the page about ``name``."""
    title = f"Permissions of {name}"
    return html_page(title, _body(title, graphs), style=_file("graph.css"), script=_file("graph.js"))


def _body(title: str, graphs: Sequence[Graph]) -> Iterator[Child]:
    traces = [trace for graph in graphs for trace in graph.traces]
    if not traces:
        yield element("header", element("h1", title), element("p", NOTHING, class_="soft"))
        return
    how = element("span", " Point at a box, or select it, to see why it is there.", class_="how")
    yield element("header", element("h1", title), element("p", _summary(traces), how, class_="soft"))
    yield _filters(traces)
    yield from (_section(number, graph) for number, graph in enumerate(graphs))
    closing = element("button", "×", type="button", aria_label="Close")
    yield element("aside", closing, element("div"), class_="why", aria_live="polite", aria_label="Why", hidden="")


def _summary(traces: Sequence[Trace]) -> str:
    statements = {trace.granted[:2] for trace in traces if trace.statement}
    told = f"{counted(len(statements), 'statement')} of {counted(len({role for _, role in statements}), 'role')}"
    gaps = len({trace.gap for trace in traces if trace.gap})
    changes = [
        f"{counted(sum(trace.status is status for trace in traces), 'permission')} {status}"
        for status in (Status.ADDED, Status.REMOVED)
        if any(trace.status is not Status.KEPT for trace in traces)
    ]
    known = [f"{gaps} not granted, because a name is unknown"] * bool(gaps)
    return f"{', '.join([told, *known, *changes])}."


def _filters(traces: Sequence[Trace]) -> Element:
    """Return the filters, which are hidden without the script."""
    containers = dict.fromkeys(trace.container for trace in traces)
    roles = dict.fromkeys(str(trace.holder) for trace in traces)
    return element(
        "div",
        *(
            element("fieldset", element("legend", head), *(_box(name, value) for value in values))
            for head, name, values in (("Containers", "container", containers), ("Roles", "role", roles))
        ),
        class_="filters",
        hidden="",
    )


def _box(name: str, value: str) -> Element:
    shown = value.removeprefix("container ")
    return element("label", element("input", type="checkbox", name=name, value=value, checked=""), shown)


def _section(number: int, graph: Graph) -> Element:
    nodes = graph.nodes
    columns = (_column(number, column, nodes) for column in Column)
    return element(
        "section",
        *([element("h2", f"{graph.title[0].upper()}{graph.title[1:]}")] if graph.title else []),
        element("div", element("svg", aria_hidden="true"), *columns, class_="graph"),
        element("details", element("summary", "The same as a table"), _table(graph)),
    )


def _column(number: int, column: Column, nodes: Sequence[GraphNode]) -> Element:
    boxes = (_node(f"n{number}-{at}", node) for at, node in enumerate(nodes) if node.column is column)
    return element("div", element("h3", _HEADS[column]), element("ol", *boxes), class_=f"column {column}")


def _node(identity: str, node: GraphNode) -> Element:
    kind = "gap" if node.is_gap else "" if node.status is Status.KEPT else str(node.status)
    button = element(
        "button",
        element("b", *_breakable(f"{_SIGNS[node.status]}{node.label}")),
        *(element("span", *_breakable(line)) for line in node.more),
        type="button",
        class_=f"node {kind}".strip(),
        id=identity,
        aria_pressed="false",
        data_traces=" ".join(map(str, node.traces)),
    )
    return element("li", button)


def _table(graph: Graph) -> Element:
    heads = ("container", "field", "role", "statement", "resource", "why")
    return element(
        "table",
        element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
        element("tbody", *(_row(number, trace) for number, trace in enumerate(graph.traces))),
    )


def _row(number: int, trace: Trace) -> Element:
    label, *more = trace.field
    sid, _, *actions = trace.granted
    cells = (
        element("td", trace.container),
        element("td", f"{_SIGNS[trace.status]}{label}", class_="place"),
        element("td", str(trace.holder)),
        element("td", element("b", sid), *(part for each in actions for part in (element("br"), *_breakable(each)))),
        element("td", *_breakable(trace.resource), *_conditions(trace)),
        element("td", *_why(trace), *_at(more), class_="reason"),
    )
    kind = "gap" if trace.gap else "" if trace.status is Status.KEPT else str(trace.status)
    return element(
        "tr",
        *cells,
        class_=kind,
        data_traces=str(number),
        data_container=trace.container,
        data_role=str(trace.holder),
    )


def _conditions(trace: Trace) -> Iterator[Child]:
    """Yield the conditions of this field's need, without those of the statement's other fields."""
    if trace.statement is None:
        return
    own = dict.fromkeys(condition for each in sorted(trace.permissions) for condition in each.conditions)
    for condition in conditions_told(replace(trace.statement, conditions=tuple(own)), trace.whole):
        yield from (element("br"), element("span", f"if {condition}", class_="soft"))


def _why(trace: Trace) -> Iterator[Child]:
    if trace.gap:
        yield f"{trace.gap.what}. {trace.gap.remedy}"
    for number, reason in enumerate(trace.reasons):
        told = f"; {reason.told}" if reason.told else ""
        yield from (f"{'; ' if number else ''}{reason.why} (", link("AWS", reason.source), f"{told})")


def _at(more: Sequence[str]) -> Iterator[Child]:
    yield from (element("br"), element("span", ", ".join(reversed(more)), class_="soft"))


def _breakable(text: str) -> Iterator[Child]:
    """Yield the text with a line break opportunity after each separator of an ARN, a path or a name."""
    first, *others = _DIVIDED.split(text)
    yield first
    for other in others:
        yield from (element("wbr"), other)


def _file(name: str) -> str:
    return files("cfnroles.formats").joinpath(name).read_text(encoding="utf-8")
