"""Whether the secrets and parameters of a task can be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aws.secret_validator import Examined
from cfnroles.facts import Facts, partition_of
from cfnroles.need import Gap, Reference
from cfnroles.symbols import Cut, Placeholder, PseudoParameter, Symbol
from cfnroles.table.references import remedy
from cfnroles.text import ACCOUNT, PARTITION, REGION


class Usable(StrEnum):
    """Whether ECS could use the secret or parameter of a reference. One that the source itself creates does not
    exist yet.
    """

    MADE = "made"
    YES = "ok"
    NO = "bad"
    UNKNOWN = "unknown"


class CheckedReference(Struct, frozen=True):
    """One reference with its check result."""

    reference: Reference
    examined: Examined
    made: bool = False

    @property
    def usable(self) -> Usable:
        """Unknown if AWS denied the call."""
        if self.made:
            return Usable.MADE
        if self.examined.version:
            return Usable.YES
        return Usable.UNKNOWN if self.examined.unknown else Usable.NO


class SecretCheck(Struct, frozen=True):
    """The results for all references of a task, in the order of the document.

    ``unseen`` are unreadable parts of a template that may contain more references.
    """

    references: tuple[CheckedReference, ...]
    warnings: tuple[str, ...]
    unseen: tuple[Gap, ...] = ()

    def __add__(self, other: SecretCheck) -> SecretCheck:
        return SecretCheck(
            self.references + other.references, self.warnings + other.warnings, self.unseen + other.unseen
        )

    def count(self, usable: Usable) -> int:
        """Return the number of references with this result."""
        return sum(checked.usable is usable for checked in self.references)


def left_open(reference: Reference) -> tuple[Symbol, ...]:
    """Return the symbols of a reference that are unknown, so that the secret or parameter is unknown."""
    unknown = (symbol.of if isinstance(symbol, Cut) else symbol for symbol in reference.value_from.unknown)
    return tuple(dict.fromkeys(symbol for symbol in unknown if not isinstance(symbol, PseudoParameter)))


def at_home(reference: Reference, facts: Facts) -> Reference:
    """Return the reference as ECS reads it in the account and Region of these facts."""
    known = {
        ACCOUNT.whole: facts.home_account,
        REGION.whole: facts.home_region,
        PARTITION.whole: partition_of(facts.home_region),
    }
    return replace(reference, value_from=reference.value_from.replaced(lambda symbol: known.get(symbol, symbol)))


def check(
    references: Iterable[Reference],
    examined: Iterable[Examined],
    warnings: Sequence[str],
    made: Collection[Reference] = (),
) -> SecretCheck:
    """Combine the results of references that can be checked with the others, in their order."""
    answers = iter(examined)

    def checked(each: Reference) -> CheckedReference:
        if each in made:
            return CheckedReference(each, Examined(each.value_from), made=True)
        return CheckedReference(each, _unasked(each) if left_open(each) else next(answers))

    return SecretCheck(tuple(map(checked, references)), tuple(warnings))


def _unasked(reference: Reference) -> Examined:
    left = dict.fromkeys(left_open(reference))
    names = dict.fromkeys(each.called if isinstance(each, Placeholder) else each.spelled for each in left)
    placeholders = [each.called for each in left if isinstance(each, Placeholder)]
    remedies = (
        [f"Add {' '.join(f'--set {name}=VALUE' for name in dict.fromkeys(placeholders))}."] if placeholders else []
    )
    remedies += [f"{remedy(each)}." for each in left if not isinstance(each, Placeholder)]
    return Examined(
        reference.value_from,
        code="placeholder" if placeholders else "untold",
        what=f"cannot be checked before {' and '.join(names)} {'are' if len(names) > 1 else 'is'} known",
        remedy=" ".join(dict.fromkeys(remedies)),
        unknown=True,
    )
