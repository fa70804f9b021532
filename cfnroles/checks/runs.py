"""The runs of a template's task definitions by schedules, rules, pipes and state machines, with their overrides."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import CheckedTask
from cfnroles.discovery import Discovery
from cfnroles.need import Severity
from cfnroles.sources.runs import ways, without_container
from cfnroles.sources.target_runs import beside_targets
from cfnroles.sources.task_definition_checks import shape_findings, value_findings
from cfnroles.sources.template_task_definitions import task_definitions
from cfnroles.template.template import ResolvedStack, Template


def runs_of(logical_id: str, template: Template, stack: ResolvedStack) -> Iterator[CheckedTask]:
    """Yield each run of a task definition with what ECS would reject in it; roles are checked without runs."""
    for task in task_definitions(stack, template.document, logical_id):
        for each in beside_targets(task, stack):
            run = ways(each.workload)[-1]
            found = shape_findings(each.workload) or (*value_findings(run), *without_container(each.workload))
            errors = tuple(finding for finding in found if finding.severity is Severity.ERROR)
            start = ("Resources", logical_id, "Properties")
            yield CheckedTask(run, Discovery((), (), errors, ()), None, None, logical_id, each.sources, start)
