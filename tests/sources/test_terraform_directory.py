"""Directories of Terraform: what symbols represent, what depends on conditions, and what is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cfnroles import InvalidInput, Told, explain
from cfnroles.formats.explanation import human
from cfnroles.lines import gaps_head
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_directory import read_files
from cfnroles.sources.terraform_members import api_name
from cfnroles.sources.unknown_members import members_beside
from cfnroles.text import text_of
from cfnroles.written import as_written
from tests.evaluated import complete

TASK = """
resource "aws_ecs_task_definition" "app" {
  family = "app"
  REST
  container_definitions = jsonencode([CONTAINER])
}
"""


def reading(files: str | Mapping[str, str], **told: Any) -> Reading:
    return read_files(complete(files), ".", Told(**told))


def task(container: str, beside: str = "", rest: str = "") -> str:
    return TASK.replace("CONTAINER", f'{{ name = "web", {container} }}').replace("REST", rest) + beside


def needs(files: str | Mapping[str, str], **told: Any) -> list[str]:
    """What the roles need, as the user writes it, but for keys that are unknown."""
    return sorted(
        {
            f"{need.permission.action} on {as_written(need.permission.resource)}"
            for each in reading(files, **told).tasks
            for need in each.discovery.needs
            if not need.permission.when
        }
    )


def gaps(files: str | Mapping[str, str], **told: Any) -> list[str]:
    found = reading(files, **told)
    return [f"{gap.origin.place}: {gap.what}. {gap.remedy}" for gap in (*found.gaps, *found.unseen)]


def secret(value: str, beside: str = "") -> str:
    return task(f'image = "nginx", secrets = [{{ name = "A", valueFrom = {value} }}]', beside)


GET_SECRET = "secretsmanager:GetSecretValue on "
GET_PARAMETER = "ssm:GetParameters on "
HOME = "${AWS::Region}:${AWS::AccountId}"

SECRETS = {
    "a secret": ("aws_secretsmanager_secret.db.arn", f"{GET_SECRET}${{aws_secretsmanager_secret.db.arn}}"),
    "its id": ("aws_secretsmanager_secret.db.id", f"{GET_SECRET}${{aws_secretsmanager_secret.db.id}}"),
    "a JSON key": (
        '"${aws_secretsmanager_secret.db.arn}:password::"',
        f"{GET_SECRET}${{aws_secretsmanager_secret.db.arn}}",
    ),
    "a secret that is there": (
        "data.aws_secretsmanager_secret.db.arn",
        f"{GET_SECRET}${{data.aws_secretsmanager_secret.db.arn}}",
    ),
    "its version": (
        "aws_secretsmanager_secret_version.db.arn",
        f"{GET_SECRET}${{aws_secretsmanager_secret_version.db.arn}}",
    ),
    "one of several": (
        'aws_secretsmanager_secret.db["a"].arn',
        f'{GET_SECRET}${{aws_secretsmanager_secret.db["a"].arn}}',
    ),
    "the database's own": (
        "aws_db_instance.db.master_user_secret[0].secret_arn",
        f"{GET_SECRET}${{aws_db_instance.db.master_user_secret[0].secret_arn}}",
    ),
    "a parameter": ("aws_ssm_parameter.db.arn", f"{GET_PARAMETER}${{aws_ssm_parameter.db.arn}}"),
    "its name": (
        "aws_ssm_parameter.db.name",
        f"{GET_PARAMETER}${{aws_ssm_parameter.db.arn}}",
    ),
    "a literal name": ('"/app/db"', f"{GET_PARAMETER}arn:${{AWS::Partition}}:ssm:{HOME}:parameter/app/db"),
    "an ARN of parts": (
        '"arn:aws:ssm:eu-west-1:${data.aws_caller_identity.me.account_id}:parameter/app/${var.env}"',
        f"{GET_PARAMETER}arn:aws:ssm:eu-west-1:${{AWS::AccountId}}:parameter/app/${{var.env}}",
    ),
}


@pytest.mark.parametrize(("written", "expected"), SECRETS.values(), ids=SECRETS)
def test_a_symbol_means_what_its_resource_is(written: str, expected: str) -> None:
    assert needs(secret(written, 'variable "env" {}\n')) == [expected]


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("aws_opensearch_domain.logs.endpoint", "aws_opensearch_domain.logs"),
        ('"https://${aws_opensearch_domain.logs.endpoint}"', "aws_opensearch_domain.logs"),
        ("data.aws_elasticsearch_domain.logs.endpoint", "data.aws_elasticsearch_domain.logs"),
        ("aws_opensearch_domain.several[0].endpoint", "aws_opensearch_domain.several[0]"),
    ],
)
def test_the_endpoint_of_a_domain_is_that_of_its_arn(host: str, domain: str) -> None:
    options = f'{{ Name = "opensearch", Host = {host}, AWS_Auth = "On" }}'
    logs = f'image = "nginx", logConfiguration = {{ logDriver = "awsfirelens", options = {options} }}'
    several = 'resource "aws_opensearch_domain" "several" { count = 2 }\n'
    assert needs(task(logs, several)) == [f"es:ESHttpPost on ${{{domain}.arn}}/*"]


def test_the_endpoint_of_a_domain_that_another_provider_creates_is_a_gap() -> None:
    options = '{ Name = "opensearch", Host = aws_opensearch_domain.logs.endpoint, AWS_Auth = "On" }'
    logs = f'image = "nginx", logConfiguration = {{ logDriver = "awsfirelens", options = {options} }}'
    beside = """
