"""`cfnroles audit`: a trail, roles and task definitions in, what of the roles was used out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cfnroles.aws import cloudtrail, iam
from cfnroles.cli.new_directory import write_new
from cfnroles.errors import InvalidInput
from tests.trails import (
    ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    assumed,
    delivered,
    event,
    looked_up,
    quiet_days,
    role,
    secret,
    somebody,
)

ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}".format
GET = "secretsmanager:GetSecretValue"
DB, RARE, OLD = (ARN("secretsmanager", f"secret:{name}-AbCdEf") for name in ("db", "rare", "old"))
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
EVENTS = [*quiet_days(3), assumed(), secret("db-AbCdEf"), somebody(account=OTHER_ACCOUNT)]


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def detail(name: str, *statements: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "Ours", "PolicyDocument": policy(*statements)}]
    return {"RoleName": name, "Arn": role(name), "AssumeRolePolicyDocument": policy(TRUST), "RolePolicyList": inline}


SECRETS = {"Sid": "Secrets", "Effect": "Allow", "Action": GET, "Resource": [DB, RARE, OLD]}
LOGS = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}


def task(family: str, execution_role: str, *secrets: str) -> dict[str, Any]:
    names = [{"name": f"S{number}", "valueFrom": arn} for number, arn in enumerate(secrets)]
    container = {"name": "web", "image": "nginx", "secrets": names}
    return {"family": family, "executionRoleArn": role(execution_role), "containerDefinitions": [container]}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.json.gz").write_bytes(delivered(EVENTS))
    roles = [detail("web-execution", SECRETS, LOGS), detail("ghost", LOGS)]
    (tmp_path / "account.json").write_text(json.dumps({"RoleDetailList": roles}))
    (tmp_path / "web.json").write_text(json.dumps(task("web", "web-execution", DB, RARE), indent=2))
    return tmp_path


ASKED = ("audit", "--events", "events.json.gz", "--source", "web.json", "--role", "account.json:web-execution")


def test_the_answer_is_each_grant_with_its_status_and_the_field_that_needs_it(cfnroles: Any, files: Path) -> None:
    result = cfnroles(*ASKED)
    assert result.code == 1
    assert f"    used: {GET} on {DB}\n      1 time, last 2026-11-01T12:00:00Z\n" in result.out
    needed = "needed by web.json:15: containerDefinitions[0].secrets[1].valueFrom (container web, secret S1)"
    assert f"    unused in the window, needed: {GET} on {RARE}\n      {needed}\n" in result.out
    assert f"    unused in the window: {GET} on {OLD}\n  Ours.Statement[1]\n" in result.out
    unrecorded = "CloudTrail does not record logs:PutLogEvents (https://docs.aws.amazon.com/"
    assert f"    cannot be known: logs:PutLogEvents on *\n      {unrecorded}" in result.out
    assert "execution role of web\n  assumed 1 time, last 2026-11-01T12:00:00Z, 1 time by Amazon ECS" in result.out
    assert f"account {ACCOUNT}, {REGION}: 9 events\n" in result.out
    assert "of 1 other account, which say nothing about these roles: 1 event\n" in result.out
    assert "15 minutes" in result.out
    assert result.err == "1 role: 1 used, 2 unused in the window, 1 cannot be known\n"


def test_the_tight_policy_and_the_difference_are_written_to_a_new_directory(cfnroles: Any, files: Path) -> None:
    assert cfnroles(*ASKED, "-o", "out").code == 1
    tight = json.loads((files / "out" / "web-execution.Ours.json").read_text())
    assert tight == policy({**SECRETS, "Resource": [DB, RARE]}, LOGS)
    difference = (files / "out" / "web-execution.Ours.diff").read_text().split("\n")
    assert [line for line in difference if re.match("[-+] ", line)] == [
        f'-        "{RARE}",',
        f'-        "{OLD}"',
        f'+        "{RARE}"',
    ]
    again = cfnroles(*ASKED, "-o", "out")
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith("error: out: already exists")
    with pytest.raises(InvalidInput, match="already exists"):
        write_new(files / "out", {"a": "b"})


def test_programs_get_the_same_as_json(cfnroles: Any, files: Path) -> None:
    found = json.loads(cfnroles(*ASKED, "--format", "json").out)
    (told,) = found["roles"]
    statuses = [
        (each["status"], each["removable"], [need["line"] for need in each["neededBy"]]) for each in told["grants"]
    ]
    assert statuses == [
        ("used", False, [11]),
        ("unused in the window", False, [15]),
        ("unused in the window", True, []),
        ("cannot be known", False, []),
    ]
    assert told["tight"][0]["removed"] == [{"action": GET, "resource": OLD}]
    assert [each["region"] for each in found["trail"]["regions"]] == [REGION, REGION]


@pytest.mark.parametrize("format_", ["markdown", "html"])
def test_a_report_for_a_review_says_the_same(format_: str, cfnroles: Any, files: Path) -> None:
    out = cfnroles(*ASKED, "--format", format_).out
    for text in (GET, OLD, "cannot be known", "unused in the window, needed", "secrets[1].valueFrom", "15 minutes"):
        assert text in out
    assert ("Content-Security-Policy" in out) is (format_ == "html")


@pytest.mark.parametrize("format_", ["human", "json", "markdown", "html"])
def test_nothing_that_was_sent_with_a_call_is_told(format_: str, cfnroles: Any, files: Path) -> None:
    sent = {"secretId": DB, "clientRequestToken": "T0KEN", "secretString": "hunter2"}
    told = event("secretsmanager:PutSecretValue", read=False, sent=sent) | {"responseElements": {"x": "ANSWER"}}
    message = f"User: {role('x')} is not authorized to perform: ecr:PutImage on resource: {ARN('ecr', 'repository/a')}"
    refused = event(
        "ecr:PutImage", sent={"imageManifest": "MANIFEST"}, error="AccessDenied", message=f"{message} SECRETWORD"
    )
    (files / "events.json.gz").write_bytes(delivered([*EVENTS, told, refused]))
    result = cfnroles(*ASKED, "--format", format_)
    assert "ecr:PutImage" in result.out
    for word in ("T0KEN", "hunter2", "ANSWER", "MANIFEST", "SECRETWORD", "10.0.0.7", "aws-sdk-go"):
        assert word not in result.out + result.err


def test_a_fleet_is_one_line_for_each_role_the_worst_first(cfnroles: Any, files: Path) -> None:
    directory = files / "tasks"
    directory.mkdir()
    for family, name in (("web", "web-execution"), ("jobs", "web-execution"), ("old", "ghost")):
        answered = {"taskDefinition": task(family, name, DB), "tags": []}
        (directory / f"{family}.json").write_text(json.dumps(answered))
    (directory / "package.json").write_text('{"name": "x"}')
    result = cfnroles("audit", "--events", "events.json.gz", "--source", "tasks", "--role", "account.json", "--fleet")
    rows = [re.split(r" {2,}", line) for line in result.out.split("\n\n")[0].split("\n")]
    assert [row[:3] for row in rows] == [
        ["role", "assumed", "task definitions"],
        ["ghost", "never assumed", "1"],
        ["web-execution", "1 session", "2"],
    ]
    assert "skipped tasks/package.json: not a task definition, spec or template" in result.err


OWN = [{"Fn::Sub": f"arn:aws:secretsmanager:${{AWS::Region}}:{ACCOUNT}:secret:{name}-AbCdEf"} for name in ("db", "old")]
TEMPLATE = {
    "Resources": {
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "ContainerDefinitions": [
                    {"Name": "web", "Image": "nginx", "Secrets": [{"Name": "DB", "ValueFrom": DB}]}
                ],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": policy(TRUST),
                "Policies": [{"PolicyName": "Ours", "PolicyDocument": policy({**SECRETS, "Resource": OWN})}],
            },
        },
    }
}


def test_the_roles_of_a_template_are_audited_under_the_name_that_the_account_knows(cfnroles: Any, files: Path) -> None:
    (files / "stack.json").write_text(json.dumps(TEMPLATE))
    asked = ("audit", "--events", "events.json.gz", "--source", "stack.json")
    unnamed = cfnroles(*asked)
    assert (unnamed.code, unnamed.out) == (2, "")
    assert "Pass --called Role=NAME" in unnamed.err
    result = cfnroles(*asked, "--called", "Role=web-execution", "-o", "out")
    statuses = re.findall(r"^    ([a-z ,]+): secretsmanager", result.out, re.MULTILINE)
    assert statuses == ["used", "unused in the window"]
    tight = json.loads((files / "out" / "web-execution.Ours.json").read_text())
    assert tight["Statement"][0]["Resource"] == OWN[:1]
    # A role from another place in the place of the template's own is protected by what the template needs, too.
    given = cfnroles(*asked, "--role", "account.json:web-execution")
    assert "needed by stack.json" in given.out


def test_a_policy_alone_takes_its_name_from_the_task_definition(cfnroles: Any, files: Path) -> None:
    (files / "policy.json").write_text(json.dumps(policy(SECRETS)))
    result = cfnroles("audit", "--events", "events.json.gz", "--source", "web.json", "--role", "policy.json")
    assert "Role web-execution in account" in result.out
    alone = cfnroles("audit", "--events", "events.json.gz", "--role", "policy.json")
    assert (alone.code, "Pass --called policy.json=NAME" in alone.err) == (2, True)


def test_a_role_of_another_name_is_protected_by_the_task_definition_that_it_is_given_for(
    cfnroles: Any, files: Path
) -> None:
    (files / "web.json").write_text(json.dumps(task("web", "renamed", DB, RARE)))
    result = cfnroles(*ASKED)
    assert f"unused in the window, needed: {GET} on {RARE}" in result.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no events to read"),
        (("--events", "events.json.gz"), "no role to audit"),
        (("--events", "none.json", "--role", "account.json:ghost"), "none.json: cannot be read"),
        (("--events", "web.json", "--role", "account.json:ghost"), "web.json: has no CloudTrail events"),
        (("--events", "events.json.gz", "--role", "account.json:nobody"), "has no role nobody"),
        (("--events", "events.json.gz", "--role", "account.json:ghost", "--called", "x=y"), "--called x: no role"),
        (("--events", "-", "--source", "-", "--role", "account.json:ghost"), "only one of --events and --source"),
    ],
)
def test_bad_input_is_one_error(arguments: tuple[str, ...], told: str, cfnroles: Any, files: Path) -> None:
    result = cfnroles("audit", *arguments)
    assert told in result.err
    assert "Traceback" not in result.err
    assert (result.code, result.out) == (2, "")


def test_events_of_a_file_that_is_named_twice_count_once(cfnroles: Any, files: Path) -> None:
    (files / "trail").mkdir()
    (files / "events.json.gz").rename(files / "trail" / "events.json.gz")
    once = cfnroles(*("trail" if word == "events.json.gz" else word for word in ASKED))
    twice = cfnroles(
        *("trail" if word == "events.json.gz" else word for word in ASKED), "--events", "trail/events.json.gz"
    )
    assert (twice.code, twice.out, twice.err) == (once.code, once.out, once.err)


def test_one_task_definition_of_a_template_is_audited(cfnroles: Any, files: Path) -> None:
    allowed = [{"PolicyName": "Ours", "PolicyDocument": policy(LOGS)}]
    resources: dict[str, Any] = {}
    for name in ("Web", "Worker"):
        properties = {"RoleName": name.lower(), "AssumeRolePolicyDocument": policy(TRUST), "Policies": allowed}
        containers = [{"Name": "web", "Image": "nginx"}]
        resources[f"{name}Role"] = {"Type": "AWS::IAM::Role", "Properties": properties}
        named = {"Fn::GetAtt": [f"{name}Role", "Arn"]}
        task_properties = {"ExecutionRoleArn": named, "ContainerDefinitions": containers}
        resources[name] = {"Type": "AWS::ECS::TaskDefinition", "Properties": task_properties}
    (files / "template.json").write_text(json.dumps({"Resources": resources}))
    words = ("audit", "--events", "events.json.gz", "--source", "template.json", "--account", ACCOUNT)

    assert re.findall(r"^Role (\S+)", cfnroles(*words).out, re.MULTILINE) == ["web", "worker"]
    assert re.findall(r"^Role (\S+)", cfnroles(*words, "--resource", "Worker").out, re.MULTILINE) == ["worker"]


@pytest.mark.parametrize("option", [("--guardduty",), ("--image", "nginx"), ("--resource", "Web")])
@pytest.mark.parametrize(
    "command", [("audit", "--events", "events.json.gz"), ("diagnose", "x")], ids=["audit", "diagnose"]
)
def test_an_option_about_a_source_requires_one(
    command: tuple[str, ...], option: tuple[str, ...], cfnroles: Any, files: Path
) -> None:
    refused = cfnroles(*command, *option)
    assert (refused.code, refused.err.splitlines()[0]) == (2, f"error: {option[0]} requires --source")


def test_events_come_from_standard_input_too(cfnroles: Any, files: Path) -> None:
    asked = ("audit", "--events", "-", "--role", "account.json:web-execution")
    result = cfnroles(*asked, stdin=looked_up(EVENTS))
    assert f"used: {GET} on {DB}" in result.out
    cut = cfnroles(*asked, stdin=looked_up(EVENTS, NextToken="x"))
    assert f"cannot be known: {GET} on {OLD}" in cut.out
    assert "one page of several" in cut.out


@pytest.mark.parametrize(("statements", "code"), [((SECRETS,), 1), ((LOGS,), 3), (({**SECRETS, "Resource": DB},), 0)])
def test_the_exit_code_tells_whether_there_is_something_to_do(
    statements: tuple[Any, ...], code: int, cfnroles: Any, files: Path
) -> None:
    (files / "account.json").write_text(json.dumps({"RoleDetailList": [detail("web-execution", *statements)]}))
    assert cfnroles(*ASKED).code == code


class History:
    """The clients of CloudTrail, IAM and STS, which answer as AWS does."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.waits = 2

    def lookup_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append({key: value for key, value in asked.items() if key in ("LookupAttributes", "NextToken")})
        attribute = asked["LookupAttributes"][0]
        found = [
            e
            for e in EVENTS
            if e["eventName" if attribute["AttributeKey"] == "EventName" else "eventSource"]
            == attribute["AttributeValue"]
        ]
        if "NextToken" not in asked and attribute["AttributeValue"].startswith("secrets"):
            return {"Events": [], "NextToken": "2"}
        return {"Events": [{"CloudTrailEvent": json.dumps(each)} for each in found]}

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        return {"Role": {**detail(RoleName), "AssumeRolePolicyDocument": policy(TRUST)}}

    def list_role_policies(self, **_: Any) -> dict[str, Any]:
        return {"PolicyNames": ["Ours"]}

    def get_role_policy(self, **_: Any) -> dict[str, Any]:
        return {"PolicyDocument": policy(SECRETS, LOGS)}

    def get_paginator(self, name: str) -> Any:
        answer = {"PolicyNames": ["Ours"], "AttachedPolicies": []}
        return type("Pages", (), {"paginate": lambda *_, **__: [answer]})()

    def generate_service_last_accessed_details(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"Arn": role("web-execution"), "Granularity": "ACTION_LEVEL"}
        return {"JobId": "1"}

    def get_service_last_accessed_details(self, **_: Any) -> dict[str, Any]:
        self.waits -= 1
        services = [{"ServiceName": "Logs", "ServiceNamespace": "logs", "LastAuthenticated": "2026-11-01T00:00:00Z"}]
        return {"JobStatus": "IN_PROGRESS" if self.waits > 0 else "COMPLETED", "ServicesLastAccessed": services}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": ACCOUNT, "Arn": role("me")}


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    made = History()
    monkeypatch.setattr("cfnroles.aws.connection.Connection.client", lambda *_: made)
    monkeypatch.setattr("cfnroles.aws.connection.Connection.made", lambda *_, **__: made)
    monkeypatch.setattr(cloudtrail.time, "sleep", lambda _: None)
    monkeypatch.setattr(iam.time, "sleep", lambda _: None)
    monkeypatch.setenv("AWS_REGION", REGION)
    return made


