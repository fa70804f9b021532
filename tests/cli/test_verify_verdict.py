"""`cfnroles verify --fail-on excess`: the exit code is that of the verdict, which every format shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FLAG = "arn:aws:ssm:eu-west-1:111122223333:parameter/flag"


def allow(action: Any = "ssm:GetParameters", resource: Any = FLAG, **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


TASK_DEFINITION = {
    "family": "shop",
    "containerDefinitions": [{"name": "web", "image": "nginx", "secrets": [{"name": "F", "valueFrom": FLAG}]}],
}
FROM_VPC = {"StringEquals": {"aws:SourceVpce": "v"}}
CODES = [
    ("pass", [allow()], 0, 0),
    ("too much", [allow(resource="*")], 0, 1),
    ("lacking", [allow("s3:GetObject", "*")], 1, 1),
    ("not judged", [allow(Condition=FROM_VPC)], 3, 3),
    ("unread beside", [allow(), allow("s3:GetObject", "")], 0, 3),
    ("unread beside too much", [allow(resource="*"), allow("s3:GetObject", "")], 0, 1),
]


@pytest.mark.parametrize(
    ("statements", "usual", "strict"), [case[1:] for case in CODES], ids=[case[0] for case in CODES]
)
def test_the_exit_code_is_that_of_the_verdict(
    cfnroles: Any, tmp_path: Path, statements: list[dict[str, Any]], usual: int, strict: int
) -> None:
    (tmp_path / "task.json").write_text(json.dumps(TASK_DEFINITION))
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    asked = ("verify", tmp_path / "task.json", "--role", tmp_path / "p.json", "--aws-managed-keys")

    assert cfnroles(*asked).code == usual
    result = cfnroles(*asked, "--fail-on", "excess", "--format", "json")
    assert result.code == strict
    (told,) = json.loads(result.out)["roles"]
    assert told["verdict"] == {0: "pass", 1: "fail", 3: "not judged"}[strict]
    for format_ in ("human", "markdown"):
        assert f"Verdict: {told['verdict']}" in cfnroles(*asked, "--format", format_).out


def test_without_a_word_about_keys_it_is_not_judged(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(TASK_DEFINITION))
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow()]}))
    asked = ("verify", tmp_path / "task.json", "--role", tmp_path / "p.json")

    assert (cfnroles(*asked).code, cfnroles(*asked, "--fail-on", "excess").code) == (0, 3)


def test_keys_are_told_in_one_way(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(TASK_DEFINITION))
    (tmp_path / "p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow()]}))
    key = "arn:aws:kms:eu-west-1:111122223333:key/k"
    result = cfnroles(
        "verify", tmp_path / "task.json", "--role", tmp_path / "p.json", "--aws-managed-keys", "--kms-key-arn", key
    )

    assert (result.code, result.out) == (2, "")
    assert "Pass --aws-managed-keys or the customer managed keys." in result.err
