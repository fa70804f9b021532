"""Findings about a template, task definition or policy, and their suppressions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.suppressions import Suppression, line_suppressions, suppressions
from cfnroles.checks import CHECKS, Check, Subject, suppressing, task_definitions
from cfnroles.checks.lint_worlds import LintWorlds
from cfnroles.checks.subject import subject_of, template_subject, worlds_in
from cfnroles.counted import counted
from cfnroles.document import Document
from cfnroles.need import Finding, Origin, Severity, fault
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_conditions import DECIDE, TOO_MANY
from cfnroles.sources.told import Told
from cfnroles.template.atoms import Atom, World
from cfnroles.template.dependencies import on_the_way
from cfnroles.template.template import Template, checked
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Worlds

_OURS = frozenset(check.id for check in CHECKS)
#: In ascending order.
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


class LintedFile(Struct, frozen=True):
    """One file with its findings, or with the reason why it could not be read.

    ``parameters`` are those of its template or configuration.
    """

    document: str
    text: str
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()
    unreadable: str = ""
    parameters: tuple[str, ...] = ()


class LintReport(Struct, frozen=True):
    """All files, in the order of the command line."""

    files: tuple[LintedFile, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all files, without suppressed ones."""
        return tuple(finding for file in self.files for finding in file.findings)

    def at_least(self, severity: Severity) -> LintReport:
        """Return the report without findings below a severity."""
        kept = SEVERITIES[SEVERITIES.index(severity) :]
        return LintReport(
            tuple(replace(file, findings=tuple(f for f in file.findings if f.severity in kept)) for file in self.files)
        )


def lint(reading: Reading, others: Sequence[Finding] = ()) -> LintedFile:
    """Return the findings about a source. ``others`` are findings of other tools, which can be suppressed likewise.

    Covers only the source's own document; `lint_named` covers those that it names.
    """
    document, seen = reading.documents[0], worlds_in(reading)
    subjects = {frozenset[Atom](): subject_of(reading)} if seen is None else _in_each_world(seen)
    given = suppressions(document, tuple(subjects.values()))
    found = (*findings(subjects, seen), *_unchecked(seen), *others)
    told, accepted = _sorted_out(found, given, document.name)
    parameters = reading.template.settable if reading.template is not None else ()
    return LintedFile(document.name, document.text, told, accepted, parameters=tuple(parameters))


def lint_named(reading: Reading) -> tuple[LintedFile, ...]:
    """Return the findings about the task definitions that a spec names, with the spec's settings for each."""
    named = dict.fromkeys(task.workload.document for task in reading.tasks) if reading.project else ()
    documents = (document for document in reading.documents[1:] if document.name in named)
    return tuple(lint(replace(reading, documents=(document,), wrong=(), project=None)) for document in documents)


def lint_configuration(reading: Reading, parameters: tuple[str, ...] = ()) -> tuple[LintedFile, ...]:
    """Return the findings about the task definitions of a configuration with these parameters, for each file."""
    subject = subject_of(reading)
    found = findings({frozenset[Atom](): subject})
    files = []
    for document in reading.documents[1:]:
        own = [each for each in found if each.origin.document == document.name]
        told, accepted = _sorted_out(own, line_suppressions(document), document.name)
        files.append(LintedFile(document.name, document.text, told, accepted, parameters=parameters))
    named = {document.name for document in reading.documents[1:]}
    elsewhere = tuple(each for each in found if each.origin.document not in named)
    return (*files, *_of_others(elsewhere))


def _of_others(found: Sequence[Finding]) -> Iterator[LintedFile]:
    """Yield the findings in files outside of Terraform's own, such as template files."""
    for name in dict.fromkeys(each.origin.document for each in found):
        told, _ = _sorted_out([each for each in found if each.origin.document == name], (), name)
        yield LintedFile(name, "", told)


def lint_template(tree: Mapping[str, Any], document: str) -> LintedFile:
    """Return the findings about a template tree without its text, with long forms of functions.

    Raise InvalidInput for an invalid resource.
    """
    return lint(Reading((Document(document, ""),), "", Told(), template=checked(Template(document, "", tree))))


