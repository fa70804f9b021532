"""A first service spec for existing task definitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.facts import Facts
from cfnroles.page import page, yaml_source
from cfnroles.sources.task_definition import named_accounts, named_regions
from cfnroles.workload import Workload

_PLAIN = re.compile(
    r"(?!(?i:true|false|null|yes|no|on|off|y|n)$)[A-Za-z/.][A-Za-z0-9_./-]*|arn:[A-Za-z0-9_./:*?+=,@${}-]*[A-Za-z0-9_./*?}-]"
)


#: The file next to a spec with its schema, for editors.
SCHEMA_FILE = "cfnroles.schema.json"


class Drafted(Struct, frozen=True):
    """One service of the new spec: its name, the path of its task definition, and what is known about it.

    ``described`` is the path of create-service input, which replaces keys of the spec. ``managed_policies`` and
    ``statements`` come from its current task role; ``left`` are the parts of that role that did not. ``grants`` are the
    author's answers: ``sqs-send: orders``.
    """

    name: str
    path: str
    workload: Workload
    facts: Facts
    described: str = ""
    managed_policies: tuple[str, ...] = ()
    statements: tuple[Mapping[str, Any], ...] = ()
    left: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()

    @property
    def has_log_groups(self) -> bool:
        """Whether a container writes to a log group."""
        return _logs(self.workload)


def service_name(family: str) -> str:
    """Return a service name for a family."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", family).strip("-")[:62]
    return name if name[:1].isalpha() else f"s-{name}"[:62]


def draft(project: str, services: Sequence[Drafted], *, log_groups: bool = True) -> str:
    """Return the text of the spec, with comments on what only its authors can know.

    With ``log_groups``, those of the services are created before their tasks.
    """
    return page(_lines(project, services, log_groups=log_groups)) + "\n"


def _lines(project: str, services: Sequence[Drafted], *, log_groups: bool) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA_FILE}"
    yield "# What the services of this project need besides their roles. `cfnroles build` writes stacks from this file,"
    yield "# `cfnroles explain` explains why each permission is there. docs/spec.md has all keys."
    yield f"project: {_scalar(project)}"
    yield from _fact("account", account_of(services), "123456789012")
    yield from _fact("region", region_of(services), "us-east-1")
    yield ""
    if log_groups and any(each.has_log_groups for each in services):
        yield "defaults:"
        yield "  # cfnroles creates the log groups before the tasks; list those that exist in `existing`."
        yield "  log-groups: {retention-days: 30}"
        yield ""
    yield "services:"
    for each in services:
        yield from _service(each)


class Place(Struct, frozen=True):
    """Where services may run. ``proved`` are the accounts or Regions that their task definitions prove.

    ``named`` are those that they contain for any purpose.
    """

    proved: frozenset[str]
    named: frozenset[str]

    @property
    def likely(self) -> str:
        """The only one that is named; empty if there are several, or none."""
        return next(iter(self.named)) if len(self.named) == 1 else ""


def account_of(services: Sequence[Drafted]) -> Place:
    """Return the accounts where services run, or may run."""
    return _place((each.facts.account for each in services), (named_accounts(each.workload) for each in services))


def region_of(services: Sequence[Drafted]) -> Place:
    """Return the Regions where services run, or may run."""
    return _place((each.facts.region for each in services), (named_regions(each.workload) for each in services))


def _place(proved: Iterable[str], named: Iterable[frozenset[str]]) -> Place:
    return Place(frozenset(proved) - {""}, frozenset(each for found in named for each in found))


def _fact(key: str, place: Place, example: str) -> Iterator[str]:
    known = sorted(place.proved) or sorted(place.named)
    if len(place.proved) == 1:
        yield f"{key}: {_scalar(known[0])}"
    elif place.likely:
        yield f'# {key}: "{place.likely}"  # the only one that the task definitions name: do the tasks run in it?'
    else:
        told = f"the task definitions name several: {', '.join(known)}" if known else "no task definition names one"
        yield f'# {key}: "{example}"  # {told}'


def _service(service: Drafted) -> Iterator[str]:
    workload = service.workload
    yield f"  {_scalar(service.name)}:"
    yield f"    task-definition: {_scalar(service.path)}"
    if service.described:
        yield f"    service: {_scalar(service.described)}"
    if any(True for _ in workload.find("containerDefinitions[].secrets[].valueFrom")):
        yield "    # Customer managed keys of the secrets and parameters, if any:"
        yield "    # kms-keys: {secrets: arn:aws:kms:REGION:ACCOUNT:key/ID}"
    volumes = [] if service.described else [str(name) for name in _launched(workload)]
    if volumes:
        yield "    volumes:"
        yield from (f"      - name: {_scalar(name)}" for name in volumes)
    yield from _task_role(service)
    yield ""


def _task_role(service: Drafted) -> Iterator[str]:
    role = service.workload.tree.get("taskRoleArn")
    if service.grants:
        yield "    task-role:"
        yield "      grants:"
        yield from (f"        - {word}: {_scalar(name)}" for word, name in (g.split(": ", 1) for g in service.grants))
        return
    if isinstance(role, str) and role and not (service.statements or service.managed_policies):
        yield f"    # The current task role is {role}: --from-role copies its permissions."
    if not (service.statements or service.managed_policies):
        yield from (f"    # Not copied: {text}" for text in service.left)
        yield "    # What the application itself may do, for example:"
        yield "    # task-role:"
        yield "    #   grants:"
        yield "    #     - sqs-send: orders"
        yield "    #     - {s3-read: shop-assets, prefix: images/}"
        return
    yield "    task-role:"
    yield from (f"      # Not copied: {text}" for text in service.left)
    if service.managed_policies:
        yield "      managed-policies:"
        yield from (f"        - {_scalar(policy)}" for policy in service.managed_policies)
    if service.statements:
        yield "      # Copied unchanged: replace them with `grants` where possible."
        yield "      statements:"
    for statement in service.statements:
        for position, (key, value) in enumerate(statement.items()):
            yield f"        {'- ' if position == 0 else '  '}{key}: {_value(value)}"


def _launched(workload: Workload) -> Iterator[Any]:
    for path, launched in workload.find("volumes[].configuredAtLaunch"):
        if launched is True:
            yield workload.at((*path[:-1], "name"))


def _logs(workload: Workload) -> bool:
    drivers = workload.find("containerDefinitions[].logConfiguration.logDriver")
    return any(driver == "awslogs" for _, driver in drivers)


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else yaml_source(text)


def _value(value: Any) -> str:
    """Return a value as YAML: short lists and strings in YAML's notation, otherwise JSON."""
    return _scalar(value) if isinstance(value, str) else yaml_source(value)
