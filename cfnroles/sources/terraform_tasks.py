"""The task definitions of Terraform as tasks, with the conditions of their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.discovery import Discovery, together
from cfnroles.facts import Facts
from cfnroles.need import Finding, Gap, Holder, Need, Origin, Reference, Severity
from cfnroles.sources.reading import Task, in_words
from cfnroles.sources.task_definition import home
from cfnroles.sources.template_tasks import hashable
from cfnroles.sources.terraform_defaults import Defaults
from cfnroles.sources.terraform_keys import is_made
from cfnroles.sources.terraform_known import KnownTasks
from cfnroles.sources.terraform_members import Turned
from cfnroles.sources.told import Told
from cfnroles.sources.told_facts import told_facts
from cfnroles.template.atoms import Atom, World
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.template import Template
from cfnroles.template.worlds import MOST, Disjunction, Literal, Worlds
from cfnroles.workload import Workload

#: The outcomes of the conditions of a pass.
Asked = Mapping[str, bool]

_Thing = TypeVar("_Thing", Need, Gap, Finding, Reference)


class InWorld(Struct, frozen=True):
    """A task definition under some conditions."""

    asked: Asked
    turned: Turned


class Surroundings(Struct, frozen=True):
    """The account and Region of the resources, as far as they are known, and the defaults.

    ``exact`` says that every combination of conditions was examined. ``unread_runs`` is as for ``Task``.
    """

    document: str
    region: str = ""
    account: str = ""
    exact: bool = True
    defaults: Defaults = {}
    unread_runs: frozenset[str] = frozenset()


class TaskInPasses(Struct, frozen=True):
    """One task definition in each world of its conditions. ``found`` are those in which it exists.

    ``passes`` are the conditions of all, and ``discoveries`` the results for each of ``found``.
    """

    address: str
    found: Sequence[InWorld]
    passes: Sequence[Asked]
    at: Surroundings
    facts: Facts
    workloads: Sequence[Workload]
    discoveries: Sequence[Discovery]

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the passes in which it exists, in order."""
        return [self.passes.index(each.asked) for each in self.found]

    def conditions(self) -> PassConditions:
        """The conditions of results in some of the passes."""
        return PassConditions(self.passes, exact=self.at.exact)

    def too_many(self) -> Gap | None:
        """A gap if not every combination of conditions was examined."""
        return None if self.at.exact else _too_many(self.workloads[0])

    def task(self) -> Task:
        """Return the task definition with its needs in any of its worlds."""
        conditions, there = self.conditions(), self.numbers
        discoveries = self._judged(conditions)
        where: dict[Need | Gap | Finding | Reference, set[int]] = {}
        for number, each in zip(there, discoveries, strict=True):
            things: tuple[Need | Gap | Finding | Reference, ...]
            things = (*each.needs, *each.gaps, *each.findings, *each.references)
            for thing in things:
                where.setdefault(thing, set()).add(number)
        whole = together(discoveries)
        if much := self.too_many():
            whole = replace(whole, gaps=(*whole.gaps, much))
        return Task(
            self.workloads[0].family,
            self.workloads[0],
            self.facts,
            whole,
            address=self.address,
            when={thing: conditions.of(numbers) for thing, numbers in where.items() if numbers < set(there)},
            condition=conditions.of(set(there)),
            defaults=tuple(self.at.defaults),
            variants=tuple(_distinct(self.workloads, discoveries)),
            made=frozenset(
                reference
                for discovery, each in zip(discoveries, self.found, strict=True)
                for reference in discovery.references
                if is_made(reference, each.turned.keys)
            ),
            unread_runs=self.at.unread_runs,
        )

    def _judged(self, conditions: PassConditions) -> Sequence[Discovery]:
        """Return the discoveries, with warnings in place of errors if ECS accepts the task definition in some passes.

        The values that decide are unknown, and may exclude the conditions of an error.
        """
        refused: dict[Finding, set[int]] = {}
        for number, each in zip(self.numbers, self.discoveries, strict=True):
            for finding in each.findings:
                if finding.severity is Severity.ERROR:
                    refused.setdefault(finding, set()).add(number)
        if not refused or set().union(*refused.values()) == set(self.numbers):
            return self.discoveries
        only = {
            finding: replace(
                finding,
                severity=Severity.WARNING,
                what=f"{finding.what} (only if {in_words(conditions.of(numbers))})",
            )
            for finding, numbers in refused.items()
        }
        return [
            replace(each, findings=tuple(only.get(finding, finding) for finding in each.findings))
            for each in self.discoveries
        ]


