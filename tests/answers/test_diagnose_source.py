"""Which role of the source was refused, and what it says to the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfnroles import Document, read
from cfnroles.answers.diagnose import diagnose
from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.verification import Outcome
from cfnroles.sources.cdk_app import read_app, stacks_with
from cfnroles.sources.told import Told

HOME = "us-east-1:123456789012"
IDENTITY = "because no identity-based policy allows the action"
TEMPLATE = """
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/db}}
  Key: {Type: AWS::SecretsManager::Secret}
  Execution:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: &trust
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: key
          PolicyDocument:
            Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Key}]
  Application:
    Type: AWS::IAM::Role
    Properties:
      RoleName: shop-application
      AssumeRolePolicyDocument: *trust
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Execution.Arn
      TaskRoleArn: !GetAtt Application.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx
          Secrets:
            - {Name: DB, ValueFrom: !Ref Database}
            - {Name: KEY, ValueFrom: !Ref Key}
"""
TERRAFORM = """
resource "aws_secretsmanager_secret" "db" {
  name = "shop/db"
}
resource "aws_secretsmanager_secret" "key" {
  name = "shop/key"
}
resource "aws_iam_role" "execution" {
  name               = "shop-execution"
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
resource "aws_ecs_task_definition" "shop" {
  family                = "shop"
  execution_role_arn    = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx"
    secrets = [
      { name = "DB", valueFrom = aws_secretsmanager_secret.db.arn },
      { name = "KEY", valueFrom = aws_secretsmanager_secret.key.arn },
    ]
  }])
}
"""


def denied(role: str, call: str, resource: str, why: str = IDENTITY) -> str:
    session = f"arn:aws:sts::123456789012:assumed-role/{role}/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
    return f"User: {session} is not authorized to perform: {call} on resource: {resource} {why}"


def secret(name: str) -> str:
    return f"arn:aws:secretsmanager:{HOME}:secret:{name}-AbC1eF"


def unassumed(role: str) -> str:
    return f"ECS was unable to assume the role 'arn:aws:iam::123456789012:role/{role}' that was provided for this task."


def of_template(text: str) -> Diagnosis:
    (found,) = diagnose(text, read(Document("shop.yaml", TEMPLATE)))
    return found


def of_terraform(text: str, directory: Path) -> Diagnosis:
    (directory / "main.tf").write_text(TERRAFORM)
    (found,) = diagnose(text, read(directory))
    return found


GET = "secretsmanager:GetSecretValue"
MADE = "shop-Execution-1ABCDEFGHIJKL"
OWN = "shop-application"
MISSING, ALLOWED = Outcome.MISSING, Outcome.ALLOWED
UNNAMED = f"{GET} failed: not authorized to perform: {GET} on resource: {secret('shop/db')} {IDENTITY}"
ROLES = {
    "by the name that CloudFormation made": (denied(MADE, GET, secret("shop/db")), "Execution", MISSING),
    "that allows the call": (denied(MADE, GET, secret("Key-a1b2c3d4e5f6")), "Execution", ALLOWED),
    "by its own name": (denied(OWN, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q"), "Application", MISSING),
    "of two that read the secret": (denied(OWN, GET, secret("shop/db")), "Application", MISSING),
    "by the call alone": (UNNAMED, "Execution", MISSING),
}


@pytest.mark.parametrize(("text", "role", "outcome"), ROLES.values(), ids=ROLES)
def test_the_role_of_a_template_is_found(text: str, role: str, outcome: Outcome) -> None:
    found = of_template(text)
    assert found.at is not None
    assert (found.at.logical_id, found.outcome) == (role, outcome)
    assert bool(found.statements) is (outcome is Outcome.MISSING)


FIELDS = {
    "by the name that the template gives": ("shop/db", [0], ""),
    "by the name that CloudFormation makes": ("Key-a1b2c3d4e5f6", [1], ""),
    "by nothing": ("backup/key", [1], "the source names the resource by an expression"),
}


@pytest.mark.parametrize(("name", "numbers", "unknown"), FIELDS.values(), ids=FIELDS)
def test_the_field_is_found_behind_an_expression(name: str, numbers: list[int], unknown: str) -> None:
    found = of_template(denied(MADE, GET, secret(name)))
    asked = [int(origin.pointer.partition("Secrets[")[2][0]) for origin in found.asked_by]
    assert asked == numbers
    assert any(unknown in each for each in found.unknown) is bool(unknown)


def test_what_would_be_refused_next_is_told_with_it() -> None:
    text = TEMPLATE.replace("Resource: !Ref Key", "Resource: arn:aws:secretsmanager:us-east-1:1:secret:other")
    (found,) = diagnose(denied(MADE, GET, secret("shop/db")), read(Document("shop.yaml", text)))
    assert [str(each) for statement in found.statements for each in statement.resources] == ["${Database}"]
    assert [str(each) for statement in found.also_missing for each in statement.resources] == ["${Key}"]


def test_the_role_of_terraform_is_found_by_its_name_with_its_line(tmp_path: Path) -> None:
    found = of_terraform(denied("shop-execution", GET, secret("shop/key")), tmp_path)
    assert found.at is not None
    assert found.at.logical_id == "aws_iam_role.execution"
    assert found.at.where == f"{tmp_path / 'main.tf'}:8"
    assert [(origin.line, origin.column) for origin in found.asked_by] == [(22, 35)]
    assert found.outcome is Outcome.MISSING


def test_a_trust_policy_that_refuses_settles_the_cause(tmp_path: Path) -> None:
    found = of_terraform(unassumed("shop-execution"), tmp_path)
    assert (found.is_settled, found.causes, found.statements) == (True, (), ())
    assert "ecs-tasks.amazonaws.com" in found.remedy


def test_a_trust_policy_that_admits_leaves_the_other_causes_in_their_order() -> None:
    found = of_template(unassumed(MADE))
    assert not found.is_settled
    assert found.causes[0].what.startswith("the role does not exist")
    assert not any("trust policy" in cause.what for cause in found.causes)


def test_another_role_than_those_of_the_source_is_told_as_one(tmp_path: Path) -> None:
    found = of_terraform(denied("payroll", GET, secret("shop/db")), tmp_path)
    assert found.at is None
    assert any("payroll is not a role of the source" in each for each in found.unknown)


def test_the_stacks_of_an_app_are_asked_together() -> None:
    app = str(Path(__file__).parents[1] / "golden" / "cdk")
    readings = tuple(stacks_with(read_app(app, Told()), "", app))
    system = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1"
    (found,) = diagnose(
        denied("Shop-EfsTaskRoleB8DD7319-1ABCDEFGHIJKL", "elasticfilesystem:ClientMount", system), readings
    )
    assert found.at is not None
    assert found.at.where == "Shop.template.json:1300"
    assert found.outcome is Outcome.MISSING


MADE_HERE = """
Resources:
  Orders: {Type: AWS::SQS::Queue}
  Carts: {Type: AWS::DynamoDB::Table}
  Files: {Type: AWS::S3::Bucket, Properties: {BucketName: shop-files}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: []}
      Policies:
        - PolicyName: own
          PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Orders.Arn}]}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {TaskRoleArn: !GetAtt Role.Arn, ContainerDefinitions: [{Name: web, Image: nginx}]}
