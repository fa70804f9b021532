"""A policy document as a source. Nothing is built from it; its statements are examined."""

from __future__ import annotations

from cfnroles.document import Document
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told

NOUN = "a policy document"
SIGNS = ("Statement",)
TAKES: frozenset[str] = frozenset()


def recognises(document: Document) -> bool:
    """Return whether it has statements."""
    return "Statement" in document.members


def read(document: Document, told: Told) -> Reading:
    """Return the reading of the policy document."""
    told.refuse_others(TAKES, f"{document.name} is {NOUN}")
    return Reading((document,), NOUN, told, policy=document.members)
