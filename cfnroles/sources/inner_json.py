"""JSON that stands in a text of a template, such as the input of a target and the definition of a state machine."""

from __future__ import annotations

import json
from typing import Any


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
