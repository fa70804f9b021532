"""Directories that are sources: Terraform, and the output of `cdk synth`; and the error for all others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from cfnroles.errors import InvalidInput
from cfnroles.files import below_directly, is_directory, is_file, read_inside, text_of
from cfnroles.page import quoted

_DOCUMENTS = (".json", ".yaml", ".yml", ".template")
#: The maximum number of directories to search, including one level below, and to name.
_MOST, _TOLD = 200, 3

#: The file of a unit of Terragrunt, which calls a module in another place.
TERRAGRUNT = "terragrunt.hcl"
#: The file with the settings of a CDK app, in the directory of its source.
_CDK = "cdk.json"
#: The file in which `cdk synth` lists its output.
MANIFEST = "manifest.json"
#: The end of the names of an app's templates, and what those with a task definition contain.
_TEMPLATE, _TASK_DEFINITION = ".template.json", b"AWS::ECS::TaskDefinition"
#: What every task definition contains.
_CONTAINERS = b"containerDefinitions"


def holds_terraform(path: str | Path) -> bool:
    """Return whether a path is a directory with Terraform files."""
    if not is_directory(path):
        return False
    from cfnroles.hcl.directory import is_configuration

    return any(map(is_configuration, below_directly(path)))


def is_app(directory: str) -> bool:
    """Return whether a directory looks like output of `cdk synth`: it has a manifest with artifacts."""
    try:
        return bool(directory and is_file(Path(directory) / MANIFEST) and artifacts(Path(directory)))
    except InvalidInput:
        return False


def artifacts(directory: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the artifacts in the manifest of a CDK app by name. Raise InvalidInput if there are none."""
    where = str(directory / MANIFEST)
    remedy = "Pass the directory that `cdk synth` writes: cdk.out."
    if not is_file(directory / MANIFEST):
        raise nothing_to_read(str(directory))
    try:
        manifest = json.loads(text_of(read_inside(directory, MANIFEST), where))
    except ValueError as error:
        raise InvalidInput("is not JSON", where=where, why=str(error), remedy=remedy) from error
    found = manifest.get("artifacts") if isinstance(manifest, Mapping) else None
    if not isinstance(found, Mapping):
        raise InvalidInput("has no artifacts", where=where, remedy=remedy)
    return {str(name): each for name, each in found.items() if isinstance(each, Mapping)}


def nothing_to_read(directory: str) -> InvalidInput:
    """Return the error for a directory that is no source, with the directory that was likely meant."""
    if is_app(directory):
        return InvalidInput(
            "is what `cdk synth` writes, and this command reads one template",
            where=directory,
            remedy=_one_of(directory),
        )
    return InvalidInput(
        "is a directory without .tf files, and not what `cdk synth` writes",
        where=directory,
        remedy=_remedy(directory),
    )


def _one_of(directory: str) -> str:
    """Return a remedy with the templates of an app that have a task definition."""
    names = [name for name in below_directly(directory) if name.endswith(_TEMPLATE)][:_MOST]
    found = [name for name in names if _contains(Path(directory), name, _TASK_DEFINITION)]
    listed = ", ".join(quoted(f"{directory.rstrip('/')}/{name}") for name in found[:_TOLD])
    whole = f"`cfnroles explain {quoted(directory)}` and `cfnroles verify {quoted(directory)}` read all."
    return f"Pass the template: {listed}{' or another one' if len(found) > _TOLD else ''}. {whole}" if found else whole


def _contains(directory: Path, name: str, sign: bytes) -> bool:
    try:
        return sign in read_inside(directory, name)
    except InvalidInput:
        return False


def _remedy(directory: str) -> str:
    if near := list(islice(_readable(directory), _TOLD + 1)):
        more = " or another one" if len(near) > _TOLD else ""
        return f"Did you mean {' or '.join(map(quoted, near[:_TOLD]))}{more}?"
    names = below_directly(directory)
    if TERRAGRUNT in names:
        how = "`terragrunt show -json | cfnroles explain -`"
        return f"It has {TERRAGRUNT}: pass the directory of the module that this calls, or the state: {how}"
    if _CDK in names:
        out = quoted(f"{directory.rstrip('/')}/cdk.out")
        return f"It is the source of a CDK app: run `cdk synth` in it, and pass {out}"
    documents = [name for name in names if name.endswith(_DOCUMENTS)][:_MOST]
    if any(_contains(Path(directory), name, _CONTAINERS) for name in documents):
        return f"Pass one of its files, or write a service spec for all of them: cfnroles init {quoted(directory)}"
    if documents:
        return "Pass one of its files."
    return "Pass a file, a directory of Terraform, or the cdk.out that `cdk synth` writes."


def _readable(directory: str) -> Iterator[str]:
    """Yield the directories one or two levels below that are sources."""
    for first in islice(_folders(directory), _MOST):
        for each in (first, *islice(_folders(first), _MOST)):
            if is_app(each) or holds_terraform(each):
                yield each


def _folders(directory: str) -> list[str]:
    try:
        return sorted(
            str(path) for path in Path(directory).iterdir() if is_directory(path) and not path.name.startswith(".")
        )
    except OSError:
        return []
