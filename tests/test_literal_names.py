"""An account, a Region or a name of zeros in a document is quoted unchanged by every command."""

from __future__ import annotations

import json

import pytest

from cfnroles import Document, Facts, Holder, Told, build, read
from cfnroles.answers.template_grants import template_grants
from cfnroles.answers.verification import Outcome
from cfnroles.iam.roles import read_role
from cfnroles.need import Need, Origin, Permission, Reason
from cfnroles.template.template import read_template
from cfnroles.text import from_spelling
from tests.judged import judge
from tests.linted import lint

SECRET = "arn:aws:secretsmanager:us-nowhere-1:000000000000:secret:cfnnoname0x-0a1B2c"
ROLE = f"""\
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: Read
          PolicyDocument:
            Statement: {{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: "{SECRET}RESOURCE"}}
"""
TASK = f"""\
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/docker/library/nginx:1.27
          Secrets: [{{Name: DB, ValueFrom: "{SECRET}"}}]
"""
DEFINITION = json.dumps(
    {
        "family": "web",
        "containerDefinitions": [
            {"name": "web", "image": "nginx:1.27", "secrets": [{"name": "DB", "valueFrom": SECRET}]},
        ],
    }
)


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        pytest.param(":key::", "secret:cfnnoname0x-0a1B2c is followed by fields", id="in a statement"),
        pytest.param("-AbC1eF", f"does not allow secretsmanager:GetSecretValue on {SECRET}", id="in what is missing"),
    ],
)
def test_lint(rest: str, told: str) -> None:
    found = lint(f"Resources:\n{ROLE.replace('RESOURCE', rest)}{TASK}", "t.yaml").findings
    assert [finding.check for finding in found if told in finding.what] != []


def test_explain_and_build() -> None:
    reading = read(Document("task.json", DEFINITION), Told())
    assert SECRET in {need.permission.resource for task in reading.tasks for need in task.discovery.needs}
    assert any(SECRET in text for text in build(reading).files.values())


def test_diff() -> None:
    grants = template_grants(read_template(f"Resources:\n{ROLE.replace('RESOURCE', '')}", "t.yaml"))
    assert (SECRET,) in {grant.resources for grant in grants}


@pytest.mark.parametrize("account", ["000000000000", "111122223333"])
@pytest.mark.parametrize(
    ("allowed", "needed", "outcome"),
    [
        pytest.param("arn:aws:s3:::ACCOUNT-a", "arn:aws:s3:::ACCOUNT-a", Outcome.ALLOWED, id="the same bucket"),
        pytest.param("arn:aws:s3:::ACCOUNT-a", "arn:aws:s3:::${AWS::AccountId}-a", Outcome.MISSING, id="a bucket"),
        pytest.param("arn:aws:sqs:a-b-1:ACCOUNT:q", "arn:aws:sqs:a-b-1:ACCOUNT:q", Outcome.ALLOWED, id="its queue"),
        pytest.param(
            "arn:aws:sqs:a-b-1:ACCOUNT:q", "arn:aws:sqs:a-b-1:${AWS::AccountId}:q", Outcome.UNKNOWN, id="a queue"
        ),
    ],
)
def test_verify_takes_an_account_of_zeros_like_any_other(
    account: str, allowed: str, needed: str, outcome: Outcome
) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": allowed.replace("ACCOUNT", account)}
    role = read_role(json.dumps({"Version": "2012-10-17", "Statement": statement}), "p.json")
    permission = Permission("s3:GetBucketLocation", from_spelling(needed.replace("ACCOUNT", account)))
    need = Need(Holder.EXECUTION, permission, Reason("f", "w", "s"), Origin("t.json", ()), "Sid")
    (judged,) = judge([need], role, Facts()).judged
    assert judged.outcome is outcome
