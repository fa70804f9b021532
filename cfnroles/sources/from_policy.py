"""A policy document as a source: there is nothing to build, and its statements can be looked at."""

from __future__ import annotations

from cfnroles.document import Document
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told

NOUN = "a policy document"
SIGNS = ("Statement",)
TAKES: frozenset[str] = frozenset()


def recognises(document: Document) -> bool:
    """Whether it has statements."""
    return "Statement" in document.members


def read(document: Document, told: Told) -> Reading:
    """The policy document."""
    told.refuse_others(TAKES, f"{document.name} is {NOUN}")
    return Reading((document,), NOUN, told, policy=document.members)
