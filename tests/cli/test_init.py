"""`cfnroles init` writes a spec that builds, says what only its authors can know, and overwrites nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cfnroles.document import parse

ROLE = {
    "RoleDetailList": [
        {
            "RoleName": "old",
            "Arn": "arn:aws:iam::123456789012:role/old",
            "RolePolicyList": [
                {
                    "PolicyName": "app",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "s3:GetObject",
                                "Resource": "arn:aws:s3:::b/*",
                                "Condition": {"Bool": {"aws:SecureTransport": True}},
                            },
                            {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
                            {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
                            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "bucket"},
                        ],
                    },
                }
            ],
            "AttachedManagedPolicies": [
                {
                    "PolicyName": "AmazonSSMReadOnlyAccess",
                    "PolicyArn": "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
                }
            ],
        }
    ]
}


@pytest.fixture
def project(examples: Path, tmp_path: Path) -> Path:
    """The task definitions of the example, without its spec."""
    directory = tmp_path / "shop"
    shutil.copytree(examples / "shop-project", directory)
    (directory / "cfnroles.yaml").unlink()
    return directory


def test_a_directory_becomes_a_spec_of_its_services(project: Path, cfnroles: Callable[..., Any]) -> None:
    (project / "notes.json").write_text('{"not": "a task definition"}')
    spec = project / "cfnroles.yaml"
    result = cfnroles("init", project, "-o", spec)
    assert result.code == 0, result.err
    text = spec.read_text()
    assert text.splitlines()[3] == "project: shop"
    assert "region: us-east-1" in text
    for name in ("web", "worker", "report"):
        assert f"  shop-{name}:\n    task-definition: {name}.json\n" in text
    assert "# kms-keys:" in text
    built = cfnroles("build", spec, "-o", project / "out")
    assert built.code == 0, built.err


def test_one_file_becomes_a_spec_of_one_service(project: Path, cfnroles: Callable[..., Any]) -> None:
    spec = project / "elsewhere.yaml"
    assert cfnroles("init", project / "web.json", "-o", spec, "--project", "mine").code == 0
    assert "project: mine" in spec.read_text()
    assert spec.read_text().count("task-definition:") == 1


def test_nothing_is_overwritten(project: Path, cfnroles: Callable[..., Any]) -> None:
    spec = project / "cfnroles.yaml"
    spec.write_text("mine")
    result = cfnroles("init", project, "-o", spec)
    assert result.code == 2
    assert "already exists" in result.err
    assert spec.read_text() == "mine"


def test_a_directory_without_task_definitions_is_refused(tmp_path: Path, cfnroles: Callable[..., Any]) -> None:
    result = cfnroles("init", tmp_path, "-o", tmp_path / "cfnroles.yaml")
    assert result.code == 2
    assert "has no task definition" in result.err


def test_a_directory_of_terraform_is_sent_to_the_commands_that_need_no_spec(
    tmp_path: Path, cfnroles: Callable[..., Any]
) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_ecs_task_definition" "web" {}\n')
    result = cfnroles("init", tmp_path, "-o", tmp_path / "cfnroles.yaml")
    assert result.code == 2
    told = "What is there needs no spec: in that directory, run `cfnroles explain .` or `cfnroles terraform .`."
    assert told in " ".join(result.err.split())


def test_a_project_that_no_spec_can_have_is_refused_before_a_spec_is_written(
    project: Path, cfnroles: Callable[..., Any]
) -> None:
    result = cfnroles("init", project, "-o", project / "new.yaml", "--project", "9lives")
    assert (result.code, (project / "new.yaml").exists()) == (2, False)
    assert "--project '9lives' is not a project's name" in result.err


def test_a_role_is_taken_over_as_far_as_a_spec_can_say_it(project: Path, cfnroles: Callable[..., Any]) -> None:
    (project / "roles.json").write_text(json.dumps(ROLE))
    spec = project / "one.yaml"
    result = cfnroles("init", project / "web.json", "-o", spec, "--from-role", f"{project / 'roles.json'}:old")
    assert result.code == 0, result.err
    text = spec.read_text()
    assert "        - AmazonSSMReadOnlyAccess\n" in text
    assert 'actions: ["s3:GetObject"]' in text
    assert '"aws:SecureTransport": "true"' in text
    assert "# Not copied: app, statement 2: sqs:* is not a single action" in text
    assert "# Not copied: app, statement 3: it denies" in text
    assert "# Not copied: app.Statement[3]: 'bucket' is not a resource" in text
    assert "Task role: old" in result.out
    built = cfnroles("build", spec, "-o", project / "out")
    assert built.code == 0, built.err


def test_what_a_template_fills_in_is_not_taken_over(project: Path, cfnroles: Callable[..., Any]) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "arn:aws:s3:::b-${AWS::StackId}"}}
    policy = {"PolicyName": "app", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
    (project / "roles.json").write_text(json.dumps({"Resources": {"Role": role}}))
    spec = project / "one.yaml"
    result = cfnroles("init", project / "web.json", "-o", spec, "--from-role", f"{project / 'roles.json'}:Role")
    assert result.code == 0, result.err
    assert "# Not copied: app, statement 1: a part of it is a value of its template" in spec.read_text()


def test_standard_input_has_no_path_for_a_spec(tmp_path: Path, cfnroles: Callable[..., Any]) -> None:
    result = cfnroles("init", "-", "-o", tmp_path / "cfnroles.yaml", stdin='{"family": "shop"}')
    assert (result.code, list(tmp_path.iterdir())) == (2, [])
    assert "a spec cannot name standard input" in result.err


def test_no_name_becomes_a_line_of_the_spec(cfnroles: Callable[..., Any], tmp_path: Path) -> None:
    value = "x\n    grants: [{s3-read: '*'}]\x1b[2K\u202e\U0001f600"
    source = tmp_path / "shop \U0001f600.json"
    container = {"name": "web", "image": "nginx", "memory": 128}
    source.write_text(json.dumps({"family": "shop", "taskRoleArn": value, "containerDefinitions": [container]}))

    result = cfnroles("init", source, "-o", tmp_path / "spec.yaml")

    assert result.code == 0, result.err
    text = (tmp_path / "spec.yaml").read_text()
    assert text.replace("\n", "").isprintable()
    assert parse(text, "spec")["services"] == {"shop": {"task-definition": source.name}}


class Ecs:
    """Amazon ECS with one service, answering as botocore's client does."""

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        certificate = {"issuerCertificateAuthority": {"awsPcaAuthorityArn": AUTHORITY}}
        connect = {"enabled": True, "services": [{"portName": "web", "tls": certificate}]}
        deployment = {"status": "PRIMARY", "createdAt": datetime.now(UTC), "serviceConnectConfiguration": connect}
        service = {
            "serviceName": services[0],
            "taskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/shop:7",
            "launchType": "FARGATE",
            "enableExecuteCommand": True,
            "events": [{"message": "(service web) has reached a steady state."}],
            "deployments": [deployment],
        }
        return {"services": [service] if cluster == "prod" else []}

    def describe_task_definition(self, taskDefinition: str, include: list[str]) -> dict[str, Any]:  # noqa: N803
        container = {"name": "web", "image": "nginx", "memory": 128}
        return {"taskDefinition": {"family": "shop", "revision": 7, "containerDefinitions": [container]}}


