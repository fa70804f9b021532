"""The messages in what people have: a text, entries of a log, or what AWS answers as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cfnroles.messages.normalising import split
from cfnroles.messages.understanding import Understood, understand

#: How many entries of one text are looked at, the newest ones.
MOST = 1_000
#: Members of answers and events of AWS's that hold a message.
_MEMBERS = frozenset(
    (
        "stoppedReason",
        "reason",
        "message",
        "msg",
        "log",
        "error",
        "errorMessage",
        "statusReason",
        "ResourceStatusReason",
    )
)


def collected(text: str) -> tuple[Understood, ...]:
    """What the messages in a text say, each once, those first that say what it was; empty where none is known."""
    found: dict[tuple[object, ...], Understood] = {}
    for each in _texts(text):
        if understood := understand(each):
            key = (understood.name, understood.action, understood.thing, understood.denials)
            found.setdefault(key, understood)
    if not found and (whole := understand(text)):
        return (whole,)
    return tuple(sorted(found.values(), key=lambda each: each.category == "undetermined"))


def _texts(text: str) -> tuple[str, ...]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            tree = None
        if tree is not None:
            return tuple(_in_tree(tree))[:MOST]
    return split(text)[-MOST:]


def _in_tree(tree: Any) -> Iterator[str]:
    """The texts of all members that hold messages, in the order of the document."""
    waiting = [("", tree)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(value.items())
            if value.get("exitCode") == 137:
                yield "Exit code: 137"
        elif isinstance(value, list):
            waiting += [(name, each) for each in reversed(value)]
        elif isinstance(value, str) and name in _MEMBERS:
            yield value
