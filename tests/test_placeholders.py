"""Placeholders: how they are found, named and filled."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest

from cfnroles.placeholders import as_symbols, fill, name_of, placeholder, placeholders_in, texts_in, unresolved
from cfnroles.text import Text


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("a/<ACCOUNT_ID>/b", "<ACCOUNT_ID>", "ACCOUNT_ID"),
        ("<ACCOUNT ID>", "<ACCOUNT ID>", "ACCOUNT ID"),
        ("web:${TAG}", "${TAG}", "TAG"),
        ("web:${TAG:-latest}", "${TAG:-latest}", "TAG"),
        ("${env:STAGE}", "${env:STAGE}", "env:STAGE"),
        ("${var.names[1]}", "${var.names[1]}", "var.names[1]"),
        ("$TAG", "$TAG", "TAG"),
        ("{{image}}", "{{image}}", "image"),
        ("{{ must_env `IMAGE` }}", "{{ must_env `IMAGE` }}", "IMAGE"),
        ("%IMAGE_TAG%", "%IMAGE_TAG%", "IMAGE_TAG"),
        ("__IMAGE_TAG__", "__IMAGE_TAG__", "IMAGE_TAG"),
        ("#{tag}", "#{tag}", "tag"),
        ("{INSERT YOUR IMAGE}", "{INSERT YOUR IMAGE}", "INSERT YOUR IMAGE"),
        ("web:{image-tag}", "{image-tag}", "image-tag"),
        ('{"a": 1}', "", ""),
        ("{}", "", ""),
        ("%{time_slice}", "", ""),
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
        ("{A}/{B}", {"A": "x"}, "x/{B}"),
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


def image(text: str, **others: Any) -> str:
    """The image as the reader of task definitions gives it."""
    return str(as_symbols({**container(image=text), **others})["containerDefinitions"][0]["image"])


ACCOUNT, REGION = "${AWS::AccountId}", "${AWS::Region}"


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        pytest.param("${AWS_ACCOUNT_ID}.dkr.ecr.${AWS_REGION}.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="shell"),
        pytest.param("$ACCOUNT_ID.dkr.ecr.$REGION.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="shell-without-braces"),
        pytest.param("<account-id>.dkr.ecr.<region>.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="angle-brackets"),
        pytest.param("<ACCOUNT ID>.dkr.ecr.<aws_region>.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="with-a-space"),
        pytest.param("{ACCOUNT_ID}.dkr.ecr.{REGION}.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="single-braces"),
        pytest.param("{{AWS_ACCOUNT_ID}}.dkr.ecr.{{region}}.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="braces"),
        pytest.param("${AccountID}.dkr.ecr.${RegionID}.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="capitals"),
        pytest.param("__ACCOUNT__.dkr.ecr.%REGION%.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="underscores"),
        pytest.param("${AWS::AccountId}.dkr.ecr.${AWS::Region}.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="its-own"),
        pytest.param("ACCOUNT_ID.dkr.ecr.REGION.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="words-in-their-places"),
        pytest.param("aws_account_id.dkr.ecr.region.x/a", f"{ACCOUNT}.dkr.ecr.{REGION}.x/a", id="small-words"),
        pytest.param("your-account.dkr.ecr.us-east-1.x/a", "${YourAccount}.dkr.ecr.us-east-1.x/a", id="another-word"),
        pytest.param("x:${IMAGE_TAG:-latest}", "x:${ImageTag}", id="a-default"),
        pytest.param("x:{{ must_env `IMAGE` }}", "x:${Image}", id="a-function"),
        pytest.param("ACCOUNT_ID/region", "ACCOUNT_ID/region", id="words-elsewhere"),
        pytest.param("x:<>", "x:${Placeholder}", id="no-name"),
    ],
)
def test_placeholders_become_symbols(written: str, spelled: str) -> None:
    assert image(written) == spelled


@pytest.mark.parametrize(
    ("arn", "spelled"),
    [
        ("arn:aws:ssm:REGION:ACCOUNT_ID:parameter/x", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x"),
        ("arn:aws:ssm:region:aws_account_id:parameter/x", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x"),
        ("arn:aws:ssm:us-east-1:XXXXXXXXXXXX:parameter/x", "arn:aws:ssm:us-east-1:${Xxxxxxxxxxxx}:parameter/x"),
        ("arn:aws:ssm:us-east1:123456789012:parameter/x", "arn:aws:ssm:us-east1:123456789012:parameter/x"),
        ("arn:aws:iam::aws:policy/x", "arn:aws:iam::aws:policy/x"),
        (
            "arn:${Partition}:ssm:${Region}:${Account}:parameter/${Id}",
            f"arn:${{AWS::Partition}}:ssm:{REGION}:{ACCOUNT}:parameter/${{Id}}",
        ),
    ],
)
def test_words_in_the_places_of_account_and_region_are_placeholders(arn: str, spelled: str) -> None:
    tree = as_symbols(container(secrets=[{"name": "A", "valueFrom": arn}]))
    assert tree["containerDefinitions"][0]["secrets"][0]["valueFrom"] == spelled


def test_placeholders_of_one_name_are_one_parameter_and_others_never_meet() -> None:
    tree = as_symbols(container(image="x:<STAGE>", hostname="${STAGE}", user="$ST_AGE", workingDirectory="<st-age>"))
    texts = [text for text in tree["containerDefinitions"][0].values() if isinstance(text, Text)]
    assert texts == ["x:${Stage}", "${Stage}", "${StAge}", "${StAge2}"]
    assert {name: each.called for name, each in placeholders_in(texts).items()} == {
        "Stage": "STAGE",
        "StAge": "ST_AGE",
        "StAge2": "st-age",
    }


def test_what_the_container_reads_is_filled_where_ecs_reads_it_too() -> None:
    variable = [{"name": "A", "value": "<STAGE> $HOME"}]
    both = as_symbols(container(image="x:<STAGE>", environment=variable))
    assert both["containerDefinitions"][0]["environment"][0]["value"] == "${Stage} $HOME"
    alone = as_symbols(container(environment=variable))
    assert alone["containerDefinitions"][0]["environment"] == variable


def test_a_text_without_a_placeholder_is_the_document_s_own() -> None:
    tree = {**container(image="nginx:1", command=["${X}"]), "family": "<FAMILY>", "taskRoleArn": "${ROLE}"}
    assert as_symbols(tree) == tree
    assert not any(isinstance(value, Text) for value in as_symbols(tree).values())


@pytest.mark.parametrize(
    "logging", [{"options": {"a": "<X>"}}, [{"options": {"a": "<X>"}}], {"a": {"options": ["<X>"]}}]
)
def test_logging_of_another_shape_is_none_of_the_router(logging: object) -> None:
    assert unresolved(container(logConfiguration=logging)) == ("<X>",)
    assert unresolved({"containerDefinitions": {"web": {"logConfiguration": logging}}}) == ("<X>",)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("arn:" * 15_000, id="one word"),
        pytest.param("".join(f"arn:a:b:REG-{n}:ACC-{n}:" for n in range(2_500)), id="words"),
        pytest.param("".join(f"<a{n}>" for n in range(8_000)), id="placeholders"),
        pytest.param("".join(f"<a{' ' * (n % 50)}{'.' * (n // 50)}>" for n in range(2_000)), id="of one parameter"),
    ],
)
def test_a_text_as_long_as_a_task_definition_may_be_is_read_at_once(text: str) -> None:
    began = time.process_time()
    as_symbols(container(image=text))
    assert time.process_time() - began < 2


def test_looking_for_texts_leaves_nothing_behind() -> None:
    gc.collect()
    assert list(texts_in({"a": [{"b": ["c"]}]})) == [(("a", 0, "b", 0), "c")]
    assert gc.collect() == 0
