"""How a task definition is run: what RunTask, StartTask and CreateDaemon put in the place of what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Reading, Told, build, read
from cfnroles.errors import InvalidInput
from cfnroles.need import Holder
from cfnroles.sources.runs import read_run

BUCKET = "arn:aws:s3:::shop-files"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MIGRATION = "arn:aws:iam::123456789012:role/migration"
FIELD = "runTask.overrides.containerOverrides[0]"


def of_s3(name: str) -> list[dict[str, str]]:
    return [{"type": "s3", "value": f"{BUCKET}/{name}.env"}]


WEB = {"name": "web", "image": "nginx", "memory": 128, "environmentFiles": of_s3("web")}
EXEC = {f"ssmmessages:{name}" for name in ("CreateControlChannel", "CreateDataChannel")} | {
    f"ssmmessages:{name}" for name in ("OpenControlChannel", "OpenDataChannel")
}


class Written:
    """Write documents next to each other, and read the task definition with what is given about its runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def file(self, name: str, members: Any) -> str:
        path = self.directory / name
        path.write_text(json.dumps(members, indent=1), encoding="utf-8")
        return str(path)

    def __call__(self, run: Any = None, service: Any = None, *containers: Any, **task: Any) -> Reading:
        definition = {"family": "shop", "containerDefinitions": [*(containers or (WEB,))], **task}
        run_file = self.file("run.json", {"taskDefinition": "shop", **run}) if run is not None else ""
        service_file = self.file("service.json", service) if service else ""
        told = Told(account="123456789012", region="us-east-1", run_task_file=run_file, service_file=service_file)
        return read(self.file("task.json", definition), told)


@pytest.fixture
def reading(tmp_path: Path) -> Written:
    return Written(tmp_path)


def needs(reading: Reading, holder: Holder = Holder.EXECUTION) -> set[str]:
    found = reading.task().discovery.needs
    return {f"{need.permission.action} {need.permission.resource}" for need in found if need.holder is holder}


def gaps(reading: Reading) -> dict[str, str]:
    return {gap.origin.pointer: gap.what for gap in reading.gaps}


def overriding(**members: Any) -> dict[str, Any]:
    return {"overrides": {"containerOverrides": [{"name": "web", **members}]}}


def test_files_of_a_run_are_read_beside_those_of_its_task_definition(reading: Written) -> None:
    told = reading(overriding(environmentFiles=of_s3("migrate")))
    read_files = {need for need in needs(told) if "GetObject" in need}
    assert read_files == {f"s3:GetObject {BUCKET}/{name}.env" for name in ("web", "migrate")}
    places = {str(need.origin).rpartition("/")[2] for need in told.task().discovery.needs}
    assert f"run.json: {FIELD}.environmentFiles[0].value" in places
    assert told.gaps == ()


def test_a_run_that_overrides_nothing_needs_nothing_besides(reading: Written) -> None:
    plain = reading()
    for run in ({}, overriding(command=["migrate"], cpu=10), overriding(environmentFiles=of_s3("web"))):
        assert needs(reading(run)) == needs(plain)
        assert reading(run).gaps == ()


def test_a_variable_takes_the_place_of_that_of_its_name(reading: Written) -> None:
    """The init process of Fluent Bit reads a file for each of these variables; an override changes one and adds one."""
    router = {
        "name": "web",
        "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:init-2.32.0",
        "firelensConfiguration": {"type": "fluentbit"},
        "environment": [{"name": "A", "value": "1"}, {"name": "aws_fluent_bit_init_s3_1", "value": f"{BUCKET}/a.conf"}],
    }
    changed = [{"name": f"aws_fluent_bit_init_s3_{n}", "value": f"{BUCKET}/{n}.conf"} for n in (1, 2)]
    found = reading(overriding(environment=changed), None, router).task().discovery.needs
    files = {
        str(need.permission.resource): need.origin.pointer for need in found if need.permission.action.endswith("ct")
    }
    assert files == {
        f"{BUCKET}/a.conf": "containerDefinitions[0].environment[1].value",
        f"{BUCKET}/1.conf": f"{FIELD}.environment[0].value",
        f"{BUCKET}/2.conf": f"{FIELD}.environment[1].value",
    }