def in_passes(
    address: str,
    found: Sequence[InWorld],
    passes: Sequence[Asked],
    told: Told,
    at: Surroundings,
    known: KnownTasks | None = None,
) -> TaskInPasses:
    """Return one task definition with its needs in each of its worlds.

    ``found`` are the worlds in which it exists, and ``passes`` the conditions of all. ``known`` is what was discovered
    in other definitions of the configuration.
    """
    known = known or KnownTasks()
    workloads = [known.form(each.turned, at.document).workload for each in found]
    facts = _facts(workloads[0], told, at)
    places = _Places()
    discoveries: list[Discovery] = []
    alike: dict[int, Discovery] = {}
    for each in found:
        discovery = known.discovery(each.turned, at.document, facts, at.defaults)
        if id(discovery) not in alike:
            alike[id(discovery)] = places.alike(discovery)
        discoveries.append(alike[id(discovery)])
    return TaskInPasses(address, found, passes, at, facts, workloads, discoveries)


def _distinct(workloads: Sequence[Workload], discoveries: Sequence[Discovery]) -> Iterator[tuple[Workload, Discovery]]:
    """Yield each form of the task definition once."""
    known: set[object] = set()
    for workload, discovery in zip(workloads, discoveries, strict=True):
        same = hashable(workload.tree)
        if same not in known:
            known.add(same)
            yield workload, discovery


def _facts(workload: Workload, told: Told, at: Surroundings) -> Facts:
    return told_facts(told, home(workload, told.account or at.account, told.region or at.region, told.kms_key_arns))


def _too_many(workload: Workload) -> Gap:
    what = "too many conditions to check every combination"
    how = "Decide some of them: pass --parameter NAME=VALUE"
    return Gap(Holder.EXECUTION, "conditions", workload.origin(("containerDefinitions",)), what, how)


class _Places:
    """One origin for each place: a list index depends on conditions, the place does not."""

    def __init__(self) -> None:
        self._known: dict[object, Origin] = {}

    def alike(self, discovery: Discovery) -> Discovery:
        """Return the discovery with the first origin of each place."""
        return Discovery(
            tuple(map(self._of, discovery.needs)),
            tuple(map(self._of, discovery.gaps)),
            tuple(map(self._of, discovery.findings)),
            tuple(map(self._of, discovery.references)),
        )

    def _of(self, thing: _Thing) -> _Thing:
        origin: Origin = thing.origin
        if not origin.line:
            return thing
        names = tuple(step for step in origin.path if isinstance(step, str))
        place = names, origin.document, origin.line, origin.column, origin.container, origin.item
        return replace(thing, origin=self._known.setdefault(place, origin))


class PassConditions:
    """The shortest conditions that hold in exactly some of the passes."""

    def __init__(self, passes: Sequence[Asked], *, exact: bool) -> None:
        self._passes = passes
        names = dict.fromkeys(name for asked in passes for name in asked)
        self._atoms = {name: Atom(name) for name in names}
        self._worlds = self._all() if exact and 2 ** len(names) <= MOST else None
        self._known: dict[frozenset[int], Disjunction] = {}

    def _all(self) -> Worlds:
        every = tuple(world for number in range(len(self._passes)) for world in self._of(number))
        return Worlds(Template("", "", {}), NOTHING_GIVEN, tuple(self._atoms.values()), (every,), {}, {})

    def _of(self, number: int) -> Iterator[World]:
        """Yield the worlds of a pass: conditions that it did not test are either."""
        asked = self._passes[number]
        held = frozenset(self._atoms[name] for name, holds in asked.items() if holds)
        left = [atom for name, atom in self._atoms.items() if name not in asked]
        for chosen in product((True, False), repeat=len(left)):
            yield held | {atom for atom, holds in zip(left, chosen, strict=True) if holds}

    def of(self, numbers: set[int]) -> Disjunction:
        """Return the alternatives that hold in exactly these passes; one without a literal for all passes."""
        same = frozenset(numbers)
        if same not in self._known:
            self._known[same] = self._of_passes(numbers)
        return self._known[same]

    def _of_passes(self, numbers: set[int]) -> Disjunction:
        if len(numbers) == len(self._passes):
            return ((),)
        if self._worlds is not None:
            return self._worlds.when([world for number in numbers for world in self._of(number)])
        for name in self._atoms:
            for holds in (True, False):
                if numbers == {n for n, asked in enumerate(self._passes) if asked.get(name) is holds}:
                    return ((Literal(name, holds),),)
        several = f"one of {len(numbers)} combinations" if len(numbers) > 1 else "a combination"
        return ((Literal(f"{several} of its conditions"),),)
