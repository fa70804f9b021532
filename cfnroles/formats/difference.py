"""Changes of permissions as text, JSON, and Markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cfnroles.answers.diff import Change, Comparison, Difference, Side, Verb
from cfnroles.answers.grants import GrantKind, RoleGrant
from cfnroles.formats import standings
from cfnroles.formats.grants import Line, actions_of, conditions_of, resources_of, when
from cfnroles.formats.shapes import conditions_entry, gap_entry, origin_entry
from cfnroles.iam.evaluator import Effect
from cfnroles.lines import Lines
from cfnroles.markdown import Markup, below, code, document, heading, inline, items, strong, table
from cfnroles.need import Gap, Origin
from cfnroles.page import Page, json_page, page

SCHEMA = 1

_SIGNS = {Verb.ADDED: "+", Verb.REMOVED: "-", Verb.WIDENED: "~", Verb.NARROWED: "~"}
_WORDS = {Verb.ADDED: "added", Verb.REMOVED: "removed", Verb.WIDENED: "wider", Verb.NARROWED: "narrower"}
_REDUNDANT = {Verb.ADDED: "the role had it before by another grant", Verb.REMOVED: "the role still has it by another"}
_NOTHING = "No permission changes."
_UNKNOWN = "unknown, so not compared: what the managed policy "
_UNJUDGED = "The verdicts on the task definitions are not compared: "


class _Side:
    """The places of the grants of one side."""

    def __init__(self, document: Side | None) -> None:
        self._lines = Lines(document.texts if document else {})

    def line(self, origin: Origin) -> int:
        in_template = origin.path[:1] == ("Resources",)
        return self._lines.nearest(origin)[0] if in_template else self._lines.line(origin)

    def places(self, grant: RoleGrant, *, short: bool = False) -> Iterator[tuple[str, list[str]]]:
        """Yield the reasons of a grant, with the places that need it."""
        found: dict[str, list[str]] = {}
        for place in grant.places:
            if not place.source:
                found.setdefault("", []).append(f"{self.at(place.origin)}: {place.why or place.origin.pointer}")
            elif short:
                found.setdefault(place.why, []).append(self.place(place.origin))
            else:
                found.setdefault(place.why, []).append(self._lines.where(place.origin))
        yield from found.items()

    def place(self, origin: Origin) -> str:
        """Return ``web.json:12: container web``."""
        return f"{self.at(origin)}: {origin.place}"

    def at(self, origin: Origin) -> str:
        """Return ``web.json:12``."""
        line = self.line(origin)
        return f"{origin.document}{f':{line}' if line else ''}"


def human(comparisons: Sequence[Comparison]) -> Page:
    """Return text for a terminal: the added, removed, widened and narrowed grants of each role, with the lines of
    fields.
    """
    lines: list[str] = []
    for comparison in comparisons:
        difference = comparison.difference
        lines += [_title(comparison), ""]
        lines += _human(comparison, difference)
        lines += [_summary(difference), ""]
    return page(lines[:-1] or [_NOTHING])


def changes_of(comparison: Comparison) -> Page:
    """Return the same for one comparison, without a title."""
    return page([*_human(comparison, comparison.difference), _summary(comparison.difference)])


def markdown(comparisons: Sequence[Comparison]) -> Page:
    """Return a comment for a pull request: a heading for each document, and a table row for each change."""
    blocks = [block for comparison in comparisons for block in _markdown(comparison, comparison.difference)]
    return document(blocks or [heading(3, "Permissions"), _NOTHING])


def json_text(comparisons: Sequence[Comparison]) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    differences = [comparison.difference for comparison in comparisons]
    whole = {
        "schema": SCHEMA,
        "widens": any(difference.widens for difference in differences),
        "documents": [_entry(each, found) for each, found in zip(comparisons, differences, strict=True)],
    }
    return json_page(whole)


def _title(comparison: Comparison) -> str:
    if comparison.old is None and comparison.new:
        return f"{comparison.new.name}, which is new"
    if comparison.new is None and comparison.old:
        return f"{comparison.old.name}, which is gone"
    return " -> ".join(side.name for side in (comparison.old, comparison.new) if side)


def _summary(difference: Difference) -> str:
    needs = Counter(change.verb for change in difference.changes if change.grant.kind is GrantKind.NEED)
    counts = Counter(change.verb for change in difference.changes)
    counts.subtract(needs)
    more = "A role may do more than before." if difference.widens else "No role may do more than before."
    permissions = f"Permissions: {_counted(counts)}. {more}" if any(counts.values()) else _NOTHING
    if not needs:
        return permissions
    told = f"Needs of roles elsewhere: {_counted(needs)}; `cfnroles verify --live` checks whether these allow them."
    return f"{permissions} {told}"


def _counted(counts: Mapping[Verb, int]) -> str:
    return ", ".join(f"{counts[verb]} {verb}" for verb in Verb)


def _human(comparison: Comparison, difference: Difference) -> Iterator[str]:
    old, new = _Side(comparison.old), _Side(comparison.new)
    role = ""
    for group in _groups(difference.changes, old, new):
        change = group[0]
        if change.grant.role != role:
            if role:
                yield ""
            role = change.grant.role
            yield role
        yield from _human_change(group, old, new)
    if difference.changes:
        yield ""
    for name in difference.redefined:
        yield f"! the condition {name} is defined in another way than before"
    for sign, gaps, side in (("opened", difference.opened, new), ("closed", difference.closed, old)):
        for gap in gaps:
            yield f"! gap {sign}: {gap.what} ({side.place(gap.origin)})"
    for name, why in difference.unjudged:
        yield f"! {_UNJUDGED}{name} {why}"
    for role, arn in difference.unknown:
        yield f"! {role}: {_UNKNOWN}{arn} allows"
    told = (difference.redefined, difference.opened, difference.closed, difference.unjudged, difference.unknown)
    if any(told):
        yield ""
    for verdict in difference.verdicts:
        yield from standings.human(verdict, (new if verdict.after else old).at(verdict.origin))
    if difference.verdicts:
        yield ""


def _human_change(group: Sequence[Change], old: _Side, new: _Side) -> Iterator[str]:
    change = group[0]
    mark = f" ({_WORDS[change.verb]})" if change.before and change.after else ""
    mark = f" ({_REDUNDANT[change.verb]})" if change.redundant else mark
    yield f"  {_SIGNS[change.verb]} {_what(group)}{mark}"
    common, own = _compared(change)
    yield from (f"      {line}" for line in common)
    for word, side, grant, lines in _told(change, own, old, new):
        margin = " " * (6 + len(word))
        yield from (f"{margin if index else '      ' + word}{line}" for index, line in enumerate(lines))
        for why, places in side.places(grant):
            told = why and not (word and side is old)
            yield from [f"{margin}because {why}"] if told else []
            yield from (f"{margin}{'  ' if told else 'at '}{place}" for place in places)


def _compared(change: Change) -> tuple[list[Line], dict[RoleGrant, list[Line]]]:
    """Return what all grants of a change share, and what is particular to each."""
    scopes = {grant: list(_scope(grant, change)) for grant in (*change.before, *change.after)}
    common = [line for line in next(iter(scopes.values())) if all(line in scope for scope in scopes.values())]
    own = {grant: [line for line in scope if line not in common] for grant, scope in scopes.items()}
    return common, own


def _told(
    change: Change, own: Mapping[RoleGrant, list[Line]], old: _Side, new: _Side
) -> Iterator[tuple[str, _Side, RoleGrant, list[Line]]]:
    paired = bool(change.before and change.after)
    for word, side, grants in (("was ", old, change.before), ("now ", new, change.after)):
        for grant in grants:
            yield word if paired else "", side, grant, own[grant] or ([Line("without this")] if paired else [])


def _markdown(comparison: Comparison, difference: Difference) -> Iterator[str]:
    old, new = _Side(comparison.old), _Side(comparison.new)
    yield heading(3, "Permissions: ", code(_title(comparison)))
    yield _summary(difference)
    if difference.changes:
        rows = (_row(group, old, new) for group in _groups(difference.changes, old, new))
        yield table(("", "role", "permission", "on", "where"), rows)
    if difference.verdicts:
        verdicts = (standings.row(each, (new if each.after else old).at(each.origin)) for each in difference.verdicts)
        yield table(standings.COLUMNS, verdicts)
    told = [
        inline("The condition ", code(name), " is defined in another way than before.") for name in difference.redefined
    ]
    for word, gaps, side in (("opened", difference.opened, new), ("closed", difference.closed, old)):
        told += [inline(f"Gap {word}: ", code(gap.what), " at ", code(side.place(gap.origin))) for gap in gaps]
    told += [inline(_UNJUDGED, code(f"{name} {why}")) for name, why in difference.unjudged]
    told += [inline(code(role), f": {_UNKNOWN}", code(arn), " allows.") for role, arn in difference.unknown]
    yield items(told)


def _row(group: Sequence[Change], old: _Side, new: _Side) -> Iterator[str]:
    change = group[0]
    verb = strong(_WORDS[change.verb]) if change.widens else _WORDS[change.verb]
    yield below([verb, _REDUNDANT[change.verb] if change.redundant else ""])
    yield code(change.grant.role)
    yield _what_markdown(group)
    common, own = _compared(change)
    scopes = [line.markdown for line in common]
    places: list[str] = []
    for word, side, grant, lines in _told(change, own, old, new):
        scopes += [inline(word, line.markdown) for line in lines]
        for why, found in side.places(grant, short=True):
            places += [inline(word, code(place)) for place in found]
            places += [why] if why and not (word and side is old) else []
    yield below(scopes)
    yield below(places)


def _groups(changes: Sequence[Change], old: _Side, new: _Side) -> list[list[Change]]:
    """Group changes that differ only in the action."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        sides = (*change.before, *change.after)
        alike = len({grant.actions for grant in sides}) == 1 and not change.grant.not_actions
        key = (
            change.grant.role,
            change.grant.kind,
            change.grant.effect,
            change.verb,
            change.redundant,
            *(("before", _alike(grant, alike)) for grant in change.before),
            *(("after", _alike(grant, alike)) for grant in change.after),
        )
        groups.setdefault(key, []).append(change)
    return list(groups.values())


