"""Members of ECS that cfnroles does not know: their permissions are unknown, which is reported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from cfnroles.need import Finding, Gap, Holder, Severity
from cfnroles.sources.members import ANYTHING, MEMBERS, meant_by, recorded, same_letters, structure
from cfnroles.table.ecs import FEATURES
from cfnroles.table.ecs.fieldless import ROOTS
from cfnroles.text import text_of
from cfnroles.workload import EXPRESS, Path, Workload

#: What is next to a task definition, and the role that it likely concerns.
HOLDERS_BESIDE = {
    "service": Holder.INFRASTRUCTURE,
    "cluster": Holder.TASK,
    "capacityProvider": Holder.MANAGED_INSTANCES,
    "runTask": Holder.TASK,
    "daemon": Holder.TASK,
    "gateway": Holder.GATEWAY,
    EXPRESS: Holder.INFRASTRUCTURE,
}

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
_PROCESSED = (
    "See the template that CloudFormation processed: `aws cloudformation get-template --template-stage Processed"
    " --query TemplateBody --stack-name STACK`"
)

_Kind = Mapping[str, Any]
#: The likely role, the place, the kind, and the remedy.
_Unknown = tuple[Holder, Path, str, str]


def unknown_members(workload: Workload, others: Collection[str]) -> tuple[tuple[Gap, ...], tuple[Finding, ...]]:
    """Return a gap and a warning for each member of the task definition, service and cluster that is new in ECS.

    The same for new choices in members that rows read. ``others`` are members of the tree outside of a task definition.
    """
    gaps, findings = [], []
    for holder, path, named, remedy in (*_unknown(workload, others), *_unknown_choices(workload)):
        origin = workload.origin(path)
        if str(path[-1]).startswith("Fn::"):
            gaps.append(Gap(holder, "unknown-member", origin, f"cannot see what {path[-1]} puts here", _PROCESSED))
            continue
        what = f"cfnroles does not know the {named}, or which permissions it needs"
        gaps.append(Gap(holder, "unknown-member", origin, what, f"{remedy} Otherwise add the permissions yourself"))
        told = f"cfnroles does not know the {named}, and ECS may not either"
        findings.append(Finding(Severity.WARNING, origin, told, remedy))
    return tuple(gaps), tuple(findings)


def unseen_members(workload: Workload, paths: Iterable[Path]) -> Iterator[Gap]:
    """Yield a gap for each place with members that rows read, and that only CloudFormation can evaluate."""
    for path in paths:
        field = "".join("[]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        if any(feature.field.startswith((f"{field}.", f"{field}[]")) for feature in FEATURES):
            what = "cannot see what CloudFormation puts here, or which permissions it needs"
            holder = HOLDERS_BESIDE.get(str(path[0]), Holder.TASK)
            yield Gap(holder, "unknown-member", workload.origin(path), what, _PROCESSED)


def _unknown(workload: Workload, others: Collection[str]) -> Iterator[_Unknown]:
    tree = {name: value for name, value in workload.tree.items() if name not in others}
    for path, kind in _of_structure(tree, MEMBERS, ()):
        # A wrong case is an error: no new member of ECS differs only in case.
        if not same_letters(name := str(path[-1]), kind):
            yield Holder.TASK, path, f"member {name}", _moved(path) or meant_by(name, kind)
    for root, holder in HOLDERS_BESIDE.items():
        if root in others:
            for path, kind in _of_structure(workload.tree.get(root), members_beside(root), (root,)):
                yield holder, path, f"member {path[-1]}", meant_by(str(path[-1]), kind)


def _moved(path: Path) -> str:
    """Return the enclosing structure that has the member. Empty if there is none."""
    kind: Any = MEMBERS
    around, found = "the task definition", ""
    for step in path[:-1]:
        if isinstance(kind, Mapping) and path[-1] in kind:
            found = around
        kind = kind[0] if isinstance(kind, list) else kind[step]
        around = around if isinstance(step, int) else str(step)
    return f"Move it to {found}." if found else ""


def _unknown_choices(workload: Workload) -> Iterator[_Unknown]:
    for field, known in _choices():
        for path, value in workload.find(field):
            if isinstance(value, str) and value not in known and not text_of(value).symbols:
                chosen = text_of(value).plain
                yield Holder.TASK, path, f"{path[-1]} {chosen}", meant_by(chosen, dict.fromkeys(known))


@cache
def _choices() -> Sequence[tuple[str, Sequence[str]]]:
    """Return the fields of rows that have choices, with these."""
    fields = {feature.field for feature in FEATURES}
    every = ((ROOTS[operation], choices.items()) for operation, choices in recorded()["choices"].items())
    found = ((f"{root}.{path}".lstrip("."), known) for root, choices in every for path, known in choices)
    return [(field, known) for field, known in found if field in fields]


def _of_structure(value: Any, kind: Any, path: Path) -> Iterator[tuple[Path, _Kind]]:
    """Yield the path of each unknown member of a structure, at any depth, with the structure."""
    if isinstance(value, str):
        return
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        for name, member in value.items():
            if name in kind:
                yield from _of_structure(member, kind[name], (*path, name))
            elif member is not None:
                yield (*path, name), kind
    elif isinstance(kind, list) and isinstance(value, list):
        for index, element in enumerate(value):
            yield from _of_structure(element, kind[0], (*path, index))


@cache
def members_beside(root: str) -> Mapping[str, Any]:
    """Return the members of what is next to a task definition, such as a ``service`` or a ``cluster``."""
    # Descriptions contain the state of a service next to its settings, which needs no permission.
    answered = dict.fromkeys(recorded()["answers"]["Service"], ANYTHING) if root == "service" else {}
    taken = (members for operation, members in recorded()["takes"].items() if ROOTS.get(operation) == root)
    return {**answered, **structure(*taken)}