provider "aws" { region = "us-east-1" }
provider "aws" {
  alias  = "other"
  region = "eu-west-1"
}
resource "aws_opensearch_domain" "logs" {
  provider    = aws.other
  domain_name = "logs"
}
"""
    assert needs(task(logs, beside)) == []
    assert "does not say its OpenSearch domain" in gaps(task(logs, beside))[0]


IMAGES = {
    "a repository": (
        '"${aws_ecr_repository.app.repository_url}:1"',
        "ecr:BatchGetImage on ${aws_ecr_repository.app.arn}",
    ),
    "its digest": (
        '"${data.aws_ecr_repository.app.repository_url}@sha256:abc"',
        "ecr:BatchGetImage on ${data.aws_ecr_repository.app.arn}",
    ),
    "an image that is there": (
        "data.aws_ecr_image.app.image_uri",
        f"ecr:BatchGetImage on arn:${{AWS::Partition}}:ecr:{HOME}"
        ":repository/${data.aws_ecr_image.app.repository_name}",
    ),
    "one of several": (
        'data.aws_ecr_image.app["a"].image_uri',
        f"ecr:BatchGetImage on arn:${{AWS::Partition}}:ecr:{HOME}"
        ':repository/${data.aws_ecr_image.app["a"].repository_name}',
    ),
    "parts": (
        '"${data.aws_caller_identity.me.account_id}.dkr.ecr.${data.aws_region.here.name}.amazonaws.com/app:1"',
        f"ecr:BatchGetImage on arn:${{AWS::Partition}}:ecr:{HOME}:repository/app",
    ),
}


@pytest.mark.parametrize(("written", "expected"), IMAGES.values(), ids=IMAGES)
def test_images(written: str, expected: str) -> None:
    assert expected in needs(task(f"image = {written}"))


def test_an_image_of_a_public_repository_costs_nothing() -> None:
    assert needs(task('image = "${aws_ecrpublic_repository.app.repository_uri}:1"')) == []


LOGS = """image = "nginx", logConfiguration = { logDriver = "awslogs", options = {
  "awslogs-group" = GROUP, "awslogs-region" = "eu-west-1", "awslogs-stream-prefix" = "p" } }"""


@pytest.mark.parametrize(
    ("image", "remedy"),
    [
        (
            '"${var.repository}:1"',
            "If the default of repository causes it, pass --parameter repository=VALUE; otherwise write the value",
        ),
        (
            '"${var.repository}:${var.tag}"',
            "If the default of a variable causes it, pass --parameter NAME=VALUE; otherwise write the value",
        ),
        ('":1"', "Write the value instead"),
    ],
    ids=["one default", "several defaults", "no default"],
)
def test_an_image_that_the_default_of_a_variable_makes_wrong_names_the_variable(image: str, remedy: str) -> None:
    variables = 'variable "repository" { default = "" }\nvariable "tag" { default = "1" }\n'
    assert gaps(task(f"image = {image}", variables)) == [
        f"container web: :1 cannot be an image: image names are lowercase. {remedy}"
    ]
    assert gaps(task(f"image = {image}", variables), parameters={"repository": "nginx"}) == (
        [] if "var" in image else [f"container web: :1 cannot be an image: image names are lowercase. {remedy}"]
    )


def test_a_log_group_that_has_a_name_is_named() -> None:
    text = task(LOGS.replace("GROUP", "aws_cloudwatch_log_group.g.name"), GROUP)
    arn = "arn:aws:logs:eu-west-1:${AWS::AccountId}:log-group:/ecs/app:log-stream:p/web/*"
    assert f"logs:PutLogEvents on {arn}" in needs(text)


GROUP = 'resource "aws_cloudwatch_log_group" "g" { name = "/ecs/app" }\n'


def test_a_log_group_without_one_is_its_resource() -> None:
    text = task(LOGS.replace("GROUP", "aws_cloudwatch_log_group.g.name"))
    assert any("${aws_cloudwatch_log_group.g.name}:log-stream:p/web/*" in each for each in needs(text))


ENCRYPTED_SESSIONS = """
resource "aws_cloudwatch_log_group" "g" {
  APP
}
resource "aws_cloudwatch_log_group" "sessions" {
  SESSIONS
  kms_key_id = aws_kms_key.k.arn
}
resource "aws_ecs_service" "web" {
  cluster                = aws_ecs_cluster.main.id
  task_definition        = aws_ecs_task_definition.app.arn
  enable_execute_command = true
}
resource "aws_ecs_cluster" "main" {
  configuration {
    execute_command_configuration {
      logging = "OVERRIDE"
      log_configuration {
        cloud_watch_log_group_name = aws_cloudwatch_log_group.sessions.name
      }
    }
  }
}
"""


@pytest.mark.parametrize("sessions", ["", 'name = "/ecs/sessions"'], ids=["sessions unnamed", "sessions named"])
@pytest.mark.parametrize("app", ["", 'name = "/ecs/app"'], ids=["unnamed", "named"])
def test_the_key_of_one_log_group_is_not_that_of_another(app: str, sessions: str) -> None:
    beside = ENCRYPTED_SESSIONS.replace("APP", app).replace("SESSIONS", sessions)
    (found,) = reading(task(LOGS.replace("GROUP", "aws_cloudwatch_log_group.g.name"), beside)).tasks
    holders = {need.holder for need in found.discovery.needs if need.permission.action == "kms:GenerateDataKey"}
    assert holders == {Holder.TASK}


KEYS = {
    "a key": ("kms_key_id = aws_kms_key.k.arn", ["kms:Decrypt on ${aws_kms_key.k.arn}"], ""),
    "its id": ("kms_key_id = aws_kms_key.k.key_id", ["kms:Decrypt on ${aws_kms_key.k.arn}"], ""),
    "no key": ("", [], ""),
    "an alias": ('kms_key_id = "alias/a"', [], "the ARN of the key alias/a is unknown"),
    "a variable": ("kms_key_id = var.key", [], "Pass --parameter key=VALUE"),
}


@pytest.mark.parametrize(("argument", "expected", "gap"), KEYS.values(), ids=KEYS)
def test_the_key_of_a_secret_is_read_where_the_secret_is_made(argument: str, expected: list[str], gap: str) -> None:
    made = f'resource "aws_secretsmanager_secret" "db" {{\n  {argument}\n}}\nvariable "key" {{}}\n'
    text = secret("aws_secretsmanager_secret.db.arn", made)
    assert [each for each in needs(text) if each.startswith("kms:")] == expected
    assert all(need.permission.when == () for each in reading(text).tasks for need in each.discovery.needs)
    assert gap in "".join(gaps(text))


@pytest.mark.parametrize("mode", ["resource", "data"])
def test_a_version_of_a_secret_has_the_arn_of_the_secret(mode: str) -> None:
    data = "data." if mode == "data" else ""
    beside = f"""
