"""An explanation as text, as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from cfnroles.answers.explain import ExplainedStatement, Explanation
from cfnroles.formats.human import Lines, Texts, gaps_text
from cfnroles.statements import Statement

SCHEMA = 1


def human(explanation: Explanation, text: Texts) -> str:
    """For a terminal: role, statement, permissions, and the line of each field with what ECS does there."""
    return "\n".join(_human(explanation, text))


def markdown(explanation: Explanation, text: Texts) -> str:
    """For a review: a heading for each role and a table row for each statement."""
    return "\n".join(_markdown(explanation, Lines(text)))


def human_of_services(explanations: Mapping[str, Explanation], texts: Texts) -> str:
    """For a terminal, one service after the other."""
    return "\n".join(f"service {name}\n\n{human(each, texts)}" for name, each in explanations.items())


def markdown_of_services(explanations: Mapping[str, Explanation], texts: Texts) -> str:
    """For a review, with a heading for each service."""
    return "\n".join(f"# Service {name}\n\n{markdown(each, texts)}" for name, each in explanations.items())


def json_of_services(explanations: Mapping[str, Explanation], texts: Texts) -> str:
    """For programs: what ``json_text`` says of each service, by its name."""
    lines = Lines(texts)
    services = {name: _members(each, lines) for name, each in explanations.items()}
    return json.dumps({"schema": SCHEMA, "services": services}, indent=2)


def json_text(explanation: Explanation, text: Texts) -> str:
    """For programs. ``schema`` changes when the form does."""
    return json.dumps({"schema": SCHEMA, **_members(explanation, Lines(text))}, indent=2)


def _members(explanation: Explanation, lines: Lines) -> dict[str, object]:
    roles = {
        str(holder): [_entry(explained, lines) for explained in statements] for holder, statements in explanation.roles
    }
    gaps = [
        {"role": str(gap.holder), "field": gap.origin.pointer, "what": gap.what, "remedy": gap.remedy}
        for gap in explanation.gaps
    ]
    return {"roles": roles, "gaps": gaps}


def _human(explanation: Explanation, text: Texts) -> Iterator[str]:
    lines = Lines(text)
    if not explanation.roles:
        yield "No role needs any permission."
    for holder, statements in explanation.roles:
        yield f"{holder}"
        for explained in statements:
            statement = explained.statement
            yield f"  {statement.sid}: {', '.join(statement.actions)}"
            yield from (f"      on {resource}" for resource in statement.resources)
            yield from (f"      if {condition}" for condition in _conditions(statement))
            for reason in explained.reasons:
                yield f"    because {reason.reason.why}"
                yield from (f"      {lines.where(origin)}" for origin in reason.origins)
                yield f"      {reason.reason.source}"
        yield ""
    if explanation.gaps:
        yield "Gaps, where a name is missing and no permission is given:"
        yield gaps_text(explanation.gaps, text)


def _markdown(explanation: Explanation, lines: Lines) -> Iterator[str]:
    for holder, statements in explanation.roles:
        yield f"## {str(holder).capitalize()}"
        yield ""
        yield "| statement | actions | resources | fields | why |"
        yield "|---|---|---|---|---|"
        for explained in statements:
            statement = explained.statement
            conditions = [f"if {condition}" for condition in _conditions(statement)]
            yield "| {} | {} | {} | {} | {} |".format(
                statement.sid,
                _cell([f"`{action}`" for action in statement.actions]),
                _cell([*(f"`{resource}`" for resource in statement.resources), *conditions]),
                _cell([lines.where(origin) for reason in explained.reasons for origin in reason.origins]),
                _cell([f"{reason.reason.why} ([AWS]({reason.reason.source}))" for reason in explained.reasons]),
            )
        yield ""
    if explanation.gaps:
        yield "## Gaps"
        yield ""
        yield from (f"- {lines.where(gap.origin)}: {gap.what}. {gap.remedy}" for gap in explanation.gaps)


def _entry(explained: ExplainedStatement, lines: Lines) -> dict[str, object]:
    statement = explained.statement
    return {
        "sid": statement.sid,
        "actions": list(statement.actions),
        "resources": list(statement.resources),
        "conditions": [
            {"operator": condition.operator, "key": condition.key, "values": list(condition.values)}
            for condition in statement.conditions
        ],
        "when": list(statement.when),
        "reasons": [
            {
                "feature": reason.reason.feature,
                "why": reason.reason.why,
                "source": reason.reason.source,
                "fields": [
                    {
                        "document": origin.document,
                        "path": origin.pointer,
                        "line": lines.line(origin),
                        "container": origin.container,
                        "item": origin.item,
                    }
                    for origin in reason.origins
                ],
            }
            for reason in explained.reasons
        ],
    }


def _conditions(statement: Statement) -> list[str]:
    conditions = [f"{c.key} {c.operator} {' or '.join(c.values)}" for c in statement.conditions]
    return [*conditions, *(f"the parameter {parameter} has a value" for parameter in statement.when)]


def _cell(texts: list[str]) -> str:
    return "<br>".join(text.replace("|", "\\|") for text in texts)
