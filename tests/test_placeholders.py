"""Placeholders: how they are found, named and filled."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.placeholders import fill, name_of, placeholder, unresolved


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("a/<ACCOUNT_ID>/b", "<ACCOUNT_ID>", "ACCOUNT_ID"),
        ("<ACCOUNT ID>", "<ACCOUNT ID>", "ACCOUNT ID"),
        ("web:${TAG}", "${TAG}", "TAG"),
        ("web:${TAG:-latest}", "${TAG:-latest}", "TAG"),
        ("$TAG", "$TAG", "TAG"),
        ("{{image}}", "{{image}}", "image"),
        ("{{ must_env `IMAGE` }}", "{{ must_env `IMAGE` }}", "IMAGE"),
        ("%IMAGE_TAG%", "%IMAGE_TAG%", "IMAGE_TAG"),
        ("__IMAGE_TAG__", "__IMAGE_TAG__", "IMAGE_TAG"),
        ("#{tag}", "#{tag}", "tag"),
        ("<>", "<>", "<>"),
        ("nothing here", "", ""),
        ("${AWS::Region}", "", ""),
        ("5 < 6", "", ""),
    ],
)
def test_placeholders_have_a_name_inside_of_their_brackets(text: str, found: str, name: str) -> None:
    assert placeholder(text) == found
    assert name_of(found) == name


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("web:${TAG}", {"TAG": "1"}, "web:1"),
        ("web:${TAG}", {"${TAG}": "1"}, "web:1"),
        ("<A>/<B>", {"A": "x"}, "x/<B>"),
        ("ACCOUNT_ID.dkr", {"ACCOUNT_ID": "1"}, "1.dkr"),
        ("MY_ACCOUNT_ID", {"ACCOUNT_ID": "1"}, "MY_ACCOUNT_ID"),
        ("your-account.x", {"your-account": "1"}, "1.x"),
        ("<>", {"<>": "x"}, "x"),
    ],
)
def test_values_fill_placeholders_by_name_and_words_that_stand_for_one(
    text: str, values: dict[str, str], filled: str
) -> None:
    tree, used = fill({"a": [{"b": text, "c": 1}]}, values)
    assert tree == {"a": [{"b": filled, "c": 1}]}
    assert used == (frozenset(values) if text != filled else frozenset())


def container(**members: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{"name": "web", **members}]}


@pytest.mark.parametrize(
    ("tree", "left"),
    [
        pytest.param({"cpu": "<CPU>"}, ("<CPU>",), id="a-setting"),
        pytest.param(container(image="x:${TAG}"), ("${TAG}",), id="an-image"),
        pytest.param(container(command=["sh", "-c", "echo $HOME"]), (), id="a-shell's-variable"),
        pytest.param(container(environment=[{"name": "A", "value": "${X}"}]), (), id="an-environment-variable"),
        pytest.param(
            container(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/$STAGE"}}),
            ("$STAGE",),
            id="a-log-group",
        ),
        pytest.param(
            container(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-datetime-format": "%H%M%S"}}),
            (),
            id="a-date-format",
        ),
        pytest.param(
            container(logConfiguration={"logDriver": "awsfirelens", "options": {"bucket": "${B}", "region": "<R>"}}),
            ("<R>",),
            id="a-variable-of-the-log-router",
        ),
    ],
)
def test_placeholders_count_in_texts_that_ecs_reads(tree: dict[str, Any], left: tuple[str, ...]) -> None:
    assert unresolved(tree) == left
