"""A verification as Markdown, for a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.answers.prove import Removal
from cfnroles.answers.verification import Outcome, Verification, trust_outcome
from cfnroles.formats.taken import defaults_words
from cfnroles.formats.verification_words import (
    by_condition,
    by_words,
    counted,
    doubt_words,
    ground_words,
    in_own_terms,
    kept_pasted,
    kept_words,
    label,
    only,
    only_if,
    others_words,
    pasted,
    placed,
    plain_words,
    remedies,
    taken_words,
    tight_words,
    trust_words,
    unused_words,
    use_words,
    wide_words,
)
from cfnroles.lines import Lines, Texts
from cfnroles.markdown import (
    Markup,
    below,
    code,
    document,
    fenced,
    heading,
    inline,
    items,
    numbered,
    paragraph,
    strong,
    table,
)
from cfnroles.need import Origin
from cfnroles.page import Page

_SIGNS = {Outcome.ALLOWED: "✅", Outcome.UNKNOWN: "❔", Outcome.MISSING: "❌", Outcome.DENIED: "⛔"}


def markdown(verifications: Sequence[Verification], text: Texts) -> Page:
    """Return a heading for each role, a table row for each verdict, and the statements to add or replace."""
    return document(block for each in in_own_terms(verifications) for block in _role(each, Lines(text)))


def _role(each: Verification, lines: Lines) -> Iterator[str]:
    yield heading(2, f"{str(each.holder).capitalize()}: ", code(each.role.name))
    yield paragraph(" ".join(use_words(each)))
    yield paragraph(strong(f"Verdict: {each.verdict}."), f" {counted(each).capitalize()}.")
    yield items(words for _, words in ground_words(each))
    yield table(("field", "permission", "verdict", "by"), _verdicts(each, lines))
    yield items(remedies(each))
    if each.missing:
        yield heading(3, "Missing")
        yield f"Add to the {each.holder}:"
        for when, statements in by_condition(each, "missing", each.missing):
            yield paragraph(f"only if {when}:" if when else "")
            if words := plain_words(each, statements):
                yield paragraph(words)
            yield fenced(*pasted(each, statements))
    yield from _excess(each)
    if each.application:
        yield "Not judged, because only the application's authors know what it needs:"
        yield paragraph(_listed(each, each.application))
    if each.chosen:
        yield paragraph("Granted by the spec by the name of a policy: ", _listed(each, each.chosen))
    if each.removals is not None:
        yield heading(3, "Proof")
        yield table(("without", "fails"), ((code(str(removal)), _fails(removal)) for removal in each.removals))
    if each.gaps:
        yield heading(3, "Gaps")
        yield items(inline(code(lines.where(gap.origin)), f": {gap.what}. {gap.remedy}") for gap in each.gaps)
    yield paragraph(defaults_words(each.use.defaults if each.use else ()))
    yield paragraph(taken_words(each))


def _verdicts(each: Verification, lines: Lines) -> Iterator[Sequence[str]]:
    if each.trust is not None:
        verdict = _verdict(trust_outcome(each.trust))
        yield "trust policy", code("sts:AssumeRole"), verdict, "; ".join(trust_words(each.trust))
        if others := others_words(each.trust):
            yield "trust policy", code("sts:AssumeRole"), Markup(f"{_SIGNS[Outcome.MISSING]} others"), " ".join(others)
    for judged in each.judged:
        permission = judged.need.permission
        conditions = [inline("if ", code(c.key), " is ", code(" or ".join(c.values))) for c in permission.conditions]
        told = [code(permission.action), inline("on ", code(permission.resource)), *conditions]
        by = by_words(each, judged).removeprefix("by ")
        told += [inline(only(each, judged)), inline(doubt_words(judged))]
        yield _field(judged.need.origin, lines), below(told), _verdict(judged.outcome), by
    for need in each.hanging:
        action = below([code(need.permission.action), inline(only(each, need))])
        yield _field(need.origin, lines), action, "only if", only_if(each, need)


def _excess(each: Verification) -> Iterator[str]:
    if each.excess:
        yield heading(3, "Excess permissions, riskiest first")
    for number, found in enumerate(each.excess, start=1):
        head = inline(
            strong(placed(each.role, found.statement)), f" allows the role to {found.risk} {only(each, found)}".rstrip()
        )
        wide = (wide_words(each, found.statement, one) for one in found.wide)
        words = [*unused_words(found, each), *wide, *filter(None, [tight_words(found, each)])]
        yield numbered(number, head, words)
        margin = "     "
        for when, statements in by_condition(each, found.statement, found.tight):
            if when:
                # A paragraph ends the list of the entry.
                yield paragraph(f"only if {when}:")
                margin = ""
            yield fenced(*pasted(each, statements, found.statement), margin=margin)
        if found.kept:
            yield paragraph(kept_words(found, each))
            yield fenced(*kept_pasted(found, each))


def _listed(each: Verification, actions: Sequence[str]) -> Markup:
    parts = [part for action in actions for part in (", ", code(action), f" {only(each, action)}".rstrip())]
    return inline(*parts[1:])


def _fails(removal: Removal) -> str:
    return below(sorted({need.origin.place for need in removal.fails})) or "nothing"


def _field(origin: Origin, lines: Lines) -> Markup:
    line = lines.line(origin)
    container = inline("container ", code(origin.container), ": ") if origin.container else ""
    return inline(container, label(origin), " (", code(f"{origin.document}{f':{line}' if line else ''}"), ")")


def _verdict(outcome: Outcome) -> Markup:
    return Markup(f"{_SIGNS[outcome]} {outcome}")
