"""Actions of IAM policies: patterns, known actions, and their risk."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from cfnroles.action_names import actions_of, services
from cfnroles.iam.containment import covers_action
from cfnroles.spelling import meant


class Risk(IntEnum):
    """The risk of a grant, worst last."""

    DESCRIBE = 1
    READ = 2
    CHANGE = 3
    PERMIT = 4
    EVERYTHING = 5

    def __str__(self) -> str:
        return _RISKS[self]


_RISKS = {
    Risk.DESCRIBE: "see what exists",
    Risk.READ: "read contents",
    Risk.CHANGE: "change or delete things",
    Risk.PERMIT: "give permissions",
    Risk.EVERYTHING: "do everything",
}

#: Names of actions consist of few words, so most of them look alike.
_NEAR = 0.8

_DESCRIBES = re.compile(
    r"(Describe|List|Get|Head|Lookup|Search|View|Check|BatchCheck|BatchDescribe|BatchGet|Filter|Test)"
)
#: Actions that read data, not metadata.
_READS = re.compile(
    r"secretsmanager:(Batch)?GetSecretValue|ssm:GetParameter.*|kms:(Decrypt|ReEncrypt.*|GenerateDataKey.*)"
    r"|s3:GetObject.*|ecr:(BatchGetImage|GetDownloadUrlForLayer)|logs:(GetLogEvents|FilterLogEvents|StartQuery|GetQuery.*"
    r"|StartLiveTail|Unmask)|dynamodb:(BatchGetItem|GetItem|Query|Scan|GetRecords)|kinesis:GetRecords|sqs:ReceiveMessage"
    r"|athena:GetQueryResults|rds-data:.*|lambda:GetFunction|codecommit:GitPull",
    re.IGNORECASE,
)
_PERMITS = re.compile(
    r"[^:]+:((Put|Set|Attach|Detach|Create|Delete|Add|Update|Remove).*(Policy|Policies|Permission|Permissions|Grant|Role)"
    r"|PassRole|CreateGrant|AssumeRole.*)|(iam|organizations|sso|sso-admin|ram):(?!Get|List).*|sts:.*",
    re.IGNORECASE,
)


def is_pattern(text: str) -> bool:
    """Return whether a text of a policy has wildcards."""
    return any(character in text for character in "*?") or text.startswith("NOT ")


def matches_action(pattern: str, action: str) -> bool:
    """Return whether an action of a policy covers ``action``, ignoring case."""
    if pattern.startswith("NOT "):
        return not any(matches_action(each, action) for each in pattern[4:].split(", "))
    return covers_action(pattern, action)


@lru_cache(maxsize=512)
def expanded(pattern: str) -> tuple[str, ...]:
    """Return the known actions that a pattern of one service covers; empty for any other pattern."""
    service, colon, _ = pattern.partition(":")
    if not colon or is_pattern(service) or service.startswith("NOT "):
        return ()
    return tuple(name for name in actions_of(service.lower()) if matches_action(pattern, name))


@lru_cache(maxsize=64)
def service_names(pattern: str = "*") -> tuple[str, ...]:
    """Return the prefixes of the known services that a pattern covers, sorted."""
    return tuple(name for name in services() if covers_action(pattern, name))


@lru_cache(maxsize=4096)
def is_known(action: str) -> bool:
    """Return whether an action or pattern of a policy covers any known action."""
    service, colon, _ = action.partition(":")
    services = service_names(service.lower()) if is_pattern(service) else (service.lower(),)
    if not colon:
        return action.strip("*") == ""
    return any(matches_action(action, name) for each in services for name in actions_of(each))


def meant_action(action: str) -> str:
    """Return the known action with the most similar spelling; empty if none is near."""
    service, _, name = action.partition(":")
    known = service.lower() if actions_of(service.lower()) else meant(service, service_names(), _NEAR)
    if known is None:
        return ""
    # The service is excluded: a common prefix would make all of its names look near.
    names = {each.partition(":")[2] for each in actions_of(known)}
    near = meant(name, sorted(names), _NEAR)
    return f"{known}:{near}" if near else ""


def risk_of(pattern: str) -> Risk:
    """Return the worst risk of the actions of a pattern. Unknown actions count as the worst."""
    if not pattern.startswith("NOT ") and covers_action(pattern, "*:*"):
        return Risk.EVERYTHING
    if is_pattern(pattern):
        return max(map(risk_of, expanded(pattern)), default=Risk.PERMIT)
    if _PERMITS.fullmatch(pattern):
        return Risk.PERMIT
    if _READS.fullmatch(pattern):
        return Risk.READ
    return Risk.DESCRIBE if _DESCRIBES.match(pattern.partition(":")[2]) else Risk.CHANGE
