"""Values that decide what a row does: a choice of ECS, or true. An unknown value may turn out to be any of them."""

from __future__ import annotations

import re

from cfnroles.table.feature import Unnamed
from cfnroles.table.references import remedy
from cfnroles.text import Text, text_of


def may_be(value: object, choice: str) -> bool:
    """Return whether a value is a choice of ECS, or an unknown one that may become one."""
    if not isinstance(value, str):
        return False
    text = text_of(value)
    if not text.unknown:
        return text == choice
    form = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in text.parts)
    return re.fullmatch(form, choice) is not None


def is_choice(value: object, choice: str, member: str) -> bool:
    """Return whether a value is a choice of ECS. Raise Unnamed if that is unknown. ``member`` is its member."""
    chosen = may_be(value, choice)
    if chosen and isinstance(value, str):
        _refuse_unknown(text_of(value), choice, member)
    return chosen


def is_true(value: object, member: str) -> bool:
    """Return whether a value is true. Raise Unnamed if it is unknown. ``member`` is its member."""
    if isinstance(value, str):
        _refuse_unknown(text_of(value), "true", member)
    return value is True


def _refuse_unknown(text: Text, choice: str, member: str) -> None:
    if text.unknown:
        raise Unnamed(f"cannot see whether {member} is {choice}: it is {text.written}", remedy(text.unknown[0]))
