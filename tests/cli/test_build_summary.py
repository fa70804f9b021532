"""What a build says beside the files: gaps, warnings, what is left to fill, and what does not fit."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import jmespath
import pytest

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret"


def write(path: Path, *secrets: str, **members: Any) -> Path:
    entries = [{"name": f"S{number}", "valueFrom": value} for number, value in enumerate(secrets)]
    web = {"name": "web", "image": "nginx", "memory": 128, "secrets": entries, **members.pop("web", {})}
    path.write_text(json.dumps({"family": "shop", "containerDefinitions": [web], **members}), encoding="utf-8")
    return path


def test_a_placeholder_is_told_as_a_parameter_to_fill_and_a_gap_only_where_no_policy_can_name_it(
    cfnroles: Any, tmp_path: Path
) -> None:
    task = write(tmp_path / "task.json", "${SECRET_ARN}", cpu="<CPU>", web={"image": "${REGISTRY}/web:1"})
    told = cfnroles("build", task, "-o", tmp_path / "out")
    assert told.code == 0
    assert "Gaps: 1" in told.err
    assert "Fill it with --set REGISTRY=VALUE" in told.err
    assert "Required at deployment: SecretArn, Registry, Cpu." in told.err
    assert "Registry=VALUE SecretArn=VALUE Cpu=VALUE" in told.err


def test_strict_turns_gaps_into_an_exit_code(cfnroles: Any, tmp_path: Path) -> None:
    task = write(tmp_path / "task.json", web={"image": "<REGISTRY>/web:1"})
    refused = cfnroles("build", task, "-o", tmp_path / "out", "--strict")
    assert refused.code == 1
    assert refused.err.endswith("error: 1 gap, and --strict was given: the files were written\n")
    assert cfnroles("build", task, "-o", tmp_path / "out", "--strict", "--set", "REGISTRY=quay.io").code == 0


def test_traps_are_told_as_warnings_with_their_lines(cfnroles: Any, tmp_path: Path) -> None:
    told = cfnroles("build", write(tmp_path / "task.json", f"{SECRET}:shop-secret"), "-o", tmp_path / "out")
    assert "Warnings: 1" in told.err
    assert "task.json:1: containerDefinitions[0].secrets[0].valueFrom (container web, secret S0)" in told.err


def test_options_of_compat_and_exec_reach_the_roles(cfnroles: Any, tmp_path: Path) -> None:
    task = write(tmp_path / "task.json", web={"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/web"})
    cfnroles("build", task, "-o", tmp_path / "out", "--compat", "--execute-command")
    roles = (tmp_path / "out" / "shop-roles.yaml").read_text(encoding="utf-8")
    assert "ecr:BatchCheckLayerAvailability" in roles
    assert "ssmmessages:OpenDataChannel" in roles
    assert "- service.enableExecuteCommand" in roles, "the template tells which setting a statement is there for"


@pytest.mark.parametrize(
    ("tail", "count", "told"),
    [("", 300, False), (":password::", 300, False), (":password::", 450, True)],
    ids=["whole", "json-keys", "more json-keys than the validator's role may read"],
)
def test_many_secrets_are_told_to_stand_in_the_templates(
    cfnroles: Any, tmp_path: Path, tail: str, count: int, told: bool
) -> None:
    names = [f"{SECRET}:shop/production/service/secret-{number:03}-AbCdEf{tail}" for number in range(count)]
    options = ("--account", "123456789012", "--region", "us-east-1")
    found = cfnroles("build", write(tmp_path / "task.json", *names), "-o", tmp_path / "out", *options)
    assert f"The ARNs of {count} secrets are in the templates themselves" in found.err
    assert "more than 51,200 bytes" in found.err
    assert ("not their JSON keys" in found.err) is told


def test_an_infrastructure_role_is_made_only_where_it_is_needed(cfnroles: Any, tmp_path: Path) -> None:
    cfnroles("build", write(tmp_path / "plain.json"), "-o", tmp_path / "plain")
    volume = {"name": "disk", "configuredAtLaunch": True}
    cfnroles("build", write(tmp_path / "volume.json", volumes=[volume]), "-o", tmp_path / "volume", "--lint")
    plain, with_volume = ((tmp_path / name / "shop-roles.yaml").read_text("utf-8") for name in ("plain", "volume"))
    assert "InfrastructureRole" not in plain
    assert "Name: !Sub ${ProjectName}-ECSInfrastructureRoleArn" in with_volume
    assert "Service: ecs.amazonaws.com" in with_volume


def test_the_commands_hold_paths_as_a_shell_reads_them(cfnroles: Any, tmp_path: Path) -> None:
    out = tmp_path / "two words"
    told = cfnroles("build", write(tmp_path / "task.json"), "-o", out)
    assert f"cfnroles deploy '{out}'`" in told.err
    assert f"--template-file '{out}/shop-task.yaml'" in told.err


@pytest.mark.parametrize(("count", "told"), [(20, False), (21, True)])
def test_a_role_that_needs_iams_quota_raised_is_told(cfnroles: Any, tmp_path: Path, count: int, told: bool) -> None:
    write(tmp_path / "task.json")
    policies = [f"arn:aws:iam::123456789012:policy/p{number}" for number in range(count)]
    service = {"task-definition": "task.json", "task-role": {"managed-policies": policies}}
    spec = tmp_path / "cfnroles.yaml"
    spec.write_text(json.dumps({"project": "shop", "services": {"web": service}}), encoding="utf-8")
    found = cfnroles("build", spec, "-o", tmp_path / "out")
    assert found.code == 0
    assert (f"more than 20 managed policies on TaskRole ({count})" in found.err) is told


def test_more_files_than_a_screen_holds_are_counted(cfnroles: Any, tmp_path: Path) -> None:
    write(tmp_path / "task.json")
    services = {f"s{number}": {"task-definition": "task.json"} for number in range(12)}
    (tmp_path / "cfnroles.yaml").write_text(json.dumps({"project": "shop", "services": services}), encoding="utf-8")
    found = cfnroles("build", tmp_path / "cfnroles.yaml", "-o", tmp_path / "out")
    count = len(list((tmp_path / "out").iterdir()))
    assert f"Wrote {count} files to {tmp_path / 'out'}.\n" in found.err
    assert "s11-roles.yaml" not in found.err


def event(resource: str, status: str, reason: str = "") -> dict[str, str]:
    return {"LogicalResourceId": resource, "ResourceStatus": status, "ResourceStatusReason": reason}


#: What DescribeStackEvents answers, newest first.
EVENTS = {
    "the newest refusal": (
        [
            event("shop-task", "ROLLBACK_COMPLETE"),
            event("shop-task", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [SecretsExist]."),
            event("SecretsExist", "UPDATE_FAILED", "the second"),
            event("SecretsExist", "CREATE_IN_PROGRESS"),
            event("SecretsExist", "CREATE_FAILED", "the first"),
        ],
        "the second",
    ),
    "no refusal": ([event("TaskDefinition", "CREATE_FAILED", "x"), event("SecretsExist", "CREATE_COMPLETE")], None),
}


@pytest.mark.parametrize(("events", "why"), EVENTS.values(), ids=EVENTS)
def test_the_command_that_tells_why_the_gate_refused_does(
    cfnroles: Any, tmp_path: Path, events: list[dict[str, str]], why: str | None
) -> None:
    told = cfnroles("build", write(tmp_path / "task.json", f"{SECRET}:shop/x"), "-o", tmp_path / "out").err
    (line,) = [line for line in told.splitlines() if "describe-stack-events" in line]
    *_, option, query = shlex.split(line)

    assert option == "--query"
    assert jmespath.search(query, {"StackEvents": events}) == why


def test_a_stack_without_a_gate_needs_no_such_command(cfnroles: Any, tmp_path: Path) -> None:
    assert "refuse" not in cfnroles("build", write(tmp_path / "task.json"), "-o", tmp_path / "out").err
