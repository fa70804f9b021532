"""The permissions for reading an account: ``python -m cfnroles.formats.permissions_page FILE``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cfnroles.table.account_reads import COMMANDS, NO_RESOURCE, CommandReads

_HEAD = """\
# Permissions for reading an account

<!-- Written by `python -m cfnroles.formats.permissions_page docs/permissions.md` from the table account_reads.py -->

The permissions that commands with `--live` need, with your own credentials. Every call describes, lists, looks up or
gets: no command changes anything or reads the value of a secret or parameter. If a permission is missing, `diagnose`
and `fleet` report the rest, what is unknown, and the missing permission.

Replace ACCOUNT and REGION with your own, or narrow the resources further: to a cluster, to the stacks of a team, to
the roles of a path. The resource is `*` where AWS defines no resource type for the call, or where a row says that the
command calls it on all clusters. `sts:GetCallerIdentity`, which `fleet` calls to find the account, needs no
permission.

[`cfnroles deploy-policy`](deploy-policy.md) writes the permissions for `cfnroles deploy`, including those that show why
tasks of a service stopped. To say more about a role than its stacks do, `deploy` reads roles as `diagnose --live` does.
"""


def permissions_page() -> str:
    """Return the page: a table and a policy for each command."""
    lines = [_HEAD]
    lines += [line for command in COMMANDS for line in _section(command)]
    return "\n".join(lines).rstrip() + "\n"


def _section(command: CommandReads) -> Iterator[str]:
    yield from (f"## `cfnroles {command.command}`", "", f"It {command.does}.", "")
    yield from ("| calls | show | unknown without them | only with |", "|---|---|---|---|")
    for each in command.reads:
        calls = ", ".join(f"`{action}`" for action in each.actions)
        only = f"`{each.only}`" if each.only.startswith("--") and " " not in each.only.strip() else each.only
        yield f"| [{each.sid}]({each.source}): {calls} | {each.why} | {each.without} | {only} |"
    yield from ("", "```json", json.dumps(policy_of(command), indent=2), "```", "")


def policy_of(command: CommandReads) -> dict[str, object]:
    """Return the policy for running the command."""
    statements = [
        {
            "Sid": each.sid,
            "Effect": "Allow",
            "Action": list(each.actions),
            "Resource": each.resources[0] if each.resources == (NO_RESOURCE,) else list(each.resources),
        }
        for each in command.reads
    ]
    return {"Version": "2012-10-17", "Statement": statements}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(permissions_page(), encoding="utf-8")
