"""What a document is, and what of it there is to check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cfnroles.checks.check import Fault, Grant, Subject, Task
from cfnroles.checks.template_roles import grants_of, roles_of, statement_grants
from cfnroles.discovery import Discovery, discover
from cfnroles.document import Document, parse
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Finding, Severity
from cfnroles.sources import from_service_spec
from cfnroles.sources.service_spec.faults import faults
from cfnroles.sources.task_definition import home, read_task_definition
from cfnroles.sources.task_definition_checks import discover as discover_and_check
from cfnroles.sources.task_definition_checks import value_findings
from cfnroles.sources.template_task_definitions import ACCOUNT, REGION, Names, TemplateTask, task_definitions, undecided
from cfnroles.template.intrinsics import literal
from cfnroles.template.template import Resource, Stack, Template
from cfnroles.workload import Path

_EXPECTED = "cfnroles lints CloudFormation templates, task definitions, service specs and policy documents."
_SIGNS = re.compile(r"AWSTemplateFormatVersion|AWS::[A-Z]|containerDefinitions|\bStatement\b|(?m:^project:)")


class NotLintable(InvalidInput):
    """The text is none of the documents that are linted."""


def looks_lintable(text: str) -> bool:
    """Whether a text has the words of a document that is linted, be it well formed or not."""
    return _SIGNS.search(text) is not None


def is_template(text: str, document: str) -> bool:
    """Whether a JSON or YAML text is a CloudFormation template; raises InvalidInput where it is not well formed."""
    return _is_template(parse(text, document))


def read_subject(text: str, document: str, parameters: Mapping[str, str] | None = None) -> Subject:
    """The subject in a JSON or YAML text.

    ``parameters`` are values for those of a template; the others have their defaults. Raises InvalidInput where the
    text is not well formed, and NotLintable where it is none of the documents that are linted.
    """
    tree = parse(text, document)
    if _is_template(tree):
        return template_subject(tree, document, parameters)
    if isinstance(tree, Mapping) and "Statement" in tree:
        return policy_subject(tree, document)
    if from_service_spec.recognises(whole := Document(document, text)):
        return spec_subject(whole)
    if _is_task_definition(tree):
        return task_definition_subject(text, document, _start(tree))
    raise NotLintable("is nothing that can be linted", where=document, why=_EXPECTED)


def template_subject(tree: Mapping[str, Any], document: str, parameters: Mapping[str, str] | None = None) -> Subject:
    """The subject of a template's tree, short forms turned into long ones."""
    template = Template(document, "", tree)
    stack = template.resolve(parameters, ACCOUNT, REGION)
    names = Names(stack)
    return Subject(
        document,
        tasks=tuple(_template_task(task, names) for task in task_definitions(stack, document, names)),
        grants=_all_grants(template, parameters or {}, tuple(grants_of(stack, names))),
        roles=tuple(roles_of(stack, names)),
        stack=stack,
        tree=tree,
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


def spec_subject(document: Document) -> Subject:
    """The subject of a service spec."""
    refused = tuple(Fault(each.origin.path, each.what, each.remedy) for each in faults(document))
    return Subject(document.name, refused=refused, tree=document.members)


def task_definition_subject(text: str, document: str, start: Path = ()) -> Subject:
    """The subject of a task definition, which stands at ``start`` of its document."""
    try:
        workload = read_task_definition(text, document)
    except InvalidInput:
        # A family that a pipeline fills in later is no reason to look at nothing else.
        workload = read_task_definition(text, document, family="family")
    task = Task(
        workload,
        discover_and_check(workload, home(workload)),
        _role(workload.tree.get("executionRoleArn")),
        _role(workload.tree.get("taskRoleArn")),
        start=start,
    )
    return Subject(document, tasks=(task,), tree=workload.tree)


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


def _is_template(tree: Any) -> bool:
    return isinstance(tree, Mapping) and isinstance(tree.get("Resources"), Mapping)


def _is_task_definition(tree: Any) -> bool:
    at = _start(tree)
    for step in at:
        tree = tree[step]
    return isinstance(tree, Mapping) and isinstance(tree.get("containerDefinitions"), list)


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
