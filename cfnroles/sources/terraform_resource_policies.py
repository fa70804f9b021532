"""The policies of a configuration's own secrets, keys, buckets and repositories that name its roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.hcl.values import Value
from cfnroles.iam.resource_policies import granting
from cfnroles.iam.roles import RolePolicy, Unread
from cfnroles.sources.terraform_configured import RESOURCE_POLICIES, Configured
from cfnroles.sources.terraform_policies import Spelling, policy_of
from cfnroles.symbols import Expression
from cfnroles.text import Text, arn_of


class ResourcePolicyNaming(Struct, frozen=True):
    """The policy of a resource that names a role. ``resource`` is the end of its ARN. ``denies`` if it may deny.

    ``unread`` says why its content is unknown, and ``granted`` is what it allows the role, as `granting` returns it.
    """

    noun: str
    address: str
    service: str
    resource: str
    denies: bool
    unread: Unread | None = None
    granted: str = ""


def policies_naming(
    role: Configured, holders: Iterable[Configured], spelling: Spelling
) -> tuple[ResourcePolicyNaming, ...]:
    """Return the policies that name a role, and unreadable ones, which may."""
    return tuple(_naming(role, tuple(texts_naming(role)), holders, spelling))


def _naming(
    role: Configured, names: tuple[str, ...], holders: Iterable[Configured], spelling: Spelling
) -> Iterator[ResourcePolicyNaming]:
    for each in holders:
        given = each.attributes.get("policy")
        resource = _resource(each, spelling)
        if given is None or not resource or (isinstance(given, Value) and given.data == ""):
            continue
        kind = RESOURCE_POLICIES[each.type]
        read = policy_of(each.address, given, each.where, spelling, trust=True)
        if not isinstance(read, RolePolicy):
            yield ResourcePolicyNaming(kind.noun, each.address, kind.service, resource, False, read)
        elif _names(read.document, names):
            denies = any(_names(one, names) for one in _denying(read.document))
            granted = granting(read.document, tuple(_arns_of(role)))
            yield ResourcePolicyNaming(kind.noun, each.address, kind.service, resource, denies, granted=granted)


def _resource(holder: Configured, spelling: Spelling) -> str:
    """Return the end of the ARN of a policy's resource."""
    kind = RESOURCE_POLICIES[holder.type]
    own = Expression(f"{holder.address}.arn", reason="", address=holder.address, type=holder.type, attribute="arn")
    named = holder.known(kind.naming or "arn") or (None if kind.naming else Text(own))
    text = spelling.text(named) if named is not None else Text()
    arn = arn_of(text)
    return str(arn.resource) if arn is not None else f"{kind.before}{text}" if text else ""


def texts_naming(role: Configured) -> Iterator[str]:
    """Yield the texts by which a document names a role."""
    yield from (f"${{{role.address}}}", f"${{{role.address}.")
    if name := role.known("name"):
        yield from (f"role/{name}", f"/{name}")
    if arn := role.known("arn"):
        yield str(arn)


def _arns_of(role: Configured) -> Iterator[str]:
    """Yield the spellings of the role's ARN."""
    yield f"${{{role.address}.arn}}"
    if name := role.known("name"):
        yield f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{role.known('path') or '/'}{name}"


def _names(document: Any, names: tuple[str, ...]) -> bool:
    text = json.dumps(document, ensure_ascii=False)
    return any(json.dumps(each, ensure_ascii=False)[1:-1] in text for each in names)


def _denying(document: Mapping[str, Any]) -> Iterator[Any]:
    given = document.get("Statement")
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, Mapping) and each.get("Effect") != "Allow":
            yield each
