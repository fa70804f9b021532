"""An audit for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.answers.audited import Audit, AuditedGrant, AuditedRole, GrantStatus, Times
from cfnroles.formats.audit_policies import written
from cfnroles.formats.audit_words import (
    RANKED,
    grant_words,
    rank_words,
    refused_words,
    role_words,
    status_words,
    tight_words,
    trail_words,
)
from cfnroles.formats.shapes import origin_entry
from cfnroles.layout import aligned
from cfnroles.lines import Lines
from cfnroles.page import Page, json_page, page, painted

_COLOURS = {
    GrantStatus.USED: "32",
    GrantStatus.DENIED: "31",
    GrantStatus.UNUSED: "33",
    GrantStatus.UNKNOWN: "2",
    GrantStatus.NEVER_ASSUMED: "33",
}


def human(audit: Audit, texts: Mapping[str, str], *, fleet: bool = False) -> Page:
    """For a terminal: each role with each grant, or with ``fleet`` one line for each role; then what is covered."""
    lines = Lines(texts)
    told: list[str] = []
    if fleet:
        told += [*aligned([tuple(name.removesuffix(":") for name in RANKED), *map(rank_words, audit.roles)]), ""]
    for role in () if fleet else audit.roles:
        told += [*_role(role, lines), ""]
    told.append(painted("The trail", "1"))
    told += (f"  {each}" for each in trail_words(audit))
    return page(told)


def _role(role: AuditedRole, lines: Lines) -> Iterator[str]:
    account = f" in account {role.account}" if role.account else ""
    yield painted(f"Role {role.name}{account}", "1")
    yield from (f"  {each}" for each in role_words(role))
    statement = None
    for grant in role.grants:
        if grant.grant.statement != statement:
            statement = grant.grant.statement
            yield f"  {statement}"
        yield from _grant(grant, lines)
    if refused := list(refused_words(role)):
        yield "  Refused, and allowed by no statement"
        yield from (f"    {each}" for each in refused)
    for tight in role.tight:
        yield f"  {tight.name}: {tight_words(tight)} -o DIR writes the policy and the difference."


def _grant(each: AuditedGrant, lines: Lines) -> Iterator[str]:
    yield painted(f"    {status_words(each)}: {each.grant.granted}", _COLOURS[each.status])
    yield from (f"      {told}" for told in grant_words(each, lines))


def json_text(audit: Audit, texts: Mapping[str, str]) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    lines = Lines(texts)
    covered = audit.coverage
    return json_page(
        {
            "schema": 1,
            "trail": {
                "events": covered.events,
                "first": covered.first,
                "last": covered.last,
                "files": covered.files,
                "eventHistory": covered.history,
                "regions": [
                    {
                        "account": each.account,
                        "region": each.name,
                        "events": each.events,
                        "missingDays": list(covered.missing_days(each)),
                        "managementReads": each.reads,
                        "managementWrites": each.writes,
                        "dataEvents": sum(each.data.values()),
                    }
                    for each in covered.regions
                ],
                "unreadable": [{"file": each.name, "why": each.why} for each in covered.broken],
                "unreadableFiles": covered.broken_count,
                "unreadableEvents": covered.malformed,
                "otherFiles": covered.ignored,
                "notes": list(trail_words(audit)),
            },
            "roles": [_role_entry(each, lines) for each in audit.roles],
        }
    )


def _role_entry(role: AuditedRole, lines: Lines) -> dict[str, Any]:
    return {
        "role": role.name,
        "account": role.account,
        "source": role.role.name,
        "users": [{"task": each.task, "holder": each.holder} for each in role.users],
        "assumed": _entry(role.sessions),
        "assumedByTasks": _entry(role.by_tasks),
        "calls": _entry(role.calls),
        "regions": list(role.regions),
        "grants": [_grant_entry(each, lines) for each in role.grants],
        "refused": [
            {"action": refused.action, "resource": refused.resource, "policy": refused.kind, **_entry(times)}
            for refused, times in role.refused
        ],
        "furtherRefused": role.further,
        "wide": [{"action": each.action, "resource": each.resource} for each in role.wide],
        "unread": list(role.unread),
        "tight": [
            {
                "policy": each.name,
                "removed": [{"action": one.action, "resource": one.resource} for one in each.removed],
                "narrowed": [
                    {"action": one.action, "resource": one.resource, "to": list(kept)} for one, kept in each.narrowed
                ],
                "document": written(each.after),
            }
            for each in role.tight
        ],
    }


def _grant_entry(each: AuditedGrant, lines: Lines) -> dict[str, Any]:
    granted = each.grant.granted
    return {
        "statement": str(each.grant.statement),
        "action": granted.action,
        "resource": granted.resource,
        "status": each.status,
        "times": each.times,
        "last": each.last,
        "used": [{"action": one.what, **_entry(one)} for one in each.used],
        "mayHaveUsed": sum(one.times for one in each.perhaps),
        "denied": [{"policy": one.what, **_entry(one)} for one in each.denied],
        "why": each.why,
        "source": each.page,
        "iam": each.iam,
        "removable": each.removable,
        "neededBy": [origin_entry(need.origin, lines.line(need.origin)) for need in each.needs],
        "unusedActions": list(each.idle),
        "unknownActions": each.hidden,
    }


def _entry(times: Times) -> dict[str, Any]:
    return {"times": times.times, "last": times.last}
