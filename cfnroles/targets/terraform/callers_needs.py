"""What a module needs where it is called, and the file in the module does not grant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cfnroles.hcl.definitions import without_instances
from cfnroles.need import Gap, Need
from cfnroles.sources.reading import Task
from cfnroles.targets.terraform.names import KEYS
from cfnroles.targets.terraform.written_file import TerraformFile
from cfnroles.text import Text
from cfnroles.written import in_terraform

#: The feature of the gaps.
CALLERS = "callers"
_REMEDY = "Add the permission to the role yourself, with a variable of the module for the resource"


def needs_of_callers(file: TerraformFile, inside: Iterable[Task], called: Iterable[Task]) -> Iterator[Gap]:
    """Yield a gap for each need that a task definition of a module has only in its calls.

    ``file`` is that of the task definition, ``inside`` are those of the module on its own, and ``called`` the same in
    all calls. A caller decides what is needed if it passes the cluster or the value of a variable, or has
    the resource that runs the task.
    """
    own = [task for task in inside if without_instances(task.address) == file.label]
    known = {_kind(need) for need in (*file.needs, *(need for task in own for need in task.discovery.needs))}
    found: dict[Any, list[Need]] = {}
    for task in called:
        if without_instances(task.address).endswith(f".{file.label}"):
            for need in task.discovery.needs:
                # A key that only may exist is part of the gap of its secret.
                if _kind(need) not in known and need.permission.resource != Text(KEYS):
                    found.setdefault((need.holder, need.sid, need.permission.resource), []).append(need)
    yield from map(_gap, found.values())


def _kind(need: Need) -> object:
    return need.holder, need.sid, need.permission.action


def _gap(needs: list[Need]) -> Gap:
    first, actions = needs[0], dict.fromkeys(need.permission.action for need in needs)
    resource = in_terraform(first.permission.resource)
    what = f"where the module is called, its role needs {', '.join(actions)} on {resource}"
    return Gap(first.holder, CALLERS, first.origin, what, _REMEDY, tuple(actions))
