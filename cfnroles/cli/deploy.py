"""``cfnroles deploy``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.paths import PathParameter
from cfnroles.cli.stack_options import (
    MINUTES,
    CheckArguments,
    Deployment,
    StackArguments,
    check_options,
    collected,
    following_on_interrupt,
    local_connection,
    stack_options,
)
from cfnroles.cli.stack_set_options import StackSetArguments, deploy_stack_sets, stack_set_options
from cfnroles.cli.terminal import confirm, is_asked, note, say, say_error, width
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.deployer import Deployer
    from cfnroles.deploy.plan import Options, Plan
    from cfnroles.deploy.result import Result
    from cfnroles.deploy.stacks_file import EnvironmentPlace, StackSource


def _pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = tuple(value.partition("=") for value in values)
    for key, equals, _ in pairs:
        if not key or not equals:
            raise click.BadParameter("must look like KEY=VALUE", param=parameter)
    return tuple((key, value) for key, _, value in pairs)


class DeployArguments(Struct, frozen=True):
    """The values of the options that only ``deploy`` has."""

    yes: bool
    plan_only: bool
    plan_format: str
    local: bool
    local_state: Path | None
    parameters: tuple[tuple[str, str], ...]
    parameters_file: Path | None
    tags: tuple[tuple[str, str], ...]
    role_arn: str
    bucket: str
    termination_protection: bool
    timeout: float
    no_rollback: bool
    continue_rollback: bool
    adopt: bool

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` for a format of what is not shown."""
        if self.plan_format != "human" and not self.plan_only:
            raise InvalidInput("--format is for --plan")

    @property
    def is_local(self) -> bool:
        """Whether to deploy into an emulator."""
        return self.local or self.local_state is not None

    def options(self, checks: CheckArguments, account: str, place: EnvironmentPlace | None) -> Options:
        """What the deployer is told; raises ``InvalidInput`` for a file that holds no parameters."""
        from cfnroles.deploy.parameters_file import read_parameters
        from cfnroles.deploy.plan import Options

        from_file = read_parameters(self.parameters_file) if self.parameters_file else ()
        return Options(
            parameters=tuple({**dict(from_file), **dict(self.parameters)}.items()),
            tags=self.tags,
            role_arn=self.role_arn,
            bucket=self.bucket,
            rollback=not self.no_rollback,
            termination_protection=self.termination_protection,
            continue_rollback=self.continue_rollback,
            allow_unchecked_secrets=checks.allow_unchecked_secrets,
            adopt=self.adopt,
            strict=checks.strict,
            account=account,
            place=place,
            plan_only=self.plan_only,
            timeout=self.timeout * 60,
        )


#: The options that give values to the parameters of templates.
parameter_options = (
    click.option("--parameters", multiple=True, callback=_pairs, metavar="K=V", help="Value of a template parameter."),
    click.option(
        "--parameters-file",
        type=PathParameter(exists=True, dir_okay=False),
        help="JSON or YAML file of parameter values.",
    ),
)

_deploy_options = collected(
    "asked",
    DeployArguments,
    click.option("--yes", is_flag=True, help="Do not ask before changing anything."),
    click.option("--plan", "--dry-run", "plan_only", is_flag=True, help="Show what would change, and change nothing."),
    click.option(
        "--format",
        "plan_format",
        type=click.Choice(["human", "json", "markdown"]),
        default="human",
        help="How --plan is written.",
    ),
    click.option("--local", is_flag=True, help="Deploy into a local emulator instead of AWS."),
    click.option(
        "--local-state",
        type=PathParameter(file_okay=False),
        help="Directory in which the local emulator keeps its state between runs. Implies --local.",
    ),
    *parameter_options,
    click.option(
        "--tag", "tags", multiple=True, callback=_pairs, metavar="K=V", help="Tag for every stack and resource."
    ),
    click.option("--role-arn", default="", metavar="ARN", help="Service role that CloudFormation uses."),
    click.option("--bucket", default="", help="Bucket for a template that is too long for a request."),
    click.option("--termination-protection", is_flag=True, help="Protect the stacks against deletion."),
    click.option("--timeout", type=MINUTES, default=60.0, help="Minutes to follow."),
    click.option("--no-rollback", is_flag=True, help="Leave a failed stack as it is, to look at it."),
    click.option("--continue-rollback", is_flag=True, help="Finish a rollback that failed earlier."),
    click.option("--adopt", is_flag=True, help="Take over stacks of these names that cfnroles did not make."),
)


