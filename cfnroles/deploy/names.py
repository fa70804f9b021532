"""The names of a stack's resources, as far as they are known before it exists."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from cfnroles.deploy.handlers import ResourceType, type_of
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.facts import Facts
from cfnroles.need import Origin
from cfnroles.symbols import Attribute, Import, Parameter, PseudoParameter, Symbol
from cfnroles.template.given import Given
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import ANYTHING, EMPTY, Arn, Text, from_spelling

#: CloudFormation's suffix after the names of stack and resource: a hyphen and at most 13 characters.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
_RANDOM = 14
#: The minimum part of a stack's name in a truncated resource name. AWS documents no rule; published names have at least
#: this.
_KEPT = 16
_ROOT = Text("/")


class NamedStack(Struct, frozen=True):
    """One stack with its values. ``imports`` are the ARNs and names that earlier stacks export, by name."""

    source: StackSource
    resolved: ResolvedStack
    facts: Facts
    imports: Mapping[str, Text]

    def origin(self, resource: str, *path: str) -> Origin:
        """Return the origin of a resource or of one of its properties."""
        inside = ("Properties", *path) if path else ()
        return Origin(self.source.template, ("Resources", resource, *inside), item=f"resource {resource}")

    def filled(self, spelled: str) -> Text:
        """Return a resolved text with the names of the stacks' own resources. Unknown names stay symbols."""
        return from_spelling(spelled, policy=False).replaced(self._value)

    def exported(self) -> dict[str, Text]:
        """The stack's exports by name."""
        given = self.source.parsed.exported(given_to(self.source, self.facts))
        return {name: self.filled(value) for name, value in given.items()}

    def arns(self, row: ResourceType, resource: Resource) -> tuple[Text, ...]:
        """Return the ARNs of a resource: that of its name, or those of the names that CloudFormation may generate."""
        name, path = self.name(row, resource), resource.properties.get("Path", _ROOT)
        return arns_of(row, name, self.filled(path) if isinstance(path, str) else EMPTY, self.facts) if name else ()

    def name(self, row: ResourceType, resource: Resource) -> Text:
        """Return the name of a resource; empty if it is unknown."""
        given = resource.properties.get(row.name)
        if isinstance(given, str):
            return self.filled(given)
        if given is not None or not row.longest:
            return EMPTY
        if self.is_shortened(row, resource):
            return Text(self.source.name[:_KEPT], ANYTHING)
        return Text(f"{self.source.name}-{resource.logical_id}-", ANYTHING)

    def is_shortened(self, row: ResourceType, resource: Resource) -> bool:
        """Return whether CloudFormation must truncate the generated name of a resource."""
        made = row.longest > 0 and row.name not in resource.properties
        return made and len(f"{self.source.name}-{resource.logical_id}") + _RANDOM > row.longest

    def _value(self, symbol: Symbol) -> Text | Symbol:
        match symbol:
            case PseudoParameter(name="AWS::StackName"):
                return Text(self.source.name)
            case Import():
                return self.imports.get(symbol.export, Text(symbol))
            case Parameter(name=name):
                return self._of(name, "") or symbol
            case Attribute(name=name):
                resource, _, attribute = name.partition(".")
                return self._of(resource, attribute) or symbol
        return symbol

    def _of(self, logical_id: str, attribute: str) -> Text:
        """Return the value of Ref, or of GetAtt for ``attribute``; empty if it is unknown."""
        resource = self.resolved.resources.get(logical_id)
        row = type_of(resource.type) if resource else None
        if resource is None or row is None or attribute not in ("", "Arn"):
            return EMPTY
        if attribute or row.ref_is_arn:
            return next(iter(self.arns(row, resource)), EMPTY)
        return self.name(row, resource)


def given_to(source: StackSource, facts: Facts) -> Given:
    """Return what is known about a stack before it exists."""
    return Given(dict(source.parameters), facts.account, facts.region)


def named(sources: tuple[StackSource, ...], facts: Facts) -> tuple[NamedStack, ...]:
    """Return the stacks with their values and the exports of earlier ones."""
    made: list[NamedStack] = []
    imports: dict[str, Text] = {}
    for source in sources:
        stack = NamedStack(source, source.parsed.resolve(given_to(source, facts)), facts, dict(imports))
        imports |= stack.exported()
        made.append(stack)
    return tuple(made)


def arns_of(row: ResourceType, name: Text, path: Text, facts: Facts) -> tuple[Text, ...]:
    """Return the ARNs of a resource with that name. A name that ends in a wildcard needs no second form."""
    forms = row.forms[:1] if name.parts[-1:] == ANYTHING.parts else row.forms
    filled = {"{name}": name, "{path}": path}
    return tuple(
        home_arn(row.service, starred(form, filled), facts if row.regional else None, facts).text for form in forms
    )


def home_arn(service: str, resource: Text, regional: Facts | None, facts: Facts) -> Arn:
    """Return the ARN of a resource of the account, with a Region if it is regional."""
    home = facts.arn(service, resource)
    return Arn(home.partition, service, regional.home_region if regional else EMPTY, home.account, resource)


def starred(form: str, filled: Mapping[str, Text]) -> Text:
    """Return a text of a table with ``{name}`` filled and ``*`` as a wildcard."""
    pieces = re.split(r"(\{\w+\}|\*)", form)
    return Text(*(ANYTHING if piece == "*" else filled.get(piece, Text(piece)) for piece in pieces))
