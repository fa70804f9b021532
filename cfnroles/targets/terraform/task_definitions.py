"""Files of roles for what is no Terraform: a task definition, or the services of a spec."""

from __future__ import annotations

import posixpath

from cfnroles.hcl.configuration import Configuration, read_configuration
from cfnroles.hcl.directory import Files
from cfnroles.page import quoted
from cfnroles.sources.reading import Reading, Task
from cfnroles.targets.terraform.file import Header
from cfnroles.targets.terraform.gate import GateForm
from cfnroles.targets.terraform.names import identifier
from cfnroles.targets.terraform.neighbours import place_of
from cfnroles.targets.terraform.written_file import Subject, TerraformFile, written_file
from cfnroles.text import text_of


def task_files(reading: Reading, files: Files, *, form: GateForm) -> tuple[TerraformFile, ...]:
    """The file of the task definition, or of each service of a spec, for a directory with these files.

    Raises InvalidInput for what was read and ECS would refuse.
    """
    beside = read_configuration(files, ".")
    return tuple(_file(task, reading, files, beside, form=form) for task in reading.accepted())


def task_module(reading: Reading) -> TerraformFile:
    """The reusable module of the only task definition; raises InvalidInput as ``task_files`` does."""
    from cfnroles.targets.terraform.module import module_file

    return module_file(_subject(reading.task(), reading, " --module -o ."), "main.cfnroles.tf")


def _file(task: Task, reading: Reading, files: Files, beside: Configuration, *, form: GateForm) -> TerraformFile:
    path = f"{identifier(task.name)}.cfnroles.tf"
    return written_file(_subject(task, reading), place_of(path, files, beside), form=form)


def _subject(task: Task, reading: Reading, options: str = "") -> Subject:
    what = "service" if reading.project else "task definition"
    document = posixpath.basename(reading.name)
    return Subject(
        name=task.name,
        label=f"the {what} {task.name}",
        family=text_of(task.name),
        discovery=task.discovery,
        facts=task.facts,
        header=Header(document, f", the {what} {task.name}", f"cfnroles terraform {quoted(document)}{options}"),
        options=task.options,
        region=task.facts.region,
    )
