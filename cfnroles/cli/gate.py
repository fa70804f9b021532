"""``cfnroles gate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import endpoint_option, profile_option, region_option
from cfnroles.cli.terminal import note, say
from cfnroles.errors import InvalidInput
from cfnroles.page import quoted, verbatim

if TYPE_CHECKING:
    from cfnroles.targets.cloudformation.gate_code import GateCode


@panel_command("gate")
@click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIRECTORY",
    type=PathParameter(file_okay=False),
    help="Directory to write to, for `cfnroles deploy`.",
)
@click.option(
    "--check", "template", metavar="FILE", type=PathParameter(dir_okay=False), help="Compare the code in this template."
)
@click.option("--stack", default="", metavar="NAME", help="Compare the code that this stack's functions run.")
@profile_option()
@region_option()
@endpoint_option
def command(
    directory: Path | None, template: Path | None, stack: str, profile: str, region: str, endpoint_url: str
) -> int:
    """Print the gate that services share, write it to deploy it, or compare the code of one.

    Deploy it once in each account and Region, before what `cfnroles build --shared-gate` writes. Its code is the same
    in every gate of a version. A comparison exits with 1 if the code is not that of this version.
    """
    if sum(bool(each) for each in (directory, template, stack)) > 1:
        raise InvalidInput("--output, --check and --stack cannot be combined", remedy="Pass one of them.")
    for name, value in (("profile", profile), ("region", region), ("endpoint-url", endpoint_url)):
        if value and not stack:
            raise InvalidInput(f"--{name} requires --stack", remedy=f"Also pass --stack, or omit --{name}.")
    if template is not None:
        return _compared(_in_file(template), str(template))
    if stack:
        return _compared(_running(stack, profile, region, endpoint_url), stack)
    _written(directory)
    return 0


def _written(directory: Path | None) -> None:
    from cfnroles.cli.output_directory import write_files
    from cfnroles.targets.cloudformation.gate_code import digest_of
    from cfnroles.targets.cloudformation.gate_files import shared_gate_files
    from cfnroles.targets.cloudformation.inline_code import inline_code

    files = shared_gate_files()
    if directory is None:
        say(*map(verbatim, next(iter(files.values())).splitlines()))
    else:
        write_files(directory, files)
        note("Wrote:", *(f"  {directory / name}" for name in files), "")
        note(f"Deploy it with `cfnroles deploy {quoted(str(directory))}`, once in each account and Region.")
    note(f"SHA-256 of its code: {digest_of(inline_code())}")


def _in_file(path: Path) -> tuple[GateCode, ...]:
    from cfnroles.files import read_text
    from cfnroles.targets.cloudformation.gate_code import codes_in
    from cfnroles.template.template import read_template

    return codes_in(read_template(read_text(str(path)), str(path)), str(path))


def _running(stack: str, profile: str, region: str, endpoint_url: str) -> tuple[GateCode, ...]:
    from cfnroles.aws.cloudformation import CloudFormation
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.functions import Functions
    from cfnroles.targets.cloudformation.gate_code import compared

    connection = Connection(profile, region, endpoint_url)
    resources = CloudFormation(connection).resources(stack)
    functions = [each for each in resources if each.type == "AWS::Lambda::Function"]
    if not functions:
        raise InvalidInput("has no function", where=stack, remedy="Pass a stack that has the gate.")
    codes = {each.physical_id: Functions(connection).code(each.physical_id) for each in functions}
    return tuple(
        compared(name if len(code) == 1 else f"{name}: {file}", text)
        for name, code in codes.items()
        for file, text in code.items()
    )


def _compared(codes: tuple[GateCode, ...], where: str) -> int:
    from importlib.metadata import version

    gate = f"the gate of cfnroles {version('cfnroles')}"
    for each in codes:
        verdict = f"differs from {gate} from line {each.line} on: {each.text}" if each.line else f"is {gate}"
        say(f"{where}: the code of {each.function} {verdict}", f"  SHA-256 {each.digest}")
    return 1 if any(each.line for each in codes) else 0
