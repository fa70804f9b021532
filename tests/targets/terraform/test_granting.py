"""A statement that is missing goes into the files of Terraform that make the role, and nothing else of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import ndiff
from pathlib import Path

import pytest

from cfnroles import read
from cfnroles.answers.diagnose import diagnose
from cfnroles.answers.verification import Outcome
from cfnroles.answers.verify_configuration import verify_configuration
from cfnroles.targets.fix import Fix, fix

DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/shop-execution/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a is not authorized to"
    " perform: secretsmanager:GetSecretValue on resource:"
    " arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbC1eF because no identity-based policy allows the"
    " secretsmanager:GetSecretValue action"
)
ROLE = """
resource "aws_iam_role" "execution" {
  name = "shop-execution"
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
"""
TASK = """
resource "aws_secretsmanager_secret" "db" {
  name = "shop/db"
}
resource "aws_secretsmanager_secret" "key" {}
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
    logConfiguration = { logDriver = "awslogs", options = {
      awslogs-group = "/ecs/shop", awslogs-region = "us-east-1", awslogs-stream-prefix = "web"
    } }
  }])
}
"""
OWN = """
resource "aws_iam_role_policy" "own" {{
  role   = aws_iam_role.execution.id
  policy = {}
}}
"""
STATEMENT = '{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }'
OF_DOCUMENT = OWN.format("data.aws_iam_policy_document.own.json")
JSON = """<<{}EOF
    {{
      "Version": "2012-10-17",
      "Statement": [
        {{
          "Effect": "Allow",
          "Action": "s3:ListBucket",
          "Resource": "${{aws_secretsmanager_secret.db.arn}}"
        }}
      ]
    }}
{}EOF"""
DOCUMENT = """
data "aws_iam_policy_document" "own" {
  statement {
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  } # own
}
"""
MANAGED = """
resource "aws_iam_policy" "own" {{
  policy = jsonencode({{ Statement = [{}] }})
}}
resource "aws_iam_role_policy_attachment" "own" {{
  role       = aws_iam_role.execution.name
  policy_arn = aws_iam_policy.own.arn
}}
"""
AWS = """
resource "aws_iam_role_policy_attachment" "aws" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
}
"""


def in_lines(behind: str) -> str:
    return f"jsonencode({{\n    Statement = [\n      {STATEMENT}{behind}\n    ]\n  }})"


#: What gives the role its policies, what the first new line is, and what the change has besides.
FORMS = {
    "a list in lines": (OWN.format(in_lines(",")), "      {", ""),
    "a list in lines without a comma at its end": (OWN.format(in_lines("")), "", '"*" },\n      {'),
    "a list with a comment": (OWN.format(in_lines(", # own")), "      {", "# own\n      {"),
    "a list around its element": (OWN.format(f"jsonencode({{ Statement = [{STATEMENT}] }})"), "", '"*" }, {'),
    "a list around its element's lines": (
        OWN.format('jsonencode({\n    Statement = [{\n      Effect = "Allow"\n      Action = "s3:ListAllMyBuckets"\n'
                   '      Resource = "*"\n    }]\n  })'),
        "", "    }, {\n",
    ),
    "blocks of a document": (OF_DOCUMENT + DOCUMENT, "", "  } # own\n\n  statement"),
    "a document that others have": (
        OF_DOCUMENT + DOCUMENT
        + 'output "own" {\n  value = data.aws_iam_policy_document.own.json\n}\n',
        "", 'resource "aws_iam_role_policy" "execution_permissions" {',
    ),
    "a text of JSON": (OWN.format(JSON.format("", "")), "", '"${aws_secretsmanager_secret.db.arn}"'),
    "a text of JSON that is indented": (OWN.format(JSON.format("-", "    ")), "", '"Sid": "ReadSecrets"'),
    "a managed policy": (MANAGED.format(STATEMENT), "", '"*" }, {'),
    "a managed policy that others have": (
        MANAGED.format(STATEMENT) + 'output "own" {\n  value = aws_iam_policy.own.arn\n}\n',
        "", 'resource "aws_iam_role_policy" "execution_permissions" {',
    ),
    "a policy that a loop attaches": (
        MANAGED.format(STATEMENT).replace(
            "  role       = aws_iam_role.execution.name",
            '  for_each   = toset([aws_iam_role.execution.name, "other"])\n  role       = each.value'),
        "", 'resource "aws_iam_role_policy" "execution_permissions" {',
    ),
    "a policy that is attached to several": (
        MANAGED.format(STATEMENT).replace("aws_iam_role_policy_attachment", "aws_iam_policy_attachment").replace(
            "  role       = aws_iam_role.execution.name",
            '  name  = "all"\n  roles = [aws_iam_role.execution.name, "b"]'),
        "", 'resource "aws_iam_role_policy" "execution_permissions" {',
    ),
    "AWS's own policy": (AWS, "", "  role = aws_iam_role.execution.id\n"),
    "nothing": ("", "", 'data "aws_caller_identity" "current" {}\n'),
    "nothing, with the account's data source": (
        '\ndata "aws_caller_identity" "me" {}\n', "", "${data.aws_caller_identity.me.account_id}",
    ),
}  # fmt: skip


def fixed(directory: Path, files: Mapping[str, str], text: str = DENIED) -> Fix:
    for name, each in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(each)
    return fix(diagnose(text, read(directory)))


def written(found: Fix) -> None:
    for change in found.changes:
        assert Path(change.document).read_text() == change.before
        Path(change.document).write_text(change.after)


def is_complete(directory: Path) -> bool:
    return all(each.outcome is Outcome.ALLOWED for each in verify_configuration(read(directory)))


@pytest.mark.parametrize(("policies", "first", "has"), FORMS.values(), ids=FORMS)
def test_it_goes_where_the_policy_is_written(policies: str, first: str, has: str, tmp_path: Path) -> None:
    found = fixed(tmp_path, {"main.tf": f"{ROLE}{policies}{TASK}"})
    assert found.refused == ()
    (change,) = found.changes
    lines = list(ndiff(change.before.splitlines(), change.after.splitlines()))
    if first:
        assert not [line for line in lines if line.startswith("-")]
        assert next(line[2:] for line in lines if line.startswith("+")) == first
    assert has in change.after
    assert not is_complete(tmp_path)
    written(found)
    assert is_complete(tmp_path)


def test_a_role_in_a_module_gets_it_there(tmp_path: Path) -> None:
    found = fixed(tmp_path, {"main.tf": 'module "shop" {\n  source = "./shop"\n}\n', "shop/main.tf": f"{ROLE}{TASK}"})
    assert [change.document for change in found.changes] == [str(tmp_path / "shop" / "main.tf")]


def test_a_block_that_makes_several_roles_is_left_alone(tmp_path: Path) -> None:
    role = ROLE.replace("{\n", "{\n  count = 1\n", 1)
    found = fixed(tmp_path, {"main.tf": role + TASK.replace("execution.arn", "execution[0].arn")})
    assert found.changes == ()
    assert "one of several that one block makes" in found.refused[0]


def test_what_the_application_called_is_granted_to_the_role_it_has(tmp_path: Path) -> None:
    text = DENIED.replace("secretsmanager:GetSecretValue", "sqs:SendMessage").replace(
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbC1eF", "arn:aws:sqs:us-east-1:123456789012:q"
    )
    found = fixed(tmp_path, {"main.tf": f"{ROLE}{TASK}"}, text)
    assert 'Resource = "arn:aws:sqs:us-east-1:123456789012:q"' in found.changes[0].after


def test_part_of_a_role_that_nobody_can_read_leaves_it_to_the_message(tmp_path: Path) -> None:
    unread = OWN.format("var.policy")
    found = fixed(tmp_path, {"main.tf": f'variable "policy" {{}}\n{ROLE}{unread}{TASK}'})
    assert found.refused == ()
    assert "aws_secretsmanager_secret.db.arn" in found.changes[0].after.partition("execution_read_secrets")[2]


def test_an_output_of_a_called_module_is_written_as_its_name(tmp_path: Path) -> None:
    secret, task = TASK.split('resource "aws_secretsmanager_secret" "key" {}\n')
    task = task.replace("aws_secretsmanager_secret.key.arn", "module.storage.id").replace(
        "aws_secretsmanager_secret.db.arn", "module.storage.id"
    )
    main = f'module "storage" {{\n  source = "./storage"\n}}\n{ROLE}{task}'
    inside = f'{secret}output "id" {{ value = aws_secretsmanager_secret.db.arn }}\n'
    found = fixed(tmp_path, {"main.tf": main, "storage/main.tf": inside})
    assert found.refused == ()
    assert "Resource = module.storage.id" in found.changes[0].after