def _alike(grant: RoleGrant, alike: bool) -> tuple[object, ...]:
    what = () if alike else (grant.actions, grant.not_actions)
    return (grant.resources, grant.not_resources, grant.conditions, grant.guards, grant.places, *what)


def _what(group: Sequence[Change]) -> str:
    head, actions = _kind_and_actions(group)
    return head + ", ".join(actions)


def _what_markdown(group: Sequence[Change]) -> Markup:
    head, actions = _kind_and_actions(group)
    return inline(head, below(map(code, actions)))


def _kind_and_actions(group: Sequence[Change]) -> tuple[str, Sequence[str]]:
    grant = group[0].grant
    if grant.kind in (GrantKind.MANAGED_POLICY, GrantKind.BOUNDARY):
        return str(grant.kind), ()
    head = "" if grant.kind is GrantKind.PERMISSION else f"{grant.kind}: "
    denied = "denied: " if grant.effect is Effect.DENY else ""
    return head + denied, tuple(dict.fromkeys(actions_of(change.grant) for change in group))


def _scope(grant: RoleGrant, change: Change) -> Iterator[Line]:
    if any(actions_of(other) != actions_of(grant) for other in (*change.before, *change.after)):
        yield Line("may ", actions_of(grant))
    yield from resources_of(grant)
    yield from conditions_of(grant)