DISK = [{"name": "disk", "configuredAtLaunch": True}]


def volume(**ebs: Any) -> dict[str, Any]:
    return {"volumeConfigurations": [{"name": "disk", "managedEBSVolume": ebs}]}


def test_volumes_of_a_run_cost_what_those_of_a_service_cost(reading: Written) -> None:
    told = volume(snapshotId="snap-1", kmsKeyId=KEY, terminationPolicy={"deleteOnTermination": True})
    run = reading(told, volumes=DISK)
    del told["volumeConfigurations"][0]["managedEBSVolume"]["terminationPolicy"]
    service = reading(None, {"serviceName": "shop", "taskDefinition": "shop", **told}, volumes=DISK)
    assert needs(run, Holder.INFRASTRUCTURE) == needs(service, Holder.INFRASTRUCTURE)
    assert any("snap-1" in need for need in needs(run, Holder.INFRASTRUCTURE))
    assert run.gaps == service.gaps == run.findings == ()


def test_a_service_and_a_run_each_have_their_own_snapshot(reading: Written) -> None:
    service = {"serviceName": "shop", "taskDefinition": "shop", **volume(snapshotId="snap-1")}
    found = needs(reading(volume(snapshotId="snap-2"), service, volumes=DISK), Holder.INFRASTRUCTURE)
    assert {need.rpartition("/")[2] for need in found if "snapshot/" in need} == {"snap-1", "snap-2"}


def test_a_volume_that_nobody_configures_stays_a_gap(reading: Written) -> None:
    told = reading({}, volumes=DISK)
    assert list(gaps(told)) == ["volumes[0].configuredAtLaunch"]
    assert "--run-task-file FILE" in told.gaps[0].remedy


@pytest.mark.parametrize("run", [{"enableExecuteCommand": True}, {"enableExecuteCommand": False}, {}])
def test_sessions_in_a_run_need_the_task_role(reading: Written, run: Any) -> None:
    actions = {need.partition(" ")[0] for need in needs(reading(run), Holder.TASK)}
    assert actions == (EXEC if run.get("enableExecuteCommand") else set())


@pytest.mark.parametrize("enabled", [True, False])
def test_sessions_in_a_daemon_need_its_task_role(reading: Written, enabled: bool) -> None:
    daemon = {"daemonName": "agent", "daemonTaskDefinitionArn": "agent", "enableExecuteCommand": enabled}
    told = reading(None, daemon)
    assert {need.partition(" ")[0] for need in needs(told, Holder.TASK)} == (EXEC if enabled else set())
    assert told.findings == told.gaps == ()


def test_what_only_a_run_with_another_role_needs_is_granted_to_no_role_and_told(reading: Written) -> None:
    run = overriding(environmentFiles=of_s3("migrate"))
    run["overrides"] |= {"executionRoleArn": MIGRATION, "taskRoleArn": ""}
    told = reading(run)
    assert needs(told) == needs(reading())
    assert gaps(told) == {
        "runTask.overrides.executionRoleArn": f"the task starts with {MIGRATION} instead of the execution role"
        " that cfnroles builds",
        f"{FIELD}.environmentFiles[0].value": f"{MIGRATION}, which cfnroles does not create, needs s3:GetObject on"
        f" {BUCKET}/migrate.env",
    }


def test_the_other_role_is_only_that_of_its_kind(reading: Written) -> None:
    told = reading({"enableExecuteCommand": True, "overrides": {"executionRoleArn": MIGRATION}})
    assert {need.partition(" ")[0] for need in needs(told, Holder.TASK)} == EXEC


def test_a_container_that_the_task_definition_does_not_have_is_refused(reading: Written) -> None:
    run = {"overrides": {"containerOverrides": [{"name": "wep", "command": ["x"]}]}}
    with pytest.raises(InvalidInput, match=r"has no container wep\. Use one of its containers: web"):
        reading(run).task()


