"""The statements of policy documents in a resolved template, with their places and conditions.

Texts are in the spelling of ``Fn::Sub``. A part that depends on an undecided condition is included with the condition
as its guard.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from cfnroles.iam.evaluator import Effect
from cfnroles.template.intrinsics import undecided
from cfnroles.template.worlds import Literal
from cfnroles.workload import Path

NO_VALUE = {"Ref": "AWS::NoValue"}
_VARIABLES_SINCE = "2012-10-17"


class Part(Struct, frozen=True):
    """A part of a resource's properties, its path, and its conditions."""

    value: Any
    path: Path
    guards: tuple[Literal, ...] = ()

    def member(self, name: str) -> Part:
        """Return the member of that name; its value is ``None`` if absent."""
        value = self.value.get(name) if isinstance(self.value, Mapping) else None
        return Part(value, (*self.path, name), self.guards)

    def each(self) -> Iterator[Part]:
        """Yield the elements of a list, or the single value, with both outcomes of conditions."""
        if isinstance(self.value, list):
            for index, element in enumerate(self.value):
                yield from Part(element, (*self.path, index), self.guards).each()
        elif found := undecided(self.value):
            name, *outcomes = found
            for index, outcome in enumerate(outcomes, start=1):
                guards = joined(self.guards, (Literal(name, index == 1),))
                if guards is not None:
                    yield from Part(outcome, (*self.path, "Fn::If", index), guards).each()
        elif self.value is not None and self.value != NO_VALUE:
            yield self

    @property
    def text(self) -> str:
        """Return the value as a text; anything but a string as JSON."""
        return text_of(self.value)


class PlacedStatement(Struct, frozen=True):
    """One statement. ``actions`` are exclusions if ``not_actions``, ``resources`` if ``not_resources``.

    The resources of a trust policy are its principals, such as ``Service ecs-tasks.amazonaws.com``. ``variables`` says
    whether the version of the document has policy variables.
    """

    part: Part
    effect: Effect
    actions: tuple[Part, ...]
    resources: tuple[Part, ...]
    not_actions: bool
    not_resources: bool
    variables: bool

    @property
    def sid(self) -> str:
        """The statement's Sid, or an empty text."""
        return text_of(self.part.value.get("Sid", ""))

    @property
    def condition(self) -> Part:
        """The Condition block."""
        return Part(self.part.value.get("Condition"), self.part.path, self.part.guards)


def statements(document: Part, *, trust: bool = False) -> Iterator[PlacedStatement | Part]:
    """Yield the statements of a policy document. What only CloudFormation can evaluate, such as a transform, is
    unchanged.
    """
    for given in document.each():
        found = Part(document_of(given.value), given.path, given.guards)
        if not isinstance(found.value, Mapping):
            yield given
            continue
        variables = found.value.get("Version", "2008-10-17") == _VARIABLES_SINCE
        for each in found.member("Statement").each():
            yield _statement(each, trust, variables) if isinstance(each.value, Mapping) else each


def outcomes(given: Any) -> list[Any]:
    """Return all possible values of a template expression, for any conditions."""
    return [part.value for part in Part(given, ()).each()]


def document_of(given: Any) -> Any:
    """Return a policy document as a mapping. IAM returns it percent-encoded, and templates sometimes have JSON text."""
    if isinstance(given, str):
        try:
            return json.loads(unquote(given) if given.startswith("%7B") else given)
        except ValueError:
            return given
    return given


def joined(*several: tuple[Literal, ...]) -> tuple[Literal, ...] | None:
    """Return all literals, or ``None`` if they contradict each other."""
    literals = {literal for each in several for literal in each}
    if any(Literal(literal.condition, not literal.holds) in literals for literal in literals):
        return None
    return tuple(sorted(literals))


def text_of(value: Any) -> str:
    """Return the value as IAM reads it: Booleans in lowercase, and JSON for anything but a string."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _statement(part: Part, trust: bool, variables: bool) -> PlacedStatement:
    given, target = part.value, "Principal" if trust else "Resource"
    not_actions, not_resources = "NotAction" in given, f"Not{target}" in given
    return PlacedStatement(
        part,
        Effect.DENY if given.get("Effect") == "Deny" else Effect.ALLOW,
        tuple(_texts(part.member("NotAction" if not_actions else "Action"))),
        tuple(_texts(part.member(f"Not{target}" if not_resources else target))),
        not_actions,
        not_resources,
        variables,
    )


def _texts(element: Part) -> Iterator[Part]:
    for part in element.each():
        if not isinstance(part.value, Mapping) or element.path[-1] not in ("Principal", "NotPrincipal"):
            yield Part(part.text, part.path, part.guards)
            continue
        for kind in part.value:
            for name in part.member(kind).each():
                yield Part(f"{kind} {name.text}", name.path, name.guards)
