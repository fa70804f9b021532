"""Explanations as text, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from cfnroles.answers.explanation import ExplainedStatement, Explanation, conditions_told, resources_told
from cfnroles.formats.shapes import conditions_entry, gap_entry, origin_entry
from cfnroles.formats.taken import defaults_words
from cfnroles.lines import Lines, Texts, gaps_text
from cfnroles.markdown import Markup, below, code, document, heading, inline, items, link, table
from cfnroles.need import Reason
from cfnroles.page import Page, json_page, page

SCHEMA = 1


def human(explanations: Sequence[Explanation], texts: Texts) -> Page:
    """Return text for a terminal: role, statement, permissions, and the line of each field with what ECS does."""
    return page(_human(explanations, texts))


def markdown(explanations: Sequence[Explanation], texts: Texts) -> Page:
    """Return Markdown for a review: a heading for each role and a table row for each statement."""
    return document(_markdown(explanations, Lines(texts)))


def json_text(explanations: Sequence[Explanation], texts: Texts) -> Page:
    """Return JSON. ``schema`` is the version of the format. Services of a project are under their names."""
    lines = Lines(texts)
    if any(each.stack for each in explanations):
        stacks = groupby(explanations, key=lambda each: each.stack)
        return json_page(
            {"schema": SCHEMA, "stacks": {name: _of_template(tuple(each), lines) for name, each in stacks}}
        )
    if any(each.resource or each.unseen for each in explanations):
        return json_page({"schema": SCHEMA, **_of_template(explanations, lines)})
    services = {each.service: _members(each, lines) for each in explanations}
    members = services.get("", {"services": services})
    return json_page({"schema": SCHEMA, **members})


def _of_template(explanations: Sequence[Explanation], lines: Lines) -> dict[str, object]:
    """Return the task definitions by logical ID, and the unreadable parts of the template."""
    resources = {
        each.resource: {
            **({"construct": each.construct} if each.construct else {}),
            "when": each.when,
            "defaults": list(each.defaults),
            **_members(each, lines),
        }
        for each in explanations
        if each.resource
    }
    unseen = [gap for each in explanations if not each.resource for gap in each.gaps]
    return {"resources": resources, "gaps": [gap_entry(gap, lines.line(gap.origin)) for gap in unseen]}


def _members(explanation: Explanation, lines: Lines) -> dict[str, object]:
    roles = {
        str(holder): [_entry(explained, lines) for explained in statements] for holder, statements in explanation.roles
    }
    return {"roles": roles, "gaps": [gap_entry(gap, lines.line(gap.origin)) for gap in explanation.gaps]}


def _human(explanations: Sequence[Explanation], texts: Texts) -> Iterator[str]:
    lines = Lines(texts)
    for each in explanations:
        if each.service:
            yield from (f"service {each.service}", "")
        if each.resource:
            yield from (f"{each.noun} {each.called}{_of_stack(each)}{_only(each.when)}", "")
        if each.unseen:
            yield from (f"the rest of the {each.whole}{_of_stack(each)}", "")
        yield from _human_of_one(each, lines)


#: For a task definition without needs and gaps.
NOTHING = "No role needs any permission."


def _human_of_one(explanation: Explanation, lines: Lines) -> Iterator[str]:
    if not explanation.roles and not explanation.unseen:
        yield "What the roles need cannot be named." if explanation.gaps else NOTHING
    for holder, statements in explanation.roles:
        yield f"{holder}"
        for explained in statements:
            statement = explained.statement
            yield f"  {statement.sid}{_only(explained.when)}: {', '.join(statement.actions)}"
            yield from (f"      on {resource}" for resource in resources_told(statement, explanation.whole))
            yield from (f"      if {condition}" for condition in conditions_told(statement, explanation.whole))
            for reason in explained.reasons:
                yield f"    because {reason.reason.why}"
                if reason.reason.told:
                    yield f"      {reason.reason.told}"
                yield from (f"      {lines.where(origin)}" for origin in reason.origins)
                yield f"      {reason.reason.source}"
        yield ""
    if explanation.gaps:
        yield "Gaps, where a name is missing and no permission is given:"
        yield gaps_text(explanation.gaps, lines)
    if explanation.defaults:
        yield defaults_words(explanation.defaults)
    if not explanation.resource and (unknown := _unknown_home(explanation)):
        yield unknown
    if explanation.resource:
        yield ""


#: What the document may leave open about where the task runs, in the words of the roles stack, with its option.
_HOME = {"AccountId": ("account", "--account ID"), "Region": ("Region", "--region REGION")}


def _unknown_home(explanation: Explanation) -> str:
    """Return the meaning of the pseudo parameters in the resources, for a document that has none; empty without any."""
    statements = [each.statement for _, those in explanation.roles for each in those]
    texts = [str(each) for statement in statements for each in statement.resources]
    open_ = [name for name in _HOME if any(f"${{AWS::{name}}}" in text for text in texts)]
    if not open_:
        return ""
    told = " and ".join(f"${{AWS::{name}}} is the {_HOME[name][0]}" for name in open_)
    options = " and ".join(_HOME[name][1] for name in open_)
    return f"{told} of the roles stack. To see {'it' if len(open_) == 1 else 'them'}, give {options}."


def _markdown(explanations: Sequence[Explanation], lines: Lines) -> Iterator[str]:
    for each in explanations:
        if each.service:
            yield heading(1, "Service ", each.service)
        if each.resource:
            called = f"{each.called}{_of_stack(each)}{_only(each.when)}"
            yield heading(1, f"{each.noun[0].upper()}{each.noun[1:]} ", called)
        if each.unseen:
            yield heading(1, f"The rest of the {each.whole}", _of_stack(each))
        yield from _markdown_of_one(each, lines)


def _markdown_of_one(explanation: Explanation, lines: Lines) -> Iterator[str]:
    for holder, statements in explanation.roles:
        yield heading(2, str(holder).capitalize())
        yield table(
            ("statement", "actions", "resources", "fields", "why"),
            (_row(each, lines, explanation.whole) for each in statements),
        )
    if explanation.gaps:
        yield heading(2, "Gaps")
        yield items(inline(code(lines.where(gap.origin)), f": {gap.what}. {gap.remedy}") for gap in explanation.gaps)
    if explanation.defaults:
        before, option, after = defaults_words(explanation.defaults).partition("--parameter NAME=VALUE")
        yield inline(before, code(option), after)


def _row(explained: ExplainedStatement, lines: Lines, whole: str) -> Iterator[str]:
    statement = explained.statement
    yield f"{statement.sid}{_only(explained.when)}"
    yield below(code(action) for action in statement.actions)
    conditions = (f"if {condition}" for condition in conditions_told(statement, whole))
    yield below((*(code(resource) for resource in resources_told(statement, whole)), *conditions))
    yield below(code(lines.where(origin)) for reason in explained.reasons for origin in reason.origins)
    yield below(_why(each.reason) for each in explained.reasons)


def _entry(explained: ExplainedStatement, lines: Lines) -> dict[str, object]:
    statement = explained.statement
    return {
        "sid": statement.sid,
        **({"onlyIf": explained.when} if explained.when else {}),
        "actions": list(statement.actions),
        "resources": list(statement.resources),
        "conditions": conditions_entry(statement.conditions),
        "when": list(statement.when),
        "reasons": [
            {
                "feature": reason.reason.feature,
                "why": reason.reason.why,
                "source": reason.reason.source,
                "standing": str(reason.reason.standing),
                "doubt": reason.reason.doubt,
                "fields": [origin_entry(origin, lines.line(origin)) for origin in reason.origins],
            }
            for reason in explained.reasons
        ],
    }


def _of_stack(each: Explanation) -> str:
    return f" of {each.stack}" if each.stack else ""


def _only(when: str) -> str:
    return f" (only if {when})" if when else ""


def _why(reason: Reason) -> Markup:
    told = f"; {reason.told}" if reason.told else ""
    return inline(f"{reason.why} ", "(", link("AWS", reason.source), told, ")")
