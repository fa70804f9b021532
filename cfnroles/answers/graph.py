"""Permissions as a graph: fields of containers, statements, and resources.

graphs = graph(explain(reading), reading.texts)
graphs[0].nodes
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.explanation import ExplainedStatement, Explanation, resource_told
from cfnroles.lines import Lines, Texts
from cfnroles.need import Gap, Holder, Need, Origin, Permission, Reason
from cfnroles.statements import Statement

_CONTAINER = re.compile(r"^containerDefinitions\[\d+\]\.")


class Status(StrEnum):
    """The effect of a change on a permission. A graph of one version has only kept ones."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


class Column(StrEnum):
    """The column of a node, from left to right."""

    CONTAINER = "container"
    FIELD = "field"
    STATEMENT = "statement"
    RESOURCE = "resource"


class Trace(Struct, frozen=True):
    """A path from a field of a container through a statement of a role to a resource.

    ``permissions`` are those of the statement that this field needs on this resource. ``statement`` is ``None`` for a
    gap, which has only a role and a field. ``line`` is that of the field, 0 if it is not in the document; ``whole``
    contains the task definition.
    """

    holder: Holder
    origin: Origin
    line: int
    statement: Statement | None
    resource: str
    permissions: frozenset[Permission] = frozenset()
    reasons: tuple[Reason, ...] = ()
    when: str = ""
    gap: Gap | None = None
    whole: str = ""
    status: Status = Status.KEPT

    @property
    def container(self) -> str:
        """The container, or the owner of a field outside of containers."""
        return f"container {self.origin.container}" if self.origin.container else "the whole task"

    @property
    def field(self) -> tuple[str, ...]:
        """The names of the field, and its position."""
        at = f"{self.origin.document}:{self.line}" if self.line else self.origin.document
        return tuple(dict.fromkeys((self.origin.item or self._within, self._within, at)))

    @property
    def _within(self) -> str:
        """The path of the field in its container."""
        return _CONTAINER.sub("", self.origin.pointer)

    @property
    def granted(self) -> tuple[str, ...]:
        """The Sid of the statement, its role, its actions, and its template condition."""
        if self.statement is None:
            return ("no statement", str(self.holder), *(self.gap.actions if self.gap else ()))
        only = (f"only if {self.when}",) if self.when else ()
        return (self.statement.sid, str(self.holder), *self.statement.actions, *only)

    @property
    def identity(self) -> tuple[object, ...]:
        """The identity across versions, which may move fields and renumber Sids."""
        what = self.gap.what if self.gap else ""
        return (self.holder, self.origin.place, self.when, self.permissions, self.resource, what)


class GraphNode(Struct, frozen=True):
    """A node in a column, with its label, details, and the numbers of its traces."""

    column: Column
    label: str
    more: tuple[str, ...]
    traces: tuple[int, ...]
    status: Status
    is_gap: bool


class Graph(Struct, frozen=True):
    """The permissions that one task definition needs. ``title`` is empty for a single task definition."""

    title: str
    traces: tuple[Trace, ...]

    @property
    def nodes(self) -> tuple[GraphNode, ...]:
        """The nodes by column, in the order of the traces."""
        found: dict[tuple[Column, object], list[int]] = {}
        for column in Column:
            for number, trace in enumerate(self.traces):
                found.setdefault((column, _identity(trace, column)), []).append(number)
        return tuple(self._node(column, numbers) for (column, _), numbers in found.items())

    @property
    def edges(self) -> dict[tuple[int, int], tuple[int, ...]]:
        """The pairs of nodes that a trace connects, with the numbers of their traces."""
        at = {(node.column, number): n for n, node in enumerate(self.nodes) for number in node.traces}
        found: dict[tuple[int, int], list[int]] = {}
        for number in range(len(self.traces)):
            way = [at[column, number] for column in Column]
            for pair in pairwise(way):
                found.setdefault(pair, []).append(number)
        return {pair: tuple(numbers) for pair, numbers in found.items()}

    def _node(self, column: Column, numbers: list[int]) -> GraphNode:
        through = [self.traces[number] for number in numbers]
        label, *more = _lines_of(through[0], column)
        statuses = {trace.status for trace in through}
        status = statuses.pop() if len(statuses) == 1 else Status.KEPT
        gap = column in (Column.STATEMENT, Column.RESOURCE) and all(trace.gap for trace in through)
        return GraphNode(column, label, tuple(more), tuple(numbers), status, gap)


