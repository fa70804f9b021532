"""Files of roles for sources that are not Terraform: a task definition, or the services of a spec."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.hcl.directory import Files
from cfnroles.sources.reading import Reading, Task
from cfnroles.targets.log_group_names import log_group_names
from cfnroles.targets.made_profiles import with_made_profile
from cfnroles.targets.terraform.file import Again, Header
from cfnroles.targets.terraform.gate import GateForm
from cfnroles.targets.terraform.names import without_type
from cfnroles.targets.terraform.neighbours import written_files
from cfnroles.targets.terraform.parts import LogGroups
from cfnroles.targets.terraform.written_file import Subject, TerraformFile
from cfnroles.text import Text, text_of


def task_files(reading: Reading, files: Files, *, form: GateForm, again: Again) -> tuple[TerraformFile, ...]:
    """Return the file of the task definition, or of each service of a spec, for a directory with these files.

    Raise InvalidInput for values that ECS would reject.
    """
    return written_files(_subjects(reading, again), files, form=form)


def _subjects(reading: Reading, again: Again) -> Iterator[Subject]:
    made: set[Text] = set()
    for task in reading.accepted():
        groups = () if task.log_groups is None else log_group_names(task.workload, task.facts, task.log_groups)
        # If several services write to one log group, one of them creates it.
        own = tuple(name for name in groups if name not in made)
        made.update(own)
        log_groups = LogGroups(own, task.log_groups) if task.log_groups and own else LogGroups()
        yield replace(_subject(task, reading, again), log_groups=log_groups)


def task_module(reading: Reading, again: Again) -> TerraformFile:
    """Return the reusable module of the only task definition; raise InvalidInput as ``task_files`` does."""
    from cfnroles.targets.terraform.module import module_file

    return module_file(_subject(reading.task(), reading, again), "main.cfnroles.tf")


def _subject(task: Task, reading: Reading, again: Again) -> Subject:
    what = "service" if reading.project else task.workload.noun
    document = posixpath.basename(reading.name)
    # In a plan and in a state, several instances or modules may have one family.
    called = task.address or task.name
    task, name = with_made_profile(task), without_type(called)
    return Subject(
        name=name,
        label=task.address or f"the {what} {task.name}",
        family=text_of(task.name or name),
        discovery=task.discovery,
        facts=task.facts,
        header=Header(document, f", {task.address}" if task.address else f", the {what} {task.name}", again.written),
        options=task.options,
        region=task.facts.region,
        for_tasks=not task.workload.is_provider,
    )
