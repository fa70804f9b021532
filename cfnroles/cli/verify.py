"""``cfnroles verify``: does this role let this task start, and does it allow anything more?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.source import read_source, source_options
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable

if TYPE_CHECKING:
    from cfnroles.answers.verify import Verification
    from cfnroles.aws.connection import Connection
    from cfnroles.discovery import Discovery
    from cfnroles.facts import Facts
    from cfnroles.formats.human import Texts
    from cfnroles.iam.roles import Role
    from cfnroles.need import Holder
    from cfnroles.workload import Workload

#: Option -> holder of the role, and the member of the task definition that names it.
_ROLES = {
    "role": ("EXECUTION", "executionRoleArn"),
    "task_role": ("TASK", "taskRoleArn"),
    "infrastructure_role": ("INFRASTRUCTURE", ""),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the roles are judged by: a task definition, or one service of a spec.

    ``named`` are the roles that it names itself. ``chosen`` are the managed policies that a spec names for the task
    role; ``None`` where nothing tells what the application does. ``texts`` are those of the documents.
    """

    name: str
    texts: Texts
    facts: Facts
    discovery: Discovery
    named: Mapping[str, str]
    chosen: tuple[str, ...] | None = None


@click.command("verify")
@source_options
@click.option("--spec-service", default="", metavar="NAME", help="The service, where SOURCE is a spec of several.")
@click.option("--role", default="", metavar="ROLE", help="The execution role.")
@click.option("--task-role", default="", metavar="ROLE", help="The task role.")
@click.option("--infrastructure-role", default="", metavar="ROLE", help="The infrastructure role.")
@click.option(
    "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Parameter of the role's template."
)
@click.option("--context", "context", multiple=True, metavar="KEY=VALUE", help="Condition key whose value is known.")
@click.option("--prove", is_flag=True, help="Take each grant away and tell which call of ECS then fails.")
@click.option("--live", is_flag=True, help="Read the roles from AWS: ROLE is a name or ARN. Reads only.")
@click.option("--simulate", is_flag=True, help="With --live: ask AWS's policy simulator, too.")
@click.option("--profile", default="", help="AWS profile to use with --live. Default: AWS_PROFILE.")
@click.option("--fail-on", default="", type=click.Choice(["", "excess"]), help="Exit with 1 where a role allows more.")
@click.option(
    "--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json", "markdown"])
)
def command(
    spec_service: str,
    parameters: tuple[str, ...],
    context: tuple[str, ...],
    prove: bool,
    live: bool,
    simulate: bool,
    profile: str,
    fail_on: str,
    format_: str,
    **about: Any,
) -> None:
    """Verify roles against SOURCE: what is missing, denied or unknown, and what is too much.

    SOURCE is a task definition, or a service spec: then the roles are those of one of its services, and the task role
    is also judged by what the spec grants to the application.

    ROLE is FILE:LogicalId for a role in a CloudFormation template, FILE for a policy document in JSON, FILE:RoleName
    for the output of `aws iam get-account-authorization-details`, or a name or ARN with --live. With --live and no
    ROLE, the roles that SOURCE names are read, and task definitions that a spec names as FAMILY:REVISION.

    \b
      cfnroles verify web.json --role roles.yaml:ExecutionRole
      cfnroles verify cfnroles.yaml --spec-service web --live --role web-execution --task-role web
    """
    from cfnroles.answers.verify import verify

    given = {option: about.pop(option) for option in _ROLES}
    source = _asked(about, spec_service, live, profile)
    known = _pairs(context, "--context")
    discovery, facts = source.discovery, source.facts
    verifications: list[Verification] = []
    for holder, role in _roles(source, given, _pairs(parameters, "--parameter"), live, profile).items():
        verifications.append(
            verify(discovery.needs, discovery.gaps, role, facts, holder, known, prove=prove, chosen=source.chosen)
        )
    colour = format_ == "human" and _colour()
    click.echo(_formatted(verifications, source, format_, colour), color=colour)
    _summarize(verifications)
    if simulate:
        _simulate(verifications, live, _connection(profile, facts.region), known)
    sys.exit(_exit_code(verifications, fail_on))


