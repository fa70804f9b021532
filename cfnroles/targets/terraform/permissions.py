"""From needs to the policies of each role, as far as Terraform can name what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cfnroles.need import Finding, Gap, Holder, Need, Reference
from cfnroles.policies import Policy, pack
from cfnroles.statements import compose
from cfnroles.targets.terraform.conditions import guarded
from cfnroles.targets.terraform.values import Unwritable, Values
from cfnroles.template.worlds import Disjunction

When = Mapping[Need | Gap | Finding | Reference, Disjunction]


def named(needs: Iterable[Need], when: When, values: Values) -> tuple[tuple[Need, ...], tuple[Gap, ...]]:
    """The needs that expressions can name, each with its conditions as expressions, and a gap for each other one."""
    found: list[Need] = []
    gaps: dict[Gap, None] = {}
    for need in needs:
        try:
            for text in need.permission.texts:
                values.of(text)
            found.append(guarded(need, when.get(need, ()), values.names))
        except Unwritable as unwritable:
            gaps[unwritable.gap(need)] = None
    return tuple(found), tuple(gaps)


def packed(needs: Iterable[Need]) -> Mapping[Holder, Sequence[Policy]]:
    """The policies of each role that needs any; raises InvalidInput where one would need more than IAM allows."""
    statements = compose(needs)
    holders = dict.fromkeys(statement.holder for statement in statements)
    return {holder: pack([each for each in statements if each.holder is holder]) for holder in holders}
