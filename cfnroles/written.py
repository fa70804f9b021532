"""Texts as their user writes them: with an expression for all of a value of which a row saw the parts."""

from __future__ import annotations

from cfnroles.symbols import Expression
from cfnroles.text import Part, Text


def as_written(text: Text) -> Text:
    """The text with the user's own expression for all of a value, where a symbol stood for the name in it."""
    kept: list[Part] = []
    for part in text.parts:
        forms = part.forms if isinstance(part, Expression) else ()
        before = Text(*kept)
        whole: Part = part
        for form, expression in forms:
            if str(before).endswith(form):
                kept, whole = list(_without(before, form)), expression
                break
        kept.append(whole)
    return Text(*kept)


def _without(before: Text, form: str) -> tuple[Part, ...]:
    """What stands before a form, which ends the text."""
    parts, left = list(before.parts), form
    while left and parts:
        last = parts.pop()
        spelled = str(Text(last))
        if isinstance(last, str) and not left.endswith(spelled):
            return (*parts, last[: len(last) - len(left)])
        left = left.removesuffix(spelled)
    return tuple(parts)
