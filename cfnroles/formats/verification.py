"""A verification as a tree for a terminal, and as JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from cfnroles.answers.excess import Excess, Wide
from cfnroles.answers.prove import Removal
from cfnroles.answers.trust import Trust
from cfnroles.answers.verification import Judged, Outcome, Use, Verification, trust_outcome
from cfnroles.formats.shapes import gap_entry, need_entry
from cfnroles.formats.taken import defaults_words
from cfnroles.formats.verification_words import (
    by_condition,
    by_words,
    doubt_words,
    doubtful,
    ground_words,
    in_own_terms,
    kept_pasted,
    kept_statements,
    kept_words,
    label,
    only,
    only_if,
    others_words,
    pasted,
    placed,
    plain_words,
    remedies,
    statements_tree,
    summary,
    taken_words,
    tight_words,
    trust_words,
    unused_words,
    use_words,
    wide_words,
)
from cfnroles.iam.evaluator import StatementId
from cfnroles.layout import either, hanging
from cfnroles.lines import Lines, Texts, gaps_text
from cfnroles.need import Need, Origin
from cfnroles.page import Page, joined, json_page, page, painted, visible
from cfnroles.role_kinds import kind_of
from cfnroles.statements import Statement

_SGR = {
    Outcome.ALLOWED: "32",
    Outcome.UNKNOWN: "35",
    Outcome.MISSING: "1;31",
    Outcome.DENIED: "1;31",
}
_MARKS = {
    Outcome.ALLOWED: "[ok]     ",
    Outcome.UNKNOWN: "[unknown]",
    Outcome.MISSING: "[MISSING]",
    Outcome.DENIED: "[DENIED] ",
}
_ONLY_IF = "[only if]"
_OTHERS = "[OTHERS] "


def human(verifications: Sequence[Verification], text: Texts) -> Page:
    """For a terminal: role, container, field and every verdict; then what to add, and what is too much."""
    lines = [line for each in in_own_terms(verifications) for line in _role(each, text)]
    while lines and not lines[-1]:
        lines.pop()
    return page(lines)


def json_text(verifications: Sequence[Verification], text: Texts) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    lines = Lines(text)
    return json_page({"schema": 1, "roles": [_entry(each, lines) for each in in_own_terms(verifications)]})


def _mark(outcome: Outcome) -> Page:
    """Return the mark of an outcome, in a fixed width, with a meaning that does not depend on its color."""
    return painted(_MARKS[outcome], _SGR[outcome])


def _heading(text: str) -> Page:
    return painted(text, "1")


def _marked(mark: Page, told: Iterable[str]) -> Page:
    """A mark and parts behind it: on one line if they fit, else each part on its own."""
    return hanging(joined("    ", mark, " "), either(part for part in told if part))


def _role(each: Verification, text: Texts) -> Iterator[str]:
    lines = Lines(text)
    yield _heading(f"{str(each.holder).capitalize()}: {each.role.name}")
    yield from use_words(each)
    yield f"Verdict: {each.verdict}"
    for _, words in ground_words(each):
        yield hanging("  - ", words)
    yield ""
    if each.absence is None:
        yield from _trust(each)
    entries: list[Judged | Need] = [*each.judged, *each.hanging]
    entries.sort(key=lambda entry: (_origin(entry).sort_key, isinstance(entry, Need)))
    for container, found in groupby(entries, key=lambda entry: _origin(entry).container):
        yield f"container {container}" if container else "task"
        for _, same in groupby(found, key=lambda entry: _origin(entry).path):
            yield from _field(each, list(same), lines)
    if each.absence is None or entries:
        yield ""
    for part in (_unknown, _missing, _excess, _application, _proof):
        found_lines = list(part(each))
        if found_lines:
            yield from (*found_lines, "")
    if each.gaps:
        yield _heading("Gaps, where a name is missing and nothing can be verified:")
        yield from (gaps_text(each.gaps, text), "")
    if defaults := defaults_words(each.use.defaults if each.use else ()):
        yield from (defaults, "")
    if taken := taken_words(each):
        yield from (taken, "")


def _trust(each: Verification) -> Iterator[str]:
    yield "trust policy"
    if each.trust is None:
        yield _marked(painted("[skipped]", "2"), ["no trust policy was given"])
    else:
        yield _marked(_mark(trust_outcome(each.trust)), trust_words(each.trust))
        if others := others_words(each.trust):
            yield _marked(painted(_OTHERS, _SGR[Outcome.MISSING]), others)


def _field(each: Verification, entries: Sequence[Judged | Need], lines: Lines) -> Iterator[str]:
    origin = _origin(entries[0])
    line = lines.line(origin)
    yield f"  {label(origin)} ({origin.document}{f':{line}' if line else ''})"
    for entry in entries:
        if isinstance(entry, Need):
            mark = painted(_ONLY_IF, "2")
            yield _marked(mark, [entry.permission.action, f"if {only_if(each, entry)}", only(each, entry)])
            continue
        permission = entry.need.permission
        verdict = [permission.action, f"on {permission.resource}"]
        if entry.outcome is not Outcome.ALLOWED:
            verdict += [f"if {c.key} is {' or '.join(c.values)}" for c in permission.conditions]
        told = [*verdict, by_words(each, entry), only(each, entry), doubt_words(entry)]
        yield _marked(_mark(entry.outcome), told)


def _unknown(each: Verification) -> Iterator[str]:
    told = remedies(each)
    if told:
        yield _heading("To decide what is unknown:")
    for remedy in told:
        yield hanging("  - ", remedy)


def _missing(each: Verification) -> Iterator[str]:
    if each.missing:
        yield _heading(f"Missing: add to the {each.holder}")
        for doubt in doubtful(each.missing):
            yield hanging("  - ", doubt)
        yield from _statements(each, "missing", each.missing)


def _excess(each: Verification) -> Iterator[str]:
    if each.excess:
        yield _heading("Excess permissions, riskiest first")
    for number, found in enumerate(each.excess, start=1):
        head = f"{placed(each.role, found.statement)}: allows the role to {found.risk} {only(each, found)}".rstrip()
        yield hanging(f"{number}. ", head)
        for told in unused_words(found, each):
            yield hanging("   - ", told)
        for wide in found.wide:
            yield hanging("   - ", wide_words(each, found.statement, wide))
        if told := tight_words(found, each):
            yield hanging("   > ", told)
        yield from _statements(each, found.statement, found.tight)
        if told := kept_words(found, each):
            yield hanging("   > ", told)
            yield kept_pasted(found, each)[0]


def _statements(each: Verification, what: object, statements: Sequence[Statement]) -> Iterator[str]:
    for when, several in by_condition(each, what, statements):
        if when:
            yield visible(f"only if {when}:")
        if words := plain_words(each, several):
            yield words
        yield pasted(each, several, what)[0]


def _application(each: Verification) -> Iterator[str]:
    if each.application:
        actions = (f"{action} {only(each, action)}".rstrip() for action in each.application)
        told = "Not judged, because only the application's authors know what it needs: " + ", ".join(actions)
        yield told
    if each.chosen:
        yield "Granted by the spec by the name of a policy: " + ", ".join(each.chosen)


def _proof(each: Verification) -> Iterator[str]:
    if each.removals is None:
        return
    yield _heading(f"Proof: each of {len(each.removals)} grants was removed")
    for removal in each.removals:
        yield hanging("  - ", f"without {removal}: {_fails(removal)}")


def _fails(removal: Removal) -> str:
    if not removal.fails:
        return "nothing fails"
    first = removal.fails[0]
    others = f" and {len(removal.fails) - 1} more" if len(removal.fails) > 1 else ""
    action = first.permission.action
    who = kind_of(first.holder).assumed_by.who
    return f"{who} is refused {action} for {first.origin.place}{others} ({first.reason.why})"


def _origin(entry: Judged | Need) -> Origin:
    return entry.need.origin if isinstance(entry, Judged) else entry.origin


def _entry(each: Verification, lines: Lines) -> dict[str, Any]:
    return {
        "holder": str(each.holder),
        "role": each.role.name,
        **(_use_entry(each, each.use) if each.use else {}),
        "outcome": str(each.outcome),
        "verdict": str(each.verdict),
        "grounds": [
            {"ground": ground.name.lower().replace("_", "-"), "fails": ground.fails, "what": words}
            for ground, words in ground_words(each)
        ],
        "summary": summary(each),
        "trust": each.trust and _trust_entry(each.trust),
        "verdicts": [_judged_entry(each, judged, lines) for judged in each.judged],
        "onlyIf": [
            {**need_entry(need, lines.line(need.origin)), "if": list(need.permission.when), **_only_if(each, need)}
            for need in each.hanging
        ],
        "missing": statements_tree(each, each.missing),
        **_conditions("missing", [each.when(("missing", one)) for one in each.missing]),
        "excess": [_excess_entry(each, found) for found in each.excess],
        "application": list(each.application),
        "chosen": list(each.chosen),
        "unsure": [{"action": grant.action, "resource": grant.resource} for grant in each.unsure],
        "unread": [
            {"policy": unread.name, "where": unread.where, "why": unread.why, "remedy": unread.remedy}
            for unread in each.role.all_unread
        ],
        "proof": each.removals and [_removal_entry(each, removal, lines) for removal in each.removals],
        "gaps": [gap_entry(gap, lines.line(gap.origin)) for gap in each.gaps],
    }


def _judged_entry(each: Verification, judged: Judged, lines: Lines) -> dict[str, Any]:
    return {
        **need_entry(judged.need, lines.line(judged.need.origin)),
        **_only_if(each, judged),
        "outcome": str(judged.outcome),
        "by": [_statement(each, statement) for statement in judged.by],
        "dependsOn": list(judged.keys),
        "boundary": judged.boundary,
        "unlessDenied": [_statement(each, statement) for statement in judged.unless_denied],
    }


def _trust_entry(trust: Trust) -> dict[str, Any]:
    return {
        "service": trust.service,
        "outcome": str(trust_outcome(trust)),
        "by": list(trust.by),
        "dependsOn": list(trust.keys),
        "alsoAdmits": list(trust.others),
        "anyAccount": trust.open,
        "problem": trust.problem,
    }


def _excess_entry(each: Verification, found: Excess) -> dict[str, Any]:
    return {
        "statement": _statement(each, found.statement),
        "risk": str(found.risk),
        **_only_if(each, found),
        "unused": [
            {"action": grant.action, "resource": grant.resource, **_only_if(each, (found.statement, grant))}
            for grant in found.unused
        ],
        "wide": [{**_wide(wide), **_only_if(each, (found.statement, ("wide", wide.grant)))} for wide in found.wide],
        "instead": statements_tree(each, found.tight),
        **_conditions("instead", [each.when((found.statement, one)) for one in found.tight]),
        **({"kept": kept_statements(found, each)} if found.kept else {}),
    }


def _use_entry(each: Verification, use: Use) -> dict[str, Any]:
    return {
        "resources": list(use.tasks),
        "constructs": list(use.constructs),
        **({"stack": use.stack} if use.stack else {}),
        "runBy": list(use.runners),
        "when": use.when,
        "defaults": list(use.defaults),
        "taken": list(use.taken),
        "alsoUsedBy": list(use.others),
        "absent": each.absence is not None,
    }


def _only_if(each: Verification, told: object) -> dict[str, str]:
    when = each.when(told)
    return {"onlyIf": when} if when else {}


def _conditions(name: str, conditions: Sequence[str]) -> dict[str, list[str]]:
    """Return the conditions of statements, in order, if any has one."""
    return {f"{name}OnlyIf": list(conditions)} if any(conditions) else {}


def _removal_entry(each: Verification, removal: Removal, lines: Lines) -> dict[str, Any]:
    return {
        "action": removal.action,
        "resource": removal.resource,
        "conditions": dict(removal.conditions),
        "statement": _statement(each, removal.statement),
        "fails": [need_entry(need, lines.line(need.origin)) for need in removal.fails],
    }


def _wide(wide: Wide) -> dict[str, Any]:
    return {
        "action": wide.grant.action,
        "resource": wide.grant.resource,
        "furtherActions": wide.actions,
        "furtherResources": wide.resources,
        "lackingConditions": list(wide.conditions),
        "looserConditions": list(wide.looser),
        "needed": [{"action": p.action, "resource": p.resource} for p in wide.needed],
    }


def _statement(each: Verification, statement: StatementId) -> dict[str, Any]:
    return {
        "policy": statement.policy,
        "index": statement.index,
        "sid": statement.sid,
        "where": placed(each.role, statement),
    }