@click.command()
@stack_options
@_deploy_options
@check_options
@stack_set_options
def command(where: StackArguments, asked: DeployArguments, checks: CheckArguments, fleet: StackSetArguments) -> int:
    """Deploy the stacks of SOURCE, and refuse when a secret is missing.

    SOURCE is a directory written by `cfnroles build` (default: build), or a task definition to build and deploy at
    once. Parameters that have no value are asked for on a terminal. Everything that stands against the deployment is
    told at once, before anything is created; secrets and parameters are looked for with your own credentials.
    """
    if fleet.stack_set and asked.is_local:
        raise InvalidInput("--stack-set cannot be combined with --local: the emulator has no StackSets")
    if fleet.stack_set and asked.plan_format != "human":
        raise InvalidInput("--format cannot be combined with --stack-set: its plan is for people only")
    selected = where.selected(fleet.account)
    options = asked.options(checks, fleet.account, selected.place)
    with _connected(where, asked) as connection:
        ask = not (asked.yes or asked.is_local)
        _can_ask(ask=ask, plan_only=asked.plan_only)
        deployment = Deployment(selected, connection, options, checks.examine(connection), ask)
        return deploy_stack_sets(deployment, fleet) if fleet.stack_set else _run(deployment, asked.plan_format)


def _connected(where: StackArguments, asked: DeployArguments) -> contextlib.AbstractContextManager[Connection]:
    if asked.is_local:
        return local_connection(where, state=asked.local_state)
    return contextlib.nullcontext(where.connection())


def _can_ask(*, ask: bool, plan_only: bool) -> None:
    if ask and not plan_only and not is_asked():
        raise InvalidInput(
            "deploying asks a question, and this is not a terminal",
            remedy="Add --yes to deploy without a question, or --plan to look only.",
        )


def _run(deployment: Deployment, plan_format: str) -> int:
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.change_sets import discard_all
    from cfnroles.deploy.planning import plan

    options = deployment.options
    progress = Progress()
    deployer = _deployer(deployment, progress)
    with following_on_interrupt():
        made = plan(deployment.selected.stacks, deployer)
        _show(made, plan_format)
        if options.plan_only:
            discard_all(made, deployer)
            return 0
        if deployment.ask and made.needs_consent and not _agreed(made, deployer):
            raise BadAnswer("nothing was deployed: the answer was no")
        deployer.pace.deadline = deployer.pace.clock.now() + options.timeout
        return _applied(made, deployer, progress, deployment.connection)


def _deployer(deployment: Deployment, progress: Progress) -> Deployer:
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.cli.parameter_prompts import prompts
    from cfnroles.deploy.deployer import Deployer
    from cfnroles.deploy.following import Pace
    from cfnroles.deploy.home import home_of
    from cfnroles.deploy.plan import Run

    connection, options = deployment.connection, deployment.options
    cloudformation = CloudFormation(connection)
    pace = Pace(cloudformation.is_local)
    pace.deadline = pace.clock.now() + options.timeout
    return Deployer(
        cloudformation,
        options,
        Run.new(),
        pace,
        progress.tell,
        (lambda source: _uploaded(source, options.bucket, connection)) if options.bucket else None,
        prompts(plan_only=options.plan_only),
        home_of(connection, cloudformation.region, cloudformation.endpoint_url),
        deployment.examine,
        deployment.selected.gaps,
    )


def _uploaded(source: StackSource, bucket: str, connection: Connection) -> str:
    """Put a template into the bucket, under a name that tells its content, and return its URL."""
    import hashlib

    from cfnroles.aws.s3 import S3

    digest = hashlib.sha256(source.body.encode()).hexdigest()[:16]
    return S3(connection).put_template(bucket, f"cfnroles/{digest}/{source.template}", source.body)


def _agreed(made: Plan, deployer: Deployer) -> bool:
    """Ask; without a yes, nothing of the plan is left behind."""
    from cfnroles.deploy.change_sets import discard_all

    agreed = False
    try:
        agreed = confirm("Deploy this?")
    finally:
        if not agreed:
            discard_all(made, deployer)
    return agreed


def _show(made: Plan, plan_format: str) -> None:
    from cfnroles.formats import deployment_plan as deployment

    if not made.options.plan_only:
        say(deployment.plan_text(made), err=True)
        return
    texts = {
        "human": deployment.plan_text,
        "json": deployment.plan_json,
        "markdown": deployment.plan_markdown,
    }
    say(texts[plan_format](made))


def _diagnose(result: Result, deployer: Deployer, connection: Connection) -> None:
    """Say what is behind the failures, as far as it can be told; what cannot be read does not hide the failure."""
    from cfnroles.deploy.diagnosing import diagnosed_failure
    from cfnroles.formats.diagnosis import human

    for failure in result.failures:
        found = diagnosed_failure(failure, deployer.cloudformation, connection)
        if found is not None:
            say(human(found.found, {}, width(), found.besides), "", err=True)


def _applied(made: Plan, deployer: Deployer, progress: Progress, connection: Connection) -> int:
    from cfnroles.deploy.applying import apply
    from cfnroles.formats.deployment import failure_text, outputs_text, result_text

    with progress.live():
        result: Result = apply(made, deployer)
    if result.failures:
        say("", err=True)
        say_error(failure_text(result.failures, result.deployed))
        say("", err=True)
        _diagnose(result, deployer, connection)
    told = result_text(result)
    say(told, err=True) if result.failures else note(told)
    outputs = outputs_text([(stack.stack, stack.outputs) for stack in result.stacks if stack.outputs])
    if outputs:
        say(outputs)
    return 1 if result.failures else 0
