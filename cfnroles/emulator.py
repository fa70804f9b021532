"""The embedded emulator of AWS: a separate process on a free loopback port, for trying a deployment out.

It is the package ``ministack`` (extra ``local``), never imported here: it runs in a process of its own, in an
empty environment, with credentials that are worth nothing, because the Lambda functions it executes inherit
what it knows. It stops when its owner stops or dies, whichever way.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.page import Page, page

#: The emulator takes a twelve-digit access key for the account id.
ACCOUNT = "123456789012"
REGION = "us-east-1"

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0

# The pipe on standard input closes when the owner dies, even by SIGKILL: no emulator is ever left behind.
_PROGRAM = """
import os, runpy, signal, sys, threading
def stop_with_owner():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=stop_with_owner, daemon=True).start()
sys.argv = ["ministack"]
runpy.run_module("ministack", run_name="__main__")
"""


class Emulator(Struct, frozen=True):
    """A running emulator: where it listens and the account and Region it answers for."""

    endpoint_url: str
    account: str = ACCOUNT
    region: str = REGION

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS SDK or CLI talk to this emulator and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def region_of(variables: Mapping[str, str]) -> str:
    """The Region that AWS's variables name, or the emulator's own default."""
    return variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or REGION


def environment_for(emulator: Emulator, inherited: Mapping[str, str]) -> dict[str, str]:
    """``inherited`` without any of its AWS settings, plus those of the emulator.

    A profile or a session token left over from the user's shell would otherwise win over the dummy
    credentials.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    return kept | emulator.environment()


@contextlib.contextmanager
def emulator(*, state: Path | None = None, region: str = REGION, enforce_iam: bool = False) -> Iterator[Emulator]:
    """Run an emulator for the length of a ``with`` block.

    ``state`` is a directory that is kept between runs; without it everything is forgotten. ``enforce_iam``
    makes the emulator verify signatures and evaluate IAM policies.

    Raises ``InvalidInput`` when the emulator is not installed or the directory is unusable, ``Unavailable``
    when it does not start.
    """
    if importlib.util.find_spec("ministack") is None:
        raise InvalidInput(
            "the local emulator is not installed",
            why="Local deployments require the package 'ministack', which is an extra.",
            remedy="Install it: pip install 'cfnroles[local]'",
        )
    with tempfile.TemporaryDirectory(prefix="cfnroles-local-") as scratch:
        port = _free_port()
        running = Emulator(f"http://127.0.0.1:{port}", region=region)
        variables = _server_environment(running, port, Path(scratch), _usable(state), enforce_iam)
        log = Path(scratch, "emulator.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env=variables,
                # Ctrl-C is for us: the emulator has to outlive it, to be stopped in order and keep its state.
                start_new_session=True,
            )
        try:
            _wait_until_healthy(process, port, log)
            yield running
        finally:
            _stop(process, in_order=state is not None)


def _usable(state: Path | None) -> Path | None:
    if state is None:
        return None
    try:
        # The emulator writes the values of secrets there.
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"cannot be used as the emulator's state directory: {error.strerror}", where=str(state)
        ) from error
    return state.resolve()


def _server_environment(
    running: Emulator, port: int, scratch: Path, state: Path | None, enforce_iam: bool
) -> dict[str, str]:
    kept = (
        {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
        }
        if state
        else {"STATE_DIR": str(scratch / "state"), "S3_DATA_DIR": str(scratch / "s3")}
    )
    return {
        "PATH": os.defpath,
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": running.region,
        "AWS_ACCESS_KEY_ID": running.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": running.region,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "AUTH": "true" if enforce_iam else "false",
        # It would otherwise look for containers of other emulators, and remove them.
        "DOCKER_HOST": f"unix://{scratch / 'no-docker'}",
    } | kept


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable("the local emulator stopped at start", why=_tail(log))
        if _healthy(port):
            return
        time.sleep(0.02)
    raise Unavailable(f"the local emulator did not start within {_START_SECONDS:.0f} s", why=_tail(log))


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _tail(log: Path) -> Page:
    return page(log.read_text("utf-8", "replace").splitlines()[-5:])


def _stop(process: subprocess.Popen[bytes], *, in_order: bool) -> None:
    """End the emulator; in order, so that it saves its state, or at once when there is nothing to save."""
    if in_order:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    # The workers of its Lambda functions share the process group that it leads.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()
