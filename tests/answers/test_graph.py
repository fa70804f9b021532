"""Permissions as a graph: each trace is one field's, and a diff omits what only moved."""

from __future__ import annotations

import json
from typing import Any

from cfnroles import Document, Told, explain, read
from cfnroles.answers.graph import Column, Graph, Status, compared, graph

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"


def container(name: str, *secrets: str, image: str = f"{REGISTRY}/shop:1") -> dict[str, Any]:
    return {"name": name, "image": image, "secrets": [{"name": each, "valueFrom": SECRET + each} for each in secrets]}


def graph_of(*containers: dict[str, Any], name: str = "web.json") -> Graph:
    text = json.dumps({"family": "shop", "containerDefinitions": list(containers)})
    reading = read(Document(name, text), Told(account=ACCOUNT, region="us-east-1"))
    (made,) = graph(explain(reading), reading.texts)
    return made


def labels(made: Graph, column: Column) -> list[str]:
    return [node.label for node in made.nodes if node.column is column]


def changes(made: Graph) -> set[tuple[Status, str, str]]:
    return {(each.status, each.field[0], each.resource) for each in made.traces if each.status is not Status.KEPT}


def test_a_field_leads_to_its_own_resource_alone_though_the_statement_has_several() -> None:
    made = graph_of(container("web", "A", "B"))
    ways = {(each.field[0], each.statement.sid, each.resource) for each in made.traces if each.statement}
    assert {way for way in ways if way[1] == "ReadSecrets"} == {
        ("secret A", "ReadSecrets", f"{SECRET}A-??????"),
        ("secret B", "ReadSecrets", f"{SECRET}B-??????"),
    }


def test_fields_of_one_name_on_one_line_are_two_nodes() -> None:
    made = graph_of(container("web"), container("sidecar", image=f"{REGISTRY}/side:1"))
    assert labels(made, Column.CONTAINER) == ["container web", "container sidecar"]
    assert labels(made, Column.FIELD) == ["image", "image"]


def test_every_trace_runs_through_one_node_of_each_column_and_along_its_edges() -> None:
    made = graph_of(container("web", "A"), container("sidecar", "A"))
    for column in Column:
        through = [number for node in made.nodes if node.column is column for number in node.traces]
        assert sorted(through) == list(range(len(made.traces)))
    for (one, other), numbers in made.edges.items():
        assert set(numbers) == set(made.nodes[one].traces) & set(made.nodes[other].traces)


def test_what_is_not_granted_is_a_gap_in_the_graph() -> None:
    made = graph_of(container("web", image="<REGISTRY>/shop:1"))
    (gap,) = [node for node in made.nodes if node.is_gap and node.column is Column.RESOURCE]
    assert gap.label == "unknown"
    assert made.traces[gap.traces[0]].gap


def test_what_has_no_container_is_of_the_whole_task() -> None:
    spec = {"family": "shop", "containerDefinitions": [container("web")], "volumes": []}
    spec["volumes"] = [
        {
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-01234567",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "ENABLED"},
            },
        }
    ]
    reading = read(Document("web.json", json.dumps(spec)), Told(account=ACCOUNT, region="us-east-1"))
    (made,) = graph(explain(reading), reading.texts)
    assert "the whole task" in labels(made, Column.CONTAINER)


def test_a_change_shows_what_came_and_what_went_and_nothing_that_moved() -> None:
    before = graph_of(container("web", "A", "B", "C"), name="old.json")
    after = graph_of(container("web", "C", "A", "D"), name="new.json")
    (made,) = compared([before], [after])
    assert {(status, field) for status, field, _ in changes(made)} == {
        (Status.REMOVED, "secret B"),
        (Status.ADDED, "secret D"),
    }
    status = {node.label: node.status for node in made.nodes if node.column is Column.STATEMENT}
    assert status["ReadSecrets"] is Status.KEPT


def test_nothing_changes_from_a_version_to_itself() -> None:
    made = graph_of(container("web", "A"))
    assert compared([made], [made]) == (made,)


def test_a_task_definition_that_is_gone_is_removed_whole() -> None:
    made = graph_of(container("web", "A"))
    (gone,) = compared([made], [])
    assert {trace.status for trace in gone.traces} == {Status.REMOVED}


def test_what_lies_within_a_wider_resource_leads_to_that_of_the_statement() -> None:
    def logging(name: str, **options: str) -> dict[str, Any]:
        log = {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/ecs/shop", "awslogs-region": "us-east-1", **options},
        }
        return {"name": name, "image": "nginx:1.27", "logConfiguration": log}

    made = graph_of(logging("any"), logging("one", **{"awslogs-stream-prefix": "p"}))
    granted = {resource for each in made.traces if each.statement for resource in each.statement.resources}
    assert {each.resource for each in made.traces} == granted
    assert {each.origin.container for each in made.traces} == {"any", "one"}
