"""JSON in strings of a template, such as the input of a target and the definition of a state machine."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<[\w.-]+>')
_VARIABLE = re.compile(r"<[\w.-]+>")
#: Represents a part of an event, as a path does.
_OF_EVENT = '"$."'


def event_json(text: str, levels: int) -> Any:
    """Parse JSON with variables of an event: each string with one becomes a path.

    Return ``None`` for anything else, or if it is nested too deeply.
    """
    tokens = _TOKEN.sub(lambda found: _OF_EVENT if _VARIABLE.search(found[0]) else found[0], text)
    return inner_json(tokens, levels)


def inner_json(text: str, levels: int) -> Any:
    """Parse JSON. Return ``None`` if it is invalid or nested too deeply."""
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
