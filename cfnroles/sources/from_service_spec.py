"""A service spec as a source: its task definitions are next to it, or in Amazon ECS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cfnroles.document import Document, forget
from cfnroles.manifest import manifest_of
from cfnroles.need import Finding, Origin, Severity
from cfnroles.sources import from_express_service
from cfnroles.sources.reading import Passing, Reading, Task
from cfnroles.sources.told import Told
from cfnroles.workload import EXPRESS, Workload

if TYPE_CHECKING:
    from cfnroles.sources.spec import Service, Spec

NOUN = "a service spec"
SIGNS = ("task-definition",)
TAKES: frozenset[str] = frozenset()

#: Options for a single task definition, and the spec keys with the same meaning.
_KEYS = {
    "account": "account",
    "region": "region",
    "service_file": "service",
    "run_task_file": "run-task",
    "launch_type": "launch-type",
    "kms_key_arns": "kms-keys: secrets",
    "file_key_arns": "kms-keys: files",
    "log_group_key_arns": "kms-keys: log-groups",
    "destination_key_arns": "kms-keys: destinations",
    "bucket_accounts": "bucket-accounts",
    "efs_accounts": "efs-accounts",
    "pull_through_prefixes": "pull-through-cache",
    "gmsa_secrets": "gmsa-secrets",
    "s3_files_buckets": "s3-files-buckets",
    "root_volumes": "root-volumes",
    "execute_command": "exec",
    "execute_command_log_group": "exec: log-group",
    "execute_command_bucket": "exec: bucket",
    "execute_command_key": "exec: kms-key",
    "managed_storage_key": "managed-storage-key",
    "guard_duty": "guardduty",
}


def recognises(document: Document) -> bool:
    """Return whether it has a project, or services with task definitions, and is not another kind with such members."""
    members = document.members
    if {"containerDefinitions", "Resources", "taskDefinition"} & members.keys() or manifest_of(members):
        return False
    services = members.get("services")
    of_ecs = isinstance(services, Mapping) and any(
        isinstance(each, Mapping) and "task-definition" in each for each in services.values()
    )
    return of_ecs or "project" in members


def read(document: Document, told: Told) -> Reading:
    """Return the services of the project. Faults of the spec and missing files are errors of the reading."""
    reading = read_passing(document, told)
    return replace(reading, tasks=tuple(reading.tasks))


def read_passing(document: Document, told: Told) -> Reading:
    """Return a reading that creates each service on demand and does not keep it: there may be thousands."""
    from cfnroles.sources.service_spec.checks import faults
    from cfnroles.sources.spec import Spec

    remedies = {name: f"Write it into the spec: {key}." for name, key in _KEYS.items()}
    told.refuse_others(TAKES, f"{document.name} is {NOUN}", remedies)
    if wrong := faults(document):
        return Reading((document,), NOUN, told, wrong=wrong)
    forget(document.text)
    spec = Spec(document.name, document.text, document.members)
    named: dict[str, Service] = {}
    for each in spec.services:
        named.setdefault(str(each.get("task-definition")), each)
    found = {path: _task_definition(document, spec, path, told) for path in named}
    documents = {path: each for path, each in found.items() if each}
    described = _described(document, spec)
    wrong = (
        *(_absent(document, named[path], path) for path, each in found.items() if each is None),
        *_lacking(document, spec, described),
        *(finding for each in documents.values() for finding in _families(each)),
    )
    others = (each for of in described.values() for each in of.values() if each)
    beside = {each.name: each for each in (*documents.values(), *others)}
    tasks = Passing(tuple(_makers(spec, documents, described)))
    return Reading((document, *beside.values()), NOUN, told, tasks, wrong, spec)


_Described = Mapping[str, Mapping[str, Document | None]]


def _described(document: Document, spec: Spec) -> _Described:
    """Return the documents that each service names besides its task definition, by service and key."""
    from cfnroles.sources.service_spec.services import DESCRIPTIONS

    named = ((each, [key for key in DESCRIPTIONS if each.get(key)]) for each in spec.services)
    return {each.name: {key: document.beside(each.get(key)) for key in keys} for each, keys in named if keys}


def _lacking(document: Document, spec: Spec, described: _Described) -> Iterator[Finding]:
    for each in spec.services if described else ():
        for key, found in described.get(each.name, {}).items():
            if found is None:
                yield _missing(document, each, key)


def _makers(spec: Spec, documents: Mapping[str, Document], described: _Described) -> Iterator[Callable[[], Task]]:
    """Yield a function that creates each service whose documents exist. If a document has errors, only `lint` uses
    them.
    """
    for each in spec.services:
        own = described.get(each.name, {})
        definition = documents.get(str(each.get("task-definition")))
        if definition is not None and None not in own.values():
            yield partial(_prepared, spec, each, definition, {key: found for key, found in own.items() if found})


def _prepared(spec: Spec, service: Service, definition: Document, described: Mapping[str, Document]) -> Task:
    from cfnroles.sources.service_spec.services import prepare

    return prepare(spec, service, _workload(definition), described)


def _families(definition: Document) -> tuple[Finding, ...]:
    from cfnroles.sources.task_definition_checks import family_findings

    workload = _workload(definition)
    return () if EXPRESS in workload.settings else tuple(family_findings(workload))


def _workload(definition: Document) -> Workload:
    """Return the workload of a document. Its text is kept, its data are dropped with the workload."""
    from cfnroles.sources.express_service import read_express_service
    from cfnroles.sources.task_definition import read_task_definition

    once = replace(definition)
    return read_express_service(once) if from_express_service.recognises(once) else read_task_definition(once)


def _task_definition(document: Document, spec: Spec, named: str, told: Told) -> Document | None:
    if found := document.beside(named):
        return found
    if told.registered and _is_live(named):
        return Document(named, told.registered(spec.get("region") or "", named))
    return None


def reads_live(reading: Reading) -> bool:
    """Return whether a service of the spec names a task definition in Amazon ECS."""
    return any(_is_live(document.name) for document in reading.documents[1:])


def _is_live(named: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]+:\d+", named) is not None


def _absent(document: Document, service: Service, named: str) -> Finding:
    if not _is_live(named):
        return _missing(document, service, "task-definition")
    what = f"the file {named} does not exist, and this command does not read task definitions from Amazon ECS"
    remedy = "Pass --live to `build` or `verify` to read it from Amazon ECS."
    return Finding(
        Severity.ERROR, _origin(document, service, "task-definition"), what, remedy, check="unread-task-definition"
    )


def _missing(document: Document, service: Service, key: str) -> Finding:
    # A text that is not in a file may have any files next to it.
    check = "" if document.stands_alone else "refused-key"
    what = f"the file {service.get(key)} does not exist"
    return Finding(
        Severity.ERROR, _origin(document, service, key), what, "Write its path relative to this file.", check=check
    )


def _origin(document: Document, service: Service, key: str) -> Origin:
    return Origin(document.name, service.where(key))
