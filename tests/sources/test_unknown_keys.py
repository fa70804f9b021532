"""The files in Amazon S3 whose key nothing names."""

from __future__ import annotations

import json

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.explain import explain
from cfnroles.sources.unknown_keys import files_of_unknown_key, own_buckets

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FILE = "arn:aws:s3:::shop-config/web.env"
TASK = json.dumps(
    {
        "family": "shop",
        "containerDefinitions": [
            {"name": "web", "image": "nginx", "environmentFiles": [{"type": "s3", "value": FILE}]},
            {"name": "side", "image": "nginx"},
        ],
    }
)
TEMPLATE = """\
Parameters: {File: {Type: String}}
Resources:
  Config: {Type: AWS::S3::Bucket, Properties: {BucketName: shop-config}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      ContainerDefinitions:
        - {Name: web, Image: nginx, EnvironmentFiles: [{Type: s3, Value: VALUE}]}
"""


def files(text: str, told: Told = Told()) -> tuple[str, ...]:  # noqa: B008
    reading = read(Document("shop.json" if text.startswith("{") else "shop.yaml", text), told)
    explained = explain(reading)
    needs = [need for each in explained for _, said in each.roles for one in said for need in one.statement.needs]
    return files_of_unknown_key(needs, own_buckets([reading]))


def test_the_key_of_a_file_elsewhere_is_unknown() -> None:
    assert files(TASK) == (FILE,)


def test_an_option_names_the_key() -> None:
    assert files(TASK, Told(file_key_arns=(KEY,))) == ()


def test_a_task_without_files_has_none() -> None:
    assert files(json.dumps({"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}]})) == ()


def test_the_key_of_a_file_that_the_init_process_reads_is_unknown_too() -> None:
    router = {
        "name": "log",
        "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:init-2.32.0",
        "firelensConfiguration": {"type": "fluentbit"},
        "environment": [{"name": "aws_fluent_bit_init_s3_1", "value": "arn:aws:s3:::shop-config/log.conf"}],
    }
    assert files(json.dumps({"family": "shop", "containerDefinitions": [router]})) == (
        "arn:aws:s3:::shop-config/log.conf",
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("!Sub '${Config.Arn}/web.env'", (), id="of a bucket of the template"),
        pytest.param("!Sub 'arn:aws:s3:::${Config}/web.env'", (), id="of one by its name"),
        pytest.param(FILE, (), id="of one by its name in plain text"),
        pytest.param("arn:aws:s3:::other/web.env", ("arn:aws:s3:::other/web.env",), id="of a bucket elsewhere"),
        pytest.param("!Ref File", ("${File}",), id="of a parameter"),
    ],
)
def test_the_encryption_of_a_templates_own_bucket_is_known(value: str, expected: tuple[str, ...]) -> None:
    assert files(TEMPLATE.replace("VALUE", value)) == expected
