"""The roles of a template's task definitions, and their other users.

A role belongs to all of its users: a permission that one of them needs is not excess for the others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers import resource_policies
from cfnroles.document import inside
from cfnroles.iam.stack_roles import ATTACHED_TO, POLICIES, RoleResource
from cfnroles.need import Gap, Holder, Need
from cfnroles.sources.role_members import OTHER_ROLES
from cfnroles.sources.role_places import ROLE_PROPERTIES
from cfnroles.sources.state_machines import STATE_MACHINES
from cfnroles.sources.template_targets import doing_more, values_of
from cfnroles.sources.template_task_types import EXPRESS_SERVICE, SERVICE, TASKS
from cfnroles.sources.template_tasks import around_of, conditions_around, run_in
from cfnroles.symbols import Import, Opaque
from cfnroles.template.atoms import World
from cfnroles.template.dependencies import names_in
from cfnroles.template.given import Given
from cfnroles.template.intrinsics import NO_VALUE, plain, symbols
from cfnroles.template.template import Template
from cfnroles.template.worlds import Worlds
from cfnroles.text import from_spelling
from cfnroles.workload import Path

#: Types for which SAM creates a role with the name of the resource and `Role`.
_WITH_ROLES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_ROLE, _PROFILE = "AWS::IAM::Role", "AWS::IAM::InstanceProfile"
_RULE = "AWS::Events::Rule"
#: Keys around a need that name the role for it.
_BESIDE = (("RoleArn",), ("InfrastructureRoleArn",), ("AdvancedConfiguration", "RoleArn"))
#: A role by name, in the ARN of one in this account.
_NAMED = re.compile(
    r"arn:(?:\$\{AWS::Partition\}|[^:]*):iam::(?P<account>\$\{AWS::AccountId\}|[^:]*):role/(?:.*/)?(?P<name>[^/]+)"
)


class Group(Struct, frozen=True):
    """Task definitions that share roles, and the conditions that matter for judging them."""

    tasks: tuple[str, ...]
    conditions: tuple[str, ...]


def groups(ids: Collection[str], template: Template, given: Given, placed: Collection[str] = ()) -> tuple[Group, ...]:
    """Return all task definitions that share roles with one of ``ids``, directly or through others.

    ``placed`` are roles that the only one of ``ids`` has in addition to those that the template names.
    """
    resources = template.resources
    roles = tuple(name for name, each in resources.items() if each["Type"] == _ROLE)
    named = _named(template, given)
    of = {
        name: _roles_of(name, template, roles) | named.get(name, set()) | set(placed if name in ids else ())
        for name, each in resources.items()
        if each["Type"] in TASKS
    }
    found, left = [], dict.fromkeys(of)
    for first in of:
        if first not in left:
            continue
        together, theirs = _connected(first, of)
        left = {name: None for name in left if name not in together}
        if not together.isdisjoint(ids):
            tasks = tuple(name for name in of if name in together)
            found.append(Group(tasks, tuple(dict.fromkeys(_conditions(tasks, theirs, template)))))
    return tuple(found)


def reference(
    holder: Holder, wanted: Sequence[Need | Gap], task: str, worlds: Worlds, world: World
) -> Mapping[str | None, Sequence[Need | Gap]]:
    """Return what names the role of ``holder`` in a world, with its needs; ``None`` is the key if nothing does.

    The role of a whole task is in its definition, that of a service next to its use.
    """
    if holder in ROLE_PROPERTIES:
        properties = _mapping(worlds.template.resources.get(task, {}).get("Properties"))
        return {_value(properties.get(ROLE_PROPERTIES[holder]), worlds, world): wanted}
    if holder is Holder.INSTANCE:
        return dict.fromkeys(_in_profiles(task, worlds, world), wanted)
    found: dict[str | None, list[Need | Gap]] = {}
    for each in wanted:
        given = named_beside(worlds.template, each.origin.path)
        found.setdefault(_value(given, worlds, world), []).append(each)
    if None in found and holder is Holder.INFRASTRUCTURE:
        unnamed = found.pop(None)
        for each in unnamed:
            beside_use = worlds.template.type_of(str(each.origin.path[1])) == SERVICE
            for role in (None,) if beside_use else _for_volumes(task, worlds, world) or (None,):
                found.setdefault(role, []).append(each)
    return found


def _for_volumes(task: str, worlds: Worlds, world: World) -> tuple[str, ...]:
    """What names the roles for the volumes of a task definition, and for their key in a cluster, in what runs it."""
    runs = [run.workload for run, _ in run_in(world, worlds, task)]
    settings = (f"{by}.volumeConfigurations[].managedEBSVolume.roleArn" for by in ("service", "runTask"))
    named = (given for pattern in settings for run in runs for _, given in run.find(pattern))
    return tuple(dict.fromkeys(given if isinstance(given, str) else UNDECIDED for given in named))


def _in_profiles(task: str, worlds: Worlds, world: World) -> Iterator[str | None]:
    """What names the role in the instance profile of a capacity provider, or the profile where its role is unseen."""
    member = OTHER_ROLES[Holder.INSTANCE]
    for run, _ in run_in(world, worlds, task):
        yield run.workload.at(member.role) or run.workload.at(member.named) or None


def launch_types(task: str, worlds: Worlds, world: World) -> frozenset[str]:
    """Return the launch types of a task in a world: those of what runs it, otherwise those that it requires.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
    """
    if worlds.template.resources.get(task, {}).get("Type") == EXPRESS_SERVICE:
        return frozenset({"FARGATE"})
    runs = [run.workload for run, _ in run_in(world, worlds, task)]
    told = {str(run.at((by, "launchType")) or "") for run in runs for by in ("service", "runTask")} - {""}
    return frozenset(told or (each for run in runs for each in run.launch_types))


def role_of(given: str, roles: Iterable[RoleResource], account: str) -> RoleResource | None:
    """Return the role of the template that a text names: by Ref, GetAtt, name or ARN."""
    named = _NAMED.fullmatch(given)
    names = {given, named["name"]} if named and named["account"] in ("", "${AWS::AccountId}", account) else {given}
    return next((role for role in roles if not names.isdisjoint(role.names)), None)


def other_users(role: str, template: Template, known: Collection[str]) -> tuple[str, ...]:
    """Return the resources that use the role for another purpose than the known ones."""
    whole = doing_more(template, known)
    known = {*known, *_profiles_of(known, template)}
    users = (
        name
        for name, each in template.resources.items()
        if (name not in known or name in whole or _is_also_for_others(each, role, known))
        and each["Type"] not in POLICIES
        and _has(each.get("Properties"), role, each["Type"])
    )
    # SAM applies these to all functions.
    # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    all_of = _mapping(template.tree.get("Globals")).items()
    return (*users, *(f"Globals.{kind}" for kind, each in all_of if _has(each, role, str(kind))))


def _profiles_of(tasks: Collection[str], template: Template) -> Iterator[str]:
    """The instance profiles that only these tasks name: nothing else has the roles in them."""
    profiles = {name for name, each in template.resources.items() if each["Type"] == _PROFILE}
    if not profiles:
        return
    named = {name: set(names_in(each)) for name, each in template.resources.items()}
    for profile in profiles:
        users = {name for name, names in named.items() if profile in names}
        if users and users <= {*tasks}:
            yield profile


def _is_also_for_others(resource: Mapping[str, Any], role: str, tasks: Collection[str]) -> bool:
    """Return whether a rule also uses the role for a target that runs none of these tasks."""
    targets = _property_of(resource, "Targets") if resource["Type"] == _RULE else None
    return any(
        role in names_in(each) and tasks_in.isdisjoint(tasks)
        for each in _flat(targets)
        for tasks_in in [set(names_in(values_of("TaskDefinitionArn", each)))]
    )


def _flat(targets: Any) -> Iterator[Any]:
    """Yield the targets in a list, and in all branches of conditional ones."""
    if isinstance(targets, Mapping) and "Fn::If" in targets:
        yield from _flat(targets["Fn::If"])
    elif isinstance(targets, list):
        for each in targets:
            yield from _flat(each)
    elif isinstance(targets, Mapping):
        yield targets


def _property_of(resource: Mapping[str, Any], name: str) -> Any:
    return _mapping(resource.get("Properties")).get(name)


def made_by_sam(given: str, template: Template) -> str:
    """Return the resource for which SAM creates the named role; empty if there is none.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
    """
    role = given.removeprefix("${").removesuffix("}").removesuffix(".Arn")
    resources = template.resources
    kinds = ((name, each["Type"]) for name, each in resources.items() if role not in resources)
    return next((name for name, kind in kinds if kind in _WITH_ROLES and f"{name}Role" == role), "")


def called(given: str | None, template: Template) -> str:
    """Return the template's name for a role that it does not contain."""
    if not given:
        return "none"
    if given == UNDECIDED:
        return "one that only CloudFormation works out"
    if function := made_by_sam(given, template):
        return f"the one that SAM makes for {function}"
    whole = from_spelling(given, policy=False).whole
    if whole is None:
        return plain(given)
    if isinstance(whole, Opaque):
        return "one that only CloudFormation works out"
    if isinstance(whole, Import):
        return f"one that another stack exports as {whole.export}"
    name = whole.name.partition(".")[0]
    if name not in template.parameters and name not in template.resources:
        return f"{name}, which the template does not have"
    return f"what {whole.name} holds"


