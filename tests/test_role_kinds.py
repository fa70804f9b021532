"""The kinds of roles: one row each, from which templates, specs, the command line and trust policies follow."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.cli.verify import command
from cfnroles.need import Holder
from cfnroles.role_kinds import ROLE_KINDS, RoleKind, kind_of
from cfnroles.sources.service_spec.definition import DEFAULTS, SERVICE

each_kind = pytest.mark.parametrize("kind", ROLE_KINDS, ids=lambda kind: kind.key)


def test_each_role_of_a_service_is_a_row() -> None:
    of_no_service = (Holder.VALIDATOR, Holder.DEPLOYER)
    assert [kind.holder for kind in ROLE_KINDS] == [holder for holder in Holder if holder not in of_no_service]


@pytest.mark.parametrize("name", ["name", "export_name", "key", "option_name"])
def test_no_two_rows_share_a_name(name: str) -> None:
    names = [getattr(kind, name) for kind in ROLE_KINDS]
    assert len(set(names)) == len(names)


@each_kind
def test_a_row_is_all_that_a_role_takes(kind: RoleKind) -> None:
    assert kind_of(kind.holder) is kind
    assert kind.assumed_by.source.startswith("https://docs.aws.amazon.com/")
    assert kind.option_name in {option for parameter in command.params for option in parameter.opts}
    for structure in (SERVICE, DEFAULTS):
        assert kind.key in {key.name for key in structure.keys}


def test_only_what_aws_does_not_document_hangs_on_a_switch() -> None:
    asked: dict[str, Any] = {kind.key: kind.assumed_by.source_arn_switch for kind in ROLE_KINDS}
    assert {key for key, switch in asked.items() if switch} == {"execution-role"}


HERE = "${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("holder", "service", "source_arn"),
    [
        (Holder.EXECUTION, "ecs-tasks", f"ecs:{HERE}:*"),
        (Holder.TASK, "ecs-tasks", f"ecs:{HERE}:*"),
        (Holder.INFRASTRUCTURE, "ecs", ""),
        (Holder.LIFECYCLE_HOOK, "ecs", ""),
        (Holder.MANAGED_INSTANCES, "ecs", ""),
        (Holder.INSTANCE, "ec2", ""),
        (Holder.GATEWAY, "ecs", ""),
        (Holder.SCHEDULER, "scheduler", f"scheduler:{HERE}:schedule-group/*"),
        (Holder.EVENT_RULE, "events", f"events:{HERE}:rule/*"),
        (Holder.STATE_MACHINE, "states", f"states:{HERE}:stateMachine:*"),
        (Holder.PIPE, "pipes", f"pipes:{HERE}:pipe/*"),
    ],
)
def test_a_role_admits_one_service_on_behalf_of_what_aws_documents(
    holder: Holder, service: str, source_arn: str
) -> None:
    by = kind_of(holder).assumed_by
    assert by.service == f"{service}.amazonaws.com"
    assert by.source_arn == (f"arn:${{AWS::Partition}}:{source_arn}" if source_arn else "")
