"""The roles of a stack, with every policy that its template gives them in any way.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from cfnroles.document import inside
from cfnroles.iam.statements import Part, PlacedStatement, joined, statements
from cfnroles.template.intrinsics import symbols
from cfnroles.template.template import ResolvedStack, Resource, is_module
from cfnroles.template.worlds import Literal

_ROLE = "AWS::IAM::Role"
_WITH_INLINE = (_ROLE, "AWS::IAM::User", "AWS::IAM::Group")
_MANAGED = "AWS::IAM::ManagedPolicy"
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", _MANAGED)
#: The properties of a policy with the roles that it is attached to.
ATTACHED_TO = ("Roles", "RoleName")
_TRUST = "AssumeRolePolicyDocument"
_NAMES = ("PolicyName", "ManagedPolicyName")
_NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")


class PolicySource(Struct, frozen=True):
    """A policy in a template. ``document`` is in the properties of ``holder``, ``None`` if it is elsewhere.

    ``arn`` is the ARN or reference by which a managed policy is attached, a part of the role.
    """

    holder: Resource
    document: Part | None
    arn: Part | None = None
    name: str = ""

    @property
    def guards(self) -> tuple[Literal, ...]:
        """The conditions under which it is attached."""
        part = self.document or self.arn
        return part.guards if part else ()

    def statements(self, *, trust: bool = False) -> Iterator[PlacedStatement | Part]:
        """Yield the statements of the document."""
        return statements(self.document, trust=trust) if self.document else iter(())


class RoleResource(Struct, frozen=True):
    """A role. ``names`` are all texts by which the template refers to it.

    ``perhaps`` are policies that may be attached to it: the roles that they name are unknown.
    """

    resource: Resource
    names: frozenset[str]
    trust: PolicySource
    policies: tuple[PolicySource, ...]
    boundaries: tuple[PolicySource, ...]
    perhaps: tuple[PolicySource, ...]

    @property
    def logical_id(self) -> str:
        """The role's logical ID."""
        return self.resource.logical_id


def roles_of(stack: ResolvedStack) -> StackRoles:
    """Return the roles and policies of a stack, computed once."""
    if StackRoles not in stack.known:
        stack.known[StackRoles] = StackRoles(stack)
    found: StackRoles = stack.known[StackRoles]
    return found