def findings(
    subjects: Mapping[World, Subject], seen: LintWorlds | None = None, checks: Sequence[Check] = CHECKS
) -> tuple[Finding, ...]:
    """Return the findings in the worlds of a document without duplicates, suppressed or not."""
    found: dict[Finding, set[World]] = {}
    # A fault that many worlds share is one object. The reference keeps its ID unique.
    known: dict[tuple[str, int], tuple[Finding, set[World]]] = {}
    for world, subject in subjects.items():
        for check in checks:
            for each in check.look(subject):
                if (same := (check.id, id(each))) not in known:
                    known[same] = each, found.setdefault(_of(check, each, subject.document), set())
                known[same][1].add(world)
    told = _in_worlds(found, seen) if seen else found
    # Output of a loop is at one place, and what is linked to a template is examined at its own place.
    own = (
        each for each in told if seen is None or seen.worlds.template.home(each.origin.path)[0] is seen.worlds.template
    )
    return tuple(sorted(dict.fromkeys(own), key=lambda finding: finding.sort_key))


def _in_each_world(seen: LintWorlds) -> Mapping[World, Subject]:
    return {world: template_subject(seen.worlds.template, seen.worlds, world) for world in seen.visited}


def _unchecked(seen: LintWorlds | None) -> Iterator[Finding]:
    """Yield the resources that depend on too many conditions."""
    if seen is not None:
        document = seen.worlds.template.document
        gaps = (fault(("Resources", name), TOO_MANY, f"{DECIDE}.") for name in seen.too_many)
        yield from (_of(task_definitions.GAP, each, document) for each in gaps)


def _in_worlds(found: Mapping[Finding, Collection[World]], seen: LintWorlds) -> Iterator[Finding]:
    """Yield the findings with their conditions. Of those that differ in the key of a map, the first represents all."""
    alike: dict[Finding, list[Finding]] = {}
    for finding, visited in sorted(found.items(), key=lambda each: each[0].sort_key):
        where = seen.where(finding.origin.path, visited)
        told = _written(_hanging(finding, where, seen.worlds), seen.worlds)
        keys = {atom.constant for world in visited for atom in world if atom.key and atom in where.atoms}
        without = replace(told, what=told.what.replace(keys.pop(), "")) if len(keys) == 1 else told
        alike.setdefault(without, []).append(told)
    for first, *others in alike.values():
        more = f"; the same for {counted(len(others), 'other value')}" if others else ""
        yield replace(first, what=f"{first.what}{more}")


def _hanging(finding: Finding, where: WorldSet, worlds: Worlds) -> Finding:
    """Return the finding with its conditions, unless its place already implies them."""
    if worlds.among(on_the_way(finding.origin.path, worlds.template.tree)) <= where:
        return finding
    alternatives = (" and ".join(map(str, literals)) for literals in worlds.when(where))
    return replace(finding, what=f"{finding.what}, where {', or where '.join(alternatives)}")


def _written(finding: Finding, worlds: Worlds) -> Finding:
    """Return the finding at the place of the loop that created its subject."""
    return replace(finding, origin=replace(finding.origin, path=worlds.template.written(finding.origin.path)))


def _of(check: Check, fault: Finding, document: str) -> Finding:
    return replace(
        fault,
        severity=check.severity,
        origin=replace(fault.origin, document=(fault.line and fault.origin.document) or document),
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
    """Yield the findings. Of each check that is only worth a look, the first represents the others."""
    infos: dict[str, list[Finding]] = {}
    for finding in told:
        if finding.severity is Severity.INFO and finding.check in _OURS:
            infos.setdefault(finding.check, []).append(finding)
    for finding in told:
        first, *others = infos.get(finding.check, (finding,))
        if finding is first:
            yield replace(finding, also=tuple(others))


def _about(given: Sequence[Suppression], used: set[Suppression], document: str) -> Iterator[Finding]:
    """Yield the faults of the suppressions themselves."""
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
