"""The macro's function, asked as CloudFormation asks: with the request of AWS's page about macros.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from cfnroles.document import parse
from cfnroles.hosted import macro
from cfnroles.hosted.macro import MESSAGE, handler

VALIDATOR = "arn:aws:lambda:us-east-1:123456789012:function:validator"
SECRET = "hunter2-not-to-be-shown"

TEMPLATE = """\
Parameters:
  Password: {Type: String, NoEcho: true, Default: PASSWORD}
  Stage: {Type: String}
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web
        Image: IMAGE
        Environment: [{Name: PASSWORD, Value: !Ref Password}]
        Secrets: [{Name: A, ValueFrom: !Sub "/${Stage}/a"}]
""".replace("PASSWORD}", f"{SECRET}}}", 1)

GOOD = TEMPLATE.replace("IMAGE", "nginx")
WITH_GAP = TEMPLATE.replace("IMAGE", "1.dkr.ecr.x.amazonaws.com/a")
#: Its image is one that cannot be read.
HIDDEN = TEMPLATE.replace("IMAGE", "!Ref Password")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What templates/macro-and-hook.yaml sets."""
    for name, value in {"SECRET_VALIDATOR_ARN": VALIDATOR, "KMS_KEY_ARNS": "", "ACCEPT_GAPS": "disabled"}.items():
        monkeypatch.setenv(name, value)


def request(fragment: Any, **members: Any) -> dict[str, Any]:
    """The request of AWS's page, with these members."""
    return {
        "region": "us-east-1",
        "accountId": "123456789012",
        "fragment": parse(fragment, "t.yaml") if isinstance(fragment, str) else fragment,
        "transformId": "123456789012::CfnRoles",
        "params": {},
        "requestId": "5dba79b5-f117-4de0-9ce4-d40363bfb6ab",
        "templateParameterValues": {"Password": SECRET, "Stage": "prod"},
        **members,
    }


def answered(fragment: Any, **members: Any) -> dict[str, Any]:
    """The answer, as CloudFormation gets it."""
    answer: dict[str, Any] = json.loads(json.dumps(handler(request(fragment, **members), None, lambda: 1767225600.0)))
    assert answer.pop("requestId") == "5dba79b5-f117-4de0-9ce4-d40363bfb6ab"
    return answer


def test_the_answer_has_the_template_with_its_roles() -> None:
    answer = answered(GOOD)
    assert answer.keys() == {"status", "fragment"}
    assert answer["status"] == "success"
    resources = answer["fragment"]["Resources"]
    assert list(resources) == ["Web", "WebExecutionRole", "WebTaskRole", "WebSecretsExist"]
    assert resources["WebSecretsExist"]["Properties"]["ServiceToken"] == VALIDATOR
    assert resources["WebSecretsExist"]["Properties"]["DeploymentId"] == "20260101T000000Z"


def test_a_failure_has_a_message_and_no_template() -> None:
    answer = answered({"Type": "AWS::S3::Bucket"})
    assert answer == {
        "status": "failure",
        "errorMessage": "template: is not a complete template\nList the macro in the section Transform, not in"
        " Fn::Transform in another section.",
    }


def test_parameters_of_a_call_are_refused() -> None:
    told = "the macro: takes no parameters, found Role"
    assert answered(GOOD, params={"Role": "a"}) == {"status": "failure", "errorMessage": told}


def test_values_of_all_kinds_are_taken() -> None:
    assert answered(GOOD, templateParameterValues={"Stage": ["a", "b"], "Password": 1}) == answered(GOOD)


def test_without_its_stack_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_VALIDATOR_ARN")
    assert answered(GOOD)["errorMessage"].startswith("the macro: SECRET_VALIDATOR_ARN is not set")


@pytest.mark.parametrize(("gaps", "status"), [("enabled", "success"), ("disabled", "failure")])
def test_gaps_are_accepted_where_the_stack_says_so(gaps: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCEPT_GAPS", gaps)
    assert answered(WITH_GAP)["status"] == status


@pytest.mark.parametrize("fragment", [GOOD, WITH_GAP, HIDDEN], ids=["good", "with a gap", "hidden"])
@pytest.mark.parametrize("value", [SECRET, f"public.ecr.aws/aws-observability/aws-otel-collector:{SECRET}"])
def test_no_value_of_a_noecho_parameter_is_told(fragment: str, value: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = answered(fragment, templateParameterValues={"Password": value, "Stage": "prod"})
    # The default is in the template, which goes back to where it came from.
    answer.get("fragment", {}).pop("Parameters", None)
    assert SECRET not in json.dumps(answer)
    assert caplog.records
    assert SECRET not in caplog.text


def test_no_value_of_a_noecho_parameter_is_looked_at() -> None:
    collector = {"Password": "public.ecr.aws/aws-observability/aws-otel-collector:latest"}
    assert answered(HIDDEN, templateParameterValues=collector) == answered(HIDDEN)
    shown = HIDDEN.replace("NoEcho: true, ", "")
    assert "depends on the value" in answered(shown, templateParameterValues=collector)["errorMessage"]


def test_the_log_tells_what_was_done(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCEPT_GAPS", "enabled")
    answered(WITH_GAP)
    given, gap = caplog.records
    assert (given.levelno, given.getMessage()) == (logging.INFO, "given roles: Web")
    assert gap.levelno == logging.WARNING
    assert gap.getMessage().startswith("gap: template: Resources.Web.Properties.ContainerDefinitions[0].Image")


def test_a_bug_is_told_by_type_and_place_but_not_by_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr(macro, "expanded", failing)
    message = answered(GOOD)["errorMessage"]
    assert message.startswith("Internal error of the macro: KeyError in failing:")
    assert SECRET not in message


def _resources(template: str, name: str) -> dict[str, Any]:
    """The task definition of a template under another logical id."""
    return {name: parse(template, "t.yaml")["Resources"]["Web"]}


def test_a_long_message_ends_with_how_much_more_there_is() -> None:
    many = {name: each for number in range(99) for name, each in _resources(WITH_GAP, f"Web{number}").items()}
    assert len(answered({**parse(GOOD, "t.yaml"), "Resources": many})["errorMessage"]) <= MESSAGE
    *_, last = answered({**parse(GOOD, "t.yaml"), "Resources": many})["errorMessage"].split("\n")
    assert re.fullmatch(r"... and \d+ more lines: see the log of the macro's function.", last)
