"""What no document may hold, whichever way it is written."""

from __future__ import annotations

import math

from cfnroles.errors import InvalidInput
from cfnroles.page import Page

#: CloudFormation's and ECS's own documents stay far below it. Beyond it, walking a tree would pass Python's limit of
#: recursion and, in libyaml, the machine's stack.
DEPTH = 100


def too_deep(where: str) -> InvalidInput:
    """The refusal of what is nested too deep."""
    return InvalidInput(f"is nested deeper than {DEPTH} levels, the maximum", where=where)


def repeated(key: str, where: str) -> InvalidInput:
    """The refusal of a key that stands twice in one object."""
    return InvalidInput(f"has the key {key!r} twice in one object", where=where, remedy="Keep one of them.")


def finite(text: str) -> float:
    """The number that a text spells; raises ValueError for one that no float can hold."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text if len(text) <= 20 else f'{text[:20]}...'} is too large")
    return number


def drawn_at(text: str, line: int, column: int, document: str = "") -> Page:
    """The line of a text with a caret, and without its values."""
    from cfnroles.excerpt import Spot, excerpt  # for wrong input alone

    return excerpt(Spot(text, line, column, document))
