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
#: The file in which `cdk synth` lists its output.
MANIFEST = "manifest.json"


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
    return InvalidInput(
        "is a directory without .tf files, and not what `cdk synth` writes",
        where=directory,
        remedy=_remedy(directory),
    )


def _remedy(directory: str) -> str:
    if near := list(islice(_readable(directory), _TOLD + 1)):
        more = " or another one" if len(near) > _TOLD else ""
        return f"Did you mean {' or '.join(map(quoted, near[:_TOLD]))}{more}?"
    names = below_directly(directory)
    if TERRAGRUNT in names:
        how = "`terragrunt show -json | cfnroles explain -`"
        return f"It has {TERRAGRUNT}: pass the directory of the module that this calls, or the state: {how}"
    if any(name.endswith(_DOCUMENTS) for name in names):
        return f"Give one of its files, or write a service spec for all of them: cfnroles init {quoted(directory)}"
    return "Give a file, a directory of Terraform, or the cdk.out that `cdk synth` writes."


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
