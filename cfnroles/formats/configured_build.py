"""The summary of a build whose task definition stays in Terraform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cfnroles.formats.taken import values_words
from cfnroles.need import Holder
from cfnroles.page import quoted
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.reading import Task
from cfnroles.targets.cloudformation.build import Build

#: The arguments of a task definition for its roles; on other resources it is `role_arn`.
_ARGUMENTS = {Holder.EXECUTION: "execution_role_arn", Holder.TASK: "task_role_arn"}
_AGAIN = "build again, with --var-file FILE or --parameter NAME=VALUE"


def of_configuration(built: Build, directory: Path, source: str, task: Task) -> Iterator[str]:
    """Yield how Terraform uses the roles, and how to set the parameters.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/cloudformation_export
    """
    yield ""
    yield "The task definition stays in Terraform, which takes the roles by their exports:"
    for export in built.stacks[0].exports:
        yield from _taken(export)
    if built.expressions:
        yield ""
        yield "Set the stack's parameters to these values from Terraform:"
        yield from (f"- {name}: {expression}" for name, expression in built.expressions.items())
        yield "Create what they name before the roles, and the roles before the task definition."
    if built.taken:
        yield ""
        yield from values_words(built.taken, _AGAIN, "variable")
    file = quoted(str(directory / next(iter(built.files))))
    yield ""
    yield "Verify the roles of the task:"
    own = f"--role {file}:ExecutionRole --task-role {file}:TaskRole"
    yield f"  cfnroles verify {quoted(source)} --resource {quoted(task.address)} {own}"
    yield ""
    yield f"The stack has no gate: `cfnroles check {quoted(source)}` checks whether each secret exists."


def _taken(export: str) -> Iterator[str]:
    kind = next(each for each in ROLE_KINDS if export.endswith(each.export_name.removeprefix("${ProjectName}")))
    project = export.removesuffix(kind.export_name.removeprefix("${ProjectName}"))
    label = re.sub(r"\W+", "_", f"{project} {kind.holder}")
    yield f'  data "aws_cloudformation_export" "{label}" {{ name = "{export}" }}'
    argument = _ARGUMENTS.get(kind.holder, f"role_arn of the {kind.holder.removesuffix(' role')}")
    yield f"  {argument} = data.aws_cloudformation_export.{label}.value"
