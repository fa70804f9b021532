"""Ownership of stacks: cfnroles replaces and deletes only what it created for a project."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.plan import Stranger
from cfnroles.deploy.stacks_file import Pairs, StackSource
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.mark import is_marked, written_for
from cfnroles.template.template import Template, read_template

#: The tag of every stack that is created or adopted; its roles have the same tag.
PROJECT_TAG = "cfnroles:project"


class Deployed(Struct, frozen=True):
    """What shows the owner of a stack or stack set: its tags, template and parameter values."""

    name: str
    tags: Pairs
    template: str
    parameters: Pairs = ()


def maker(deployed: Deployed, source: StackSource) -> str:
    """Return the owner in words if it is not the project of ``source``; otherwise an empty string."""
    template = _template(deployed)
    written = template is not None and is_marked(template.tree)
    if PROJECT_TAG not in dict(deployed.tags) and not written:
        return "not created by cfnroles"
    tag = dict(deployed.tags).get(PROJECT_TAG, "")
    theirs = dict.fromkeys(filter(None, (tag, *_names(template, deployed.parameters))))
    own = {*_names(source.parsed, source.parameters)}
    if theirs and own and not own & theirs.keys():
        return f"created by cfnroles for the project {next(iter(theirs))}, not for {_project(source)}"
    return _another_task(template, source)


def _another_task(template: Template | None, source: StackSource) -> str:
    """Return the owner if several tasks were built separately for one project: their stacks have the same names."""
    theirs, own = (written_for(each.tree) if each else "" for each in (template, source.parsed))
    other = theirs and own and theirs != own
    return f"created by cfnroles for {theirs}, another task of the project, not for {own}" if other else ""


def _template(deployed: Deployed) -> Template | None:
    try:
        template = read_template(deployed.template, deployed.name)
        _ = template.declarations
    except InvalidInput:
        return None
    return template


def _names(template: Template | None, parameters: Pairs) -> tuple[str, ...]:
    """Return the names of a project: as deployed, and as its template was built."""
    declared = template.declarations.get("ProjectName", {}) if template else {}
    return tuple(filter(None, (dict(parameters).get("ProjectName", ""), str(declared.get("Default", "")))))


def _project(source: StackSource) -> str:
    return next(iter(_names(source.parsed, source.parameters)), source.name)


def with_project_tag(source: StackSource, tags: Pairs) -> Pairs:
    """Return the tags with the one that identifies a stack of ``source``."""
    return tuple(sorted({**dict(tags), PROJECT_TAG: _project(source)}.items()))


def tags_of(source: StackSource, wanted: Pairs, before: Pairs | None, *, adopted: bool) -> Pairs:
    """Return the tags to deploy with: those ``wanted``, otherwise those from ``before``.

    New and adopted stacks get the project's tag. A stack that was deployed without it keeps its tags: another one would
    change every resource.
    """
    if before is not None and not adopted and not wanted:
        return before
    return with_project_tag(source, wanted or before or ())


def not_ours(name: str, stranger: Stranger, *, status: str = "", remedy: str) -> Failure:
    """Return why a stack of someone else is not changed."""
    return Failure(name, Cause.STRANGER, stranger.lines, status, remedy=remedy)


#: What ``deploy`` reports about a stack of someone else.
ADOPT_REMEDY = "Choose another name with --project or --stack-prefix, or take it over with --adopt"
