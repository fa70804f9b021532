"""The subjects of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.checks.check import AllowStatement, CheckedTask, Subject, TemplateRole
from cfnroles.checks.lint_worlds import LintWorlds, lint_worlds
from cfnroles.checks.placing import placed_dangers, placed_trust
from cfnroles.checks.runs import runs_of
from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.iam.evaluator import Effect
from cfnroles.iam.roles import stack_role
from cfnroles.iam.stack_roles import PolicySource, RoleResource, StackRoles
from cfnroles.iam.statements import Part, PlacedStatement
from cfnroles.need import Finding, Holder, Severity
from cfnroles.rediscovery import Parts, Rediscovery
from cfnroles.sources import reading as sources
from cfnroles.sources.role_members import other_roles
from cfnroles.sources.task_definition_checks import (
    nameless_findings,
    shape_findings,
    size_findings,
    value_findings,
)
from cfnroles.sources.template_arns import TELLING
from cfnroles.sources.template_names import refused_names
from cfnroles.sources.template_runs import asked_alone_in
from cfnroles.sources.template_shapes import shaped
from cfnroles.sources.template_targets import RUNNERS
from cfnroles.sources.template_task_definitions import TemplateTask, beside_services, task_definitions
from cfnroles.sources.template_task_types import CLUSTER, RUNS, TASKS, UNREAD
from cfnroles.sources.template_tasks import keys_of_maps, own
from cfnroles.sources.unknown_members import unknown_members, unseen_members
from cfnroles.template.atoms import World
from cfnroles.template.given import Given
from cfnroles.template.intrinsics import literal, symbols
from cfnroles.template.known_stacks import KnownStacks
from cfnroles.template.template import ResolvedStack, Resource, Template
from cfnroles.template.worlds import Worlds, worlds_of
from cfnroles.workload import Path, Workload

#: Prefixes of the types that have checks.
_LOOKED_AT = (
    "AWS::IAM::",
    *TASKS,
    *UNREAD,
    *(*RUNS, *RUNNERS, CLUSTER),
    *TELLING,
    "AWS::SecretsManager::Secret",
    "AWS::CloudFormation::CustomResource",
    "Custom::",
)


def worlds_in(reading: sources.Reading) -> LintWorlds | None:
    """Return the worlds of the source's own document that checks can distinguish; ``None`` if it is not a template."""
    template = reading.template
    if template is None:
        return None
    given = Given(reading.told.parameters)
    # A need that has a name only for each key of a map is found with each key.
    forks = {fork.atoms: fork for name in own(template) for fork in keys_of_maps(name, template, given)}
    conditions = template.conditions_of(_LOOKED_AT)
    worlds = worlds_of(template, given, conditions=conditions, forks=forks.values())
    return lint_worlds(template, worlds, _LOOKED_AT)


def subject_of(reading: sources.Reading) -> Subject:
    """Return the subject of a source's own document, which is not a template."""
    document = reading.documents[0]
    if reading.policy is not None:
        return policy_subject(reading.policy, document.name)
    if reading.addressed:
        tasks = tuple(each for task in reading.tasks for each in _of_configuration(task))
        return Subject(document.name, tasks=tasks, unseen=reading.unseen)
    start = _start(document.tree)
    tasks = tuple(_task(task, start) for task in reading.tasks if task.workload.document == document.name)
    refused = tuple(finding for finding in reading.wrong if finding.check)
    return Subject(document.name, tasks=tasks, refused=refused, tree=document.members)