def test_the_event_history_is_read_from_aws(cfnroles: Any, files: Path, history: History) -> None:
    result = cfnroles("audit", "--live", "--days", "30", "--source", "web.json")
    assert f"used: {GET} on {DB}" in result.out
    assert f"unused in the window: {GET} on {OLD}" in result.out
    assert "IAM saw logs called last on 2026-11-01, by whichever action" in result.out
    assert "These are the events of the event history" in result.out
    assert [each["LookupAttributes"][0]["AttributeValue"] for each in history.asked] == [
        "AssumeRole",
        "logs.amazonaws.com",
        "secretsmanager.amazonaws.com",
        "secretsmanager.amazonaws.com",
    ]
    assert history.asked[-1]["NextToken"] == "2"


def test_a_report_that_iam_does_not_make_is_told(
    cfnroles: Any, files: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "get_service_last_accessed_details", lambda **_: {"JobStatus": "FAILED"})
    result = cfnroles("audit", "--live", "--source", "web.json")
    assert f"IAM has no report on {role('web-execution')}" in result.out
    assert f"used: {GET} on {DB}" in result.out


@pytest.mark.parametrize("days", ["0", "91"])
def test_the_event_history_has_ninety_days(days: str, cfnroles: Any, files: Path, history: History) -> None:
    result = cfnroles("audit", "--live", "--days", days, "--source", "web.json")
    assert (result.code, "covers the last 90 days" in result.err) == (2, True)