class StackRoles:
    """The roles and policies of a stack."""

    def __init__(self, stack: ResolvedStack) -> None:
        self._stack = stack

    @cached_property
    def roles(self) -> tuple[RoleResource, ...]:
        """The roles, in the order of the template."""
        return tuple(self._role(resource) for resource in self._stack.of_type(_ROLE))

    @cached_property
    def by_id(self) -> Mapping[str, RoleResource]:
        """The roles by logical ID."""
        return {role.logical_id: role for role in self.roles}

    @cached_property
    def policies(self) -> tuple[PolicySource, ...]:
        """Every policy with a document in the template, attached to any role."""
        inline = [each for resource in self._stack.of_type(*_WITH_INLINE) for each in _inline(resource)]
        return (*inline, *(_of_resource(policy, _guards(policy)) for policy in self._stack.of_type(*POLICIES)))

    @cached_property
    def elsewhere(self) -> tuple[tuple[str, PolicySource], ...]:
        """The policies of roles outside of the template, each with the text that names the role.

        A policy without a role is listed under its own logical ID.
        """
        arns = {source.holder.logical_id for role in self.roles for source in role.policies if source.arn}
        found = []
        for policy in self._stack.of_type(*POLICIES):
            named = list(_attached_to(policy))
            found += [each for each in named if each[0] not in self._names and not self._dangling(each[0])]
            if not named and policy.logical_id not in arns:
                found.append((policy.logical_id, _of_resource(policy, _guards(policy))))
        return tuple(found)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The logical ID of a role by each text that refers to it."""
        return {name: role.logical_id for role in self._stack.of_type(_ROLE) for name in _names(role)}

    def _role(self, role: Resource) -> RoleResource:
        own = _guards(role)
        arns = Part(role.properties.get("ManagedPolicyArns"), ("ManagedPolicyArns",), own).each()
        boundary = Part(role.properties.get("PermissionsBoundary"), ("PermissionsBoundary",), own)
        # A role has one: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        boundaries = (boundary,) if isinstance(boundary.value, list) else tuple(boundary.each())
        attached, perhaps = [], []
        for policy in self._stack.of_type(*POLICIES):
            for text, source in _attached_to(policy):
                if self._names.get(text) == role.logical_id:
                    attached.append(source)
                elif text not in self._names and symbols(text) and not self._dangling(text):
                    perhaps.append(source)
        return RoleResource(
            role,
            _names(role),
            PolicySource(role, Part(role.properties.get(_TRUST), (_TRUST,), own), name="trust policy"),
            (*_inline(role), *(source for arn in arns for source in self._managed(role, arn)), *attached),
            tuple(source for arn in boundaries for source in self._managed(role, arn)),
            tuple(perhaps),
        )

    def _dangling(self, text: str) -> bool:
        """Return whether a text refers to a resource that is not created: CloudFormation then refuses the template."""
        return any(self._stack.left_out(name.partition(".")[0]) for name in symbols(text))

    def _managed(self, role: Resource, arn: Part) -> Iterator[PolicySource]:
        """Yield the policy with an ARN, or with a reference to a resource of the template."""
        name = arn.text.removeprefix("${").removesuffix("}").removesuffix(".PolicyArn").removesuffix(".Arn")
        policy = self._stack.resources.get(name) if symbols(arn.text) else None
        if policy is None or policy.type != _MANAGED:
            yield PolicySource(role, None, arn, arn.text.rpartition("/")[2])
        elif (guards := joined(arn.guards, _guards(policy))) is not None:
            yield _of_resource(policy, guards, arn)


def may_make(name: str, definition: Any, types: tuple[str, ...]) -> bool:
    """Return whether an entry of Resources is a loop or transform that may create resources of these types.

    ``types`` are prefixes.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
    """
    if not name.startswith("Fn::"):
        return False
    match definition:
        case [_, _, {**body}] if name.startswith("Fn::ForEach::"):
            return any(may_make(str(inner), given, types) or _may_be(given, types) for inner, given in body.items())
    return True


def _may_be(definition: Any, types: tuple[str, ...]) -> bool:
    if isinstance(definition, list):
        return False  # a loop within the loop
    kind = definition.get("Type") if isinstance(definition, Mapping) else None
    return not isinstance(kind, str) or "${" in kind or kind.startswith(types)


def gives_away(definition: Mapping[str, Any], role: str) -> bool:
    """Return whether a resource is a nested stack or module that gets the name of the role: it may attach policies.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
    """
    kind = definition["Type"]
    return (kind in _NESTED or is_module(kind)) and _names_resource(definition.get("Properties"), role)


def _names_resource(value: Any, name: str) -> bool:
    match value:
        case {"Ref": str(given)} if given == name:
            return True
        case {"Fn::Sub": str(text) | [str(text), *_]} if f"${{{name}}}" in text:
            return True
    return any(_names_resource(member, name) for member in inside(value))


def _inline(resource: Resource) -> Iterator[PolicySource]:
    for policy in Part(resource.properties.get("Policies"), ("Policies",), _guards(resource)).each():
        name = policy.member("PolicyName").value
        document = policy.member("PolicyDocument") if isinstance(policy.value, Mapping) else policy
        yield PolicySource(resource, document, name=name if isinstance(name, str) else resource.logical_id)


def _of_resource(policy: Resource, guards: tuple[Literal, ...], arn: Part | None = None) -> PolicySource:
    given = next((policy.properties[name] for name in _NAMES if name in policy.properties), None)
    document = Part(policy.properties.get("PolicyDocument"), ("PolicyDocument",), guards)
    return PolicySource(policy, document, arn, given if isinstance(given, str) else policy.logical_id)


def _attached_to(policy: Resource) -> Iterator[tuple[str, PolicySource]]:
    """Yield the texts by which a policy names its roles, each with the policy under the conditions of the text."""
    for name in ATTACHED_TO:
        for part in Part(policy.properties.get(name), (name,), _guards(policy)).each():
            yield part.text, _of_resource(policy, part.guards)


def _names(role: Resource) -> frozenset[str]:
    given = Part(role.properties.get("RoleName"), ()).each()
    return frozenset((f"${{{role.logical_id}}}", f"${{{role.logical_id}.Arn}}", *(name.text for name in given)))


def _guards(resource: Resource) -> tuple[Literal, ...]:
    return (Literal(resource.undecided),) if resource.undecided else ()
