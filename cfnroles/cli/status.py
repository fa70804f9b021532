"""``cfnroles status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import format_option
from cfnroles.cli.stack_options import StackArguments, stack_options, timeout_option
from cfnroles.cli.terminal import say

if TYPE_CHECKING:
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.aws.stack import StackDescription


@panel_command("status")
@stack_options
@click.option("--follow", is_flag=True, help="Wait until no operation is in progress, and show its events.")
@timeout_option
@format_option("human", "json")
def command(
    where: StackArguments,
    follow: bool,
    timeout: float,
    format_: str,
) -> int:
    """Show the status of the stacks of SOURCE. Exits with 0 if all are deployed, else 1."""
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.deploy.statuses import Deploying, status_of
    from cfnroles.formats import deployment

    sources = where.stacks()
    cloudformation = CloudFormation(where.connection())
    names = [one.name for one in sources]
    if follow:
        _follow(names, cloudformation, timeout * 60, where.follow)
    stacks: list[tuple[str, StackDescription | None]] = [(name, cloudformation.stack(name)) for name in names]
    text = deployment.statuses_json if format_ == "json" else deployment.statuses_text
    say(text(stacks))
    deployed = all(stack and status_of(stack.status).deploying is Deploying.UPDATE for _, stack in stacks)
    return 0 if deployed else 1


def _follow(names: list[str], cloudformation: CloudFormation, timeout: float, again: str) -> None:
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.following import Pace, together, watched

    progress = Progress()
    pace = Pace(cloudformation.is_local)
    pace.deadline = pace.clock.now() + timeout
    pace.follow = again
    with progress.live():
        together([watched(cloudformation, name, progress.tell) for name in names], pace, "following")
