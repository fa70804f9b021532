"""Characters that give a name another meaning in a policy.

A `Text` knows its literal parts. Every resource and condition value is checked here before it becomes part of a
`Permission`, so that rows, options and specs need no checks of their own.
"""

from __future__ import annotations

import re

from cfnroles.errors import InvalidInput
from cfnroles.text import Text

#: Characters that literal parts must not contain, the reason, and the remedy.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html,
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html,
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html and
#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html: up to U+00FF, some of them invisible.
_SIGNS = (
    (re.compile(r"[*?]"), "which matches more than one resource in a policy", "Name one resource."),
    (re.compile(r"\$\{"), "which begins a variable in a policy", "Name one resource."),
    (
        re.compile(r"\{\{"),
        "which begins a reference that CloudFormation resolves in a template",
        "Write the name.",
    ),
    (re.compile(r"[^ -ÿ]"), "which IAM does not accept in a policy", "Remove it, or rename the resource."),
    (re.compile(r"[\x7f-\xa0\xad]"), "which is invisible in a policy", "Remove it, or rename the resource."),
)


_ANY = re.compile("|".join(signs.pattern for signs, _, _ in _SIGNS))


class Misread(InvalidInput):
    """``text`` would have another meaning in a policy, or is not allowed there."""

    def __init__(self, text: Text, what: str, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.text = text


def misreading(text: Text) -> Misread | None:
    """Return the first problem of a text's literal parts in a policy, or ``None``."""
    for literal in text.parts:
        if not isinstance(literal, str) or not _ANY.search(literal):
            continue
        for signs, why, remedy in _SIGNS:
            if found := signs.search(literal):
                return Misread(text, f"{_shown(text.written)} contains {_sign(found[0])}, {why}", remedy)
    return None


def checked(text: Text) -> Text:
    """Return the text if it is valid as a policy's resource or condition value. Raise Misread otherwise."""
    if misread := misreading(text):
        raise misread
    return text


def _sign(sign: str) -> str:
    return sign if sign.isascii() and sign.isprintable() else f"the character U+{ord(sign):04X}"


def _shown(written: str) -> str:
    return written if written.isprintable() else repr(written)
