"""What is wrong in a template, a task definition or a policy, and what of it was accepted in place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.suppressions import Suppression, line_suppressions, suppressions
from cfnroles.checks import CHECKS, Check, Subject, suppressing
from cfnroles.checks.subject import subject_of, template_subject, worlds_in
from cfnroles.document import Document
from cfnroles.need import Finding, Origin, Severity
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told
from cfnroles.template.template import Template, checked
from cfnroles.template.worlds import Atom, Literal, World, Worlds
from cfnroles.workload import Path

_OURS = frozenset(check.id for check in CHECKS)
#: From the least to the worst.
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


class LintedFile(Struct, frozen=True):
    """One file with what was found in it, or with the reason why it could not be read."""

    document: str
    text: str
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()
    unreadable: str = ""


class LintReport(Struct, frozen=True):
    """All files, in the order in which they were named."""

    files: tuple[LintedFile, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all files, without those that were accepted."""
        return tuple(finding for file in self.files for finding in file.findings)

    def at_least(self, severity: Severity) -> LintReport:
        """The report without findings that are less bad."""
        kept = SEVERITIES[SEVERITIES.index(severity) :]
        return LintReport(
            tuple(replace(file, findings=tuple(f for f in file.findings if f.severity in kept)) for file in self.files)
        )


def lint(reading: Reading, others: Sequence[Finding] = ()) -> LintedFile:
    """What the checks find in a source; ``others`` are findings of other tools about it, which can be accepted alike.

    Only the source's own document is looked at; `lint_named` looks at those that it names.
    """
    document, worlds = reading.documents[0], worlds_in(reading)
    subjects = {frozenset[Atom](): subject_of(reading)} if worlds is None else _in_each_world(worlds)
    given = suppressions(document, tuple(subjects.values()))
    found = (*findings(subjects, worlds), *others)
    told, accepted = _sorted_out(found, given, document.name)
    return LintedFile(document.name, document.text, told, accepted)


def lint_named(reading: Reading) -> tuple[LintedFile, ...]:
    """What the checks find in the task definitions that a spec names, with what the spec says of each."""
    named = dict.fromkeys(task.workload.document for task in reading.tasks) if reading.project else ()
    documents = (document for document in reading.documents[1:] if document.name in named)
    return tuple(lint(replace(reading, documents=(document,), wrong=(), project=None)) for document in documents)


def lint_configuration(reading: Reading) -> tuple[LintedFile, ...]:
    """What the checks find in the task definitions of a configuration, for each of its files."""
    subject = subject_of(reading)
    found = findings({frozenset[Atom](): subject})
    files = []
    for document in reading.documents[1:]:
        own = [each for each in found if each.origin.document == document.name]
        told, accepted = _sorted_out(own, line_suppressions(document), document.name)
        files.append(LintedFile(document.name, document.text, told, accepted))
    named = {document.name for document in reading.documents[1:]}
    elsewhere = tuple(each for each in found if each.origin.document not in named)
    return (*files, *_of_others(elsewhere))


def _of_others(found: Sequence[Finding]) -> Iterator[LintedFile]:
    """The findings in files that are no files of Terraform's own, such as the texts of templates."""
    for name in dict.fromkeys(each.origin.document for each in found):
        told, _ = _sorted_out([each for each in found if each.origin.document == name], (), name)
        yield LintedFile(name, "", told)


def lint_template(tree: Mapping[str, Any], document: str) -> LintedFile:
    """What the checks find in the tree of a template whose text is not available, short forms turned into long ones.

    Raises InvalidInput where something among its resources is none.
    """
    return lint(Reading((Document(document, ""),), "", Told(), template=checked(Template(document, "", tree))))


