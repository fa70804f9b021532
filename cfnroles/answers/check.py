"""Whether every secret and parameter that a task refers to can be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aws.secret_validator import Examined
from cfnroles.facts import Facts, partition_of
from cfnroles.need import Reference
from cfnroles.symbols import Placeholder
from cfnroles.text import ACCOUNT, PARTITION, REGION


class Usable(StrEnum):
    """Whether ECS could use what a reference names."""

    YES = "ok"
    NO = "bad"
    UNKNOWN = "unknown"


class CheckedReference(Struct, frozen=True):
    """One reference and what was found out about it."""

    reference: Reference
    examined: Examined

    @property
    def usable(self) -> Usable:
        """Unknown where AWS refused to say."""
        if self.examined.version:
            return Usable.YES
        return Usable.UNKNOWN if self.examined.unknown else Usable.NO


class SecretCheck(Struct, frozen=True):
    """What was found out about all references of a task, in the order of the document."""

    references: tuple[CheckedReference, ...]
    warnings: tuple[str, ...]

    def __add__(self, other: SecretCheck) -> SecretCheck:
        return SecretCheck(self.references + other.references, self.warnings + other.warnings)

    def count(self, usable: Usable) -> int:
        """How many references are so."""
        return sum(checked.usable is usable for checked in self.references)


def left_open(reference: Reference) -> tuple[Placeholder, ...]:
    """The placeholders in a reference: nobody can say yet which secret or parameter it names."""
    return tuple(symbol for symbol in reference.value_from.unknown if isinstance(symbol, Placeholder))


def at_home(reference: Reference, facts: Facts) -> Reference:
    """The reference as ECS is given it in the account and Region of these facts."""
    known = {
        ACCOUNT.whole: facts.home_account,
        REGION.whole: facts.home_region,
        PARTITION.whole: partition_of(facts.home_region),
    }
    return replace(reference, value_from=reference.value_from.replaced(lambda symbol: known.get(symbol, symbol)))


def check(references: Iterable[Reference], examined: Iterable[Examined], warnings: Sequence[str]) -> SecretCheck:
    """Put together what was found out about the references without placeholders, in their order, and the others."""
    answers = iter(examined)
    checked = (CheckedReference(each, _unasked(each) if left_open(each) else next(answers)) for each in references)
    return SecretCheck(tuple(checked), tuple(warnings))


def _unasked(reference: Reference) -> Examined:
    names = dict.fromkeys(placeholder.called for placeholder in left_open(reference))
    return Examined(
        reference.value_from,
        code="placeholder",
        what=f"cannot be looked up before {' and '.join(names)} {'are' if len(names) > 1 else 'is'} known",
        remedy=f"Add {' '.join(f'--set {name}=VALUE' for name in names)}.",
        unknown=True,
    )
