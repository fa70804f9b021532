"""Values given in addition to a task definition, and everything that is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Task, Told, read
from cfnroles.errors import InvalidInput

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": f"{ECR}/hub/web:${{TAG}}",
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/web.env"}],
            "credentialSpecs": ["credentialspecdomainless:arn:aws:s3:::config/web.json"],
        }
    ],
    "volumes": [
        {
            "name": "files",
            "s3filesVolumeConfiguration": {"fileSystemArn": "arn:aws:s3files:us-east-1:123456789012:file-system/fs-1"},
        },
        {
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-1",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "ENABLED"},
            },
        },
        {"name": "disk", "configuredAtLaunch": True},
    ],
}


@pytest.fixture
def task(tmp_path: Path) -> str:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(TASK), encoding="utf-8")
    return str(path)


def known(path: str, **told: Any) -> Task:
    return read(path, Told(**told)).task()


@pytest.mark.parametrize(
    ("options", "grant"),
    [
        ({"pull_through_prefixes": ("hub",)}, "ecr:BatchImportUpstreamImage"),
        ({"compat": True}, "ecr:BatchCheckLayerAvailability"),
        ({"file_key_arns": (KEY,)}, "kms:Decrypt DecryptFiles"),
        ({"root_volumes": ("data",)}, "elasticfilesystem:ClientRootAccess"),
        ({"s3_files_buckets": ("files",)}, "s3:ListBucket"),
        ({"execute_command": True}, "ssmmessages:OpenDataChannel"),
        ({"execute_command_bucket": "sessions"}, "s3:GetEncryptionConfiguration"),
        ({"execute_command_log_group": "/exec"}, "logs:DescribeLogGroups"),
        ({"gmsa_secrets": ("arn:aws:secretsmanager:us-east-1:123456789012:secret:ad-AbCdEf",)}, "GetSecretValue"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_option_grants_what_it_stands_for_and_nothing_does_without_it(
    task: str, options: dict[str, Any], grant: str
) -> None:
    def granted(**about: Any) -> set[str]:
        return {f"{need.permission.action} {need.sid}" for need in known(task, **about).discovery.needs}

    assert not any(grant in action for action in granted())
    assert any(grant in action for action in granted(**options))


def test_guard_duty_is_pulled_for_the_region_that_is_told(task: str) -> None:
    source = known(task, guard_duty=True, region="eu-west-1")
    assert any("694911143906" in need.permission.resource for need in source.discovery.needs)


def test_each_gap_names_what_closes_it(task: str) -> None:
    remedies = " ".join(gap.remedy for gap in known(task).discovery.gaps)
    assert all(option in remedies for option in ("--gmsa-secret", "--s3-files-bucket", "--service-file"))


def test_a_service_closes_the_gap_of_its_volume(task: str, tmp_path: Path) -> None:
    service = {"taskDefinition": "shop", "volumeConfigurations": [{"name": "disk", "managedEBSVolume": {}}]}
    path = tmp_path / "service.json"
    path.write_text(json.dumps(service), encoding="utf-8")
    gaps = known(task, service_file=str(path)).discovery.gaps
    assert not any("--service-file" in gap.remedy for gap in gaps)


@pytest.mark.parametrize(
    ("options", "image"),
    [
        ({"values": {"TAG": "1.0"}}, f"{ECR}/hub/web:1.0"),
        ({"images": {"web": "nginx:1"}}, "nginx:1"),
        ({"images": {"": "nginx:1"}}, "nginx:1"),
    ],
    ids=["a placeholder", "a container's image", "the only container's image"],
)
def test_values_and_images_complete_the_task_definition(task: str, options: dict[str, Any], image: str) -> None:
    assert known(task, **options).workload.at(("containerDefinitions", 0, "image")) == image


@pytest.mark.parametrize("option", ["--image=web=nginx:1", "--image=nginx:1", "--set=TAG=1.0"])
def test_they_are_typed_as_pairs(task: str, cfnroles: Any, option: str) -> None:
    assert cfnroles("explain", task, option).code == 0


def test_a_pair_without_a_value_is_refused(task: str, cfnroles: Any) -> None:
    told = cfnroles("explain", task, "--set", "TAG")
    assert (told.code, told.err) == (2, "error: --set TAG has no value\nPass --set NAME=VALUE.\n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"account": "12"}, "--account 12"),
        ({"region": "here"}, "--region here"),
        ({"kms_key_arns": ("alias/x",)}, "--kms-key-arn alias/x"),
        ({"file_key_arns": ("x",)}, "--file-key-arn x"),
        ({"destination_key_arns": ("x",)}, "--destination-key-arn x"),
        ({"bucket_accounts": ("12",)}, "--bucket-account 12"),
        ({"efs_accounts": {"fs-1": "12"}}, "--efs-account 12"),
        ({"efs_accounts": {"fs-9": "210987654321"}}, "--efs-account fs-9: no volume uses this file system"),
        ({"root_volumes": ("nope",)}, "--efs-root-access nope"),
        ({"values": {"NOPE": "1"}}, "no placeholder is named NOPE"),
        ({"images": {"nope": "1"}}, "no container has this name"),
    ],
)
def test_an_option_without_sense_is_refused(task: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        known(task, **options)


def test_everything_that_ecs_would_refuse_is_reported_at_once_with_its_lines(tmp_path: Path) -> None:
    secrets = [{"name": "A", "valueFrom": "a b"}, {"name": "B", "valueFrom": "arn:aws:s3:::x/y"}]
    tree = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "secrets": secrets}]}
    path = tmp_path / "task.json"
    path.write_text(json.dumps(tree, indent=1), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read(path).accepted()
    assert "2 places" in str(refused.value)
    assert "task.json:10: containerDefinitions[0].secrets[0].valueFrom (container web, secret A)" in str(refused.value)
    assert "secret B" in str(refused.value)


PLAIN = '{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx:1", "memory": 128}]}'
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--gmsa-secret", "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf"),
        ("--s3-files-bucket", "shop-files"),
        ("--pull-through-prefix", "docker-hub"),
        ("--kms-key-arn", KEY),
        ("--file-key-arn", KEY),
        ("--log-group-key-arn", KEY),
        ("--destination-key-arn", KEY),
        ("--bucket-account", "123456789012"),
        ("--managed-storage-key", KEY),
    ],
)
def test_an_option_that_changes_nothing_is_told(option: str, value: str, cfnroles: Any) -> None:
    told = cfnroles("explain", "-", option, value, "--account", "123456789012", "--region", "us-east-1", stdin=PLAIN)
    assert told.code == 0
    assert told.err == f"note: {option} has no effect: no field of standard input uses it\n"


TEMPLATE = f"""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - Name: web
          Image: {ECR}/hub/web:1
