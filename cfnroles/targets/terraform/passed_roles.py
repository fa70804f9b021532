"""The roles that whoever runs the task passes on: those that are written, which the task definition is given."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.need import Condition, Holder, Need, Permission
from cfnroles.role_kinds import kind_of
from cfnroles.sources.template_targets import RUNNING
from cfnroles.symbols import Expression
from cfnroles.table.ecs.run_by import OF_THE_TASK
from cfnroles.targets.terraform.conditions import NeedConditions
from cfnroles.targets.terraform.names import FileNames
from cfnroles.targets.terraform.parts import Repeated
from cfnroles.text import Text


def passing_on(
    needs: tuple[Need, ...], conditions: NeedConditions, names: FileNames, repeated: Repeated
) -> tuple[tuple[Need, ...], NeedConditions]:
    """The needs with the written roles in the place of those that the task definition has now.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
    """
    to_ecs = Condition("StringEquals", "iam:PassedToService", (Text(kind_of(Holder.TASK).assumed_by.service),))
    found: dict[Need, None] = {}
    when, instances = dict(conditions.when), dict(conditions.instances)
    for need in needs:
        if need.holder not in RUNNING or (need.sid != OF_THE_TASK and need.permission.action != "ecs:RunTask"):
            found[need] = None
            continue
        if need.sid != OF_THE_TASK:
            found[need] = None
        for holder in (Holder.EXECUTION, Holder.TASK):
            permission = Permission("iam:PassRole", _arn(names.role(holder), repeated), (to_ecs,))
            passed = replace(need, permission=permission, sid=OF_THE_TASK)
            found[passed] = None
            if need in when:
                when[passed] = when[need]
            if need in instances:
                instances[passed] = instances[need]
    return tuple(found), replace(conditions, when=when, instances=instances)


def _arn(role: str, repeated: Repeated) -> Text:
    name = f"aws_iam_role.{role}{repeated.instance}.arn"
    return Text(Expression(name, written=f"${{{name}}}", reason=""))
