"""A statement that is missing goes into the file of a role that was given by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.diagnose import diagnose
from cfnroles.answers.verification import Outcome
from cfnroles.answers.verify import verify
from cfnroles.targets.fix import Fix, fix

TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "nginx",
            "memory": 128,
            "secrets": [{"name": "FLAGS", "valueFrom": "/shop/flags"}],
        }
    ],
}
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/shop/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a is not authorized to perform:"
    " ssm:GetParameters on resource: arn:aws:ssm:us-east-1:123456789012:parameter/shop/flags because no identity-based"
    " policy allows the ssm:GetParameters action"
)
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"RoleName": "shop", "AssumeRolePolicyDocument": {"Statement": [TRUST]}, "Policies": []},
}
IAM = {"RoleDetailList": [{"RoleName": "shop", "Arn": "arn:aws:iam::123456789012:role/shop", "RolePolicyList": []}]}
FILES: dict[str, tuple[Any, str]] = {
    "a policy document": (POLICY, ""),
    "what the AWS CLI shows of a policy": ({"PolicyVersion": {"Document": POLICY, "VersionId": "v1"}}, ""),
    "a role of a template": ({"Resources": {"Web": ROLE}}, ":Web"),
    "a role of a template by its name": ({"Resources": {"Web": ROLE}}, ":shop"),
}


def fixed(path: Path, role: str) -> Fix:
    reading = read(Document("shop.json", json.dumps(TASK)), Told())
    return fix(diagnose(DENIED, reading, f"{path}{role}"), f"{path}{role}")


@pytest.mark.parametrize("indent", [2, 4, None])
@pytest.mark.parametrize(("tree", "role"), FILES.values(), ids=FILES)
def test_it_goes_behind_the_others(tree: Any, role: str, indent: int | None, tmp_path: Path) -> None:
    path = tmp_path / "role.json"
    path.write_text(json.dumps(tree, indent=indent))
    (change,) = fixed(path, role).changes
    assert change.document == str(path)
    assert json.dumps(json.loads(change.after), indent=indent) == change.after
    path.write_text(change.after)
    reading = read(Document("shop.json", json.dumps(TASK)), Told(account="123456789012", region="us-east-1"))
    assert verify(reading, f"{path}{role}").outcome is Outcome.ALLOWED


def test_account_and_region_are_those_of_the_message(tmp_path: Path) -> None:
    path = tmp_path / "role.json"
    path.write_text(json.dumps(POLICY))
    (change,) = fixed(path, "").changes
    assert json.loads(change.after)["Statement"][1]["Resource"] == (
        "arn:aws:ssm:us-east-1:123456789012:parameter/shop/flags"
    )


def test_what_iam_answered_is_no_file_that_a_role_is_made_from(tmp_path: Path) -> None:
    path = tmp_path / "iam.json"
    path.write_text(json.dumps(IAM))
    found = fixed(path, ":shop")
    assert found.changes == ()
    assert "is an answer of IAM" in found.refused[0]


SECRET = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "shop/db"}}
OWN_TASK = {
    "Type": "AWS::ECS::TaskDefinition",
    "Properties": {
        "ExecutionRoleArn": {"Fn::GetAtt": ["Web", "Arn"]},
        "ContainerDefinitions": [
            {"Name": "web", "Image": "nginx", "Secrets": [{"Name": "DB", "ValueFrom": {"Ref": "Db"}}]}
        ],
    },
}


@pytest.mark.parametrize(("file", "granted"), [("shop.json", {"Ref": "Db"}), ("roles.json", None)])
def test_a_resource_is_named_in_its_own_template_alone(file: str, granted: Any, tmp_path: Path) -> None:
    source, roles = tmp_path / "shop.json", tmp_path / file
    roles.write_text(json.dumps({"Resources": {"Web": ROLE}}))
    source.write_text(json.dumps({"Resources": {"Web": ROLE, "Db": SECRET, "Task": OWN_TASK}}))
    message = DENIED.replace("ssm:GetParameters", "secretsmanager:GetSecretValue").replace(
        ":ssm:us-east-1:123456789012:parameter/shop/flags",
        ":secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf",
    )
    found = fix(diagnose(message, read(source), f"{roles}:Web"), f"{roles}:Web")
    if granted is None:
        assert "names Db, which" in found.refused[0]
    else:
        policy = json.loads(found.changes[0].after)["Resources"]["Web"]["Properties"]["Policies"][0]
        assert [each["Resource"] for each in policy["PolicyDocument"]["Statement"]] == [granted]
