"""Every answer in JSON that a test reads has the published form of its command."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from cfnroles.formats.published import FORMS


def check_form(arguments: list[str], out: str) -> None:
    """Fail where a command answered ``--format json`` with another form than the published one."""
    first, *more = [each for each in arguments if not each.startswith("-")] or [""]
    command = "-".join((first, *more[:1])) if first == "stack-sets" else first
    asked = any(a == "--format" and b.lower() == "json" for a, b in pairwise(arguments))
    if asked and out.startswith("{") and command in FORMS:
        msgspec.json.decode(out, type=FORMS[command])
