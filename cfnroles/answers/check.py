"""Whether every secret and parameter that a task refers to can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cfnroles.aws.secret_validator import Examined
from cfnroles.need import Reference


class Usable(StrEnum):
    """Whether ECS could use what a reference names."""

    YES = "ok"
    NO = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CheckedReference:
    """One reference and what was found out about it."""

    reference: Reference
    examined: Examined

    @property
    def usable(self) -> Usable:
        """Unknown where AWS refused to say."""
        if self.examined.version:
            return Usable.YES
        return Usable.UNKNOWN if self.examined.unknown else Usable.NO


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about all references of a task, in the order of the document."""

    references: tuple[CheckedReference, ...]
    warnings: tuple[str, ...]

    def __add__(self, other: Check) -> Check:
        return Check(self.references + other.references, self.warnings + other.warnings)

    def count(self, usable: Usable) -> int:
        """How many references are so."""
        return sum(checked.usable is usable for checked in self.references)


def check(references: Sequence[Reference], examined: Sequence[Examined], warnings: Sequence[str]) -> Check:
    """Put together what was asked and what was found out."""
    return Check(tuple(map(CheckedReference, references, examined)), tuple(warnings))
