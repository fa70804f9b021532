"""One road in: the kind that reads a document, each command's message for a refusal, and the cost of a new kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, InvalidInput, build, diff, discover, explain, read, verify
from cfnroles.need import Severity
from cfnroles.sources import source
from cfnroles.sources.source import Unrecognised
from tests.cli import secret_lines

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret"
TASK = '{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}]}'
TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}"
POLICY = "Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}]"
RESOLVED = TASK.replace("nginx", "{{resolve:ssm:image}}")

KINDS = {
    "a task definition": (TASK, "a task definition"),
    "an answer of ECS": (f'{{"taskDefinition": {TASK}}}', "a task definition"),
    "a list of one": (f"[{TASK}]", "a task definition"),
    "an Express Mode service": ('{"primaryContainer": {"image": "nginx"}}', "an Express Mode service"),
    "a spec": ("project: p\nservices: {web: {task-definition: web.json}}", "a service spec"),
    "a spec without its project": ("services: {web: {task-definition: web.json}}", "a service spec"),
    "a template": (TEMPLATE, "a CloudFormation template"),
    "a policy": (POLICY, "a policy document"),
}


@pytest.mark.parametrize(("text", "noun"), KINDS.values(), ids=KINDS)
def test_a_document_is_read_as_what_it_is(text: str, noun: str) -> None:
    assert read(Document("x.yaml", text)).noun == noun


OTHERS = {
    "nothing": ("", "is empty"),
    "a text": ("hello", "It is a string."),
    "a list of two": (f"[{TASK}, {TASK}]", "Put each into a file of its own, and run `cfnroles init`"),
    "one container": ("{name: web, image: nginx}", "looks like a single container definition"),
    "services of Docker": ("services: {web: {image: nginx}}", "It looks like a Compose file."),
    "several Kubernetes manifests": (
        "# web\n---\napiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: Service\n",
        "looks like a Kubernetes manifest",
    ),
    "a file of Elastic Beanstalk": (
        '{"AWSEBDockerrunVersion": 2, "containerDefinitions": [{"name": "web", "image": "nginx"}]}',
        "looks like a Dockerrun.aws.json of Elastic Beanstalk",
    ),
    "container definitions alone": (
        '[{"name": "web", "image": "nginx"}, {"name": "log", "image": "fluent-bit"}]',
        "looks like the container definitions of a task definition",
    ),
    "a Kubernetes manifest": ("{apiVersion: apps/v1, kind: Deployment}", "looks like a Kubernetes manifest"),
    "a Copilot manifest": (
        "{name: api, type: Backend Service, image: {build: Dockerfile}}",
        "Pass its template: `copilot svc package`",
    ),
    "a Copilot job": ("{name: night, type: Scheduled Job, image: {build: .}}", "`copilot job package`"),
    "an AppSpec file": ("{version: 0.0, Resources: [{TargetService: {}}]}", "an AppSpec file of CodeDeploy"),
    "the settings of a CDK app": ("{app: npx ts-node app.ts}", "Run `cdk synth`, and pass cdk.out"),
    "image definitions": ("[{name: web, imageUri: nginx}]", "an image definitions file of CodePipeline"),
    "a service": ("{serviceName: web, taskDefinition: 'web:1'}", "and this file with --service-file"),
    "services of an account": ("{services: [{serviceName: web, taskDefinition: 'web:1'}]}", "with --service-file"),
    "tasks of an account": ("{tasks: [{taskArn: x}]}", "`cfnroles diagnose` reads it"),
    "roles of an account": ("{RoleDetailList: []}", "this file with --role FILE:NAME"),
    "what names a task definition": ("{region: x, task_definition: web.json}", "Pass that file"),
    "a spec with another key": (
        "services: {web: {task_definition: web.json}}",
        "Its services have task_definition. Did you mean task-definition?",
    ),
    "services of another tool": ("services: {web: {port: 1}}", "Its members: services."),
    "a misspelt member": ("{containerDefinitons: []}", "Did you mean containerDefinitions?"),
    "accounts of a system": ("root:$6$hunter2:20228:\nbin:*:20228:", r"None of its members has a name that ECS has\.$"),
    "more than names": ("{version: 1, wJalrXUtnFEMI/K7MDENG: 2}", r"Its members: version and others\.$"),
    "members as CloudFormation spells them": (
        "{Family: x, ContainerDefinitions: []}",
        "the ECS API has containerDefinitions",
    ),
}


@pytest.mark.parametrize(("text", "told"), OTHERS.values(), ids=OTHERS)
def test_what_no_kind_recognises_is_one_clear_error(text: str, told: str) -> None:
    with pytest.raises(Unrecognised, match=told):
        read(Document("x.yaml", text))


def test_invalid_yaml_is_reported_with_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"x\.yaml:\d+:\d+: is not valid YAML"):
        read(Document("x.yaml", "family: [shop"))


ASKED: dict[str, Callable[[Any], object]] = {
    "build": build,
    "explain": explain,
    "verify": lambda reading: verify(reading, "nothing.yaml:Role"),
    "diff": lambda reading: diff(reading, reading),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_using_a_reading_that_ecs_would_refuse_raises_all_its_findings(ask: Callable[[Any], object]) -> None:
    reading = read(Document("web.json", RESOLVED))
    assert [finding.severity for finding in reading.findings] == [Severity.ERROR]
    with pytest.raises(InvalidInput, match=r"ECS does not resolve .*resolve:ssm:image") as refused:
        ask(reading)
    assert refused.value.exit_code == 2


def test_discover_gives_the_same_findings() -> None:
    task = read(Document("web.json", RESOLVED)).tasks[0]
    assert discover(task.workload, task.facts) == task.discovery
    assert [finding.origin.pointer for finding in task.discovery.findings] == ["containerDefinitions[0].image"]


@pytest.mark.parametrize("command", ["build", "explain", "lint"])
def test_so_does_each_command(command: str, tmp_path: Path, cfnroles: Any) -> None:
    (tmp_path / "web.json").write_text(RESOLVED)
    told = cfnroles(command, tmp_path / "web.json", *(["-o", tmp_path / "out"] if command == "build" else []))
    assert told.code == (1 if command == "lint" else 2)
    assert "ECS does not resolve {{resolve:ssm:image}}" in " ".join((told.out + told.err).split())


@pytest.mark.parametrize("text", [TEMPLATE, POLICY], ids=["a template", "a policy"])
def test_nothing_is_built_from_what_has_no_task_definition(text: str) -> None:
    with pytest.raises(InvalidInput, match="has no task definition that needs roles"):
        build(read(Document("x.yaml", text)))


def test_lint_looks_at_a_spec_and_at_the_files_that_it_names(tmp_path: Path, cfnroles: Any) -> None:
    (tmp_path / "web.json").write_text(RESOLVED)
    spec = tmp_path / "cfnroles.yaml"
    spec.write_text("project: p\nservices: {web: {task-definition: web.json}, live: {task-definition: live:1}}")
    told = cfnroles("lint", spec)
    assert told.code == 1
    assert "web.json:" in told.out
    assert "[unread-task-definition]" in told.out
    spec.write_text(spec.read_text().replace("project", "projekt"))
    told = cfnroles("lint", spec)
    assert told.code == 1
    assert "[refused-key]" in told.out


def test_a_family_that_a_pipeline_fills_in_keeps_no_one_from_linting(cfnroles: Any) -> None:
    text = TASK.replace("shop", "${FAMILY}")
    assert cfnroles("lint", "-", stdin=text).code == 0
    told = cfnroles("explain", "-", stdin=text)
    assert (told.code, told.err.splitlines()[0]) == (
        2,
        "error: standard input:1:2: the family ${FAMILY} contains the placeholder ${FAMILY}",
    )
    assert "--set 'FAMILY=VALUE'" in told.err
    assert cfnroles("explain", "-", "--set", "FAMILY=shop", stdin=text).code == 0


def test_a_task_definition_stands_beside_its_spec(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "web.json").write_text(TASK)
    (tmp_path / "deploy" / "spec.yaml").write_text("project: p\nservices: {web: {task-definition: ../web.json}}")
    reading = read(tmp_path / "deploy" / "spec.yaml")
    assert [document.name for document in reading.documents] == [
        str(tmp_path / "deploy" / "spec.yaml"),
        str(tmp_path / "web.json"),
    ]
    assert [task.name for task in reading.accepted()] == ["web"]


@pytest.fixture
def with_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A document of a new kind, and the line that makes it known."""
    monkeypatch.setattr(source, "SOURCES", (*source.SOURCES, secret_lines))
    (tmp_path / "shop.env").write_text(f"DATABASE={SECRET}:database-AbCdEf\nMAIL={SECRET}:mail-AbCdEf\n")
    return tmp_path / "shop.env"


