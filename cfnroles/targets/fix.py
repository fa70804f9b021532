"""The statements that diagnoses find missing, put into the files that the roles come from.

A statement goes where the role's own policy is written and nowhere else. What comes of it is read and judged again
before anybody is asked to write it: a change after which the role still lacks the call is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.source_roles import SourceRole, key_of, source_roles
from cfnroles.answers.verification import Judged, Outcome
from cfnroles.document import Document
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.statements import compose
from cfnroles.targets.lacking import Lacked, Ungrantable


class Change(Struct, frozen=True):
    """A file of the source with its text before and after."""

    document: str
    before: str
    after: str


class Fix(Struct, frozen=True):
    """What is changed so that the roles allow what was refused, and why what cannot be changed cannot."""

    changes: tuple[Change, ...] = ()
    refused: tuple[str, ...] = ()


def fix(found: Iterable[Diagnosis]) -> Fix:
    """The changes to the files that the roles of these diagnoses come from, one for each file."""
    roles: dict[tuple[str, str], list[Diagnosis]] = {}
    refused: dict[str, None] = {}
    for each in found:
        if not each.statements:
            continue
        if each.at is None or not each.at.logical_id:
            refused[_homeless(each)] = None
        else:
            roles.setdefault((each.at.reading.name, each.at.logical_id), []).append(each)
    texts: dict[str, tuple[str, str]] = {}
    for several in roles.values():
        try:
            for change in _granted(several, texts):
                before = texts.get(change.document, (change.before, ""))[0]
                texts[change.document] = before, change.after
        except Ungrantable as error:
            refused[str(error)] = None
    return Fix(tuple(Change(name, *both) for name, both in texts.items()), tuple(refused))


def _homeless(each: Diagnosis) -> str:
    """Why a role has no place in the source."""
    if each.at is not None and each.at.verification.absence:
        return f"the source does not have the role: {each.at.verification.absence.remedy}"
    if each.role:
        return f"{each.role} stands in no file of the source"
    return "which role it was is not known: give the source that has it, or --role FILE"


def _granted(several: Sequence[Diagnosis], texts: dict[str, tuple[str, str]]) -> Sequence[Change]:
    """The changes for one role; ``texts`` are those of documents that were changed for others."""
    at = several[0].at
    assert at is not None  # noqa: S101 - only asked of roles that have a place
    lacking = _lacking(several)
    from cfnroles.targets.cloudformation.granting import changed_template

    before = texts.get(at.reading.name, ("", ""))[1]
    reading = _again(at.reading, before) if before else at.reading
    after = changed_template(reading, at, lacking)
    _check(_again(reading, after), at, [each for one in several for each in one.judged])
    return [Change(reading.name, reading.documents[0].text, after)]


def _again(reading: Reading, text: str) -> Reading:
    """The reading of a template with another text."""
    document = reading.documents[0]
    return read(Document(document.name, text, document.beside), reading.told)


def _lacking(several: Sequence[Diagnosis]) -> Sequence[Lacked]:
    """What one role lacks: what was refused, and what would be refused next."""
    at = several[0].at
    assert at is not None  # noqa: S101
    judged = dict.fromkeys([*(each for one in several for each in one.judged), *at.verification.judged])
    by_condition: dict[str, list[Judged]] = {}
    for each in judged:
        if each.outcome is Outcome.MISSING:
            by_condition.setdefault(at.verification.when(each), []).append(each)
    return [
        Lacked(statement, when)
        for when, needs in by_condition.items()
        for statement in compose(each.need for each in needs)
    ]


def _check(reading: Reading, at: SourceRole, judged: Sequence[Judged]) -> None:
    """Raise Ungrantable where a role still lacks what was refused."""
    keys = {key_of(each.need) for each in judged}
    for each in source_roles(reading):
        if each.logical_id == at.logical_id and each.verification.holder is at.verification.holder:
            lacks = [one for one in each.judged(keys) if one.outcome is not Outcome.ALLOWED]
            if lacks:
                raise Ungrantable(
                    f"{at.verification.role.name} would still not allow {lacks[0].need.permission.action}"
                )
