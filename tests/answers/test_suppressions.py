"""Findings that are accepted at their own position, each with its reason."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest

from cfnroles.answers.lint import LintedFile
from tests.linted import lint

REASON = "the mirror moves it after our tests"


def linted(text: str) -> LintedFile:
    return lint(textwrap.dedent(text), "document.yaml")


def accepted(file: LintedFile) -> list[tuple[str, str]]:
    return [(finding.check, finding.accepted) for finding in file.accepted]


def template(metadata: str = "{}", resource: str = "{}", comment: str = "") -> str:
    return f"""\
Metadata: {metadata}
Resources:
  {comment}
  Task:
    Type: AWS::ECS::TaskDefinition
    Metadata: {resource}
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx:1.27
"""


def ignore(check: str = "mutable-image", reason: str = REASON) -> str:
    return json.dumps({"cfnroles": {"ignore": [{"check": check, "reason": reason}]}})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(template(resource=ignore()), id="metadata of the resource"),
        pytest.param(template(metadata=ignore()), id="metadata of the template"),
        pytest.param(template(resource=ignore("I9308")), id="by the code"),
        pytest.param(template(comment=f"# cfnroles: ignore mutable-image: {REASON}"), id="comment above the resource"),
        pytest.param(
            template().replace("Image: nginx\n", f"Image: nginx # cfnroles: ignore mutable-image: {REASON}\n"),
            id="comment beside the property",
        ),
        pytest.param(
            template()
            .replace("        - Name: web\n          Image: nginx\n", ABOVE := "{above}")
            .replace(
                ABOVE,
                f"        # cfnroles: ignore mutable-image: {REASON}\n        - Name: web\n          Image: nginx\n",
            ),
            id="comment above the list element",
        ),
    ],
)
def test_a_suppression_with_a_reason_suppresses_and_is_told(text: str) -> None:
    file = linted(text)
    assert file.findings == ()
    assert accepted(file) == [("mutable-image", REASON)]


def task_definition(**members: Any) -> str:
    container = {"name": "web", "image": "nginx"}
    return json.dumps({"family": "shop", "containerDefinitions": [container], **members})


def test_a_task_definition_in_json_is_suppressed_by_a_tag() -> None:
    file = linted(task_definition(tags=[{"key": "cfnroles:ignore:mutable-image", "value": REASON}]))
    assert file.findings == ()
    assert accepted(file) == [("mutable-image", REASON)]


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        pytest.param(ignore(reason=""), "the suppression of mutable-image gives no reason", id="no reason"),
        pytest.param(ignore(reason="  "), "the suppression of mutable-image gives no reason", id="blanks for a reason"),
        pytest.param(ignore("mutable-images"), "no check is named mutable-images", id="no such check"),
        pytest.param(ignore(""), "the suppression names no check", id="no check"),
        pytest.param(
            '{"cfnroles": {"ignore": ["mutable-image"]}}',
            "the suppression of mutable-image gives no reason",
            id="an id alone",
        ),
    ],
)
def test_a_suppression_that_says_too_little_suppresses_nothing(metadata: str, what: str) -> None:
    file = linted(template(resource=metadata))
    assert [finding.check for finding in file.findings] == ["bad-suppression", "mutable-image"]
    assert file.findings[0].what == what
    assert file.accepted == ()


def test_a_comment_without_a_reason_is_reported_at_its_line() -> None:
    file = linted(template(comment="# cfnroles: ignore mutable-image"))
    bad = next(finding for finding in file.findings if finding.check == "bad-suppression")
    assert bad.line == 3


def test_a_suppression_of_nothing_is_told() -> None:
    file = linted(template(resource=ignore("plain-text-secret")))
    assert [finding.check for finding in file.findings] == ["unused-suppression", "mutable-image"]
    assert file.findings[0].what == "the suppression of plain-text-secret has no effect"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(template(resource=ignore()), id="metadata"),
        pytest.param(template(comment=f"# cfnroles: ignore mutable-image: {REASON}"), id="comment"),
    ],
)
def test_a_suppression_holds_for_its_own_resource_only(text: str) -> None:
    file = linted(text.replace("nginx:1.27", "nginx:latest"))
    assert [finding.origin.pointer.split(".")[1] for finding in file.findings] == ["Other"]
    assert [finding.origin.pointer.split(".")[1] for finding in file.accepted] == ["Task"]


def test_a_comment_with_nothing_after_it_suppresses_nothing() -> None:
    file = linted(template() + f"# cfnroles: ignore mutable-image: {REASON}\n")
    assert sorted(finding.check for finding in file.findings) == ["mutable-image", "unused-suppression"]


def test_a_template_passes_suppressions_on_to_what_stands_behind_a_condition() -> None:
    text = """
        Parameters:
          Given: {Type: String}
        Conditions:
          Has: !Equals [!Ref Given, x]
        Resources:
          Policy:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Statement:
                  # cfnroles: ignore decrypt-on-secret: kept until the next release
                  - !If
                    - Has
                    - {Effect: Allow, Action: kms:Decrypt, Resource: "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}
                    - !Ref AWS::NoValue
    """
    assert accepted(linted(text)) == [("decrypt-on-secret", "kept until the next release")]