@pytest.mark.parametrize(
    ("run", "told"),
    [
        pytest.param({"overrides": []}, "expected an object, found a list", id="no object"),
        pytest.param({"overrides": {"containerOverrides": {}}}, "expected a list, found an object", id="no list"),
        pytest.param(overriding(environmentFiles="x"), "expected a list, found a string", id="a text"),
        pytest.param(overriding(Environment=[]), "ECS has no member Environment", id="capitals"),
        pytest.param({"overrides": {"cpu": "256"}, "x": 1}, "", id="unknown"),
    ],
)
def test_what_is_written_otherwise_is_never_passed_over(reading: Written, run: Any, told: str) -> None:
    if told:
        with pytest.raises(InvalidInput, match=told):
            reading(run).task()
    else:
        assert gaps(reading(run)) == {"runTask.x": "cfnroles does not know the member x, or which permissions it needs"}


def test_secrets_are_no_member_of_an_override_and_are_told(reading: Written) -> None:
    told = reading(overriding(secrets=[{"name": "A", "valueFrom": "a"}]))
    assert list(gaps(told)) == [f"{FIELD}.secrets"]


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"taskDefinition": "x", "serviceName": "x"}', '{"containerOverrides": []}']
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not the input of run-task"):
        read_run(text, "run.json")


def test_placeholders_are_those_of_the_task_definition(tmp_path: Path, reading: Written) -> None:
    reading(overriding(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::{BUCKET}/a.env"}]))
    told = Told(run_task_file=str(tmp_path / "run.json"))
    roles = json.loads(build(read(tmp_path / "task.json", told), format="json").files["shop-roles.json"])
    assert "Bucket" in roles["Parameters"]
    filled = Told(run_task_file=str(tmp_path / "run.json"), values={"BUCKET": "shop-files"})
    assert f"s3:GetObject {BUCKET}/a.env" in needs(read(tmp_path / "task.json", filled))


SPEC = {"project": "shop", "services": {"web": {"task-definition": "task.json", "run-task": "run.json"}}}


@pytest.mark.parametrize(("name", "told"), [("migration", False), ("web", True)])
def test_a_role_that_the_spec_builds_under_its_name_is_the_builts(reading: Written, name: str, told: bool) -> None:
    run = overriding(environmentFiles=of_s3("migrate"))
    run["overrides"]["executionRoleArn"] = MIGRATION
    reading(run)
    service = {**SPEC["services"]["web"], "execution-role": {"name": name}}  # type: ignore[index]
    found = read(reading.file("spec.json", {**SPEC, "services": {"web": service}}))
    assert bool(found.gaps) == told
    assert (f"s3:GetObject {BUCKET}/migrate.env" in needs(found)) != told


@pytest.mark.parametrize("override", [MIGRATION, "", "migration"])
def test_what_runs_the_task_passes_the_roles_of_the_run(reading: Written, override: str) -> None:
    reading({"overrides": {"taskRoleArn": override}})
    service = {**SPEC["services"]["web"], "run-by": "scheduler"}  # type: ignore[index]
    found = read(reading.file("spec.json", {**SPEC, "services": {"web": service}}))
    passed = {need for need in needs(found, Holder.SCHEDULER) if "PassRole" in need}
    others = {f"iam:PassRole {MIGRATION}"} if override == MIGRATION else set()
    assert passed == {f"iam:PassRole ${{{name}.Arn}}" for name in ("ExecutionRole", "TaskRole")} | others
    assert any("may have a path" in gap.what for gap in found.gaps) == (override == "migration")


def test_a_run_is_no_part_of_the_task_that_is_deployed(reading: Written) -> None:
    files = build(reading(overriding(environmentFiles=of_s3("migrate"))), format="json").files
    task = json.loads(files["shop-task.json"])["Resources"]["TaskDefinition"]["Properties"]
    assert "RunTask" not in task
    (file,) = task["ContainerDefinitions"][0]["EnvironmentFiles"]
    assert file["Value"]["Fn::Sub"].endswith("/web.env")


def test_a_document_that_holds_members_of_a_run_is_not_believed() -> None:
    text = json.dumps({"family": "shop", "containerDefinitions": [WEB], "runTask": {"enableExecuteCommand": True}})
    told = read(Document("task.json", text))
    assert needs(told, Holder.TASK) == set()
