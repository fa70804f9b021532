"""Real templates with roles injected: nothing but added lines, accepted by cfn-lint, unchanged by a second run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.injected_corpus import faults, misjudged

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "templates"
#: One in YAML and one in JSON, with parameters, conditions and roles of their own.
SAMPLE = [path for name in ("0040.yaml", "0397.json") if (path := CORPUS / name).is_file()]
#: One with an image of Amazon ECR as a default, and one whose image says more than its registry.
VALUED = [path for name in ("0311.yaml", "0057.yaml") if (path := CORPUS / name).is_file()]

WITH_ROLES = """\
Parameters: {}
Resources:
  Own: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}   # kept
  Web:
    Type: AWS::ECS::TaskDefinition
    DependsOn: Own
    Properties:
      TaskRoleArn: !Sub "arn:aws:iam::${AWS::AccountId}:role/${Own}"
      ContainerDefinitions:
      - {Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: /a}]}
"""


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_a_real_template(path: Path) -> None:
    assert list(faults(path)) == []


@pytest.mark.parametrize("path", VALUED, ids=lambda path: path.name)
def test_the_roles_put_into_a_real_template_are_complete_and_minimal(path: Path) -> None:
    assert list(misjudged(path)) == []


def test_a_template_with_all_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(WITH_ROLES)
    assert list(faults(path)) == []


def test_what_is_wrong_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(WITH_ROLES)
    monkeypatch.setattr("tests.injected_corpus.removed", lambda _: "another")
    monkeypatch.setattr("tests.injected_corpus._changed", lambda _: frozenset())
    assert list(faults(path)) == [
        "is gone: Parameters: {}",
        "is gone: DependsOn: Own",
        'is gone: TaskRoleArn: !Sub "arn:aws:iam::${AWS::AccountId}:role/${Own}"',
        "what was injected cannot be taken out",
    ]
