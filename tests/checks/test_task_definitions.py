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
