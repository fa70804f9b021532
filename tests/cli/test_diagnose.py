"""``cfnroles diagnose``: a text in, what is behind it out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfnroles.cli import main

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database"
GET = (
    "User: arn:aws:sts::123456789012:assumed-role/shop-execution/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a is not authorized"
    " to perform:"
    f" secretsmanager:GetSecretValue on resource: {SECRET}-AbC1eF"
)
DENIED = f"{GET} because no identity-based policy allows the secretsmanager:GetSecretValue action"
SHOP = str(Path(__file__).parents[2] / "examples" / "shop.json")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["diagnose", *arguments])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_the_answer_is_what_happened_the_line_and_the_statement(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, DENIED, "--source", SHOP)
    assert code == 0
    assert " ".join(out.split()).startswith(
        "The role shop-execution may not call secretsmanager:GetSecretValue: no policy of the role allows"
    )
    assert f"asked by {SHOP}:19:11: containerDefinitions[0].secrets[0].valueFrom" in " ".join(out.split())
    assert "refused by  identity-based policy" in out
    statements = json.loads(out[out.index("\n[\n") : out.index("\n]\n") + 2])
    assert [each["Resource"] for each in statements] == [f"{SECRET}-??????"]


def test_programs_get_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, DENIED, "--source", SHOP, "--format", "json")
    (found,) = json.loads(out)["diagnoses"]
    assert code == 0
    assert (found["category"], found["policy"], found["settled"]) == ("permission", "identity-based policy", True)
    assert found["askedBy"] == [
        {
            "document": SHOP,
            "path": "containerDefinitions[0].secrets[0].valueFrom",
            "line": 19,
            "column": 11,
            "container": "web",
            "item": "secret DATABASE_PASSWORD",
        }
    ]


def test_a_text_that_cannot_decide_ends_with_3_and_names_the_checks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, GET)
    assert code == 3
    assert "1. no policy of the role allows the call" in out
    assert "check: cfnroles verify SOURCE --live --role shop-execution" in out
    assert "The statement" not in out


def test_the_checks_name_the_source_and_what_it_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, GET, "--source", SHOP, "--format", "json")
    checks = [cause["check"] for cause in json.loads(out)["diagnoses"][0]["causes"]]
    assert checks[0] == f"cfnroles verify {SHOP} --live --role shop-execution"
    assert f"aws secretsmanager get-resource-policy --secret-id {SECRET}-AbC1eF" in checks


def test_files_are_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps({"tasks": [{"stoppedReason": DENIED}]}))
    assert run(capsys, str(file))[0] == 0


def test_an_unknown_failure_is_shown_without_a_signed_url(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    told = "Odd: GET https://layers.s3.amazonaws.com/a/b?X-Amz-Signature=0123abc&X-Amz-Security-Token=IQoJ went away"
    file.write_text(json.dumps({"tasks": [{"taskArn": "a/b", "stoppedReason": told, "stopCode": "TaskFailedToStart"}]}))
    code, out, _ = run(capsys, str(file))
    assert code == 3
    assert "text        Odd: GET https://layers.s3.amazonaws.com/a/b?(signed) went away" in " ".join(out.split("\n"))
    assert "0123abc" not in out
    assert json.loads(run(capsys, str(file), "--format", "json")[1])["notUnderstood"] == [
        {
            "text": told.replace(told[told.index("?") : told.index(" went")], "?(signed)"),
            "where": "task b",
            "when": None,
        }
    ]


WRONG = {
    "no message": (["The shop opens at nine."], "not a failure message that cfnroles knows"),
    "empty": ([" "], "the message is empty"),
    "a file that is not there": (["stopped.json"], "stopped.json: cannot be read: No such file"),
    "both from standard input": (["-", "--source", "-"], "only one of TEXT and SOURCE"),
    "no such source": ([DENIED, "--source", "nowhere.json"], "nowhere.json: cannot be read"),
}


def test_a_file_of_nothing_is_empty(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "stopped.json").write_text("\n")
    code, out, err = run(capsys, str(tmp_path / "stopped.json"))
    assert (code, out) == (2, "")
    assert "stopped.json: is empty\nPass a message, or --live with --task, --service or --stack." in err


@pytest.mark.parametrize(("arguments", "what"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(capsys: pytest.CaptureFixture[str], arguments: list[str], what: str) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert what in err


def test_a_parameter_is_refused_if_neither_the_source_nor_a_role_is_a_template(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = run(capsys, DENIED, "--source", SHOP, "--parameter", "Stage=dev")
    assert (code, err.splitlines()[0]) == (
        2,
        f"error: --parameter requires a CloudFormation template or Terraform, but {SHOP} is a task definition",
    )
