"""The instance profiles of a configuration, and the roles in them.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_instance_profile
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cfnroles.sources.terraform_configured import ROLE
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_policies import spelled
from cfnroles.sources.terraform_symbols import other_attribute, shaped
from cfnroles.symbols import Expression
from cfnroles.text import Text, arn_of, text_of

INSTANCE_PROFILE = "aws_iam_instance_profile"
#: The arguments that identify a resource of these two types, and the role in a profile.
ASKED = {INSTANCE_PROFILE: ("name", "arn", "role"), ROLE: ("name", "arn")}
#: The resources of one of these types by address.
Found = Callable[[str], Iterable[tuple[str, Attributes]]]


def role_in(profile: str, found: Found) -> Text | None:
    """Return the ARN of the role in a named instance profile; ``None`` if the configuration does not contain it."""
    named = text_of(profile)
    symbol = named.whole
    if isinstance(symbol, Expression) and symbol.type == INSTANCE_PROFILE and _is_data(symbol):
        arn = other_attribute(symbol, "role_arn")
        return Text(arn) if arn else None
    own = (attributes for address, attributes in found(INSTANCE_PROFILE) if _is_called(named, address, attributes))
    role = next((text for each in own if (text := spelled(each.get("role")))), None)
    return _arn_of_role(role, found) if role else None


def _arn_of_role(role: Text, found: Found) -> Text | None:
    symbol = role.whole
    if isinstance(symbol, Expression) and symbol.type == ROLE:
        arn = other_attribute(symbol, "arn")
        return shaped(Text(arn)) if arn else None
    for address, attributes in found(ROLE):
        if _is_called(role, address, attributes):
            return spelled(attributes.get("arn")) or _made(address)
    return None


def _made(address: str) -> Text:
    """Return the ARN of a role that AWS has not created yet."""
    arn = f"{address}.arn"
    own = Expression(
        arn, written=f"${{{arn}}}", reason="AWS determines it", address=address, type=ROLE, attribute="arn"
    )
    return shaped(Text(own))


def _is_data(symbol: Expression) -> bool:
    return symbol.address.rpartition("module.")[2].startswith("data.") or ".data." in symbol.address


def _is_called(named: Text, address: str, attributes: Attributes) -> bool:
    """Return whether a string names a resource: by an attribute, its name, or its ARN."""
    if isinstance(named.whole, Expression) and named.whole.address:
        return named.whole.address == address
    arn = arn_of(named)
    name = arn.resource.cut("/")[-1] if arn is not None and arn.service == "iam" else named
    return any(text and text in (named, name) for text in map(spelled, map(attributes.get, ("arn", "name"))))
