"""The grants of one statement of a policy, one for each action, resource and alternative of its conditions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.grants import GrantKind, Guard, RoleGrant
from cfnroles.iam.statements import NO_VALUE, Part, PlacedStatement, joined, text_of
from cfnroles.need import Condition
from cfnroles.statements import single_valued
from cfnroles.template.intrinsics import undecided
from cfnroles.template.worlds import Literal
from cfnroles.text import from_spelling
from cfnroles.workload import Path

#: A Condition block that depends on more conditions than this is compared as a whole.
_UNDECIDED = 4


class StatementGrant(Struct, frozen=True):
    """A grant without a place, and the path ``on`` of its resource."""

    grant: RoleGrant
    on: Path


def statement_grants(
    statement: PlacedStatement, role: str, kind: GrantKind, guard: Callable[[Literal], Guard]
) -> Iterator[StatementGrant]:
    """Return the grants of a statement for a role. ``guard`` returns a template condition as a guard."""
    actions, resources = list(statement.actions), list(statement.resources)
    for wanted, on, block in itertools.product(
        _together(actions, statement.part) if statement.not_actions else actions,
        _together(resources, statement.part) if statement.not_resources else resources,
        list(_conditions(statement.condition)),
    ):
        guards = joined(wanted.guards, on.guards, block.guards)
        if guards is None:
            continue
        texts = tuple(on.value) if statement.not_resources else (on.value,)
        for conditions in single_valued(block.value if statement.variables else _without_variables(block.value)):
            grant = RoleGrant(
                role,
                kind,
                statement.effect,
                tuple(wanted.value) if statement.not_actions else (wanted.value,),
                texts if statement.variables else tuple(map(_verbatim, texts)),
                conditions,
                tuple(map(guard, guards)),
                statement.not_actions,
                statement.not_resources,
            )
            yield StatementGrant(grant, on.path)


def _conditions(block: Part) -> Iterator[Part]:
    """Yield the Condition block as values, once for each outcome of its conditions."""
    if len(set(_undecided(block.value))) > _UNDECIDED:
        yield replace(block, value=(Condition("", text_of(block.value), ()),))
    else:
        yield from (replace(each, value=tuple(sorted(conditions_of(each.value)))) for each in _outcomes(block))


def _together(parts: list[Part], statement: Part) -> list[Part]:
    """Combine exclusions. A conditional one is a symbol, because nothing can be proved about it."""
    texts = {
        part.value
        if part.guards == statement.guards
        else f"${{Fn::If({' and '.join(map(str, part.guards))}, {part.value})}}"
        for part in parts
    }
    return [Part(sorted(texts), parts[0].path, statement.guards)] if parts else []


def conditions_of(block: Any) -> Iterator[Condition]:
    """Yield the conditions of a Condition block, with their texts as they are spelled."""
    for operator, keys in block.items() if isinstance(block, Mapping) and block != NO_VALUE else ():
        if not isinstance(keys, Mapping):
            yield Condition(str(operator), text_of(keys), ())
            continue
        for key, values in keys.items():
            listed = values if isinstance(values, list) else [values]
            yield Condition(str(operator), str(key), tuple(sorted({from_spelling(text_of(value)) for value in listed})))


def _undecided(value: Any) -> Iterator[str]:
    """Yield the names of the conditions of a value, outermost first."""
    if isinstance(value, Mapping):
        if found := undecided(value):
            yield found[0]
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from _undecided(element)


def _outcomes(part: Part) -> Iterator[Part]:
    name = next(_undecided(part.value), None)
    if name is None:
        yield part
        return
    for holds in (True, False):
        guards = joined(part.guards, (Literal(name, holds),))
        if guards is not None:
            yield from _outcomes(Part(_decided(part.value, name, holds), part.path, guards))


def _decided(value: Any, condition: str, holds: bool) -> Any:
    """Return the value with one condition decided."""
    if isinstance(value, Mapping):
        if found := undecided(value):
            name, *outcomes = found
            yes, no = (_decided(outcome, condition, holds) for outcome in outcomes)
            return (yes if holds else no) if name == condition else {"Fn::If": [name, yes, no]}
        decided = {key: _decided(member, condition, holds) for key, member in value.items()}
        return {key: member for key, member in decided.items() if member != NO_VALUE}
    if isinstance(value, list):
        return [member for member in (_decided(each, condition, holds) for each in value) if member != NO_VALUE]
    return value


def _verbatim(text: str) -> str:
    # Policy variables need version 2012-10-17. Before that, `${aws:username}` is an ordinary text.
    return text.replace("${!", "${!$}{")


def _without_variables(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(
        replace(condition, values=tuple(from_spelling(_verbatim(value)) for value in condition.values))
        for condition in conditions
    )
