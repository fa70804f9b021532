"""Prompts and file changes of `cfnroles diagnose --fix`."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cfnroles.cli.terminal import confirm, is_asked, say
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.answers.diagnosis import Diagnosis
    from cfnroles.targets.fix import Fix, FixedFile


def check_asked(source: str, *, live: bool, yes: bool) -> None:
    """Raise InvalidInput if there is no file to change, or if confirmation is needed without a terminal."""
    if live and not source:
        raise InvalidInput(
            "--fix changes a file, but --live reads the role from AWS",
            remedy="Also pass --source SOURCE: the file that the role is deployed from.",
        )
    if source == "-":
        raise InvalidInput("--fix changes the file of SOURCE, but SOURCE is standard input", remedy="Pass the file.")
    if not yes and not is_asked():
        raise InvalidInput(
            "cannot ask for confirmation: not a terminal",
            remedy="Pass --yes to change files without confirmation, or omit --fix.",
        )


def change_files(found: Sequence[Diagnosis], fixed: Fix, files: Mapping[str, str], *, yes: bool, then: str) -> int:
    """Show the changes, ask, and write them. Return exit code 1 if a missing statement is not written.

    ``files`` are the paths of the documents by their names, and ``then`` is the command that checks the result.
    """
    from cfnroles.answers.verification import Outcome
    from cfnroles.formats.fix import diff, refused

    if not any(each.statements for each in found):
        allowed = any(each.outcome is Outcome.ALLOWED for each in found)
        why = "the source already allows it: deploy it" if allowed else "no statement of the role is missing"
        say(f"not changed: {why}", err=True)
        return BadAnswer.exit_code
    if fixed.refused:
        say(refused(fixed), err=True)
    if not fixed.changes:
        return BadAnswer.exit_code
    say(diff(fixed, files), err=True)
    if not yes and not confirm("Change this?"):
        say("Nothing was changed.", err=True)
        return BadAnswer.exit_code
    for each in fixed.changes:
        _write(each, files.get(each.document, each.document))
    say(*(f"{files.get(each.document, each.document)}: changed" for each in fixed.changes), err=True)
    if then:
        say(f"Then: {then}", err=True)
    return BadAnswer.exit_code if fixed.refused else 0


def _write(change: FixedFile, file: str) -> None:
    """Write a text with its original byte order mark. Raise InvalidInput if the file changed meanwhile."""
    from cfnroles.cli.paths import replace_file
    from cfnroles.files import read_bytes, text_of

    before = read_bytes(file)
    if text_of(before, file) != change.before:
        raise InvalidInput(
            "changed since it was read, so it was not overwritten", where=file, remedy="Run the command again."
        )
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    replace_file(Path(file), mark + change.after.encode())
