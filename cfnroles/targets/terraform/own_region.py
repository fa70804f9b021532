"""The Region of a task definition that is not the Region of its provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.hcl.definitions import Site
from cfnroles.hcl.project import Project
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.terraform_directory import own_regions
from cfnroles.targets.terraform.written_file import TerraformFile

_OF_INSTANCE = re.compile(r"\b(?:each|count)\.")
_OF_PROVIDER = re.compile(r'^data "aws_region" "\w+" \{\}$|^data "aws_region" "\w+" \{\n  provider += \S+\n\}$', re.M)


def own_region(site: Site) -> str:
    """Return the expression of a task definition's own Region; empty if its provider or an instance decides."""
    node = site.block.body.arguments.get("region")
    return "" if node is None or _OF_INSTANCE.search(node.written) else node.written


def with_region_gap(file: TerraformFile, site: Site, project: Project) -> TerraformFile:
    """Return the file, with a gap if it uses the provider's Region and a task definition may be in another."""
    return replace(file, gaps=(*file.gaps, *_gaps(file, site, project)))


def _gaps(file: TerraformFile, site: Site, project: Project) -> Iterator[Gap]:
    node = site.block.body.arguments.get("region")
    if node is None or not _OF_PROVIDER.search(file.text) or own_regions(site, project) == {""}:
        return
    place = node.place
    origin = Origin(place.document, (site.address, "region"), line=place.line, column=place.column)
    what = f"the permissions are for the Region of the provider, and region = {node.written} may be another"
    how = "Write a task definition for each Region, with the Region in `region`"
    if site.calls:
        how = "Pass --region REGION if all instances are in one Region; otherwise call the module once for each"
    yield Gap(Holder.EXECUTION, "own-region", origin, what, how)
