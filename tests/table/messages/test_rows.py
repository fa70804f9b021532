"""The table of messages: each row is found by its own example, and says what a person needs."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import xform_name

from cfnroles.formats.messages_page import messages_page
from cfnroles.messages.conditions import CONDITIONS
from cfnroles.messages.understanding import refusal_name, understand
from cfnroles.table.ecs import FEATURES
from cfnroles.table.message import Category, PolicyKind, PossibleCause, Refusal, Stage, Symptom
from cfnroles.table.messages import REFUSALS, STAGES, SYMPTOMS

SESSION = botocore.session.get_session()


@lru_cache
def operations(service: str) -> tuple[str, ...]:
    """The operations of a service, as botocore knows them."""
    return tuple(SESSION.get_service_model(service).operation_names)


def _said(cause: PossibleCause) -> tuple[str, str]:
    return cause.check, cause.remedy


ROWS = [*STAGES, *SYMPTOMS, *REFUSALS]
AWS = {"docs.aws.amazon.com", "repost.aws"}


@pytest.mark.parametrize("row", SYMPTOMS, ids=lambda row: row.name)
def test_each_message_is_known_by_its_example(row: Symptom) -> None:
    found = understand(row.example)
    assert found is not None
    assert (found.name, found.category) == (row.name, row.category)
    assert not found.patchable


@pytest.mark.parametrize("row", STAGES, ids=lambda row: row.name)
def test_each_stage_is_known_by_its_example_and_none_is_called_a_cause(row: Stage) -> None:
    found = understand(row.example)
    assert found is not None
    assert found.stages[0] == row
    assert row.name in (found.name, "registering-instance", "efs-volume", "network-interface") or found.cut


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.kind)
def test_each_refusal_is_known_by_its_example(row: Refusal) -> None:
    found = understand(row.example)
    assert found is not None
    assert found.name == refusal_name(row.kind)
    assert found.denial is not None
    assert found.denial.kind is row.kind


def test_one_kind_of_refusal_alone_is_cured_by_a_statement_in_the_role() -> None:
    assert [row.kind for row in REFUSALS if row.helps] == [PolicyKind.IDENTITY]
    assert {row.kind for row in REFUSALS} == set(PolicyKind)
    patched = [row.kind for row in REFUSALS if (found := understand(row.example)) and found.patchable]
    assert patched == [PolicyKind.IDENTITY]


def test_rows_name_pages_of_aws_and_fields_that_the_feature_table_has() -> None:
    assert {urlsplit(row.source).hostname for row in ROWS} <= AWS
    names = [row.name for row in (*STAGES, *SYMPTOMS)]
    assert len({*names, *(refusal_name(row.kind) for row in REFUSALS)}) >= len(SYMPTOMS) + len(REFUSALS)
    assert {row.when for row in SYMPTOMS if row.when} == set(CONDITIONS)
    stages = {row.name for row in STAGES}
    assert {name for row in SYMPTOMS for name in row.during if name} <= stages
    fields = {feature.field for feature in FEATURES}
    asked = {field for row in STAGES for field in row.fields if row.action}
    assert {field for field in asked if not any(field == each or each.startswith(field) for each in fields)} == set()


def test_words_are_in_the_case_in_which_they_are_looked_for() -> None:
    assert [words for row in (*STAGES, *SYMPTOMS) for words in row.words if words != words.lower()] == []


def test_no_cause_is_told_of_a_symptom_and_causes_are_ranked_with_a_check_each() -> None:
    for row in SYMPTOMS:
        assert row.what, row.name
        assert row.sure, row.name
        assert row.remedy, row.name
        assert len(row.causes) != 1, row.name
        assert all(cause.what and cause.check and cause.remedy for cause in row.causes), row.name
        # What is undetermined has causes of several kinds, and each says which.
        told = [cause.category for cause in row.causes]
        assert row.category is not Category.UNDETERMINED or None not in told, row.name
    for name in ("circuit-breaker", "not-stable", "task-failed-to-start", "killed", "essential-container-exited"):
        assert next(row for row in SYMPTOMS if row.name == name).category is Category.UNDETERMINED


COMMANDS = ("aws ", "cfnroles ", "docker ")
TEXTS = [
    text
    for row in (*SYMPTOMS, *REFUSALS)
    for text in (row.sure, row.remedy, *(each for cause in getattr(row, "causes", ()) for each in _said(cause)))
]


@pytest.mark.parametrize("text", sorted({text for text in TEXTS if text.startswith(COMMANDS)}))
def test_what_begins_as_a_command_is_one_as_a_whole(text: str) -> None:
    for command in text.replace("&&", ";").split("; "):
        program, *words = shlex.split(command)
        assert f"{program} " in COMMANDS
        bare = re.sub(r"'[^']*'", "", command)
        assert not set("[]*?{}") & set(bare), "a shell takes it for the names of files"
        assert not [word for word in words if word.endswith((",", ".")) or word in ("and", "or", "for")]
        if program == "aws":
            models = SESSION.get_available_services()
            service = {"s3api": "s3"}.get(words[0], words[0])
            assert service in models
            assert re.fullmatch(r"[a-z-]+", words[1])
            assert words[1] in {xform_name(name, "-") for name in operations(service)}


def test_examples_are_our_own() -> None:
    accounts = {account for row in ROWS for account in re.findall(r"\b\d{12}\b", row.example)}
    assert accounts <= {"123456789012", "111111111111", "555555555555"}


def test_the_page_is_up_to_date_and_each_message_is_a_heading() -> None:
    page = (Path(__file__).parents[3] / "docs" / "messages.md").read_text(encoding="utf-8")
    assert messages_page() == page, "run `make docs`"
    headings = [line for line in page.split("\n") if line.startswith("### `")]
    assert len(headings) == len(ROWS)
