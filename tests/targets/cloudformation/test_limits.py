"""Templates that CloudFormation and IAM reject, although cfn-lint and emulators accept them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import build, read
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.limits import TEMPLATE_BODY, check, too_large


def template(**sections: Any) -> dict[str, Any]:
    return {"Resources": {}, **sections}


def role(**properties: Any) -> dict[str, Any]:
    return template(Resources={"Role": {"Type": "AWS::IAM::Role", "Properties": properties}})


def export(*names: Any) -> dict[str, Any]:
    return {f"Output{number}": {"Value": "x", "Export": {"Name": name}} for number, name in enumerate(names)}


def policy(*statements: Any) -> dict[str, Any]:
    return {"PolicyName": "P", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}


def function(**properties: Any) -> dict[str, Any]:
    return template(Resources={"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}})


ALLOW = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}
PROJECT = {"ProjectName": {"Type": "String", "Default": "shop_1"}}

REFUSED = {
    "more parameters than a template may have": (
        template(Parameters={f"P{number}": {"Type": "String", "Default": ""} for number in range(201)}),
        "it has 201 parameters; CloudFormation accepts 200",
    ),
    "an export with an underscore": (
        template(Outputs=export("shop_1-Role")),
        "the export 'shop_1-Role' has characters other",
    ),
    "an export whose project has an underscore": (
        template(Parameters=PROJECT, Outputs=export({"Fn::Sub": "${ProjectName}-Role"})),
        "the export 'shop_1-Role' has characters other",
    ),
    "the same export twice": (
        template(Outputs=export("shop-Role", "shop-Role")),
        "the export 'shop-Role' exists twice",
    ),
    "too many managed policies": (
        role(ManagedPolicyArns=["arn"] * 26),
        "Role has 26 managed policies; IAM allows 25",
    ),
    "a policy without a statement": (role(Policies=[policy()]), "a policy of Role can be left without a statement"),
    "a policy whose only statement may vanish": (
        role(Policies=[policy({"Fn::If": ["HasKey", ALLOW, {"Ref": "AWS::NoValue"}]})]),
        "a policy of Role can be left without a statement",
    ),
    "inline code with another module's handler": (
        function(Code={"ZipFile": "def handler(): ..."}, Handler="main.handler"),
        "Function has inline code and the handler 'main.handler'",
    ),
}


@pytest.mark.parametrize(("broken", "told"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_refused_is_told(broken: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match="the stack shop would be refused") as raised:
        check("shop", broken)

    assert told in raised.value.why


ACCEPTED = {
    "an export of the project": template(Outputs=export({"Fn::Sub": "${ProjectName}-Role"})),
    "a conditional statement beside another": role(
        Policies=[policy(ALLOW, {"Fn::If": ["HasKey", ALLOW, {"Ref": "AWS::NoValue"}]})]
    ),
    "a conditional policy": role(Policies=[{"Fn::If": ["HasKey", policy(ALLOW), {"Ref": "AWS::NoValue"}]}]),
    "one of two statements": role(Policies=[policy({"Fn::If": ["HasKey", ALLOW, ALLOW]})]),
    "as many managed policies as IAM takes": role(ManagedPolicyArns=["arn"] * 25),
    "code in a bucket with any handler": function(Code={"S3Bucket": "b", "S3Key": "k"}, Handler="main.handler"),
}


@pytest.mark.parametrize("fine", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_fine_passes(fine: dict[str, Any]) -> None:
    check("shop", fine)


def test_a_template_is_measured_in_bytes() -> None:
    assert not too_large("x" * TEMPLATE_BODY)
    assert too_large("é" * (TEMPLATE_BODY // 2 + 1))


def test_a_stack_of_any_size_is_refused_by_its_name(tmp_path: Path) -> None:
    options = {"awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}
    containers = [
        {
            "name": f"c{number}",
            "image": f"${{Image{number}}}",
            "memory": 10,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": f"${{G{number}}}", **options},
            },
        }
        for number in range(101)
    ]
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"family": "large", "containerDefinitions": containers}))

    with pytest.raises(InvalidInput, match=r"large-task would be refused\n- it has 203 parameters(.|\n)*--set"):
        build(read(path))
