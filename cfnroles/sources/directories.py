"""Directories in which there is nothing that cfnroles reads as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cfnroles.errors import InvalidInput
from cfnroles.files import below_directly, is_directory
from cfnroles.page import quoted

_DOCUMENTS = (".json", ".yaml", ".yml", ".template")
#: So many folders are looked into, each with those below it, and so many are named.
_MOST, _TOLD = 200, 3


def nothing_to_read(directory: str) -> InvalidInput:
    """The refusal of a directory without Terraform and without an app of the CDK, with what was likely meant."""
    return InvalidInput(
        "is a directory without .tf files, and not what `cdk synth` writes",
        where=directory,
        remedy=_remedy(directory),
    )


def _remedy(directory: str) -> str:
    if near := list(islice(_readable(directory), _TOLD + 1)):
        more = " or another one" if len(near) > _TOLD else ""
        return f"Did you mean {' or '.join(map(quoted, near[:_TOLD]))}{more}?"
    if any(name.endswith(_DOCUMENTS) for name in below_directly(directory)):
        return f"Give one of its files, or write a service spec for all of them: cfnroles init {quoted(directory)}"
    return "Give a file, a directory of Terraform, or the cdk.out that `cdk synth` writes."


def _readable(directory: str) -> Iterator[str]:
    """The directories one or two levels below that can be read as a whole."""
    from cfnroles.sources.cdk_app import is_app
    from cfnroles.sources.source import holds_terraform

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