"""
CALLS = {
    "a queue that it may use": ("sqs:SendMessage", f"arn:aws:sqs:{HOME}:shop-Orders-ABCDEFGHIJKL", None),
    "a table by the name that CloudFormation made": (
        "dynamodb:GetItem", f"arn:aws:dynamodb:{HOME}:table/shop-Carts-1ABCDEFGHIJKL", "${Carts.Arn}"),
    "an index of it": (
        "dynamodb:Query", f"arn:aws:dynamodb:{HOME}:table/shop-Carts-1ABCDEFGHIJKL/index/a", "${Carts.Arn}/index/a"),
    "an object in a bucket by its own name": ("s3:GetObject", "arn:aws:s3:::shop-files/a.txt", "${Files.Arn}/a.txt"),
    "a bucket of a longer name": ("s3:GetObject", "arn:aws:s3:::shop-files-2/a.txt", "arn:aws:s3:::shop-files-2/a.txt"),
}  # fmt: skip


@pytest.mark.parametrize(("action", "resource", "granted"), CALLS.values(), ids=CALLS)
def test_what_the_template_makes_is_named_as_it_names_it(action: str, resource: str, granted: str | None) -> None:
    (found,) = diagnose(denied("shop-Role-1ABCDEFGHIJKL", action, resource), read(Document("shop.yaml", MADE_HERE)))
    assert found.outcome is (ALLOWED if granted is None else MISSING)
    assert [str(each) for one in found.statements for each in one.resources] == ([granted] if granted else [])


MADE_BY_TERRAFORM = """
resource "aws_sqs_queue" "orders" { name = "shop-orders" }
resource "aws_sqs_queue" "many" {
  count = 2
  name  = "shop-many"
}
resource "aws_sns_topic" "news" { name = "shop-news" }
resource "aws_dynamodb_table" "carts" { name = "shop-carts" }
resource "aws_s3_bucket" "files" { bucket = "shop-files" }
resource "aws_iam_role_policy" "own" {
  role   = aws_iam_role.execution.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.orders.arn }] })
}
"""  # noqa: E501
TERRAFORM_CALLS = {
    "a queue that it may use": ("sqs:SendMessage", f"arn:aws:sqs:{HOME}:shop-orders", None),
    "another call on it": ("sqs:ReceiveMessage", f"arn:aws:sqs:{HOME}:shop-orders", "${aws_sqs_queue.orders.arn}"),
    "one of a loop": ("sqs:ReceiveMessage", f"arn:aws:sqs:{HOME}:shop-many", f"arn:aws:sqs:{HOME}:shop-many"),
    "a topic that no policy names": ("sns:Publish", f"arn:aws:sns:{HOME}:shop-news", "${aws_sns_topic.news.arn}"),
    "an index": (
        "dynamodb:Query", f"arn:aws:dynamodb:{HOME}:table/shop-carts/index/a",
        "${aws_dynamodb_table.carts.arn}/index/a"),
    "an object": ("s3:GetObject", "arn:aws:s3:::shop-files/a.txt", "${aws_s3_bucket.files.arn}/a.txt"),
    "a bucket of a longer name": ("s3:GetObject", "arn:aws:s3:::shop-files-2/a.txt", "arn:aws:s3:::shop-files-2/a.txt"),
}  # fmt: skip


@pytest.mark.parametrize(("action", "resource", "granted"), TERRAFORM_CALLS.values(), ids=TERRAFORM_CALLS)
def test_what_terraform_makes_is_named_by_its_expression(
    action: str, resource: str, granted: str | None, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM + MADE_BY_TERRAFORM)
    (found,) = diagnose(denied("shop-execution", action, resource), read(tmp_path))
    assert found.outcome is (ALLOWED if granted is None else MISSING)
    assert [str(each) for one in found.statements for each in one.resources] == ([granted] if granted else [])


def test_what_the_source_allows_and_the_message_misses_was_not_deployed() -> None:
    found = of_template(denied(MADE, GET, secret("Key-a1b2c3d4e5f6")))
    assert (found.causes, found.is_settled) == ((), True)
    assert found.remedy.startswith("Deploy the source")


def test_a_role_of_an_unknown_name_is_no_other_that_the_message_names(tmp_path: Path) -> None:
    text = TERRAFORM.replace('name               = "shop-execution"', 'name_prefix        = "shop-execution-"')
    (tmp_path / "main.tf").write_text(text)
    call = ("sqs:SendMessage", f"arn:aws:sqs:{HOME}:orders")
    (other,) = diagnose(denied("admin", *call), read(tmp_path))
    (own,) = diagnose(denied("shop-execution-20260115", *call), read(tmp_path))
    (tmp_path / "main.tf").write_text(TERRAFORM.replace('name               = "shop-execution"', ""))
    (unnamed,) = diagnose(denied("admin", *call), read(tmp_path))
    assert other.at is None
    assert unnamed.at is None
    assert "which role it was: aws_iam_role.execution may be it" in unnamed.unknown
    assert own.at is not None


def test_a_statement_on_an_expression_may_be_about_what_was_refused(tmp_path: Path) -> None:
    policy = """
