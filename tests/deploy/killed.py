"""Runs command lines in children that are killed after a given number of AWS calls.

Reads one JSON object a line ({"environment", "arguments", "calls", "only"}: only these operations count) and
answers each with one ({"signal", "code", "made"}). Children are forked with everything imported, because starting
Python afresh for each would take minutes.
"""

import json
import os
import signal
import sys
import tempfile

import botocore.client

from cfnroles.aws import cloudformation  # noqa: F401 - imported for the children
from cfnroles.cli import deploy, main  # noqa: F401 - imported for the children
from cfnroles.deploy import applying, planning  # noqa: F401 - imported for the children
from cfnroles.formats import deployment  # noqa: F401 - imported for the children


def child(order, record):
    os.environ.clear()
    os.environ.update(order["environment"])
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    call = botocore.client.BaseClient._make_api_call
    made = []

    def counted(self, operation, parameters):
        try:
            return call(self, operation, parameters)
        finally:
            line = f"{operation} {parameters.get('StackName', '')} {parameters.get('ChangeSetName', '')}"
            record.write(f"{line}\n")
            record.flush()
            # To look again before anything was changed is to wait, not another call to be killed after.
            if (not order["only"] or operation in order["only"]) and line not in made:
                made.append(line)
                if len(made) == order["calls"]:
                    os.kill(os.getpid(), signal.SIGKILL)
            if not operation.startswith(("Describe", "List", "Get")):
                order["calls"] -= len(made)
                made.clear()

    botocore.client.BaseClient._make_api_call = counted
    try:
        main(order["arguments"])
    except SystemExit as ended:
        os._exit(ended.code)


for line in sys.stdin:
    with tempfile.TemporaryFile("w+") as record:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line), record)
        _, status = os.waitpid(pid, 0)
        record.seek(0)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = None if killed else os.waitstatus_to_exitcode(status)
        answer = {"signal": killed, "code": code, "made": record.read().splitlines()}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
