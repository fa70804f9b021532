"""What reads an account and which permissions that needs: ``python -m cfnroles.formats.permissions_page FILE``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cfnroles.table.account_reads import COMMANDS, NO_RESOURCE, CommandReads

_HEAD = """\
# Permissions of what reads an account

<!-- Written by `python -m cfnroles.formats.permissions_page docs/permissions.md` from the table account_reads.py -->

What the commands with `--live` ask of AWS, with your own credentials. All of it describes, lists, looks up and gets:
nothing is changed, and no value of a secret or a parameter is read. Without a permission `diagnose` and `fleet` answer
the rest, and say what is not known and which permission tells it.

Put your own account and Region for ACCOUNT and REGION, or narrow the resources further: to a cluster, to the stacks of
a team, to the roles of a path. `*` stands where AWS defines no resource type for the call, or where a row says that the
calls are made on all clusters. `sts:GetCallerIdentity`, which `fleet` asks for the account, needs no permission. What
`cfnroles deploy` needs, [`cfnroles deploy-policy`](deploy-policy.md) writes, with what tells why the tasks of a service
stopped; to say more of a role than its stacks do, it asks for roles as `diagnose --live` does.
"""


def permissions_page() -> str:
    """The page: a table and a policy for each command."""
    lines = [_HEAD]
    lines += [line for command in COMMANDS for line in _section(command)]
    return "\n".join(lines).rstrip() + "\n"


def _section(command: CommandReads) -> Iterator[str]:
    yield from (f"## `cfnroles {command.command}`", "", f"It {command.does}.", "")
    yield from ("| calls | tell | not known without | only with |", "|---|---|---|---|")
    for each in command.reads:
        calls = ", ".join(f"`{action}`" for action in each.actions)
        only = f"`{each.only}`" if each.only.startswith("--") and " " not in each.only.strip() else each.only
        yield f"| [{each.sid}]({each.source}): {calls} | {each.why} | {each.without} | {only} |"
    yield from ("", "```json", json.dumps(policy_of(command), indent=2), "```", "")


def policy_of(command: CommandReads) -> dict[str, object]:
    """The policy of whoever runs the command."""
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
