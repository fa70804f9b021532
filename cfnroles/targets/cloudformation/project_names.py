"""The names of the stacks of a source: the project's name begins theirs and those of their exports."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import PurePath

from cfnroles.errors import InvalidInput
from cfnroles.sources.reading import Task
from cfnroles.targets.cloudformation.parameters import PROJECT_NAME


def project_of(task: Task, project: str = "") -> str:
    """Return the name for the stacks of a task definition: ``project``, else its family.

    Raise InvalidInput for a string that cannot be a project's name.
    """
    name = project or task.name.replace("_", "-")
    if re.fullmatch(PROJECT_NAME, name):
        return name
    raise InvalidInput(
        f"{name!r} is not a valid project name",
        why="It begins the names of stacks and exports: a letter, then up to 99 letters, digits and hyphens.",
        remedy="Pass --project NAME.",
    )


def project_of_document(document: str, project: str = "") -> str:
    """Return the name for the stacks of a template: ``project``, else the name of its file, where possible.

    Raise InvalidInput for a string that cannot be a project's name.
    """
    if project and not re.fullmatch(PROJECT_NAME, project):
        raise InvalidInput(
            f"{project!r} is not a valid project name",
            why="It begins the names of stacks and exports: a letter, then up to 99 letters, digits and hyphens.",
            remedy="Pass --project NAME.",
        )
    stem = re.sub("[^A-Za-z0-9]+", "-", PurePath(document).stem).strip("-")
    named = re.fullmatch(PROJECT_NAME, stem) and document != "standard input"
    return project or (stem if named else "service")


def projects_of(documents: Sequence[str]) -> Mapping[str, str]:
    """Return a project for each template. Templates with the same file name also have the name of their directory."""
    found: dict[str, str] = {}
    for document in documents:
        name = project_of_document(document)
        if sum(project_of_document(each) == name for each in documents) > 1:
            name = project_of_document(f"{PurePath(document).parent.name}-{name}")
        taken = set(found.values())
        found[document] = next(
            each for number in count(1) if (each := f"{name}-{number}" if number > 1 else name) not in taken
        )
    return found


def project_option(document: str, project: str) -> str:
    """Return the option that gives a template its project. Empty if that is its default."""
    return "" if project == project_of_document(document) else f" --project {project}"
