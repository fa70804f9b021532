"""The findings about an account and Region, as a table and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from cfnroles.answers.fleet_finding import FleetFinding, FleetReport, Kind
from cfnroles.counted import counted
from cfnroles.layout import either, hanging
from cfnroles.need import Severity
from cfnroles.page import Page, joined, json_page, page, painted

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: ""}


def human(report: FleetReport) -> Page:
    """One entry for each finding, the worst first: what is found, about what, and in which task definitions."""
    found = [*_together(report.findings)]
    broad = max((len(each.kind) for each in found), default=0) + 2
    return page([*(_entry_line(each, broad) for each in found), *([""] if found else []), *_summary(report)])


def _entry_line(each: FleetFinding, broad: int) -> Page:
    kind = painted(each.kind, colour) if (colour := _COLOURS[each.kind.severity]) else each.kind
    concerned = each.affected.words()
    parts = (f"{each.subject}: {each.what}", *([f"({concerned})"] if concerned else []))
    return hanging(joined(kind, " " * (broad - len(each.kind))), either(parts))


def _together(findings: Sequence[FleetFinding]) -> Iterator[FleetFinding]:
    """Yield the findings, with the missing permissions of a role for the same task definitions as one."""
    lacks: defaultdict[tuple[str, str], list[FleetFinding]] = defaultdict(list)
    for each in findings:
        if each.kind is Kind.LACKS and ": denied" not in each.what:
            lacks[each.subject, each.affected.words()].append(each)
    for each in findings:
        same = lacks.get((each.subject, each.affected.words()), [])
        if each not in same or len(same) == 1:
            yield each
        elif each is same[0]:
            yield replace(each, what=", ".join(one.what.partition(" on ")[0] for one in same))


def _summary(report: FleetReport) -> Iterator[str]:
    which = {"all": "", "latest": "newest ", "used": "used "}[report.revisions]
    yield (
        f"{report.definitions:,} {which}task definition{'' if report.definitions == 1 else 's'} of"
        f" {report.families:,} {'family' if report.families == 1 else 'families'}"
        f" and {counted(report.roles, 'role')}: account {report.account}, {report.region}"
    )
    errors, warnings, infos = (len(report.of(each)) for each in Severity)
    told = (counted(errors, "error"), counted(warnings, "warning"), counted(infos, "info"))
    yield f"{', '.join(told)}, {len(report.unknown)} unknown"
    if report.resumed:
        yield f"begun {report.began} and resumed: what was read before is as it was then"
    if report.denied:
        yield f"permissions that would show more: {', '.join(report.denied)}"


def json_text(report: FleetReport) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    return json_page(
        {
            "schema": 1,
            "account": report.account,
            "region": report.region,
            "revisions": report.revisions,
            "begun": report.began,
            "resumed": report.resumed,
            "taskDefinitions": report.definitions,
            "families": report.families,
            "roles": report.roles,
            "findings": [_entry(each) for each in report.findings],
            "permissionsThatWouldTellMore": list(report.denied),
        }
    )


def _entry(each: FleetFinding) -> dict[str, object]:
    return {
        "kind": each.kind,
        "severity": each.kind.severity,
        "subject": each.subject,
        "what": each.what,
        "where": each.where,
        "count": each.affected.count,
        "taskDefinitions": {family: list(numbers) for family, numbers in each.affected.revisions.items()},
    }
