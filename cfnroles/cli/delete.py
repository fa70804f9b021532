"""``cfnroles delete``."""

from __future__ import annotations

import sys

import click

from cfnroles.cli.stack_options import StackArguments, following_on_interrupt, stack_options
from cfnroles.errors import BadAnswer, InvalidInput


@click.command()
@stack_options
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--plan", "--dry-run", "plan_only", is_flag=True, help="Show what would be deleted, and delete nothing.")
@click.option("--role-arn", default="", metavar="ARN", help="Service role that CloudFormation uses.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, help="Minutes to follow.")
def command(
    where: StackArguments,
    yes: bool,
    plan_only: bool,
    role_arn: str,
    timeout: float,
) -> int:
    """Delete the stacks of SOURCE, in reverse order.

    Refuses when another stack imports what they export, and when termination protection is on.
    """
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.deleting import delete, plan_deletion
    from cfnroles.deploy.deployer import Deployer
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.plan import Options, Run
    from cfnroles.formats import deployment

    if not yes and not plan_only and not sys.stdin.isatty():
        raise InvalidInput(
            "deleting asks a question, and this is no terminal",
            remedy="Add --yes to delete without a question, or --plan to look only.",
        )
    sources = where.stacks()
    cloudformation = CloudFormation(where.connection())
    pace = Pace(cloudformation.is_local)
    pace.deadline = pace.clock.now() + timeout * 60
    progress = Progress()
    deployer = Deployer(cloudformation, Options(role_arn=role_arn), Run.new(), pace, progress.tell)
    with following_on_interrupt():
        planned = plan_deletion(sources, deployer)
        click.echo(deployment.deletion_text(planned), err=not plan_only)
        if plan_only or planned.empty:
            return 0
        if not yes and not click.confirm("Delete these?", err=True):
            raise BadAnswer("nothing was deleted: the answer was no")
        with progress.live():
            result = delete(planned, deployer)
    if result.failures:
        click.echo(f"\nerror: {deployment.failure_text(result.failures)}\n", err=True)
    click.echo(deployment.result_text(result), err=True)
    return 1 if result.failures else 0
