"""What is known about the roles that run a template's tasks, besides their needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from cfnroles.iam.roles import Role
from cfnroles.need import Holder, Need
from cfnroles.role_kinds import kind_of
from cfnroles.template.template import Template
from cfnroles.text import ANYTHING, Text, text_of

_OF_TASKS = ":task-definition/"
#: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
_GROUP = re.compile(r"[0-9A-Za-z_.-]{1,64}")


def schedule_groups(needs: Iterable[Need], template: Template) -> tuple[str, ...]:
    """Return the ARNs of the groups of these schedules; empty if one of the groups is unknown.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    begin = str(kind_of(Holder.SCHEDULER).assumed_by.source_arn).removesuffix("*")
    named = dict.fromkeys(str(need.origin.path[1]) for need in needs if len(need.origin.path) > 1)
    groups = [_properties(template, name).get("GroupName", "default") for name in named]
    if not all(isinstance(each, str) and _GROUP.fullmatch(each) for each in groups):
        return ()
    return tuple(f"{begin}{each}" for each in dict.fromkeys(groups))


def all_revisions(needs: Iterable[Need], role: Role) -> Iterator[Need]:
    """Yield the needs to run all revisions of a task definition, for a role in another stack.

    The role exists before the revision does, so the revision is unknown.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
    """
    granted = str([policy.document for policy in role.policies])
    for need in needs:
        before, _, called = text_of(need.permission.resource).partition(_OF_TASKS)
        family, _, revision = called.partition(":")
        if need.permission.action == "ecs:RunTask" and revision not in ("", "*"):
            resource = Text(before, _OF_TASKS, family, ":", ANYTHING)
            if str(resource) in granted:
                yield replace(need, permission=replace(need.permission, resource=resource))


def _properties(template: Template, name: str) -> Mapping[str, object]:
    properties = template.resources.get(name, {}).get("Properties")
    return properties if isinstance(properties, Mapping) else {}
