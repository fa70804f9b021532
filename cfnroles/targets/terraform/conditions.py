"""The conditions that a need depends on, as Terraform expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.ecr_images import images_asked_of
from cfnroles.errors import InvalidInput
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import Call, Source
from cfnroles.hcl.tidied import tidied
from cfnroles.need import Finding, Gap, Need, Reference
from cfnroles.symbols import EachOf, Parameter
from cfnroles.targets.terraform.values import EnclosingModule, Unwritable, Values, local_names
from cfnroles.template.worlds import Disjunction, Literal
from cfnroles.text import Text, text_of

_SIMPLE = re.compile(r"[\w.]+")
#: Names inside a called module, which mean something else here.
_INSIDE = re.compile(r"\bmodule\.[\w-]+(?:\[[^\]]*\])?\.(?:var|local|data|each|count|module)\b")
_PLAIN = re.compile(r'[\w.\[\]()," =!<>&|-]+')


#: A thing that depends on conditions.
Thing = Need | Gap | Finding | Reference
When = Mapping[Thing, Disjunction]


class NeedConditions(Struct, frozen=True):
    """The conditions that things depend on: ``when``, and the instances of the task definition that they are for.

    ``instances`` has an expression for whether an instance is one of these. If ``by_variable`` is true, a condition has
    no Terraform expression, and a variable says whether it holds.
    """

    when: When = field(default_factory=dict)
    instances: Mapping[Thing, str] = field(default_factory=dict)
    by_variable: bool = False
    images: Mapping[str, Text] = field(default_factory=dict)

    def of(self, thing: Thing, values: Values) -> str:
        """Return the conditions as one expression, empty if there are none.

        Raise Unwritable if a condition has no expression that is valid outside its own place.
        """
        written = values.condition if self.by_variable else partial(self._literal, values=values)
        return either([_all_of(literals, written) for literals in self.when.get(thing, ())])

    def _literal(self, literal: Literal, values: Values) -> str:
        image = self.images.get(literal.condition)
        return _literal(literal, values.module) if image is None else values.in_ecr(image, literal.holds)

    def with_images(self, needs: Iterable[Need]) -> NeedConditions:
        """Return the same with the images of conditions about images, which the needs contain."""
        return replace(self, images=images_asked_of(needs))

    def guarded(self, need: Need, values: Values) -> Need:
        """Return the need with its conditions as expressions, all required; raise Unwritable as ``of`` does."""
        own = [f"length(var.{values.variable(Parameter(name))}) > 0" for name in need.permission.when]
        symbols = (symbol for text in need.permission.texts for symbol in text_of(text).symbols)
        listed = dict.fromkeys(each for each in symbols if isinstance(each, EachOf))
        own += [f"length({values.listed(each)}) > 0" for each in listed]
        told = [each for each in (self.of(need, values), self.instances.get(need, "")) if each]
        return replace(need, permission=replace(need.permission, when=(*own, *told)))


def either(conditions: Iterable[str]) -> str:
    """Return the condition that holds if any of these does; empty if there are none."""
    alternatives = tuple(conditions)
    return alternatives[0] if len(alternatives) == 1 else " || ".join(f"({each})" for each in alternatives)


def _all_of(literals: tuple[Literal, ...], literal: Callable[[Literal], str]) -> str:
    written = [literal(each) for each in literals]
    return written[0] if len(written) == 1 else " && ".join(written)


def _literal(literal: Literal, module: EnclosingModule) -> str:
    condition = literal.condition
    try:
        node = parse_expression(Source("", condition))
    except InvalidInput:
        raise _unwritable(condition) from None
    if not _PLAIN.fullmatch(condition) or _INSIDE.search(condition) or local_names(node, module):
        raise _unwritable(condition)
    condition = tidied(condition)
    if not literal.holds:
        return opposite(condition)
    return condition if _SIMPLE.fullmatch(condition) else f"({condition})"


def opposite(condition: str) -> str:
    """Return the condition that holds if this one does not."""
    return f"!{condition}" if _SIMPLE.fullmatch(condition) or _is_call(condition) else f"!({condition})"


def _is_call(condition: str) -> bool:
    return isinstance(parse_expression(Source("", condition)), Call)


def _unwritable(condition: str) -> Unwritable:
    return Unwritable(f"the condition {condition} cannot be written again", "Make it a local, and reference that")
