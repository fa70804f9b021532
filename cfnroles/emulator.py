"""The embedded emulator of AWS: a separate process on a free loopback port, to try a deployment.

The emulator is the package ``ministack`` (extra ``local``). It is not imported: it runs in its own process and an
empty environment, with invalid credentials, because the Lambda functions that it runs inherit both. It stops when its
owner stops or dies.
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

#: The emulator uses a twelve-digit access key as the account ID.
ACCOUNT = "123456789012"
REGION = "us-east-1"

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0

# The pipe on standard input closes when the owner dies, even by SIGKILL, so the emulator never survives it.
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
    """A running emulator: its address, account and Region."""

    endpoint_url: str
    account: str = ACCOUNT
    region: str = REGION

    def environment(self) -> dict[str, str]:
        """The variables that direct any AWS SDK or CLI to this emulator only."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def region_of(variables: Mapping[str, str]) -> str:
    """Return the Region in AWS's variables, or the emulator's default."""
    return variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or REGION


def environment_for(emulator: Emulator, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return ``inherited`` without its AWS settings, plus those of the emulator.

    Otherwise a profile or session token in the user's shell would take precedence over the dummy credentials.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    return kept | emulator.environment()


@contextlib.contextmanager
def emulator(*, state: Path | None = None, region: str = REGION, enforce_iam: bool = False) -> Iterator[Emulator]:
    """Run an emulator for the duration of a ``with`` block.

    ``state`` is a directory that keeps the data between runs. ``enforce_iam`` makes the emulator verify signatures and
    evaluate IAM policies.

    Raise ``InvalidInput`` if the emulator is not installed or the directory is unusable, ``Unavailable`` if it does not
    start.
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
                # Ctrl-C must not stop the emulator: it is stopped in order, to save its state.
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
        # The emulator writes values of secrets there.
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
        # Otherwise it would look for containers of other emulators, and remove them.
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
    """Stop the emulator: gracefully if it has state to save, otherwise at once."""
    if in_order:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    # The workers of its Lambda functions are in its process group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()