resource "aws_secretsmanager_secret" "db" {{ kms_key_id = aws_kms_key.k.arn }}
{mode} "aws_secretsmanager_secret_version" "v" {{ secret_id = aws_secretsmanager_secret.db.id }}
"""
    version = f"{data}aws_secretsmanager_secret_version.v.arn"
    (task_,) = reading(secret(version, beside)).tasks
    written = {as_written(need.permission.resource).written for need in task_.discovery.needs}
    assert written == {"${aws_kms_key.k.arn}", f"${{{version}}}"}


BUCKET = 'resource "aws_s3_bucket" "b" {\n bucket = NAME\n REST\n}\n'
RULE = """rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = KEY
    }
  }"""
ENCRYPTION = (
    'resource "aws_s3_bucket_server_side_encryption_configuration" "e" {\n bucket = aws_s3_bucket.b.id\n RULE\n}\n'
).replace("RULE", RULE)
ALIAS = "the ARN of the key ${aws_kms_alias.k.name} is unknown, and a policy can only name a key by its ARN"
OF_BUCKETS: dict[str, tuple[str, str, list[str], str]] = {
    "a key of the configuration": (ENCRYPTION.replace("KEY", "aws_kms_key.k.arn"), "", ["${aws_kms_key.k.arn}"], ""),
    "in the bucket itself": (
        "",
        f"server_side_encryption_configuration {{\n {RULE} \n}}".replace("KEY", "aws_kms_key.k.arn"),
        ["${aws_kms_key.k.arn}"],
        "",
    ),
    "a key of AWS": (ENCRYPTION.replace("KEY", '"alias/aws/s3"'), "", [], ""),
    "no key": (ENCRYPTION.replace("aws:kms", "AES256").replace("KEY", "null"), "", [], ""),
    "an alias": (ENCRYPTION.replace("KEY", "aws_kms_alias.k.name"), "", [], ALIAS),
    "nothing said": ("", "", [], ""),
}


@pytest.mark.parametrize("name", ["null", '"config"'])
@pytest.mark.parametrize(("beside", "rest", "keys", "gap"), OF_BUCKETS.values(), ids=OF_BUCKETS)
def test_a_file_is_decrypted_with_the_key_of_its_bucket(
    beside: str, rest: str, keys: list[str], gap: str, name: str
) -> None:
    bucket = BUCKET.replace("NAME", name).replace("REST", rest) + beside
    file = 'image = "nginx", environmentFiles = [{ type = "s3", value = "${aws_s3_bucket.b.arn}/x.env" }]'
    elsewhere = "arn:aws:kms:eu-west-1:111122223333:key/0123abcd-0123-0123-0123-0123456789ab"
    for told in ((), (elsewhere,)):
        found = needs(task(file, bucket), file_key_arns=told)
        assert [each.removeprefix("kms:Decrypt on ") for each in found if each.startswith("kms:")] == keys
    told_of = [each for each in gaps(task(file, bucket)) if "the key" in each]
    assert len(told_of) == bool(gap)
    assert all(gap in each for each in told_of)


ROUTED = """image = "nginx", logConfiguration = { logDriver = "awsfirelens", options = {
  region = "eu-west-1", Name = "PLUGIN", OPTION } }"""
DESTINATIONS = """
resource "aws_kms_key" "k" {}
resource "aws_kinesis_stream" "s" {
  NAMED
  encryption_type = "KMS"
  kms_key_id      = KEY
}
resource "aws_kinesis_stream" "plain" {
  name            = "plain"
  encryption_type = "NONE"
  kms_key_id      = KEY
}
resource "aws_kinesis_firehose_delivery_stream" "f" {
  NAMED
  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = KEY
  }
}
resource "aws_kinesis_firehose_delivery_stream" "off" {
  server_side_encryption {
    enabled = false
    key_arn = KEY
  }
}
"""
BOTH = ["kms:Decrypt", "kms:GenerateDataKey"]
ROUTES = {
    "a stream": ("kinesis", "stream = aws_kinesis_stream.s.name", BOTH[1:]),
    "a stream without a key": ("kinesis", "stream = aws_kinesis_stream.plain.name", []),
    "another stream": ("kinesis", 'stream = "other"', []),
    "a Firehose stream": ("firehose", "delivery_stream = aws_kinesis_firehose_delivery_stream.f.name", BOTH),
    "a Firehose stream without a key": (
        "firehose",
        "delivery_stream = aws_kinesis_firehose_delivery_stream.off.name",
        [],
    ),
    "a bucket": ("s3", "bucket = aws_s3_bucket.b.id", BOTH),
    "another bucket": ("s3", 'bucket = "other"', []),
}


def routed(plugin: str, option: str, key: str = "aws_kms_key.k.arn", named: str = "null") -> str:
    buckets = BUCKET.replace("NAME", named).replace("REST", "") + ENCRYPTION
    beside = (DESTINATIONS.replace("NAMED", f"name = {named}") + buckets).replace("KEY", key)
    return task(ROUTED.replace("PLUGIN", plugin).replace("OPTION", option), beside)


@pytest.mark.parametrize("named", ["null", '"shop-logs"'])
@pytest.mark.parametrize(("plugin", "option", "actions"), ROUTES.values(), ids=ROUTES)
def test_the_key_of_a_destination_for_logs_is_the_one_that_the_configuration_says(
    plugin: str, option: str, actions: list[str], named: str
) -> None:
    found = [each for each in needs(routed(plugin, option, named=named)) if each.startswith("kms:")]
    assert found == [f"{action} on ${{aws_kms_key.k.arn}}" for action in actions]


def test_a_destination_by_its_name_is_the_one_of_the_configuration() -> None:
    found = needs(routed("kinesis", 'stream = "shop-logs"', named='"shop-logs"'))
    assert "kms:GenerateDataKey on ${aws_kms_key.k.arn}" in found


@pytest.mark.parametrize(("key", "count"), [('"alias/mine"', 1), ('"alias/aws/kinesis"', 0)])
def test_a_destination_whose_key_is_an_alias_is_a_gap_unless_aws_manages_the_key(key: str, count: int) -> None:
    (found,) = reading(routed("kinesis", "stream = aws_kinesis_stream.s.name", key)).tasks
    told_of = [gap for gap in found.discovery.gaps if gap.what.startswith("the ARN of the key alias/mine is unknown")]
    assert [gap.holder for gap in told_of] == [Holder.TASK] * count
    assert not [need for need in found.discovery.needs if need.permission.action.startswith("kms:")]


def test_an_alias_is_no_gap_if_the_router_writes_with_another_role() -> None:
    other = 'role_arn = "arn:aws:iam::111122223333:role/logs", stream = aws_kinesis_stream.s.name'
    assert not [each for each in gaps(routed("kinesis", other, '"alias/mine"')) if "the ARN of the key" in each]


@pytest.mark.parametrize(("enabled", "count"), [("true", 1), ("false", 0)])
def test_the_alias_of_the_bucket_of_sessions_is_a_gap_if_there_are_sessions(enabled: str, count: int) -> None:
    text = sessions('"alias/mine"').replace("enable_execute_command = true", f"enable_execute_command = {enabled}")
    assert len([each for each in gaps(text) if "the ARN of the key alias/mine is unknown" in each]) == count


def test_the_key_of_the_bucket_of_sessions_is_used_by_the_task_role() -> None:
    assert "kms:GenerateDataKey on ${aws_kms_key.k.arn}" in needs(sessions("aws_kms_key.k.arn"))


def sessions(key: str) -> str:
    logged = ENCRYPTED_SESSIONS[ENCRYPTED_SESSIONS.index('resource "aws_ecs_service"') :].replace(
        "cloud_watch_log_group_name = aws_cloudwatch_log_group.sessions.name", "s3_bucket_name = aws_s3_bucket.b.id"
    )
    bucket = BUCKET.replace("NAME", "null").replace("REST", "") + ENCRYPTION.replace("KEY", key)
    return task('image = "nginx"', logged + bucket)


def test_a_given_key_of_files_is_that_of_other_buckets() -> None:
    told = "arn:aws:kms:eu-west-1:111122223333:key/0123abcd-0123-0123-0123-0123456789ab"
    files = ", ".join(
        f'{{ type = "s3", value = "{each}/x.env" }}' for each in ("${aws_s3_bucket.b.arn}", "arn:aws:s3:::other")
    )
    bucket = BUCKET.replace("NAME", "null").replace("REST", "") + ENCRYPTION.replace("KEY", "aws_kms_key.k.arn")
    text = task(f'image = "nginx", environmentFiles = [{files}]', bucket)
    found = [
        each for each in reading(text, file_key_arns=(told,)).tasks[0].discovery.needs if each.sid == "DecryptFiles"
    ]
    pairs = {
        (str(as_written(n.permission.resource)), any("other" in str(c) for c in n.permission.conditions)) for n in found
    }
    assert pairs == {("${aws_kms_key.k.arn}", False), (told, True)}


def test_a_key_that_is_told_is_that_of_what_is_made_elsewhere() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    assert f"kms:Decrypt on {key}" in needs(secret('"/app/db"'), kms_key_arns=(key,))


def test_the_key_of_a_parameter_is_found_by_its_name() -> None:
    made = """
