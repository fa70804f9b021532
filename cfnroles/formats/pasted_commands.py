"""The commands of a diagnosis with the names that are known in the places of `SOURCE`, `ROLE` and the like."""

from __future__ import annotations

import re

from msgspec import Struct

from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.page import quoted

#: `cfnroles verify` needs no role for a source that has its own, and takes one that was given without asking AWS.
_OF_AWS = re.compile(
    r"(cfnroles verify SOURCE)(?: --live)?(?P<more> --execute-command)?(?P<option> --(?:task-|instance-)?role) \S+"
)
_SECRET = re.compile(r"--secret-id (?:SECRET|NAME)\b")


class Pasting(Struct, frozen=True):
    """What was given on the command line: where the source is, and the role."""

    source: str = ""
    role: str = ""

    def filled(self, text: str, each: Diagnosis) -> str:
        """A text with the names that the command line and the message tell; what nobody tells stays in capitals."""
        if self.role:
            text = _OF_AWS.sub(r"\1\g<more>\g<option> ROLE", text)
        elif self.source and each.at is not None:
            text = _OF_AWS.sub(r"\1\g<more>", text)
        for placeholder, value in self._names(each).items():
            if value:
                text = re.sub(rf"(?<= ){placeholder}\b", quoted(value).replace("\\", "\\\\"), text)
        thing = each.understood.thing
        if thing.startswith("arn:") and ":secretsmanager:" in thing:
            text = _SECRET.sub(lambda found: f"--secret-id {quoted(thing)}", text)
        return text

    def _names(self, each: Diagnosis) -> dict[str, str]:
        denial, thing = each.understood.denial, each.understood.thing
        named = denial.role if denial else thing.rpartition("/")[2] if ":role/" in thing else ""
        tasks = each.at.reading.tasks if each.at else ()
        return {
            "(?<=--role-name )ROLE": named,
            "(?<=-role )ROLE": self.role,
            "SOURCE": self.source,
            "FAMILY": tasks[0].workload.family if len(tasks) == 1 else "",
        }


NOTHING_GIVEN = Pasting()
