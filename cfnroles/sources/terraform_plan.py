"""The task definitions in the output of `terraform show -json` for a plan or a state.

Unknown values of a plan are not guessed from references: a secret in `environment` has the same ones as in `secrets`.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Failed, Value
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.plan_references import LINKS, TOLD_BY_AWS, Steps, is_left_out, linked, named_by, provider_key
from cfnroles.sources.reading import Task
from cfnroles.sources.roles_in_plan import PlanSurface
from cfnroles.sources.terraform_buckets import BUCKET, ENCRYPTION, keys_of_buckets
from cfnroles.sources.terraform_destinations import DELIVERY_STREAM, STREAM, keys_of_streams
from cfnroles.sources.terraform_keys import TOLD_KEYS, keys_in_plan
from cfnroles.sources.terraform_kinds import KINDS
from cfnroles.sources.terraform_members import TASK_DEFINITION, Attributes, Turned, TurnedParts
from cfnroles.sources.terraform_roles import TaskWithRoles, roles_beside
from cfnroles.sources.terraform_runners import RUNNER_TYPES, members_said
from cfnroles.sources.terraform_services import (
    CLUSTER,
    HOW_TO_SEE,
    SERVICE,
    UNSEEN_TASK,
    Service,
    beside_services,
)
from cfnroles.sources.terraform_targets import RunnerOfTasks, TaskTarget, judged, runner_of, unread_runs
from cfnroles.sources.terraform_tasks import InWorld, Surroundings, TaskInPasses, in_passes
from cfnroles.sources.told import Told
from cfnroles.symbols import Expression

_CONTAINERS = "container_definitions"
#: The output in which a user may show the content of `jsonencode`, with every part that a plan can know.
OUTPUT = "cfnroles"
_DEEPEST = 60


def tasks_in(document: Document, told: Told) -> tuple[tuple[Task, ...], tuple[Gap, ...]]:
    """Return a task for each task definition, and a gap for each service with an unknown task definition.

    Raise InvalidInput for another format.
    """
    members = document.members
    planned = members.get("planned_values", members.get("values"))
    if not isinstance(planned, Mapping):
        how = f"Pass the directory: `{told.again('.')}`; or the state after `terraform apply`"
        raise InvalidInput("has no values", where=document.name, remedy=how)
    root = _member(planned, "root_module")
    services = list(_services(root, document, told))
    runners = list(_runners(root, document, told))
    found = list(_in_passes(root, services, runners, document, told))
    running = {each for task in found for each in task.running}
    alone = (each for each in services if each.address not in running)
    runs = (run for each in runners for run in unread_runs(each, running, has_tasks=bool(found)))
    unread = (_gap(holder, address, document, what, how) for address, what, how, holder in runs)
    gaps = (*(gap for each in alone for gap in _alone(each, document)), *unread)
    return tuple(each.task.task() for each in found), gaps


class PlanRoles:
    """As for ``reading.ConfiguredTasks``."""

    def __init__(self, document: Document, told: Told) -> None:
        self._document, self._told = document, told

    def tasks_with_roles(self) -> tuple[TaskWithRoles, ...]:
        """As for ``ConfiguredTasks``."""
        return self._found

    @cached_property
    def _found(self) -> tuple[TaskWithRoles, ...]:
        document, told = self._document, self._told
        planned = document.members.get("planned_values", document.members.get("values"))
        root = _member(planned, "root_module")
        runners = list(_runners(root, document, told))
        found = list(_in_passes(root, list(_services(root, document, told)), runners, document, told))
        surface = PlanSurface(
            resources_in(document),
            lambda resource: _attributes(resource, document, told),
            lambda address: _place(address, document),
            judged(runners, lambda target: any(target in each.targets for each in found)),
            lambda address: named_by(_configuration(document), address),
        )
        return tuple(
            TaskWithRoles(each.task, [roles_beside(surface, [form.turned for form in each.task.found])])
            for each in found
        )


class _Planned(Struct, frozen=True):
    """A task definition, the addresses of its runners, and the targets among these."""

    task: TaskInPasses
    running: tuple[str, ...]
    targets: tuple[TaskTarget, ...]


def _in_passes(
    root: Any, services: Sequence[Service], runners: Sequence[RunnerOfTasks], document: Document, told: Told
) -> Iterator[_Planned]:
    members = document.members
    every = [(str(each.get("type")), _attributes(each, document, told)) for each in _of_types(document, TOLD_KEYS)]
    encrypted = [each for kind in (BUCKET, ENCRYPTION, STREAM, DELIVERY_STREAM) for each in _resources(root, kind)]
    of_keys = [
        (str(each.get("type")), str(each.get("address")), _attributes(each, document, told)) for each in encrypted
    ]
    found = [each for kind in KINDS for each in _resources(root, kind)]
    definitions = sum(each.get("type") == TASK_DEFINITION for each in found)
    for resource in found:
        turned = _turned(resource, document, told)
        if turned is None:
            continue
        at = Surroundings(document.name, *_home(resource, document))
        shown = _shown(members, resource, definitions, told)
        if shown is not None:
            turned.shown(shown)
        values = _member(resource, "values")
        arns = [str(_member(values, name)) for name in ("arn", "arn_without_revision") if _member(values, name)]
        is_run = resource.get("type") == TASK_DEFINITION
        own = [each for each in services if is_run and each.runs(turned, arns)]
        targets = tuple(each for runner in runners for each in runner.targets if is_run and each.runs(turned, arns))
        running = [*(each.address for each in own), *(each.address for each in targets)]
        forms = (*beside_services(turned, own, arns), *(each.beside(turned) for each in targets))
        for each in forms:
            each.looked_up |= keys_in_plan(every, each.tree)
            each.keys |= keys_of_buckets(of_keys) | keys_of_streams(of_keys)
        beside = [InWorld({}, each) for each in forms]
        task = in_passes(str(resource.get("address", "")), beside, [{}], told, at)
        yield _Planned(task, tuple(dict.fromkeys(running)), targets)


def _alone(service: Service, document: Document) -> Iterator[Gap]:
    if holder := service.asks_alone():
        yield _gap(holder, service.address, document, UNSEEN_TASK, HOW_TO_SEE)


def _gap(holder: Holder, address: str, document: Document, what: str, remedy: str) -> Gap:
    place = _place(address, document)
    origin = Origin(document.name, (address,), line=place.line, column=place.column)
    return Gap(holder, "hidden-resource", origin, what, remedy)


def _services(root: Any, document: Document, told: Told) -> Iterator[Service]:
    clusters = {str(each.get("address")): _attributes(each, document, told) for each in _resources(root, CLUSTER)}
    for resource in _resources(root, SERVICE):
        attributes = _attributes(resource, document, told)
        yield Service(str(resource.get("address")), attributes, *_cluster(attributes, clusters))


def _runners(root: Any, document: Document, told: Told) -> Iterator[RunnerOfTasks]:
    """Yield what runs tasks besides services, or may do so."""
    for name, kind in RUNNER_TYPES.items():
        for resource in _resources(root, name):
            attributes = _attributes(resource, document, told, (*kind.arguments, *kind.blocks))
            if not kind.running or kind.running in members_said(attributes):
                yield runner_of(str(resource.get("address")), kind, attributes)


def _cluster(attributes: Attributes, clusters: Mapping[str, Attributes]) -> tuple[str, Attributes | None]:
    """Return the cluster of a service, given by ARN or name."""
    named = attributes.get("cluster")
    for address, each in clusters.items():
        own = [value.data for name in ("arn", "id", "name") if isinstance(value := each.get(name), Value)]
        if isinstance(named, Value) and named.data in [name for name in own if isinstance(name, str)]:
            return address, each
    return "", None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in value if isinstance(each, Mapping)) if isinstance(value, list) else ()


def _resources(module: Any, kind: str) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in _every(module) if each.get("type") == kind and each.get("mode") == "managed")


def _home(resource: Mapping[str, Any], document: Document) -> tuple[str, str]:
    """Return Region and account of a task definition: those of its ARN, otherwise of its provider and data sources.

    Data sources may use the default provider, and say nothing about another one.
    """
    values = _member(resource, "values")
    arn = _member(values, "arn") or _member(values, "service_arn")
    own = re.match(r"arn:[^:]*:ecs:([a-z0-9-]+):(\d{12}):", str(arn))
    if own:
        return own[1], own[2]
    key = provider_key(_configuration(document), str(resource.get("address", ""))) or _USUAL
    provider = _member(_member(_member(document.members, "configuration"), "provider_config"), key)
    said = _member(_member(_member(provider, "expressions"), "region"), "constant_value")
    named = _member(values, "region")
    usual = key == _USUAL
    region = next((each for each in (named, said) if isinstance(each, str) and each), None)
    if region is None:
        region = _only(document, "aws_region", "id") if usual else ""
    return region, _only(document, "aws_caller_identity", "account_id") if usual else ""


def _only(document: Document, kind: str, attribute: str) -> str:
    """Return the common value of all data sources of a type with the default provider; empty if they differ."""
    said = {_member(_member(each, "values"), attribute) for each in _of_types(document, (kind,))}
    found = said.pop() if len(said) == 1 else ""
    return found if isinstance(found, str) else ""


def _of_types(document: Document, kinds: Collection[str]) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in resources_in(document) if each.get("type") in kinds)


def _turned(resource: Mapping[str, Any], document: Document, told: Told) -> Turned | None:
    """Return the workload of a resource; ``None`` if it has no roles."""
    kind, address = KINDS[str(resource.get("type"))], str(resource.get("address", ""))

    def found(type_: str) -> Iterator[tuple[str, Attributes]]:
        for each in _of_types(document, (type_,)):
            yield str(each.get("address")), _attributes(each, document, told)

    given = _attributes(resource, document, told, (*kind.arguments, *kind.blocks))
    settled = {name: _settled(value, (name,), kind.computed, address, document) for name, value in given.items()}
    return kind.turned(
        address, {name: value for name, value in settled.items() if value is not None}, found, TurnedParts()
    )


def _settled(
    value: Value | Failed, steps: Steps, computed: frozenset[str], address: str, document: Document
) -> Value | Failed | None:
    """Return a value, completed with the parts of a plan that are known after apply.

    A part that the configuration leaves out, and AWS decides, is ``None``.
    """
    if isinstance(value, Failed):
        return value
    if value.unknown is not None:
        if steps[-1] in computed and is_left_out(_configuration(document), address, *steps):
            return None
        link = _link(address, steps, value.unknown, document) if steps[-1] in LINKS else None
        return Value(link, value.place) if link else value
    if isinstance(value.data, dict):
        members = {
            name: _settled(each, (*steps, name), computed, address, document) for name, each in value.data.items()
        }
        return Value({name: each for name, each in members.items() if each is not None}, value.place)
    if isinstance(value.data, list):
        each = (_settled(one, (*steps, index), computed, address, document) for index, one in enumerate(value.data))
        return Value([one for one in each if one is not None], value.place)
    return value


def _attributes(resource: Mapping[str, Any], document: Document, told: Told, names: Sequence[str] = ()) -> Attributes:
    """Return the attributes of a resource with these names, or all, with expressions for unknown ones."""
    address = str(resource.get("address", ""))
    place = _place(address, document)
    values, unknown = _member(resource, "values"), _unknown(address, document)
    every = dict.fromkeys((*_names(values), *_names(unknown)))
    attributes: dict[str, Value | Failed] = {}
    for name in names or every:
        reason = _HIDDEN if name == _CONTAINERS else "it is known after apply"
        remedy = _ways_out(resource, told) if name == _CONTAINERS else _by_state(told)
        hidden = Expression(f"{address}.{name}", reason=reason, remedy=remedy)
        value = _value(_member(values, name), _member(unknown, name), hidden, place)
        if value.unknown and name in TOLD_BY_AWS and is_left_out(_configuration(document), address, name):
            continue
        if name == "roles" and _lone(value) and (link := _link(address, (name,), hidden, document)):
            value = Value([Value(link, place)], place)
        if value.unknown and name in LINKS and (link := _link(address, (name,), hidden, document)):
            value = Value(link, place)
        if value.data is not None:
            attributes[name] = value
    return attributes


def _link(address: str, name: Steps, hidden: Expression, document: Document) -> Expression | None:
    """Return the name of a role or policy, if the plan contains it."""
    root = _configuration(document)
    if root is None:
        return None
    every = [str(each.get("address")) for each in resources_in(document)]
    return linked(root, every, address, name, hidden)


def _lone(value: Value) -> bool:
    """Return whether a value is a list of one unknown element."""
    return isinstance(value.data, list) and [each.unknown is not None for each in value.data] == [True]


def _configuration(document: Document) -> Any:
    return _member(_member(document.members, "configuration"), "root_module")


def resources_in(document: Document) -> Iterator[Mapping[str, Any]]:
    """Yield all resources and data sources of a plan or a state."""
    planned = document.members.get("planned_values", document.members.get("values"))
    before = _member(_member(document.members, "prior_state"), "values")
    yield from _every(_member(planned, "root_module"))
    yield from (each for each in _every(_member(before, "root_module")) if each.get("mode") == "data")


def _every(module: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    yield from _mappings(_member(module, "resources"))
    for child in _mappings(_member(module, "child_modules")) if depth < _DEEPEST else ():
        yield from _every(child, depth + 1)


def _names(value: Any) -> Sequence[str]:
    return list(map(str, value)) if isinstance(value, Mapping) else ()


def _unknown(address: str, document: Document) -> Any:
    """Return the attributes of a resource that are known after apply."""
    for each in _mappings(document.members.get("resource_changes")):
        if each.get("address") == address:
            return _member(_member(each, "change"), "after_unknown")
    return None


def _by_state(told: Told) -> str:
    """https://developer.hashicorp.com/terraform/cli/commands/show"""
    return f"After `terraform apply`, pass the state: `terraform show -json | {told.again('-')}`"


