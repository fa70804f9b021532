"""The places where a configuration names the roles of a task definition, and the principal that runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.hcl.definitions import Site, sites, without_instances
from cfnroles.hcl.project import Project
from cfnroles.hcl.syntax import Body, Node
from cfnroles.need import Holder
from cfnroles.sources.reading import Task
from cfnroles.sources.template_targets import RUNNERS
from cfnroles.sources.terraform_kinds import ROLE_ARGUMENTS
from cfnroles.sources.terraform_runners import RUNNER_TYPES
from cfnroles.targets.terraform.written_file import GivenRole

#: The argument of each resource that runs a task definition.
_RUNNING = "role_arn"


def given_roles(site: Site, tasks: Sequence[Task], project: Project) -> Iterator[GivenRole]:
    """Yield what the task definition says about its roles, and what the resources that run it say about theirs."""
    for holder, (*around, argument) in ROLE_ARGUMENTS[site.type].items():
        yield _given(site, holder, argument, _inner(site.block.body, around))
    running = {address for task in tasks for address in _running(task)}
    for kind, runner in RUNNER_TYPES.items():
        holder = RUNNERS[runner.type].holder
        for each in sites(project, kind):
            if each.address in running:
                target = each.block.body.of("target") if runner.running == "ecs_parameters" else ()
                body = target[0].body if target else each.block.body
                yield _given(each, holder, _RUNNING, body, f": {each.address}")


def _inner(body: Body, around: Sequence[str]) -> Body | None:
    """Return the body of the block in these blocks; ``None`` if the block is repeated in another way."""
    for name in around:
        blocks = body.of(name)
        if len(blocks) != 1:
            return None
        body = blocks[0].body
    return body


def _given(site: Site, holder: Holder, argument: str, body: Body | None, of: str = "") -> GivenRole:
    node: Node | None = body.arguments.get(argument) if body is not None else None
    place = site.place if node is None else node.place
    return GivenRole(holder, argument, f"{place}{of}", "" if node is None else node.written)


def _running(task: Task) -> Iterator[str]:
    """Yield the addresses of the resources that run the task definition."""
    workloads = [workload for workload, _ in task.variants] or [task.workload]
    for workload in workloads:
        for path, place in workload.places.items():
            if path[:1] == ("runBy",) and len(path) > 1:
                yield without_instances(str(place[0]))