resource "aws_ssm_parameter" "db" {
  name   = "/app/db"
  type   = "TYPE"
  key_id = "arn:aws:kms:eu-west-1:111122223333:key/1234"
}
"""
    text = secret("aws_ssm_parameter.db.name", made)
    decrypt = "kms:Decrypt on arn:aws:kms:eu-west-1:111122223333:key/1234"
    assert decrypt in needs(text.replace("TYPE", "SecureString"))
    plain = reading(text.replace("TYPE", "String")).tasks[0].discovery.needs
    assert not [need for need in plain if need.permission.action == "kms:Decrypt"]


WHOLE = {
    "a variable": ("var.one", 'variable "one" {}\n'),
    "what a module gives": ("module.m.arn", 'module "m" { source = "git::https://x" }\n'),
    "what a function gives": ("jsondecode(var.one).arn", 'variable "one" {}\n'),
}


@pytest.mark.parametrize(("written", "beside"), WHOLE.values(), ids=WHOLE)
def test_an_expression_may_turn_out_to_be_a_secret_or_a_parameter(written: str, beside: str) -> None:
    arn = "arn:${AWS::Partition}"
    assert set(needs(secret(written, beside))) == {
        f"{GET_PARAMETER}{arn}:ssm:${{{written}[region]}}:${{AWS::AccountId}}:parameter/${{{written}[parameter]}}",
        f"{GET_PARAMETER}{arn}:ssm:{HOME}:${{parameter/{written}}}",
        f"{GET_SECRET}{arn}:secretsmanager:${{{written}[region]}}:${{{written}[account]}}:secret:${{{written}[name]}}",
    }
    assert needs(secret(f'"${{{written}}}:key::"', beside)) == [f"{GET_SECRET}${{{written}}}"]
    assert [gap for gap in reading(secret(written, beside)).gaps if gap.feature != "hidden-resource"] == []


PROVIDERS = """
provider "aws" {
  region = "eu-central-1"
}
provider "aws" {
  alias  = "us"
  region = var.region
}
variable "region" { default = "us-east-1" }
"""
IN_MODULE = """
module "m" {
  source    = "./m"
  providers = { aws = aws.us }
}
"""
REGIONS = {
    "the usual provider": ("", "", "eu-central-1"),
    "another provider": ("provider = aws.us", "", "us-east-1"),
    "the provider that a module is handed": ("", IN_MODULE, "us-east-1"),
    "the Region that it names itself": ('region = "eu-west-3"', "", "eu-west-3"),
    "a Region that nothing tells": ("region = var.other", 'variable "other" {}', "${AWS::Region}"),
    "a provider that nothing tells": ("provider = aws.x", "", "${AWS::Region}"),
}


@pytest.mark.parametrize(("argument", "beside", "region"), REGIONS.values(), ids=REGIONS)
def test_the_region_is_that_of_the_task_definition(argument: str, beside: str, region: str) -> None:
    definition = secret('"/app/db"').replace('family = "app"', f'family = "app"\n  {argument}')
    assert argument in definition
    files = {"main.tf": PROVIDERS + beside, "m/main.tf" if beside == IN_MODULE else "task.tf": definition}
    partition = "${AWS::Partition}" if "$" in region else "aws"
    assert needs(files) == [f"{GET_PARAMETER}arn:{partition}:ssm:{region}:${{AWS::AccountId}}:parameter/app/db"]


OF_OTHERS = {
    "the usual provider in another Region": ("", "${data.aws_region.d.name}:${AWS::AccountId}"),
    "the provider of the task definition": ("provider = aws.us", "${AWS::Region}:${AWS::AccountId}"),
    "a provider that may be of another account": (
        "provider = aws.x",
        "${data.aws_region.d.name}:${data.aws_caller_identity.d.account_id}",
    ),
}


@pytest.mark.parametrize(("argument", "expected"), OF_OTHERS.values(), ids=OF_OTHERS)
def test_what_another_provider_tells_is_no_home(argument: str, expected: str) -> None:
    beside = f"""
