"""The instance profiles of a template, and their roles.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-instanceprofile.html
"""

from __future__ import annotations

from cfnroles.symbols import Attribute
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import Text, arn_of, from_spelling, text_of

INSTANCE_PROFILE = "AWS::IAM::InstanceProfile"
_ROLE = "AWS::IAM::Role"


def role_in(profile: str, stack: ResolvedStack) -> Text | None:
    """Return the ARN of the role in a named instance profile; ``None`` if the stack does not contain it.

    A role that is given only by name may have a path, so its ARN is unknown.
    """
    found = _named(profile, stack)
    roles = found.properties.get("Roles") if found is not None else None
    given = roles[0] if isinstance(roles, list) and len(roles) == 1 else None
    if not isinstance(given, str):
        return None
    name = from_spelling(given, policy=False)
    for role in stack.of_type(_ROLE):
        if _is_called(name, role, "RoleName"):
            return Text(Attribute(f"{role.logical_id}.Arn", type=_ROLE))
    return None


def profiles_of(stack: ResolvedStack) -> tuple[tuple[str, object], ...]:
    """Return everything that says which role is in which instance profile of a stack."""
    profiles = ((each.logical_id, each.properties) for each in stack.of_type(INSTANCE_PROFILE))
    roles = ((each.logical_id, each.properties.get("RoleName")) for each in stack.of_type(_ROLE))
    return *profiles, *roles


def _named(profile: str, stack: ResolvedStack) -> Resource | None:
    text = text_of(profile)
    arn = arn_of(text)
    name = arn.resource.cut("/")[-1] if arn is not None and arn.service == "iam" else text
    own = (each for each in stack.of_type(INSTANCE_PROFILE) if _is_called(name, each, "InstanceProfileName"))
    return next(own, None)


def _is_called(name: Text, resource: Resource, property_: str) -> bool:
    """Return whether a text is the name of a resource: a reference to it, or its given name."""
    if name.whole is not None:
        return name.whole.name.partition(".")[0] == resource.logical_id
    given = resource.properties.get(property_)
    return isinstance(given, str) and bool(given) and from_spelling(given, policy=False) == name
