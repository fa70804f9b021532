"""The problems of a deployment, as the lines of one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfnroles.answers.admission import Admission, Lacking
from cfnroles.answers.check import CheckedReference
from cfnroles.answers.verification import Judged, Outcome
from cfnroles.formats.verification_words import by_words, trust_words
from cfnroles.lines import Lines, Texts
from cfnroles.need import Gap
from cfnroles.page import Page, page

#: The subject of check results, which are the same in the secret validator and here.
_VALIDATOR, _HOOK = "the validator", "the hook's function"
_WAIT = "Policies of the same stack count only once they exist: add DependsOn to the task definition."


def refusal(found: Admission, texts: Texts) -> Page:
    """Return all certain problems."""
    lines = [line for each in found.lacking for line in _role(each)]
    lines += [line for each in found.bad for line in _reference(each)]
    if any(not each.unnamed for each in found.lacking):
        lines.append(_WAIT)
    return page(lines)


def doubts(found: Admission, texts: Texts) -> tuple[Page, ...]:
    """Return everything that could not be determined, one page each."""
    where = Lines(texts)
    roles = (page(_role(each)) for each in found.doubts)
    return (*roles, *(page(_reference(each)) for each in found.unknown), *(page(_gap(g, where)) for g in found.gaps))


def _role(each: Lacking) -> Iterator[str]:
    verification = each.verification
    whose = f" of {verification.use.called}" if verification.use and verification.use.called else ""
    when = f", if {verification.use.when}" if verification.use and verification.use.when else ""
    holder = verification.holder
    absence = verification.absence
    if absence is not None and not absence.named:
        yield f"- The {holder}{whose}{when} is not named. {absence.remedy}".rstrip()
    elif each.absent:
        yield f"- The {holder}{whose}, {verification.role.name}, does not exist{when}."
        return
    else:
        yield f"- The {holder}{whose}{when}, {verification.role.name}:"
    if each.untrusting and verification.trust is not None:
        yield f"  {trust_words(verification.trust)[0]}"
    for sentence, places in _by_permission(each).items():
        yield f"  {sentence}"
        yield f"    for {'; '.join(places)}"


def _by_permission(each: Lacking) -> dict[str, list[str]]:
    """Return the results for each permission, and the places that need it."""
    told: dict[str, list[str]] = {}
    for one in each.needs:
        when = each.verification.when(one)
        sentence = _sentence(each, one) + (f" (only if {when})" if when else "")
        places = told.setdefault(sentence, [])
        if one.need.origin.place not in places:
            places.append(one.need.origin.place)
    return told


def _sentence(each: Lacking, one: Judged) -> str:
    by = by_words(each.verification, one)
    match one.outcome:
        case Outcome.MISSING:
            return f"{'needs' if each.unnamed else 'lacks'} {one.need.permission}"
        case Outcome.DENIED:
            return f"is denied {one.need.permission}: {by}"
        case _:
            return f"may lack {one.need.permission}: it {by}"


def _reference(each: CheckedReference) -> Iterator[str]:
    examined = each.examined
    yield f"- {examined.what.replace(_VALIDATOR, _HOOK)}. Needed by {each.reference.origin.place}."
    yield f"  {examined.remedy.replace(_VALIDATOR, _HOOK)}"


def _gap(gap: Gap, lines: Lines) -> Iterable[str]:
    return (f"- {lines.where(gap.origin)}: {gap.what}", f"  {gap.remedy}")
