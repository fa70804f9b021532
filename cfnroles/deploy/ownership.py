"""Whose a stack is: cfnroles replaces and deletes what it has made, and nothing of anybody else's."""

from __future__ import annotations

from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.plan import Stranger
from cfnroles.deploy.stacks_file import Pairs, StackSource
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.mark import is_marked
from cfnroles.template.template import read_template

#: The tag that every stack gets when it is created or adopted; the roles in it have the same one.
PROJECT_TAG = "cfnroles:project"


def is_tagged(tags: Pairs) -> bool:
    """Whether cfnroles created or adopted what has these tags."""
    return PROJECT_TAG in dict(tags)


def is_written(template: str, name: str) -> bool:
    """Whether cfnroles wrote this template; what is none was written by somebody else."""
    try:
        return is_marked(read_template(template, name).tree)
    except InvalidInput:
        return False


def with_project_tag(source: StackSource, tags: Pairs) -> Pairs:
    """The tags with the one by which a stack of ``source`` is known again."""
    declared = source.parsed.declarations.get("ProjectName", {})
    project = dict(source.parameters).get("ProjectName") or str(declared.get("Default") or source.name)
    return tuple(sorted({**dict(tags), PROJECT_TAG: project}.items()))


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
    return Failure(name, Cause.STRANGER, ("not made by cfnroles", *stranger.lines), status, remedy=remedy)


#: What ``deploy`` tells the user of somebody else's stack.
ADOPT_REMEDY = "Choose another name (--project, --stack-prefix), or take it over as it stands: --adopt"
