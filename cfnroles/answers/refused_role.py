"""The role of a source that a message is about, and whether it allows the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.asked_for import own_needs
from cfnroles.answers.explain import explain
from cfnroles.answers.made_resources import made
from cfnroles.answers.source_roles import KnownName, SourceRole, chosen, key_of, names_in, source_roles, told_apart
from cfnroles.answers.template_tasks import known_of
from cfnroles.answers.trust import Trust
from cfnroles.answers.verification import Judged, Outcome
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.errors import RefusedByEcs
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role
from cfnroles.messages.understanding import Understood
from cfnroles.need import Holder, Need
from cfnroles.sources.reading import Reading
from cfnroles.table.message import CallingRole, Category

_HOLDERS = {
    CallingRole.EXECUTION: (Holder.EXECUTION,),
    CallingRole.LOG_WRITER: (Holder.EXECUTION,),
    CallingRole.TASK: (Holder.TASK,),
    CallingRole.INSTANCE: (Holder.INSTANCE,),
    CallingRole.DEPLOYER: (Holder.DEPLOYER,),
    CallingRole.SERVICE_LINKED: (Holder.DEPLOYER,),
}
_EITHER = (Holder.EXECUTION, Holder.TASK)


class AskedSource:
    """The needs and roles of the source. ``refused`` says why a source that ECS would reject is not used."""

    def __init__(self, readings: tuple[Reading, ...], resource: str) -> None:
        self.readings, self.refused, self._resource = readings, "", resource
        self.facts = _facts(readings[0]) if readings else Facts()
        self.needs: tuple[Need, ...] = ()
        self.names: Mapping[str, KnownName] = {}
        try:
            self.needs = tuple(need for each in readings for need in _needs(each, resource))
            self.names = {name: known for each in readings for name, known in names_in(each).items()}
        except RefusedByEcs as error:
            self.refused = f"{error.where}: {error.what}"

    @cached_property
    def roles(self) -> tuple[SourceRole, ...]:
        """The roles that the source gives its task definitions; none if ECS would reject it."""
        try:
            return tuple(found for each in self.readings for found in source_roles(each, self._resource))
        except RefusedByEcs as error:
            self.refused = f"{error.where}: {error.what}"
            return ()


def _needs(reading: Reading, resource: str) -> Iterator[Need]:
    for explanation in explain(reading, resource):
        for _, statements in explanation.roles:
            for explained in statements:
                yield from explained.statement.needs


def _facts(reading: Reading) -> Facts:
    if reading.template is not None:
        return known_of(reading)[0]
    return reading.tasks[0].facts if reading.tasks else Facts()


class RoleAnswer(Struct, frozen=True):
    """Whether a role allows the call.

    ``called`` is its name in the message, ``at`` the role of the source, ``others`` the alternatives.
    """

    name: str = ""
    called: str = ""
    judged: tuple[Judged, ...] = ()
    besides: tuple[Judged, ...] = ()
    trust: Trust | None = None
    at: SourceRole | None = None
    others: tuple[str, ...] = ()
    given: Role | None = None


def role_answer(each: Understood, wanted: tuple[Need, ...], asked: AskedSource, given: Role | None) -> RoleAnswer:
    """Judge the denied call: by the given role, or by the source's role that the message is about."""
    if given:
        return _of_given(each, wanted, asked, given)
    if not (each.action or each.category is Category.TRUST):
        return RoleAnswer()
    keys = {key_of(need) for need in wanted}
    name = each.denial.role if each.denial else each.thing.rpartition("/")[2] if each.category is Category.TRUST else ""
    found = chosen(asked.roles, name, keys, holders_of(each))
    if len(set(told_apart(found))) != 1:
        return RoleAnswer(others=tuple(told_apart(found)))
    at = found[0]
    if name and not keys and not at.is_called(name):
        return RoleAnswer(others=tuple(told_apart(found)))  # only the name would identify this role
    judged = at.judged(keys) or _own(each, wanted, at)
    known = keys | {key_of(one.need) for one in judged}
    besides = tuple(one for one in at.verification.judged if key_of(one.need) not in known)
    trust = at.verification.trust if each.category is Category.TRUST else None
    if not (judged or trust):
        return RoleAnswer()
    return RoleAnswer(at.verification.role.name, name, judged, besides, trust, at)


def _own(each: Understood, wanted: tuple[Need, ...], at: SourceRole) -> tuple[Judged, ...]:
    """Judge a role of the source for calls that no document names: those of the application, and those on keys."""
    keyed = tuple(need for need in wanted if need.holder is at.verification.holder)
    needs = keyed or tuple(own_needs(each, at.verification.holder))
    if at.verification.absence:
        return ()
    facts, role = _facts(at.reading), at.verification.role
    # A policy may name a resource of the template by an expression, or by its name.
    found = ((need, made(need, at.reading, at.logical_id)) for need in needs)
    return tuple(
        _surest(_judged((need,), role, facts), _judged((both.judged,), role, facts), both.written)
        for need, both in found
    )


def _surest(named: Sequence[Judged], made: Sequence[Judged], written: Need) -> Judged:
    """Judge a need in both of its forms, and return the result for the source's spelling."""
    surest = named if made[0].outcome is Outcome.MISSING and named[0].outcome is not Outcome.MISSING else made
    return replace(surest[0], need=written)


def _of_given(each: Understood, wanted: tuple[Need, ...], asked: AskedSource, role: Role) -> RoleAnswer:
    needs = wanted or tuple(own_needs(each, holders_of(each)[0]))
    judged = _judged(needs, role, asked.facts)
    besides: tuple[Judged, ...] = ()
    if wanted and sum(len(reading.tasks) for reading in asked.readings) == 1:
        others = (need for need in asked.needs if need.holder is wanted[0].holder and need not in wanted)
        besides = _judged(tuple(others), role, asked.facts)
    return RoleAnswer(role.name, "", judged, besides, given=role)


def _judged(wanted: tuple[Need, ...], role: Role, facts: Facts) -> tuple[Judged, ...]:
    if not wanted:
        return ()
    return judge_uses(Uses(wanted[0].holder, wanted, facts), role, prove=False).judged


def holders_of(each: Understood) -> tuple[Holder, ...]:
    """Return whose role the caller of a message may be."""
    return _HOLDERS.get(each.caller, _EITHER)
