"""Discovery: from a workload to its needs, by the feature table. Names no feature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.facts import Facts, partition_of
from cfnroles.need import Finding, Gap, Need, Permission, Reason, Reference, Severity
from cfnroles.placeholders import texts_in
from cfnroles.signs import Misread, misreading
from cfnroles.statements import single_valued
from cfnroles.table.ecs import FEATURES
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Trap, Unnamed
from cfnroles.text import Text, arn_of, text_of
from cfnroles.workload import Workload


class Discovery(Struct, frozen=True):
    """The needs of a workload, its gaps, its findings, and the secrets that must exist.

    The order of each does not depend on the order in the document.
    """

    needs: tuple[Need, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    references: tuple[Reference, ...]


#: Results of rows for a part of a workload.
Thing = Need | Gap | Finding | Reference


class Knowing(Protocol):
    """A cache of the results of rows for other workloads: a `Rediscovery`."""

    def told(self, workload: Workload, facts: Facts) -> Iterator[Thing]:
        """Yield the results of the rows for a workload."""


def discover(
    workload: Workload, facts: Facts, features: Sequence[Feature] = FEATURES, known: Knowing | None = None
) -> Discovery:
    """Find each feature's field in the workload, and collect what each occurrence requires. Calls no service.

    ``known`` gives the same results as ``features``, faster if there are many similar workloads.
    """
    needs: set[Need] = set()
    gaps: set[Gap] = set()
    findings: set[Finding] = set()
    references: set[Reference] = set()
    for told in _told(workload, facts, features) if known is None else known.told(workload, facts):
        match told:
            case Need():
                needs.add(told)
            case Gap():
                gaps.add(told)
            case Finding():
                findings.add(told)
            case Reference():
                references.add(told)
    findings.update(_of_another_partition(needs, facts))
    return _ordered(needs, gaps, findings, references)


def _told(workload: Workload, facts: Facts, features: Sequence[Feature]) -> Iterator[Thing]:
    for feature, found in occurrences(workload, facts, features):
        yield from of_occurrence((feature,), found)


def of_occurrence(rows: Sequence[Feature], found: Found) -> Iterator[Thing]:
    """Yield the results of a field's rows for one occurrence of the field."""
    workload = found.workload
    for feature in rows:
        for part in _parts(feature, found):
            try:
                match part():
                    case Reference() as reference:
                        yield reference
                    case Trap() as trap:
                        yield Finding(Severity.WARNING, workload.origin(found.path), trap.what, trap.remedy)
                    case permissions:
                        yield from permissions or ()
            except Unnamed as unnamed:
                origin = workload.origin(found.path)
                actions = tuple(grant.action_name for grant in feature.grants)
                yield Gap(feature.holder, feature.name, origin, unnamed.what, unnamed.remedy, actions)
            except Malformed as malformed:
                yield Finding(Severity.ERROR, workload.origin(found.path), malformed.what, malformed.remedy)
            except Misread as misread:
                yield _misread(found, misread)


def together(found: Sequence[Discovery]) -> Discovery:
    """Return the union of discoveries, without duplicates."""
    return _ordered(
        {need for each in found for need in each.needs},
        {gap for each in found for gap in each.gaps},
        {finding for each in found for finding in each.findings},
        {reference for each in found for reference in each.references},
    )


def _ordered(
    needs: Iterable[Need], gaps: Iterable[Gap], findings: Iterable[Finding], references: Iterable[Reference]
) -> Discovery:
    return Discovery(
        needs=tuple(sorted(needs, key=lambda need: need.sort_key)),
        gaps=tuple(
            _one_per_place(sorted(gaps, key=lambda gap: (gap.origin.sort_key, gap.feature, gap.what, _rest(gap))))
        ),
        findings=tuple(sorted(findings, key=lambda finding: (finding.origin.sort_key, finding.what, _rest(finding)))),
        references=tuple(sorted(references, key=lambda reference: (reference.origin.sort_key, _rest(reference)))),
    )


