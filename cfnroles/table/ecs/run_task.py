"""Roles with which RunTask and StartTask override those of the task definition, which are not built."""

from __future__ import annotations

from cfnroles.need import Holder, Standing
from cfnroles.role_kinds import kind_of
from cfnroles.table.feature import Feature, Found, Unnamed
from cfnroles.written import as_written

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"

#: The member of a task definition, and of an override, with a role.
OVERRIDABLE = {Holder.EXECUTION: "executionRoleArn", Holder.TASK: "taskRoleArn"}


def override(holder: Holder) -> str:
    """The field that overrides this role."""
    return f"runTask.overrides.{OVERRIDABLE[holder]}"


def is_named(found: Found) -> bool:
    """A role is named; in ECS, an empty string means none."""
    return bool(found.text)


def _row(holder: Holder) -> Feature:
    def another_role(found: Found) -> None:
        """Raise Unnamed: the permissions of a role that is not built."""
        other = as_written(found.text).written
        raise Unnamed(
            f"the task starts with {other} instead of the {holder} that cfnroles builds",
            f"Leave out `{OVERRIDABLE[holder]}`, so that ECS uses the role of the task definition; else that role needs"
            f" what the {holder} has here",
        )

    return Feature(
        name=f"run-task-{kind_of(holder).key}",
        field=override(holder),
        holder=holder,
        why=f"the task starts with another {holder} than the one in its task definition; cfnroles does not build it",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="arn:aws:iam::123456789012:role/migration",
        hidden=another_role,
        when=is_named,
    )


FEATURES = tuple(map(_row, OVERRIDABLE))
