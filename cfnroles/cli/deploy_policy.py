"""``cfnroles deploy-policy``: the IAM policy of whoever deploys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.deploy import parameter_options
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.stack_options import Selected, StackArguments, collected
from cfnroles.cli.terminal import say
from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.deploy.policy import DeployOptions
    from cfnroles.deploy.stacks_file import StackSource


class PolicyArguments(Struct, frozen=True):
    """The values of the options of ``deploy-policy``."""

    source: Path
    project: str
    environment: str
    stack_prefix: str
    allow_edits: bool
    account: str
    region: str
    parameters: tuple[tuple[str, str], ...]
    parameters_file: Path | None
    bucket: str
    no_check: bool
    role_arn: str
    service_role: bool
    continue_rollback: bool
    termination_protection: bool
    stack_set: bool
    administration_role_arn: str

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` for both roles at once: each has a policy of its own."""
        if self.service_role and self.role_arn:
            raise InvalidInput(
                "--service-role and --role-arn ask for two policies",
                remedy="Ask for the caller's with --role-arn ARN, and for the role's with --service-role.",
            )
        alone = {"--bucket": self.bucket, "--role-arn": self.role_arn, "--service-role": self.service_role}
        if self.stack_set and (other := [option for option, given in alone.items() if given]):
            raise InvalidInput(f"--stack-set cannot be combined with {other[0]}: stack sets have roles of their own")
        if self.administration_role_arn and not self.stack_set:
            raise InvalidInput("--administration-role-arn is for --stack-set")

    def selected(self) -> Selected:
        """The stacks with the parameters that ``cfnroles deploy`` would give them."""
        where = StackArguments(
            self.source,
            self.project,
            self.environment,
            "",
            self.region,
            "",
            (),
            self.stack_prefix,
            self.allow_edits,
        )
        return where.selected(self.account)

    def valued(self, stacks: tuple[StackSource, ...]) -> tuple[StackSource, ...]:
        """The same stacks with the given values; raises ``InvalidInput`` for what no template takes."""
        from cfnroles.deploy.parameters import undeclared, with_parameters, wrong_values
        from cfnroles.deploy.parameters_file import read_parameters
        from cfnroles.page import page

        from_file = read_parameters(self.parameters_file) if self.parameters_file else ()
        given = tuple({**dict(from_file), **dict(self.parameters)}.items())
        made = with_parameters(stacks, given)
        for failure in (*undeclared(stacks, given), *wrong_values((stack, ()) for stack in made)):
            raise InvalidInput(page(failure.lines), remedy=failure.remedy)
        return made

    def options(self, selected: Selected) -> DeployOptions:
        """What changes which calls are made; raises ``InvalidInput`` where account or Region is not known."""
        from cfnroles.deploy.policy import DeployOptions

        return DeployOptions(
            account=self.account or selected.account,
            region=self.region or selected.region,
            bucket=self.bucket,
            check=not self.no_check,
            role_arn=self.role_arn,
            continue_rollback=self.continue_rollback,
            termination_protection=self.termination_protection,
            service_role=self.service_role,
            stack_set=self.stack_set,
            administration_role_arn=self.administration_role_arn,
        )


_options = collected(
    "asked",
    PolicyArguments,
    click.argument("source", default="build", type=PathParameter()),
    click.option("--project", default="", metavar="NAME", help="Project, where SOURCE is a task definition."),
    click.option("--environment", default="", metavar="NAME", help="Environment, where SOURCE is a service spec."),
    click.option("--stack-prefix", default="", metavar="TEXT", help="Put TEXT before every stack name."),
    click.option("--allow-edits", is_flag=True, help="Take files that were edited after they were built."),
    click.option("--account", default="", metavar="ID", help="Account that the stacks are deployed to (12 digits)."),
    click.option("--region", default="", metavar="REGION", help="Region that the stacks are deployed to."),
    *parameter_options,
    click.option("--bucket", default="", help="As for deploy: bucket for templates that are too long for a request."),
    click.option("--no-check", is_flag=True, help="As for deploy: secrets and parameters are left to the gate."),
    click.option("--role-arn", default="", metavar="ARN", help="As for deploy: service role that CloudFormation uses."),
    click.option("--service-role", is_flag=True, help="The policy of that service role, instead of the caller's."),
    click.option("--continue-rollback", is_flag=True, help="As for deploy."),
    click.option("--termination-protection", is_flag=True, help="As for deploy."),
    click.option("--stack-set", is_flag=True, help="As for deploy: in the administrator's account, --account."),
    click.option("--administration-role-arn", default="", metavar="ARN", help="As for deploy."),
)


@click.command("deploy-policy")
@_options
@click.option("--strict", is_flag=True, help="Exit with 1 when there are gaps.")
@click.option(
    "--format",
    "format_",
    default="json",
    show_default=True,
    type=click.Choice(["json", "cloudformation", "human"]),
    help="A policy document, a template with managed policies, or every statement with its reasons.",
)
def command(asked: PolicyArguments, strict: bool, format_: str) -> int:
    """Write the IAM policy of the principal that deploys the stacks of SOURCE: exactly the calls on exactly these
    resources.

    SOURCE is what `cfnroles deploy` takes: a directory written by `cfnroles build` (default: build), a task definition
    or a service spec. Give the options and parameters that you give to deploy: names depend on them. The policy serves
    the AWS CLI as well. Nothing is asked of AWS.
    """
    from cfnroles.deploy.policy import deploy_policy
    from cfnroles.formats import deploy_policy as formats

    selected = asked.selected()
    stacks = asked.valued(selected.stacks)
    made = deploy_policy(stacks, asked.options(selected))
    texts = {stack.template: stack.body for stack in stacks}
    if format_ == "human":
        say(formats.human(made, texts))
    else:
        say(formats.json_text(made) if format_ == "json" else formats.cloudformation(made))
        say(formats.notes(made, texts), err=True)
    return 1 if strict and made.gaps else 0