def _rest(thing: Gap | Finding | Reference) -> tuple[object, ...]:
    """Return what orders things that agree in their path: in Terraform, its value may be written in several places."""
    origin = thing.origin
    last: tuple[str, str]
    match thing:
        case Reference():
            last = thing.value_from, thing.use
        case Gap():
            last = thing.remedy, thing.holder
        case Finding():
            last = thing.remedy, thing.severity
    return origin.line, origin.column, origin.container, origin.item, *last


def occurrences(
    workload: Workload, facts: Facts, features: Sequence[Feature] = FEATURES
) -> Iterator[tuple[Feature, Found]]:
    """Yield each feature with each occurrence of its field, used or not."""
    known: dict[str, list[Found]] = {}
    for feature in features:
        if feature.field not in known:
            known[feature.field] = [Found(value, path, workload, facts) for path, value in workload.find(feature.field)]
        for found in known[feature.field]:
            yield feature, found


_Part = Callable[[], tuple[Need, ...] | Reference | Trap | None]


def _parts(feature: Feature, found: Found) -> Iterator[_Part]:
    """Yield the results of one occurrence in parts, so that one unknown name does not hide the others."""
    try:
        # Most rows ignore most values of their field.
        if not feature.when(found):
            return
    except (Unnamed, Malformed, Misread) as told:
        yield partial(_raise, told)
        return
    yield partial(feature.hidden, found)
    for grant in feature.grants:
        yield partial(_needs, feature, grant, found)
    if feature.reference is not None:
        yield partial(_reference, feature.reference, feature.use, found)
    yield partial(feature.trap, found)


def _raise(told: Exception) -> None:
    raise told


def _needs(feature: Feature, grant: Grant, found: Found) -> tuple[Need, ...]:
    standing = grant.standing or feature.standing
    reason = Reason(feature.name, feature.why, feature.source, standing, grant.doubt)
    origin = found.workload.origin(found.path)
    return tuple(
        Need(feature.holder, permission, reason, origin, grant.sid) for permission in _permissions(grant, found)
    )


def _reference(name: Callable[[Found], Text], use: str, found: Found) -> Reference:
    return Reference(name(found), found.workload.origin(found.path), use)


def _of_another_partition(needs: Iterable[Need], facts: Facts) -> Iterator[Finding]:
    # Rendering writes ${AWS::Partition}, which would change such a name silently into one of the task's partition.
    home = partition_of(facts.home_region)
    for need in needs:
        arn = arn_of(need.permission.resource)
        if arn and facts.region and arn.partition.plain and arn.partition != home:
            what = f"{arn} is in the partition {arn.partition}, but {facts.region} is in {home}"
            remedy = "Partitions share no resources: correct the ARN or the Region of the task."
            yield Finding(Severity.ERROR, need.origin, what, remedy)


def _permissions(grant: Grant, found: Found) -> Iterator[Permission]:
    resources = grant.on(found)
    for resource in (resources,) if isinstance(resources, Text) else resources:
        for conditions in single_valued(grant.conditions(found)):
            yield Permission(grant.action_name, resource, tuple(sorted(conditions)), grant.when)


def _misread(found: Found, refused: Misread) -> Finding:
    """Return an error at the string that a policy would misread: the field's own, or another that the row reads."""
    for path in (found.path, found.path[:2], ()):
        for place, said in texts_in(found.workload.at(path), path):
            misread = misreading(text_of(said))
            if misread and text_of(said).written in refused.text.written:
                return Finding(Severity.ERROR, found.workload.origin(place), misread.what, misread.remedy)
    return Finding(Severity.ERROR, found.workload.origin(found.path), refused.what, refused.remedy)


def _one_per_place(gaps: Sequence[Gap]) -> Iterator[Gap]:
    # Rows that share a field meet the same placeholder; one gap lists what any of them may need.
    told: dict[tuple[object, str, str], list[Gap]] = {}
    for gap in gaps:
        told.setdefault((gap.origin, gap.what, gap.holder), []).append(gap)
    for alike in told.values():
        actions = tuple(dict.fromkeys(action for gap in alike for action in gap.actions))
        yield alike[0] if alike[0].actions == actions else replace(alike[0], actions=actions)
