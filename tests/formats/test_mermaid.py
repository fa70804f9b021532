"""A graph as Mermaid: texts stay texts, and what Mermaid would not draw is said."""

from __future__ import annotations

import json
import re

import pytest

from cfnroles import Document, Told, explain, read
from cfnroles.answers.graph import Graph, compared, graph
from cfnroles.formats.mermaid import MOST_EDGES, mermaid, too_large

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def graphs_of(*names: str, image: str = f"{REGISTRY}/shop:1") -> tuple[Graph, ...]:
    containers = [{"name": name, "image": image} for name in names]
    document = Document("web.json", json.dumps({"family": "shop", "containerDefinitions": containers}))
    reading = read(document, Told(account="123456789012", region="us-east-1"))
    return graph(explain(reading), reading.texts)


def test_the_flowchart_leads_from_the_container_to_the_resource() -> None:
    assert mermaid(graphs_of("web")).split("\n") == [
        "flowchart LR",
        '  g0n0(["container web"])',
        '  g0n1["image<br/>web.json:1"]',
        '  g0n2[["GetRegistryToken<br/>execution role<br/>ecr:GetAuthorizationToken"]]',
        '  g0n3[["PullImages<br/>execution role<br/>ecr:BatchGetImage<br/>ecr:GetDownloadUrlForLayer"]]',
        '  g0n4("#42;")',
        '  g0n5("arn:aws:ecr:us-east-1:123456789012:repository/shop")',
        "  g0n0 --> g0n1",
        "  g0n1 --> g0n2",
        "  g0n2 --> g0n4",
        "  g0n1 --> g0n3",
        "  g0n3 --> g0n5",
    ]


@pytest.mark.parametrize(
    "name", ['a"]; click x call alert(1)', "a`b", "<img>", "%%{init: {}}%%", "1. a", "- a", "#quot;", "a\nend", "x|y"]
)
def test_a_name_means_nothing_to_mermaid(name: str) -> None:
    graphs = tuple(Graph(name, tuple(trace for trace in made.traces)) for made in graphs_of("web"))
    (line,) = [line for line in mermaid(graphs).split("\n") if "subgraph" in line]
    label = re.fullmatch(r'  subgraph g0\["(.*)"\]', line)
    assert label
    assert not re.search(r'["`<>%|;](?!$)', re.sub(r"#\d+;", "", label[1]))
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label[1]) == name.replace("\n", r"\n")


def test_gaps_and_changes_have_classes_of_their_own() -> None:
    text = mermaid(compared(graphs_of("web"), graphs_of("web", "more", image="<X>/shop:1")))
    assert re.search(r'\("#43; unknown"\):::gap$', text, re.MULTILINE)
    assert re.search(r"-\.-> g0n\d+$", text, re.MULTILINE)
    assert re.search(r'\(\["#43; container more"\]\):::added$', text, re.MULTILINE)
    assert re.search(r'\("#45; arn:aws:ecr:[^"]*"\):::removed$', text, re.MULTILINE)
    assert re.findall(r"classDef (\w+)", text) == ["gap", "added", "removed"]


def test_what_mermaid_would_not_draw_is_said() -> None:
    assert too_large(graphs_of("web")) == ""
    large = graphs_of(*(f"web-{number}" for number in range(MOST_EDGES // 2)))
    assert re.match(r"Mermaid draws 500 edges and 50,000 characters unless .* has \d{3} and ", too_large(large))
