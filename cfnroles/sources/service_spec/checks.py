"""Faults of a spec: by the types of its keys, and by rules about several keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.document import Document
from cfnroles.iam.managed_policies import managed_policy, managed_policy_names
from cfnroles.need import Finding, fault
from cfnroles.policies import MOST_MANAGED_POLICIES
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.service_spec.actions import unknown_action
from cfnroles.sources.service_spec.definition import SPEC
from cfnroles.sources.service_spec.types import nearest
from cfnroles.sources.spec import Service, Spec
from cfnroles.workload import Path

ROLES = tuple(kind.key for kind in ROLE_KINDS)

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_TAGS = 50
#: Tags that the stacks themselves set on each role.
_OWN_TAGS = 2
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_STACK_NAME = 128
_LONGEST_SUFFIX = "-log-groups"


def faults(document: Document) -> tuple[Finding, ...]:
    """Return all faults of the keys and values of a spec."""
    members = document.members
    # Rules about several keys apply only if each key is valid.
    found = list(SPEC.problems(members, ())) or problems(Spec(document.name, document.text, members))
    placed = ((each, replace(each.origin, document=document.name)) for each in found)
    return tuple(replace(each, origin=origin, check="refused-key") for each, origin in placed)


def problems(spec: Spec) -> Iterator[Finding]:
    """Yield the faults by rules about several keys, in a spec with valid keys."""
    for path, options in _roles(spec.tree):
        yield from _role_problems(options, path)
    yield from _shared_names(spec, "name", "the role's name", "Role names are unique in an account")
    yield from _shared_names(spec, "export", "the export", "Export names are unique in an account and Region")
    for service in spec.services:
        yield from _service_problems(spec, service)
    yield from _environment_problems(spec)
    if spec.get("sharing", "by") == "organization" and not spec.get("sharing", "organization"):
        yield fault(("sharing", "by"), "no organization is specified", "Add organization: o-...")
    if spec.get("sharing", "organization") and spec.get("sharing", "by") != "organization":
        yield fault(
            ("sharing", "organization"), "the organization is not used", "Write `by: organization`, or remove it."
        )
    if spec.get("alarms", "email") and spec.get("alarms", "topic"):
        yield fault(
            ("alarms", "email"),
            "the address requires a new topic, but the spec names an existing one",
            "Subscribe the address to that topic.",
        )


def _roles(tree: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    places: list[tuple[Path, Mapping[str, Any]]] = [(("defaults",), tree.get("defaults", {}))]
    places += [(("services", name), service) for name, service in tree["services"].items()]
    for path, settings in places:
        for role in ROLES:
            if role in settings:
                yield (*path, role), settings[role]


def _role_problems(options: Mapping[str, Any], path: Path) -> Iterator[Finding]:
    for index, policy in enumerate(options.get("managed-policies", ())):
        if not policy.startswith("arn:") and managed_policy(policy) is None:
            what = f"cfnroles does not know an AWS managed policy named {policy!r}"
            remedy = nearest(policy, managed_policy_names())
            yield fault(
                (*path, "managed-policies", index),
                what,
                remedy if remedy.startswith("Did") else "Write its ARN: arn:aws:iam::ACCOUNT:policy/NAME.",
            )
    for index, statement in enumerate(options.get("statements", ())):
        alone = isinstance(statement["actions"], str)
        for number, action in enumerate([statement["actions"]] if alone else statement["actions"]):
            if remedy := unknown_action(action):
                where: Path = (*path, "statements", index, "actions")
                yield fault(where if alone else (*where, number), f"AWS has no action {action!r}", remedy)
    if len(options.get("managed-policies", ())) > MOST_MANAGED_POLICIES:
        yield fault(
            (*path, "managed-policies"),
            f"expected at most {MOST_MANAGED_POLICIES} managed policies, found {len(options['managed-policies'])}",
            "Attach fewer.",
        )
    if len(options.get("tags", ())) > _TAGS - _OWN_TAGS:
        yield fault(
            (*path, "tags"),
            f"expected at most {_TAGS} tags, {_OWN_TAGS} of which cfnroles adds, found {len(options['tags'])}",
            "Keep fewer.",
        )


def _shared_names(spec: Spec, key: str, noun: str, why: str) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for service in spec.services:
        for role in ROLES:
            name = service.get(role, key)
            if name is None:
                continue
            owner = f"the {role} of {service.name}"
            # IAM ignores case, so exports that differ only in case would be a trap.
            if seen.setdefault(name.lower(), owner) != owner:
                yield fault(
                    service.where(role, key),
                    f"{noun} {name!r} is used by {seen[name.lower()]} and by {owner}",
                    f"{why}: use different names.",
                )


def _service_problems(spec: Spec, service: Service) -> Iterator[Finding]:
    if len(f"{spec.project}-{service.name}{_LONGEST_SUFFIX}") > _STACK_NAME:
        yield fault(
            ("services", service.name),
            f"the stack {spec.project}-{service.name}{_LONGEST_SUFFIX} would have more than {_STACK_NAME} characters",
            "Shorten the name of the service or of the project.",
        )
    prefix, bucket = service.get("exec", "prefix"), service.get("exec", "bucket")
    if prefix and not bucket:
        yield fault(
            service.where("exec", "prefix"), "the prefix requires a bucket, but none is specified", "Add bucket."
        )


def _environment_problems(spec: Spec) -> Iterator[Finding]:
    names = tuple(spec.tree["services"])
    for environment, settings in (spec.get("environments") or {}).items():
        for name in settings.get("services", {}):
            if name not in names:
                path: Path = ("environments", environment, "services", name)
                yield fault(path, f"the spec has no service {name!r}", nearest(name, names))