data "aws_region" "d" {{
  {argument}
}}
data "aws_caller_identity" "d" {{
  {argument}
}}
"""
    arn = '"arn:aws:ssm:${data.aws_region.d.name}:${data.aws_caller_identity.d.account_id}:parameter/a"'
    text = secret(arn, PROVIDERS + beside).replace('family = "app"', 'family = "app"\n  provider = aws.us')
    assert needs(text) == [f"{GET_PARAMETER}arn:aws:ssm:{expected}:parameter/a"]


def test_the_region_of_a_secret_that_another_provider_makes_is_not_the_own() -> None:
    beside = 'data "aws_secretsmanager_secret" "s" {\n  provider = aws.us\n}\n'
    text = secret("data.aws_secretsmanager_secret.s.arn", PROVIDERS + beside)
    assert needs(text) == [f"{GET_SECRET}${{data.aws_secretsmanager_secret.s.arn}}"]
    conditions = {
        f"{each.key} {as_written(text_of(each.values[0]))}"
        for need in reading(text).tasks[0].discovery.needs
        for each in need.permission.conditions
    }
    assert "kms:ViaService secretsmanager.*.amazonaws.com" in conditions


def test_a_need_has_the_place_of_its_text() -> None:
    files = {
        "main.tf": task("image = local.image, secrets = local.secrets"),
        "locals.tf": 'locals {\n  image   = "nginx"\n  secrets = [\n    { name = "A", valueFrom = "/a" },\n  ]\n}\n',
    }
    (need, *_) = reading(files).tasks[0].discovery.needs
    assert (need.origin.document, need.origin.line) == ("locals.tf", 4)
    assert need.origin.pointer == "aws_ecs_task_definition.app.container_definitions[0].secrets[0].valueFrom"


def test_a_need_of_a_template_has_a_place_in_its_file() -> None:
    files = {
        "main.tf": """
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = templatefile("${path.module}/app.json.tftpl", { db = aws_secretsmanager_secret.db.arn })
}
""",
        "app.json.tftpl": '[\n  {\n    "name": "web", "image": "nginx",\n'
        '    "secrets": [{"name": "A",\n      "valueFrom": "${db}:k::"}]\n  }\n]\n',
    }
    found = next(each for each in reading(files).tasks[0].discovery.needs if not each.permission.when)
    assert (found.origin.document, found.origin.line) == ("app.json.tftpl", 5)
    assert needs(files) == [f"{GET_SECRET}${{aws_secretsmanager_secret.db.arn}}"]


CONDITIONS = """
variable "db" { type = bool }
variable "cache" { type = bool }
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name  = "web"
    image = "nginx"
    secrets = concat(
      [{ name = "A", valueFrom = "/a" }],
      var.db ? [{ name = "B", valueFrom = "/b" }] : [],
      var.db && !var.cache ? [{ name = "C", valueFrom = "/c" }] : [],
    )
  }])
}
"""


def test_a_condition_stays_a_condition() -> None:
    out = human(explain(reading(CONDITIONS)), reading(CONDITIONS).texts)
    statements = [line for line in out.splitlines() if line.startswith("  ReadParameters")]
    assert statements == [
        "  ReadParameters: ssm:GetParameters",
        "  ReadParameters (only if var.db holds): ssm:GetParameters",
        "  ReadParameters (only if var.db holds and var.cache does not hold): ssm:GetParameters",
    ]


def test_a_told_value_decides_a_condition() -> None:
    assert needs(CONDITIONS, parameters={"db": "false"}) == [
        f"{GET_PARAMETER}arn:${{AWS::Partition}}:ssm:{HOME}:parameter/a"
    ]


def test_the_definition_itself_may_hang_on_a_condition() -> None:
    text = task('image = "nginx"', 'variable "on" {}\n', "count = var.on ? 1 : 0")
    (only,) = reading(text).tasks
    assert (only.address, only.there_if) == ("aws_ecs_task_definition.app[0]", "var.on holds")


def test_conditions_under_which_terraform_stops_are_never_the_case() -> None:
    text = secret("var.on ? data.aws_secretsmanager_secret.db.arn : {}.none", 'variable "on" {}\n')
    (only,) = reading(text).tasks
    assert (only.when, list(only.discovery.gaps)) == ({}, [])


SPLICED = """
variable "some" {}
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = <<EOT
CONTAINERS
EOT
}
"""
SECRET = '{"name": "A", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"}'
WEB = '"name": "web", "image": "nginx"'


LABELS = '"dockerLabels": {${var.some}}, "cpu": ${var.some} "memory": 4'
WHOLE: tuple[str | int, ...] = ("aws_ecs_task_definition.app", "container_definitions")


@pytest.mark.parametrize(
    ("containers", "path"),
    [
        (f'[{{{WEB}, "secrets": [${{var.some}} {SECRET}]}}]', (*WHOLE, 0, "secrets")),
        (f'[{{{WEB}, "secrets": [{SECRET} ${{var.some}}]}}]', (*WHOLE, 0, "secrets")),
        (
            f'[{{{WEB}, "environment": [${{var.some}} {{"name": "B"}}], "secrets": [{SECRET}]}}]',
            (*WHOLE, 0, "environment"),
        ),
        (f'[{{{WEB}, ${{var.some}} "secrets": [{SECRET}]}}]', (*WHOLE, 0)),
        (f'[{{{WEB}, "secrets": [{SECRET}], ${{var.some}}}}]', (*WHOLE, 0)),
        (f'[{{{WEB}, "secrets": [{SECRET}] ${{var.some}}}}]', (*WHOLE, 0)),
        (f'[{{${{var.some}} "image": "nginx", "secrets": [{SECRET}]}}]', (*WHOLE, 0)),
        (f'[{{{WEB}, "secrets": [{SECRET}], {LABELS}}}]', (*WHOLE, 0)),
        (f'[{{{WEB}, "secrets": [{SECRET}]}} ${{var.some}}]', WHOLE),
    ],
)
def test_an_expression_brings_its_commas_into_a_json_text(containers: str, path: tuple[str | int, ...]) -> None:
    (only,) = reading(SPLICED.replace("CONTAINERS", containers)).accepted()
    assert [str(need.permission.resource) for need in only.discovery.needs if not need.permission.when] == [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"
    ]
    assert path in [each.origin.path for each in only.discovery.gaps if "cannot see what var.some puts" in each.what]
    assert not any("none of this task's permissions" in each.what for each in only.discovery.gaps)


@pytest.mark.parametrize("containers", [f'[{{{WEB} "cpu": 1}}]', f'[{{{WEB}, "cpu": ${{var.some}},}}]', "[1 2]"])
def test_a_text_without_a_comma_is_no_json(containers: str) -> None:
    (gap,) = gaps(SPLICED.replace("CONTAINERS", containers))
    assert "the text is not valid JSON" in gap


FILTERED = """
variable "name" {}
variable "image" {}
locals {
  container = {
    name    = var.name
    image   = var.image
    secrets = [{ name = "A", valueFrom = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf" }]
  }
}
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = jsonencode([{ for key, value in local.container : key => value if value != null }])
}
"""


def test_no_condition_leaves_a_container_without_a_name_or_an_image() -> None:
    (only,) = reading(FILTERED).accepted()
    secrets = {need: only.only_if(need) for need in only.discovery.needs if "Secret" in need.permission.action}
    assert (list(secrets.values()), list(only.discovery.findings)) == ([""], [])


@pytest.mark.parametrize("default", ["null", '""'])
def test_a_container_that_never_has_a_name_is_refused(default: str) -> None:
    text = FILTERED.replace('variable "name" {}', f'variable "name" {{ default = {default} }}')
    with pytest.raises(InvalidInput, match="in 1 place"):
        reading(text).accepted()


SIZED = """
variable "cpu" { type = number }
locals {
  cpu = var.cpu <= 256 ? 256 : 512
}
resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = local.cpu
  memory                   = local.cpu <= 256 ? 512 : MOST
  container_definitions    = jsonencode([{ name = "web", image = "nginx" }])
}
"""


def test_an_error_under_a_condition_of_unknown_values_is_a_warning() -> None:
    (only,) = reading(SIZED.replace("MOST", "300")).accepted()
    assert [(each.severity, each.what) for each in only.discovery.findings] == [
        (
            "warning",
            "Fargate does not offer 300 MiB of memory with 512 CPU units (only if var.cpu <= 256 does not hold)",
        )
    ]
    assert list(map(only.only_if, only.discovery.findings)) == ["var.cpu <= 256 does not hold"]


def test_an_error_under_each_condition_is_refused() -> None:
    with pytest.raises(InvalidInput, match="in 2 places"):
        reading(SIZED.replace("MOST", "300").replace("? 512 : 300", "? 200 : 300")).accepted()


def test_a_value_that_is_passed_decides_an_error() -> None:
    with pytest.raises(InvalidInput, match="in 1 place"):
        reading(SIZED.replace("MOST", "300"), parameters={"cpu": "1024"}).accepted()


NAMELESS_OR_UNKNOWN = """
data "external" "it" {}
locals {
  nameless = jsonencode([{ image = "nginx:1.27" }])
}
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = data.external.it.result.known == "yes" ? local.nameless : data.external.it.result.json
}
"""


def test_a_container_without_a_name_is_kept_if_nothing_else_is_known() -> None:
    (task,) = reading(NAMELESS_OR_UNKNOWN).tasks
    seen = [workload.tree["containerDefinitions"] for workload, _ in task.variants]
    assert sorted(seen, key=len) == [[], [{"image": "nginx:1.27"}]]
    assert [gap.origin.path for gap in task.discovery.gaps] == [
        ("aws_ecs_task_definition.app", "container_definitions")
    ]


UNKNOWN_OPTIONS = {
    "a program": "data.external.some.result",
    "a variable": "var.some",
    "a parameter": "jsondecode(data.aws_ssm_parameter.some.value)",
    "some of them": 'merge({ "awslogs-region" = "eu-west-1" }, data.external.some.result)',
}


@pytest.mark.parametrize("driver", ["awslogs", "awsfirelens"])
@pytest.mark.parametrize("options", UNKNOWN_OPTIONS.values(), ids=UNKNOWN_OPTIONS)
def test_log_options_that_are_unknown_are_one_gap_and_no_error(options: str, driver: str) -> None:
    log = f'image = "nginx", logConfiguration = {{ logDriver = "{driver}", options = {options} }}'
    declared = (
        'variable "some" { type = map(string) }\n'
        'data "external" "some" { program = ["some"] }\n'
        'data "aws_ssm_parameter" "some" { name = "/some" }\n'
    )
    (found,) = reading(task(log, declared)).accepted()
    (gap,) = found.discovery.gaps
    assert gap.origin.path[-2:] == ("logConfiguration", "options")
    assert gap.remedy.startswith(("Pass the state", "Pass --parameter"))
    assert found.discovery.findings == ()


def test_unknown_log_options_next_to_a_group_do_not_lack_a_region() -> None:
    options = 'merge({ "awslogs-group" = "/ecs/app" }, data.external.some.result)'
    log = f'image = "nginx", logConfiguration = {{ logDriver = "awslogs", options = {options} }}'
    (found,) = reading(task(log, 'data "external" "some" { program = ["some"] }\n')).accepted()
    assert [gap.origin.path[-1] for gap in found.discovery.gaps] == ["options"]
    assert found.discovery.findings == ()


def test_a_default_that_was_taken_is_told() -> None:
    text = secret('"/${var.env}/db"', 'variable "env" { default = "dev" }\n')
    assert reading(text).tasks[0].defaults == ("env",)
    assert reading(text, parameters={"env": "prod"}).tasks[0].defaults == ()


UNKNOWN = {
    "logs of nobody": (
        task('image = "nginx", logConfiguration = var.logs', 'variable "logs" {}\n'),
        "container web: cannot see what var.logs puts here: no value given for var.logs. Pass --parameter logs=VALUE",
    ),
    "more containers of nobody": (
        TASK.replace("[CONTAINER]", "flatten([var.more])").replace("REST", "") + 'variable "more" {}\n',
        "cannot see what var.more puts here: no value given for var.more. Pass --parameter more=VALUE",
    ),
    "containers of a module": (
        TASK.replace("[CONTAINER]", "module.c.all").replace("REST", "") + 'module "c" { source = "a/b/aws" }\n',
        'cannot see what module.c.all puts here: module.c is not available: its source is "a/b/aws". '
        "Run `terraform init` to download it to .terraform/modules, where cfnroles reads it",
    ),
    "volumes of nobody": (
        task('image = "nginx"', 'variable "v" {}\n', VOLUMES := "dynamic volume {\n for_each = var.v\n content {}\n }"),
        'cannot see what var.v puts here: no value given for var.v. Pass --parameter \'v={"KEY":"VALUE"}\'',
    ),
    "a definition that is not there": (
        task('image = "nginx"', "", "count = 0"),
        "it has no instance with the known values. Pass other values with --parameter NAME=VALUE",
    ),
    "a definition that a default keeps away": (
        task('image = "nginx"', 'variable "on" { default = false }\n', "count = var.on ? 1 : 0"),
        "it has no instance with the known values. Pass other values with --parameter on=VALUE",
    ),
    "what stops Terraform": (
        task("image = [][0]"),
        "Terraform would fail here: [][0] does not exist: its list has 0 elements (main.tf:5). Run `terraform"
        " validate`",
    ),
    "no containers": (
        'resource "aws_ecs_task_definition" "app" { family = "app" }\n',
        "the resource has no container definitions: the list is empty or null",
    ),
}


@pytest.mark.parametrize(("text", "expected"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_a_gap_with_what_closes_it(text: str, expected: str) -> None:
    assert any(expected in each for each in gaps(text)), gaps(text)


DEFAULTS = {
    "no containers": ('variable "v" {\n type = string\n default = null\n}\n', "container_definitions = var.v"),
    "a null in a string": (
        'variable "v" { default = null }\nvariable "w" { default = "x" }\n',
        'container_definitions = "${var.w}${var.v}"',
    ),
    "a member of an empty map": (
        'variable "v" { default = {} }\n',
        'container_definitions = jsonencode([var.v["web"]])',
    ),
    "an image": (
        'variable "v" { default = "" }\nvariable "w" { default = "web" }\n',
        "container_definitions = jsonencode([{ name = var.w, image = var.v }])",
    ),
}


@pytest.mark.parametrize(("variables", "argument"), DEFAULTS.values(), ids=DEFAULTS)
def test_the_default_that_causes_a_gap_is_named(variables: str, argument: str) -> None:
    text = f'{variables}resource "aws_ecs_task_definition" "app" {{\n family = "app"\n {argument}\n}}\n'
    (gap,) = gaps(text)
    assert gap.endswith("Pass --parameter v=VALUE"), gap


def test_modules_that_are_not_at_hand_may_have_definitions() -> None:
    text = 'module "a" { source = "x/ecs/aws" }\nmodule "b" { source = "git::https://b" }\n'
    (gap,) = reading(text).unseen
    names = 'module.a ("x/ecs/aws"), module.b ("git::https://b")'
    assert gap.what == f"2 modules are not downloaded and may have task definitions: {names}"


def test_local_modules_without_files_are_restored_not_downloaded() -> None:
    text = 'module "a" { source = "./a" }\nmodule "b" { source = "x/ecs/aws" }\n'
    missing, away = reading(text).unseen
    assert (
        missing.what
        == 'the directory of 1 module has no files of Terraform and may have task definitions: module.a ("./a")'
    )
    assert missing.remedy.startswith("Restore its directory in the same Git repository; a submodule")
    assert away.what == '1 module is not downloaded and may have task definitions: module.b ("x/ecs/aws")'
    two = reading('module "a" { source = "./a" }\nmodule "b" { source = "../b" }\n').unseen
    assert [each.what[:47] for each in two] == ["the directories of 2 modules have no files of T"]


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ('registry_id = "222222222222"', "data.aws_ecr_image.app.image_uri[account]"),
        ("provider = aws.east", "data.aws_ecr_image.app.image_uri[account]"),
        ("registry_id = data.aws_caller_identity.me.account_id", "AWS::AccountId"),
        ("", "AWS::AccountId"),
    ],
)
def test_an_image_of_another_registry_is_not_in_the_account_of_the_task(given: str, account: str) -> None:
    beside = f"""