AUTHORITY = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-1111-1111-1111-111111111111"


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cfnroles.aws.connection.Connection.client", lambda self, service: Ecs())


def test_a_live_service_is_described_beside_its_task_definition(cfnroles: Any, tmp_path: Path, ecs: None) -> None:
    spec = tmp_path / "cfnroles.yaml"
    result = cfnroles("init", "prod/web", "--live", "-o", spec)
    assert result.code == 0, result.err
    assert parse(spec.read_text(), "spec")["services"]["shop"] == {
        "task-definition": "shop-7.json",
        "service": "web-service.json",
    }
    assert "events" not in (tmp_path / "web-service.json").read_text()
    explained = cfnroles("explain", spec).out
    assert AUTHORITY in explained
    assert "ssmmessages:OpenDataChannel" in explained


@pytest.mark.parametrize("there", ["shop-7.json", "web-service.json"])
def test_a_live_service_overwrites_nothing(cfnroles: Any, tmp_path: Path, ecs: None, there: str) -> None:
    (tmp_path / there).write_text("mine")
    result = cfnroles("init", "prod/web", "--live", "-o", tmp_path / "cfnroles.yaml")
    assert (result.code, [path.name for path in tmp_path.iterdir()]) == (2, [there])
    assert "already exists" in result.err


def test_a_live_service_that_is_not_there_is_told(cfnroles: Any, tmp_path: Path, ecs: None) -> None:
    result = cfnroles("init", "dev/web", "--live", "-o", tmp_path / "cfnroles.yaml")
    assert (result.code, list(tmp_path.iterdir())) == (3, [])
    assert "the cluster dev has no service web" in result.err


def test_a_file_that_is_named_twice_is_one_service(cfnroles: Any, project: Path) -> None:
    result = cfnroles("init", project / "web.json", project, project / "." / "web.json", "-o", project / "spec.yaml")
    assert result.code == 0
    services = parse((project / "spec.yaml").read_text(), "spec")["services"]
    assert [each["task-definition"] for each in services.values()] == ["web.json", "report.json", "worker.json"]


@pytest.mark.parametrize(
    "name", ["b\udcff.json", "new\nline.json", "a\x1b[2K.json"], ids=["not UTF-8", "a line break", "ESC"]
)
def test_a_file_whose_name_no_spec_can_have_is_refused(name: str, cfnroles: Any, project: Path) -> None:
    (project / "web.json").rename(project / name)
    refused = cfnroles("init", project / name, "-o", project / "spec.yaml")
    assert (refused.code, (project / "spec.yaml").exists()) == (2, False)
    assert "has a name with characters that no spec can have\nRename the file." in refused.err
