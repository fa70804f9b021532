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
