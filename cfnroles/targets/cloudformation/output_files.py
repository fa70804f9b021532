"""The files of a build: templates, and ``stacks.json``, which says how they belong together."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from cfnroles import manifest
from cfnroles.page import quoted
from cfnroles.targets.cloudformation.gate_code import code_header
from cfnroles.targets.cloudformation.service import Stack
from cfnroles.targets.cloudformation.spooled import SpooledTexts
from cfnroles.targets.cloudformation.template_text import to_json, to_yaml

Format = Literal["yaml", "json"]


def file_name(stack: Stack, format_: Format) -> str:
    """Return the name of the stack's template file."""
    return f"{stack.stem}.{format_}"


def output_files(
    stacks: Sequence[Stack],
    project: str,
    source: str,
    format_: Format = "yaml",
    *,
    told: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, str]:
    """Return file name -> text of everything that a build writes, the manifest last, with the ``told`` entries."""
    whose = {"project": project, "gaps": [], **told}
    return with_manifest(templates(stacks, source, format_), stacks, whose, format_)


class Output:
    """The files of many stacks, each written once its stack exists, so that not all templates are in memory."""

    def __init__(self, source: str, format_: Format) -> None:
        self._source, self._format = source, format_
        self._files = SpooledTexts()

    def put(self, stack: Stack) -> None:
        """Write the template of a stack, or replace it."""
        for name, text in templates([stack], self._source, self._format).items():
            self._files.put(name, text)

    def finished(self, stacks: Sequence[Stack], project: str, told: Mapping[str, Any]) -> SpooledTexts:
        """Return the files of these stacks, in their order, and the manifest last."""
        self._files.in_order(file_name(stack, self._format) for stack in stacks)
        tree = _tree(stacks, {"project": project, "gaps": [], **told}, self._format)
        self._files.put(manifest.FILE, manifest.manifest_text(tree, self._files.digests))
        return self._files


def templates(stacks: Sequence[Stack], source: str, format_: Format) -> dict[str, str]:
    """Return file name -> text of the stacks' templates, which do not depend on where the source is built from."""
    source = posixpath.basename(source)
    explain = f"cfnroles explain {quoted('-' if source == 'standard input' else source)}"
    header = (
        f"Written by cfnroles from {source}.",
        f"`{explain}` explains why each statement of the roles is there.",
    )
    return {
        file_name(stack, format_): (
            to_yaml(stack.template, (*header, *code_header(stack.template)))
            if format_ == "yaml"
            else to_json(stack.template)
        )
        for stack in stacks
    }


def with_manifest(
    files: Mapping[str, str], stacks: Sequence[Stack], whose: Mapping[str, Any], format_: Format
) -> dict[str, str]:
    """Return the same files with the manifest, which has the owner ``whose``, the stacks, and a digest of each file."""
    text = manifest.manifest_text(_tree(stacks, whose, format_), manifest.digests_of(files))
    return {**files, manifest.FILE: text}


def _tree(stacks: Sequence[Stack], whose: Mapping[str, Any], format_: Format) -> dict[str, Any]:
    return {"schema": manifest.SCHEMA, **whose, "stacks": _Entries(stacks, format_)}


class _Entries(Sequence[Any]):
    """The manifest's entries for the stacks, created when they are read."""

    def __init__(self, stacks: Sequence[Stack], format_: Format) -> None:
        self._stacks, self._format = stacks, format_

    def __len__(self) -> int:
        return len(self._stacks)

    def __getitem__(self, at: Any) -> Any:
        return _entry(self._stacks[at], self._format)


def _entry(stack: Stack, format_: Format) -> dict[str, Any]:
    return {
        "name": stack.name,
        "template": file_name(stack, format_),
        "parameters": dict(stack.parameters),
        "capabilities": list(stack.capabilities),
        "exports": list(stack.exports),
        "imports": list(stack.imports),
        "depends_on": list(stack.depends_on),
    }
