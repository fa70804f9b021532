"""One cold invocation of the secret validator in a process of its own; prints what it took as JSON.

``python -m benchmarks.gate.invocation ADDRESS SECRETS PARAMETERS`` with AWS_ENDPOINT_URL set to the same address.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ACCOUNT = "123456789012"
SECONDS = 60


def references(secrets: int, parameters: int) -> list[dict[str, str]]:
    """So many references to secrets and parameters that are all different."""
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:team/service/secret-"
    given = [f"{arn}{number:04}-AbCdEf" for number in range(secrets)]
    given += [f"/team/service/parameter-{number:04}" for number in range(parameters)]
    return [{"ValueFrom": each, "For": f"container web, secret S{n}"} for n, each in enumerate(given)]


def event(address: str, secrets: int, parameters: int) -> dict[str, Any]:
    """The request of CloudFormation."""
    return {
        "RequestType": "Create",
        "ResponseURL": f"{address}/answer",
        "StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/web/1",
        "RequestId": "1",
        "LogicalResourceId": "SecretsExist",
        "ResourceProperties": {"References": references(secrets, parameters)},
    }


def peak_megabytes() -> float:
    """The largest resident size of this process (proc(5)); what getrusage(2) says includes the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def main(address: str, secrets: int, parameters: int) -> None:
    """Invoke the handler once and print seconds, processor seconds, and resident megabytes."""
    from cfnroles.lambda_code import secret_gate, secret_validator

    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    context = SimpleNamespace(
        invoked_function_arn=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:validator",
        get_remaining_time_in_millis=lambda: SECONDS * 1000 - (time.monotonic() - began) * 1000,
    )
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        secret_validator.handler(event(address, secrets, parameters), context)
    after = resource.getrusage(resource.RUSAGE_SELF)
    took = {
        "seconds": time.monotonic() - began,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "megabytes": peak_megabytes(),
        "threads_at_once": secret_gate.CONCURRENCY,
        "passed": '"Status": "SUCCESS"' in log.getvalue(),
    }
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
