"""Communication between a deployment and its gate: an ID that orders deployments, and the result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from cfnroles.aws.stack import Event, StackDescription
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.parameters import DEPLOYMENT_ID
from cfnroles.deploy.plan import GATE
from cfnroles.template.template import Template

#: The formats of the gate (lambda/secret_validator.py): TIME and AHEAD_SECONDS.
_TIME = re.compile(r"\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(\.\d+)?Z?")
_AHEAD = timedelta(minutes=15)

#: The value of ``Tolerated`` for nothing.
_NOTHING = "none"


class GateAnswer(Struct, frozen=True):
    """The results of the gates of a stack.

    ``checked`` is the number of references that they found usable, ``None`` if the outputs do not contain it;
    ``tolerated`` lists unusable references that they let through, one line for each gate.
    """

    checked: int | None = None
    tolerated: tuple[str, ...] = ()


def next_deployment_id(now: datetime, before: StackDescription | None) -> str:
    """Return an ID for the time ``now``, or just after the deployed ID: a slow clock never looks like a rollback.

    A deployed ID from the future is ignored, because the gate ignores it, too.
    """
    moment = _of(now)
    if before:
        deployed = _digits(dict(before.parameters).get(DEPLOYMENT_ID, ""))
        if deployed <= _of(max(now, before.updated or now) + _AHEAD):
            moment = max(moment, deployed + 1)
    digits = f"{moment:020}"
    return f"{digits[:8]}T{digits[8:14]}.{digits[14:]}Z"


def _of(moment: datetime) -> int:
    return int(f"{moment.astimezone(UTC):%Y%m%d%H%M%S%f}")


def _digits(text: str) -> int:
    return int(re.sub(r"\D", "", text).ljust(20, "0")[:20]) if _TIME.fullmatch(text) else 0


def gate_answer(template: Template, stack: StackDescription, events: Iterable[Event]) -> GateAnswer:
    """Return the results of the gates of a deployed stack, from its outputs.

    The number of checked references is included only if the ``events`` show that a gate ran. Tolerated references are
    always included, because the deployed stack contains them.
    """
    checked, tolerated = (_told(template, stack, attribute) for attribute in ("Checked", "Tolerated"))
    asked = any(event.type == GATE and event.status.endswith("_COMPLETE") for event in events)
    known = checked and all(map(str.isdecimal, checked))
    count = sum(map(int, checked)) if asked and known else None
    return GateAnswer(count if asked else 0, tuple(text for text in tolerated if text != _NOTHING))


def _told(template: Template, stack: StackDescription, attribute: str) -> tuple[str, ...]:
    """Return the values of the outputs with an attribute of a gate."""
    gates = {
        name for name, each in _mapping(template.tree.get("Resources")).items() if _mapping(each).get("Type") == GATE
    }
    carriers = [[gate, attribute] for gate in gates] + [f"{gate}.{attribute}" for gate in gates]
    outputs = _mapping(template.tree.get("Outputs"))
    return tuple(
        value
        for name, value in stack.outputs
        if _mapping(_mapping(outputs.get(name)).get("Value")).get("Fn::GetAtt") in carriers
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def let_through(stack: StackDescription, answer: GateAnswer) -> Failure:
    """Return the failure of a deployment whose gate let through what it should have rejected."""
    return Failure(
        stack.name,
        Cause.GATE,
        ("the gate treated the deployment as a rollback and accepted what cannot be used:", *answer.tolerated),
        stack.status,
        remedy="Create what is missing and run the same command again: it checks everything again.",
    )
