"""Forms of a template that cannot be edited, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile, zip_longest
from typing import Any

from msgspec.structs import replace

from cfnroles.document import nearest, parse, positions
from cfnroles.errors import InvalidInput
from cfnroles.files import DOCUMENT
from cfnroles.targets.cloudformation.limits import beyond_quotas
from cfnroles.targets.cloudformation.patches import Patch, patched
from cfnroles.targets.cloudformation.refusal import refused, refused_at
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.loops import unrolled
from cfnroles.template.template import Template
from cfnroles.workload import Path

BY_HAND = "Set the roles yourself: `cfnroles build` writes them as a separate stack."


def check_size(text: str, document: str) -> None:
    """Raise InvalidInput for a template that CloudFormation would not accept.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    size = len(text.encode())
    if size > DOCUMENT.bytes:
        what = f"would have {size:,} bytes; CloudFormation accepts {DOCUMENT.bytes:,}"
        raise InvalidInput(what, where=document, remedy=BY_HAND)


def check_quotas(template: Template, expected: Mapping[str, Any]) -> None:
    """Raise InvalidInput if the roles make a template exceed what CloudFormation accepts.

    Resources that loops create count.
    """
    before, after = (unrolled(replace(template, tree=each), NOTHING_GIVEN).tree for each in (template.tree, expected))
    for problem in () if any(beyond_quotas(before)) else beyond_quotas(after):
        what = f"has no room for the roles: {problem.replace('it has', 'it would have', 1)}"
        raise InvalidInput(what, where=template.document, remedy=BY_HAND)


def check_edited(text: str, document: str, patches: Sequence[Patch], expected: Mapping[str, Any]) -> str:
    """Return the text with the patches, if it then means exactly ``expected``.

    Raise InvalidInput with the place if it means something else, or if it cannot be read.
    """
    edited = patched(text, patches)
    try:
        tree = parse(edited, document)
    except InvalidInput as error:
        readable = (_is_readable(text, patches[: number + 1], document) for number in range(len(patches)))
        at = next(patch.start for patch, fine in zip(patches, readable, strict=True) if not fine)
        raise refused(
            text,
            document,
            at,
            "has a format that cfnroles cannot edit",
            why=f"With what is added there, it {error.what}.",
            remedy=f"{_plainly(text)} {BY_HAND}",
        ) from error
    if tree != expected:
        around = nearest(next(_differences(tree, expected, ())), positions(text, document))
        shown = ".".join(map(str, around))
        raise refused_at(
            text,
            document,
            around,
            f"cannot be edited alone: {shown} would change, too",
            why="An anchor or a merge key uses one text for several parts.",
            remedy=f"Write {shown} out, without an alias. {BY_HAND}",
        )
    return edited


def check_restored(restored: str, text: str, document: str) -> None:
    """Raise InvalidInput with the first line that removing the additions would not restore."""
    if restored != text:
        lines = zip_longest(restored.splitlines(keepends=True), text.splitlines(keepends=True), fillvalue="")
        same = takewhile(lambda pair: pair[0] == pair[1], lines)
        raise refused(
            text,
            document,
            min(sum(len(line) for line, _ in same), len(text)),
            "has a format that cfnroles cannot edit and restore",
            remedy=f"Write this line in the style of its neighbors. {BY_HAND}",
        )


def _plainly(text: str) -> str:
    """Return what to write where nothing can be added."""
    if re.search(r"\r(?!\n)", text):
        return "Save it with the line ends of Unix or of Windows."
    return "Write it as `Name: value`, without `?` and without an anchor."


def _is_readable(text: str, patches: Sequence[Patch], document: str) -> bool:
    try:
        parse(patched(text, patches), document)
    except InvalidInput:
        return False
    return True


def _differences(tree: Any, expected: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of what is not as expected, the deepest that both have."""
    if isinstance(tree, dict) and isinstance(expected, dict):
        for name in {**expected, **tree}:
            if name in tree and name in expected:
                yield from _differences(tree[name], expected[name], (*path, name))
            else:
                yield (*path, name)
    elif tree != expected:
        yield path
