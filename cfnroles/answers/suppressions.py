"""Suppressions: in a template's Metadata, in a task definition's tags, in comments of YAML.

Metadata:                       # of a resource, or of the whole template
  cfnroles:
    ignore:
      - check: wide-managed-policy
        reason: the role is shared until the next release

image: nginx                    # cfnroles: ignore mutable-image: the mirror pins it

{"key": "cfnroles:ignore:mutable-image", "value": "the mirror pins it"}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.checks import CHECKS, Subject
from cfnroles.document import Document
from cfnroles.hcl.extents import ends_of
from cfnroles.hcl.syntax import Source
from cfnroles.need import Finding
from cfnroles.workload import Path

_COMMENT = re.compile(r"#\s*cfnroles:\s*ignore\b[ \t]*(?P<check>[\w-]*)[ \t]*[:,]?[ \t]*(?P<reason>.*)$")
_TAG = "cfnroles:ignore:"
#: The scope of a comment without a field after it.
_NOWHERE: Path = ("",)
_CFN_LINT = re.compile(r"[EWI]\d{4}")
_KNOWN = frozenset({check.id for check in CHECKS} | {check.code for check in CHECKS})


class Suppression(Struct, frozen=True):
    """A check that is suppressed below ``scope``, or between two ``lines``, with the reason.

    It is at ``path``, or on ``line``.
    """

    check: str
    reason: str
    scope: Path
    path: Path
    line: int = 0
    lines: tuple[int, int] = (0, 0)

    @property
    def problem(self) -> str:
        """Return its fault, or an empty string."""
        if not self.check:
            return "the suppression names no check"
        if self.check not in _KNOWN and not _CFN_LINT.fullmatch(self.check):
            return f"no check is named {self.check}"
        return "" if self.reason else f"the suppression of {self.check} gives no reason"

    def covers(self, finding: Finding) -> bool:
        """Return whether it suppresses a finding of its document."""
        if self.problem or self.check not in (finding.check, finding.code):
            return False
        if self.lines != (0, 0):
            return self.lines[0] <= finding.line <= self.lines[1]
        return _without_functions(finding.origin.path)[: len(self.scope)] == self.scope


def line_suppressions(document: Document) -> tuple[Suppression, ...]:
    """Return the suppressions in comments of a Terraform file, each for everything that begins on its line or the
    next.
    """
    if "cfnroles:" not in document.text:
        return ()
    lines, ends = document.text.splitlines(), ends_of(Source(document.name, document.text))
    found = []
    for number, line in enumerate(lines, start=1):
        if match := _COMMENT.search(line):
            about = _next_line(lines, number) if line.lstrip().startswith("#") else number
            until = (about, max(about, ends.get(about, 0)))
            found.append(Suppression(match["check"], match["reason"].strip(), (), (), number, until))
    return tuple(found)


def suppressions(document: Document, subjects: Sequence[Subject]) -> tuple[Suppression, ...]:
    """Return the suppressions of a document, including faulty ones. ``subjects`` are its own, one for each world."""
    tags = dict.fromkeys(each for subject in subjects for each in _of_tags(subject))
    return (*_of_metadata(subjects[0].tree), *tags, *_of_comments(document))


def _of_metadata(tree: Mapping[str, Any]) -> Iterator[Suppression]:
    yield from _entries(tree.get("Metadata"), (), ("Metadata",))
    resources = tree.get("Resources")
    for logical_id, resource in resources.items() if isinstance(resources, Mapping) else ():
        if isinstance(resource, Mapping):
            scope: Path = ("Resources", str(logical_id))
            yield from _entries(resource.get("Metadata"), scope, (*scope, "Metadata"))


def _entries(metadata: Any, scope: Path, path: Path) -> Iterator[Suppression]:
    ours = metadata.get("cfnroles") if isinstance(metadata, Mapping) else None
    entries = ours.get("ignore") if isinstance(ours, Mapping) else None
    for index, entry in enumerate(entries) if isinstance(entries, list) else ():
        place: Path = (*path, "cfnroles", "ignore", index)
        if isinstance(entry, Mapping):
            yield Suppression(_text(entry.get("check")), _text(entry.get("reason")), scope, place)
        else:
            yield Suppression(_text(entry), "", scope, place)


def _of_tags(subject: Subject) -> Iterator[Suppression]:
    for task in subject.tasks:
        scope = task.start[:2] if task.logical_id else task.start
        for path, tag in task.workload.find("tags[]"):
            key = _text(tag.get("key")) if isinstance(tag, Mapping) else ""
            if key.startswith(_TAG):
                yield Suppression(key.removeprefix(_TAG), _text(tag.get("value")), scope, task.source(path))


def _of_comments(document: Document) -> Iterator[Suppression]:
    text = document.text
    if text.lstrip()[:1] in ("{", "[") or "cfnroles:" not in text:
        return
    lines = text.splitlines()
    places = _outermost(document.positions)
    for number, line in enumerate(lines, start=1):
        if match := _COMMENT.search(line):
            alone = line.lstrip().startswith("#")
            about = _next_line(lines, number) if alone else number
            scope = places.get(about, _NOWHERE)
            yield Suppression(match["check"], match["reason"].strip(), scope, scope, number)


def _outermost(found: Mapping[Path, tuple[int, int]]) -> dict[int, Path]:
    places: dict[int, Path] = {}
    for path, (line, _) in found.items():
        if path and (line not in places or len(path) < len(places[line])):
            places[line] = path
    return places


def _next_line(lines: list[str], number: int) -> int:
    for later in range(number, len(lines)):
        if lines[later].strip() and not lines[later].lstrip().startswith("#"):
            return later + 1
    return 0


def _without_functions(path: Iterable[str | int]) -> Path:
    """Return the path as in a text with short forms, where ``!If`` has no key of its own."""
    return tuple(step for step in path if not (isinstance(step, str) and step.startswith("Fn::")))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
