"""``cfnroles local``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import region_option
from cfnroles.cli.terminal import note
from cfnroles.errors import InvalidInput


@panel_command("local", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--state",
    type=PathParameter(file_okay=False),
    metavar="DIRECTORY",
    help="Directory in which the emulator keeps its state.",
)
@region_option("Region that the emulator answers for.")
@click.argument("arguments", nargs=-1, required=True, metavar="COMMAND [ARG]...", type=click.UNPROCESSED)
def command(state: Path | None, region: str, arguments: tuple[str, ...]) -> int:
    """Run COMMAND against a local emulator instead of AWS, and exit with its code.

    COMMAND finds the emulator through the standard AWS variables. Your profiles and credentials do not reach it.
    """
    from cfnroles.emulator import emulator, environment_for, region_of

    with emulator(state=state, region=region or region_of(os.environ)) as running:
        note(f"local emulator at {running.endpoint_url} (nothing on AWS changes)")
        try:
            child = subprocess.Popen(arguments, env=environment_for(running, os.environ))
        except OSError as error:
            raise InvalidInput(f"cannot be run: {error.strerror}", where=arguments[0]) from error
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:
                # The terminal sends Ctrl-C to the command too: the command decides when to exit.
                continue
    # The exit code of shells for a command that a signal stopped.
    return 128 - code if code < 0 else code
