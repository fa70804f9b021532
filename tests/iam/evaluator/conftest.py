"""Short forms of the questions that the tables below ask, with the answers as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from cfnroles.iam.evaluator import (
    Context,
    Decision,
    Evaluation,
    Principal,
    Request,
    evaluate,
    parse_policy,
)

ROLE = Principal("arn:aws:iam::111122223333:role/web")
ANSWERS = {Decision.ALLOWED: "match", Decision.IMPLICIT_DENY: "no match", Decision.EXPLICIT_DENY: "match"}


def _verdict(
    statements: object,
    *,
    action: str = "s3:GetObject",
    resource: str = "arn:aws:s3:::bucket/key",
    context: Mapping[str, str | Iterable[str]] | None = None,
    absent: Iterable[str] = (),
    complete: bool = True,
    principal: Principal = ROLE,
    boundary: object = None,
    version: str = "2012-10-17",
) -> Evaluation:
    policy = parse_policy("P", {"Version": version, "Statement": statements})
    limit = None if boundary is None else parse_policy("B", {"Version": version, "Statement": boundary})
    known = Context.of(context, absent=absent, complete=complete)
    return evaluate(Request(principal, action, resource, known), [policy], limit)


def _statement(**elements: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow"} | elements
    if not {"Action", "NotAction"} & set(statement):
        statement["Action"] = "*"
    if not {"Resource", "NotResource"} & set(statement):
        statement["Resource"] = "*"
    return statement


def _applies(**given: Any) -> str:
    """Whether one Allow statement applies: match, no match, or unknown with the keys."""
    elements = {name: value for name, value in given.items() if name[0].isupper()}
    asked = {name: value for name, value in given.items() if not name[0].isupper()}
    verdict = _verdict([_statement(**elements)], **asked)
    return ANSWERS.get(verdict.decision) or f"unknown: {', '.join(verdict.keys)}"


@pytest.fixture
def verdict() -> Callable[..., Evaluation]:
    return _verdict


@pytest.fixture
def statement() -> Callable[..., dict[str, Any]]:
    return _statement


@pytest.fixture
def applies() -> Callable[..., str]:
    return _applies
