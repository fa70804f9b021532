"""The Terraform that is written says what was discovered, in Terraform's own layout."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Told, read
from cfnroles.sources.terraform_directory import read_files
from tests.evaluated import Written
from tests.written_terraform import outcome, unformatted

_SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a"
#: What containers say, each of another form in a policy.
CONTAINERS: dict[str, dict[str, Any]] = {
    "secrets and parameters": {
        "secrets": [
            {"name": "A", "valueFrom": f"{_SECRET}-AbCdEf:key::"},
            {"name": "B", "valueFrom": "/a/parameter"},
            {"name": "C", "valueFrom": "<SECRET>"},
        ]
    },
    "placeholders": {"image": "<ACCOUNT_ID>.dkr.ecr.${AWS_REGION}.amazonaws.com/<NAME>:1"},
    "more than an inline policy holds": {
        "secrets": [{"name": f"S{n}", "valueFrom": f"{_SECRET}/{'x' * 200}/{n}-AbCdEf"} for n in range(60)]
    },
    "nothing": {},
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_what_is_written_reads_back_to_the_same_needs(container: dict[str, Any], tmp_path: Path) -> None:
    definition = {"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx:1", **container}]}
    (tmp_path / "web.json").write_text(json.dumps(definition), encoding="utf-8")
    found = outcome("web.json", read(tmp_path / "web.json", Told()), Written({}))
    assert (found.result, found.detail) == ("same", "")
    if shutil.which("terraform"):
        assert list(unformatted(found.files)) == []


TEMPLATE = """
Parameters:
  Image: {Type: String}
  Password: {Type: String}
  Traced: {Type: String, Default: "no"}
Conditions:
  IsTraced: !Equals [!Ref Traced, "yes"]
Resources:
  Key: {Type: AWS::SecretsManager::Secret}
  WebTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: !Ref Image
          Memory: 128
          Secrets:
            - {Name: A, ValueFrom: !Ref Password}
            - {Name: B, ValueFrom: !Ref Key}
            - {Name: C, ValueFrom: !ImportValue shared-secret}
        - !If
          - IsTraced
          - Name: traces
            Image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/traces:1
            Memory: 128
          - !Ref AWS::NoValue
