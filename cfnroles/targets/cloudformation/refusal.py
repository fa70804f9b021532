"""Errors about a place of a template that cannot be edited: file, line and column, and the line with a caret."""

from __future__ import annotations

from cfnroles.document import nearest, positions
from cfnroles.errors import InvalidInput
from cfnroles.page import Page, page
from cfnroles.refused_texts import drawn_at
from cfnroles.workload import Path


def refused(text: str, document: str, at: int, what: str, *, remedy: str, why: str = "") -> InvalidInput:
    """Return the error about an offset in a text."""
    line = text.count("\n", 0, at) + 1
    return _refused(text, document, (line, at - text.rfind("\n", 0, at)), what, why, remedy)


def refused_at(text: str, document: str, path: Path, what: str, *, remedy: str, why: str = "") -> InvalidInput:
    """Return the error about a path of a document, or about the nearest part around it that has a position."""
    known = positions(text, document)
    found = nearest(path, known)
    if found not in known:
        return InvalidInput(what, where=document, why=why, remedy=remedy)
    return _refused(text, document, known[found], what, why, remedy)


def _refused(text: str, document: str, position: tuple[int, int], what: str, why: str, remedy: str) -> InvalidInput:
    line, column = position

    def drawn() -> Page:
        return page(part for part in (drawn_at(text, line, column, document), why) if part)

    return InvalidInput(what, where=f"{document}:{line}:{column}", why=why, remedy=remedy, drawn=drawn)
