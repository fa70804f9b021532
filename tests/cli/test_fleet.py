"""``cfnroles fleet --live``: an account in, what is wrong with its task definitions and roles out, the worst first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles.aws.connection import Connection
from cfnroles.sources.source import read
from tests.fleets import ACCOUNT, HOME, REGION, TRUST, account, allow, definition, role, role_arn, secret
from tests.live_aws import Aws, aws, refusal

__all__ = ["aws"]
Put = Callable[..., Aws]

LIVE = ("fleet", "--live", "--region", REGION)
KEY = f"arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web"
PULL = (
    allow("ecr:GetAuthorizationToken"),
    allow("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", on=f"arn:aws:ecr:{HOME}:repository/web"),
)
GET = allow("secretsmanager:GetSecretValue", on=secret("db"))
LOGS = {"awslogs-group": "/ecs/web", "awslogs-region": REGION, "awslogs-stream-prefix": "web"}
WRITE = allow(
    "logs:CreateLogStream", "logs:PutLogEvents", on=f"arn:aws:logs:{HOME}:log-group:/ecs/web:log-stream:web/web/*"
)


def secrets(*references: str) -> dict[str, Any]:
    return {"secrets": [{"name": f"S{n}", "valueFrom": each} for n, each in enumerate(references)]}


def logging(**options: str) -> dict[str, Any]:
    return {"logConfiguration": {"logDriver": "awslogs", "options": {**LOGS, **options}}}


def execution(*statements: Mapping[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [role("web-execution", *statements, **more)]


def without_role(**more: Any) -> dict[str, Any]:
    found = definition("web", container=logging(), **more)
    del found["executionRoleArn"]
    return found


def found(result: Any) -> list[tuple[str, str, str]]:
    findings = json.loads(result.out)["findings"]
    return [(each["kind"], each["subject"], " ".join(each["taskDefinitions"])) for each in findings]


FILES = {
    "volumes": [
        {
            "name": "files",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-12345678",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "ENABLED"},
            },
        }
    ]
}
MOUNT = allow(
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    on=f"arn:aws:elasticfilesystem:{HOME}:file-system/fs-12345678",
)
THERE = {secret("db"): {}}
WITH_KEY = {secret("db"): {"KmsKeyId": KEY}}
DB = definition("web", container=secrets(secret("db")))
PARAMETER = definition("web", container=secrets("/web/flags"))
READ = allow("ssm:GetParameters", on=f"arn:aws:ssm:{HOME}:parameter/web/flags")
OTHERS = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}  # type: ignore[dict-item]
BOTH = {**TRUST, "Statement": [*TRUST["Statement"], *OTHERS["Statement"]]}  # type: ignore[misc]
ECR = definition("web", container={"image": f"{IMAGE}:1"})
GROUP = definition("web", container=logging())
Case = tuple[dict[str, Any], list[tuple[str, str, str]], int]

CASES: dict[str, Case] = {
    "all is well": (account([DB], execution(GET), THERE), [], 0),
    "nothing is there": (account(), [], 0),
    "a role that is not there": (account([DB], [], THERE), [("role missing", "web-execution", "web")], 1),
    "a role of another path": (
        account([definition("web", executionRoleArn=role_arn("team/web-execution"))], execution()),
        [("role missing", "web-execution", "web")],
        1,
    ),
    "no role": (account([without_role()], log_groups=["/ecs/web"]), [("no role", "execution role", "web")], 1),
    "no role on instances": (
        account([without_role(requiresCompatibilities=["EC2"])], log_groups=["/ecs/web"]),
        [("unknown", "execution role", "web")],
        3,
    ),
    "whom ECS may not assume": (
        account([DB], execution(GET, trust=OTHERS), THERE),
        [("not assumable", "web-execution", "web"), ("wide role", "web-execution", "web")],
        1,
    ),
    "whom others may assume": (
        account([DB], execution(GET, trust=BOTH), THERE),
        [("wide role", "web-execution", "web")],
        0,
    ),
    "a permission that lacks": (account([DB], execution(), THERE), [("lacks permission", "web-execution", "web")], 1),
    "a permission that is denied": (
        account([DB], execution(GET, {**GET, "Effect": "Deny"}), THERE),
        [("lacks permission", "web-execution", "web")],
        1,
    ),
    "a secret that is not there": (account([DB], execution(GET)), [("secret missing", secret("db"), "web")], 1),
    "a secret that is deleted": (
        account([DB], execution(GET), {secret("db"): {"DeletedDate": "2026-01-01"}}),
        [("secret missing", secret("db"), "web")],
        1,
    ),
    "a secret of another account": (
        account([definition("web", container=secrets(secret("db").replace(ACCOUNT, "210987654321")))], execution(GET)),
        [
            ("lacks permission", "web-execution", "web"),
            ("excess", "web-execution", "web"),
            ("unknown", secret("db").replace(ACCOUNT, "210987654321"), "web"),
            ("unknown", "web-execution", "web"),
        ],
        1,
    ),
    "a parameter": (
        account([PARAMETER], execution(READ), parameters=[{"Name": "/web/flags", "Type": "String"}]),
        [],
        0,
    ),
    "a parameter that is not there": (
        account([PARAMETER], execution(READ)),
        [("secret missing", "/web/flags", "web")],
        1,
    ),
    "a key that the role may not use": (
        account([DB], execution(GET), WITH_KEY, keys={KEY: "Enabled"}),
        [("lacks permission", "web-execution", "web")],
        1,
    ),
    "a key that the role may use": (
        account([DB], execution(GET, allow("kms:Decrypt", on=KEY)), WITH_KEY, keys={KEY: "Enabled"}),
        [("excess", "web-execution", "web")],
        0,
    ),
    "a key that is disabled": (
        account([DB], execution(GET, allow("kms:Decrypt", on=KEY)), WITH_KEY, keys={KEY: "Disabled"}),
        [("key not usable", KEY, "web"), ("excess", "web-execution", "web")],
        1,
    ),
    "a repository that is not there": (account([ECR], execution(*PULL)), [("repository missing", "web", "web")], 1),
    "a repository that a pull makes": (account([ECR], execution(*PULL), prefixes=["ROOT"]), [], 0),
    "a repository": (account([ECR], execution(*PULL), repositories=["web"]), [], 0),
    "a log group that is not there": (
        account([GROUP], execution(WRITE)),
        [("log group missing", "/ecs/web", "web")],
        1,
    ),
    "a log group": (account([GROUP], execution(WRITE), log_groups=["/ecs/web"]), [], 0),
    "a log group that is created": (
        account(
            [definition("web", container=logging(**{"awslogs-create-group": "true"}))],
            execution(
                WRITE,
                allow("logs:CreateLogGroup", on=[f"arn:aws:logs:{HOME}:log-group:/ecs/web{end}" for end in ("", ":*")]),
            ),
        ),
        [],
        0,
    ),
    "more than is needed": (account([DB], execution(GET, PULL[0]), THERE), [("excess", "web-execution", "web")], 0),
    "what is given away": (
        account([definition("web", taskRoleArn=role_arn("t"))], [*execution(), role("t", allow("*"))]),
        [("wide role", "t", "web")],
        0,
    ),
    "one role for ECS and for the application": (
        account([{**DB, **FILES, "taskRoleArn": role_arn("web-execution")}], execution(GET, MOUNT), THERE),
        [],
        0,
    ),
    "a role that is shared": (
        account([DB, definition("api", executionRoleArn=role_arn("web-execution"))], execution(GET), THERE),
        [("shared role", "web-execution", "api web")],
        0,
    ),
    "a role that nothing uses": (
        account([DB], [*execution(GET), role("old"), role("lambda", trust=OTHERS)], THERE),
        [("unused role", "old", "")],
        0,
    ),
    "a task definition that nobody understands": (
        account([definition("web", networkMode="odd")]),
        [("role missing", "web-execution", "web"), ("unknown", "task definition", "web")],
        1,
    ),
}


@pytest.mark.parametrize(("answers", "expected", "code"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_found(
    cfnroles: Any, aws: Put, answers: dict[str, Any], expected: list[tuple[str, str, str]], code: int
) -> None:
    there = aws(answers)
    result = cfnroles(*LIVE, "--format", "json")
    assert (found(result), result.code) == (expected, code)
    assert there.changes == []


DENIED = {
    "ssm:DescribeParameters": ("/web/flags", "whether it exists: the credentials may not ask about it"),
    "secretsmanager:DescribeSecret": (secret("db"), "whether it exists: the credentials may not ask about it"),
    "logs:DescribeLogGroups": (
        "log groups",
        "whether 1 of them exist: AWS refused logs:DescribeLogGroups",
    ),
    "ecr:DescribeRepositories": (
        "repositories",
        "whether 1 of them exist: AWS refused ecr:DescribeRepositories",
    ),
    "iam:GetAccountAuthorizationDetails": (
        "roles",
        "which roles nothing uses: that needs the permission iam:GetAccountAuthorizationDetails",
    ),
}
EVERYTHING = definition("web", container={"image": f"{IMAGE}:1", **secrets(secret("db"), "/web/flags"), **logging()})
ONE_BY_ONE = {
    "iam.get_role": {
        "Role": {"RoleName": "web-execution", "Arn": role_arn("web-execution"), "AssumeRolePolicyDocument": TRUST}
    },
    "iam.list_attached_role_policies": {"AttachedPolicies": []},
    "iam.list_role_policies": {"PolicyNames": ["own"]},
    "iam.get_role_policy": {
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [*PULL, GET, READ, WRITE]},
    },
}


def everything() -> dict[str, Any]:
    parameters = [{"Name": "/web/flags", "Type": "String"}]
    there = account([EVERYTHING], execution(*PULL, GET, READ, WRITE), THERE, parameters, {}, ["/ecs/web"], ["web"])
    return {**there, **ONE_BY_ONE}


@pytest.mark.parametrize(("denied", "told"), DENIED.items(), ids=DENIED)
def test_what_may_not_be_read_is_a_gap_with_its_permission(
    cfnroles: Any, aws: Put, denied: str, told: tuple[str, str]
) -> None:
    aws(everything(), (denied,))
    result = cfnroles(*LIVE, "--format", "json")
    report = json.loads(result.out)
    assert result.code == 3
    assert told in [(each["subject"], each["what"]) for each in report["findings"]]
    assert report["permissionsThatWouldTellMore"] == [denied]


def test_nobody_asks_on_who_is_refused_again_and_again(cfnroles: Any, aws: Put) -> None:
    many = definition("web", container=secrets(*(secret(f"s{n}") for n in range(20))))
    there = aws(account([many], execution()), ("secretsmanager:DescribeSecret",))
    cfnroles(*LIVE)
    assert there.calls.count("secretsmanager:DescribeSecret") == 5


def test_revisions_that_differ_in_nothing_are_one_and_each_thing_is_asked_once(
    cfnroles: Any, aws: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    understood: list[object] = []
    monkeypatch.setattr(
        "cfnroles.answers.fleet_users.read", lambda document, told: understood.append(document) or read(document, told)
    )
    definitions = [
        definition(
            family, n, executionRoleArn=role_arn("web-execution"), container={**secrets(secret("db"), "/a", "/b")}
        )
        for family in ("api", "web")
        for n in range(1, 151)
    ]
    there = aws(account(definitions, execution(GET), THERE))
    report = json.loads(cfnroles(*LIVE, "--format", "json").out)
    assert (report["taskDefinitions"], report["families"], report["roles"]) == (300, 2, 1)
    assert len(understood) == 2
    missing = [each for each in report["findings"] if each["kind"] == "secret missing"]
    assert [(each["subject"], each["count"]) for each in missing] == [("/a", 300), ("/b", 300)]
    counts = {call: there.calls.count(call) for call in there.calls}
    assert counts == {
        "sts:GetCallerIdentity": 1,
        "ecs:ListTaskDefinitions": 3,
        "ecs:DescribeTaskDefinition": 300,
        "secretsmanager:DescribeSecret": 1,
        "ssm:DescribeParameters": 1,
        "iam:GetAccountAuthorizationDetails": 1,
    }


def test_the_newest_of_each_family_can_be_asked_for(cfnroles: Any, aws: Put) -> None:
    there = aws(account([definition("web", n) for n in (1, 2)], execution()))
    report = json.loads(cfnroles(*LIVE, "--revisions", "latest", "--format", "json").out)
    assert report["taskDefinitions"] == 1
    assert "ecs:ListTaskDefinitions" not in there.calls


def test_those_that_services_and_running_tasks_use_can_be_asked_for(cfnroles: Any, aws: Put) -> None:
    made = [definition("web", n) for n in (1, 2, 3, 4)]
    arns = [each["taskDefinitionArn"] for each in made]
    used = {
        "ecs.list_clusters": {"clusterArns": ["shop"]},
        "ecs.list_services": {"serviceArns": [f"s{n}" for n in range(12)]},
        "ecs.describe_services": {
            "services": [{"taskDefinition": arns[0], "deployments": [{"taskDefinition": arns[1]}]}]
        },
        "ecs.list_tasks": {"taskArns": ["t"]},
        "ecs.describe_tasks": {"tasks": [{"taskDefinitionArn": arns[3]}]},
    }
    there = aws({**account(made, []), **used})
    report = json.loads(cfnroles(*LIVE, "--revisions", "used", "--format", "json").out)
    assert report["findings"][0]["taskDefinitions"] == {"web": [1, 2, 4]}
    assert there.calls.count("ecs:DescribeServices") == 2


# -- going on where another run ended


def interrupted(answers: dict[str, Any], after: int, error: Exception) -> dict[str, Any]:
    described, count = answers["ecs.describe_task_definition"], iter(range(1, 1000))

    def describe(**request: Any) -> Any:
        if next(count) > after:
            raise error
        return described(**request)

    return {**answers, "ecs.describe_task_definition": describe}


PASSWORD = {"environment": [{"name": "P", "value": "hunter2"}], "command": ["--password=hunter2"]}


def test_a_throttled_run_continues_where_it_stopped(cfnroles: Any, aws: Put, tmp_path: Path) -> None:
    file = tmp_path / "fleet.jsonl"
    made = [definition("web", n, container={**secrets(secret("db")), **PASSWORD}) for n in range(1, 8)]
    answers = account(made, execution(GET), THERE)
    aws(interrupted(answers, 5, refusal("ThrottlingException", "Rate exceeded")))
    first = cfnroles(*LIVE, "--resume", file)
    assert first.code == 3
    assert f"Continue with --resume {file}" in first.err
    with file.open("ab") as half:
        half.write(b'{"definition": {"family": "' + b"w" * 20_000)
    there = aws(answers)
    second = cfnroles(*LIVE, "--resume", file, "--format", "json")
    assert (second.code, json.loads(second.out)["taskDefinitions"]) == (0, 7)
    assert there.calls.count("ecs:DescribeTaskDefinition") == 2
    assert "hunter2" not in file.read_text() + second.out
    assert all(isinstance(json.loads(line), dict) for line in file.read_text().splitlines())
    assert file.stat().st_mode & 0o077 == 0


def test_a_run_that_is_complete_is_shown_again_without_the_crawl(cfnroles: Any, aws: Put, tmp_path: Path) -> None:
    file = tmp_path / "fleet.jsonl"
    there = aws(account([DB], execution()))
    first = cfnroles(*LIVE, "--resume", file, "--format", "json")
    before = len(there.calls)
    second = cfnroles(*LIVE, "--resume", file, "--format", "json")
    assert found(second) == found(first)
    assert there.calls[before:] == ["sts:GetCallerIdentity", "iam:GetAccountAuthorizationDetails"]


WRONG = {
    "another file": ('{"family": "web"}\n', (), "is not a file of `cfnroles fleet --resume`"),
    "no JSON": ("shop\n", (), "is not a file of `cfnroles fleet --resume`"),
    "another Region": (
        "",
        ("--region", "us-east-1"),
        f"is the progress of another run: account {ACCOUNT}, {REGION}, --revisions all",
    ),
    "other revisions": ("", ("--revisions", "latest"), f"{REGION}, --revisions latest."),
}


@pytest.mark.parametrize(("text", "options", "told"), WRONG.values(), ids=WRONG)
def test_a_file_of_something_else_is_left_as_it_is(
    cfnroles: Any, aws: Put, tmp_path: Path, text: str, options: Iterable[str], told: str
) -> None:
    file = tmp_path / "fleet.jsonl"
    aws(account([DB], execution()))
    if text:
        file.write_text(text)
    else:
        cfnroles(*LIVE, "--resume", file)
    before = file.read_text()
    result = cfnroles(*LIVE, *options, "--resume", file)
    assert (result.code, file.read_text()) == (2, before)
    assert told in result.err


def test_a_directory_is_no_file_to_go_on_from(cfnroles: Any, aws: Put, tmp_path: Path) -> None:
    aws(account())
    result = cfnroles(*LIVE, "--resume", tmp_path)
    assert (result.code, "cannot be used" in result.err) == (2, True)


# -- how it is shown


def mixed() -> dict[str, Any]:
    wide = [*execution(allow("*")), role("old", RoleLastUsed={"LastUsedDate": "2025-01-01", "Region": "us-east-1"})]
    long = definition("x" * 90, executionRoleArn=role_arn("web-execution"))
    return account([DB, PARAMETER | {"revision": 3, "taskDefinitionArn": "web:3"}, long], wide, THERE)


def test_each_finding_fits_a_terminal(cfnroles: Any, aws: Put, on_terminal: Any) -> None:
    on_terminal(80)
    aws(mixed())
    lines = cfnroles(*LIVE).out.splitlines()
    assert lines[0] == "secret missing  /web/flags: there is no such parameter (web:3)"
    assert all(len(line) <= 80 or len(line.split()) == 1 for line in lines)
    assert lines[-2:] == [
        f"3 task definitions of 2 families and 1 role: account {ACCOUNT}, {REGION}",
        "1 error, 2 warnings, 2 infos, 0 unknown",
    ]


def test_excess_counts_where_that_is_asked(cfnroles: Any, aws: Put) -> None:
    aws(account([DB], execution(GET, PULL[0]), THERE))
    assert cfnroles(*LIVE).code == 0
    assert cfnroles(*LIVE, "--fail-on", "excess").code == 1


def test_code_scanning_gets_the_same(cfnroles: Any, aws: Put) -> None:
    aws(mixed(), ("secretsmanager:DescribeSecret",))
    (run,) = json.loads(cfnroles(*LIVE, "--format", "sarif").out)["runs"]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [
        ("fleet-secret-missing", "error"),
        ("fleet-wide-role", "warning"),
        ("fleet-excess", "warning"),
        ("fleet-shared-role", "note"),
        ("fleet-unused-role", "note"),
    ]
    (first, *_) = run["results"][0]["locations"]
    assert first["physicalLocation"]["artifactLocation"]["uri"] == f"aws/{ACCOUNT}/{REGION}/task-definition/web%3A3"
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "fleet-secret-missing"
    told = [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]
    assert f"unknown: {secret('db')}: whether it exists: the credentials may not ask about it" in told


def test_it_slows_down_where_aws_throttles() -> None:
    given = Connection(region=REGION, environment=(("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")))
    assert given.client("ecs", patient=True).meta.config.retries == {"mode": "adaptive", "total_max_attempts": 11}


def test_without_live_nobody_is_asked(cfnroles: Any, aws: Put) -> None:
    there = aws(account())
    result = cfnroles("fleet")
    assert (result.code, there.calls) == (2, [])
    assert "Pass --live." in result.err
