"""What of a source that was read there is to check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cfnroles.checks.check import Grant, Subject, Task
from cfnroles.checks.template_roles import grants_of, roles_of, statement_grants
from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.need import Finding, Severity
from cfnroles.sources import reading as sources
from cfnroles.sources.task_definition_checks import value_findings
from cfnroles.sources.template_task_definitions import ACCOUNT, REGION, Names, TemplateTask, task_definitions, undecided
from cfnroles.template.intrinsics import literal
from cfnroles.template.template import Resource, Stack, Template
from cfnroles.workload import Path


def subject_of(reading: sources.Reading) -> Subject:
    """The subject of the source's own document."""
    document = reading.documents[0]
    if reading.template:
        return template_subject(reading.template, reading.told.parameters)
    if reading.policy is not None:
        return policy_subject(reading.policy, document.name)
    start = _start(document.tree)
    tasks = tuple(_task(task, start) for task in reading.tasks if task.workload.document == document.name)
    refused = tuple(finding for finding in reading.wrong if finding.check)
    return Subject(document.name, tasks=tasks, refused=refused, tree=document.members)


def template_subject(template: Template, parameters: Mapping[str, str]) -> Subject:
    """The subject of a template; ``parameters`` are values for its own, and the others have their defaults."""
    document = template.document
    stack = template.resolve(parameters, ACCOUNT, REGION)
    names = Names(stack)
    return Subject(
        document,
        tasks=tuple(_template_task(task, names) for task in task_definitions(stack, document, names)),
        grants=_all_grants(template, parameters, tuple(grants_of(stack, names))),
        roles=tuple(roles_of(stack, names)),
        stack=stack,
        tree=template.tree,
        names=names,
    )


def _all_grants(template: Template, given: Mapping[str, str], grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """The grants, and those besides that are there once parameters have a value whose default is empty."""
    empty = [
        name
        for name in template.parameters
        if isinstance(parameter := template.tree["Parameters"][name], Mapping)
        and parameter.get("Default") == ""
        and name not in given
    ]
    made_up = {f"cfnparameter{number}x": name for number, name in enumerate(empty)}
    if not made_up:
        return grants
    stack = template.resolve({**given, **{name: value for value, name in made_up.items()}}, ACCOUNT, REGION)
    seen = {grant.path for grant in grants}
    return (*grants, *(grant for grant in grants_of(stack, Names(stack, made_up)) if grant.path not in seen))


def policy_subject(tree: Mapping[str, Any], document: str) -> Subject:
    """The subject of a policy document."""
    resource = Resource("", "", _literal(tree), {}, _sources={("Resources", "", "Properties"): ()})
    names = Names(Stack({}, {}))
    grants: Iterator[Grant] = statement_grants(resource.properties, resource, (), names)
    return Subject(document, grants=tuple(grants), tree=tree)


def _task(task: sources.Task, start: Path) -> Task:
    """A task definition that stands at ``start`` of its document."""
    tree = task.workload.tree
    execution_role, task_role = _role(tree.get("executionRoleArn")), _role(tree.get("taskRoleArn"))
    return Task(task.workload, task.discovery, execution_role, task_role, start=start)


def _template_task(task: TemplateTask, names: Names) -> Task:
    found = discover(task.workload, Facts())
    errors = tuple(f for f in value_findings(task.workload) if f.severity is Severity.ERROR)
    properties = task.resource.properties
    return Task(
        task.workload,
        # What CloudFormation will fill in is no gap.
        replace(_with_findings(found, errors), gaps=()),
        _role(properties.get("ExecutionRoleArn")) or (None if "ExecutionRoleArn" in properties else ""),
        _role(properties.get("TaskRoleArn")) or (None if "TaskRoleArn" in properties else ""),
        task.resource.logical_id,
        task.sources,
        ("Resources", task.resource.logical_id, "Properties"),
    )


def _with_findings(discovery: Discovery, findings: tuple[Finding, ...]) -> Discovery:
    return replace(discovery, findings=(*discovery.findings, *findings))


def _role(given: Any) -> str | None:
    if given is None:
        return ""
    return given if isinstance(given, str) and undecided(given) is None else None


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