def findings(
    subjects: Mapping[World, Subject], worlds: Worlds | None = None, checks: Sequence[Check] = CHECKS
) -> tuple[Finding, ...]:
    """What the checks find in the worlds of a document, whether it was accepted or not; each thing once."""
    found: dict[Finding, set[World]] = {}
    # A fault of what is the same in many worlds is one object there, and is kept alive to keep its identity.
    known: dict[tuple[str, int], tuple[Finding, set[World]]] = {}
    for world, subject in subjects.items():
        for check in checks:
            for fault in check.look(subject):
                if (same := (check.id, id(fault))) not in known:
                    known[same] = fault, found.setdefault(_of(check, fault, subject), set())
                known[same][1].add(world)
    told = (
        _written(_hanging(finding, where, worlds), worlds) if worlds else finding for finding, where in found.items()
    )
    # What a loop makes stands in one place, and what is linked to a template is looked at where it stands.
    own = (each for each in told if worlds is None or worlds.template.home(each.origin.path)[0] is worlds.template)
    return tuple(sorted(dict.fromkeys(own), key=lambda finding: finding.sort_key))


def _in_each_world(worlds: Worlds) -> Mapping[World, Subject]:
    return {world: template_subject(worlds.template, worlds, world) for world in worlds.all}


def _hanging(finding: Finding, where: Collection[World], worlds: Worlds) -> Finding:
    """The finding with the conditions it depends on, if there are more than its place has."""
    if worlds.among(_on_the_way(finding.origin.path, worlds.template.tree)) <= set(where):
        return finding
    alternatives = (" and ".join(map(str, literals)) for literals in worlds.when(where))
    told = f"{finding.what}, where {', or where '.join(alternatives)}"
    return replace(finding, what=told if worlds.exact else f"{told} (not every combination of conditions was checked)")


def _written(finding: Finding, worlds: Worlds) -> Finding:
    """The finding at the place where a loop has what it made."""
    return replace(finding, origin=replace(finding.origin, path=worlds.template.written(finding.origin.path)))


def _on_the_way(path: Path, tree: Any) -> Iterator[Literal]:
    """The conditions without which a place of a template is not there."""
    for index, step in enumerate(path):
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return
        if (
            index == 1
            and path[0] == "Resources"
            and isinstance(tree, Mapping)
            and isinstance(tree.get("Condition"), str)
        ):
            yield Literal(tree["Condition"])
        if step == "Fn::If" and isinstance(tree, list) and path[index + 1 : index + 2] in ((1,), (2,)):
            yield Literal(str(tree[0]), path[index + 1] == 1)


def _of(check: Check, fault: Finding, subject: Subject) -> Finding:
    return replace(
        fault,
        severity=check.severity,
        origin=replace(fault.origin, document=(fault.line and fault.origin.document) or subject.document),
        remedy=fault.remedy if fault.remedy[-1:] in (".", ":", "?") else f"{fault.remedy}.",
        check=check.id,
        code=check.code,
        source=check.source,
    )


def _sorted_out(
    found: Sequence[Finding], given: Sequence[Suppression], document: str
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    told, accepted, used = [], [], set()
    for finding in found:
        by = next((one for one in given if one.covers(finding)), None)
        if by is None:
            told.append(finding)
        else:
            used.add(by)
            accepted.append(replace(finding, accepted=by.reason))
    told += _about(given, used, document)
    by_place = sorted(told, key=lambda finding: finding.sort_key), sorted(accepted, key=lambda each: each.sort_key)
    return tuple(_once(by_place[0])), tuple(by_place[1])


def _once(told: Sequence[Finding]) -> Iterator[Finding]:
    """The findings, of which each check of what is worth a look tells once: the first, which stands for the others."""
    infos: dict[str, list[Finding]] = {}
    for finding in told:
        if finding.severity is Severity.INFO and finding.check in _OURS:
            infos.setdefault(finding.check, []).append(finding)
    for finding in told:
        first, *others = infos.get(finding.check, (finding,))
        if finding is first:
            yield replace(finding, also=tuple(others))


def _about(given: Sequence[Suppression], used: set[Suppression], document: str) -> Iterator[Finding]:
    """What is wrong with the suppressions themselves."""
    for one in given:
        if one.problem:
            check, what = suppressing.BAD, one.problem
            remedy = "Write the ID of a check and the reason, or remove the suppression."
        elif one not in used:
            check, what = suppressing.UNUSED, f"the suppression of {one.check} has no effect"
            remedy = "Remove it."
        else:
            continue
        origin = Origin(document, one.path)
        yield Finding(check.severity, origin, what, remedy, check.id, check.code, check.source, one.line)
