"""A verification as Markdown, for a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.answers.verify import Outcome, Verification, trust_outcome
from cfnroles.formats.verification_words import (
    by_words,
    ground_words,
    label,
    only_if,
    placed,
    remedies,
    statements_json,
    summary,
    tight_words,
    trust_words,
    unused_words,
    wide_words,
)
from cfnroles.lines import Lines, Texts
from cfnroles.need import Origin

_SIGNS = {Outcome.ALLOWED: "✅", Outcome.UNKNOWN: "❔", Outcome.MISSING: "❌", Outcome.DENIED: "⛔"}


def markdown(verifications: Sequence[Verification], text: Texts) -> str:
    """A heading for each role, a table row for each verdict, and the statements to add or to put in place."""
    return "\n".join(line for each in verifications for line in _role(each, Lines(text))).rstrip()


def _role(each: Verification, lines: Lines) -> Iterator[str]:
    yield f"## {str(each.holder).capitalize()}: {each.role.name}"
    yield ""
    yield f"**Verdict: {each.verdict}.** {summary(each).split(': ', 2)[2].capitalize()}."
    yield ""
    if each.grounds:
        yield from (*(f"- {words}" for _, words in ground_words(each)), "")
    yield "| field | permission | verdict | by |"
    yield "|---|---|---|---|"
    if each.trust is not None:
        outcome = trust_outcome(each.trust)
        yield _row("trust policy", "`sts:AssumeRole`", _verdict(outcome), "; ".join(trust_words(each.trust)))
    for judged in each.judged:
        permission = judged.need.permission
        conditions = [f"if `{c.key}` is `{' or '.join(c.values)}`" for c in permission.conditions]
        told = ["`" + permission.action + "`", f"on `{permission.resource}`", *conditions]
        by = by_words(each, judged).removeprefix("by ")
        yield _row(_field(judged.need.origin, lines), "<br>".join(told), _verdict(judged.outcome), by)
    for need in each.hanging:
        yield _row(_field(need.origin, lines), f"`{need.permission.action}`", "only if", only_if(each, need))
    yield ""
    for remedy in remedies(each):
        yield f"- {remedy}"
    if each.missing:
        yield from ("### Missing", "", f"Add to the {each.holder}:", "", *_code(statements_json(each.missing)))
    yield from _excess(each)
    if each.application:
        yield from ("Not judged, because only the application's authors know what it needs:", "")
        yield from (", ".join(f"`{action}`" for action in each.application), "")
    if each.chosen:
        granted = ", ".join(f"`{action}`" for action in each.chosen)
        yield from (f"Granted by the spec by the name of a policy: {granted}", "")
    if each.removals is not None:
        yield from ("### Proof", "", "| without | fails |", "|---|---|")
        for removal in each.removals:
            places = sorted({need.origin.place for need in removal.fails})
            yield _row(f"`{removal}`", "<br>".join(places) or "nothing")
        yield ""
    if each.gaps:
        yield from ("### Gaps", "")
        yield from (f"- {lines.where(gap.origin)}: {gap.what}. {gap.remedy}" for gap in each.gaps)
        yield ""


def _excess(each: Verification) -> Iterator[str]:
    if each.excess:
        yield from ("### Excess, the riskiest first", "")
    for number, found in enumerate(each.excess, start=1):
        yield f"{number}. **{placed(each.role, found.statement)}** lets one {found.risk}"
        yield from (f"   - {words}" for words in unused_words(found, each))
        yield from (f"   - {wide_words(wide)}" for wide in found.wide)
        yield f"   - {tight_words(found)}"
        if found.tight:
            yield from ("", *(f"     {line}" for line in _code(statements_json(found.tight))))
    if each.excess:
        yield ""


def _field(origin: Origin, lines: Lines) -> str:
    line = lines.line(origin)
    container = f"container {origin.container}: " if origin.container else ""
    return f"{container}{label(origin)} ({origin.document}{f':{line}' if line else ''})"


def _verdict(outcome: Outcome) -> str:
    return f"{_SIGNS[outcome]} {outcome}"


def _code(text: str) -> list[str]:
    return ["```json", *text.splitlines(), "```", ""]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
