"""What is put into a file for a role, and why something can be put into none."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.statements import Statement


class Lacked(Struct, frozen=True):
    """A statement that a role lacks, and the conditions of the source that it depends on, in words."""

    statement: Statement
    when: str = ""


class Ungrantable(Exception):
    """A statement has no place that can be edited; the text says why, and what helps."""
