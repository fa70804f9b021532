"""Conflicts of exports and imports, which CloudFormation would only find during a deployment."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.stack import Export
from cfnroles.deploy.failures import Failure, explained
from cfnroles.deploy.filled_template import FilledTemplate
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.targets.cloudformation.settled import SHARED_GATE


def export_failures(sources: Sequence[StackSource], exports: Mapping[str, Export]) -> tuple[Failure, ...]:
    """Return the failures: imports without an export, exports that are taken, and duplicate exports."""
    made = {name for source in sources for name in source.exports}
    missing = [
        missing_import(source, name)
        for source in sources
        for name in source.imports
        if name not in made and name not in exports
    ]
    taken = [
        explained(source.name, f"Export with name {name} is already exported by stack {exports[name].stack}")
        for source in sources
        for name in source.exports
        if name in exports and exports[name].stack != source.name
    ]
    twice = [
        explained(second.name, f"Export with name {name} is already exported by stack {first.name}")
        for first, second in itertools.combinations(sources, 2)
        for name in second.exports
        if name in first.exports
    ]
    return (*missing, *taken, *twice)


def missing_import(source: StackSource, export: str) -> Failure:
    """Return the failure of a stack that imports an undefined export."""
    remedy = (
        "Deploy the shared gate first: `cfnroles gate -o gate`, then `cfnroles deploy gate`."
        if export.startswith(f"{SHARED_GATE}-")
        else f"Deploy the stack that exports it first: {' or '.join(source.depends_on)}."
        if source.depends_on
        else "Deploy the stack that exports it first."
    )
    return replace(explained(source.name, f"No export named {export} found"), remedy=remedy)


def exports_in_use(
    updated: Mapping[str, FilledTemplate], exports: Mapping[str, Export], cloudformation: CloudFormation
) -> tuple[Failure, ...]:
    """Return failures for the exports that updates would remove and that stacks import.

    Raise ``Unavailable`` if they cannot be read.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    return tuple(_in_use(updated, exports, cloudformation))


def _in_use(
    updated: Mapping[str, FilledTemplate], exports: Mapping[str, Export], cloudformation: CloudFormation
) -> Iterator[Failure]:
    for stack, filled in updated.items():
        names = filled.template.exports(filled.given)
        if any("${" in name for name in names):
            continue  # only CloudFormation can evaluate it
        for name in [each.name for each in exports.values() if each.stack == stack and each.name not in names]:
            if importers := cloudformation.importers(name):
                yield explained(stack, f"Export {name} cannot be deleted as it is in use by {', '.join(importers)}")
