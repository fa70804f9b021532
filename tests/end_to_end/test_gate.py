"""The gate in every kind of operation: create, repair, update, roll back, delete, and ask again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import made_impatient

if TYPE_CHECKING:
    from tests.commands import Ended

    from .conftest import Account


def task_definition(*names: str, image: str = "nginx:1") -> dict[str, Any]:
    secrets = [
        {"name": name.upper(), "valueFrom": f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}"}
        for name in names
    ]
    return {"family": "shop", "containerDefinitions": [{"name": "web", "image": image, "secrets": secrets}]}


class Service:
    """A service whose task definition changes from deployment to deployment."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.folder = folder

    def put(self, *names: str) -> None:
        for name in names:
            self.account.client("secretsmanager").create_secret(Name=name, SecretString="value")

    def destroy(self, *names: str) -> None:
        for name in names:
            self.account.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def deploy(self, *names: str, image: str = "nginx:1") -> Ended:
        (self.folder / "task.json").write_text(json.dumps(task_definition(*names, image=image)))
        options = ("--account", "123456789012", "--region", "us-east-1", "-o", str(self.folder / "built"))
        built = self.account.cfnroles("build", self.folder / "task.json", *options)
        assert built.returncode == 0, built.stderr
        return self.account.cfnroles("deploy", made_impatient(self.folder / "built"), "--yes", "--no-check")

    def status(self) -> str:
        stack = self.account.client("cloudformation").describe_stacks(StackName="shop-task")["Stacks"][0]
        return str(stack["StackStatus"])

    def images(self) -> list[str]:
        """The images of the revisions that are active, newest first."""
        ecs = self.account.client("ecs")
        arns = ecs.list_task_definitions(status="ACTIVE", sort="DESC")["taskDefinitionArns"]
        definitions = [ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"] for arn in arns]
        return [definition["containerDefinitions"][0]["image"] for definition in definitions]


@pytest.fixture
def service(account: Account, tmp_path: Path) -> Service:
    return Service(account, tmp_path)


def test_a_refused_creation_is_repaired_by_the_same_command(service: Service) -> None:
    refused = service.deploy("db")
    service.put("db")
    deployed = service.deploy("db")

    assert (refused.returncode, deployed.returncode) == (1, 0)
    assert "Secret db in us-east-1 does not exist" in refused.stderr
    assert service.images() == ["nginx:1"]


def test_an_update_with_a_missing_secret_leaves_the_working_task_definition(service: Service) -> None:
    service.put("db")
    assert service.deploy("db").returncode == 0

    refused = service.deploy("db", "mail", image="nginx:2")

    assert refused.returncode == 1
    assert "Secret mail in us-east-1 does not exist" in refused.stderr
    assert service.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert service.images() == ["nginx:1"]

    service.put("mail")
    assert service.deploy("db", "mail", image="nginx:2").returncode == 0
    assert service.images()[0] == "nginx:2"


def test_a_rollback_succeeds_although_the_old_secret_is_gone_too(service: Service) -> None:
    service.put("db")
    assert service.deploy("db").returncode == 0
    service.destroy("db")

    refused = service.deploy("db", "mail", image="nginx:2")

    assert refused.returncode == 1
    assert service.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert service.images() == ["nginx:1"]


def test_a_redeployment_without_a_change_asks_again(service: Service) -> None:
    service.put("db")
    assert service.deploy("db").returncode == 0
    began = time.monotonic()
    assert service.deploy("db").returncode == 0
    assert time.monotonic() - began < 15
    service.destroy("db")

    again = service.deploy("db")

    assert again.returncode == 1
    assert "Secret db in us-east-1 does not exist" in again.stderr
    assert service.images() == ["nginx:1"]


def test_after_an_id_from_the_future_a_missing_secret_is_refused(service: Service) -> None:
    service.put("db")
    assert service.deploy("db").returncode == 0
    cloudformation = service.account.client("cloudformation")
    cloudformation.update_stack(
        StackName="shop-task",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "DeploymentId", "ParameterValue": "20990101T000000Z"}],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName="shop-task", WaiterConfig={"Delay": 1})
    service.destroy("db")

    refused = service.deploy("db")

    assert refused.returncode == 1
    assert "Secret db in us-east-1 does not exist" in refused.stderr

    service.put("db")
    fixed = service.account.cfnroles("deploy", service.folder / "built", "--yes", "--continue-rollback")

    assert fixed.returncode == 0, fixed.stderr
    assert "shop-task              secrets checked again" not in fixed.stderr
    assert "1 reference checked" in fixed.stderr


def test_everything_can_be_deleted_although_the_secrets_are_gone(service: Service) -> None:
    service.put("db")
    assert service.deploy("db").returncode == 0
    service.destroy("db")

    deleted = service.account.cfnroles("delete", service.folder / "built", "--yes")

    assert deleted.returncode == 0, deleted.stderr
    stacks = service.account.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"] == []


def test_a_refused_creation_can_be_deleted(service: Service) -> None:
    service.deploy("db")

    assert service.account.cfnroles("delete", service.folder / "built", "--yes").returncode == 0


def test_json_keys_are_looked_for_when_both_stacks_allow_it(account: Account, tmp_path: Path) -> None:
    service = Service(account, tmp_path)
    account.client("secretsmanager").create_secret(Name="db", SecretString='{"user": "the-value"}')
    definition = task_definition("db")
    definition["containerDefinitions"][0]["secrets"][0]["valueFrom"] += ":password::"
    (tmp_path / "task.json").write_text(json.dumps(definition))
    about = ("--project", "shop")
    assert account.cfnroles("deploy", tmp_path / "task.json", *about, "--yes").returncode == 0

    asked = account.cfnroles("deploy", tmp_path / "task.json", *about, "--yes", "--parameter", "CheckJsonKeys=enabled")

    assert asked.returncode == 1
    assert "lacks the JSON key 'password'" in asked.stderr
    assert "the-value" not in asked.stderr + asked.stdout
    assert service.images() == ["nginx:1"]


def test_a_shared_gate_asks_as_the_role_of_the_service(account: Account, tmp_path: Path) -> None:
    task, gate, built = tmp_path / "task.json", tmp_path / "gate", tmp_path / "built"
    task.write_text(json.dumps(task_definition("one")))
    account.client("secretsmanager").create_secret(Name="one", SecretString="value")
    for words in (("gate", "-o", gate), ("build", task, "--shared-gate", "-o", built)):
        assert account.cfnroles(*words).returncode == 0

    early = account.cfnroles("deploy", built, "--yes")
    assert early.returncode == 1
    assert "Deploy the shared gate first: `cfnroles gate -o gate`" in early.stderr
    for directory in (gate, built):
        deployed = account.cfnroles("deploy", directory, "--yes")
        assert deployed.returncode == 0, deployed.stderr

    assert "shop-task.SecretsChecked = 1" in deployed.stdout
    assert [each["FunctionName"] for each in account.client("lambda").list_functions()["Functions"]] == [
        account.client("cloudformation").describe_stack_resource(
            StackName="cfnroles-gate", LogicalResourceId="Function"
        )["StackResourceDetail"]["PhysicalResourceId"]
    ]
    compared = account.cfnroles("gate", "--stack", "cfnroles-gate")
    assert (compared.returncode, "is the gate of cfnroles" in compared.stdout) == (0, True)
