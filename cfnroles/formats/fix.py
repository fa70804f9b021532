"""The changes of `diagnose --fix` as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfnroles.page import Page, page, painted, verbatim, visible
from cfnroles.targets.fix import Fix, FixedFile

_SGR = {"+": "32", "-": "31", "@": "36"}


def diff(found: Fix, files: Mapping[str, str]) -> Page:
    """Return each change as a unified diff. ``files`` are the paths of documents by name."""
    lines = (line for each in found.changes for line in _diff(each, files.get(each.document, each.document)))
    return verbatim(page(lines))


def refused(found: Fix) -> Page:
    """Return why the others cannot be changed."""
    return page(f"not changed: {visible(each)}" for each in found.refused)


def text_diff(change: FixedFile, file: str) -> str:
    """Return one change for `patch`."""
    import difflib  # slow to import

    before, after = (text.splitlines(keepends=True) for text in (change.before, change.after))
    return "".join(difflib.unified_diff(before, after, file, file))


def _diff(change: FixedFile, file: str) -> Iterator[str]:
    for line in text_diff(change, file).splitlines():
        shown = visible(line)
        yield painted(shown, _SGR[line[0]]) if line[:1] in _SGR and not line.startswith(("+++", "---")) else shown
