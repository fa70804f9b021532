"""``cfnroles terraform``: the roles of task definitions as files of Terraform."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cfnroles.cli.source import reading_of, resource_options, source_options, told
from cfnroles.cli.terminal import say
from cfnroles.errors import BadAnswer, InvalidInput


@click.command("terraform")
@source_options
@click.option(
    "--gate",
    default="data",
    show_default=True,
    type=click.Choice(["data", "none"]),
    help="data: Terraform refuses before the task definition where a secret has no value, and reads none.",
)
@resource_options
@click.option("--strict", is_flag=True, help="Exit with 1 when there are gaps.")
@click.option("--force", is_flag=True, help="Write over a file that was edited after cfnroles wrote it.")
def command(source: str, gate: str, resource: str, strict: bool, force: bool, **about: Any) -> None:
    """Write the roles of the task definitions in SOURCE as Terraform: NAME.cfnroles.tf.

    SOURCE is a directory of Terraform. The file goes beside the task definition, whose expressions it uses.
    """
    from cfnroles.cli.terraform_output import write_files
    from cfnroles.formats import build as formats
    from cfnroles.targets.terraform.directory import directory_files

    reading = reading_of(source, told(about)).about(resource)
    if not reading.addressed or len(reading.documents) < 2:
        raise InvalidInput(f"is {reading.noun}, and no directory of Terraform", where=reading.name)
    files = directory_files(reading, gated=gate == "data")
    write_files({Path(each.path): each.text for each in files}, force=force)
    gaps = tuple(gap for each in files for gap in each.gaps)
    say("Wrote:", *(f"  {each.path}" for each in files), *formats.told(reading, gaps), err=True)
    if strict and gaps:
        sys.exit(BadAnswer.exit_code)
