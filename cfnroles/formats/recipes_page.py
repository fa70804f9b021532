"""Recipes for service specs as a page of the documentation, from the specs in ``examples/recipes``.

``python -m cfnroles.formats.recipes_page examples/recipes docs/recipes.md``
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cfnroles.sources.reading import Task
from cfnroles.sources.source import read
from cfnroles.statements import Statement, compose
from cfnroles.targets.cloudformation.other_accounts import other_accounts
from cfnroles.targets.cloudformation.other_side import other_side_files

_HEAD = """\
# Recipes

<!-- Written by `python -m cfnroles.formats.recipes_page examples/recipes docs/recipes.md`; the tests build each. -->

Copy one of these service specs, change its names, and run `cfnroles build cfnroles.yaml`. Below each spec are the
statements that its roles get; `${KmsKeyArns}` is a parameter of the roles' template that the build sets. The task
definitions are in `examples/recipes`, and [Service specs](spec.md) lists every key.
"""


def recipes_page(directory: Path) -> str:
    """Return the page: each spec of ``directory`` with the statements of its roles."""
    sections = [_section(path) for path in sorted(directory.glob("*.yaml"))]
    contents = [f"- [{title}](#{_anchor(title)})" for title, _ in sections]
    return "\n".join([_HEAD, *contents, "", *(text for _, text in sections)]).rstrip() + "\n"


def _section(path: Path) -> tuple[str, str]:
    title, about, *lines = path.read_text(encoding="utf-8").splitlines()
    title, about = title.removeprefix("# "), about.removeprefix("# ")
    reading = read(path)
    services = reading.accepted()
    text = [f"## {title}", "", about, "", "```yaml", *lines, "```", ""]
    text += _statements(services)
    for account in other_accounts(services):
        files = other_side_files(reading, account, "yaml")
        text += [f"Policy for account {account}:", "", "```json", _policies(files).rstrip(), "```", ""]
    return title, "\n".join(text)


def _statements(services: Sequence[Task]) -> Iterator[str]:
    rows = []
    for each in services:
        owner = f"{each.name}, " if len(services) > 1 else ""
        rows += [_row(owner, statement) for statement in compose(each.discovery.needs) if _exists(statement, each)]
        for holder, options in each.options.items():
            chosen = [f"managed policy `{policy}`" for policy in options.managed_policies]
            if chosen:
                rows.append(f"| {owner}{holder} | | {'<br>'.join(chosen)} | |")
    if rows:
        yield from ("| role | statement | actions | resources |", "|---|---|---|---|", *rows, "")
    else:
        yield from ("These roles need no statements.", "")


def _exists(statement: Statement, service: Task) -> bool:
    """Return whether the spec gives values to the parameters that the statement depends on."""
    return "KmsKeyArns" not in statement.when or bool(service.facts.kms_key_arns)


def _row(owner: str, statement: Statement) -> str:
    conditions = [
        f"if `{c.key}` {c.operator} {' or '.join(f'`{value}`' for value in c.values)}" for c in statement.conditions
    ]
    resources = [f"`{resource}`" for resource in statement.resources]
    actions = "<br>".join(f"`{action}`" for action in statement.actions)
    where = "<br>".join([*resources, *conditions])
    return f"| {owner}{statement.holder} | {statement.sid} | {actions} | {where} |"


def _policies(files: Mapping[str, str]) -> str:
    return json.dumps(json.loads(files["statements.json"]), indent=2)


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(recipes_page(Path(sys.argv[1])), encoding="utf-8")
