"""The needs of a template's task definition in terms of its parameters rather than their values.

A value decides what a string means: an ARN or a name, an image in ECR or in another registry. So each known value is
examined as it is. If another value of the same form appears in the need in its place, the need is for any value of the
parameter, and contains the parameter itself; otherwise it contains the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.need import Gap, Need, Origin, Permission, Reference
from cfnroles.signs import Misread
from cfnroles.sources.idle_parameters import is_idle
from cfnroles.sources.template_tasks import TaskInWorlds, around_task, found_in
from cfnroles.symbols import Parameter, Symbol
from cfnroles.template.given import Given
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet
from cfnroles.text import Part, Text, text_of

#: Characters of one kind: hexadecimal digits stay hexadecimal, and digits stay digits.
_KINDS = (
    digits,
    ascii_lowercase[:6],
    ascii_lowercase[6:],
    ascii_uppercase[:6],
    ascii_uppercase[6:],
)

_Named = TypeVar("_Named", Need, Reference)


def by_parameters(
    logical_id: str, document: Document, template: Template, known: tuple[Facts, Given]
) -> tuple[TaskInWorlds, tuple[str, ...]]:
    """Return the needs of a task definition, and the parameters whose values were assumed.

    Raise InvalidInput as `in_worlds`.
    """
    facts, given = known
    around, worlds = around_task(logical_id, template, given)
    task = found_in(logical_id, document, around, worlds, facts)
    others = _Others(template)
    altered = found_in(logical_id, document, around, replace(worlds, altered=others.altered), facts)
    if not others.values:
        return task, tuple(name for name in task.defaults if not is_idle(name, around))
    named = replace(
        task,
        needs=_by_parameters(task.needs, altered.needs, _need, others),
        references=_by_parameters(task.references, altered.references, _reference, others),
    )
    found: Iterable[Need | Gap] = (*named.needs, *task.gaps)
    left = {name for each in found for name in _left(each, template)}
    told = (name for name in (*task.defaults, *given.parameters) if not is_idle(name, around))
    return named, tuple(name for name in told if name in left or name not in others.found)


def _left(found: Need | Gap, template: Template) -> frozenset[str]:
    """Return the parameters that the field of a need or gap refers to, and that are not in the need itself."""
    texts = found.permission.texts if isinstance(found, Need) else ()
    said = {symbol.name for text in texts for symbol in text_of(text).unknown}
    return frozenset(template.parameters_in(found.origin.path)) - said


def _by_parameters(
    found: Mapping[_Named, WorldSet],
    altered: Mapping[_Named, WorldSet],
    of: Callable[[_Named, Callable[[Text], Text]], _Named],
    others: _Others,
) -> Mapping[_Named, WorldSet]:
    """Return the results, with the parameters in them."""
    left, named = dict(found), dict[_Named, WorldSet]()
    called = frozenset(name for each in found for name in (each.origin.container, each.origin.item))
    for each, where in altered.items():
        try:
            original = replace(of(each, others.original), origin=_called(each.origin, called, others))
        except Misread:
            continue
        if original in found and (same := where & found[original]):
            # Places are identified by their names.
            by_name = replace(of(each, others.named), origin=original.origin)
            named[by_name] = named[by_name] | same if by_name in named else same
            left[original] -= same
    for each, worlds in left.items():
        if worlds:
            named[each] = named[each] | worlds if each in named else worlds
    return named


def _called(origin: Origin, known: Collection[str], others: _Others) -> Origin:
    """Return the place by its names: an unknown name is another value of a parameter."""
    names = {name: getattr(origin, name) for name in ("container", "item")}
    other = {name: others.original(text_of(each)) for name, each in names.items() if each not in known}
    return replace(origin, **other)


def _need(need: Need, of: Callable[[Text], Text]) -> Need:
    permission: Permission = need.permission
    conditions = tuple(
        replace(condition, values=tuple(sorted(map(of, condition.values)))) for condition in permission.conditions
    )
    return replace(need, permission=replace(permission, resource=of(permission.resource), conditions=conditions))


def _reference(reference: Reference, of: Callable[[Text], Text]) -> Reference:
    return replace(reference, value_from=of(reference.value_from))


class _Others:
    """Other values for the known ones of parameters, each for one value of one parameter."""

    def __init__(self, template: Template) -> None:
        self._texts = {name for name, each in template.declarations.items() if each.get("Type") == "String"}
        self.values: dict[str, tuple[str, str]] = {}
        self._known: dict[tuple[str, str], str] = {}
        #: The parameters in what was examined.
        self.found: set[str] = set()

    def altered(self, name: str, value: str) -> str:
        """Return another value of the same form; the value itself if none can be distinguished."""
        if name not in self._texts:
            return value
        if (name, value) not in self._known:
            others = (_turned(value, number) for number in range(1, 20))
            other = next((each for each in others if each != value and each not in self.values), value)
            self._known[name, value] = other
            if other != value:
                self.values[other] = (name, value)
        return self._known[name, value]

    def original(self, text: Text) -> Text:
        """Return the text with the original values of the parameters."""
        return self._replaced(text, lambda name, value: value)

    def named(self, text: Text) -> Text:
        """Return the text with the parameters themselves."""
        return self._replaced(text, self._parameter)

    def _parameter(self, name: str, value: str) -> Symbol:
        self.found.add(name)
        return Parameter(name)

    def _replaced(self, text: Text, part: Callable[[str, str], Part]) -> Text:
        """Return the text with a replacement for each other value. Replacements are not searched again."""
        if not self.values:
            return text_of(text)
        longest = sorted(self.values, key=len, reverse=True)
        others = re.compile("|".join(map(re.escape, longest)))
        parts = (each for given in text_of(text).parts for each in _cut(given, others))
        return Text(*(part(*self.values[each[0]]) if isinstance(each, re.Match) else each for each in parts))


def _cut(part: Part, others: re.Pattern[str]) -> Iterator[Part | re.Match[str]]:
    """Split a part at the other values in it. Symbols are never cut."""
    if not isinstance(part, str):
        yield part
        return
    at = 0
    for found in others.finditer(part):
        yield part[at : found.start()]
        yield found
        at = found.end()
    yield part[at:]


def _turned(value: str, by: int) -> str:
    """Return another value of the same form. In an ARN or image, only the part after the last colon changes."""
    whole = value.rstrip(":")
    before, colon, last = whole.rpartition(":")
    turned = "".join(_turned_sign(sign, by) for sign in last)
    return f"{before}{colon}{turned}{value[len(whole) :]}"


def _turned_sign(sign: str, by: int) -> str:
    kind = next((kind for kind in _KINDS if sign in kind), sign)
    return kind[(kind.index(sign) + by) % len(kind)]
