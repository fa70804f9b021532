"""``cfnroles deploy --stack-set``: the options, and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.stack_options import collected, following_on_interrupt
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.plan import Options
    from cfnroles.deploy.stack_sets import Fleet
    from cfnroles.deploy.stacks_file import StackSource


class StackSetArguments(Struct, frozen=True):
    """The values of ``stack_set_options``."""

    stack_set: bool
    accounts: tuple[str, ...]
    units: tuple[str, ...]
    regions: tuple[str, ...]
    max_concurrent: int
    failure_tolerance: int
    delegated_admin: bool
    administration_role_arn: str
    execution_role_name: str

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` for targets without ``--stack-set``, which would be silently ignored."""
        if not self.stack_set and (self.accounts or self.units or self.regions):
            raise InvalidInput("--account, --ou and --to-region are for --stack-set")


#: The options of stack sets, as the value ``fleet`` of the command.
stack_set_options = collected(
    "fleet",
    StackSetArguments,
    click.option("--stack-set", is_flag=True, help="Deploy validator and roles as CloudFormation StackSets."),
    click.option("--account", "accounts", multiple=True, metavar="ID", help="Account to deploy to."),
    click.option("--ou", "units", multiple=True, metavar="ID", help="Organizational unit to deploy to."),
    click.option("--to-region", "regions", multiple=True, metavar="REGION", help="Region to deploy to."),
    click.option("--max-concurrent", type=click.IntRange(min=1), default=1, help="Accounts at once."),
    click.option(
        "--failure-tolerance",
        type=click.IntRange(min=0),
        default=0,
        help="Accounts of a Region that may fail before the others are not attempted.",
    ),
    click.option("--delegated-admin", is_flag=True, help="Call as the organization's delegated administrator."),
    click.option("--administration-role-arn", default="", metavar="ARN", help="Role that StackSets uses here."),
    click.option("--execution-role-name", default="", metavar="NAME", help="Role that it uses in each account."),
)


def deploy_stack_sets(
    stacks: tuple[StackSource, ...],
    connection: Connection,
    options: Options,
    arguments: StackSetArguments,
    *,
    ask: bool,
) -> int:
    """Plan, show, ask, apply; returns the exit code."""
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.stack_sets import apply_stack_sets, plan_stack_sets
    from cfnroles.formats.deployment import failure_text, result_text
    from cfnroles.formats.stack_sets import stack_sets_text

    progress = Progress()
    fleet = _fleet(connection, options, arguments, progress)
    with following_on_interrupt():
        plans = plan_stack_sets(_without_imports(stacks), fleet)
        click.echo(stack_sets_text(plans), err=not options.plan_only)
        if options.plan_only:
            return 0
        if ask and any(plan.needs_consent for plan in plans) and not click.confirm("Deploy these?", err=True):
            raise BadAnswer("nothing was deployed: the answer was no")
        fleet.pace.deadline = fleet.pace.clock.now() + options.timeout
        with progress.live():
            result = apply_stack_sets(plans, fleet)
    if result.failures:
        click.echo(f"\nerror: {failure_text(result.failures)}\n", err=True)
    click.echo(result_text(result), err=True)
    return 1 if result.failures else 0


def _without_imports(stacks: tuple[StackSource, ...]) -> tuple[StackSource, ...]:
    """The stacks that can be stack sets; raises ``InvalidInput`` where there is none."""
    chosen = tuple(stack for stack in stacks if not stack.imports)
    for stack in stacks:
        if stack not in chosen:
            click.echo(f"{stack.name} is no stack set: it imports from its own account and Region", err=True)
    if not chosen:
        raise InvalidInput("none of the stacks can be a stack set")
    return chosen


def _fleet(connection: Connection, options: Options, arguments: StackSetArguments, progress: Progress) -> Fleet:
    from cfnroles.aws.stack_sets import Preferences, StackSets, Targets
    from cfnroles.cli.parameter_prompts import prompts
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.plan import Run
    from cfnroles.deploy.stack_sets import Fleet, StackSetOptions

    stack_sets = StackSets(connection, delegated=arguments.delegated_admin)
    chosen = StackSetOptions(
        options.parameters,
        options.tags,
        arguments.administration_role_arn,
        arguments.execution_role_name,
        options.allow_unchecked_secrets,
        options.adopt,
        Preferences(arguments.max_concurrent, arguments.failure_tolerance),
    )
    return Fleet(
        stack_sets,
        Targets(arguments.regions, arguments.accounts, arguments.units),
        chosen,
        Run.new(),
        Pace(stack_sets.is_local),
        progress.tell,
        prompts(plan_only=options.plan_only),
    )
