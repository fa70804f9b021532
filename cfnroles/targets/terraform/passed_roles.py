"""The roles that the runner of a task passes: the written ones, which the task definition is given."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.need import Holder, Need
from cfnroles.role_kinds import kind_of
from cfnroles.symbols import Expression
from cfnroles.targets.passing import passing
from cfnroles.targets.terraform.conditions import NeedConditions
from cfnroles.targets.terraform.names import FileNames
from cfnroles.targets.terraform.parts import Repeated
from cfnroles.text import Text


def passing_on(
    needs: tuple[Need, ...], conditions: NeedConditions, names: FileNames, repeated: Repeated
) -> tuple[tuple[Need, ...], NeedConditions]:
    """Return the needs with the written roles in place of those that the task definition has now."""
    found: dict[Need, None] = {}
    when, instances = dict(conditions.when), dict(conditions.instances)
    arns = {holder: _arn(names.role(holder), repeated) for holder in (Holder.EXECUTION, Holder.TASK)}
    instances_role = _arn(names.role(Holder.INSTANCE), repeated)
    for each, need in passing(needs, arns):
        if each.permission.resource == kind_of(Holder.INSTANCE).arn:
            each = replace(each, permission=replace(each.permission, resource=instances_role))
        found[each] = None
        if need in when:
            when[each] = when[need]
        if need in instances:
            instances[each] = instances[need]
    return tuple(found), replace(conditions, when=when, instances=instances)


def _arn(role: str, repeated: Repeated) -> Text:
    name = f"aws_iam_role.{role}{repeated.instance}.arn"
    return Text(Expression(name, written=f"${{{name}}}", reason=""))
