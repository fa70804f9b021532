"""Members that ECS may know and cfnroles does not: what they cost is not known, and that is told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from cfnroles.need import Finding, Gap, Holder, Severity
from cfnroles.sources.members import MEMBERS, meant_by, same_letters
from cfnroles.table.ecs import FEATURES
from cfnroles.table.ecs.fieldless import SETTINGS
from cfnroles.workload import Path, Workload

#: What stands beside a task definition, and which role it is likely to be about.
_BESIDE = {"service": Holder.INFRASTRUCTURE, "cluster": Holder.TASK}


def unknown_members(workload: Workload, others: Collection[str]) -> tuple[tuple[Gap, ...], tuple[Finding, ...]]:
    """A gap and a warning for each member of the task definition, the service and the cluster that no row knows.

    ``others`` are members of the tree that are none of a task definition.
    """
    gaps, findings = [], []
    for holder, path, remedy in _unknown(workload, others):
        origin = workload.origin(path)
        what = f"cfnroles knows no member {path[-1]}, nor which permissions it costs"
        gaps.append(Gap(holder, "unknown-member", origin, what, f"{remedy} Else add to the roles what it needs"))
        told = f"cfnroles knows no member {path[-1]}, and ECS may know none either"
        findings.append(Finding(Severity.WARNING, origin, told, remedy))
    return tuple(gaps), tuple(findings)


def _unknown(workload: Workload, others: Collection[str]) -> Iterator[tuple[Holder, Path, str]]:
    tree = {name: value for name, value in workload.tree.items() if name not in others}
    for path, kind in _of_structure(tree, MEMBERS, ()):
        yield Holder.TASK, path, meant_by(str(path[-1]), kind)
    known = _known()
    for root, holder in _BESIDE.items():
        if root not in others:
            continue
        for path in _of_settings(workload.tree.get(root), root, (root,), known):
            yield holder, path, "A newer cfnroles may know it."


def _of_structure(value: Any, kind: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        for name, member in value.items():
            if name in kind:
                yield from _of_structure(member, kind[name], (*path, name))
            elif not same_letters(name, kind):
                yield (*path, name), kind
    elif isinstance(kind, list) and isinstance(value, list):
        for index, element in enumerate(value):
            yield from _of_structure(element, kind[0], (*path, index))


def _of_settings(value: Any, field: str, path: Path, known: frozenset[str]) -> Iterator[Path]:
    """The paths of members that neither a row names, nor stand below or above one that it names."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            below = f"{field}.{name}"
            if below in known or f"{below}[]" in known:
                continue
            if not any(each.startswith((f"{below}.", f"{below}[]")) for each in known):
                yield (*path, name)
                continue
            yield from _of_settings(member, below, (*path, name), known)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _of_settings(element, f"{field}[]", (*path, index), known)


@cache
def _known() -> frozenset[str]:
    return frozenset((*(feature.field for feature in FEATURES), *SETTINGS))
