"""What a task definition of Terraform needs, and what of it is unreadable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.hcl.syntax import Place
from cfnroles.need import Gap, Holder
from cfnroles.rediscovery import Rediscovery
from cfnroles.sources.target_runs import hidden_gaps
from cfnroles.sources.task_definition_checks import discover
from cfnroles.sources.terraform_buckets import File, by_own_buckets, with_file_keys
from cfnroles.sources.terraform_defaults import Defaults, remedy_for
from cfnroles.sources.terraform_destinations import Destination, with_destination_gaps, with_destination_keys
from cfnroles.sources.terraform_keys import by_own_keys, with_log_group_keys
from cfnroles.sources.terraform_members import Turned
from cfnroles.sources.unknown_members import HOLDERS_BESIDE
from cfnroles.table.ecs import FEATURES
from cfnroles.workload import EXPRESS, PROVIDER, Path, Workload


class Mentioned(Struct, frozen=True):
    """What a task definition mentions: names of resources, files in Amazon S3, and destinations of logs."""

    names: tuple[str, ...]
    files: tuple[File, ...]
    destinations: tuple[Destination, ...]


def found_in(workload: Workload, turned: Turned, facts: Facts, mentioned: Mentioned, rows: Rediscovery) -> Discovery:
    """Return what the readable parts of a task definition need. ``rows`` know what others need."""
    keys = turned.looked_up | turned.keys
    known = with_destination_keys(with_log_group_keys(facts, keys), mentioned.destinations, keys)
    known = with_file_keys(known, mentioned.files, keys)
    found = by_own_keys(discover(workload, known, rows), keys, facts)
    found = by_own_buckets(found, workload, mentioned.files, keys, facts)
    return with_destination_gaps(found, workload, mentioned.destinations, keys, facts)


def with_remedies(found: Discovery, workload: Workload, turned: Turned, defaults: Defaults) -> Discovery:
    """Return what a task definition needs with its unreadable parts, and what closes each gap."""
    hidden = hidden_gaps(workload, "input")
    return replace(
        found, gaps=(*(_closable(gap, defaults) for gap in found.gaps), *_unseen(workload, turned, defaults), *hidden)
    )


def _unseen(workload: Workload, turned: Turned, defaults: Defaults) -> Iterator[Gap]:
    """Yield a gap for each unreadable place that a row reads."""
    for each in dict.fromkeys(turned.unseen):
        if _matters(each.path):
            # What runs a task definition may hide what either of its roles needs.
            root = str(each.path[0])
            holder = HOLDERS_BESIDE[root] if root in (EXPRESS, PROVIDER) else Holder.EXECUTION
            remedy = remedy_for(each.cause, defaults) or each.remedy
            yield Gap(holder, "unknown-member", workload.origin(each.path), each.what, remedy)


def _matters(path: Path) -> bool:
    return _is_read("".join("[]" if isinstance(step, int) else f".{step}" for step in path).lstrip("."))


@lru_cache(maxsize=512)  # the places that are unreadable in one pass are so in most
def _is_read(field: str) -> bool:
    return any(row.field == field or row.field.startswith((f"{field}.", f"{field}[]")) for row in FEATURES)


def _closable(gap: Gap, defaults: Defaults) -> Gap:
    """Return the gap with a remedy for Terraform: it has no placeholders, and no options of a task definition.

    ``defaults`` are the variables with their default, which may be the cause.
    """
    if not re.search(r"--(set|image) ", gap.remedy):
        return gap
    cause = Place(gap.origin.document, gap.origin.line, gap.origin.column)
    if how := remedy_for(cause, defaults):
        return replace(gap, remedy=how)
    if not defaults:
        return replace(gap, remedy="Write the value instead")
    only = next(iter(defaults))
    variable, name = (f"of {only}", only) if len(defaults) == 1 else ("of a variable", "NAME")
    how = f"If the default {variable} causes it, pass --parameter {name}=VALUE; otherwise write the value"
    return replace(gap, remedy=how)
