"""The summary of a build whose task definition stays in Terraform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cfnroles.formats.taken import values_words
from cfnroles.page import quoted
from cfnroles.role_kinds import ROLE_KINDS, RoleKind
from cfnroles.sources.reading import Task
from cfnroles.sources.terraform_kinds import role_argument
from cfnroles.targets.cloudformation.build import Build

_AGAIN = "build again, with --var-file FILE or --parameter NAME=VALUE"


def of_configuration(built: Build, directory: Path, source: str, task: Task) -> Iterator[str]:
    """Yield how Terraform uses the roles, and how to set the parameters.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/cloudformation_export
    """
    yield ""
    yield f"The {task.workload.noun} stays in Terraform, which uses the roles by their exports:"
    kinds = {export: _kind(export) for export in built.stacks[0].exports}
    for export, kind in kinds.items():
        yield from _taken(export, kind, task.address)
    if built.expressions:
        yield ""
        yield "Set the stack's parameters to these values from Terraform:"
        yield from (f"- {name}: {expression}" for name, expression in built.expressions.items())
        yield f"Create what they name before the roles, and the roles before the {task.workload.noun}."
    if built.taken:
        yield ""
        yield from values_words(built.taken, _AGAIN, "variable")
    file = quoted(str(directory / next(iter(built.files))))
    yield ""
    yield f"Verify the roles of the {'task' if task.workload.noun == 'task definition' else task.workload.noun}:"
    own = [kind for kind in kinds.values() if role_argument(task.address, kind.holder)]
    options = " ".join(f"{kind.option_name} {file}:{kind.name}" for kind in own)
    yield f"  cfnroles verify {quoted(source)} --resource {quoted(task.address)} {options}"
    if not task.workload.is_provider:
        yield ""
        yield f"The stack has no gate: `cfnroles check {quoted(source)}` checks whether each secret exists."


def _kind(export: str) -> RoleKind:
    return next(each for each in ROLE_KINDS if export.endswith(each.export_name.removeprefix("${ProjectName}")))


def _taken(export: str, kind: RoleKind, address: str) -> Iterator[str]:
    project = export.removesuffix(kind.export_name.removeprefix("${ProjectName}"))
    label = re.sub(r"\W+", "_", f"{project} {kind.holder}")
    yield f'  data "aws_cloudformation_export" "{label}" {{ name = "{export}" }}'
    argument = role_argument(address, kind.holder) or f"role_arn of the {kind.holder.removesuffix(' role')}"
    yield f"  {argument} = data.aws_cloudformation_export.{label}.value"
