"""What a change does to the permissions of each role: added, removed, widened, narrowed.

    answer = diff(read("old.json"), read("new.json"))
    answer.difference.widens

What counts is what a role may do, not how its policies are cut into statements. A grant is called wider than another
only where that is proved; where nothing is proved, the one is removed and the other added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """What became of the role's permissions; a Deny that grows is a permission narrowed."""

    ADDED = "added"
    WIDENED = "widened"
    NARROWED = "narrowed"
    REMOVED = "removed"


class Change(Struct, frozen=True):
    """One change: the grants that were there before, and those that are there after.

    ``redundant`` says of a grant that came that the role had it by another one, and of one that went that the role
    still has it.
    """

    verb: Verb
    before: tuple[RoleGrant, ...] = ()
    after: tuple[RoleGrant, ...] = ()
    redundant: bool = False

    @property
    def grant(self) -> RoleGrant:
        """The grant that names the change: the new one, where there is one."""
        return (self.after or self.before)[0]

    @property
    def widens(self) -> bool:
        """Whether the role may do more than before, or might, as far as is proved."""
        if self.grant.kind is GrantKind.NEED:
            return False
        if self.verb in (Verb.ADDED, Verb.REMOVED):
            more = Effect.ALLOW if self.verb is Verb.ADDED else Effect.DENY
            return self.grant.effect is more and not self.redundant
        return self.verb is Verb.WIDENED


class Difference(Struct, frozen=True):
    """All changes, and the gaps that opened and closed. ``redefined`` are conditions of other meaning than before.

    ``verdicts`` are the roles of a template's task definitions that come to something else than before; ``unjudged``
    tells why a version was not judged.
    """

    changes: tuple[Change, ...]
    opened: tuple[Gap, ...] = ()
    closed: tuple[Gap, ...] = ()
    redefined: tuple[str, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    unjudged: tuple[tuple[str, str], ...] = ()

    @property
    def widens(self) -> bool:
        """Whether any role may do more than before."""
        return any(change.widens for change in self.changes)

    @property
    def changed(self) -> bool:
        """Whether there is anything to tell."""
        # Where both were refused for the same reason, nothing is known to have changed.
        unsure = bool(self.unjudged) and (len(self.unjudged) == 1 or len({why for _, why in self.unjudged}) > 1)
        return bool(self.changes or self.opened or self.closed or self.verdicts or unsure)


class Side(Struct, frozen=True):
    """One side of a comparison: a document under the name that answers call it by, and what roles get from it.

    ``texts`` are those of all documents that it was read from, by their names.
    """

    name: str
    texts: Mapping[str, str]
    grants: tuple[RoleGrant, ...]
    gaps: tuple[Gap, ...] = ()
    standings: Standings = NO_STANDINGS


class Comparison(Struct, frozen=True):
    """Two versions of one document; ``None`` stands for one that does not exist on that side."""

    old: Side | None
    new: Side | None

    @property
    def is_about_roles(self) -> bool:
        """Whether any of both sides has something that roles get."""
        return any(side and (side.grants or side.gaps) for side in (self.old, self.new))

    @property
    def difference(self) -> Difference:
        """What became of the permissions on the way from old to new."""
        sides = [(side.grants, side.gaps) if side else ((), ()) for side in (self.old, self.new)]
        (old, old_gaps), (new, new_gaps) = sides
        before, after = (side.standings if side else NO_STANDINGS for side in (self.old, self.new))
        return replace(
            difference(old, new, old_gaps, new_gaps),
            verdicts=verdict_changes(before, after),
            unjudged=tuple((each.document, each.unjudged) for each in (before, after) if each.unjudged),
        )


def diff(old: Reading | None, new: Reading | None) -> Comparison:
    """What roles get from two versions of one source; ``None`` stands for one that does not exist.

    Raises InvalidInput for what was read and ECS would refuse, and for two sources of different kinds.
    """
    sides = [side for side in (old, new) if side]
    if len({side.noun for side in sides}) > 1:
        raise InvalidInput(
            " and ".join(f"{side.name} is {side.noun}" for side in sides),
            remedy="Compare two task definitions, two service specs, or two templates.",
        )
    return Comparison(*(_side(side) if side else None for side in (old, new)))


def _side(reading: Reading) -> Side:
    found = standings(reading)
    return Side(reading.name, reading.texts, *granted(reading, found.elsewhere), found)


def difference(
    old: Iterable[RoleGrant], new: Iterable[RoleGrant], old_gaps: Iterable[Gap] = (), new_gaps: Iterable[Gap] = ()
) -> Difference:
    """From the grants and gaps of the old to those of the new; the order of neither plays a part."""
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
    )


class _Index:
    """Grants, and quickly those of them that cover one."""

    def __init__(self, grants: Sequence[RoleGrant]) -> None:
        self._all = frozenset(grants)
        self._by_action: dict[tuple[str, GrantKind, str], list[RoleGrant]] = defaultdict(list)
        for grant in grants:
            self._by_action[grant.role, grant.kind, _action(grant)].append(grant)

    def __contains__(self, grant: RoleGrant) -> bool:
        return grant in self._all

    def covering(self, grant: RoleGrant) -> Iterator[RoleGrant]:
        """The grants that cover this one, itself left aside."""
        action = _action(grant)
        for key in dict.fromkeys((action, action.partition(":")[0], "")):
            for candidate in self._by_action.get((grant.role, grant.kind, key), ()):
                if candidate != grant and candidate.covers(grant):
                    yield candidate


def _action(grant: RoleGrant) -> str:
    """The one action of a grant; of a pattern only the service, and nothing where it may be of any service."""
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
    # Two that cover each other say the same in other words: nothing to tell.
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