#: The provider key of a resource that names none.
_USUAL = "aws"
_HIDDEN = "the plan hides all of it, because one value is known after apply"


def _ways_out(resource: Mapping[str, Any], told: Told) -> str:
    name = str(resource.get("name", "app"))
    output = f'`output "{OUTPUT}_{name}" {{ value = [...] }}`'
    return (
        f"Pass the directory with the .tf files: `{told.again('.')}`; or, after `terraform apply`, the state:"
        f" `terraform show -json | {told.again('-')}`; or add {output} with the argument of jsonencode(...), and"
        " plan again"
    )


def _place(address: str, document: Document) -> Place:
    """Return the place of the resource: most plans are one line."""
    found = document.text.find(json.dumps(address))
    return Place(document.name, document.text.count("\n", 0, max(found, 0)) + 1, 1)


def _value(value: Any, unknown: Any, hidden: Expression, place: Place) -> Value:
    """Return a value with an expression for each part that is known after apply."""
    if unknown is True:
        return Value(hidden, place)
    if isinstance(value, Mapping) or isinstance(unknown, Mapping):
        names = dict.fromkeys((*(value or {}), *(unknown if isinstance(unknown, Mapping) else {})))
        made = {
            name: _value(_member(value, name), _member(unknown, name), _inner(hidden, f".{name}"), place)
            for name in names
        }
        return Value(made, place)
    if isinstance(value, list):
        others = unknown if isinstance(unknown, list) else []
        each = [(one, others[index] if index < len(others) else None) for index, one in enumerate(value)]
        return Value([_value(*both, _inner(hidden, f"[{index}]"), place) for index, both in enumerate(each)], place)
    if isinstance(value, str):
        # Lines of text in JSON are not those of the plan.
        return Value(value, place, ((value, Place("", 0, 0)),))
    return Value(value, place)


def _inner(hidden: Expression, step: str) -> Expression:
    return Expression(f"{hidden.name}{step}", reason=hidden.reason, remedy=hidden.remedy)


def _shown(members: Mapping[str, Any], resource: Mapping[str, Any], number: int, told: Told) -> Value | None:
    """Return the container definitions in an output, if the resource itself does not have them."""
    changes = _member(members, "output_changes")
    names = [f"{OUTPUT}_{resource.get('name')}", *([OUTPUT] if number == 1 else [])]
    name = next((each for each in names if isinstance(_member(changes, each), Mapping)), "")
    if not name or str(resource.get("address", "")).startswith("module."):
        return None
    change = _member(changes, name)
    hidden = Expression(f"output.{name}", reason="it is known after apply", remedy=_by_state(told))
    return _value(_member(change, "after"), _member(change, "after_unknown"), hidden, Place("", 0, 0))
