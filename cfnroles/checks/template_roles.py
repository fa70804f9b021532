"""The policies and roles of a template, with everything that the template attaches to each role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.checks.check import Grant, Role
from cfnroles.sources.template_task_definitions import Names, elements, undecided
from cfnroles.template.template import Resource, Stack, symbols
from cfnroles.workload import Path

#: Types with a policy document of their own: the property that names the roles it is attached to.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
_ATTACHED = {"AWS::IAM::Policy": "Roles", "AWS::IAM::ManagedPolicy": "Roles", "AWS::IAM::RolePolicy": "RoleName"}
_WITH_INLINE = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")


def grants_of(stack: Stack, names: Names) -> Iterator[Grant]:
    """Every Allow statement of the identity-based policies of a stack."""
    for resource in stack.of_type(*_WITH_INLINE, *_ATTACHED):
        yield from _own_grants(resource, names)


def roles_of(stack: Stack, names: Names) -> Iterator[Role]:
    """The roles of a stack."""
    attached = tuple(_attachments(stack))
    for resource in stack.of_type("AWS::IAM::Role"):
        called = frozenset(_names(resource))
        theirs = [policy for policy, roles in attached if roles and called & roles]
        inline = resource.properties.get("Policies", [])
        managed = tuple(
            (arn, resource.source(*steps))
            for arn, steps in elements(resource.properties.get("ManagedPolicyArns", []), ("ManagedPolicyArns",))
            if isinstance(arn, str)
        )
        in_stack = [
            policy for arn, _ in managed if (policy := stack.resources.get(arn.strip("${}"))) and policy not in theirs
        ]
        grants = [*_own_grants(resource, names)]
        for policy in (*theirs, *in_stack):
            grants += _own_grants(policy, names)
        yield Role(
            resource.logical_id,
            ("Resources", resource.logical_id),
            called,
            _trusted(resource.properties.get("AssumeRolePolicyDocument")),
            tuple(grants),
            tuple((arn, path) for arn, path in managed if arn.strip("${}") not in stack.resources),
            isinstance(inline, list)
            and isinstance(resource.properties.get("ManagedPolicyArns", []), list)
            and all(roles is not None for _, roles in attached)
            and all(grant.exact for grant in grants),
        )


def statement_grants(document: Any, resource: Resource, steps: Path, names: Names) -> Iterator[Grant]:
    """The Allow statements of a policy document that stands at ``steps`` of a resource's properties."""
    if not isinstance(document, Mapping):
        yield Grant(resource.source(*steps), (), (), exact=False)
        return
    given = document.get("Statement", [])
    whole = [given] if isinstance(given, Mapping) and undecided(given) is None else given
    if not isinstance(whole, list) and undecided(whole) is None:
        yield Grant(resource.source(*steps), (), (), exact=False)
        return
    place: Path = (*steps, "Statement")
    for statement, at in elements(whole, place):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield _grant(statement, resource.source(*(place if whole is not given else at)), names)
        elif not isinstance(statement, Mapping):
            yield Grant(resource.source(*at), (), (), exact=False)


def _grant(statement: Mapping[str, Any], path: Path, names: Names) -> Grant:
    actions, actions_exact = _texts(statement.get("Action", statement.get("NotAction")))
    resources, resources_exact = _texts(statement.get("Resource", statement.get("NotResource")))
    return Grant(
        path,
        actions,
        tuple(names.filled(resource) for resource in resources),
        not_actions="NotAction" in statement,
        not_resources="NotResource" in statement,
        conditional=bool(statement.get("Condition")),
        exact=actions_exact and resources_exact,
    )


def _texts(given: Any) -> tuple[tuple[str, ...], bool]:
    branches = undecided(given)
    values = [given] if isinstance(given, str) else [element for element, _ in elements(given, ())]
    if branches is not None and not values:
        values = [branch for _, branch in branches]
    texts = tuple(value for value in values if isinstance(value, str) and value)
    return texts, len(texts) == len(values) and bool(texts)


def _own_grants(resource: Resource, names: Names) -> Iterator[Grant]:
    if resource.type in _ATTACHED:
        yield from statement_grants(resource.properties.get("PolicyDocument"), resource, ("PolicyDocument",), names)
        return
    for policy, steps in elements(resource.properties.get("Policies", []), ("Policies",)):
        document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else None
        yield from statement_grants(document, resource, (*steps, "PolicyDocument"), names)


def _attachments(stack: Stack) -> Iterator[tuple[Resource, frozenset[str] | None]]:
    """Each policy with the names of the roles it is attached to; ``None`` where they cannot be told."""
    for resource in stack.of_type(*_ATTACHED):
        given = resource.properties.get(_ATTACHED[resource.type], [])
        roles, exact = _texts(given) if given else ((), True)
        hidden = not exact or any(len(symbols(role)) and role.strip("${}") not in stack.resources for role in roles)
        yield resource, None if hidden else frozenset(roles)


def _names(resource: Resource) -> Iterator[str]:
    yield f"${{{resource.logical_id}}}"
    yield f"${{{resource.logical_id}.Arn}}"
    name = resource.properties.get("RoleName")
    if isinstance(name, str):
        yield name


def _trusted(document: Any) -> frozenset[str] | None:
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if isinstance(statements, Mapping) and undecided(statements) is None:
        statements = [statements]
    services: list[str] = []
    for statement, _ in elements(statements, ()):
        principal = statement.get("Principal") if isinstance(statement, Mapping) else None
        if principal == "*" or not isinstance(principal, Mapping) or undecided(principal) is not None:
            return None
        given = principal.get("Service")
        if given is None:
            continue
        texts, exact = _texts(given)
        if not exact:
            return None
        services += texts
    if not services and not isinstance(statements, list):
        return None
    return None if any("${" in service for service in services) else frozenset(services)
