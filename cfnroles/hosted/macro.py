"""The CloudFormation macro: its function takes a template and answers with the one that has the roles, too.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from cfnroles.errors import CfnrolesError, InvalidInput
from cfnroles.lines import gap_lines
from cfnroles.page import visible
from cfnroles.targets.cloudformation.expansion import NAME, MacroSettings, expanded

#: Characters of a message. AWS tells no limit of a macro's; a custom resource's whole answer may have 4,096 bytes.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html
MESSAGE = 4_000
_MORE = "... and {} more lines: see the log of the macro's function."

_LOG = logging.getLogger("cfnroles")
_LOG.setLevel(logging.INFO)


def handler(event: Mapping[str, Any], context: object, clock: Callable[[], float] = time.time) -> dict[str, Any]:
    """Answer one request of CloudFormation: the entry of the Lambda function."""
    request = {"requestId": event.get("requestId")}
    try:
        fragment = _expanded(event, clock)
    except CfnrolesError as error:
        _LOG.error("%s", error)
        return {**request, "status": "failure", "errorMessage": fitting(str(error))}
    except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer, whatever went wrong
        # Where it went wrong, but not the text of the exception, which may hold anything of the template.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        bug = f"Internal error of the macro: {type(error).__name__} in {frame.name}:{frame.lineno}."
        _LOG.error("%s", bug)
        return {**request, "status": "failure", "errorMessage": bug}
    return {**request, "status": "success", "fragment": fragment}


def fitting(message: str) -> str:
    """As many whole lines of a message as have room, and how many more there are."""
    lines = message.split("\n")
    count = len(lines)
    while count > 1 and len(_shown(lines, count)) > MESSAGE:
        count -= 1
    return _shown(lines, count)[:MESSAGE]


def _shown(lines: list[str], count: int) -> str:
    rest = len(lines) - count
    return "\n".join([*lines[:count], *([_MORE.format(rest)] if rest else [])])


def _expanded(event: Mapping[str, Any], clock: Callable[[], float]) -> Mapping[str, Any]:
    if event.get("params"):
        raise InvalidInput(f"takes no parameters, and is given {', '.join(event['params'])}", where="the macro")
    deployment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock()))
    values = _values(event.get("templateParameterValues") or {})
    expansion = expanded(event.get("fragment", {}), _settings(os.environ), deployment, values)
    for names, done in ((expansion.tasks, "given roles"), (expansion.left, "left with the roles that they name")):
        if names:
            _LOG.info("%s: %s", done, visible(", ".join(names)))
    for line in gap_lines(expansion.gaps, {NAME: ""}):
        _LOG.warning("gap: %s", line)
    return expansion.fragment


def _values(given: Mapping[str, Any]) -> dict[str, str]:
    """The values of parameters as texts: that of a list comes as one."""
    return {name: ",".join(map(str, each)) if isinstance(each, list) else str(each) for name, each in given.items()}


def _settings(environment: Mapping[str, str]) -> MacroSettings:
    """What the function's stack tells, in variables."""
    validator = environment.get("SECRET_VALIDATOR_ARN", "")
    if not validator:
        raise InvalidInput("SECRET_VALIDATOR_ARN is not set", where="the macro", remedy="Deploy templates/macro.yaml.")
    keys = tuple(filter(None, environment.get("KMS_KEY_ARNS", "").split(",")))
    return MacroSettings(validator, keys, environment.get("ACCEPT_GAPS") == "enabled")
