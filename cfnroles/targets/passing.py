"""The roles that a role may pass: those that are created for it, and not the ones that the task has now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from cfnroles.need import Condition, Holder, Need, Permission
from cfnroles.role_kinds import kind_of
from cfnroles.sources.template_targets import RUNNING
from cfnroles.table.ecs.run_by import OF_THE_TASK
from cfnroles.text import Text

_TO_ECS = Condition("StringEquals", "iam:PassedToService", (Text(kind_of(Holder.TASK).assumed_by.service),))


def passing(needs: Iterable[Need], arns: Mapping[Holder, Text]) -> Iterator[tuple[Need, Need]]:
    """Yield each need with the one that it comes from; ``arns`` are the ARNs of the roles that are created.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
    """
    for need in needs:
        own = need.holder in RUNNING and need.sid == OF_THE_TASK
        if not own:
            yield need, need
        if own or (need.holder in RUNNING and need.permission.action == "ecs:RunTask"):
            for arn in arns.values():
                yield replace(need, permission=Permission("iam:PassRole", arn, (_TO_ECS,)), sid=OF_THE_TASK), need
