"""``cfnroles deploy``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import format_option, yes_option
from cfnroles.cli.stack_options import (
    CheckArguments,
    Deployment,
    StackArguments,
    adopt_option,
    bucket_option,
    check_can_ask,
    check_options,
    collected,
    continue_option,
    following_on_interrupt,
    given_parameters,
    local_connection,
    parameter_options,
    plan_option,
    protection_option,
    role_option,
    stack_options,
    tag_option,
    timeout_option,
)
from cfnroles.cli.terminal import confirm, note, say, say_error
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.deployer import Deployer
    from cfnroles.deploy.plan import Options, Plan
    from cfnroles.deploy.result import Result
    from cfnroles.deploy.stacks_file import EnvironmentPlace, StackSource


class DeployArguments(Struct, frozen=True):
    """The values of the options that only ``deploy`` has."""

    yes: bool
    plan_only: bool
    format_: str
    local: bool
    local_state: Path | None
    parameters: tuple[tuple[str, str], ...]
    parameter_file: Path | None
    tags: tuple[tuple[str, str], ...]
    role_arn: str
    bucket: str
    termination_protection: bool
    timeout: float
    account: str
    no_rollback: bool
    continue_rollback: bool
    adopt: bool

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` for a format of output that is not shown."""
        if self.format_ != "human" and not self.plan_only:
            raise InvalidInput("--format requires --plan")

    @property
    def is_local(self) -> bool:
        """Whether to deploy to an emulator."""
        return self.local or self.local_state is not None

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """The values of parameters. Raises ``InvalidInput`` for a file without parameters."""
        return given_parameters(self.parameter_file, self.parameters)

    def options(self, checks: CheckArguments, place: EnvironmentPlace | None) -> Options:
        """Return the options of the deployer. Raise ``InvalidInput`` for a file without parameters."""
        from cfnroles.deploy.plan import Options

        return Options(
            parameters=self.given,
            tags=self.tags,
            role_arn=self.role_arn,
            bucket=self.bucket,
            rollback=not self.no_rollback,
            termination_protection=self.termination_protection,
            continue_rollback=self.continue_rollback,
            allow_unchecked_secrets=checks.allow_unchecked_secrets,
            adopt=self.adopt,
            strict=checks.strict,
            account=self.account,
            place=place,
            plan_only=self.plan_only,
            timeout=self.timeout * 60,
        )


_deploy_options = collected(
    "asked",
    DeployArguments,
    yes_option("Do not ask before changing anything."),
    plan_option,
    format_option("human", "json", "markdown", help="Format of --plan."),
    click.option("--local", is_flag=True, help="Deploy into a local emulator instead of AWS."),
    click.option(
        "--local-state",
        type=PathParameter(file_okay=False),
        metavar="DIRECTORY",
        help="Directory in which the emulator keeps its state. Implies --local.",
    ),
    *parameter_options,
    tag_option,
    role_option,
    bucket_option,
    protection_option,
    timeout_option,
    click.option("--account", default="", metavar="ID", help="Account to deploy to. Refuses any other."),
    click.option("--no-rollback", is_flag=True, help="Keep a failed stack for inspection."),
    continue_option,
    adopt_option,
)


@panel_command("deploy")
@stack_options
@_deploy_options
@check_options
def command(where: StackArguments, asked: DeployArguments, checks: CheckArguments) -> int:
    """Deploy the stacks of SOURCE once every secret exists.

    SOURCE is a directory that `cfnroles build` wrote (default: build), or a task definition to build and deploy. On a
    terminal, asks for missing parameter values. Reports all problems together, before it creates anything. Checks
    secrets and parameters with your own credentials.
    """
    selected = where.selected(asked.account, asked.given)
    options = asked.options(checks, selected.place)
    with _connected(where, asked) as connection:
        ask = not (asked.yes or asked.is_local)
        check_can_ask(ask=ask, plan_only=asked.plan_only)
        follow = "" if asked.is_local else where.follow
        deployment = Deployment(selected, connection, options, checks.examine(connection), ask, follow)
        return _run(deployment, asked.format_)


def _connected(where: StackArguments, asked: DeployArguments) -> contextlib.AbstractContextManager[Connection]:
    if asked.is_local:
        return local_connection(where, state=asked.local_state)
    return contextlib.nullcontext(where.connection())


def _run(deployment: Deployment, plan_format: str) -> int:
    from cfnroles.cli.progress import Progress
    from cfnroles.deploy.change_sets import discard_all
    from cfnroles.deploy.planning import plan

    options = deployment.options
    progress = Progress()
    deployer = _deployer(deployment, progress)
    with following_on_interrupt(deployment.follow):
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
    pace.follow = deployment.follow or pace.follow
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
    """Upload a template to the bucket under the digest of its content, and return its URL."""
    import hashlib

    from cfnroles.aws.s3 import S3

    digest = hashlib.sha256(source.body.encode()).hexdigest()[:16]
    return S3(connection).put_template(bucket, f"cfnroles/{digest}/{source.template}", source.body)


def _agreed(made: Plan, deployer: Deployer) -> bool:
    """Ask for confirmation. If it is refused, remove everything that the plan created."""
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
    """Print the causes of the failures, if they can be determined. An error in doing so never hides the failure."""
    from cfnroles.deploy.diagnosing import diagnosed_failure
    from cfnroles.formats.diagnosis import human

    for failure in result.failures:
        found = diagnosed_failure(failure, deployer.cloudformation, connection)
        if found is not None:
            say(human(found.found, {}, found.besides), "", err=True)


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
