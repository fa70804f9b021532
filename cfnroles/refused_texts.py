"""Contents that no document may have, in any format."""

from __future__ import annotations

import math

from cfnroles.errors import InvalidInput
from cfnroles.page import Page

#: Documents of CloudFormation and ECS stay far below this. Above it, walking a tree would exceed Python's recursion
#: limit and, in libyaml, the stack.
DEPTH = 100


def too_deep(where: str) -> InvalidInput:
    """Return the error for a document that is nested too deeply."""
    return InvalidInput(f"is nested deeper than {DEPTH} levels, the maximum", where=where)


def repeated(key: str, where: str) -> InvalidInput:
    """Return the error for a key that occurs twice in one object."""
    return InvalidInput(f"has the key {key!r} twice in one object", where=where, remedy="Keep one of them.")


def finite(text: str) -> float:
    """Return the number in a text. Raise ValueError if it exceeds the range of a float."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text if len(text) <= 20 else f'{text[:20]}...'} is too large")
    return number


def drawn_at(text: str, line: int, column: int, document: str = "") -> Page:
    """Return the line of a text with a caret, without its values."""
    from cfnroles.excerpt import Spot, excerpt  # only for wrong input

    return excerpt(Spot(text, line, column, document))