"""


def test_an_option_that_changes_nothing_in_a_template_is_told(cfnroles: Any) -> None:
    options = ("--file-key-arn", KEY, "--bucket-account", "123456789012", "--pull-through-prefix", "hub")
    told = cfnroles("explain", "-", *options, stdin=TEMPLATE)
    assert told.code == 0
    assert told.err == (
        "note: --file-key-arn has no effect: no field of standard input uses it\n"
        "note: --bucket-account has no effect: no field of standard input uses it\n"
    )


def test_an_option_that_changes_something_is_not(cfnroles: Any) -> None:
    task = PLAIN.replace('"memory"', '"secrets": [{"name": "A", "valueFrom": "/shop/a"}], "memory"')
    told = cfnroles("explain", "-", "--kms-key-arn", KEY, "--bucket-account", "123456789012", stdin=task)
    assert told.err == "note: --bucket-account has no effect: no field of standard input uses it\n"


@pytest.mark.parametrize(
    ("image", "region", "warned"),
    [
        (ECR, "eu-west-1", True),
        (ECR, "us-east-1", False),
        ("public.ecr.aws/x", "eu-west-1", False),
        (ECR.replace("us-east-1", "eu-west-1"), "eu-west-1", False),
    ],
    ids=["another one", "the same", "none", "named in an image"],
)
def test_a_region_that_nothing_in_the_source_names_is_told(
    image: str, region: str, warned: bool, cfnroles: Any
) -> None:
    task = json.dumps({"family": "a", "containerDefinitions": [{"name": "w", "image": f"{image}/web:1"}]})
    told = cfnroles("explain", "-", "--region", region, "--account", "123456789012", stdin=task)
    warning = f"warning: --region is {region}, and standard input names only us-east-1\n"
    assert (told.code, told.err) == (0, warning if warned else "")


def test_all_faults_are_reported_at_once(tmp_path: Path, cfnroles: Any) -> None:
    wrong = {"family": "shop", "networkMode": "brigde", "cpu": "x", "memory": "lots"}
    (tmp_path / "task.json").write_text(json.dumps({**wrong, "containerDefinitions": [{"name": "a", "image": "b"}]}))
    told = cfnroles("explain", tmp_path / "task.json")
    assert (told.code, "in 3 places" in told.err, "'lots' is not a size" in told.err) == (2, True, True)
