"""The ways in which a task definition is run: as it is, by RunTask or StartTask with overrides, and as a daemon.

Each way is a separate workload, with overridden values in place. The needs of all ways are needed.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cfnroles import discovery
from cfnroles.discovery import Discovery, together
from cfnroles.document import Document, parse
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Finding, Gap, Holder, Need, Severity
from cfnroles.placeholders import as_symbols, fill
from cfnroles.table.ecs.fieldless import INSTEAD
from cfnroles.table.ecs.run_task import OVERRIDABLE, override
from cfnroles.text import text_of
from cfnroles.workload import Path, Workload

if TYPE_CHECKING:
    from cfnroles.rediscovery import Rediscovery

_VOLUMES = "volumeConfigurations"
_OVERRIDES = "runTask.overrides.containerOverrides"


def read_run(text: str, document: str) -> Mapping[str, Any]:
    """Return the input of run-task or start-task. Raise InvalidInput for any other text."""
    data = parse(text, document)
    others = {"containerDefinitions", "serviceName", "services", "service"}
    if not isinstance(data, dict) or "taskDefinition" not in data or others & data.keys():
        raise InvalidInput(
            "is not the input of run-task",
            where=document,
            remedy="Pass the --cli-input-json of `aws ecs run-task` or `aws ecs start-task`: `taskDefinition`, and"
            " `overrides` for what differs.",
        )
    return {name: value for name, value in data.items() if value is not None}


def run_beside(workload: Workload, run: Document, values: Mapping[str, str]) -> Workload:
    """Return the workload with a run of its task, and with placeholders filled or as symbols."""
    told, _ = fill(read_run(run.text, run.name), values)
    tree = as_symbols({**workload.tree, "runTask": told})
    return replace(workload, tree=tree, settings={**workload.settings, "runTask": run.name})


def without_built(workload: Workload, names: Mapping[Holder, str]) -> Workload:
    """Return the workload without role overrides by roles that are built here under one of these names."""
    overrides = workload.at(("runTask", "overrides"))
    if not isinstance(overrides, Mapping):
        return workload
    built = {
        OVERRIDABLE[holder] for holder in OVERRIDABLE if names.get(holder) and _is(overrides, holder, names[holder])
    }
    kept = {name: value for name, value in overrides.items() if name not in built}
    return replace(workload, tree={**workload.tree, "runTask": {**workload.tree["runTask"], "overrides": kept}})


def _is(overrides: Mapping[str, Any], holder: Holder, name: str) -> bool:
    return str(overrides.get(OVERRIDABLE[holder])).rpartition("/")[2] == name


def discover(each_way: Sequence[Workload], facts: Facts, known: Rediscovery | None = None) -> Discovery:
    """Return the discovery for all `ways` to run a task definition, including what ECS would reject.

    Needs of a run that uses another role are a gap: that role must have them. Makes no call. ``known`` is as for
    `discovery.discover`.
    """
    *found, last = (discovery.discover(each, facts, known=known) for each in each_way)
    workload = each_way[0]
    others = {need for each in found for need in each.needs}
    kept, gaps = [], list(last.gaps)
    for need in last.needs:
        role = _text(workload.at(tuple(override(need.holder).split(".")))) if need.holder in OVERRIDABLE else ""
        if role and need not in others:
            gaps.append(_of_another_role(need, role))
        else:
            kept.append(need)
    findings = (*last.findings, *without_container(workload))
    return together((*found, replace(last, needs=tuple(kept), gaps=tuple(gaps), findings=findings)))


def _of_another_role(need: Need, role: str) -> Gap:
    what = f"{role}, which cfnroles does not create, needs {need.permission}"
    remedy = f"Remove `{OVERRIDABLE[need.holder]}` from `overrides`, or add the permission to that role"
    return Gap(need.holder, need.reason.feature, need.origin, what, remedy)


def without_container(workload: Workload) -> Iterator[Finding]:
    """Yield an error for each override of a container that does not exist."""
    names = [name for _, name in workload.find("containerDefinitions[].name")]
    open_ = any(text_of(name).unknown for name in names if isinstance(name, str))
    for path, name in workload.find(f"{_OVERRIDES}[].name"):
        # Whether unknown names are equal is unknown.
        if name not in names and not open_ and not (isinstance(name, str) and text_of(name).unknown):
            known = ", ".join(_text(each) for each in names)
            what = f"the task definition has no container {_text(name)}"
            yield Finding(Severity.ERROR, workload.origin(path), what, f"Use one of its containers: {known}")


def ways(workload: Workload) -> tuple[Workload, ...]:
    """Return the task definition as it is, and each other way to run it; a run of its task is last."""
    ways = [_Way(workload)]
    if isinstance(workload.tree.get("daemon"), Mapping):
        ways.append(_Way(workload).with_settings("daemon"))
    if isinstance(workload.tree.get("runTask"), Mapping):
        # ECS starts nothing with an unconfigured volume: the configuration of a run applies to all ways.
        ways[0].put_volumes("service", "runTask")
        if not workload.at(("service", "launchType")):
            ways[0].put_setting("runTask", "launchType")
        run = _Way(workload).with_settings("runTask")
        run.put_volumes("runTask", "service")
        run.put_overrides()
        ways.append(run)
    return tuple(way.workload for way in ways)


class _Way:
    """A modified workload, with the original paths of moved values."""

    def __init__(self, workload: Workload) -> None:
        self._told, self._tree = workload, dict(workload.tree)
        self._places: dict[Path, Path] = {}

    @property
    def workload(self) -> Workload:
        told, moved = self._told, self._places
        places = {**told.places, **{path: told.place(source) for path, source in moved.items()}}
        spots = {**told.spots, **{path: told.spot(source) for path, source in moved.items()}} if told.spots else {}
        return replace(told, tree=self._tree, places=places, spots=spots)

    def put(self, path: Path, value: Any, source: Path) -> None:
        """Set a value at a path, or append it to a list."""
        self._set(path, value)
        self._places[path] = source

    def _set(self, path: Path, value: Any) -> None:
        branch: Any = self._tree
        for step in path[:-1]:
            inner = branch.get(step, {}) if isinstance(branch, dict) else branch[step]
            branch[step] = list(inner) if isinstance(inner, list) else dict(inner)
            branch = branch[step]
        if isinstance(branch, list) and path[-1] == len(branch):
            branch.append(value)
        else:
            branch[path[-1]] = value

    def with_settings(self, root: str) -> _Way:
        """Return the workload with the settings of a run or daemon in place of a service's."""
        self._tree["service"] = {}
        for field, other in INSTEAD.items():
            if other.startswith("service.") and field.startswith(f"{root}."):
                self.put_setting(root, field.removeprefix(f"{root}."))
        return self

    def put_setting(self, root: str, name: str) -> None:
        """Move a setting to that of the same name of a service."""
        value = self._told.at((root, name))
        if value is not None:
            self.put(("service", name), value, (root, name))

    def put_volumes(self, *roots: str) -> None:
        """Merge the configurations of volumes. The first one for a volume counts."""
        told: dict[Any, tuple[Any, Path]] = {}
        for root in roots:
            for path, volume in self._told.find(f"{root}.{_VOLUMES}[]"):
                name = volume.get("name") if isinstance(volume, Mapping) else None
                told.setdefault(name if isinstance(name, str) else path, (volume, path))
        if told:
            self.put(("service", _VOLUMES), [], ("service", _VOLUMES))
            for index, (volume, path) in enumerate(told.values()):
                self.put(("service", _VOLUMES, index), volume, path)

    def put_overrides(self) -> None:
        """Apply overrides to the task definition."""
        for field, other in INSTEAD.items():
            *steps, member = field.split(".")
            if field.startswith(f"{_OVERRIDES}[]."):
                for path, override in self._told.find(f"{_OVERRIDES}[]"):
                    if isinstance(override, Mapping) and override.get(member) is not None:
                        self._put_into_container(override, member, (*path, member))
            elif steps == ["runTask", "overrides"] and self._told.at((*steps, member)) is not None:
                self.put((other,), self._told.at((*steps, member)), (*steps, member))

    def _put_into_container(self, override: Mapping[str, Any], member: str, source: Path) -> None:
        for index, container in enumerate(self._tree["containerDefinitions"]):
            if container.get("name") != override.get("name"):
                continue
            place: Path = ("containerDefinitions", index, member)
            if member == "environment" and all(isinstance(each.get(member), list) for each in (container, override)):
                self._put_variables(place, override[member], source)
            else:
                self.put(place, override[member], source)

    def _put_variables(self, place: Path, variables: list[Any], source: Path) -> None:
        """Replace or add each variable, as ECS does."""
        elements = list(self.workload.at(place))
        there: dict[Hashable, int] = {}
        for index, element in enumerate(elements):
            there.setdefault(_name(element), index)
        for number, variable in enumerate(variables):
            name = _name(variable)
            index = len(elements) if name is None else there.setdefault(name, len(elements))
            elements[index : index + 1] = [variable]
            self._places[(*place, index)] = (*source, number)
        self._set(place, elements)


def _name(variable: Any) -> Hashable:
    name = variable.get("name") if isinstance(variable, Mapping) else None
    return name if isinstance(name, Hashable) else None


def _text(value: Any) -> str:
    return text_of(value).written if isinstance(value, str) else ""