def template_subject(template: Template, worlds: Worlds, world: World) -> Subject:
    """Return the subject of a template in one of its worlds. Equal parts of worlds are one object."""
    stack = worlds.stack(world, _LOOKED_AT)
    found = StackRoles(stack)
    known: KnownStacks = template.known.setdefault(template_subject, KnownStacks())

    def tasks_of(logical_id: str) -> Callable[[ResolvedStack], tuple[CheckedTask, ...]]:
        return lambda seen: tuple(_template_tasks(logical_id, template, seen))

    def running(logical_id: str) -> Callable[[ResolvedStack], tuple[CheckedTask, ...]]:
        return lambda seen: tuple(runs_of(logical_id, template, seen))

    def role_of(role: RoleResource) -> Callable[[ResolvedStack], TemplateRole]:
        return lambda seen: _template_role(role, template, seen)

    def allowed_by(policy: PolicySource) -> Callable[[ResolvedStack], tuple[AllowStatement, ...]]:
        return lambda seen: tuple(_allow_statements(policy, seen))

    tasks = tuple(each.logical_id for kind in TASKS for each in stack.of_type(kind))
    runs = tasks if stack.of_type(*RUNNERS) else ()
    statements = (known.answer(_same(each, template), stack, allowed_by(each)) for each in found.policies)
    return Subject(
        template.document,
        tasks=tuple(each for name in tasks for each in known.answer(name, stack, tasks_of(name))),
        statements=tuple(each for those in statements for each in those),
        roles=tuple(known.answer(_same(role, template), stack, role_of(role)) for role in found.roles),
        stack=stack,
        refused=refused_names(template),
        tree=template.tree,
        unseen_tasks=tuple(name for name, _ in asked_alone_in(stack, template.document)),
        runs=tuple(each for name in runs for each in known.answer((runs_of, name), stack, running(name))),
    )


def _template_tasks(logical_id: str, template: Template, stack: ResolvedStack) -> Iterator[CheckedTask]:
    rows, parts = template.known.setdefault((_template_tasks, logical_id), (Rediscovery(), Parts()))
    for task in task_definitions(stack, template.document, logical_id):
        for each in beside_services(task, stack):
            # Most of a task definition is the same in all worlds, and for everything that runs it.
            same = replace(each.workload, tree=parts.one(each.workload.tree))
            unnamed = tuple(_unnamed(each, template))
            yield _template_task(replace(each, workload=same), discover(same, Facts(), known=rows), unnamed)


def _same(part: RoleResource | PolicySource, template: Template) -> tuple[str, str, int]:
    """Return a key that is equal for equal roles or policies in different worlds."""
    resource = part.resource if isinstance(part, RoleResource) else part.holder
    known: list[RoleResource | PolicySource] = template.known.setdefault((_same, type(part), resource.logical_id), [])
    number = next((number for number, each in enumerate(known) if each == part), len(known))
    known += [part] * (number == len(known))
    return type(part).__name__, resource.logical_id, number


def policy_subject(tree: Mapping[str, Any], document: str) -> Subject:
    """Return the subject of a policy document."""
    resource = Resource("", "", {}, {}, _sources={("Resources", "", "Properties"): ()})
    policy = PolicySource(resource, Part(_literal(tree), ()))
    return Subject(
        document,
        statements=tuple(_allow_statements(policy, ResolvedStack({}, {}))),
        tree=tree,
        dangers=placed_dangers((policy,)),
    )


def _template_role(found: RoleResource, template: Template, stack: ResolvedStack) -> TemplateRole:
    elsewhere = ((policy.arn, policy.holder) for policy in found.policies if policy.document is None)
    role = stack_role(found, template)
    return TemplateRole(
        found.logical_id,
        ("Resources", found.logical_id),
        found.names,
        _trusted(found.trust),
        tuple(each for policy in found.policies for each in _allow_statements(policy, stack)),
        tuple((arn.text, holder.source(*arn.path)) for arn, holder in elsewhere if arn),
        role,
        placed_dangers(found.policies, role),
        placed_trust(found.trust, role),
    )


def _allow_statements(policy: PolicySource, stack: ResolvedStack) -> Iterator[AllowStatement]:
    for statement in policy.statements():
        if isinstance(statement, PlacedStatement) and statement.effect is Effect.ALLOW:
            yield AllowStatement(
                policy.holder.source(*statement.part.path),
                tuple(action.value for action in statement.actions),
                tuple(shaped(resource.value, stack, policy=True) for resource in statement.resources),
                statement.not_actions,
                statement.not_resources,
                bool(statement.condition.value),
            )


