"""From a workload to its needs, by the feature table. No feature is named here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfnroles.facts import Facts
from cfnroles.feature import Feature, Found, Grant, Malformed, Unnamed
from cfnroles.features import FEATURES
from cfnroles.need import Finding, Gap, Need, Permission, Reason, Reference, Severity
from cfnroles.statements import single_valued
from cfnroles.workload import Workload


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a workload needs, what of it cannot be named, what ECS would refuse, and which secrets must exist.

    All four are in an order that does not depend on the order of the document.
    """

    needs: tuple[Need, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    references: tuple[Reference, ...]


def discover(workload: Workload, facts: Facts, features: Sequence[Feature] = FEATURES) -> Discovery:
    """Look for each feature's field in the workload, and collect what each occurrence costs. Never fetches anything."""
    needs: set[Need] = set()
    gaps: set[Gap] = set()
    findings: set[Finding] = set()
    references: set[Reference] = set()
    for feature in features:
        for path, value in workload.find(feature.field):
            found = Found(value, path, workload, facts)
            origin = workload.origin(path)
            try:
                if not feature.when(found):
                    continue
                needs.update(_needs(feature, found))
                if feature.reference is not None:
                    references.add(Reference(feature.reference(found), origin))
            except Unnamed as unnamed:
                gaps.add(Gap(feature.holder, feature.name, origin, unnamed.what, unnamed.remedy))
            except Malformed as malformed:
                findings.add(Finding(Severity.ERROR, origin, malformed.what, malformed.remedy))
    return Discovery(
        needs=tuple(sorted(needs, key=lambda need: need.sort_key)),
        gaps=tuple(_one_per_place(sorted(gaps, key=lambda gap: (gap.origin.sort_key, gap.feature)))),
        findings=tuple(sorted(findings, key=lambda finding: (finding.origin.sort_key, finding.what))),
        references=tuple(sorted(references, key=lambda reference: reference.origin.sort_key)),
    )


def _needs(feature: Feature, found: Found) -> Iterator[Need]:
    reason = Reason(feature.name, feature.why, feature.source)
    origin = found.workload.origin(found.path)
    for grant in feature.grants:
        for permission in _permissions(grant, found):
            yield Need(feature.holder, permission, reason, origin, grant.sid)


def _permissions(grant: Grant, found: Found) -> Iterator[Permission]:
    resources = grant.on(found)
    for resource in (resources,) if isinstance(resources, str) else resources:
        for conditions in single_valued(grant.conditions(found)):
            yield Permission(grant.action_name, resource, tuple(sorted(conditions)), grant.when)


def _one_per_place(gaps: Sequence[Gap]) -> Iterator[Gap]:
    # Rows that share a field stumble over the same placeholder; one gap tells it.
    told: set[tuple[object, str, str]] = set()
    for gap in gaps:
        place = (gap.origin, gap.what, gap.holder)
        if place not in told:
            told.add(place)
            yield gap
