"""From one service of a spec to its needs: task definition, settings and grants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.discovery import Discovery, discover
from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.need import Condition, Finding, Gap, Need, Origin, Permission, Reason, Severity
from cfnroles.options import NO_OPTIONS, LogGroupOptions, RoleOptions
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.signs import Misread
from cfnroles.sources import task_definition_checks
from cfnroles.sources.reading import Task
from cfnroles.sources.runs import run_beside, without_built
from cfnroles.sources.settings import described_beside, gateway_beside, provided_beside
from cfnroles.sources.spec import Service, Spec
from cfnroles.sources.task_definition import home
from cfnroles.statements import single_valued
from cfnroles.table.words import GRANTS, ROWS
from cfnroles.text import PARTITION, Text, imported, of_policy
from cfnroles.workload import Path, Workload

#: The key of each role's options.
ROLES = {kind.holder: kind.key for kind in ROLE_KINDS}
_WORDS = frozenset(row.word for row in ROWS)
_STATEMENTS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html"
_EXEC = ("cluster", "configuration", "executeCommandConfiguration")


#: The keys for input of other ECS operations, and where it goes next to the task definition.
DESCRIPTIONS: Mapping[str, Callable[[Workload, Document], Workload]] = {
    "service": partial(described_beside, values={}),
    "run-task": partial(run_beside, values={}),
    "capacity-provider": provided_beside,
    "gateway": gateway_beside,
}


def prepare(spec: Spec, service: Service, workload: Workload, beside: Mapping[str, Document]) -> Task:
    """Return the task definition ``workload`` of one service, with the needs of the spec's settings and grants.

    ``beside`` are the documents that the service names, by the keys of ``DESCRIPTIONS``.

    Makes no call. The findings contain what ECS would reject in the task definition, and invalid grants of the spec.
    """
    facts = _facts(spec, service, workload)
    for key, described in beside.items():
        workload = DESCRIPTIONS[key](workload, described)
    workload = without_built(workload, {holder: service.get(key, "name") or "" for holder, key in ROLES.items()})
    whole, places = _with_settings(spec, service, workload)
    found = task_definition_checks.discover(whole, facts)
    granted = _granted(spec, service, facts)
    stated, unsayable = _statements(spec, service)
    moved = _Moved(spec.document, places)
    discovery = Discovery(
        needs=tuple(sorted({*map(moved, found.needs), *granted.needs, *stated}, key=_key)),
        gaps=tuple(map(moved, found.gaps)),
        findings=(*map(moved, found.findings), *granted.findings, *unsayable),
        references=found.references,
    )
    options = {holder: _options(service, key) for holder, key in ROLES.items()}
    return Task(service.name, whole, facts, discovery, options, _log_groups(service), service)


def _key(need: Need) -> tuple[object, ...]:
    return need.sort_key


def _facts(spec: Spec, service: Service, workload: Workload) -> Facts:
    return replace(
        home(workload, spec.get("account") or "", spec.get("region") or "", service.many("kms-keys", "secrets")),
        file_key_arns=service.many("kms-keys", "files"),
        log_group_key_arns=service.many("kms-keys", "log-groups"),
        destination_key_arns=service.many("kms-keys", "destinations"),
        bucket_accounts=service.many("bucket-accounts"),
        efs_accounts=tuple(sorted(service.merged("efs-accounts").items())),
        made_log_groups_key=service.get("log-groups", "kms-key") or "",
        existing_log_groups=service.many("log-groups", "existing"),
        pull_through_prefixes=service.many("pull-through-cache"),
        domainless_secret_arns=service.many("gmsa-secrets"),
        s3_files_buckets=service.many("s3-files-buckets"),
        root_volumes=service.many("root-volumes"),
    )


def _with_settings(spec: Spec, service: Service, workload: Workload) -> tuple[Workload, Mapping[Path, Path]]:
    """Return the workload with the spec's settings under the API's names, and the place of each in the spec."""
    told = tuple(_settings(service))
    written = {str(path[0]) for path, _, _ in told} - workload.settings.keys()
    # Members of a task definition with these names are not ECS's, and are not merged.
    tree = {name: value for name, value in workload.tree.items() if name not in written}
    places: dict[Path, Path] = {}
    for path, value, place in told:
        branch = tree
        for step in path[:-1]:
            branch[str(step)] = dict(branch.get(str(step), {}))
            branch = branch[str(step)]
        branch[str(path[-1])] = value
        places[path] = place
    settings = dict.fromkeys(sorted({str(path[0]) for path in places}), spec.document)
    return replace(workload, tree=tree, settings={**settings, **workload.settings}), places


def _settings(service: Service) -> Iterator[tuple[Path, Any, Path]]:
    if launch_type := service.get("launch-type"):
        yield ("service", "launchType"), launch_type, service.where("launch-type")
    if service.get("guardduty"):
        yield ("account", "guardDutyActivate"), "on", service.where("guardduty")
    if exec_ := service.get("exec"):
        yield ("service", "enableExecuteCommand"), True, service.where("exec")
        names = {
            "kms-key": ("kmsKeyId",),
            "log-group": ("logConfiguration", "cloudWatchLogGroupName"),
            "bucket": ("logConfiguration", "s3BucketName"),
            "prefix": ("logConfiguration", "s3KeyPrefix"),
        }
        for key, path in names.items():
            if isinstance(exec_, Mapping) and key in exec_:
                yield (*_EXEC, *path), exec_[key], service.where("exec", key)
    if storage_key := service.get("managed-storage-key"):
        place = service.where("managed-storage-key")
        yield ("cluster", "configuration", "managedStorageConfiguration", "kmsKeyId"), storage_key, place
    if volumes := service.get("volumes"):
        members = {"snapshot": "snapshotId", "kms-key": "kmsKeyId"}
        configurations = [
            {
                "name": volume["name"],
                "managedEBSVolume": {member: volume[key] for key, member in members.items() if key in volume},
            }
            for volume in volumes
        ]
        yield ("service", "volumeConfigurations"), configurations, service.where("volumes")
    if run_by := service.get("run-by"):
        for runner, (options, place) in _runners(run_by).items():
            yield ("runBy", runner), options, (*service.where("run-by"), *place)
    if tls := service.get("service-connect-tls"):
        settings = {"issuerCertificateAuthority": {"awsPcaAuthorityArn": tls["authority"]}}
        if "kms-key" in tls:
            settings["kmsKey"] = tls["kms-key"]
        place = service.where("service-connect-tls")
        yield ("service", "serviceConnectConfiguration"), {"enabled": True, "services": [{"tls": settings}]}, place


def _runners(run_by: Any) -> dict[str, tuple[Mapping[str, Any], Path]]:
    """Return what runs the task, with options and place: from a name, several names, or options by name."""
    if isinstance(run_by, Mapping):
        told = {runner: {} if options is True else options for runner, options in run_by.items()}
        return {runner: (options, (runner,)) for runner, options in told.items() if options is not False}
    if isinstance(run_by, list):
        return {runner: ({}, (index,)) for index, runner in enumerate(run_by)}
    return {run_by: ({}, ())}


_Placed = TypeVar("_Placed", Need, Gap, Finding)


class _Moved(Struct, frozen=True):
    """Moves origins from the API's names to the place of the setting in the spec, if it is there."""

    document: str
    places: Mapping[Path, Path]

    def __call__(self, placed: _Placed) -> _Placed:
        origin = placed.origin
        for length in range(len(origin.path), 0, -1):
            if place := self.places.get(origin.path[:length]):
                return replace(placed, origin=Origin(self.document, place))
        return placed


