"""``cfnroles stack-sets``: the stacks of a build as CloudFormation StackSets, in many accounts and Regions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command, with_help_all
from cfnroles.cli.shared_options import ACCOUNT, REGION, format_option, of_form, several, yes_option
from cfnroles.cli.stack_options import (
    CheckArguments,
    StackArguments,
    administration_option,
    adopt_option,
    check_can_ask,
    check_options,
    collected,
    following_on_interrupt,
    given_parameters,
    parameter_options,
    plan_option,
    stack_options,
    tag_option,
    timeout_option,
)
from cfnroles.cli.terminal import confirm, say, say_error
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection
    from cfnroles.cli.progress import Progress
    from cfnroles.cli.stack_options import Selected
    from cfnroles.deploy.result import Result
    from cfnroles.deploy.stack_set_operations import Fleet, StackSetOptions
    from cfnroles.deploy.stacks_file import StackSource


class StackSetArguments(Struct, frozen=True):
    """The values of the options that only ``stack-sets deploy`` has."""

    accounts: tuple[str, ...]
    units: tuple[str, ...]
    regions: tuple[str, ...]
    max_concurrent: int
    failure_tolerance: int
    delegated_admin: bool
    administration_role_arn: str
    execution_role_name: str
    parameters: tuple[tuple[str, str], ...]
    parameter_file: Path | None
    tags: tuple[tuple[str, str], ...]
    timeout: float
    adopt: bool
    plan_only: bool
    yes: bool

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """The values of parameters. Raises ``InvalidInput`` for a file without parameters."""
        return given_parameters(self.parameter_file, self.parameters)

    def options(self, checks: CheckArguments) -> StackSetOptions:
        """Return the options of the StackSets. Raise ``InvalidInput`` for a file without parameters."""
        from cfnroles.aws.stack_sets import Preferences
        from cfnroles.deploy.stack_set_operations import StackSetOptions

        return StackSetOptions(
            self.given,
            self.tags,
            self.administration_role_arn,
            self.execution_role_name,
            checks.allow_unchecked_secrets,
            self.adopt,
            checks.strict,
            Preferences(self.max_concurrent, self.failure_tolerance),
        )


delegated_option = click.option(
    "--delegated-admin", is_flag=True, help="Call as the organization's delegated administrator."
)

pace_options = (
    click.option(
        "--max-concurrent",
        type=click.IntRange(min=1),
        metavar="N",
        default=1,
        show_default=True,
        help="Accounts at a time.",
    ),
    click.option(
        "--failure-tolerance",
        type=click.IntRange(min=0),
        metavar="N",
        default=0,
        show_default=True,
        help="Failed accounts per Region before it stops.",
    ),
)

_deploy_options = collected(
    "asked",
    StackSetArguments,
    several("--target-account", "accounts", metavar="ID", callback=of_form(ACCOUNT), help="Account to deploy to."),
    several("--target-ou", "units", metavar="ID", help="Organizational unit to deploy to."),
    several("--target-region", "regions", metavar="REGION", callback=of_form(REGION), help="Region to deploy to."),
    *pace_options,
    delegated_option,
    administration_option,
    click.option("--execution-role-name", default="", metavar="NAME", help="Execution role in each account."),
    *parameter_options,
    tag_option,
    timeout_option,
    adopt_option,
    plan_option,
    yes_option("Do not ask before changing anything."),
)


@with_help_all
@click.group("stack-sets")
def command() -> None:
    """Deploy validator and roles to many accounts and Regions, as CloudFormation StackSets."""


@panel_command("deploy")
@stack_options
@_deploy_options
@check_options
def deploy(where: StackArguments, asked: StackSetArguments, checks: CheckArguments) -> int:
    """Deploy the validator and the roles of SOURCE as StackSets.

    SOURCE is as in `cfnroles deploy`. The targets are accounts (self-managed) or organizational units
    (service-managed), each in every --target-region. Run it in the administrator account. Stacks that import from
    others are deployed with `cfnroles deploy`, in each account.
    """
    selected, options = where.selected(given=asked.given), asked.options(checks)
    connection = where.connection()
    check_can_ask(ask=not asked.yes, plan_only=asked.plan_only)
    fleet = _fleet(selected, connection, asked, options, checks)
    with following_on_interrupt(where.again("stack-sets status", *["--delegated-admin"][: asked.delegated_admin])):
        return _deployed(selected, fleet, asked)


def _deployed(selected: Selected, made: tuple[Fleet, Progress], asked: StackSetArguments) -> int:
    """Plan, show the plan, ask for confirmation, and apply. Return the exit code."""
    from cfnroles.deploy.stack_sets import apply_stack_sets, plan_stack_sets
    from cfnroles.formats.stack_sets import stack_sets_text

    fleet, progress = made
    planned = plan_stack_sets(_without_imports(selected.stacks, deployed=True), fleet)
    say(stack_sets_text(planned), err=not asked.plan_only)
    if asked.plan_only:
        return 0
    if not asked.yes and planned.needs_consent and not confirm("Deploy these?"):
        raise BadAnswer("nothing was deployed: the answer was no")
    fleet.pace.deadline = fleet.pace.clock.now() + asked.timeout * 60
    with progress.live():
        return _told(apply_stack_sets(planned.stack_sets, fleet))


def _told(result: Result) -> int:
    """Print the result, and return the exit code."""
    from cfnroles.formats.deployment import failure_text, result_text

    if result.failures:
        say("", err=True)
        say_error(failure_text(result.failures))
        say("", err=True)
    say(result_text(result), err=True)
    return 1 if result.failures else 0


def _without_imports(stacks: tuple[StackSource, ...], *, deployed: bool = False) -> tuple[StackSource, ...]:
    """Return the stacks that can be stack sets. Raise ``InvalidInput`` if there are none."""
    from cfnroles.deploy.plan import GATE

    chosen = tuple(stack for stack in stacks if not stack.imports)
    for stack in stacks:
        if stack not in chosen:
            # The gate runs in each account, so what it checks is unknown here.
            unasked = ", and its secrets are not checked here" if deployed and GATE in stack.body else ""
            say(f"{stack.name} is not a stack set: it imports from its own account and Region{unasked}", err=True)
    if not chosen:
        raise InvalidInput("none of the stacks can be a stack set")
    return chosen


def _fleet(
    selected: Selected,
    connection: Connection,
    asked: StackSetArguments,
    options: StackSetOptions,
    checks: CheckArguments,
) -> tuple[Fleet, Progress]:
    from cfnroles.aws.stack_sets import StackSets, Targets
    from cfnroles.cli.parameter_prompts import prompts
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.home import home_of
    from cfnroles.deploy.plan import Run
    from cfnroles.deploy.stack_set_operations import Fleet

    progress = Progress()
    stack_sets = StackSets(connection, delegated=asked.delegated_admin)
    fleet = Fleet(
        stack_sets,
        Targets(asked.regions, asked.accounts, asked.units),
        options,
        Run.new(),
        Pace(stack_sets.is_local),
        progress.tell,
        prompts(plan_only=asked.plan_only),
        home_of(connection, stack_sets.region, stack_sets.endpoint_url),
        checks.examine(connection),
        selected.gaps,
    )
    return fleet, progress


@panel_command("status")
@stack_options
@delegated_option
@format_option("human", "json")
def status(where: StackArguments, delegated_admin: bool, format_: str) -> int:
    """Show the status of the stacks in each account and Region.

    SOURCE is as in `cfnroles deploy`. The exit code is 0 if every stack set exists and all of its stacks are
    CURRENT, else 1.
    """
    from cfnroles.aws.stack_sets import StackSets
    from cfnroles.formats import stack_sets as formats

    stack_sets = StackSets(where.connection(), delegated=delegated_admin)
    names = [stack.name for stack in _without_imports(where.stacks())]
    found = [(name, stack_sets.instances(name) if stack_sets.stack_set(name) else None) for name in names]
    say((formats.statuses_json if format_ == "json" else formats.statuses_text)(found))
    return 0 if all(stacks and all(each.status == "CURRENT" for each in stacks) for _, stacks in found) else 1


class StackSetDeleteArguments(Struct, frozen=True):
    """The values of the options that only ``stack-sets delete`` has."""

    max_concurrent: int
    failure_tolerance: int
    delegated_admin: bool
    timeout: float
    plan_only: bool
    yes: bool


_delete_options = collected(
    "asked",
    StackSetDeleteArguments,
    *pace_options,
    delegated_option,
    timeout_option,
    plan_option,
    yes_option("Do not ask before deleting."),
)


@panel_command("delete")
@stack_options
@_delete_options
def delete(where: StackArguments, asked: StackSetDeleteArguments) -> int:
    """Delete the StackSets of SOURCE and all their stacks.

    SOURCE is as in `cfnroles deploy`. Stacks that import from others are not StackSets: delete them first, with
    `cfnroles delete` in each account.
    """
    from cfnroles.aws.stack_sets import Preferences, StackSets, Targets
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.deleting_stack_sets import delete_stack_sets, plan_stack_set_deletion
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.home import home_of
    from cfnroles.deploy.plan import Run
    from cfnroles.deploy.stack_set_operations import Fleet, StackSetOptions
    from cfnroles.formats.stack_sets import stack_set_deletion_text

    stacks = where.stacks()
    check_can_ask(ask=not asked.yes, plan_only=asked.plan_only)
    connection, progress = where.connection(), Progress()
    stack_sets = StackSets(connection, delegated=asked.delegated_admin)
    options = StackSetOptions(preferences=Preferences(asked.max_concurrent, asked.failure_tolerance))
    pace, home = Pace(stack_sets.is_local), home_of(connection, stack_sets.region, stack_sets.endpoint_url)
    fleet = Fleet(stack_sets, Targets(()), options, Run.new(), pace, progress.tell, home=home)
    with following_on_interrupt(where.again("stack-sets status", *["--delegated-admin"][: asked.delegated_admin])):
        planned = plan_stack_set_deletion(_without_imports(stacks), fleet)
        say(stack_set_deletion_text(planned), err=not asked.plan_only)
        if asked.plan_only or planned.empty:
            return 0
        if not asked.yes and not confirm("Delete these?"):
            raise BadAnswer("nothing was deleted: the answer was no")
        pace.deadline = pace.clock.now() + asked.timeout * 60
        with progress.live():
            return _told(delete_stack_sets(planned, fleet))


for each in (deploy, status, delete):
    command.add_command(each)