def graph(explanations: Iterable[Explanation], texts: Texts) -> tuple[Graph, ...]:
    """Return the graph of each explained task definition."""
    lines = Lines(texts)
    found = ((_title(each), tuple(sorted(_traces(each, lines), key=_order))) for each in explanations)
    return tuple(Graph(title, traces) for title, traces in found if traces)


def compared(before: Sequence[Graph], after: Sequence[Graph]) -> tuple[Graph, ...]:
    """Merge the graphs of two versions by title, with removed and added traces."""
    old, new = ({each.title: each for each in graphs} for graphs in (before, after))
    return tuple(_merged(title, old.get(title), new.get(title)) for title in dict.fromkeys((*new, *old)))


def _merged(title: str, old: Graph | None, new: Graph | None) -> Graph:
    was, now = ({trace.identity: trace for trace in graph.traces} if graph else {} for graph in (old, new))
    kept = [trace if identity in was else replace(trace, status=Status.ADDED) for identity, trace in now.items()]
    gone = [replace(trace, status=Status.REMOVED) for identity, trace in was.items() if identity not in now]
    return Graph(title, tuple(sorted((*kept, *gone), key=_order)))


def _order(trace: Trace) -> tuple[object, ...]:
    document, path = trace.origin.sort_key
    sid = trace.statement.sid if trace.statement else ""
    return (path, document, trace.holder, trace.statement is None, sid, trace.resource, trace.when)


def _title(explanation: Explanation) -> str:
    if explanation.unseen:
        return f"the rest of the {explanation.whole}"
    if explanation.service:
        return f"service {explanation.service}"
    of = f" of {explanation.stack}" if explanation.stack else ""
    return f"{explanation.noun} {explanation.called}{of}" if explanation.resource else ""


def _traces(explanation: Explanation, lines: Lines) -> Iterator[Trace]:
    for _, statements in explanation.roles:
        for explained in statements:
            yield from _of_statement(explained, explanation.whole, lines)
    for gap in explanation.gaps:
        yield Trace(gap.holder, gap.origin, lines.line(gap.origin), None, "unknown", gap=gap)


def _of_statement(explained: ExplainedStatement, whole: str, lines: Lines) -> Iterator[Trace]:
    statement = explained.statement
    found: dict[tuple[Origin, str], list[Need]] = {}
    for need in statement.needs:
        resource = _resource_of(need.permission.resource, statement)
        found.setdefault((need.origin, resource), []).append(need)
    for (origin, resource), needs in found.items():
        yield Trace(
            statement.holder,
            origin,
            lines.line(origin),
            statement,
            resource_told(resource, whole),
            frozenset(need.permission for need in needs),
            tuple(dict.fromkeys(need.reason for need in needs)),
            explained.when,
            whole=whole,
        )


def _resource_of(resource: str, statement: Statement) -> str:
    """Return the resource as the statement has it: part of a wider one, if `compose` dropped the need."""
    if resource in statement.resources:
        return resource
    wide = (each for each in statement.resources if each.endswith("*") and resource.startswith(each[:-1]))
    return next(wide, resource)


def _lines_of(trace: Trace, column: Column) -> tuple[str, ...]:
    found: Mapping[Column, tuple[str, ...]] = {
        Column.CONTAINER: (trace.container,),
        Column.FIELD: trace.field,
        Column.STATEMENT: trace.granted,
        Column.RESOURCE: (trace.resource,),
    }
    return found[column]


def _identity(trace: Trace, column: Column) -> object:
    """Return the key of a trace's node. Two fields may have one line and name and still be two nodes."""
    return trace.origin if column is Column.FIELD else _lines_of(trace, column)
