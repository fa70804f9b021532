"""From needs to the policies of each role, as far as Terraform can name their contents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cfnroles.need import Gap, Holder, Need
from cfnroles.policies import Policy, pack
from cfnroles.statements import compose
from cfnroles.targets.terraform.conditions import NeedConditions
from cfnroles.targets.terraform.values import Unwritable, Values


def named(
    needs: Iterable[Need], conditions: NeedConditions, values: Values
) -> tuple[tuple[Need, ...], tuple[Gap, ...]]:
    """Return the needs that expressions can name, with their conditions as expressions, and a gap for each other."""
    found: list[Need] = []
    gaps: dict[Gap, None] = {}
    for need in needs:
        try:
            for text in need.permission.texts:
                values.of(text)
            found.append(conditions.guarded(need, values))
        except Unwritable as unwritable:
            gaps[unwritable.gap(need)] = None
    return tuple(found), tuple(gaps)


def packed(needs: Iterable[Need]) -> Mapping[Holder, Sequence[Policy]]:
    """Return the policies of each role that needs any; raise InvalidInput if a role needs more than IAM allows."""
    statements = compose(needs)
    holders = dict.fromkeys(statement.holder for statement in statements)
    return {holder: pack([each for each in statements if each.holder is holder]) for holder in holders}