def _has(properties: Any, role: str, kind: str) -> bool:
    if kind == _PROFILE:
        return role in names_in(properties)
    if kind.startswith("AWS::IAM::"):
        return False
    whole = kind in ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
    return any(role in names_in(value) for value in _called_roles(properties, whole=whole))


def _called_roles(value: Any, *, whole: bool) -> Iterator[Any]:
    """Yield the values of members that are roles."""
    if whole:
        yield value
        return
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if isinstance(name, str) and re.search(r"role(arn|s|name)?$", name, re.IGNORECASE):
            yield member
        else:
            yield from _called_roles(member, whole=False)


def _value(given: Any, worlds: Worlds, world: World) -> str | None:
    value = None if given is None else worlds.value(world, given)
    if value is None or value is NO_VALUE:
        return None
    return value if isinstance(value, str) else UNDECIDED


#: A role whose name is unknown.
UNDECIDED = "${what only CloudFormation works out}"


def named_beside(template: Template, path: Path) -> Any:
    """Return what names the role for a path: the nearest one, or that of a whole state machine."""
    name = str(path[1]) if len(path) > 1 else ""
    kind = template.type_of(name)
    if kind not in STATE_MACHINES:
        return next(_beside(template.tree, path), None)
    given = _property_of(template.resources[name], STATE_MACHINES[kind])
    return {"Fn::GetAtt": [f"{name}Role", "Arn"]} if given is None and kind in _WITH_ROLES else given