"""


def test_what_is_open_in_a_template_becomes_variables(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(TEMPLATE, encoding="utf-8")
    found = outcome("web.yaml", read(tmp_path / "web.yaml", Told()), Written({}))
    assert (found.result, found.detail) == ("same", "")
    (file,) = found.files
    assert re.findall(r'^variable "(\w+)"', file.text, re.MULTILINE) == [
        "web_task_image",
        "web_task_is_traced",
        "web_task_key",
        "web_task_kms_key_arns",
        "web_task_password",
        "web_task_shared_secret",
    ]
    assert 'can(regex("^[0-9]{12}[.]dkr[.-]ecr[a-z-]*[.][a-z0-9-]+[.]", var.web_task_image))' in file.text
    if shutil.which("terraform"):
        assert list(unformatted(found.files)) == []


SERVICES = """
variable "services" {
  default = {
    web  = { image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1", secret = "/web/a", on = true }
    work = { image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1", secret = "/b", on = true }
    cron = { image = "nginx", secret = "/c", on = false }
  }
}
resource "aws_secretsmanager_secret" "db" {
  for_each = toset(keys(var.services))
}
resource "aws_ecs_task_definition" "app" {
  for_each = FOR_EACH
  family   = "shop-${each.key}"
  container_definitions = jsonencode([{
    name    = "${each.key}-main"
    image   = IMAGE
    memory  = 128
    secrets = [SECRETS]
  }])
}
"""
_SERVICE = {"FOR_EACH": "var.services", "IMAGE": '"nginx"', "SECRETS": ""}
_MANY = """{
    for name, service in var.services : name => { # which are on
      image = service.image, secret = service.secret
    } if service.on
  }"""
#: What differs, what is in the file, and what is not.
INSTANCES: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    "the key in a name": (
        {"SECRETS": '{ name = "A", valueFrom = "/shop/${each.key}/a" }'},
        ['account}:parameter/shop/${each.key}/a"]', "for_each = var.services\n", "tasks of shop-${each.key}."],
        ["[each.key],", "Made for", "web", "lifecycle"],
    ),
    "a name that is no key": (
        {"SECRETS": '{ name = "A", valueFrom = "arn:aws:ssm:eu-west-1:123456789012:parameter${each.value.secret}" }'},
        [
            'Resource = ["arn:aws:ssm:eu-west-1:123456789012:parameter${each.value.secret}"]\n',
            "if length(var.app_kms_key_arns) > 0]),",
            "# secrets A (container ${each.key}-main)",
        ],
        ["DecryptParameters2", "[each.key],"],
    ),
    "a secret of other keys": (
        {"SECRETS": '{ name = "A", valueFrom = aws_secretsmanager_secret.db[each.key].arn }'},
        [
            "Resource = [aws_secretsmanager_secret.db[each.key].arn]\n",
            'data "aws_secretsmanager_secret_versions" "app_db" {\n  for_each  = var.services\n',
            "container ${each.key}-main, secret A.",
        ],
        ["flatten(", "Made for"],
    ),
    "images of which some are of Amazon ECR": (
        {"IMAGE": "each.value.image"},
        [
            '  web  = "arn:aws:ecr:us-east-1:123456789012:repository/web"\n',
            '  work = "arn:aws:ecr:us-east-1:123456789012:repository/work"\n          }[each.key],\n',
            '{ for k, v in var.services : k => v if contains(["web", "work"], k) }',
            'condition     = contains(["cron", "web", "work"], each.key)\n',
            "# image (container ${each.key}-main)\n",
            "# Made for the values of var.services here",
        ],
        ["flatten("],
    ),
    "statements of which each instance has another": (
        {"SECRETS": 'each.key == "web" ? { name = "A", valueFrom = "/a" } : { name = "B", valueFrom = "/b" }'},
        ["  for_each = var.services\n  name     = ", "# secrets A, B (container ${each.key}-main)\n"],
        ["for k, v in"],
    ),
    "an expression of several lines": (
        {"FOR_EACH": _MANY, "SECRETS": '{ name = "A", valueFrom = "/shop/${each.key}" }'},
        [
            "app_instances = { for name, service in var.services : name => { image = service.image,"
            " secret = service.secret } if service.on }\n",
            "  for_each    = local.app_instances\n",
        ],
        ["[each.key],", "which are on"],
    ),
}


@pytest.mark.parametrize(("parts", "there", "absent"), INSTANCES.values(), ids=INSTANCES)
def test_instances_have_the_shortest_form_that_says_what_each_needs(
    parts: dict[str, str], there: list[str], absent: list[str]
) -> None:
    text = SERVICES
    for name, part in {**_SERVICE, **parts}.items():
        text = text.replace(name, part)
    files = Written({"main.tf": text})
    found = outcome("a directory", read_files(files, "a directory", Told()), files)
    assert (found.result, found.detail) == ("same", "")
    (file,) = found.files
    body = file.text.partition("\n\n")[0] + file.text.partition("\n\n")[2]
    assert [each for each in there if each not in body] == []
    assert [each for each in absent if each in body] == []
    if shutil.which("terraform"):
        assert list(unformatted(found.files)) == []


RUN_BY_A_RULE = """
variable "env" { type = string }
resource "aws_ecs_cluster" "main" { name = "shop-${var.env}" }
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = jsonencode([{ name = "app", image = "nginx", memory = 128 }])
}
resource "aws_cloudwatch_event_target" "nightly" {
  rule = "nightly"
  arn  = aws_ecs_cluster.main.arn
  ecs_target {
    task_definition_arn = aws_ecs_task_definition.app.arn
    tags                = { team = "shop" }
  }
}
"""


def test_a_cluster_is_called_by_its_attribute_which_is_the_name_that_it_is_given() -> None:
    files = Written({"main.tf": RUN_BY_A_RULE})
    found = outcome("a directory", read_files(files, "a directory", Told()), files)
    assert (found.result, found.detail) == ("same", "")
    assert "task/${aws_ecs_cluster.main.name}/*" in found.files[0].text


COUNTED = """
variable "names" { default = ["a", "b"] }
variable "with_db" { default = false }
resource "aws_secretsmanager_secret" "db" { count = COUNT }
resource "aws_ecs_task_definition" "app" {
  count = META
  family = "app-${count.index}"
  container_definitions = jsonencode([{ name = "app", image = "nginx", memory = 128, secrets = SECRETS }])
}
"""
_PER_NAME = "length(var.names)"
_SECRET_OF = '[{ name = "A", valueFrom = aws_secretsmanager_secret.db[KEY].arn }]'
_OF_EACH = 'count.index == 0 ? "A" : "B"'
COUNTS = {
    "several": (
        {
            "COUNT": "length(var.names)",
            "META": "length(var.names)",
            "SECRETS": _SECRET_OF.replace("KEY", "count.index"),
        },
        [
            "Resource = [aws_secretsmanager_secret.db[count.index].arn]\n",
            "  count     = length(var.names)\n  secret_id",
        ],
        ["count.index ==", "app_db_2", "contains([0"],
    ),
    "one or none, and what depends on a truth value": (
        {
            "COUNT": "var.with_db ? 1 : 0",
            "META": "length(var.names) > 0 ? 1 : 0",
            "SECRETS": f"var.with_db ? {_SECRET_OF.replace('KEY', '0')} : []",
        },
        [
            "  count = length(var.names) > 0 && var.with_db ? 1 : 0\n  name  = ",
            "!var.with_db || anytrue([for v in coalesce(try(data.aws_secretsmanager_secret_versions.app_db[count.i",
        ],
        ["flatten("],
    ),
    "a secret of all": (
        {
            "COUNT": "1",
            "META": "2",
            "SECRETS": _SECRET_OF.replace("KEY", "0").replace('"A"', _OF_EACH),
        },
        ["condition     = anytrue("],
        ["app_db_2", "count.index =="],
    ),
}


@pytest.mark.parametrize(("parts", "there", "absent"), COUNTS.values(), ids=COUNTS)
def test_what_is_counted_has_the_shortest_form(parts: dict[str, str], there: list[str], absent: list[str]) -> None:
    text = COUNTED
    for name, part in parts.items():
        text = text.replace(name, part)
    files = Written({"main.tf": text})
    found = outcome("a directory", read_files(files, "a directory", Told()), files)
    assert (found.result, found.detail) == ("same", "")
    (file,) = found.files
    assert [each for each in there if each not in file.text] == []
    assert [each for each in absent if each in file.text] == []
    if shutil.which("terraform"):
        assert list(unformatted(found.files)) == []
