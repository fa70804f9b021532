"""A graph as a page: the table says what the picture says, and the page has nothing from another place."""

from __future__ import annotations

import re
from pathlib import Path

from cfnroles import Told, explain, read
from cfnroles.answers.graph import graph
from cfnroles.formats.graph_page import graph_page


def test_the_page_says_everything_in_a_table_and_each_node_knows_its_rows(examples: Path) -> None:
    reading = read(str(examples / "shop.json"), Told())
    graphs = graph(explain(reading), reading.texts)
    text = graph_page("shop.json", graphs)
    rows = re.findall(r'<tr class="[a-z]*" data-traces="(\d+)"', text)
    assert rows == [str(number) for number in range(len(graphs[0].traces))]
    through = re.findall(r'<button type="button" class="node[^"]*"[^>]* data-traces="([\d ]+)"', text)
    assert {number for numbers in through for number in numbers.split()} == set(rows)
    for statement in {trace.statement for trace in graphs[0].traces if trace.statement}:
        # An action may break behind its service.
        assert all(action in text.replace("<wbr>", "") for action in statement.actions)


def test_the_summary_counts(examples: Path) -> None:
    reading = read(str(examples / "shop.json"), Told())
    assert "10 statements of 1 role.<" in graph_page("x", graph(explain(reading), reading.texts))


def test_the_page_loads_nothing() -> None:
    text = graph_page("x", ())
    assert not re.search(r"\bsrc=|<link|@import|url\(|\b(fetch|XMLHttpRequest|eval)\b", text)
