"""The modules of a directory that cannot be read, because their files are unavailable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cfnroles.counted import counted
from cfnroles.hcl.definitions import away
from cfnroles.hcl.project import Project
from cfnroles.hcl.syntax import Block, Place
from cfnroles.hcl.unavailable import DOWNLOAD, RESTORE, unavailable

#: The maximum number of modules that a message names.
MOST = 12


class Away(Struct, frozen=True):
    """What hides some modules, at the first call, and how to make them available."""

    address: str
    place: Place
    what: str
    remedy: str


def modules_away(project: Project) -> Iterator[Away]:
    """Yield the modules whose directories are missing, and those that Terraform downloads."""
    known = [(address, call, unavailable(call)) for address, call in away(project)]
    for is_local in (True, False):
        calls = [(address, call) for address, call, why in known if why.is_local is is_local]
        if calls:
            what, how = _hidden(calls, is_local=is_local)
            yield Away(calls[0][0], calls[0][1].place, what, how)


def _hidden(calls: Sequence[tuple[str, Block]], *, is_local: bool) -> tuple[str, str]:
    sources = ((address, call.body.arguments.get("source")) for address, call in calls)
    listed = [f"{address} ({source.written if source else 'nowhere'})" for address, source in sources]
    names = ", ".join(listed[:MOST]) + (f" and {counted(len(listed) - MOST, 'other')}" if len(listed) > MOST else "")
    one = len(calls) == 1
    if is_local:
        modules = "the directory of 1 module has" if one else f"the directories of {len(calls)} modules have"
        how = RESTORE if one else RESTORE.replace("its directory", "the directories")
        return f"{modules} no files of Terraform and may have task definitions: {names}", how
    modules = "1 module is" if one else f"{len(calls)} modules are"
    how = DOWNLOAD if one else DOWNLOAD.replace(" it", " them")
    return f"{modules} not downloaded and may have task definitions: {names}", how