def _asked(about: Mapping[str, Any], spec_service: str, live: bool, profile: str) -> _Asked:
    from cfnroles.cli.spec_source import read_services, spec_of

    if not (spec := spec_of(about["source"])):
        if spec_service:
            raise InvalidInput(
                "--spec-service is for a service spec, and SOURCE is a task definition",
                remedy="Leave it out; --service FILE tells about the service that runs the task.",
            )
        source = read_source(**about)
        named = _named(source.workload, {})
        return _Asked(source.name, source.text, source.facts, source.discovery, named)
    from cfnroles.need import Holder
    from cfnroles.sources.service_spec.services import ROLES

    ecs = None
    if live:
        from cfnroles.aws.ecs import Ecs

        ecs = Ecs(_connection(profile, spec.get("region") or ""))
    project = read_services(spec, about["source"], about, ecs)
    asked = project.service(spec_service)
    named = _named(asked.workload, {holder.name: options.name for holder, options in asked.options.items()})
    chosen = tuple(name.rpartition("/")[2] for name in asked.service.many(ROLES[Holder.TASK], "managed-policies"))
    return _Asked(spec.document, project.texts, asked.facts, asked.discovery, named, chosen)


def _named(workload: Workload, names: Mapping[str, str]) -> dict[str, str]:
    """The names or ARNs of the roles by the options for them: as a spec names them, else as the task definition."""
    found = {}
    for option, (holder, member) in _ROLES.items():
        value = names.get(holder) or (workload.at((member,)) if member else "")
        found[option] = value if isinstance(value, str) else ""
    return found


def _roles(
    source: _Asked, given: Mapping[str, str], parameters: Mapping[str, str], live: bool, profile: str
) -> dict[Holder, Role]:
    from cfnroles.need import Holder

    roles: dict[Holder, Role] = {}
    for option, (holder, _) in _ROLES.items():
        named = source.named[option] if live and not any(given.values()) else given[option]
        if named:
            roles[Holder[holder]] = _live_role(named, profile, source) if live else _read(named, parameters, source)
    if not roles:
        raise InvalidInput(
            f"{source.name} names no role to read" if live else "no role is given",
            remedy="Name one with --role, --task-role or --infrastructure-role.",
        )
    return roles


def _read(named: str, parameters: Mapping[str, str], source: _Asked) -> Role:
    from cfnroles.document import read_text
    from cfnroles.iam.roles import read_role

    file, name = named, ""
    if not Path(named).exists() and ":" in named:
        file, _, name = named.rpartition(":")
    facts = source.facts
    return read_role(read_text(file), Path(file).name, name, parameters, facts.account, facts.region)


def _live_role(named: str, profile: str, source: _Asked) -> Role:
    from cfnroles.aws.iam import Iam
    from cfnroles.iam.roles import detailed_role

    detail, policies = Iam(_connection(profile, source.facts.region)).role(named)
    return detailed_role(detail, policies, "AWS")


def _connection(profile: str, region: str) -> Connection:
    from cfnroles.aws.connection import Connection

    # IAM is one for all Regions, and a client wants one nevertheless.
    told = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Connection(profile, "" if told else region)


def _simulate(
    verifications: list[Verification], live: bool, connection: Connection, context: Mapping[str, str]
) -> None:
    from cfnroles.answers.simulation import simulate
    from cfnroles.aws.iam import Iam

    if not live:
        raise InvalidInput("--simulate asks AWS about a role that AWS has", remedy="Give --live, too.")
    iam = Iam(connection)
    for each in verifications:
        for line in simulate(each, iam.simulate, context):
            click.echo(line, err=True)


def _colour() -> bool:
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def _formatted(verifications: list[Verification], source: _Asked, format_: str, colour: bool) -> str:
    from cfnroles.formats import verification, verification_markdown

    if format_ == "json":
        return verification.json_text(verifications, source.texts)
    if format_ == "markdown":
        return verification_markdown.markdown(verifications, source.texts)
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() or os.environ.get("COLUMNS") else 100
    return verification.human(verifications, source.texts, verification.Terminal(width, colour))


def _summarize(verifications: list[Verification]) -> None:
    from cfnroles.formats.verification_words import summary

    for each in verifications:
        click.echo(summary(each), err=True)


def _exit_code(verifications: list[Verification], fail_on: str) -> int:
    from cfnroles.answers.verify import Outcome

    outcomes = {each.outcome for each in verifications}
    too_much = any(each.excess for each in verifications)
    if outcomes & {Outcome.MISSING, Outcome.DENIED} or (fail_on == "excess" and too_much):
        return BadAnswer.exit_code
    return Unavailable.exit_code if Outcome.UNKNOWN in outcomes else 0


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(f"{option} {text} has no value", remedy=f"Write {option} NAME=VALUE.")
        pairs[name] = value
    return pairs
