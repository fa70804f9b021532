"""What AWS answers is no more than a text, either: each format of a deployment, of a check, of outputs and of events.

The values are filled from their types, so that a new field is filled, too.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from cfnroles.answers.check import SecretCheck
from cfnroles.aws.stack import Event
from cfnroles.deploy.deleting import Deletion
from cfnroles.deploy.failures import Failure
from cfnroles.deploy.plan import Note, Plan
from cfnroles.deploy.refused import refusal_of
from cfnroles.deploy.result import Result
from cfnroles.deploy.stack_sets import FleetPlan
from cfnroles.formats import check, deployment, deployment_plan
from cfnroles.formats.deployment_table import deployment_table
from cfnroles.formats.stack_sets import stack_sets_text
from cfnroles.page import Page, page
from cfnroles.text import Text
from tests.rendered import found_in_texts, links, structure

EVIL = (
    "a\n# No permission changes.\n![x](https://evil.example)<img> @octocat |`[red]:smile:\r\x1b[2K\x9b\u202e##[error]y"
)


def filled(kind: Any) -> Any:
    """A value of a type in which every text is hostile."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return filled(next(each for each in arguments if each is not type(None)))
    if origin is tuple:
        return (filled(arguments[0]),) if arguments[1:] == (...,) else tuple(map(filled, arguments))
    if origin in (list, Sequence, frozenset):
        return (origin if origin is not Sequence else tuple)([filled(arguments[0])])
    if origin in (dict, Mapping):
        return {filled(arguments[0]): filled(arguments[1])}
    if origin is typing.Literal:
        return arguments[0]
    simple = {str: EVIL, Text: Text(EVIL), int: 1, float: 1.0, bool: True, Path: Path("x"), Any: {}, object: EVIL}
    if kind in simple:
        return simple[kind]
    if kind is datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    assert isinstance(kind, type), kind
    hints = typing.get_type_hints(kind)
    if dataclasses.is_dataclass(kind):
        return kind(**{each.name: filled(hints[each.name]) for each in dataclasses.fields(kind)})
    assert issubclass(kind, Struct), kind
    return kind(**{name: filled(hints[name]) for name in kind.__struct_fields__})


OUTPUTS = [(EVIL, ((EVIL, EVIL),))]
ANSWERS: dict[str, Callable[[], str]] = {
    "a plan": lambda: deployment_plan.plan_text(filled(Plan)),
    "a plan, json": lambda: deployment_plan.plan_json(filled(Plan)),
    "a plan, markdown": lambda: deployment_plan.plan_markdown(filled(Plan)),
    "a plan of stack sets": lambda: stack_sets_text(filled(FleetPlan)),
    "a deletion": lambda: deployment.deletion_text(filled(Deletion)),
    "an event": lambda: page([deployment.event_line(filled(Event))]),
    "a note": lambda: page([deployment.event_line(filled(Note))]),
    "a result": lambda: deployment.result_text(filled(Result)),
    "a failure": lambda: deployment.failure_text([filled(Failure)], [EVIL]),
    "a refusal": lambda: str(refusal_of([filled(Failure), filled(Failure)])),
    "outputs": lambda: deployment.outputs_text(OUTPUTS),
    "outputs, json": lambda: deployment.outputs_json(OUTPUTS),
    "outputs, env": lambda: deployment.outputs_env(OUTPUTS),
    "statuses": lambda: deployment.statuses_text([(EVIL, None)]),
    "statuses, json": lambda: deployment.statuses_json([(EVIL, None)]),
    "a check": lambda: check.human(filled(SecretCheck), {}),
    "a check, json": lambda: check.json_text(filled(SecretCheck), {}),
    "a check, markdown": lambda: check.markdown(filled(SecretCheck), {}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_of_it_is_more_than_a_text(name: str) -> None:
    text = ANSWERS[name]()
    assert isinstance(text, Page)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "\n# No" not in text
    assert "##[" not in text
    if name.endswith("json"):
        json.loads(text)
    if name.endswith("markdown"):
        assert not structure(text).keys() & {"image", "html_inline", "html_block", "em_open", "hr"}
        assert (found_in_texts(text), links(text)) == ([], [])


def test_the_table_of_a_deployment_shows_it() -> None:
    shown = deployment_table([filled(Event), filled(Note)], datetime.now(UTC))
    assert all(line.isprintable() for line in shown)
    assert any("[red]" in line for line in shown)