def test_without_it_the_new_kind_is_unknown(tmp_path: Path, cfnroles: Any) -> None:
    (tmp_path / "shop.env").write_text(f"DATABASE={SECRET}:database-AbCdEf\n")
    told = cfnroles("explain", tmp_path / "shop.env")
    assert told.code == 2
    assert "shop.env: is not a task definition, Express Mode service, service spec" in told.err


def test_a_new_kind_is_explained(with_lines: Path, cfnroles: Any) -> None:
    told = cfnroles("explain", with_lines, "--format", "json")
    statements = {each["sid"]: each for each in json.loads(told.out)["roles"]["execution role"]}
    read_secrets = statements["ReadSecrets"]
    assert read_secrets["actions"] == ["secretsmanager:GetSecretValue"]
    assert read_secrets["resources"] == [f"{SECRET}:database-AbCdEf", f"{SECRET}:mail-AbCdEf"]
    assert {field["document"] for field in read_secrets["reasons"][0]["fields"]} == {str(with_lines)}


def test_a_new_kind_is_built_and_what_is_built_is_verified(with_lines: Path, cfnroles: Any) -> None:
    out = with_lines.parent / "out"
    built = cfnroles("build", with_lines, "-o", out, "--account", "111122223333", "--region", "eu-west-1")
    assert built.code == 0, built.err
    assert {path.name for path in out.iterdir()} == {
        "secret-validator.yaml", "shop-roles.yaml", "shop-task.yaml", "stacks.json",
    }  # fmt: skip
    options = ("--account", "111122223333", "--region", "eu-west-1", "--fail-on", "excess")
    told = cfnroles("verify", with_lines, "--role", f"{out}/shop-roles.yaml:ExecutionRole", *options)
    assert told.code == 0, told.out


def test_a_new_kind_refuses_what_does_not_fit_it(with_lines: Path, cfnroles: Any) -> None:
    told = cfnroles("build", with_lines, "--compat", "-o", with_lines.parent / "out")
    assert (told.code, told.out) == (2, "")
    assert told.err == f"error: --compat requires a task definition, but {with_lines} is a list of secrets\n"


def test_it_is_compared_with_its_like(with_lines: Path) -> None:
    fewer = Document("fewer.env", with_lines.read_text().splitlines()[0])
    difference = diff(read(fewer), read(with_lines)).difference
    assert (f"{SECRET}:mail-AbCdEf",) in [change.grant.resources for change in difference.changes]
    assert difference.widens