provider "aws" {{
  alias  = "east"
  region = "us-east-1"
}}
data "aws_caller_identity" "me" {{}}
data "aws_ecr_image" "app" {{
  repository_name = "team/app"
  {given}
}}
"""
    found = needs(task("image = data.aws_ecr_image.app.image_uri", beside))
    (pulled,) = [each for each in found if each.startswith("ecr:BatchGetImage")]
    assert f":${{{account}}}:repository/" in pulled
    (only,) = reading(task("image = data.aws_ecr_image.app.image_uri", beside)).tasks
    assert not only.when


def test_a_message_names_the_first_of_many_modules() -> None:
    (gap,) = reading("".join(f'module "m{n}" {{ source = "x/y/aws" }}\n' for n in range(15))).unseen
    assert gap.what.startswith("15 modules are not downloaded")
    assert gap.what.endswith('module.m11 ("x/y/aws") and 3 others')


def test_unknown_instances_say_what_decides_them() -> None:
    text = """
variable "tasks" {}
resource "aws_ecs_task_definition" "app" {
  for_each              = var.tasks
  family                = each.key
  container_definitions = jsonencode(each.value.containers)
}
"""
    (gap,) = gaps(text)
    assert "app are unknown: no value given for var.tasks. Pass --parameter 'tasks={" in gap, gap


IN_JSON = """{
  "data": {"aws_iam_policy_document": {"d": {"statement": [{"actions": ["a:B"], "resources": ["*"]}]}}},
  "module": {"m": {"source": "./m", "names": ["a"], "providers": {"aws": "aws.east"}}},
  "resource": {
    "aws_ecs_service": {"web": {
      "enable_execute_command": true, "task_definition": "${aws_ecs_task_definition.app.arn}"
    }},
    "aws_ecs_task_definition": {
      "app": {
        "family": "app",
        "container_definitions": "${jsonencode([{name = \\"web\\", image = \\"nginx\\"}])}",
        "volume": [{"name": "v", "efs_volume_configuration": {
          "file_system_id": "fs-1", "transit_encryption": "ENABLED"
        }}],
        "dynamic": {"volume": {"for_each": ["w"], "iterator": "it", "content": {
          "name": "${it.value}",
          "docker_volume_configuration": {"driver_opts": {"a": "b"}}
        }}}
      }
    }
  }
}"""


def test_the_json_syntax_says_the_same() -> None:
    files = {
        "main.tf.json": IN_JSON,
        "m/main.tf.json": '{"variable": {"names": {}}, "resource": {"aws_ecs_task_definition": {"t": {'
        ' "for_each": "${toset(var.names)}", "family": "${each.key}", "container_definitions": "[]"}}}}',
    }
    app, inner = reading(files).tasks
    assert (app.address, inner.address) == ("aws_ecs_task_definition.app", 'module.m.aws_ecs_task_definition.t["a"]')
    first, second = app.workload.tree["volumes"]
    assert first["efsVolumeConfiguration"]["transitEncryption"] == "ENABLED"
    assert second == {"name": "w", "dockerVolumeConfiguration": {"driverOpts": {"a": "b"}}}
    assert EXEC in needs(files)
    (need, *_) = [each for each in app.discovery.needs if each.permission.action.startswith("ssmmessages:")]
    assert (need.origin.document, need.origin.line) == ("main.tf.json", 6)


def test_every_instance_of_every_module_is_a_definition() -> None:
    files = {
        "main.tf": 'module "m" {\n  source   = "./m"\n  for_each = toset(["a", "b"])\n  name     = each.key\n}\n',
        "m/main.tf": 'variable "name" {}\n' + task('image = "nginx"').replace('"app"\n  ', "var.name\n  "),
    }
    assert [each.address for each in reading(files).tasks] == [
        'module.m["a"].aws_ecs_task_definition.app',
        'module.m["b"].aws_ecs_task_definition.app',
    ]


def test_roles_are_the_users_own() -> None:
    text = task('image = "nginx"', "", "execution_role_arn = aws_iam_role.r.arn\n  task_role_arn = var.role")
    tree = reading(text + 'variable "role" {}\n').tasks[0].workload.tree
    assert as_written(tree["executionRoleArn"]) == "${aws_iam_role.r.arn}"
    assert tree["taskRoleArn"] == "${var.role}"


def test_what_a_directory_cannot_be_told_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no variable is named other"):
        reading(secret('"/a"'), parameters={"other": "1"})


SERVICE = """
resource "aws_ecs_service" "web" {
  name                   = "web"
  cluster                = aws_ecs_cluster.main.id
  task_definition        = TASK
  enable_execute_command = true
  wait_for_steady_state  = true
}
resource "aws_ecs_cluster" "main" {
  name = "main"
  configuration {
    execute_command_configuration {
      kms_key_id = aws_kms_key.exec.arn
      logging    = "OVERRIDE"
      log_configuration {
        s3_bucket_name = "sessions"
      }
    }
  }
}
"""
EXEC = "ssmmessages:OpenDataChannel on *"
NAMED = {
    "its ARN": "aws_ecs_task_definition.app.arn",
    "its ARN without the revision": "aws_ecs_task_definition.app.arn_without_revision",
    "its family": "aws_ecs_task_definition.app.family",
    "family and revision": '"${aws_ecs_task_definition.app.family}:${aws_ecs_task_definition.app.revision}"',
    "the newest revision": (
        '"${aws_ecs_task_definition.app.family}:'
        '${max(aws_ecs_task_definition.app.revision, data.aws_ecs_task_definition.app.revision)}"'
    ),
}


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_a_service_says_what_it_asks_of_the_roles(named: str) -> None:
    found = needs(task('image = "nginx"', SERVICE.replace("TASK", named)))
    assert EXEC in found
    assert "kms:Decrypt on ${aws_kms_key.exec.arn}" in found
    assert any(each.startswith("s3:PutObject on arn:${AWS::Partition}:s3:::sessions") for each in found)


def test_a_service_stands_where_it_is_written() -> None:
    text = task('image = "nginx"', SERVICE.replace("TASK", "aws_ecs_task_definition.app.arn"))
    (need, *_) = [n for n in reading(text).tasks[0].discovery.needs if n.permission.action.startswith("ssmmessages:")]
    assert need.origin.pointer == "aws_ecs_service.web.enable_execute_command"
    assert text.splitlines()[need.origin.line - 1].strip() == "enable_execute_command = true"


def test_a_service_of_a_module_runs_the_definition_that_it_is_given() -> None:
    files = {
        "main.tf": task('image = "nginx"')
        + 'module "s" {\n source = "./s"\n task = aws_ecs_task_definition.app.arn\n}\n',
        "s/main.tf": 'variable "task" {}\n' + SERVICE.replace("TASK", "var.task"),
    }
    assert EXEC in needs(files)


@pytest.mark.parametrize("enabled", ["var.exec", "var.exec ? true : false", "!(var.exec == false)"])
def test_a_service_that_hangs_on_a_condition_asks_under_it(enabled: str) -> None:
    service = SERVICE.replace("TASK", "aws_ecs_task_definition.app.arn").replace("= true", f"= {enabled}")
    (only,) = reading(task('image = "nginx"', f'{service}variable "exec" {{}}\n')).tasks
    when = {only.only_if(n) for n in only.discovery.needs if n.permission.action.startswith("ssmmessages:")}
    assert when in ({"var.exec holds"}, {"var.exec == false does not hold"})


def test_a_service_whose_definition_stands_elsewhere_is_told_of() -> None:
    text = 'variable "task" {}\n' + SERVICE.replace("TASK", "var.task")
    (gap,) = reading(text).unseen
    assert (gap.origin.path, gap.what[:47]) == (
        ("aws_ecs_service.web",),
        "it runs a task definition from outside the conf",
    )
    assert reading(text.replace("enable_execute_command = true", "")).unseen == ()


def test_a_service_of_a_module_with_keys_or_of_one_condition_is_not_told_of() -> None:
    inner = task('image = "nginx"') + SERVICE.replace("TASK", "aws_ecs_task_definition.app.arn")
    keys = 'module "m" {\n source = "./m"\n for_each = toset(["a"])\n}\n'
    assert reading({"main.tf": keys, "m/main.tf": inner}).unseen == ()
    one = SERVICE.replace("TASK", "aws_ecs_task_definition.app.arn").replace("{", "{\n  count = var.large ? 1 : 0", 1)
    other = one.partition('resource "aws_ecs_cluster"')[0].replace('"web"', '"other"').replace("1 : 0", "0 : 1")
    both = task('image = "nginx"', one + other + 'variable "large" {}\n')
    assert reading(both).unseen == ()


def test_traffic_is_shifted_by_a_rule_or_a_listener_of_the_configuration() -> None:
    service = """
