"""Command lines in processes of their own, without starting Python afresh for each.

A server imports everything once; each command line runs in a child that it forks. A child can be killed after a given
number of its calls to AWS, or of its changes to files. What it sleeps before it asks for a missing secret again goes by
at once.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.clock import WoundClock

SECONDS = 60
REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Ended:
    """How a command ended: as subprocess reports it, with the calls to AWS that it made."""

    returncode: int
    stdout: str
    stderr: str
    made: Sequence[str]


class Commands:
    """The server, for as long as the ``with`` block."""

    def __enter__(self) -> Commands:
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.commands"], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.server.communicate()

    def run(
        self,
        arguments: Iterable[object],
        environment: Mapping[str, str],
        *,
        calls: int = 0,
        only: Sequence[str] = (),
        changes: int = 0,
    ) -> Ended:
        """Run a command line, killed after ``calls`` calls (0: never), of which ``only`` these operations count.

        With ``changes`` it is killed after as many files that it made, moved or removed.
        """
        assert self.server.stdin
        assert self.server.stdout
        order = {
            "arguments": [str(one) for one in arguments],
            "environment": dict(environment),
            "folder": os.getcwd(),  # noqa: PTH109 - a text for JSON
            "calls": calls,
            "only": only,
            "changes": changes,
        }
        self.server.stdin.write(json.dumps(order).encode() + b"\n")
        self.server.stdin.flush()
        return Ended(**json.loads(self.server.stdout.readline()))


#: What no command that is tested here uses: cfn-lint and mcp take a second each.
_UNUSED = ("__main__", "cfnlint_rules", "answers.template_lint", "cli.mcp_tools")


def _import_everything() -> None:
    import boto3  # noqa: F401 - for the children

    import cfnroles
    from cfnroles.aws.connection import Connection

    for module in pkgutil.walk_packages(cfnroles.__path__, "cfnroles."):
        if module.name.removeprefix("cfnroles.") not in _UNUSED:
            importlib.import_module(module.name)
    Connection("", "us-east-1", "", (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"))).client(
        "cloudformation"
    )


def _count_calls(order: Mapping[str, Any], record: IO[str]) -> None:
    """Record each call to AWS, and kill this process after the given one."""
    import botocore.client

    call = botocore.client.BaseClient._make_api_call
    made: list[str] = []
    left = order["calls"]

    def counted(self: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        nonlocal left
        try:
            return call(self, operation, parameters)
        finally:
            line = f"{operation} {parameters.get('StackName', '')} {parameters.get('ChangeSetName', '')}"
            record.write(f"{line}\n")
            record.flush()
            # To look again before anything was changed is to wait, not another call to be killed after.
            if (not order["only"] or operation in order["only"]) and line not in made:
                made.append(line)
                if len(made) == left:
                    os.kill(os.getpid(), signal.SIGKILL)
            if not operation.startswith(("Describe", "List", "Get")):
                left -= len(made)
                made.clear()

    botocore.client.BaseClient._make_api_call = counted


def _count_changes(left: int) -> None:
    """End this process the hard way after as many files that it made, moved or removed."""

    def counted(change: Any, counts: Callable[..., bool]) -> Any:
        def made(self: Path, *arguments: Any, **options: Any) -> Any:
            nonlocal left
            answer = change(self, *arguments, **options)
            left -= counts(*arguments)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return made

    for name in ("open", "replace", "unlink"):
        counts = (lambda mode="r", *_: "x" in mode) if name == "open" else lambda *_: True
        setattr(Path, name, counted(getattr(Path, name), counts))


def _become(order: Mapping[str, Any], out: IO[str], err: IO[str], record: IO[str]) -> None:
    """Run the command line in this process, as if it had been started for it."""
    from cfnroles.aws import secret_validator
    from cfnroles.cli import main

    secret_validator.CLOCK = WoundClock()
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    for descriptor, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out.fileno()), (2, err.fileno())):
        os.dup2(target, descriptor)
    signal.alarm(SECONDS)
    _count_calls(order, record)
    if order["changes"]:
        _count_changes(order["changes"])
    sys.argv = ["cfnroles", *order["arguments"]]
    try:
        main()
    except SystemExit as ended:
        # Python itself would first take apart all that was imported, which takes longer than the command.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1 if ended.code else 0)


def _serve() -> None:
    _import_everything()
    gc.freeze()
    for line in iter(sys.stdin.readline, ""):
        with (
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
            tempfile.TemporaryFile("w+") as record,
        ):
            pid = os.fork()
            if pid == 0:
                _become(json.loads(line), out, err, record)
                return
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            for file in (out, err, record):
                file.seek(0)
            answer = Ended(code, out.read(), err.read(), record.read().splitlines())
        sys.stdout.write(json.dumps(vars(answer)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
