"""The statements to add to a file for a role, and why a statement cannot be added."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.statements import Statement


class Lacked(Struct, frozen=True):
    """A statement that a role lacks, and the conditions of the source that it depends on, in words."""

    statement: Statement
    when: str = ""


class Ungrantable(Exception):
    """A statement has no place that can be edited; the message says why, and what helps."""
