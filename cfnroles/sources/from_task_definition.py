"""A task definition as a source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cfnroles.document import Document, read_document
from cfnroles.errors import InvalidInput
from cfnroles.sources.foreign import is_beanstalk
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.told import Told

if TYPE_CHECKING:
    from cfnroles.facts import Facts
    from cfnroles.workload import Workload

NOUN = "a task definition"
SIGNS = ("containerDefinitions",)
TAKES = frozenset(Told.__struct_fields__)


def recognises(document: Document) -> bool:
    """Return whether it has containers, directly or under ``taskDefinition`` as in ECS's responses."""
    inner = document.members.get("taskDefinition")
    return not is_beanstalk(document.members) and any(
        "containerDefinitions" in each for each in (document.members, inner) if isinstance(each, Mapping)
    )


def read(document: Document, told: Told) -> Reading:
    """Return the task definition, with the given settings of its service and account."""
    from cfnroles.sources.settings import filled_by, with_settings
    from cfnroles.sources.task_definition import read_task_definition
    from cfnroles.sources.task_definition_checks import discover, family_findings

    service = read_document(told.service_file) if told.service_file else None
    run = read_document(told.run_task_file) if told.run_task_file else None
    beside = tuple(each for each in (service, run) if each)
    elsewhere = {name for each in beside for name in filled_by(each, told.values)}
    workload = read_task_definition(document, told, elsewhere)
    facts = _facts(workload, told)
    workload = with_settings(workload, service, told, run)
    task = Task(workload.family, workload, facts, discover(workload, facts))
    # A pipeline may set the family later: it is not needed to examine the task definition.
    return Reading((document, *beside), NOUN, told, (task,), tuple(family_findings(workload)))


def _facts(workload: Workload, told: Told) -> Facts:
    from cfnroles.sources.task_definition import home
    from cfnroles.sources.told_facts import told_facts

    facts = told_facts(told, home(workload, told.account, told.region, told.kms_key_arns))
    volumes = [name for _, name in workload.find("volumes[].name")]
    systems = [system for _, system in workload.find("volumes[].efsVolumeConfiguration.fileSystemId")]
    for system in told.efs_accounts:
        if system not in systems:
            raise InvalidInput(f"--efs-account {system}: no volume uses this file system")
    for volume in told.root_volumes:
        if volume not in volumes:
            raise InvalidInput(f"--efs-root-access {volume}: no volume has this name")
    return facts
