"""What the task definitions of a template need of roles that are elsewhere is compared, too."""

from __future__ import annotations

from cfnroles import Document, diff, read
from cfnroles.answers.grants import GrantKind

TASK = """\
Parameters: {Stage: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !ImportValue role
      ContainerDefinitions:
      - {Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: /a}]}
"""
ONE_MORE = TASK.replace("/a}]", "/a}, !If [IsProd, {Name: B, ValueFrom: /b}, !Ref AWS::NoValue]]")


def needs(old: str, new: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    difference = diff(read(Document("t.yaml", old)), read(Document("t.yaml", new))).difference
    assert not difference.widens
    return [
        (
            str(each.verb),
            each.grant.role,
            each.grant.resources[0].rpartition(":")[2],
            tuple(map(str, each.grant.guards)),
        )
        for each in difference.changes
        if each.grant.kind is GrantKind.NEED
    ]


def test_what_a_task_definition_needs_of_a_role_elsewhere_is_compared() -> None:
    under = ("the condition IsProd holds",)
    assert needs(TASK, TASK) == []
    assert needs(TASK, ONE_MORE) == [("added", "Web execution role", "parameter/b", under)]
    assert needs(ONE_MORE, TASK) == [("removed", "Web execution role", "parameter/b", under)]
    assert needs(TASK, TASK.replace("  Web:", "  Site:")) == [
        ("added", "Site execution role", "parameter/a", ()),
        ("removed", "Web execution role", "parameter/a", ()),
    ]


def test_what_a_role_of_the_template_is_asked_for_is_told_by_its_verdict() -> None:
    role = "  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}\n"
    own = [text.replace("!ImportValue role", "!GetAtt Role.Arn") + role for text in (TASK, ONE_MORE)]
    assert needs(*own) == []
    assert diff(*(read(Document("t.yaml", text)) for text in own)).difference.changed
