"""Add the statements that diagnoses find missing to the files that the roles come from.

A statement is added only where the role's own policy is written. The result is read and judged again before anyone is
asked to write it. If the role would still lack the call, there is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cfnroles.answers.asked_for import MESSAGE
from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.source_roles import SourceRole, source_roles
from cfnroles.answers.verification import Judged, Outcome
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Need
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.terraform_directory import DirectoryRoles
from cfnroles.statements import compose
from cfnroles.targets.lacking import Lacked, Ungrantable


class FixedFile(Struct, frozen=True):
    """A file of the source with its text before and after."""

    document: str
    before: str
    after: str


class Fix(Struct, frozen=True):
    """The changes that allow the refused calls, and why the other roles cannot be changed."""

    changes: tuple[FixedFile, ...] = ()
    refused: tuple[str, ...] = ()


def fix(found: Iterable[Diagnosis], role: str = "", spec: Reading | None = None) -> Fix:
    """Return the changes to the files that the roles of these diagnoses come from, one for each file.

    ``role`` is the location of a given role, as for ``read_role_of``. ``spec`` is a service spec from which `build`
    writes the roles.
    """
    roles: dict[tuple[str, str], list[Diagnosis]] = {}
    refused: dict[str, None] = {}
    for each in (one for one in found if one.statements):
        if each.at is not None and each.at.logical_id:
            roles.setdefault((each.at.reading.name, each.at.logical_id), []).append(each)
        elif role and each.role:
            roles.setdefault(("", role), []).append(each)
        elif spec is not None:
            roles.setdefault(("", ""), []).append(each)
        else:
            refused[_homeless(each)] = None
    texts: dict[str, tuple[str, str]] = {}
    for (source, name), several in roles.items():
        try:
            for change in _granted(several, texts) if source else [_given(name, several, spec)]:
                before = texts.get(change.document, (change.before, ""))[0]
                texts[change.document] = before, change.after
        except Ungrantable as error:
            refused[str(error)] = None
    return Fix(tuple(FixedFile(name, *both) for name, both in texts.items()), tuple(refused))


def _given(role: str, several: Sequence[Diagnosis], spec: Reading | None) -> FixedFile:
    """Return the change to the file of a given role, or to the spec that it is built from."""
    if not role and spec is not None:
        from cfnroles.targets.spec_grants import changed_spec

        return FixedFile(spec.name, spec.documents[0].text, changed_spec(spec, several))
    from cfnroles.targets.role_file import changed_role_file

    return FixedFile(*changed_role_file(role, several))


def _homeless(each: Diagnosis) -> str:
    """Return why a role has no place in the source."""
    if each.at is not None and each.at.verification.absence:
        return f"the source does not have the role: {each.at.verification.absence.remedy}"
    if each.role:
        return f"{each.role} is in no file of the source: omit --role and --live to check the role of the source"
    return "the role is unknown: pass the source that has it, or --role FILE"


def _granted(several: Sequence[Diagnosis], texts: dict[str, tuple[str, str]]) -> Sequence[FixedFile]:
    """Return the changes for one role; ``texts`` are the texts of documents that other roles changed."""
    at = several[0].at
    assert at is not None  # noqa: S101 - only asked of roles that have a place
    now = {name: texts.get(name, ("", text))[1] for name, text in at.reading.texts.items()}
    lacking = _lacking(several)
    if at.reading.template is not None:
        from cfnroles.targets.cloudformation.granting import changed_template

        name = at.reading.name
        after = {name: changed_template(_again(at.reading, now), at, lacking)}
    elif isinstance(at.reading.configuration, DirectoryRoles):
        from cfnroles.targets.terraform.granting import changed_files

        after = dict(changed_files(at, lacking, now))
    else:
        what = f"{at.reading.name} is {at.reading.noun}, and its files are elsewhere"
        raise Ungrantable(f"{what}: pass their directory, --source DIRECTORY")
    try:
        again = _again(at.reading, {**now, **after})
        _check(again, at, [each for one in several for each in one.judged])
    except InvalidInput as error:
        raise Ungrantable(f"{error.where}: {error.what}: add it yourself") from error
    return [FixedFile(name, now[name], text) for name, text in after.items()]


def _again(reading: Reading, texts: Mapping[str, str]) -> Reading:
    """Return the reading with other texts of its documents."""
    if isinstance(reading.configuration, DirectoryRoles):
        return reading.configuration.with_texts(reading.name, texts)
    document = reading.documents[0]
    return read(Document(document.name, texts[document.name], document.beside), reading.told)


def _lacking(several: Sequence[Diagnosis]) -> Sequence[Lacked]:
    """Return what one role lacks: the refused calls, and those that would be refused next."""
    at = several[0].at
    assert at is not None  # noqa: S101
    judged = dict.fromkeys([*(each for one in several for each in one.judged), *at.verification.judged])
    by_condition: dict[str, list[Judged]] = {}
    for each in judged:
        if each.outcome is Outcome.MISSING:
            by_condition.setdefault(at.verification.when(each), []).append(each)
    if not by_condition:
        # Part of the role cannot be read, but the message itself says that the role lacks this.
        return [Lacked(statement) for one in several for statement in one.statements]
    return [
        Lacked(statement, when)
        for when, needs in by_condition.items()
        for statement in compose(each.need for each in needs)
    ]


def _check(reading: Reading, at: SourceRole, judged: Sequence[Judged]) -> None:
    """Raise Ungrantable if a role still lacks what was refused; lines may have moved."""
    wanted = {_place(each.need) for each in judged}
    own = tuple(each.need for each in judged if each.need.origin.document == MESSAGE)
    for each in source_roles(reading):
        if each.logical_id != at.logical_id or each.verification.holder is not at.verification.holder:
            continue
        again = [one for one in each.verification.judged if _place(one.need) in wanted]
        again += judge_uses(Uses(at.verification.holder, own, Facts()), each.verification.role, prove=False).judged
        lacks = [one.need.permission.action for one in again if one.outcome in (Outcome.MISSING, Outcome.DENIED)]
        if lacks:
            raise Ungrantable(f"{at.verification.role.name} would still not allow {', '.join(lacks)}: add it yourself")


def _place(need: Need) -> tuple[object, ...]:
    return need.origin.document, need.origin.path, need.permission.action, need.sid
