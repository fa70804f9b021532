"""The commands of a diagnosis, with the source and role from the command line."""

from __future__ import annotations

import re

from msgspec import Struct

from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.page import quoted

#: Commands that read a role from AWS, which are unnecessary if the role is in a file.
_LIVE = re.compile(r"(cfnroles verify SOURCE)(?: --live)?((?: --execute-command)?) (--(?:task-|instance-)?role) \S+")
_SOURCE = re.compile(r"(?<=cfnroles )([a-z-]+) SOURCE\b")


class Pasting(Struct, frozen=True):
    """The source and the role, as given."""

    source: str = ""
    role: str = ""

    def filled(self, text: str, each: Diagnosis) -> str:
        """Return a text with the source and the role; what was not given stays in capitals."""
        if self.role:
            text = _LIVE.sub(lambda found: f"{found[1]}{found[2]} {found[3]} {quoted(self.role)}", text)
        elif each.at is not None:
            text = _LIVE.sub(lambda found: f"{found[1]}{found[2]}", text)
        if self.source:
            text = _SOURCE.sub(lambda found: f"{found[1]} {quoted(self.source)}", text)
        return text


NOTHING_GIVEN = Pasting()
