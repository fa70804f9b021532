"""Whose a stack is: cfnroles replaces and deletes what it has made for a project, and nothing of anybody else's."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.plan import Stranger
from cfnroles.deploy.stacks_file import Pairs, StackSource
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.mark import is_marked, written_for
from cfnroles.template.template import Template, read_template

#: The tag that every stack gets when it is created or adopted; the roles in it have the same one.
PROJECT_TAG = "cfnroles:project"


class Deployed(Struct, frozen=True):
    """What a stack or stack set shows of whose it is: its tags, its template, the values of its parameters."""

    name: str
    tags: Pairs
    template: str
    parameters: Pairs = ()


def maker(deployed: Deployed, source: StackSource) -> str:
    """Whose it is, in words, where it is not of the project of ``source``; empty where it is."""
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
    """Whose it is where several tasks were built for one project, each by itself: their stacks have the same names."""
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
    """What a project calls itself: as it is deployed, and as its template was built."""
    declared = template.declarations.get("ProjectName", {}) if template else {}
    return tuple(filter(None, (dict(parameters).get("ProjectName", ""), str(declared.get("Default", "")))))


def _project(source: StackSource) -> str:
    return next(iter(_names(source.parsed, source.parameters)), source.name)


def with_project_tag(source: StackSource, tags: Pairs) -> Pairs:
    """The tags with the one by which a stack of ``source`` is known again."""
    return tuple(sorted({**dict(tags), PROJECT_TAG: _project(source)}.items()))


def tags_of(source: StackSource, wanted: Pairs, before: Pairs | None, *, adopted: bool) -> Pairs:
    """The tags to deploy with: those ``wanted``, else those from ``before``.

    What is new or adopted gets the project's tag. What was deployed without it keeps its tags: another one would
    change every resource.
    """
    if before is not None and not adopted and not wanted:
        return before
    return with_project_tag(source, wanted or before or ())


def not_ours(name: str, stranger: Stranger, *, status: str = "", remedy: str) -> Failure:
    """Why somebody else's stack is left alone."""
    return Failure(name, Cause.STRANGER, stranger.lines, status, remedy=remedy)


#: What ``deploy`` tells the user of somebody else's stack.
ADOPT_REMEDY = "Choose another name with --project or --stack-prefix, or take it over with --adopt"
