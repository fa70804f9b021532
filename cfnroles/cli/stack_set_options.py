"""``cfnroles deploy --stack-set``: the options, and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.stack_options import collected, following_on_interrupt
from cfnroles.cli.terminal import confirm, say, say_error
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.cli.progress import Progress
    from cfnroles.cli.stack_options import Deployment
    from cfnroles.deploy.plan import Options
    from cfnroles.deploy.stack_sets import Fleet, StackSetOptions
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
        if not self.stack_set and (self.units or self.regions):
            raise InvalidInput("--ou and --to-region are for --stack-set")
        if not self.stack_set and len(self.accounts) > 1:
            raise InvalidInput("several --account are for --stack-set", remedy="Deploy to one account after the other.")

    def options(self, options: Options) -> StackSetOptions:
        """What StackSets are told, with what is told to every deployment."""
        from cfnroles.aws.stack_sets import Preferences
        from cfnroles.deploy.stack_sets import StackSetOptions

        return StackSetOptions(
            options.parameters,
            options.tags,
            self.administration_role_arn,
            self.execution_role_name,
            options.allow_unchecked_secrets,
            options.adopt,
            options.strict,
            Preferences(self.max_concurrent, self.failure_tolerance),
        )

    @property
    def account(self) -> str:
        """The one account that stacks are to be deployed to, if it was told; stack sets are in many."""
        return "" if self.stack_set else "".join(self.accounts)


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


def deploy_stack_sets(deployment: Deployment, arguments: StackSetArguments) -> int:
    """Plan, show, ask unless told not to, apply; returns the exit code."""
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.stack_sets import apply_stack_sets, plan_stack_sets
    from cfnroles.formats.deployment import failure_text, result_text
    from cfnroles.formats.stack_sets import stack_sets_text

    progress = Progress()
    options = deployment.options
    fleet = _fleet(deployment, arguments, progress)
    with following_on_interrupt():
        planned = plan_stack_sets(_without_imports(deployment.selected.stacks), fleet)
        say(stack_sets_text(planned), err=not options.plan_only)
        if options.plan_only:
            return 0
        if deployment.ask and planned.needs_consent and not confirm("Deploy these?"):
            raise BadAnswer("nothing was deployed: the answer was no")
        fleet.pace.deadline = fleet.pace.clock.now() + options.timeout
        with progress.live():
            result = apply_stack_sets(planned.stack_sets, fleet)
    if result.failures:
        say("", err=True)
        say_error(failure_text(result.failures))
        say("", err=True)
    say(result_text(result), err=True)
    return 1 if result.failures else 0


def _without_imports(stacks: tuple[StackSource, ...]) -> tuple[StackSource, ...]:
    """The stacks that can be stack sets; raises ``InvalidInput`` where there is none."""
    from cfnroles.deploy.plan import GATE

    chosen = tuple(stack for stack in stacks if not stack.imports)
    for stack in stacks:
        if stack not in chosen:
            # The gate is there, so that what it checks is not known here.
            unasked = ", and its secrets are not checked here" if GATE in stack.body else ""
            say(f"{stack.name} is not a stack set: it imports from its own account and Region{unasked}", err=True)
    if not chosen:
        raise InvalidInput("none of the stacks can be a stack set")
    return chosen


def _fleet(deployment: Deployment, arguments: StackSetArguments, progress: Progress) -> Fleet:
    from cfnroles.aws.stack_sets import StackSets, Targets
    from cfnroles.cli.parameter_prompts import prompts
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.home import home_of
    from cfnroles.deploy.plan import Run
    from cfnroles.deploy.stack_sets import Fleet

    connection, options = deployment.connection, deployment.options
    stack_sets = StackSets(connection, delegated=arguments.delegated_admin)
    return Fleet(
        stack_sets,
        Targets(arguments.regions, arguments.accounts, arguments.units),
        arguments.options(options),
        Run.new(),
        Pace(stack_sets.is_local),
        progress.tell,
        prompts(plan_only=options.plan_only),
        home_of(connection, stack_sets.region, stack_sets.endpoint_url),
        deployment.examine,
        deployment.selected.gaps,
    )
