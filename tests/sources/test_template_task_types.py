"""Stack sets, whose templates are not read."""

from __future__ import annotations

import pytest

from cfnroles import Document, Told, lint, read
from cfnroles.sources.template_tasks import hidden

SET = """\
Parameters: {Body: {Type: String}}
Resources:
  Regions:
    Type: AWS::CloudFormation::StackSet
    Properties: {StackSetName: regions, PermissionModel: SELF_MANAGED, %s}
"""
TASK = "{Resources: {Task: {Type: AWS::ECS::TaskDefinition}}}"
TEMPLATES = {
    "at a URL": ("TemplateURL: https://bucket.s3.amazonaws.com/t.yaml", True),
    "in a parameter": ("TemplateBody: !Ref Body", True),
    "with a task definition": (f"TemplateBody: '{TASK}'", True),
    "with a task definition and a name": (f"TemplateBody: !Sub '{TASK}'", True),
    "with a nested stack": (f"TemplateBody: '{TASK.replace('ECS::TaskDefinition', 'CloudFormation::Stack')}'", True),
    "with a macro": ("TemplateBody: '{Transform: Macro, Resources: {}}'", True),
    "without a task definition": ("TemplateBody: '{Resources: {Topic: {Type: AWS::SNS::Topic}}}'", False),
}


@pytest.mark.parametrize(("template", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_stack_set_that_may_define_tasks_is_a_gap(template: str, expected: bool) -> None:
    reading = read(Document("t.yaml", SET % template), Told())
    assert reading.template is not None
    assert [gap.what for gap in hidden(reading.template)] == ["cannot see what is in the stack set Regions"] * expected
    assert [each.check for each in lint(reading).findings] == ["unjudged-role"] * expected
