"""A workload: how fields are found in it, and what a person calls the place."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.workload import Workload

TREE = {
    "family": "shop",
    "containerDefinitions": [
        {"name": "web", "secrets": [{"name": "A", "valueFrom": "/a"}, {"name": "B", "valueFrom": "/b"}]},
        {"environmentFiles": [{"value": "arn:aws:s3:::config/x.env"}], "secrets": "not a list"},
    ],
    "volumes": [{"name": "data"}],
    "service": {"launchType": "EC2"},
}


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("family", [(("family",), "shop")]),
        (
            "containerDefinitions[].secrets[].valueFrom",
            [
                (("containerDefinitions", 0, "secrets", 0, "valueFrom"), "/a"),
                (("containerDefinitions", 0, "secrets", 1, "valueFrom"), "/b"),
            ],
        ),
        ("volumes[].name", [(("volumes", 0, "name"), "data")]),
        ("volumes[].host.sourcePath", []),
        ("family.below", []),
        ("nothing[].here", []),
    ],
)
def test_a_field_is_found_at_each_place_that_has_it(field: str, found: list[Any]) -> None:
    assert list(Workload("task.json", TREE).find(field)) == found


@pytest.mark.parametrize(
    ("path", "document", "place"),
    [
        (("containerDefinitions", 0, "secrets", 1, "valueFrom"), "task.json", "container web, secret B"),
        (
            ("containerDefinitions", 1, "environmentFiles", 0, "value"),
            "task.json",
            "container #2, environment file #1",
        ),
        (("volumes", 0, "host"), "task.json", "volume data"),
        (("family",), "task.json", "family"),
        (("service", "launchType"), "command line", "service.launchType"),
    ],
)
def test_an_origin_names_its_document_and_its_place(path: Any, document: str, place: str) -> None:
    origin = Workload("task.json", TREE, {"service": "command line"}).origin(path)
    assert (origin.document, origin.place) == (document, place)


@pytest.mark.parametrize(
    ("tree", "launch_types"),
    [
        ({}, ()),
        ({"requiresCompatibilities": ["EC2", "FARGATE"]}, ("EC2", "FARGATE")),
        ({"requiresCompatibilities": ["EC2", "FARGATE"], "service": {"launchType": "FARGATE"}}, ("FARGATE",)),
        ({"requiresCompatibilities": "EC2"}, ()),
    ],
)
def test_the_service_decides_where_a_task_runs_and_else_the_task_definition(tree: Any, launch_types: Any) -> None:
    assert Workload("task.json", tree).launch_types == launch_types
