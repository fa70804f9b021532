"""What a module needs where it is called, and the file in the module does not grant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cfnroles.hcl.definitions import without_instances
from cfnroles.hcl.project import Project
from cfnroles.need import Gap, Need
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.terraform_directory import tasks_in
from cfnroles.targets.made_profiles import with_made_profile
from cfnroles.targets.terraform.deciding import deciding
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


def deciding_callers(
    file: TerraformFile, inside: Sequence[Task], called: Sequence[Task], project: Project, reading: Reading
) -> tuple[str, ...]:
    """Return the variables of the root without whose values its calls would need something that they do not need now.

    The parameters are as for ``needs_of_callers``; ``reading`` is that of the root.
    """
    here = [task for task in called if without_instances(task.address).endswith(f".{file.label}")]
    sites = dict.fromkeys(without_instances(task.address) for task in here)

    def asked(tasks: Sequence[Task]) -> set[object]:
        gaps = needs_of_callers(file, inside, tasks)
        needed = {(gap.holder, action) for gap in gaps for action in gap.actions}
        return needed.union(*(task.unread_runs for task in tasks))

    def same(names: frozenset[str]) -> bool:
        opened = project.again(opened=names)
        found = [with_made_profile(task) for address in sites for task in tasks_in(opened, reading.told, address)]
        return sites.keys() == {without_instances(task.address) for task in found} and asked(found) <= asked(here)

    return deciding(frozenset({*project.automatic, *(name for task in here for name in task.defaults)}), same)


def _kind(need: Need) -> object:
    return need.holder, need.sid, need.permission.action


def _gap(needs: list[Need]) -> Gap:
    first, actions = needs[0], dict.fromkeys(need.permission.action for need in needs)
    resource = in_terraform(first.permission.resource)
    what = f"where the module is called, its role needs {', '.join(actions)} on {resource}"
    return Gap(first.holder, CALLERS, first.origin, what, _REMEDY, tuple(actions))
