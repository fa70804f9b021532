"""Judges each role of an account once, with the needs of all its task definitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from cfnroles.answers.fleet_finding import Affected, FleetFinding, Kind
from cfnroles.answers.fleet_roles import ECS, HeldRoles
from cfnroles.answers.fleet_things import LookedAt
from cfnroles.answers.fleet_users import HOLDERS, RoleUse, Users, Wanted, variants_of
from cfnroles.answers.requests import definite
from cfnroles.answers.verification import Judged, Outcome, Verification, trust_outcome
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.aws.existing import Presence
from cfnroles.aws.refusals import Denied
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role
from cfnroles.need import Gap, Holder, Need
from cfnroles.sources.fleet import Place, Revisions

_BAD = frozenset({Outcome.MISSING, Outcome.DENIED})
_NOBODY = Affected({})
#: The maximum number of names in a sentence.
_SHOWN = 3
_BY_NOTHING = {
    Revisions.ALL: "no ACTIVE task definition in {} names it",
    Revisions.LATEST: "the newest task definition of no family in {} names it",
    Revisions.USED: "no service and no running task in {} has it",
}
#: Missing permissions by outcome, action and the keys that would decide.
_Lacks = defaultdict[tuple[Outcome, str, tuple[str, ...]], list[Judged]]


class Judging:
    """Judges each role once, with the needs of all its task definitions."""

    def __init__(self, users: Users, looked: LookedAt, roles: HeldRoles, place: Place) -> None:
        self._users, self._looked, self._held, self._place = users, looked, roles, place
        self._facts = Facts(account=place.account, region=place.region)

    def all(self) -> Iterator[FleetFinding]:
        """Yield the findings of each role, and of task definitions without one."""
        for named in sorted(self._users.roles):
            yield from self._of_role(named, self._users.roles[named])
        yield from self._roleless()
        for why, numbers in self._users.unreadable.items():
            yield self._found(Kind.NOT_KNOWN, "task definition", f"not judged: {why}", numbers)
        yield from self._unused()

    def _found(
        self, kind: Kind, subject: str, what: str, numbers: Iterable[int], at: Need | Gap | None = None
    ) -> FleetFinding:
        where = str(at.origin) if at else ""
        return FleetFinding(kind, subject, what, self._users.affected(numbers), where)

    def _roleless(self) -> Iterator[FleetFinding]:
        groups: defaultdict[tuple[Holder, bool], list[int]] = defaultdict(list)
        for number, (need, certain) in self._users.roleless.items():
            groups[need.holder, certain].append(number)
        for (holder, certain), numbers in groups.items():
            need, _ = self._users.roleless[numbers[0]]
            if certain:
                yield self._found(Kind.NO_ROLE, holder, f"{need.permission.action} needs one", numbers, need)
            else:
                what = "whether the role of the container instances allows what is needed"
                yield self._found(Kind.NOT_KNOWN, holder, what, numbers, need)

    def _of_role(self, named: str, use: RoleUse) -> Iterator[FleetFinding]:
        name = named.rpartition("/")[2]
        everybody = [number for numbers in use.holders.values() for number in numbers]
        affected = self._users.affected(everybody)
        if len(affected.revisions) > 1:
            what = f"{len(affected.revisions):,} families use it"
            yield FleetFinding(Kind.SHARED, name, what, affected)
        try:
            detail = self._held.detail(name)
        except Denied as refused:
            what = f"what the role allows: that needs the permission {refused.call}"
            yield self._found(Kind.NOT_KNOWN, name, what, everybody)
            return
        if detail is None or (named.startswith("arn:") and detail["Arn"] != named):
            what = "the role does not exist"
            if detail is not None:
                what = f"the role of this name is {detail['Arn']}"
            yield self._found(Kind.ROLE_MISSING, name, what, everybody)
            return
        role = self._held.role(detail)
        wanted = {holder: self._wanted(use, holder) for holder in use.holders}
        for holder in HOLDERS:
            if holder in use.holders:
                others = tuple(need for other in wanted if other is not holder for need in wanted[other][0])
                yield from self._judged(use, holder, role, wanted[holder], others)

    def _wanted(self, use: RoleUse, holder: Holder) -> tuple[dict[Need, Wanted], list[Wanted]]:
        """Return the needs of the holder, with the keys that were seen, and those whose key cannot be known."""
        certain: dict[Need, Wanted] = {}
        open_: list[Wanted] = []
        for (one, _, _), wanted in use.wanted.items():
            if one is not holder:
                continue
            if not wanted.need.permission.when:
                certain[wanted.need] = wanted
            elif self._looked.of(wanted.reference).presence is Presence.THERE:
                key = self._looked.key_of(wanted.reference)
                if key is not None and key.key:
                    facts = replace(self._facts, kms_key_arns=(key.key,))
                    certain |= dict.fromkeys(definite([wanted.need], facts)[0], wanted)
            elif self._looked.of(wanted.reference).presence in (Presence.DENIED, Presence.FOREIGN):
                open_.append(wanted)
        return certain, open_

    def _judged(
        self,
        use: RoleUse,
        holder: Holder,
        role: Role,
        wanted: tuple[dict[Need, Wanted], list[Wanted]],
        others: tuple[Need, ...],
    ) -> Iterator[FleetFinding]:
        certain, open_ = wanted
        gaps = tuple(gap for (one, _), (gap, _) in use.gaps.items() if one is holder)
        needs = (*certain, *(each.need for each in open_))
        uses = Uses(holder, needs, self._facts, gaps, others, open_ended=holder is Holder.TASK)
        verified = judge_uses(uses, role, prove=False)
        numbers = use.holders[holder]
        yield from self._trust(verified, numbers)
        yield from self._needs(verified, certain)
        yield from self._beyond(verified, numbers)
        if open_:
            what = "whether it may decrypt secrets and parameters whose key is unknown"
            yield self._found(Kind.NOT_KNOWN, role.name, what, variants_of(open_), open_[0].need)
        for (one, what), (gap, having) in use.gaps.items():
            if one is holder:
                yield self._found(Kind.NOT_KNOWN, role.name, what, having, gap)

    def _trust(self, verified: Verification, numbers: list[int]) -> Iterator[FleetFinding]:
        trust = verified.trust
        outcome = trust_outcome(trust) if trust else Outcome.UNKNOWN
        if outcome in _BAD:
            what = f"its trust policy does not let {ECS} assume it"
            yield self._found(Kind.NOT_ASSUMABLE, verified.role.name, what, numbers)
        elif outcome is Outcome.UNKNOWN:
            what = "whether its trust policy lets Amazon ECS assume it"
            yield self._found(Kind.NOT_KNOWN, verified.role.name, what, numbers)
        if trust and trust.others:
            what = f"others may assume it: {', '.join(trust.others)}"
            yield self._found(Kind.WIDE, verified.role.name, what, numbers)

    def _needs(self, verified: Verification, certain: Mapping[Need, Wanted]) -> Iterator[FleetFinding]:
        lacks = _Lacks(list)
        for one in verified.judged:
            if one.outcome is not Outcome.ALLOWED:
                lacks[one.outcome, one.need.permission.action, one.keys].append(one)
        for (outcome, action, keys), judged in lacks.items():
            needs = [certain[each.need] for each in judged]
            on = _several([str(each.need.permission.resource) for each in judged])
            text = f"{action} on {on}"
            if outcome is Outcome.DENIED:
                by = ", ".join(map(str, judged[0].by)) or judged[0].boundary
                text = f"{text}: denied by {by}" if by else f"{text}: denied"
            if outcome is Outcome.UNKNOWN:
                text = f"whether it allows {text}: that depends on {' and '.join(keys) or 'what is unknown'}"
            kind = Kind.LACKS if outcome in _BAD else Kind.NOT_KNOWN
            yield self._found(kind, verified.role.name, text, variants_of(needs), judged[0].need)

    def _beyond(self, verified: Verification, numbers: list[int]) -> Iterator[FleetFinding]:
        name = verified.role.name
        for danger in verified.dangers:
            by = " and ".join(map(str, danger.by))
            yield self._found(Kind.WIDE, name, f"the {verified.holder} {danger.what} ({by})", numbers)
        if verified.excess:
            statements = [str(each.statement) for each in verified.excess]
            what = f"no task definition needs all of {_several(statements)}"
            yield self._found(Kind.EXCESS, name, what, numbers)
        if verified.unread:
            what = f"what {_several(list(verified.unread))} allows: it cannot be read"
            yield self._found(Kind.NOT_KNOWN, name, what, numbers)

    def _unused(self) -> Iterator[FleetFinding]:
        named = {each.rpartition("/")[2] for each in self._users.roles}
        if not self._held.whole:
            what = "which roles nothing uses: that needs the permission iam:GetAccountAuthorizationDetails"
            yield FleetFinding(Kind.NOT_KNOWN, "roles", what, _NOBODY)
            return
        by_nothing = _BY_NOTHING[self._place.revisions].format(self._place.region)
        for name in sorted(set(self._held.names) - named):
            detail = self._held.detail(name) or {}
            last = detail.get("RoleLastUsed") or {}
            used = "IAM reports no use in 400 days"
            if last.get("LastUsedDate"):
                used = f"last used {str(last['LastUsedDate'])[:10]} in {last.get('Region', 'some Region')}"
            yield FleetFinding(Kind.UNUSED, name, f"{by_nothing}; {used}", _NOBODY)


def _several(texts: list[str]) -> str:
    distinct = list(dict.fromkeys(texts))
    more = len(distinct) - _SHOWN
    return f"{', '.join(distinct[:_SHOWN])}{f' and {more:,} more' if more > 0 else ''}"
