"""The SOURCE argument and the options that say what no task definition states, shared by the commands that ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.discovery import Discovery
    from cfnroles.facts import Facts
    from cfnroles.need import Finding
    from cfnroles.workload import Workload


def _several(*names: str, metavar: str, help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(*names, multiple=True, metavar=metavar, help=f"{help} May be given several times.")


_OPTIONS = (
    click.option("--family", default="", metavar="NAME", help="Use this family instead of the document's own."),
    _several("--set", "values", metavar="NAME=VALUE", help="Fill the placeholder <NAME>, ${NAME}, {{NAME}}, ..."),
    _several("--image", "images", metavar="[CONTAINER=]IMAGE", help="Image of a container, instead of the document's."),
    click.option("--account", default="", metavar="ID", help="Account that the task runs in (12 digits)."),
    click.option("--region", default="", metavar="REGION", help="Region that the task runs in."),
    click.option(
        "--service",
        "service_file",
        default="",
        metavar="FILE",
        help="The service that runs the task: what create-service takes or describe-services answers.",
    ),
    click.option(
        "--launch-type",
        default="",
        type=click.Choice(["", "EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]),
        help="Launch type of the service, where the task definition allows several.",
    ),
    _several("--kms-key-arn", "kms_key_arns", metavar="ARN", help="Customer managed key of secrets or parameters."),
    _several("--file-key-arn", "file_key_arns", metavar="ARN", help="Customer managed key of environment files in S3."),
    _several("--log-group-key-arn", "log_group_key_arns", metavar="ARN", help="Customer managed key of log groups."),
    _several(
        "--pull-through-prefix",
        "pull_through_prefixes",
        metavar="PREFIX",
        help="ECR repository prefix that a pull-through cache rule fills; ROOT for the rule without a prefix.",
    ),
    _several("--gmsa-secret", "gmsa_secrets", metavar="ARN", help="Secret inside of a domainless credential spec."),
    _several("--s3-files-bucket", "s3_files_buckets", metavar="BUCKET", help="Bucket behind an S3 file system."),
    _several("--efs-root-access", "root_volumes", metavar="VOLUME", help="EFS volume that the task uses as root."),
    click.option("--execute-command", is_flag=True, help="ECS Exec is enabled for the service."),
    click.option("--execute-command-log-group", default="", metavar="NAME", help="Log group of ECS Exec's sessions."),
    click.option(
        "--execute-command-bucket", default="", metavar="BUCKET[/PREFIX]", help="Bucket of ECS Exec's sessions."
    ),
    click.option("--execute-command-key", default="", metavar="ARN", help="KMS key of ECS Exec's sessions."),
    click.option("--guardduty", "guard_duty", is_flag=True, help="GuardDuty Runtime Monitoring is on."),
    click.option(
        "--compat", is_flag=True, help="Grant also what AWS's sources disagree about; `explain` tells each of them."
    ),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A task definition that was read, with what is known about it and what follows from it."""

    name: str
    text: str
    workload: Workload
    facts: Facts
    discovery: Discovery


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the SOURCE argument and the options about it; it receives them as keyword arguments."""
    return click.argument("source", metavar="SOURCE")(about_options(command))


def about_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options about a source, for one that takes its sources in its own way."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_source(source: str, **about: Any) -> Source:
    """Read SOURCE and discover its needs; ``about`` are the other options of ``source_options`` by name.

    Raises InvalidInput for a text that is no task definition, and with every finding for one that ECS would refuse.
    """
    from cfnroles.document import read_text

    return source_of(read_text(source), "standard input" if source == "-" else Path(source).name, **about)


def source_of(
    text: str,
    name: str,
    family: str = "",
    values: tuple[str, ...] = (),
    images: tuple[str, ...] = (),
    **about: Any,
) -> Source:
    """The same for a text that was read from elsewhere, under the name that messages call it by."""
    from cfnroles.discovery import discover
    from cfnroles.sources.task_definition import ANSWERED_ONLY, read_task_definition
    from cfnroles.sources.task_definition_checks import dynamic_references, shape_findings, value_findings

    workload = read_task_definition(text, name, family, _pairs(values, "--set"), _images(images))
    _refuse(name, text, shape_findings(workload, ANSWERED_ONLY))
    facts = _facts(workload, about)
    workload = _with_settings(workload, about)
    discovery = discover(workload, facts)
    discovery = replace(
        discovery, findings=(*value_findings(workload), *dynamic_references(workload), *discovery.findings)
    )
    _refuse(name, text, discovery.findings)
    return Source(name, text, workload, facts, discovery)


def _facts(workload: Workload, about: Mapping[str, Any]) -> Facts:
    from cfnroles.sources.task_definition import home

    account, region = about.get("account", ""), about.get("region", "")
    if account and not re.fullmatch(r"\d{12}", account):
        raise InvalidInput(f"--account {account} is not an account", remedy="An account has 12 digits.")
    if region and not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", region):
        raise InvalidInput(f"--region {region} is not a region", remedy="A region is called as in us-east-1.")
    for option in ("kms_key_arns", "file_key_arns", "log_group_key_arns"):
        for arn in about.get(option, ()):
            if not re.fullmatch(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+", arn):
                raise InvalidInput(
                    f"--{option[:-1].replace('_', '-')} {arn} is not the ARN of a KMS key",
                    remedy="Write arn:PARTITION:kms:REGION:ACCOUNT:key/ID; an alias cannot stand in a policy.",
                )
    volumes = [name for _, name in workload.find("volumes[].name")]
    for volume in about.get("root_volumes", ()):
        if volume not in volumes:
            raise InvalidInput(f"--efs-root-access {volume}: no volume has this name")
    return replace(
        home(workload, account, region, about.get("kms_key_arns", ())),
        file_key_arns=about.get("file_key_arns", ()),
        log_group_key_arns=about.get("log_group_key_arns", ()),
        pull_through_prefixes=about.get("pull_through_prefixes", ()),
        domainless_secret_arns=about.get("gmsa_secrets", ()),
        s3_files_buckets=about.get("s3_files_buckets", ()),
        root_volumes=about.get("root_volumes", ()),
        compat=about.get("compat", False),
    )


def _with_settings(workload: Workload, about: Mapping[str, Any]) -> Workload:
    from cfnroles.document import read_text
    from cfnroles.sources.settings import ExecuteCommand, read_service, with_settings

    file = about.get("service_file", "")
    document = Path(file).name
    return with_settings(
        workload,
        read_service(read_text(file), document) if file else {},
        document,
        about.get("launch_type", ""),
        ExecuteCommand(
            about.get("execute_command", False),
            about.get("execute_command_log_group", ""),
            about.get("execute_command_bucket", ""),
            about.get("execute_command_key", ""),
        ),
        about.get("guard_duty", False),
    )


def _refuse(name: str, text: str, findings: Iterable[Finding]) -> None:
    from cfnroles.need import Severity

    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        from cfnroles.formats.human import findings_text

        raise InvalidInput(
            f"ECS would refuse this task definition, or misread it, in {len(errors)} place{'s'[: len(errors) > 1]}",
            where=name,
            why=findings_text(errors, text),
        )


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(f"{option} {text} has no value", remedy=f"Write {option} NAME=VALUE.")
        pairs[name] = value
    return pairs


def _images(texts: Iterable[str]) -> dict[str, str]:
    # A digest is written with a colon, so an equals sign always ends a container's name.
    pairs = (text.rpartition("=") for text in texts)
    return {name: image for name, _, image in pairs}