def _trusted(trust: PolicySource) -> frozenset[str] | None:
    """Return the services that a trust policy admits; ``None`` if unknown."""
    principals: list[str] = []
    statements = list(trust.statements(trust=True))
    for statement in statements:
        if not isinstance(statement, PlacedStatement) or statement.not_resources:
            return None
        if statement.effect is Effect.ALLOW:
            principals += [_principal(principal.value) for principal in statement.resources]
    if not statements or any(each in ("*", "AWS *") or symbols(each) for each in principals):
        return None
    return frozenset(each.removeprefix("Service ") for each in principals if each.startswith("Service "))


def _principal(text: str) -> str:
    """Return a principal without the partition's suffix, which some templates append.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
    """
    return text.replace(".${AWS::URLSuffix}", ".amazonaws.com") if text.startswith("Service ecs") else text


def _task(task: sources.Task, start: Path) -> CheckedTask:
    """Return the task definition at ``start`` of its document."""
    tree = task.workload.tree
    # The roles of a spec's services are built later.
    none = None if task.service else ""
    execution_role, task_role = (_role(tree.get(name)) or none for name in ("executionRoleArn", "taskRoleArn"))
    return CheckedTask(task.workload, task.discovery, execution_role, task_role, start=start)


def _of_configuration(task: sources.Task) -> Iterator[CheckedTask]:
    """Yield a task definition of a configuration in each form that its conditions produce."""
    for workload, discovery in task.variants:
        execution_role, task_role = (_role(workload.tree.get(name)) for name in ("executionRoleArn", "taskRoleArn"))
        yield CheckedTask(workload, discovery, execution_role, task_role, begin=workload.origin(()))


def _unnamed(task: TemplateTask, template: Template) -> Iterator[Finding]:
    """Yield what names nothing in the template's text. A value that only a deployment knows is none in a world."""
    tree = Workload(template.document, template.tree)
    for finding in nameless_findings(task.workload):
        place = task.sources.get(finding.origin.path)
        written, member = tree.at(place) if place else None, finding.what.rpartition(" ")[2].lower()
        if isinstance(written, Mapping) and "Ref" not in written:
            given = (value for name, value in written.items() if str(name).lower() == member)
            if all(value in ("", None) for value in given):
                yield finding


def _template_task(task: TemplateTask, found: Discovery, unnamed: tuple[Finding, ...]) -> CheckedTask:
    # What has members of wrong types is not examined further.
    shapes = (*size_findings(task.workload), *shape_findings(task.workload))
    gaps, unknown = ((), ()) if shapes else unknown_members(task.workload, task.workload.settings)
    refused = shapes or value_findings(task.workload)
    errors = tuple(f for f in refused if f.severity is Severity.ERROR)
    return CheckedTask(
        task.workload,
        # A value that CloudFormation fills in is not a gap.
        replace(
            _with_findings(found, (*errors, *unnamed, *unknown)),
            gaps=(*gaps, *unseen_members(task.workload, task.unseen)),
        ),
        _role_property(task, "ExecutionRoleArn"),
        _role_property(task, "TaskRoleArn"),
        task.resource.logical_id,
        task.sources,
        ("Resources", task.resource.logical_id, "Properties"),
        dict(_other_roles(task)),
    )


def _other_roles(task: TemplateTask) -> Iterator[tuple[Holder, tuple[str | None, Path]]]:
    """The roles of an Express Mode service or a capacity provider."""
    for holder, member in other_roles(task.workload):
        given = _role(task.workload.at(member.role))
        yield holder, (given or (None if member.named in task.sources else ""), member.named)


def _role_property(task: TemplateTask, name: str) -> str | None:
    properties = task.resource.properties
    return _role(properties.get(name)) or (None if name in properties else "")


def _with_findings(discovery: Discovery, findings: tuple[Finding, ...]) -> Discovery:
    return replace(discovery, findings=(*discovery.findings, *findings))


def _role(given: Any) -> str | None:
    if given is None:
        return ""
    return given if isinstance(given, str) else None


def _start(tree: Any) -> Path:
    start: Path = ()
    if isinstance(tree, list) and len(tree) == 1:
        start, tree = (0,), tree[0]
    if isinstance(tree, Mapping) and isinstance(tree.get("taskDefinition"), Mapping):
        return (*start, "taskDefinition")
    return start


def _literal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _literal(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_literal(element) for element in value]
    return literal(value) if isinstance(value, str) else value
