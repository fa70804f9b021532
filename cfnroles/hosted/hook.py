"""The Lambda hook: whether CloudFormation may deploy a task definition, and why not.

https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.answers.admission import Account, Admission, admission
from cfnroles.document import Document
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable
from cfnroles.formats.admission import doubts, refusal
from cfnroles.hosted.asking import account_of
from cfnroles.hosted.message import fitting, internal_error
from cfnroles.hosted.payload import template_at
from cfnroles.sources.source import read
from cfnroles.sources.template_task_types import TASK_DEFINITIONS
from cfnroles.sources.template_tasks import defined
from cfnroles.sources.told import Told
from cfnroles.template.worlds import without_defaults

#: The maximum length of a message. AWS truncates at 4,096 characters, and at 1,024 for Cloud Control API, whose
#: requests have no stack.
MESSAGE, SHORT_MESSAGE = 4_000, 1_000
#: The maximum number of attempts by CloudFormation, and the delay between them: a role's policy in the same stack takes
#: about 15 seconds.
ATTEMPTS, PAUSE_SECONDS = 3, 20
_WHOSE = "the hook"
_TEMPLATES = ("STACK", "CHANGE_SET")
#: A transform that creates no roles: the reader expands its loops.
_LANGUAGE = "AWS::LanguageExtensions"

_LOG = logging.getLogger("cfnroles")
_LOG.setLevel(logging.INFO)


class _Answer(Struct, frozen=True):
    """A response to CloudFormation: success, one of its two error codes, or a retry."""

    message: str
    error: str = ""
    again: bool = False


def handler(event: Mapping[str, Any], context: object, template: Callable[[Any], str] = template_at) -> dict[str, Any]:
    """Handle a request of CloudFormation: the entry point of the Lambda function."""
    invocation = _mapping(event.get("requestContext")).get("invocation")
    last = not isinstance(invocation, int) or invocation >= ATTEMPTS
    try:
        answer = _answer(event, template, last)
    except InvalidInput as error:
        answer = _Answer(str(error), "NonCompliant")
    except (Unavailable, BadAnswer) as error:
        parts = (error.what, error.why, "The hook could not determine the permissions: try again.")
        answer = _Answer("\n".join(filter(None, parts)), "InternalFailure", not last)
    except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer, whatever went wrong
        answer = _Answer(internal_error(error, _WHOSE), "InternalFailure")
    _LOG.log(logging.ERROR if answer.error and not answer.again else logging.INFO, "%s", answer.message)
    return _response(answer, event)


def _response(answer: _Answer, event: Mapping[str, Any]) -> dict[str, Any]:
    # AWS's page spells the name in both ways.
    token = event.get("clientRequestToken") or event.get("clientRequesttoken")
    most = MESSAGE if event.get("stackId") or event.get("stackID") else SHORT_MESSAGE
    told = {"message": fitting(answer.message, most, _WHOSE), "clientRequestToken": token}
    if answer.again:
        return {"hookStatus": "IN_PROGRESS", "callbackDelaySeconds": PAUSE_SECONDS, **told}
    if answer.error:
        return {"hookStatus": "FAILED", "errorCode": answer.error, **told}
    return {"hookStatus": "SUCCESS", **told}


def _answer(event: Mapping[str, Any], template: Callable[[Any], str], last: bool) -> _Answer:
    data = _mapping(event.get("requestData"))
    name = data.get("targetName")
    if str(event.get("actionInvocationPoint", "")).startswith("DELETE"):
        return _Answer("The hook does not check deletions.")
    if name in _TEMPLATES or data.get("targetType") in _TEMPLATES:
        return _of_template(template(data.get("payload")), event, last)
    if name not in TASK_DEFINITIONS:
        return _Answer("The hook checks only task definitions.")
    return _of_resource(name, data, event, last)


def _of_resource(kind: str, data: Mapping[str, Any], event: Mapping[str, Any], last: bool) -> _Answer:
    """Check a task definition whose properties are resolved."""
    properties = _mapping(data.get("targetModel")).get("resourceProperties")
    if not isinstance(properties, Mapping):
        raise Unavailable("the request has no properties of the task definition")
    given = str(data.get("targetLogicalId", ""))
    logical_id = given if re.fullmatch("[A-Za-z0-9]{1,255}", given) else "TaskDefinition"
    document = Document(logical_id, json.dumps({"Resources": {logical_id: {"Type": kind, "Properties": properties}}}))
    found = admission(read(document, _told(event)), _account(event), logical_id, resolved=True)
    accepted = os.environ.get("ACCEPT_GAPS") == "enabled"
    return _judged(found, document, last, accepted)


def _of_template(text: str, event: Mapping[str, Any], last: bool) -> _Answer:
    """Check the task definitions of a template for all values of its parameters."""
    document = Document("template", text)
    transforms = document.members.get("Transform")
    named = transforms if isinstance(transforms, list) else [transforms] if transforms else []
    if any(each != _LANGUAGE for each in named):
        return _Answer("The template is not checked: its macros have not run yet.")
    document = Document("template", json.dumps(without_defaults(document.members, lambda *_: True), default=str))
    try:
        reading = read(document, _told(event))
        if reading.template is None or not defined(reading.template):
            return _Answer("The template has no task definition.")
        found = admission(reading, _account(event))
    except InvalidInput as error:
        # A value that depends on a parameter or that only CloudFormation generates is not an error of the template.
        _LOG.warning("not judged: %s", error)
        return _Answer(f"The template is not checked, but each task definition is: {error.what}")
    return _judged(found, document, last, accepted=True)


def _judged(found: Admission, document: Document, last: bool, accepted: bool) -> _Answer:
    texts = {document.name: ""}
    unknown = doubts(found, texts)
    for each in unknown:
        _LOG.warning("not judged: %s", each)
    if found.refused:
        head = "Amazon ECS could not run these tasks: a resource does not exist, or a role lacks a permission."
        return _Answer(f"{head}\n{refusal(found, texts)}", "NonCompliant", found.curable and not last)
    if unknown and not accepted:
        head = "Cannot determine whether Amazon ECS could run these tasks (AcceptGaps=enabled accepts them):"
        return _Answer("\n".join([head, *unknown]), "NonCompliant")
    return _Answer(f"{document.name}: no problem found in its task definitions.")


def _told(event: Mapping[str, Any]) -> Told:
    return Told(account=str(event.get("awsAccountId", "")), region=os.environ.get("AWS_REGION", ""))


def _account(event: Mapping[str, Any]) -> Account:
    told = _told(event)
    return account_of(told.account, told.region)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
