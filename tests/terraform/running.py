"""Terraform itself, without a network: its provider comes from a mirror on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnroles.emulator import Emulator

REPOSITORY = Path(__file__).parents[2]
PROGRAM = shutil.which("terraform")
VERSION = "6.0.0"
SECONDS = 60

# It reports to Terraform where its own server listens, and ends when Terraform no longer needs that.
LAUNCHER = """#!{python} -IS
import socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({listening!r})
    answers = asked.makefile()
    print(answers.readline(), end="", flush=True)
    answers.read()
"""


@dataclass(frozen=True)
class Terraform:
    """The program, and the environment that it runs in."""

    environment: dict[str, str]

    def run(self, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert PROGRAM
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def done(self, directory: Path, *arguments: str) -> str:
        """What it prints, where it succeeds."""
        ended = self.run(directory, *arguments)
        assert ended.returncode == 0, f"terraform {' '.join(arguments)}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def shown(self, directory: Path, *plan: str) -> dict[str, Any]:
        """The state, or a plan, as JSON."""
        return dict(json.loads(self.done(directory, "show", "-json", *plan)))


def environment(running: Emulator, folder: Path, mirror: Path) -> dict[str, str]:
    """Nothing of this machine's settings of Terraform or AWS; a provider that the mirror lacks is not looked for."""
    settings = folder / "terraform.rc"
    settings.write_text(
        f'disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
    )
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_CLI_ARGS": "-no-color",
        # The server listens on a socket of the file system that is the user's own.
        "TF_DISABLE_PLUGIN_TLS": "1",
        **running.environment(),
    }


def mirrored(folder: Path, listening: Path) -> Path:
    """A mirror that has the launcher as hashicorp/aws."""
    assert PROGRAM
    told = json.loads(subprocess.run([PROGRAM, "version", "-json"], capture_output=True, check=True).stdout)
    provider = Path("registry.terraform.io", "hashicorp", "aws", VERSION, told["platform"])
    launcher = folder / "mirror" / provider / f"terraform-provider-aws_v{VERSION}"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(LAUNCHER.format(python=sys.executable, listening=str(listening)))
    launcher.chmod(0o755)
    return folder / "mirror"


@contextlib.contextmanager
def running_terraform(running: Emulator) -> Iterator[Terraform]:
    """Terraform with the stand-in provider before an emulator, for the length of a ``with`` block."""
    # The path of a socket has at most some hundred characters.
    with tempfile.TemporaryDirectory(prefix="cfnroles-terraform-") as folder:
        listening = Path(folder, "provider.sock")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.terraform.stand_in", str(listening), running.endpoint_url],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield Terraform(environment(running, Path(folder), mirrored(Path(folder), listening)))
        finally:
            server.kill()
            server.communicate()
