"""Killed after any call that changes AWS, the next run ends deployed, and no one else's work is lost."""

from __future__ import annotations

import json
import signal

import pytest

from cfnroles.emulator import environment_for

CHANGING = ("CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack")
#: What a deployment follows a change with: by then, CloudFormation has gone on with it.
FOLLOWING = "DescribeStackEvents"


@pytest.fixture
def run(commands):
    """Run a command line in a child of its own, killed after ``calls`` calls (0: never)."""

    def order(account, arguments, calls=0, only=()):
        return commands.run(arguments, {"PATH": "/usr/bin", **environment_for(account, {})}, calls=calls, only=only)

    return order


def statuses(cloudformation):
    return {stack["StackName"]: stack["StackStatus"] for stack in cloudformation.describe_stacks()["Stacks"]}


def foreign_change_set(cloudformation, stack, kind):
    """A change set of another user, which waits for its own reasons."""
    body = {"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}
    return cloudformation.create_change_set(
        StackName=stack, ChangeSetName="colleague", ChangeSetType=kind, TemplateBody=json.dumps(body)
    )


def assert_deployed(cloudformation, first, second):
    assert second.returncode == 0, (first, second)
    names = {"shop-secret-validator", "shop-roles", "shop-task"}
    assert set(statuses(cloudformation)) == names, first
    assert set(statuses(cloudformation).values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, first


def assert_nothing_foreign_was_deleted(*runs):
    """A stack with another user's change set is never deleted, nor is a change set that is not ours."""
    for call in [call for run in runs for call in run.made]:
        operation, stack, change_set = (*call.split(" "), "")[:3]
        assert operation != "DeleteChangeSet" or "cfnroles-" in change_set, call
        assert operation != "DeleteStack" or "shop-task" not in stack, call


@pytest.mark.long
def test_a_first_deployment_killed_after_every_change_and_while_it_follows_each(run, aws_for, quick):
    stacks, _ = quick
    calls, killed = 0, True
    while killed:
        calls += 1
        account, client = aws_for()
        foreign_change_set(client("cloudformation"), "shop-task", "CREATE")

        first = run(account, ["deploy", stacks, "--yes", "--adopt"], calls, (*CHANGING, FOLLOWING))
        second = run(account, ["deploy", stacks, "--yes", "--adopt"])

        killed = first.returncode == -signal.SIGKILL
        assert killed or first.returncode == 0
        assert_deployed(client("cloudformation"), first, second)
        assert_nothing_foreign_was_deleted(first, second)
    assert calls > 5


@pytest.mark.long
def test_a_deployment_after_a_refusal_killed_after_every_change(run, aws_for, quick):
    stacks, fails_at = quick
    changes, killed = 0, True
    while killed:
        changes += 1
        account, client = aws_for()
        fails_at("Create")
        assert run(account, ["deploy", stacks, "--yes"]).returncode == 1
        fails_at()
        foreign_change_set(client("cloudformation"), "shop-roles", "UPDATE")

        first = run(account, ["deploy", stacks, "--yes"], changes, CHANGING)
        second = run(account, ["deploy", stacks, "--yes"])

        killed = first.returncode == -signal.SIGKILL
        assert_deployed(client("cloudformation"), first, second)
        waiting = client("cloudformation").list_change_sets(StackName="shop-roles")["Summaries"]
        assert "colleague" in {one["ChangeSetName"] for one in waiting}, first
    assert changes > 5