resource "aws_ecs_service" "web" {
  task_definition = aws_ecs_task_definition.app.arn
  load_balancer {
    target_group_arn = aws_lb_target_group.blue.arn
    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.green.arn
      production_listener_rule   = aws_lb_listener_rule.main.arn
      test_listener_rule         = aws_alb_listener.test.arn
      role_arn                   = aws_iam_role.lb.arn
    }
  }
}
"""
    found = [each for each in needs(task('image = "nginx"', service)) if "Modify" in each]
    assert found == [
        "elasticloadbalancing:ModifyListener on ${aws_alb_listener.test.arn}",
        "elasticloadbalancing:ModifyRule on ${aws_lb_listener_rule.main.arn}",
    ]


def test_blocks_of_a_service_become_the_members_of_the_api() -> None:
    service = """
resource "aws_ecs_service" "web" {
  task_definition = aws_ecs_task_definition.app.arn
  load_balancer {
    target_group_arn = aws_lb_target_group.t.arn
    container_name   = "web"
    container_port   = 80
  }
  service_connect_configuration {
    enabled = true
    log_configuration {
      log_driver = "awslogs"
      options    = { "awslogs-group" = "g", "awslogs-stream-prefix" = "p" }
      secret_option {
        name       = "A"
        value_from = "/a"
      }
    }
    service {
      port_name = "http"
      client_alias { port = 80 }
      tls {
        kms_key  = aws_kms_key.k.arn
        role_arn = aws_iam_role.tls.arn
        issuer_cert_authority { aws_pca_authority_arn = aws_acmpca_certificate_authority.c.arn }
      }
    }
  }
  volume_configuration {
    name = "data"
    managed_ebs_volume {
      role_arn    = aws_iam_role.ebs.arn
      size_in_gb  = 10
      encrypted   = true
      kms_key_id  = aws_kms_key.k.arn
    }
  }
}
"""
    tree = reading(task('image = "nginx"', service)).tasks[0].workload.tree["service"]
    connect, volumes = tree["serviceConnectConfiguration"], tree["volumeConfigurations"]
    assert tree["loadBalancers"][0]["containerPort"] == 80
    assert connect["logConfiguration"]["secretOptions"] == [{"name": "A", "valueFrom": "/a"}]
    assert connect["services"][0]["clientAliases"] == [{"port": 80}]
    assert list(connect["services"][0]["tls"]) == ["kmsKey", "roleArn", "issuerCertificateAuthority"]
    assert volumes[0]["managedEBSVolume"]["encrypted"] is True


def test_with_too_many_conditions_no_arm_is_missed_and_that_is_told() -> None:
    names = [f"c{number}" for number in range(12)]
    secrets = ", ".join(f'var.{name} ? [{{ name = "A", valueFrom = "/{name}" }}] : []' for name in names)
    text = task(f'image = "nginx", secrets = concat({secrets})', "".join(f'variable "{name}" {{}}\n' for name in names))
    (only,) = reading(text).tasks
    read_ = [need for need in only.discovery.needs if need.permission.action == "ssm:GetParameters"]
    assert {need.permission.resource.rpartition("/")[2] for need in read_} == set(names)
    assert {only.only_if(need) for need in read_} == {f"var.{name} holds" for name in names}
    assert any("too many conditions" in gap.what for gap in only.discovery.gaps)


OTHERWISE = {
    "size_in_gb": ("service", "volumeConfigurations", "managedEBSVolume", "sizeInGiB"),
    "elb_name": ("service", "loadBalancers", "loadBalancerName"),
    "s3_bucket_encryption_enabled": (
        "cluster",
        "configuration",
        "executeCommandConfiguration",
        "logConfiguration",
        "s3EncryptionEnabled",
    ),
}


@pytest.mark.parametrize(("name", "path"), OTHERWISE.items(), ids=OTHERWISE)
def test_terraform_has_names_of_its_own_for_members(name: str, path: tuple[str, ...]) -> None:
    root, *steps, member = path
    kind: Any = members_beside(root)
    for step in steps:
        kind = kind[step][0] if isinstance(kind[step], list) else kind[step]
    assert (api_name(name, kind), member in kind) == (member, True)


OF_A_FILE = 'resource "aws_ecs_task_definition" "app" {\n  family = "app"\n  container_definitions = FILE\n}\n'
MISSING = {
    "a file": 'file("${path.module}/taks.json")',
    "a template": 'templatefile("taks.json", {})',
    "in another function": 'jsonencode(jsondecode(file("taks.json")))',
    "in both arms of a condition": 'true ? file("taks.json") : ""',
}


@pytest.mark.parametrize("written", MISSING.values(), ids=MISSING)
def test_a_file_that_is_not_there_is_refused_with_the_one_that_was_meant(written: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        reading({"main.tf": OF_A_FILE.replace("FILE", written), "task.json": "[]"})
    assert raised.value.where.startswith("main.tf:3:")
    assert (raised.value.what, raised.value.remedy) == (
        "the file taks.json does not exist",
        "Did you mean 'task.json'?",
    )


def test_a_file_that_some_conditions_alone_ask_for_may_be_missing() -> None:
    text = OF_A_FILE.replace("FILE", 'var.on ? file("a.json") : try(file("b.json"), "[]")') + 'variable "on" {}\n'
    (only,) = reading(text).tasks
    assert only.there_if == ""


def test_containers_that_nobody_knows_are_no_single_permission() -> None:
    read = reading(OF_A_FILE.replace("FILE", "jsonencode(var.all)") + 'variable "all" { type = list(any) }\n')
    (gap,) = read.gaps
    assert gap.what == (
        "the container definitions are unknown, so none of this task's permissions are included: cannot see"
        " what var.all puts here: no value given for var.all"
    )
    assert gaps_head(read.gaps) == (
        "Gaps: permissions that the roles do not have, because a name is missing or a part is unknown:"
    )
