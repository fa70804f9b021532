"""The CloudFormation macro: a template in, the template with roles out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from cfnroles.errors import CfnrolesError, InvalidInput
from cfnroles.hosted.message import fitting, internal_error
from cfnroles.lines import gap_lines
from cfnroles.page import visible
from cfnroles.targets.cloudformation.expansion import NAME, MacroSettings, expanded

#: The maximum length of a message. AWS documents none for macros; the response of a custom resource may have 4,096
#: bytes.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html
MESSAGE = 4_000
_WHOSE = "the macro"

_LOG = logging.getLogger("cfnroles")
_LOG.setLevel(logging.INFO)


def handler(event: Mapping[str, Any], context: object, clock: Callable[[], float] = time.time) -> dict[str, Any]:
    """Handle a request of CloudFormation: the entry point of the Lambda function."""
    request = {"requestId": event.get("requestId")}
    try:
        fragment = _expanded(event, clock)
    except CfnrolesError as error:
        _LOG.error("%s", error)
        return {**request, "status": "failure", "errorMessage": fitting(str(error), MESSAGE, _WHOSE)}
    except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer, whatever went wrong
        bug = internal_error(error, _WHOSE)
        _LOG.error("%s", bug)
        return {**request, "status": "failure", "errorMessage": bug}
    return {**request, "status": "success", "fragment": fragment}


def _expanded(event: Mapping[str, Any], clock: Callable[[], float]) -> Mapping[str, Any]:
    if event.get("params"):
        raise InvalidInput(f"takes no parameters, found {', '.join(event['params'])}", where="the macro")
    deployment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock()))
    values = _values(event.get("templateParameterValues") or {})
    expansion = expanded(event.get("fragment", {}), _settings(os.environ), deployment, values)
    for names, done in ((expansion.tasks, "given roles"), (expansion.left, "kept the roles that they name")):
        if names:
            _LOG.info("%s: %s", done, visible(", ".join(names)))
    for line in gap_lines(expansion.gaps, {NAME: ""}):
        _LOG.warning("gap: %s", line)
    return expansion.fragment


def _values(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of parameters as texts. A list arrives as one."""
    return {name: ",".join(map(str, each)) if isinstance(each, list) else str(each) for name, each in given.items()}


def _settings(environment: Mapping[str, str]) -> MacroSettings:
    """Return the settings from the function's environment variables."""
    validator = environment.get("SECRET_VALIDATOR_ARN", "")
    if not validator:
        raise InvalidInput(
            "SECRET_VALIDATOR_ARN is not set", where="the macro", remedy="Deploy templates/macro-and-hook.yaml."
        )
    keys = tuple(filter(None, environment.get("KMS_KEY_ARNS", "").split(",")))
    return MacroSettings(validator, keys, environment.get("ACCEPT_GAPS") == "enabled")
