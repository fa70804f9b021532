"""The permissions of what reads an account: those of the calls that it makes, and no others."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import cfnlint.data.AdditionalSpecs
import pytest

import cfnroles.aws.cloudtrail
import cfnroles.aws.ecs
import cfnroles.aws.existing
import cfnroles.aws.iam
from cfnroles.formats.permissions_page import permissions_page, policy_of
from cfnroles.table.account_reads import COMMANDS, NO_RESOURCE

SERVICES = json.loads((Path(cfnlint.data.AdditionalSpecs.__file__).parent / "Policies.json").read_text())
_CALL = re.compile(r'"((?:cloudtrail|ecs|iam|secretsmanager|ssm|kms|logs|ecr):[A-Z]\w+)"')
#: Another command's: `verify --simulate`.
#: IAM makes a report of what it knows anyway.
REPORTS = {"iam:GenerateServiceLastAccessedDetails"}
#: On all clusters.
WIDER = {"ReadWhatRuns"}
ELSEWHERE = {"iam:SimulatePrincipalPolicy"}


def test_every_call_of_the_gateways_is_in_the_table() -> None:
    modules = (cfnroles.aws.cloudtrail, cfnroles.aws.ecs, cfnroles.aws.iam, cfnroles.aws.existing)
    made = {call for module in modules for call in _CALL.findall(inspect.getsource(module))}
    listed = {action for command in COMMANDS for action in command.actions}
    assert made - ELSEWHERE == listed - {"cloudformation:DescribeStackEvents"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.command)
def test_everything_reads_and_a_star_is_earned(command: object) -> None:
    for each in command.reads:  # type: ignore[attr-defined]
        for action in each.actions:
            service, _, name = action.partition(":")
            assert name.startswith(("Describe", "List", "Get", "Lookup")) or action in REPORTS, action
            takes = SERVICES[service]["Actions"][name.lower()].get("Resources", [])
            assert bool(takes) == (NO_RESOURCE not in each.resources) or each.sid in WIDER, action


def test_a_policy_has_each_statement_once() -> None:
    for command in COMMANDS:
        statements = policy_of(command)["Statement"]
        sids = [each["Sid"] for each in statements]  # type: ignore[attr-defined]
        assert len(set(sids)) == len(sids)


def test_the_page_is_up_to_date(repository: Path) -> None:
    page = (repository / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert permissions_page() == page, "run `make docs`"
