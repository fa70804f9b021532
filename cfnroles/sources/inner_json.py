"""JSON that stands in a text of a template, such as the input of a target and the definition of a state machine."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[\w.-]+>')
_VARIABLE = re.compile(r"<[\w.-]+>")
#: What stands for a part of an event, as a path does.
_OF_EVENT = '"$."'


def event_json(text: str, levels: int) -> Any:
    """What a JSON text says that has variables of an event in it: a path in the place of each text with one.

    ``None`` where it is none, or has more levels than anything that is read.
    """
    tokens = _TOKEN.sub(lambda found: _OF_EVENT if _VARIABLE.search(found[0]) else found[0], text)
    return inner_json(tokens, levels)


def inner_json(text: str, levels: int) -> Any:
    """What a JSON text says; ``None`` where it is none, or has more levels than anything that is read."""
    if _is_deep(text, levels):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_deep(text: str, levels: int) -> bool:
    depth = 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        if depth > levels:
            return True
    return False
