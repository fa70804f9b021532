"""How a stack spells names: symbols for the home account and region, parameters for the secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.facts import Facts
from cfnroles.symbols import Import, Parameter, Symbol
from cfnroles.table.references import OpenReference, s3_bucket, value_from
from cfnroles.targets.cloudformation.values import Spelling, value
from cfnroles.template.given import Given
from cfnroles.template.intrinsics import Resolution
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


@pytest.mark.parametrize(
    ("account", "region", "spelled"),
    [
        ("123456789012", "us-east-1", "${AWS::Region}:${AWS::AccountId}"),
        ("123456789012", "eu-west-1", "us-east-1:${AWS::AccountId}"),
        ("210987654321", "us-east-1", "us-east-1:123456789012"),
    ],
    ids=["the home of both", "another Region", "another account"],
)
def test_the_same_name_is_spelled_for_each_home(account: str, region: str, spelled: str) -> None:
    found = Spelling(Facts(account=account, region=region)).text("arn:aws:sqs:us-east-1:123456789012:orders")

    assert found == f"arn:${{AWS::Partition}}:sqs:{spelled}:orders"


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


_SECRET_OF_ANOTHER = "arn:aws:secretsmanager:us-east-1:999999999999:secret:db-AbCdEf"
_NOTHING = ("arn:aws:secretsmanager:::secret:", "arn:aws:ssm::{0}:parameter/")
_PARAMETER_OF_ANOTHER = "arn:aws:ssm:us-east-1:111122223333:parameter/shop/flags"


@pytest.mark.parametrize(
    ("given", "resources"),
    [
        pytest.param(
            f"{_SECRET_OF_ANOTHER}:key::",
            [_SECRET_OF_ANOTHER, "arn:aws:ssm:us-east-1:{0}:parameter/", "arn:aws:ssm:eu-west-1:{0}:parameter/"],
            id="a secret",
        ),
        pytest.param(
            _PARAMETER_OF_ANOTHER,
            [
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:",
                _PARAMETER_OF_ANOTHER.replace("111122223333", "{0}"),
                "arn:aws:ssm:eu-west-1:{0}:parameter/",
            ],
            id="a parameter",
        ),
        pytest.param(
            "/shop/flags",
            [
                "arn:aws:secretsmanager:::secret:",
                "arn:aws:ssm::{0}:parameter/",
                "arn:aws:ssm:eu-west-1:{0}:parameter/shop/flags",
            ],
            id="a name with a slash",
        ),
        pytest.param(
            "flags",
            [
                "arn:aws:secretsmanager:::secret:",
                "arn:aws:ssm::{0}:parameter/",
                "arn:aws:ssm:eu-west-1:{0}:parameter/flags",
            ],
            id="a name without",
        ),
    ],
)
@pytest.mark.parametrize("symbol", [Parameter("Given"), Import("Import::given")], ids=["a parameter", "an export"])
def test_whatever_a_reference_turns_out_to_be_the_policy_names_that_alone(
    symbol: Symbol, given: str, resources: list[str]
) -> None:
    reference = value_from(Text(symbol), Facts())
    assert isinstance(reference, OpenReference)
    named = [reference.secret.arn.text, *(each.arn.text for each in reference.parameters)]
    expected = [each.format(HOME.account) for each in resources]
    tree = {"Parameters": {"Given": {"Type": "String"}}}
    known = Given({"Given": given}, HOME.account, HOME.region, imports={"given": given})
    spelled = [json.loads(json.dumps(value(text), default=lambda each: each.to_dict())) for text in named]
    assert [Resolution(tree, known).value(each) for each in spelled] == expected


def test_the_bucket_of_an_object_is_cut_out_of_its_arn() -> None:
    bucket = s3_bucket(Text(Parameter("File"))).text
    known = Given({"File": "arn:aws:s3:::shop-config/a/b.env"}, HOME.account, HOME.region)
    spelled = json.loads(json.dumps(value(bucket), default=lambda each: each.to_dict()))
    tree = {"Parameters": {"File": {"Type": "String"}}}
    assert Resolution(tree, known).value(spelled) == "arn:aws:s3:::shop-config"


def test_a_parameter_that_holds_a_list_stands_for_the_list() -> None:
    assert Spelling(HOME).values([from_spelling("${KmsKeyArns}")]).to_dict() == {"Ref": "KmsKeyArns"}
    assert Spelling(HOME).values(["*"]) == ["*"]
