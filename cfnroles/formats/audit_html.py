"""An audit as one self-contained HTML page, for an access review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cfnroles.answers.audited import Audit, AuditedGrant, AuditedRole
from cfnroles.formats.audit_markdown import TITLE
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
from cfnroles.formats.html import Child, element, html_page
from cfnroles.lines import Lines
from cfnroles.page import Page

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { border: 1px solid #d0d7de; padding: .35rem .5rem; text-align: left; vertical-align: top }
code, pre { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
pre { background: #f6f8fa; padding: .75rem; overflow-x: auto; white-space: pre }
.used { background: #dafbe1 } .denied { background: #ffebe9 } .unused, .role { background: #fff8c5 }
.cannot { background: #f6f8fa }
"""


def html(audit: Audit, texts: Mapping[str, str], *, fleet: bool = False) -> Page:
    """Return the whole page."""
    return html_page(TITLE, _body(audit, Lines(texts), fleet=fleet), style=_STYLE)


def _body(audit: Audit, lines: Lines, *, fleet: bool) -> Iterator[Child]:
    yield element("h1", TITLE)
    yield element("p", f"{summary(audit)}.")
    if fleet or len(audit.roles) > 1:
        names = [name.removesuffix(":") for name in RANKED]
        yield _table(names, ([element("td", cell) for cell in rank_words(role)] for role in audit.roles))
    for role in () if fleet else audit.roles:
        yield from _role(role, lines)
    yield element("h2", "The trail")
    yield _list(trail_words(audit))


def _role(role: AuditedRole, lines: Lines) -> Iterator[Child]:
    yield element("h2", "Role ", element("code", role.name))
    yield _list([*([f"account {role.account}"] if role.account else []), *role_words(role)])
    heads = ("Status", "Action", "Resource", "Statement", "What was seen")
    yield _table(heads, (_cells(each, lines) for each in role.grants))
    if refused := list(refused_words(role)):
        yield element("p", "Refused, and allowed by no statement:")
        yield _list(refused)
    for tight in role.tight:
        yield element("p", "Of ", element("code", tight.name), f", {tight_words(tight)}")
        text = difference(role, tight).rstrip("\n")
        yield element("pre", *(part for line in text.split("\n") for part in (line, element("br"))))


def _cells(each: AuditedGrant, lines: Lines) -> list[Child]:
    granted = each.grant.granted
    return [
        element("td", status_words(each), class_=str(each.status).partition(" ")[0]),
        element("td", element("code", granted.action)),
        element("td", element("code", granted.resource)),
        element("td", element("code", str(each.grant.statement))),
        element("td", *(element("div", told) for told in grant_words(each, lines))),
    ]


def _table(heads: Iterable[str], rows: Iterable[list[Child]]) -> Child:
    head = element("tr", *(element("th", name) for name in heads))
    return element("table", head, *(element("tr", *cells) for cells in rows))


def _list(entries: Iterable[str]) -> Child:
    return element("ul", *(element("li", each) for each in entries))
