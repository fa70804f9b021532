"""How a stack spells names: symbols for the home account and region, parameters for the secrets."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.facts import Facts
from cfnroles.targets.cloudformation.values import Spelling, value
from cfnroles.text import Text, from_spelling

HOME = Facts(account="123456789012", region="eu-west-1")
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"

AT_HOME = {
    "an ARN at home": (
        "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop",
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/shop",
    ),
    "an ARN in another account": (
        "arn:aws:ecr:eu-west-1:999999999999:repository/base",
        "arn:${AWS::Partition}:ecr:eu-west-1:999999999999:repository/base",
    ),
    "an ARN in another region": (
        "arn:aws:ssm:us-east-1:123456789012:parameter/a",
        "arn:${AWS::Partition}:ssm:us-east-1:${AWS::AccountId}:parameter/a",
    ),
    "a bucket, which has no region": ("arn:aws-cn:s3:::config/web.env", "arn:${AWS::Partition}:s3:::config/web.env"),
    "an image at home": (
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
        "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop:1",
    ),
    "an image from another region": (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1",
        "${AWS::AccountId}.dkr.ecr.us-east-1.amazonaws.com/shop:1",
    ),
    "an image from another account": (
        "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
        "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
    ),
    "an image by the dual-stack endpoint": (
        "123456789012.dkr-ecr.eu-west-1.on.aws/shop:1",
        "${AWS::AccountId}.dkr-ecr.${AWS::Region}.on.aws/shop:1",
    ),
    "a service's host": ("secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.${AWS::Region}.amazonaws.com"),
    "anything else": ("nginx:1.27", "nginx:1.27"),
}


@pytest.mark.parametrize(("written", "spelled"), AT_HOME.values(), ids=AT_HOME)
def test_names_of_home_become_symbols(written: str, spelled: str) -> None:
    assert Spelling(HOME).text(written) == spelled


@pytest.mark.parametrize("written", [text for text, _ in AT_HOME.values()], ids=AT_HOME)
def test_without_a_home_account_and_region_stay_as_they_are(written: str) -> None:
    spelled = Spelling(Facts()).text(written)

    assert spelled.replace("arn:${AWS::Partition}:", "arn:aws:") == written.replace("arn:aws-cn:", "arn:aws:")


@pytest.mark.parametrize("tail", ["", ":password::", "::AWSPREVIOUS:"])
def test_a_complete_secret_arn_becomes_its_parameter(tail: str) -> None:
    spelling = Spelling(HOME, {SECRET: "DbSecretArn"})

    assert spelling.text(SECRET + tail) == "${DbSecretArn}" + tail


def test_a_longer_arn_is_another_secret() -> None:
    spelling = Spelling(HOME, {SECRET: "DbSecretArn"})

    assert "DbSecretArn" not in spelling.text(f"{SECRET}-GhIjKl")


VALUES = {
    "a plain text": ("nginx:1.27", "nginx:1.27"),
    "a symbol alone": (from_spelling("${AWS::Region}"), {"Ref": "AWS::Region"}),
    "an attribute alone": (from_spelling("${LogGroup.Arn}"), {"Fn::GetAtt": ["LogGroup", "Arn"]}),
    "a symbol in a text": (from_spelling("logs.${AWS::Region}"), {"Fn::Sub": "logs.${AWS::Region}"}),
    "a text of the user's that looks like a symbol": ("${TAG}", "${TAG}"),
    "such a text beside a symbol": (
        Text("${TAG}", from_spelling("${AWS::Region}")),
        {"Fn::Sub": "${!TAG}${AWS::Region}"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), VALUES.values(), ids=VALUES)
def test_texts_become_the_simplest_value(text: str, expected: Any) -> None:
    rendered = value(text)

    assert (rendered if isinstance(rendered, str) else rendered.to_dict()) == expected


def test_a_parameter_that_holds_a_list_stands_for_the_list() -> None:
    assert Spelling(HOME).values([from_spelling("${KmsKeyArns}")]).to_dict() == {"Ref": "KmsKeyArns"}
    assert Spelling(HOME).values(["*"]) == ["*"]
