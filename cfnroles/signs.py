"""The signs by which a name would say more in a policy than it does in its document.

A `Text` knows what is literal in it. Every resource of a policy and every value of a condition is checked here before a
`Permission` can hold it, so that no row of a table, no option and no spec has to think of it.
"""

from __future__ import annotations

import re

from cfnroles.errors import InvalidInput
from cfnroles.text import Text

#: What must not stand in the literal parts of a text, why, and what to do.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html,
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html,
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html and
#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html: up to U+00FF, of which some do not show.
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
    """``text`` is one that a policy would take for more than its document says, or could not hold."""

    def __init__(self, text: Text, what: str, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.text = text


def misreading(text: Text) -> Misread | None:
    """What is wrong with a text in a policy, by the first sign in its literal parts; ``None`` where nothing is."""
    for literal in [part for part in text.parts if isinstance(part, str) and _ANY.search(part)]:
        for signs, why, remedy in _SIGNS:
            if found := signs.search(literal):
                return Misread(text, f"{_shown(text.written)} contains {_sign(found[0])}, {why}", remedy)
    return None


def checked(text: Text) -> Text:
    """The text itself, fit to be a policy's resource or the value of a condition; raises Misread for any other."""
    if misread := misreading(text):
        raise misread
    return text


def _sign(sign: str) -> str:
    return sign if sign.isascii() and sign.isprintable() else f"the character U+{ord(sign):04X}"


def _shown(written: str) -> str:
    return written if written.isprintable() else repr(written)
