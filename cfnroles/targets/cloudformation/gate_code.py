"""Whether functions have the code of this version's gate, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.inline_code import inline_code

if TYPE_CHECKING:
    from cfnroles.template.template import Template


class GateCode(Struct, frozen=True):
    """The code of one function: its SHA-256, and the first line that differs from the gate's; 0 if none does."""

    function: str
    digest: str
    line: int = 0
    text: str = ""


def digest_of(code: str) -> str:
    """Return the SHA-256 of a function's code."""
    return hashlib.sha256(code.encode()).hexdigest()


def compared(function: str, code: str) -> GateCode:
    """Return the code of a function, compared with that of this version's gate."""
    gate = inline_code()
    if code == gate:
        return GateCode(function, digest_of(code))
    ours, theirs = gate.split("\n"), code.split("\n")
    same = next((number for number, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    number = min(len(ours), len(theirs)) if same is None else same
    return GateCode(function, digest_of(code), number + 1, theirs[number] if number < len(theirs) else "")


def codes_in(template: Template, name: str) -> tuple[GateCode, ...]:
    """Return the code of each function in a template; raise InvalidInput if it contains no code."""
    found = tuple(compared(function, code) for function, code in _inline(template.tree))
    if not found:
        raise InvalidInput(
            "has no function with inline code",
            where=name,
            remedy="Pass a template that `cfnroles gate -o DIRECTORY` or `cfnroles build` wrote.",
        )
    return found


def code_header(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines of a template's header with the SHA-256 of each function's code; empty if it has no function."""
    return tuple(
        line
        for function, code in _inline(template)
        for line in (
            f"`cfnroles gate --check FILE` compares the code of {function} with its version. SHA-256:",
            digest_of(code),
        )
    )


def _inline(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    resources: Iterable[tuple[object, object]] = template.get("Resources", {}).items()
    for name, resource in resources:
        match resource:
            case {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": str(code)}}}:
                yield str(name), code
