"""``cfnroles deploy-policy``: the IAM policy for deploying."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import format_option, refuse_gaps, region_option, strict_option
from cfnroles.cli.stack_options import (
    Selected,
    StackArguments,
    administration_option,
    bucket_option,
    collected,
    continue_option,
    edits_option,
    environment_option,
    given_parameters,
    parameter_options,
    prefix_option,
    project_option,
    protection_option,
    role_option,
)
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
    parameter_file: Path | None
    bucket: str
    no_check: bool
    role_arn: str
    service_role: bool
    continue_rollback: bool
    termination_protection: bool
    stack_sets: bool
    administration_role_arn: str

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` if both roles are given: each has its own policy."""
        if self.service_role and self.role_arn:
            raise InvalidInput(
                "--service-role and --role-arn cannot be combined",
                remedy="Run it once with --role-arn ARN for the policy of the caller, and once with --service-role"
                " for that of the role.",
            )
        alone = {"--bucket": self.bucket, "--role-arn": self.role_arn, "--service-role": self.service_role}
        if self.stack_sets and (other := [option for option, given in alone.items() if given]):
            raise InvalidInput(f"--stack-sets cannot be combined with {other[0]}: stack sets have separate roles")
        if self.administration_role_arn and not self.stack_sets:
            raise InvalidInput("--administration-role-arn requires --stack-sets")

    def selected(self) -> Selected:
        """Return the stacks with the parameters that ``cfnroles deploy`` would set."""
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
        return where.selected(self.account, self.given)

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """The values of parameters. Raises ``InvalidInput`` for a file without parameters."""
        return given_parameters(self.parameter_file, self.parameters)

    def valued(self, stacks: tuple[StackSource, ...]) -> tuple[StackSource, ...]:
        """Return the stacks with the given values. Raise ``InvalidInput`` for a parameter that no template has."""
        from cfnroles.deploy.parameters import undeclared, with_parameters, wrong_values
        from cfnroles.page import page

        made = with_parameters(stacks, self.given)
        for failure in (*undeclared(stacks, self.given), *wrong_values((stack, ()) for stack in made)):
            raise InvalidInput(page(failure.lines), remedy=failure.remedy)
        return made

    def options(self, selected: Selected) -> DeployOptions:
        """Return the options that determine the calls. Raise ``InvalidInput`` if account or Region is unknown."""
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
            stack_set=self.stack_sets,
            administration_role_arn=self.administration_role_arn,
        )


_options = collected(
    "asked",
    PolicyArguments,
    click.argument("source", default="build", type=PathParameter()),
    project_option,
    environment_option,
    prefix_option,
    edits_option,
    click.option("--account", default="", metavar="ID", help="Account of the stacks (12 digits)."),
    region_option("Region of the stacks."),
    *parameter_options,
    bucket_option,
    click.option("--no-check", is_flag=True, help="Let only the gate check the secrets, as with deploy."),
    role_option,
    click.option("--service-role", is_flag=True, help="Write the policy of the service role instead of the caller's."),
    continue_option,
    protection_option,
    click.option("--stack-sets", is_flag=True, help="For `cfnroles stack-sets deploy`, in the administrator account."),
    administration_option,
)


@panel_command("deploy-policy")
@_options
@strict_option()
@format_option("json", "cloudformation", "human", default="json")
def command(asked: PolicyArguments, strict: bool, format_: str) -> None:
    """Write the IAM policy for deploying the stacks of SOURCE.

    SOURCE is as in `cfnroles deploy`: a directory that `cfnroles build` wrote (default: build), a task definition or a
    service spec. Pass the options and parameters that you pass to deploy: resource names depend on them. The policy
    also covers deployments with the AWS CLI. Makes no AWS call.
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
    if strict:
        refuse_gaps(len(made.gaps), "the policy was printed")
