"""An audit as Markdown, for an access review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfnroles.answers.audited import Audit, AuditedRole, GrantStatus
from cfnroles.formats.audit_policies import difference
from cfnroles.formats.audit_words import (
    RANKED,
    grant_words,
    rank_words,
    refused_words,
    role_words,
    status_words,
    summary,
    tight_words,
    trail_words,
)
from cfnroles.lines import Lines
from cfnroles.markdown import below, code, document, fenced, heading, inline, items, paragraph, table
from cfnroles.page import Page, page

_SIGNS = {
    GrantStatus.USED: "✅",
    GrantStatus.DENIED: "⛔",
    GrantStatus.UNUSED: "❌",
    GrantStatus.UNKNOWN: "❔",
    GrantStatus.NEVER_ASSUMED: "❌",
}
TITLE = "Access review"


def markdown(audit: Audit, texts: Mapping[str, str], *, fleet: bool = False) -> Page:
    """Return a table of all roles, a table of the grants of each, and the coverage of the trail."""
    return document(_blocks(audit, Lines(texts), fleet=fleet))


def _blocks(audit: Audit, lines: Lines, *, fleet: bool) -> Iterator[str]:
    yield heading(1, TITLE)
    yield paragraph(f"{summary(audit)}.")
    if fleet or len(audit.roles) > 1:
        yield table(RANKED, ((code(row[0]), *row[1:]) for row in map(rank_words, audit.roles)))
    for role in () if fleet else audit.roles:
        yield from _role(role, lines)
    yield heading(2, "The trail")
    yield items(trail_words(audit))


def _role(role: AuditedRole, lines: Lines) -> Iterator[str]:
    yield heading(2, "Role ", code(role.name))
    yield items([*([f"account {role.account}"] if role.account else []), *role_words(role)])
    rows = (
        (
            inline(f"{_SIGNS[each.status]} ", status_words(each)),
            code(each.grant.granted.action),
            code(each.grant.granted.resource),
            below([code(str(each.grant.statement)), *grant_words(each, lines)]),
        )
        for each in role.grants
    )
    yield table(("Status", "Action", "Resource", "Statement, and what was seen"), rows)
    if refused := list(refused_words(role)):
        yield paragraph("Refused, and allowed by no statement:")
        yield items(refused)
    for tight in role.tight:
        yield paragraph("Of ", code(tight.name), f", {tight_words(tight)}")
        yield fenced(page(difference(role, tight).rstrip("\n").split("\n")), "diff")
