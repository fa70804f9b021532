"""Roles of a template, held against its task definitions."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from cfnroles.need import Finding

Find = Callable[[str], list[Finding]]

TASK = """
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      {role}
      ContainerDefinitions:
        - Name: web
          Image: !Sub ${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.amazonaws.com/shop:1.4.2
"""
PULL = """
                - {Effect: Allow, Action: ecr:GetAuthorizationToken, Resource: "*"}
                - Effect: Allow
                  Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
                  Resource: !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/shop
"""
ECS_TASKS = "{Service: ecs-tasks.amazonaws.com}"


def template(policies: str = "", role: str = "ExecutionRoleArn: !GetAtt Role.Arn", more: str = "") -> str:
    return (
        "Parameters:\n  Given: {Type: String}\n  Empty: {Type: String, Default: ''}\nResources:\n"
        + ecs_role("Role", policies)
        + textwrap.dedent(more).replace("\n", "\n  ")
        + TASK.format(role=role)
    )


def ecs_role(name: str, policies: str = "", trusted: str = ECS_TASKS) -> str:
    trust = f"{{Statement: {{Effect: Allow, Principal: {trusted}, Action: sts:AssumeRole}}}}"
    return (
        f"  {name}:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {trust}\n{policies}\n"
    )


def inline(statements: str) -> str:
    return (
        "      Policies:\n        - PolicyName: Pull\n          PolicyDocument:\n              Statement:\n"
        + statements.lstrip("\n")
    )


def managed(*arns: str) -> str:
    return "      ManagedPolicyArns:\n" + "".join(f"        - {arn}\n" for arn in arns)


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        pytest.param(template(inline(PULL)), [], id="inline"),
        pytest.param(
            template(managed("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")),
            [],
            id="managed by AWS",
        ),
        pytest.param(
            template(managed("!Sub arn:${AWS::Partition}:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly")),
            [],
            id="managed by AWS, in any partition",
        ),
        pytest.param(template(managed("!Ref Given")), ["unjudged-role"], id="a policy that is unknown: no guess"),
        pytest.param(
            template(managed("arn:aws:iam::123456789012:policy/pull")),
            ["unjudged-role"],
            id="a policy from another place: no guess",
        ),
        pytest.param(
            template(role="ExecutionRoleArn: !Ref Given"), ["unjudged-role"], id="a role that is unknown: no guess"
        ),
        pytest.param(
            template(role="ExecutionRoleArn: !Ref Empty"), ["unjudged-role"], id="a role without a default: no guess"
        ),
        pytest.param(
            template(role="ExecutionRoleArn: arn:aws:iam::123456789012:role/x"),
            ["unjudged-role"],
            id="a role from another place",
        ),
        pytest.param(
            template(inline('                - {Effect: Allow, NotAction: "iam:*", Resource: "*"}\n')),
            ["wildcard-actions"],
            id="everything but",
        ),
        pytest.param(
            template(inline('                - {Effect: Allow, Action: "ecr:*", Resource: "*"}\n')),
            ["wildcard-actions"],
            id="wide",
        ),
        pytest.param(
            template(
                inline(
                    '                - !If [No, {Effect: Allow, Action: "ecr:*", Resource: "*"}, !Ref AWS::NoValue]\n'
                )
            ).replace("Resources:", "Conditions: {No: !Equals [!Ref Given, x]}\nResources:"),
            ["unjudged-role", "wildcard-actions"],
            id="behind a condition that is unknown",
        ),
    ],
)
def test_a_role_that_allows_the_pull_or_may_allow_it(text: str, checks: list[str], faults: Find) -> None:
    assert [finding.check for finding in faults(text)] == checks


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"])
def test_policies_that_are_attached_from_outside_count(kind: str, faults: Find) -> None:
    more = f"""
Policy:
  Type: {kind}
  Properties:
    PolicyName: Pull
    Roles: [!Ref Role]
    PolicyDocument:
      Statement:
        - {{Effect: Allow, Action: "ecr:*", Resource: "*"}}
"""
    assert [finding.check for finding in faults(template(more=more))] == ["wildcard-actions"]


def test_a_policy_that_may_be_attached_to_any_role_leaves_nothing_to_say(faults: Find) -> None:
    more = """
Policy:
  Type: AWS::IAM::Policy
  Properties:
    PolicyName: Pull
    Roles: [!Ref Given]
    PolicyDocument: {Statement: [{Effect: Allow, Action: "ecr:*", Resource: "*"}]}
"""
    assert [finding.check for finding in faults(template(more=more))] == ["unjudged-role"]


def test_a_role_of_a_task_has_no_wide_policy_whoever_may_assume_it(faults: Find) -> None:
    wide = managed("arn:aws:iam::aws:policy/AdministratorAccess")
    text = template(role="TaskRoleArn: !GetAtt Second.Arn").replace(
        "Resources:\n", "Resources:\n" + ecs_role("Second", wide, "{Service: !Ref Given}")
    )
    (finding,) = (finding for finding in faults(text) if finding.origin.path[1] == "Second")
    assert finding.check == "wide-managed-policy"
    assert finding.origin.pointer == "Resources.Second.Properties.ManagedPolicyArns[0]"


def test_what_a_role_lacks_is_one_finding_for_each_service(faults: Find) -> None:
    (finding,) = faults(template(inline(PULL.replace("repository/shop", "repository/other"))))
    assert finding.check == "missing-permission"
    assert finding.origin.pointer == "Resources.Role"
    assert finding.what == (
        "Role is the execution role of Task and does not allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on "
        "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/shop: ECS pulls the image from a "
        "private ECR repository before it starts the container"
    )


@pytest.mark.parametrize(
    ("action", "checks"),
    [
        ("secretsmanager:GetSecretValue", []),
        ("ssm:GetParameters", []),
        ("s3:GetObject", ["missing-permission", "missing-permission"]),
    ],
)
def test_what_may_be_a_secret_or_a_parameter_is_allowed_as_either(action: str, checks: list[str], faults: Find) -> None:
    statement = f"                - {{Effect: Allow, Action: '{action}', Resource: !Ref Given}}\n"
    text = template(inline(PULL + statement)) + "          Secrets: [{Name: A, ValueFrom: !Ref Given}]\n"
    assert [finding.check for finding in faults(text)] == checks


def test_a_role_without_any_policy_lacks_everything(faults: Find) -> None:
    (finding,) = faults(template())
    assert "does not allow ecr:GetAuthorizationToken on *, " in finding.what


def test_the_only_role_that_ecs_could_use_stands_in_for_the_one_that_was_forgotten(faults: Find) -> None:
    fargate = "RequiresCompatibilities: [FARGATE]\n      NetworkMode: awsvpc\n      Cpu: '256'\n      Memory: '512'"
    found = faults(template(role=fargate))
    assert [finding.check for finding in found] == ["missing-permission", "missing-execution-role"]
    assert found[0].what.startswith("Role seems meant to be the execution role of Task and does not allow")


def test_on_ec2_the_instance_pulls_images_for_a_task_without_a_role(faults: Find) -> None:
    text = "Resources:\n" + TASK.format(role="RequiresCompatibilities: [EC2]")
    assert faults(text) == []


@pytest.mark.parametrize(
    ("trusted", "checks"),
    [
        pytest.param(ECS_TASKS, [], id="tasks"),
        pytest.param("{Service: [ecs-tasks.amazonaws.com, ec2.amazonaws.com]}", [], id="tasks among others"),
        pytest.param("{Service: ecs.amazonaws.com}", ["untrusted-role"], id="the service ECS"),
        pytest.param("{AWS: 123456789012}", ["untrusted-role"], id="an account"),
        pytest.param("{Service: !Ref Given}", [], id="a service that is unknown"),
        pytest.param('"*"', ["open-trust"], id="everybody"),
    ],
)
def test_who_may_assume_a_role_of_a_task(trusted: str, checks: list[str], faults: Find) -> None:
    text = template(role="TaskRoleArn: !GetAtt Second.Arn", more="").replace(
        "Resources:\n", "Resources:\n" + ecs_role("Second", trusted=trusted)
    )
    found = [finding.check for finding in faults(text) if finding.origin.path[1] == "Second"]
    assert found == checks


def test_a_role_of_no_task_is_left_alone(faults: Find) -> None:
    wide = managed("arn:aws:iam::aws:policy/AdministratorAccess")
    assert faults("Resources:\n" + ecs_role("Function", wide, "{Service: lambda.amazonaws.com}")) == []


@pytest.mark.parametrize(
    ("resource", "condition", "checks"),
    [
        pytest.param('"*"', "", ["reads-every-secret"], id="everything"),
        pytest.param('"arn:aws:secretsmanager:*:*:secret:*"', "", ["reads-every-secret"], id="every secret"),
        pytest.param('"arn:aws:secretsmanager:*:*:secret:shop/*"', "", [], id="the secrets of a path"),
        pytest.param(
            '"*"', ", Condition: {StringEquals: {'aws:ResourceTag/service': shop}}", [], id="those with a certain tag"
        ),
    ],
)
def test_a_role_that_reads_every_secret(resource: str, condition: str, checks: list[str], faults: Find) -> None:
    statement = f"{{Effect: Allow, Action: 'secretsmanager:Get*', Resource: {resource}{condition}}}"
    text = template(inline(PULL + f"                - {statement}\n"))
    assert [finding.check for finding in faults(text)] == checks


ABSENT = """
Parameters: {Env: {Type: String}}
Conditions: {Own: !Equals [!Ref Env, own]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Condition: Own
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
  Stack: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./t.yaml}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: ROLE
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{Name: web, Image: 'nginx:1.27'}]
"""


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("!GetAtt Role.Arn", "the execution role of Task is Role, which does not exist, where Own does not hold"),
        ("!If [Own, !GetAtt Role.Arn, !Ref AWS::NoValue]", ""),
        ("!GetAtt Stack.Outputs.Role", "the execution role of Task is not judged: it depends on Stack.Outputs.Role"),
    ],
)
def test_a_role_that_does_not_exist_in_every_world_is_called_that(faults: Find, role: str, expected: str) -> None:
    found = [each.what for each in faults(ABSENT.replace("ROLE", role)) if each.check == "unjudged-role"]
    assert found == [expected] * bool(expected)
