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


def packed(
    needs: Iterable[Need], when: When, values: Values
) -> tuple[Mapping[Holder, Sequence[Policy]], tuple[Gap, ...]]:
    """The policies of each role that needs any, and a gap for each need that no expression can name."""
    named: list[Need] = []
    gaps: dict[Gap, None] = {}
    for need in needs:
        try:
            for text in need.permission.texts:
                values.of(text)
            named.append(guarded(need, when.get(need, ()), values.names))
        except Unwritable as unwritable:
            gaps[unwritable.gap(need)] = None
    statements = compose(named)
    holders = dict.fromkeys(statement.holder for statement in statements)
    policies = {holder: pack([each for each in statements if each.holder is holder]) for holder in holders}
    return policies, tuple(gaps)