resource "aws_sqs_queue" "orders" {}
resource "aws_iam_role_policy" "own" {
  role   = aws_iam_role.execution.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = aws_sqs_queue.orders.arn }] })
}
"""
    (tmp_path / "main.tf").write_text(TERRAFORM + policy)
    (found,) = diagnose(denied("shop-execution", "sqs:SendMessage", f"arn:aws:sqs:{HOME}:orders"), read(tmp_path))
    assert (found.outcome, found.statements, found.is_settled) == (Outcome.UNKNOWN, (), False)
    assert "was deployed without it" in found.causes[0].what


def test_a_key_of_the_json_is_that_of_the_field_which_asks_for_it() -> None:
    text = TEMPLATE.replace("ValueFrom: !Ref Database", 'ValueFrom: !Sub "${Database}:user::"').replace(
        "ValueFrom: !Ref Key", 'ValueFrom: !Sub "${Key}:word::"'
    )
    message = "unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key word"
    (found,) = diagnose(message, read(Document("shop.yaml", text)))
    assert [origin.item for origin in found.asked_by] == ["secret KEY"]
    assert not any("other resources" in unknown for unknown in found.unknown)


WRONG_TASK = """
family: shop
requiresCompatibilities: [FARGATE]
networkMode: awsvpc
cpu: "256"
memory: "9999"
containerDefinitions: [{name: web, image: nginx}]
"""
WRONG_TEMPLATE = TEMPLATE.replace("{Name: DB, ValueFrom: !Ref Database}", '{Name: DB, ValueFrom: "arn:aws:s3:::b"}')
REFUSED = {
    "a task definition": (WRONG_TASK, "No Fargate configuration exists for given values: 256 CPU, 9999 memory."),
    "a template": (WRONG_TEMPLATE, denied(MADE, GET, secret("shop/db"))),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_source_that_ecs_would_refuse_hides_no_diagnosis(text: str, message: str) -> None:
    (found,) = diagnose(message, read(Document("shop.yaml", text)))
    assert any("ECS would refuse" in unknown for unknown in found.unknown)
    assert found.at is None