def _beside(tree: Any, path: Path) -> Iterator[Any]:
    around = [tree]
    for step in path:
        part = _without_short_form(around[-1], step)
        inside = isinstance(part, Mapping) and step in part
        indexed = isinstance(part, list) and isinstance(step, int) and step < len(part)
        if not (inside or indexed):
            break
        around.append(part[step])
    for part in reversed(around):
        for names in _BESIDE:
            given: Any = part
            for name in names:
                given = given.get(name) if isinstance(given, Mapping) else None
            if given is not None:
                yield given


def _without_short_form(part: Any, step: str | int) -> Any:
    """Return the argument of a function whose short form has no key in a path."""
    function = next(iter(part), "") if isinstance(part, Mapping) and len(part) == 1 and step not in part else ""
    return part[function] if str(function).startswith("Fn::") else part


def _roles_of(task: str, template: Template, roles: Collection[str]) -> set[str]:
    around = around_of(task, template).resources
    in_profiles = (name for each in around.values() if each["Type"] == _PROFILE for name in names_in(each))
    return {name for name in (*around, *in_profiles) if name in roles}


def _named(template: Template, given: Given) -> Mapping[str, set[str]]:
    """Return the roles that task definitions name, by the template's names."""
    stack = template.resolve(given, types=(_ROLE, *TASKS))
    names = ((role.properties.get("RoleName"), role.logical_id) for role in stack.of_type(_ROLE))
    roles = {name: role for name, role in names if isinstance(name, str)}
    for role in stack.of_type(_ROLE):
        # By a function that computes the role.
        roles |= {role.logical_id: role.logical_id, f"{role.logical_id}.Arn": role.logical_id}
    tasks = {task.logical_id: task.properties for task in stack.of_type(*TASKS)}
    return {
        task: {
            roles[name]
            for text in _texts([own.get(each) for each in ROLE_PROPERTIES.values()])
            for name in (text.rpartition("/")[2], *symbols(text))
            if name in roles
        }
        for task, own in tasks.items()
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for member in inside(value):
        yield from _texts(member)


def _connected(first: str, of: Mapping[str, set[str]]) -> tuple[set[str], set[str]]:
    """Return all task definitions that share roles with the first, directly or through others, and their roles."""
    together, theirs = {first}, set(of[first])
    while more := {name for name in of if name not in together and not of[name].isdisjoint(theirs)}:
        together |= more
        theirs = theirs.union(*(of[name] for name in more))
    return together, theirs


def _conditions(tasks: Iterable[str], roles: Collection[str], template: Template) -> Iterator[str]:
    for task in tasks:
        yield from conditions_around(task, template)
    resources = template.resources
    policies = {name: each for name, each in resources.items() if each["Type"] in POLICIES}
    named = {name for role in roles for name in names_in(resources[role].get("Properties"))}
    kept = {
        name: each
        for name, each in policies.items()
        if name in named or not _attached_elsewhere(each, roles, resources)
    }
    own = {name: each for name, each in resources.items() if name in roles}
    of_resources = {
        name: each
        for name, each in resources.items()
        if each["Type"] in resource_policies.TYPES and not set(roles).isdisjoint(names_in(each))
    }
    together = replace(template, tree={**template.tree, "Resources": {**own, **kept, **of_resources}})
    yield from together.conditions_of(("AWS::IAM::", *resource_policies.TYPES))


def _attached_elsewhere(policy: Mapping[str, Any], roles: Collection[str], resources: Mapping[str, Any]) -> bool:
    """Return whether a policy is certainly attached only to other roles of the template."""
    properties = _mapping(policy.get("Properties"))
    named = {name for property_ in ATTACHED_TO for name in names_in(properties.get(property_))}
    others = {name for name in named if name in resources and resources[name].get("Type") == _ROLE}
    return bool(others) and others.isdisjoint(roles)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
