"""The commands of a diagnosis with what was given on the command line; what the message names is there already."""

from __future__ import annotations

import re

from msgspec import Struct

from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.page import quoted

#: What looks at a role in AWS, which is not needed where the role stands in a file.
_LIVE = re.compile(r"(cfnroles verify SOURCE)(?: --live)?((?: --execute-command)?) (--(?:task-|instance-)?role) \S+")
_SOURCE = re.compile(r"(?<=cfnroles )([a-z-]+) SOURCE\b")


class Pasting(Struct, frozen=True):
    """Where the source is, and the role, as they were given."""

    source: str = ""
    role: str = ""

    def filled(self, text: str, each: Diagnosis) -> str:
        """A text with the source and the role; what nobody gave stays in capitals."""
        if self.role:
            text = _LIVE.sub(lambda found: f"{found[1]}{found[2]} {found[3]} {quoted(self.role)}", text)
        elif each.at is not None:
            text = _LIVE.sub(lambda found: f"{found[1]}{found[2]}", text)
        if self.source:
            text = _SOURCE.sub(lambda found: f"{found[1]} {quoted(self.source)}", text)
        return text


NOTHING_GIVEN = Pasting()
