"""The sentences of an audit, shared by its formats.

About an event, they contain only the action, the resource, the time and the kind of policy that denied it, and no
request parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.answers.audited import Audit, AuditedGrant, AuditedRole, GrantStatus, TightPolicy, Times
from cfnroles.answers.hidden_calls import days_in_words
from cfnroles.counted import by_number, counted
from cfnroles.lines import Lines
from cfnroles.need import Need
from cfnroles.table.event_sources import source_of_action
from cfnroles.trail.coverage import Coverage

#: The number of items to list before the rest is counted.
MOST = 8
LAG = (
    "CloudTrail delivers an event up to some 15 minutes after the call: the last minutes of the window may be missing."
)
SESSIONS = (
    "The name of a role session shows the task, not the container that made a call. A call in several trails may"
    " be counted more than once."
)
HISTORY = (
    "These are the events of the event history: all management events of the last 90 days of one Region, and no data"
    " events."
)
STAYS = (
    "Permissions whose use is unknown stay in the policies, and so does everything that a field of a task"
    " definition requires."
)


def trail_words(audit: Audit) -> Iterator[str]:
    """Yield what the trail covers, and what it does not."""
    covered = audit.coverage
    if covered.events:
        yield (
            f"{counted_events(covered.events)} from {covered.first} to {covered.last}"
            + (f", in {counted(covered.files, 'file')}" if covered.files else "")
        )
    own = {each.account for each in audit.roles}
    yield from _region_words(covered, own)
    others = sum(each.events for each in covered.regions if each.account not in own)
    if others:
        names = len({each.account for each in covered.regions if each.account not in own})
        yield f"of {counted(names, 'other account')}, which say nothing about these roles: {counted_events(others)}"
    if covered.broken_count:
        yield f"{counted(covered.broken_count, 'file')} could not be read completely: {_broken(covered)}"
    if covered.malformed:
        yield f"{counted(covered.malformed, 'event')} could not be read"
    if covered.more:
        yield "an answer of lookup-events is only one page of several"
    if covered.ignored:
        yield f"{counted(covered.ignored, 'file')} that are not from CloudTrail were skipped"
    if covered.reports:
        yield f"{counted(len(covered.reports), 'report')} of IAM on when services were called last"
    for role in covered.unreported:
        yield f"IAM has no report on {role}, or the caller cannot read it"
    yield from audit.notes
    yield from (HISTORY,) if covered.history else ()
    yield LAG
    yield SESSIONS


def _region_words(covered: Coverage, own: set[str]) -> Iterator[str]:
    for region in covered.regions:
        if region.account in own:
            days = covered.missing_days(region)
            gap = f"; none, or not all, on {days_in_words(days)}" if days else ""
            yield f"account {region.account}, {region.name}: {counted_events(region.events)}{gap}"
    for account in sorted(own - {each.account for each in covered.regions}):
        yield f"account {account}: no events" if account else "the account of a role is unknown"


def _broken(covered: Coverage) -> str:
    told = [f"{each.name} ({each.why})" for each in covered.broken[:3]]
    more = covered.broken_count - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def counted_events(number: int) -> str:
    """Return a number of events, with thousands separators."""
    return f"{number:,} {by_number(number, 'event', 'events')}"


def role_words(role: AuditedRole) -> Iterator[str]:
    """Yield the users of a role, and how often it was assumed and used."""
    if role.users:
        holders = sorted({str(each.holder) for each in role.users})
        names = ", ".join(role.tasks[:MOST]) + (f" and {len(role.tasks) - MOST} more" if len(role.tasks) > MOST else "")
        yield f"{' and '.join(holders)} of {names}"
    if role.sessions.times:
        by_tasks = f", {_times(role.by_tasks.times)} by Amazon ECS for a task" if role.by_tasks.times else ""
        yield f"assumed {_often(role.sessions)}{by_tasks or ', never by Amazon ECS for a task'}"
    elif not role.calls.times:
        yield "never assumed in the window" if role.never_assumed else "no session of it is in the trail"
    if role.calls.times:
        yield f"called AWS {_often(role.calls)}, in {', '.join(role.regions)}"
    for name in role.unread:
        yield f"{name} could not be read and is not checked"


def grant_words(each: AuditedGrant, lines: Lines) -> Iterator[str]:
    """Yield everything about one grant besides its status."""
    if each.status is GrantStatus.USED:
        by = f": {_names([times.what for times in each.used])}" if len(each.used) > 1 or each.idle else ""
        yield (f"{_often(each)}{by}" if each.times else f"last {each.last[:10]}")
    for times in each.denied:
        yield f"refused {_often(times)} by: {times.what}"
    if each.why:
        yield f"{each.why} ({each.page})" if each.page else each.why
    if each.status is GrantStatus.USED and (each.idle or each.hidden):
        yield from _pattern_words(each)
    if each.status is GrantStatus.UNUSED and each.regions:
        yield f"looked for in {_names(each.regions)}: the resource names no Region"
    if each.status is GrantStatus.UNUSED and (thing := _recorded(each)):
        yield f"{thing}; one that selects calls by their names, or some objects only, would not show it"
    if each.iam:
        yield each.iam
    for need in each.needs[:MOST]:
        yield f"needed by {need_words(need, lines)}"
    if len(each.needs) > MOST:
        yield f"and by {counted(len(each.needs) - MOST, 'more field')}"
    if each.gap is not None:
        yield f"may be needed by {lines.where(each.gap.origin)}: {each.gap.what}"


def _recorded(each: AuditedGrant) -> str:
    """Return what the trail records of the resource; empty for management events."""
    granted = each.grant.granted
    source = source_of_action(granted.action)
    data = source.data_events(granted.action) if source else None
    if data is None:
        return ""
    return f"the trail has data events of {data.recorded_thing(granted.resource) or data.type}"


def _pattern_words(each: AuditedGrant) -> Iterator[str]:
    if each.idle:
        yield f"{counted(len(each.idle), 'more action')} of the pattern unused in the window"
    if each.hidden:
        yield f"{counted(each.hidden, 'more action')} of the pattern cannot be known, so that it stays as it is"


def need_words(need: Need, lines: Lines) -> str:
    """Return the field that needs something."""
    return lines.where(need.origin)


def status_words(each: AuditedGrant) -> str:
    """Return the status, and whether an unused grant is kept."""
    if each.is_needed and each.status in (GrantStatus.UNUSED, GrantStatus.NEVER_ASSUMED):
        return f"{each.status}, needed"
    return str(each.status)


def tight_words(tight: TightPolicy) -> str:
    """Return the change of one policy."""
    number = len(tight.removed) + len(tight.narrowed)
    taken = f"{counted(number, 'grant')} can be taken away or narrowed"
    where = ": it is AWS's own, and one of yours comes in its place" if tight.where.startswith("AWS managed") else ""
    return f"{taken}{where}. {STAYS}"


def refused_words(role: AuditedRole) -> Iterator[str]:
    """Yield the denied calls that no statement allows."""
    for refused, times in role.refused[:MOST]:
        yield f"{refused.action} on {refused.resource or 'an unnamed resource'}: {_often(times)}, by: {refused.kind}"
    more = role.further + max(0, len(role.refused) - MOST)
    if more:
        yield f"and {counted(more, 'more refused call')}"


def rank_words(role: AuditedRole) -> tuple[str, ...]:
    """Return a role as one row of a table."""
    idle = role.count(GrantStatus.UNUSED) + role.count(GrantStatus.NEVER_ASSUMED)
    state = "never assumed" if role.never_assumed else _sessions(role.sessions.times)
    return (
        role.name,
        state,
        str(len(role.tasks)),
        str(len(role.wide)),
        str(idle),
        str(role.risk) if idle else "",
        str(role.count(GrantStatus.UNKNOWN)),
    )


RANKED = ("role", "assumed", "task definitions:", "wide grants:", "unused:", "the worst of these", "unknown:")


def summary(audit: Audit) -> str:
    """Return one line about all roles."""
    counts = {status: sum(role.count(status) for role in audit.roles) for status in GrantStatus}
    told = [f"{number} {status}" for status, number in counts.items() if number]
    return f"{counted(len(audit.roles), 'role')}: {', '.join(told) or 'no statement allows anything'}"


def _often(times: Times | AuditedGrant) -> str:
    return f"{_times(times.times)}, last {times.last}"


def _sessions(number: int) -> str:
    return f"{number:,} {by_number(number, 'session', 'sessions')}"


def _times(number: int) -> str:
    return f"{number:,} {by_number(number, 'time', 'times')}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
