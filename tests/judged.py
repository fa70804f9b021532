"""The result of verify for a role, if a test has the needs and no document."""

from __future__ import annotations

from collections.abc import Iterable

from cfnroles import Discovery, Facts, Holder, Task, Verification, Workload
from cfnroles.answers import verify
from cfnroles.iam.roles import Role
from cfnroles.need import Need


def judge(
    needs: Iterable[Need],
    role: Role,
    facts: Facts,
    holder: Holder = Holder.EXECUTION,
    context: dict[str, str] | None = None,
    *,
    prove: bool = False,
) -> Verification:
    """Judge a role by these needs."""
    task = Task("", Workload("", {}), facts, Discovery(tuple(needs), (), (), ()))
    return verify.judge(task, role, holder, context or {}, prove=prove)
