"""Changes of the permissions of roles: added, removed, widened, narrowed.

    answer = diff(read("old.json"), read("new.json"))
    answer.difference.widens

The comparison is about what a role allows, not how its policies are divided into statements. A grant is wider than
another only if that is proved. Otherwise one is removed and the other added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.grants import GrantKind, RoleGrant
from cfnroles.answers.reading_grants import granted
from cfnroles.answers.standings import NO_STANDINGS, Standings, VerdictChange, standings, verdict_changes
from cfnroles.errors import InvalidInput
from cfnroles.iam.evaluator import Effect
from cfnroles.need import Gap
from cfnroles.sources.reading import Reading


class Verb(StrEnum):
    """The kind of a change. A Deny that grows narrows a permission."""

    ADDED = "added"
    WIDENED = "widened"
    NARROWED = "narrowed"
    REMOVED = "removed"


class Change(Struct, frozen=True):
    """One change: the grants before and after it.

    ``redundant`` says that the role has the same permission by another grant.
    """

    verb: Verb
    before: tuple[RoleGrant, ...] = ()
    after: tuple[RoleGrant, ...] = ()
    redundant: bool = False

    @property
    def grant(self) -> RoleGrant:
        """The grant that names the change: the new one, if there is one."""
        return (self.after or self.before)[0]

    @property
    def widens(self) -> bool:
        """Whether the role allows more than before, unless it is proved that it does not."""
        if self.grant.kind is GrantKind.NEED:
            return False
        if self.verb in (Verb.ADDED, Verb.REMOVED):
            more = Effect.ALLOW if self.verb is Verb.ADDED else Effect.DENY
            return self.grant.effect is more and not self.redundant
        return self.verb is Verb.WIDENED


class Difference(Struct, frozen=True):
    """All changes, and the gaps that opened and closed. ``redefined`` are conditions with a new definition.

    ``verdicts`` are the roles of a template's task definitions whose verdict changed; ``unjudged`` says why a version
    was not judged. ``unknown`` are managed policies with unknown content, each with its role, of roles that change.
    """

    changes: tuple[Change, ...]
    opened: tuple[Gap, ...] = ()
    closed: tuple[Gap, ...] = ()
    redefined: tuple[str, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    unjudged: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()

    @property
    def widens(self) -> bool:
        """Whether any role allows more than before."""
        return any(change.widens for change in self.changes)

    @property
    def changed(self) -> bool:
        """Whether there is anything to report."""
        # If both were rejected for the same reason, no change is known.
        unsure = bool(self.unjudged) and (len(self.unjudged) == 1 or len({why for _, why in self.unjudged}) > 1)
        return bool(self.changes or self.opened or self.closed or self.verdicts or unsure)


class Side(Struct, frozen=True):
    """One side of a comparison: a document with its name in messages, and the grants of its roles.

    ``texts`` are those of all documents that were read, by name.
    """

    name: str
    texts: Mapping[str, str]
    grants: tuple[RoleGrant, ...]
    gaps: tuple[Gap, ...] = ()
    standings: Standings = NO_STANDINGS


class Comparison(Struct, frozen=True):
    """Two versions of one document; ``None`` if it does not exist on that side."""

    old: Side | None
    new: Side | None

    @property
    def is_about_roles(self) -> bool:
        """Whether either side has roles."""
        return any(side and (side.grants or side.gaps) for side in (self.old, self.new))

    @property
    def difference(self) -> Difference:
        """The changes from old to new."""
        sides = [(side.grants, side.gaps) if side else ((), ()) for side in (self.old, self.new)]
        (old, old_gaps), (new, new_gaps) = sides
        before, after = (side.standings if side else NO_STANDINGS for side in (self.old, self.new))
        return replace(
            difference(old, new, old_gaps, new_gaps),
            verdicts=verdict_changes(before, after),
            unjudged=tuple((each.document, each.unjudged) for each in (before, after) if each.unjudged),
        )


def check_kinds(versions: Sequence[Reading]) -> None:
    """Raise InvalidInput for versions of different kinds, which have nothing in common."""
    if len({each.noun for each in versions}) > 1:
        raise InvalidInput(
            " and ".join(f"{each.name} is {each.noun}" for each in versions),
            remedy="Compare two task definitions, two service specs, or two templates.",
        )


def diff(old: Reading | None, new: Reading | None) -> Comparison:
    """Compare the grants of two versions of one source; ``None`` is a version that does not exist.

    Raise InvalidInput for a source that ECS would reject, and for two sources of different kinds.
    """
    check_kinds([side for side in (old, new) if side])
    return Comparison(*(_side(side) if side else None for side in (old, new)))


def _side(reading: Reading) -> Side:
    found = standings(reading)
    return Side(reading.name, reading.texts, *granted(reading, found.elsewhere), found)


def difference(
    old: Iterable[RoleGrant], new: Iterable[RoleGrant], old_gaps: Iterable[Gap] = (), new_gaps: Iterable[Gap] = ()
) -> Difference:
    """Return the difference of grants and gaps, independent of their order."""
    before, after = tuple(sorted(set(old), key=_order)), tuple(sorted(set(new), key=_order))
    had, has = _Index(before), _Index(after)
    gone = [grant for grant in before if grant not in has]
    come = [grant for grant in after if grant not in had]
    changes = sorted(_changes(gone, come, had, has), key=lambda change: (_order(change.grant), change.verb))
    gaps_before = {_gap_key(gap): gap for gap in old_gaps}
    gaps_after = {_gap_key(gap): gap for gap in new_gaps}
    return Difference(
        tuple(changes),
        tuple(gap for key, gap in gaps_after.items() if key not in gaps_before),
        tuple(gap for key, gap in gaps_before.items() if key not in gaps_after),
        _redefined(before, after),
        unknown=tuple(_unknown((*before, *after), {change.grant.role for change in changes})),
    )


def _unknown(grants: Iterable[RoleGrant], changed: Collection[str]) -> Iterator[tuple[str, str]]:
    attached = ((each.role, each.resources[0]) for each in grants if each.kind is GrantKind.MANAGED_POLICY)
    yield from dict.fromkeys((role, arn) for role, arn in sorted(attached) if role in changed)


class _Index:
    """Grants, indexed by what they may cover."""

    def __init__(self, grants: Sequence[RoleGrant]) -> None:
        self._all = frozenset(grants)
        self._by_action: dict[tuple[str, GrantKind, str], list[RoleGrant]] = defaultdict(list)
        for grant in grants:
            self._by_action[grant.role, grant.kind, _action(grant)].append(grant)

    def __contains__(self, grant: RoleGrant) -> bool:
        return grant in self._all

    def covering(self, grant: RoleGrant) -> Iterator[RoleGrant]:
        """Yield the grants that cover this one, except itself."""
        action = _action(grant)
        for key in dict.fromkeys((action, action.partition(":")[0], "")):
            for candidate in self._by_action.get((grant.role, grant.kind, key), ()):
                if candidate != grant and candidate.covers(grant):
                    yield candidate


def _action(grant: RoleGrant) -> str:
    """Return the single action of a grant: for a pattern only the service, and nothing if that may be any."""
    if len(grant.actions) != 1 or grant.not_actions:
        return ""
    action = grant.actions[0].lower()
    if not any(wild in action for wild in "*?$"):
        return action
    service, colon, _ = action.partition(":")
    return service if colon and not any(wild in service for wild in "*?$") else ""


def _changes(gone: Sequence[RoleGrant], come: Sequence[RoleGrant], had: _Index, has: _Index) -> Iterator[Change]:
    before = {grant: frozenset(had.covering(grant)) for grant in come}
    after = {grant: frozenset(has.covering(grant)) for grant in gone}
    replaced, left = _inverted(after), _inverted(before)
    told: set[RoleGrant] = set()
    for grant in come:
        if replaced[grant] and not before[grant]:
            told.update((grant, *replaced[grant]))
            yield Change(_verb(grant, grows=True), tuple(replaced[grant]), (grant,))
    for grant in gone:
        if left[grant] and not after[grant]:
            told.update((grant, *left[grant]))
            yield Change(_verb(grant, grows=False), (grant,), tuple(left[grant]))
    # Two grants that cover each other are equal in other words: not a change.
    for grant in come:
        if grant not in told and not before[grant].intersection(replaced[grant]):
            yield Change(Verb.ADDED, (), (grant,), bool(before[grant]))
    for grant in gone:
        if grant not in told and not after[grant].intersection(left[grant]):
            yield Change(Verb.REMOVED, (grant,), (), bool(after[grant]))


def _inverted(covering: Mapping[RoleGrant, Iterable[RoleGrant]]) -> Mapping[RoleGrant, list[RoleGrant]]:
    covered: dict[RoleGrant, list[RoleGrant]] = defaultdict(list)
    for grant, others in covering.items():
        for other in others:
            covered[other].append(grant)
    return covered


def _verb(grant: RoleGrant, *, grows: bool) -> Verb:
    return Verb.WIDENED if grows is (grant.effect is Effect.ALLOW) else Verb.NARROWED


def _redefined(before: Iterable[RoleGrant], after: Iterable[RoleGrant]) -> tuple[str, ...]:
    old, new = (
        {(guard.name, guard.definition) for grant in side for guard in grant.guards} for side in (before, after)
    )
    return tuple(sorted({name for name, _ in old - new} & {name for name, _ in new - old}))


def _order(grant: RoleGrant) -> tuple[object, ...]:
    return grant.sort_key


def _gap_key(gap: Gap) -> tuple[object, ...]:
    return (gap.holder, gap.feature, gap.origin.place, gap.what)
