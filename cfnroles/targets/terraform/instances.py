"""The instances of a task definition with ``count`` or ``for_each``, as one with conditions on the instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.discovery import Discovery, together
from cfnroles.errors import InvalidInput
from cfnroles.hcl.definitions import Site, without_instances
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import Source
from cfnroles.hcl.tidied import tidied
from cfnroles.need import Finding, Gap, Need, Origin, Reference
from cfnroles.sources.reading import Task
from cfnroles.symbols import Expression
from cfnroles.targets.terraform.by_key import alike, among, plain_key
from cfnroles.targets.terraform.conditions import NeedConditions, Thing
from cfnroles.targets.terraform.parts import Repeated
from cfnroles.template.worlds import Disjunction
from cfnroles.text import Text, text_of

_Thing = TypeVar("_Thing", Need, Gap, Finding, Reference)


class Merged(Struct, frozen=True):
    """All instances of a task definition together."""

    family: Text
    discovery: Discovery
    conditions: NeedConditions
    made: frozenset[Reference]
    repeated: Repeated


def merged_instances(site: Site, tasks: Sequence[Task]) -> Merged:
    """Return what the instances need, each need once, with the instances that have it if these are not all."""
    arguments = site.block.body.arguments
    meta = next((each for each in ("count", "for_each") if each in arguments), "")
    repeated = _repeated(site, meta, tasks) if meta else Repeated()
    places = _Places()
    whens: dict[Thing, set[Disjunction]] = {}
    keys: dict[Thing, list[str]] = {}
    for task in tasks:
        key = task.address[len(site.address) :]
        placed = zip(_things(task.discovery), _things(places.all(task.discovery)), strict=True)
        for own, thing in placed:
            keys.setdefault(thing, []).append(key)
            whens.setdefault(thing, set()).add(without_own(task.when.get(own, ()), task))
    # A need that depends on conditions in some instances, and on others or none in the rest, is unconditional.
    when = {thing: next(iter(each)) for thing, each in whens.items() if len(each) == 1 and each != {()}}
    found = together([places.all(task.discovery) for task in tasks])
    joined = dict(alike([need for need in found.needs if need not in when], keys, meta))
    needs = (*joined, *(need for need in found.needs if need in when))
    every = {task.address[len(site.address) :] for task in tasks}
    for need, named in joined.items():
        keys[need] = named
    instances = {thing: among(named, meta) for thing, named in keys.items() if set(named) != every}
    return Merged(
        _family(site, tasks),
        replace(found, needs=needs),
        NeedConditions(when, instances),
        frozenset(places.of(each) for task in tasks for each in task.made),
        repeated,
    )


def without_own(when: Disjunction, task: Task) -> Disjunction:
    """Return the conditions of a thing without those of the task definition itself, which guard everything written."""
    own = task.condition[0] if len(task.condition) == 1 else ()
    left = tuple(tuple(literal for literal in each if literal not in own) for each in when)
    return left if all(left) else ()


def _repeated(site: Site, meta: str, tasks: Sequence[Task]) -> Repeated:
    written = site.block.body.arguments[meta].written
    try:
        parse_expression(Source("", written))
    except InvalidInput as error:
        how = f"Use a local, as in `{meta} = local.NAME`: the roles use the same expression."
        raise InvalidInput(
            f"{meta} of {site.address} takes several lines", where=str(site.place), remedy=how
        ) from error
    keys = [plain_key(task.address[len(site.address) :]) for task in tasks]
    return Repeated(meta, tidied(written), tuple(keys))


def _things(found: Discovery) -> tuple[Thing, ...]:
    return (*found.needs, *found.gaps, *found.findings, *found.references)


class _Places:
    """One origin for each place in the block, whichever instance it was found in and wherever the value is."""

    def __init__(self) -> None:
        self._known: dict[object, Origin] = {}

    def all(self, found: Discovery) -> Discovery:
        """Return everything in a discovery at its place in the block."""
        return Discovery(
            tuple(map(self.of, found.needs)),
            tuple(map(self.of, found.gaps)),
            tuple(map(self.of, found.findings)),
            tuple(map(self.of, found.references)),
        )

    def of(self, thing: _Thing) -> _Thing:
        """Return one thing at its place in the block."""
        origin: Origin = thing.origin
        first, *others = origin.path or ("",)
        path = (without_instances(str(first)), *others)
        place = self._known.setdefault((path, origin.container, origin.item), replace(origin, path=path))
        return replace(thing, origin=place)


def _family(site: Site, tasks: Sequence[Task]) -> Text:
    """Return the family; the user's own expression if the instances have several."""
    families = {text_of(task.workload.family) for task in tasks}
    node = site.block.body.arguments.get("family")
    if len(families) == 1 or node is None:
        return families.pop()
    name = node.written.replace("{", "(").replace("}", ")")
    return Text(Expression(name, written=f"${{{node.written}}}", reason=""))
