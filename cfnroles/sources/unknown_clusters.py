"""The services of a template that have ECS Exec enabled in a cluster that the template does not define.

    clusters_elsewhere(needs, (reading,))      # ("Web",)

The cluster may encrypt and log the sessions, for which the task role needs permissions that nothing shows.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cfnroles.need import Need
from cfnroles.sources.template_task_types import CLUSTER, RUNS
from cfnroles.template.dependencies import names_in
from cfnroles.template.template import Template

if TYPE_CHECKING:
    from cfnroles.sources.reading import Reading

_OPENS_SESSIONS = "ssmmessages:CreateControlChannel"


def clusters_elsewhere(needs: Iterable[Need], readings: Iterable[Reading]) -> tuple[str, ...]:
    """Return the logical IDs of these services and daemons, sorted."""
    templates = {reading.name: reading.template for reading in readings if reading.template is not None}
    return tuple(sorted(set(_elsewhere(needs, templates))))


def _elsewhere(needs: Iterable[Need], templates: Mapping[str, Template]) -> Iterator[str]:
    for need in needs:
        template, path = templates.get(need.origin.document), need.origin.path
        if template is None or need.permission.action != _OPENS_SESSIONS or len(path) < 2:
            continue
        resource = template.resources.get(str(path[1]))
        if resource is not None and resource["Type"] in RUNS and not _is_here(resource.get("Properties"), template):
            yield str(path[1])


def _is_here(properties: Any, template: Template) -> bool:
    """Return whether a service names a cluster of the template, by reference or by name."""
    given = properties.get("Cluster", properties.get("ClusterArn")) if isinstance(properties, Mapping) else None
    clusters = {name: each for name, each in template.resources.items() if each["Type"] == CLUSTER}
    named = [each.get("Properties") for each in clusters.values()]
    called = [each.get("ClusterName") for each in named if isinstance(each, Mapping) and "ClusterName" in each]
    return not clusters.keys().isdisjoint(names_in(given)) or (given is not None and given in called)
