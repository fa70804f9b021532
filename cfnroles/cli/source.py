"""The SOURCE argument and the options for values that are not in the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from cfnroles.cli.completed import FILE, resources, services
from cfnroles.cli.shared_options import choice, or_empty, several
from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.document import Document
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told


def pairs(_context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> Mapping[str, str]:
    """Return the values of a NAME=VALUE option by name. Raise InvalidInput for another form."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            option = parameter.opts[0]
            raise InvalidInput(f"{option} {text} has no value", remedy=f"Pass {option} {parameter.metavar}.")
        found[name] = value
    return found


def _images(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> Mapping[str, str]:
    # A digest contains a colon, so the container's name ends at the equals sign.
    parts = (text.rpartition("=") for text in texts)
    return {name: image for name, _, image in parts}


_LAUNCH_TYPES = ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")

_OPTIONS = (
    click.option("--family", default="", metavar="NAME", help="Use this family instead of the document's own."),
    several("--set", "values", metavar="NAME=VALUE", callback=pairs, help="Value of <NAME>, ${NAME}, {{NAME}}."),
    several("--image", "images", metavar="[CONTAINER=]IMAGE", callback=_images, help="Image of a container."),
    click.option("--account", default="", metavar="ID", help="Account that the task runs in (12 digits)."),
    click.option("--region", default="", metavar="REGION", help="Region that the task runs in."),
    click.option(
        "--service-file",
        default="",
        type=FILE,
        metavar="FILE",
        help="The service that runs the task: create-service or create-daemon input, or describe-services output.",
    ),
    click.option(
        "--run-task-file",
        default="",
        type=FILE,
        metavar="FILE",
        help="A standalone task with its overrides: run-task or start-task input.",
    ),
    click.option(
        "--launch-type",
        callback=or_empty,
        metavar="TYPE",
        type=choice(*_LAUNCH_TYPES),
        help=f"Launch type of the service, if the task definition allows several: {', '.join(_LAUNCH_TYPES)}.",
    ),
    several("--kms-key-arn", "kms_key_arns", metavar="ARN", help="Customer managed key of secrets or parameters."),
    several("--file-key-arn", "file_key_arns", metavar="ARN", help="Customer managed key of environment files in S3."),
    several("--log-group-key-arn", "log_group_key_arns", metavar="ARN", help="Customer managed key of log groups."),
    several(
        "--bucket-account",
        "bucket_accounts",
        metavar="ID",
        help="Account that owns the buckets of files; a bucket of the same name in another account is not read.",
    ),
    several(
        "--efs-account",
        "efs_accounts",
        metavar="FS-ID=ID",
        callback=pairs,
        help="Account of an EFS file system in another account.",
    ),
    several(
        "--destination-key-arn",
        "destination_key_arns",
        metavar="ARN",
        help="Customer managed key of streams and buckets that logs are written to.",
    ),
    several(
        "--pull-through-prefix",
        "pull_through_prefixes",
        metavar="PREFIX",
        help="ECR repository prefix of a pull-through cache rule; ROOT for the rule without a prefix.",
    ),
    several("--gmsa-secret", "gmsa_secrets", metavar="ARN", help="Secret in a domainless credential spec."),
    several("--s3-files-bucket", "s3_files_buckets", metavar="BUCKET", help="Bucket behind an S3 file system."),
    several("--efs-root-access", "root_volumes", metavar="VOLUME", help="EFS volume that the task uses as root."),
    click.option("--execute-command", is_flag=True, help="The service has ECS Exec enabled."),
    click.option("--execute-command-log-group", default="", metavar="NAME", help="Log group of ECS Exec sessions."),
    click.option(
        "--execute-command-bucket", default="", metavar="BUCKET[/PREFIX]", help="Bucket of ECS Exec sessions."
    ),
    click.option("--execute-command-key", default="", metavar="ARN", help="KMS key of ECS Exec sessions."),
    click.option(
        "--managed-storage-key", default="", metavar="ARN", help="KMS key of the cluster for volumes that ECS creates."
    ),
    click.option("--guardduty", "guard_duty", is_flag=True, help="GuardDuty Runtime Monitoring is on."),
    click.option("--compat", is_flag=True, help="Grant also what AWS's sources disagree about; `explain` lists them."),
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the SOURCE argument and the options about it. The command receives them as keyword arguments."""
    return click.argument("source", metavar="SOURCE", type=FILE)(about_options(command))


def about_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about a source, for a command with its own source arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


#: ``--parameter``: a value for a parameter of SOURCE.
parameter_option = several(
    "--parameter",
    "parameters",
    metavar="NAME=VALUE",
    callback=pairs,
    help="Parameter or Terraform variable.",
)
#: ``--var-file``: parameter values in files, as in Terraform.
variables_option = several(
    "--var-file", "variable_files", metavar="FILE", type=FILE, help="Values of Terraform variables."
)
#: ``--resource``: one task definition of several.
resource_option = click.option(
    "--resource",
    shell_complete=resources,
    default="",
    metavar="ID",
    help="Logical ID or address of one task definition.",
)
#: ``--service``: one service of a spec.
service_option = click.option(
    "--service", shell_complete=services, default="", metavar="NAME", help="One service of a service spec."
)


def resource_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about the task definitions of a template."""
    return resource_option(variables_option(parameter_option(command)))


def told(about: Mapping[str, Any], *, live: bool = False, profile: str = "") -> Told:
    """Return the values from the options. With ``live``, task definitions can be read from Amazon ECS."""
    from cfnroles.sources.told import Told

    asked = {**about, **_asked()}
    if not live:
        return Told(**asked)
    from cfnroles.sources.live import registered

    return Told(**asked, registered=registered(profile))


#: The arguments with one source, or with several that do not depend on each other.
_SOURCES = frozenset({"source", "files"})


def _asked() -> Mapping[str, Any]:
    """Return the running command with its options, if it accepts one source alone."""
    context = click.get_current_context(silent=True)
    if context is None or not any(each.name in _SOURCES for each in context.command.params):
        return {}
    from cfnroles.cli.again import options_again

    return {"command": (f"cfnroles {context.info_name}", options_again(context, ""))}


def reading_of(source: str | Document, about: Told, *, passing: bool = False) -> Reading:
    """Read a source, and report options that have no effect on it on standard error.

    ``passing`` is as for `read`.
    """
    from cfnroles import read
    from cfnroles.answers.unused_options import unused_options
    from cfnroles.cli.terminal import note

    reading = read(source, about, passing=passing)
    if about.variable_files and not reading.addressed:
        raise InvalidInput(f"--var-file requires a directory of Terraform, but {reading.name} is {reading.noun}")
    for name in unused_options(reading):
        note(f"note: {name} has no effect: no field of {reading.name} uses it")
    if about.region:
        from cfnroles.sources.other_region import named_instead

        if others := named_instead(reading):
            note(f"warning: --region is {about.region}, and {reading.name} names only {' and '.join(others)}")
    return reading


_Options = TypeVar("_Options", bound=Struct)


def taken(options: type[_Options], given: dict[str, Any]) -> _Options:
    """Remove a command's own options from click's arguments and return them as one value."""
    return options(**{name: given.pop(name) for name in options.__struct_fields__})


def only_for_specs(reading: Reading, **given: Any) -> None:
    """Raise InvalidInput if one of these options is given for a source that is not a spec."""
    for name, value in given.items():
        if value and not reading.project:
            reading.refuse_wrong()
            option = name.replace("_", "-")
            raise InvalidInput(f"--{option} requires a service spec, but {reading.name} is {reading.noun}")


def only_for_templates(reading: Reading, **given: Any) -> None:
    """Raise InvalidInput if one of these options is given for a source that is neither a template nor Terraform."""
    for option, value in given.items():
        if value and reading.template is None and not reading.addressed:
            raise InvalidInput(
                f"--{option} requires a CloudFormation template or Terraform, but {reading.name} is {reading.noun}",
                remedy="Omit it.",
            )
