"""Checks on the task definitions of a template, which is read as `explain` reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cfnroles.need import Finding

Find = Callable[[str], list[Finding]]


@pytest.mark.parametrize("runs", ["Service", "TaskSet"])
def test_what_runs_the_task_definition_of_a_template_is_looked_at_with_it(faults: Find, runs: str) -> None:
    secret = "{Name: A, ValueFrom: 'arn:aws:s3:::bucket'}"
    connect = f"{{Enabled: true, LogConfiguration: {{LogDriver: awsfirelens, SecretOptions: [{secret}]}}}}"
    sets = "  Set: {Type: AWS::ECS::TaskSet, Properties: {Service: !Ref Service, TaskDefinition: !Ref Task}}\n"
    text = f"""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{{Name: web, Image: 'nginx:1.27'}}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      {"TaskDefinition: !Ref Task" if runs == "Service" else "LaunchType: EC2"}
      ServiceConnectConfiguration: {connect}
{sets * (runs == "TaskSet")}"""
    (finding,) = faults(text)
    assert finding.check == "malformed-reference"
    assert finding.origin.path[:3] == ("Resources", "Service", "Properties")


def test_what_a_loop_makes_is_told_once_at_its_place(faults: Find) -> None:
    text = """
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Tasks:
    - Name
    - [Web, Api]
    - ${Name}Task:
        Type: AWS::ECS::TaskDefinition
        Properties:
          RequiresCompatibilities: [EC2]
          ContainerDefinitions: [{Name: web, Image: 'nginx:1.27', Secrets: [{Name: A, ValueFrom: 'arn:aws:s3:::b'}]}]
"""
    found = [finding for finding in faults(text) if finding.check == "malformed-reference"]
    assert [finding.origin.path[:4] for finding in found] == [("Resources", "Fn::ForEach::Tasks", 2, "${Name}Task")]


UNNAMED = {
    "no value": ("{Name: A}", True),
    "an empty value": ("{Name: A, ValueFrom: ''}", True),
    "a value that the deployment passes": ("{Name: A, ValueFrom: !Ref Stored}", False),
    "a secret": ("{Name: A, ValueFrom: /shop/a}", False),
    "a secret under a condition": ("!If [Has, {Name: A, ValueFrom: !Ref Stored}, !Ref AWS::NoValue]", False),
    "no value under a condition": ("!If [Has, {Name: A}, !Ref AWS::NoValue]", True),
}


@pytest.mark.parametrize(("secret", "told"), UNNAMED.values(), ids=UNNAMED)
def test_a_secret_that_names_nothing_in_a_template_is_refused(
    faults: Callable[[str], list[Finding]], secret: str, told: bool
) -> None:
    found = faults(f"""
        Parameters: {{Stored: {{Type: String, Default: ""}}}}
        Conditions: {{Has: !Not [!Equals [!Ref Stored, ""]]}}
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Family: shop
              ContainerDefinitions:
                - Name: web
                  Image: nginx:1.27
                  Memory: 64
                  Secrets: [{secret}]
    """)
    assert [each.what for each in found if each.check == "refused-value"] == ["the secret has no ValueFrom"] * told


def test_what_a_target_overrides_is_looked_at(faults: Find) -> None:
    found = faults("""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{Name: web, Image: 'nginx:1.27'}]
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets:
        - Id: nightly
          Arn: arn:aws:ecs:us-east-1:123456789012:cluster/shop
          RoleArn: arn:aws:iam::123456789012:role/rule
          Input: >-
            {"cpu": "much", "ephemeralStorage": {"sizeInGiB": 5},
            "containerOverrides": [{"name": "web", "cpu": "1.5"}, {"name": "worker"}]}
          EcsParameters: {TaskDefinitionArn: !Ref Task}
""")
    input_ = ("Resources", "Rule", "Properties", "Targets", 0, "Input")
    assert {each.what for each in found if each.origin.path[:6] == input_} == {
        "'much' is not a size",
        "5 is no size of ephemeral storage",
        "'1.5' is not an integer",
        "the task definition has no container worker",
    }


def test_an_unknown_member_is_told_once(faults: Find) -> None:
    found = faults("""
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{Name: web, Image: 'nginx:1.27', Shimmer: true}]
""")
    assert [(each.check, each.what) for each in found] == [
        ("likely-to-fail", "cfnroles does not know the member shimmer, and ECS may not either")
    ]