def _granted(spec: Spec, service: Service, facts: Facts) -> Discovery:
    """Return the needs of the task role's grants, each with its origin."""
    entries = service.get("task-role", "grants") or []
    tree = {"grants": [_listed(entry) for entry in entries]}
    used = {key for entry in entries for key in entry}
    found = discover(
        Workload(spec.document, tree),
        facts,
        [grant for row, grant in zip(ROWS, GRANTS, strict=True) if row.word in used],
    )

    def placed(each: _Placed) -> _Placed:
        return replace(each, origin=_in_grants(spec, service, each.origin.path))

    return Discovery(
        tuple(map(placed, found.needs)),
        tuple(map(placed, found.gaps)),
        tuple(map(placed, found.findings)),
        (),
    )


def _in_grants(spec: Spec, service: Service, path: Path) -> Origin:
    """Return the origin in the spec of a path in the tree of grants, where the value of a grant is a list."""
    _, index, key, *element = path
    entry = service.get("task-role", "grants")[index]
    word = next(name for name in entry if name in _WORDS)
    within = element if isinstance(entry[key], list) else ()
    place = (*service.where("task-role", "grants"), index, key, *within)
    return Origin(spec.document, place, item=f"{service.name}, grant {word}")


def _listed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a grant with its value as a list. Its strings are names, and literal."""
    return {key: value if key not in _WORDS or isinstance(value, list) else [value] for key, value in entry.items()}


def _statements(spec: Spec, service: Service) -> tuple[tuple[Need, ...], tuple[Finding, ...]]:
    """Return the needs of the spec's own statements, and the statements that are invalid in a policy.

    Only these are written as in a policy, with wildcards and variables.
    """
    needs: list[Need] = []
    findings: list[Finding] = []
    for holder, role in ROLES.items():
        for index, statement in enumerate(service.get(role, "statements") or ()):
            origin = Origin(
                spec.document,
                (*service.where(role, "statements"), index),
                item=f"{service.name}, statement {statement.get('sid') or index + 1}",
            )
            reason = Reason("statement", str(statement["reason"]), _STATEMENTS)
            try:
                permissions = tuple(_permissions(statement))
            except Misread as misread:
                findings.append(Finding(Severity.ERROR, origin, misread.what, misread.remedy))
                continue
            needs += [Need(holder, each, reason, origin, statement.get("sid") or "Extra") for each in permissions]
    return tuple(needs), tuple(findings)


def _permissions(statement: Mapping[str, Any]) -> Iterator[Permission]:
    conditions = tuple(
        sorted(
            Condition(operator, key, tuple(sorted({_of_policy(value) for value in _many(values)})))
            for operator, keys in statement.get("conditions", {}).items()
            for key, values in keys.items()
        )
    )
    pairs = product(_many(statement["actions"]), _many(statement["resources"]))
    for action, resource in pairs:
        arn = imported(resource["import"]) if isinstance(resource, Mapping) else _of_policy(resource)
        for single in single_valued(conditions):
            yield Permission(action, arn, single)


def _of_policy(written: str) -> Text:
    if "${AWS::" in written:
        what = f"{written} contains ${{AWS::, which is not a policy variable; nothing replaces it"
        raise Misread(Text(written), what, "Write the account ID, Region or partition.")
    return of_policy(written)


def _many(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _options(service: Service, role: str) -> RoleOptions:
    if service.get(role) is None:
        return NO_OPTIONS
    return RoleOptions(
        name=service.get(role, "name") or "",
        path=service.get(role, "path") or "",
        permissions_boundary=service.get(role, "permissions-boundary") or "",
        managed_policies=tuple(_policy_arn(policy) for policy in service.many(role, "managed-policies")),
        tags=service.merged(role, "tags"),
        max_session_duration=service.get(role, "max-session-duration") or 0,
        export=service.get(role, "export") or "",
    )


def _log_groups(service: Service) -> LogGroupOptions | None:
    if not service.get("log-groups"):
        return None
    return LogGroupOptions(
        service.get("log-groups", "retention-days") or 0,
        service.get("log-groups", "kms-key") or "",
        service.merged("log-groups", "tags"),
        service.get("log-groups", "keep") is not False,
        service.many("log-groups", "existing"),
    )


def _policy_arn(policy: str) -> Text:
    known = managed_policy(policy)
    return Text("arn:", PARTITION, f":iam::aws:policy{known.path}{known.name}") if known else Text(policy)
