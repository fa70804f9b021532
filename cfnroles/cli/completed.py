"""Shell completion of the values of options and arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from cfnroles.errors import CfnrolesError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from cfnroles.sources.reading import Reading


class FileName(click.types.StringParamType):
    """A string that is usually the name of a file or directory. Shells complete it as a path."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Leave completion to the shell."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


FILE = FileName()


def resources(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the task definitions in SOURCE, by logical ID or address."""
    from cfnroles.sources.template_task_types import TASKS
    from cfnroles.sources.template_tasks import defined

    names: list[str] = []
    for reading in _readings(ctx):
        if reading.template is not None:
            names += defined(reading.template, TASKS)
        names += (each.address for each in reading.tasks if each.address)
    return _distinct(names, incomplete)


def services(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the services of the spec in SOURCE."""
    return _distinct((task.name for reading in _readings(ctx) if reading.project for task in reading.tasks), incomplete)


def _readings(ctx: click.Context) -> tuple[Reading, ...]:
    """Return the readings of SOURCE, if it is given and can be read. Completion reports no errors."""
    from cfnroles import read
    from cfnroles.files import exists, is_directory
    from cfnroles.sources.cdk_app import read_app
    from cfnroles.sources.directories import holds_terraform
    from cfnroles.sources.told import Told

    # The arguments before an incomplete option are unread.
    source = ctx.params.get("source") or next((word for word in ctx.args if exists(word)), "")
    if source in ("", "-"):
        return ()
    try:
        if is_directory(source) and not holds_terraform(source):
            return tuple(read_app(source, Told()))
        return (read(source),)
    except CfnrolesError:
        return ()


def _distinct(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
