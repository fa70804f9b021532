"""The checks of the gate, run in advance for all stacks at once with the caller's credentials.

A missing secret stops the deployment. An unknown does not: the gate in the stack decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.aws.secret_validator import Examined
from cfnroles.counted import counted
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.home import Destination
from cfnroles.deploy.plan import GATE, ReferenceCheck, UnknownReference
from cfnroles.errors import Unavailable
from cfnroles.table.references import shown
from cfnroles.template.template import ResolvedStack, plain, symbols
from cfnroles.text import Text, from_spelling

#: Checks references in the format of ``Custom::SecretsExist`` in a Region and account. Returns a result for each, and
#: warnings.
Examine = Callable[[Sequence[Mapping[str, str]], str, str], tuple[tuple[Examined, ...], tuple[str, ...]]]

#: Why nothing is known without a check.
NOT_ASKED = "--no-check"


class GateReference(Struct, frozen=True):
    """One reference that the gate of a stack will check. ``why`` it cannot be checked now, if so."""

    stack: str
    value_from: str
    needed_by: str
    use: str
    why: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """The reference in the format of the gate."""
        return {"ValueFrom": self.value_from, "For": self.needed_by, "Use": self.use}

    @property
    def shown(self) -> str:
        """The reference for messages. If it may contain the value of a secret, only its length."""
        return shown(from_spelling(self.value_from, policy=False) if self.why else Text(self.value_from))


_LATER = "only CloudFormation knows their values"


def references_of(name: str, stack: ResolvedStack) -> tuple[GateReference, ...]:
    """Return what the gates of a stack will check, as far as its values are known."""
    return tuple(_references(name, stack))


def _references(name: str, stack: ResolvedStack) -> Iterator[GateReference]:
    for gate in stack.of_type(GATE):
        given = gate.properties.get("References")
        for item in given if isinstance(given, list) else [given]:
            # An empty CommaDelimitedList is one empty string, which the gate skips.
            if item not in ("", None):
                yield _reference(name, item, open_gate=bool(gate.undecided))


def _reference(name: str, item: Any, *, open_gate: bool) -> GateReference:
    fields = item if isinstance(item, Mapping) and "Fn::If" not in item else {"ValueFrom": item}
    value, needed_by, use = (fields.get(key, "") for key in ("ValueFrom", "For", "Use"))
    known = all(isinstance(each, str) and not symbols(each) for each in (value, use))
    texts = [plain(each) if isinstance(each, str) else str(each) for each in (value, needed_by, use)]
    return GateReference(name, texts[0], texts[1], texts[2], "" if known and not open_gate else _LATER)


def checked(
    references: Sequence[GateReference], home: Destination, examine: Examine
) -> tuple[ReferenceCheck, tuple[Failure, ...]]:
    """Check the references. Return the results, and the failure for those that cannot be used.

    Raise ``InvalidInput`` for an invalid connection.
    """
    elsewhere = "" if home.account else "the account is unknown"
    now = [each for each in references if not (each.why or elsewhere)]
    later = [_unknown(each, elsewhere or each.why) for each in references if each.why or elsewhere]
    try:
        answers, warnings = examine([each.asked for each in now], home.region, home.account)
    except Unavailable as error:
        return ReferenceCheck(len(references), (*(_unknown(each, error.what) for each in now), *later)), ()
    pairs = list(zip(now, answers, strict=True))
    unknown = [_unknown(each, _why(told)) for each, told in pairs if told.unknown]
    bad = [(each, told) for each, told in pairs if not (told.version or told.unknown)]
    check = ReferenceCheck(len(references), (*unknown, *later), len(bad), warnings)
    return check, (_missing(bad, references),) if bad else ()


def _unknown(reference: GateReference, why: str) -> UnknownReference:
    return UnknownReference(reference.stack, reference.shown, reference.needed_by, why)


def _why(told: Examined) -> str:
    match told.code:
        case "denied":
            return f"not allowed to call {told.detail}"
        case "refused":
            return f"AWS answers {told.detail}"
        case "late":
            return "the time limit was reached"
        case _:
            return told.detail or told.what


def _missing(bad: Sequence[tuple[GateReference, Examined]], all_of_them: Sequence[GateReference]) -> Failure:
    """Return one failure with everything that cannot be used, once with all its users, as the gate reports it."""
    several = len({each.stack for each in all_of_them}) > 1
    users: dict[tuple[str, str], list[str]] = {}
    for each, told in bad:
        needed = each.needed_by or each.shown
        users.setdefault((told.what, told.remedy), []).append(f"{needed} ({each.stack})" if several else needed)
    head = f"{len(bad)} of {len(all_of_them)} references to secrets and parameters cannot be used:"
    lines = [
        f"{number}. {what}. Needed by {'; '.join(needed)}. {remedy}"
        for number, ((what, remedy), needed) in enumerate(users.items(), 1)
    ]
    return Failure("", Cause.REFERENCE, (head, *lines), remedy=_REMEDY)


_REMEDY = "Nothing was created or changed. Fix it and run the same command again."


def not_asked(references: Sequence[GateReference], why: str) -> ReferenceCheck:
    """Return the result without a check, and the reason."""
    return ReferenceCheck(len(references), tuple(_unknown(each, why) for each in references))


def strictly(check: ReferenceCheck, gaps: Sequence[str] | None, home: Destination) -> tuple[Failure, ...]:
    """Return failures of a strict deployment: gaps in its roles, and references that could not be checked.

    ``gaps`` is ``None`` if the build did not record them.
    """
    failures = []
    if gaps is None:
        why = "cannot see whether the roles have gaps (--strict): the build did not record them"
        failures.append(_strict((why,), "Build it again with this version: cfnroles build SOURCE"))
    elif gaps:
        head = f"the roles have {counted(len(gaps), 'gap')} (--strict):"
        failures.append(_strict((head, *(f"  {gap}" for gap in gaps)), "Fix them, or deploy without --strict."))
    if check.unknown:
        head = f"{len(check.unknown)} of {check.total} references could not be checked (--strict):"
        told = [f"  {each.needed_by or each.reference} ({each.stack}): {each.why}" for each in check.unknown]
        remedy = "Let the caller read them, or deploy without --strict: then only the gate in the stack checks them."
        failures.append(_strict((head, *told), remedy))
    if home.why:
        why = f"cannot determine the caller (--strict): {home.why}"
        failures.append(_strict((why,), "Check with: aws sts get-caller-identity"))
    return tuple(failures)


def _strict(lines: tuple[str, ...], remedy: str) -> Failure:
    return Failure("", Cause.STRICT, lines, remedy=remedy)