def _entry(comparison: Comparison, difference: Difference) -> dict[str, object]:
    old, new = _Side(comparison.old), _Side(comparison.new)
    counts = Counter(change.verb for change in difference.changes)
    return {
        "old": comparison.old.name if comparison.old else None,
        "new": comparison.new.name if comparison.new else None,
        "widens": difference.widens,
        "counts": {str(verb): counts[verb] for verb in Verb},
        "changes": [
            {
                "change": str(change.verb),
                "widens": change.widens,
                "redundant": change.redundant,
                "role": change.grant.role,
                "kind": str(change.grant.kind),
                "effect": str(change.grant.effect),
                "before": [_grant(grant, old) for grant in change.before],
                "after": [_grant(grant, new) for grant in change.after],
            }
            for change in difference.changes
        ],
        "gapsOpened": [_gap(gap, new) for gap in difference.opened],
        "gapsClosed": [_gap(gap, old) for gap in difference.closed],
        "redefinedConditions": list(difference.redefined),
        "verdicts": [
            standings.entry(each, (new if each.after else old).line(each.origin)) for each in difference.verdicts
        ],
        "unjudged": [{"document": name, "why": why} for name, why in difference.unjudged],
        "unknownPolicies": [{"role": role, "arn": arn} for role, arn in difference.unknown],
    }


def _grant(grant: RoleGrant, side: _Side) -> dict[str, object]:
    return {
        "actions": list(grant.actions),
        "notActions": grant.not_actions,
        "resources": list(grant.resources),
        "notResources": grant.not_resources,
        "conditions": conditions_entry(grant.conditions),
        "when": when(grant),
        "origins": [
            {**origin_entry(place.origin, side.line(place.origin)), "why": place.why, "source": place.source}
            for place in grant.places
        ],
    }


def _gap(gap: Gap, side: _Side) -> dict[str, object]:
    return gap_entry(gap, side.line(gap.origin))
