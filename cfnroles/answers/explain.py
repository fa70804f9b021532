"""The reason for each statement of each role."""

from __future__ import annotations

from cfnroles.answers.explain_configuration import explain_configuration
from cfnroles.answers.explain_template import explain_template
from cfnroles.answers.explanation import Explanation, explained_roles
from cfnroles.sources.reading import Reading, Task


def explain(reading: Reading, resource: str = "") -> tuple[Explanation, ...]:
    """Explain every statement that `build` writes, for each task definition.

    ``resource`` is the logical ID of one task definition of a template, or its address in a configuration. Raise
    InvalidInput for a source that ECS would reject, and if the task definition does not exist.
    """
    if reading.template is not None:
        return explain_template(reading, reading.template, resource)
    if reading.addressed:
        return explain_configuration(reading, resource)
    return tuple(_explanation(task, task.name if reading.project else "") for task in reading.accepted())


def _explanation(task: Task, service: str) -> Explanation:
    return Explanation(explained_roles({"": task.discovery.needs}), task.discovery.gaps, service)
