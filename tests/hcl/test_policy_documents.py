"""The data source of policy documents: what its blocks and the documents beside them come to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.evaluated import value


def document(blocks: str, beside: str = "") -> Any:
    """The statements of the document that these blocks make, with `<...>` for what is not known."""
    made = f'data "aws_iam_policy_document" "it" {{\n{blocks}\n}}\n{beside}'
    return value("data.aws_iam_policy_document.it.json", made)


def statements(blocks: str, beside: str = "") -> Any:
    return document(blocks, beside)["json"]["Statement"]


def other(sid: str, action: str) -> str:
    return f'jsonencode({{ Statement = [{{ Sid = "{sid}", Effect = "Deny", Action = "{action}" }}] }})'


ALLOW = {"Effect": "Allow"}
ONE = 'statement {\n sid = "A"\n actions = ["a:A"]\n}\n'
STATEMENTS = {
    "actions on resources": (
        'statement {\n actions = ["s3:GetObject"]\n resources = ["${aws_s3_bucket.b.arn}/*"]\n}',
        [{**ALLOW, "Action": ["s3:GetObject"], "Resource": ["<aws_s3_bucket.b.arn>/*"]}],
    ),
    "all but some": (
        'statement {\n effect = "Deny"\n not_actions = ["a:A"]\n not_resources = ["*"]\n}',
        [{"Effect": "Deny", "NotAction": ["a:A"], "NotResource": ["*"]}],
    ),
    "principals of one kind together": (
        'statement {\n principals {\n type = "Service"\n identifiers = ["a"]\n}\n'
        'principals {\n type = "Service"\n identifiers = ["b"]\n}\n}',
        [{**ALLOW, "Principal": {"Service": ["a", "b"]}}],
    ),
    "anybody": (
        'statement {\n principals {\n type = "*"\n identifiers = ["*"]\n}\n}',
        [{**ALLOW, "Principal": "*"}],
    ),
    "conditions on one key together": (
        'statement {\n condition {\n test = "StringEquals"\n variable = "k"\n values = ["a"]\n}\n'
        'condition {\n test = "StringEquals"\n variable = "k"\n values = ["b"]\n}\n}',
        [{**ALLOW, "Condition": {"StringEquals": {"k": ["a", "b"]}}}],
    ),
    "a policy variable": (
        'statement {\n resources = ["&{aws:username}/${aws_s3_bucket.b.id}"]\n}',
        [{**ALLOW, "Resource": ["${aws:username}/<aws_s3_bucket.b.id>"]}],
    ),
    "as many as a loop makes": (
        'dynamic "statement" {\n for_each = ["a:A", "b:B"]\n content {\n actions = [statement.value]\n}\n}',
        [{**ALLOW, "Action": ["a:A"]}, {**ALLOW, "Action": ["b:B"]}],
    ),
    "as many as nobody knows": (
        f'dynamic "statement" {{\n for_each = var.several\n content {{\n actions = [statement.value]\n}}\n}}\n{ONE}',
        ["<var.several>", {"Sid": "A", **ALLOW, "Action": ["a:A"]}],
    ),
    "a source beside its own": (
        f'source_policy_documents = [{other("B", "b:B")}, null, ""]\n{ONE}',
        [{"Sid": "B", "Effect": "Deny", "Action": "b:B"}, {"Sid": "A", **ALLOW, "Action": ["a:A"]}],
    ),
    "its own in the place of a source's": (
        f"source_policy_documents = [{other('A', 'b:B')}]\n{ONE}",
        [{"Sid": "A", **ALLOW, "Action": ["a:A"]}],
    ),
    "another in the place of its own": (
        f"override_policy_documents = [{other('A', 'b:B')}]\n{ONE}",
        [{"Sid": "A", "Effect": "Deny", "Action": "b:B"}],
    ),
    "a source that nobody knows": (
        f"source_policy_documents = [var.other]\n{ONE}",
        ["<var.other>", {"Sid": "A", **ALLOW, "Action": ["a:A"]}],
    ),
    "sources that nobody knows": (
        f"source_policy_documents = var.others\n{ONE}",
        ["<var.others>", {"Sid": "A", **ALLOW, "Action": ["a:A"]}],
    ),
}


@pytest.mark.parametrize(("blocks", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_what_blocks_come_to(blocks: str, expected: Any) -> None:
    assert json.dumps(statements(blocks), indent=1) == json.dumps(expected, indent=1)


def test_an_unknown_document_may_add_any_statement() -> None:
    assert document(f"override_policy_documents = [var.other]\n{ONE}") == "<var.other>"


def test_a_document_of_documents() -> None:
    source = 'data "aws_iam_policy_document" "other" {\nstatement {\n actions = ["b:B"]\n}\n}\n'
    found = statements(f"source_policy_documents = [data.aws_iam_policy_document.other.json]\n{ONE}", source)
    assert [each["Action"] for each in found] == [["b:B"], ["a:A"]]
