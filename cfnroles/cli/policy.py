"""``cfnroles policy``: one policy document in plain JSON."""

from __future__ import annotations

from typing import Any

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import choice, refuse_gaps, strict_option
from cfnroles.cli.source import only_for_templates, reading_of, resource_options, service_option, source_options, told
from cfnroles.cli.terminal import say
from cfnroles.errors import InvalidInput
from cfnroles.need import Holder
from cfnroles.page import json_page
from cfnroles.role_kinds import ROLE_KINDS

_HOLDERS = {kind.holder.removesuffix(" role").replace(" ", "-"): kind.holder for kind in ROLE_KINDS}
_TRUST, _REPOSITORY = "trust", "repository"


@panel_command("policy")
@source_options
@click.option(
    "--role",
    required=True,
    metavar="KIND",
    type=choice(*_HOLDERS, _TRUST, _REPOSITORY),
    help=f"{', '.join(_HOLDERS)}; trust: the trust policy of execution and task role; repository: of ECR repositories"
    " in other accounts.",
)
@click.option("--trust", is_flag=True, help="The role's trust policy instead of its permissions.")
@service_option
@resource_options
@strict_option()
def command(source: str, role: str, trust: bool, service: str, resource: str, strict: bool, **about: Any) -> None:
    """Print one policy document in JSON, for the AWS CLI, the console or another tool.

    SOURCE is a task definition, a service spec, a CloudFormation template, or a directory, plan or state of Terraform.
    JSON has no parameters: pass --account, --region and the other values that an error asks for.

    \b
      cfnroles policy web.json --role trust --account 123456789012 > trust.json
      cfnroles policy web.json --role execution --account 123456789012 \\
          --region eu-west-1 > execution.json
      aws iam create-role --role-name web-execution \\
          --assume-role-policy-document file://trust.json
      aws iam put-role-policy --role-name web-execution --policy-name web \\
          --policy-document file://execution.json
    """
    from cfnroles.formats import plain_policy as formats
    from cfnroles.targets import plain_policy as plain

    if trust and role not in _HOLDERS:
        raise InvalidInput(
            "--trust requires a single kind of role", remedy=f"Pass --role {' or --role '.join(list(_HOLDERS)[:2])}."
        )
    reading = reading_of(source, told(about)).about(resource)
    only_for_templates(reading, resource=resource, parameter=about["parameters"])
    if service:
        reading = reading.of(service)
    if role == _REPOSITORY:
        made, repositories = plain.plain_repository_policy(reading, resource)
    elif trust or role == _TRUST:
        # Hints about the execution role apply to the task role, too.
        made, repositories = plain.plain_trust(reading, _HOLDERS.get(role, Holder.EXECUTION), resource), ()
    else:
        made, repositories = plain.plain_policy(reading, _HOLDERS[role], resource), ()
    say(json_page(made.document))
    say(*formats.notes(made, repositories, reading.texts), err=True)
    if strict:
        refuse_gaps(len(made.gaps), "the policy was printed")
