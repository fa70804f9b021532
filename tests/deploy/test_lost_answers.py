"""A response is lost and the call repeated, or another user is faster: the state is reported as it is."""

from __future__ import annotations

import pytest

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import ChangeSet, Event
from cfnroles.errors import Unavailable
from tests.deploy.faulty_network import FAULTS, FaultyNetwork


@pytest.fixture
def network(account, monkeypatch):
    """A network between this test's account and the command lines; what the SDK waits before it repeats goes by."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda backoff, context: 0.01)
    with FaultyNetwork(account.endpoint_url) as faulty:
        monkeypatch.setenv("AWS_ENDPOINT_URL", faulty.endpoint)
        yield faulty


def statuses(aws):
    stacks = aws("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}


def operations(aws, stack):
    """The statuses that the stack itself went through."""
    events = aws("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    own = [event["ResourceStatus"] for event in events if event["PhysicalResourceId"] == event["StackId"]]
    return [status for status in reversed(own) if status != "REVIEW_IN_PROGRESS"]


CALLS = (
    "CreateChangeSet",
    "ExecuteChangeSet",
    "DescribeChangeSet",
    "DescribeStacks",
    "DescribeStackEvents",
    "ListExports",
)
NAMES = {"shop-secret-validator", "shop-roles", "shop-task"}


def faulty(calls, faults):
    """Each call lost, which is the fault that changes AWS unseen, and every fault of the call that changes the most."""
    return [(call, "lost") for call in calls] + [("ExecuteChangeSet", fault) for fault in faults if fault != "lost"]


def lost(*calls):
    """The answer to the first of each call is lost, which changes AWS unseen."""
    return {call: ["lost"] for call in calls}


class TestEachCallFailsOnce:
    """The SDK repeats it: whatever became of the first, the deployment is as it is without the fault.

    What is not repeated well is an error that names the call.
    """

    @pytest.mark.parametrize(
        "faults",
        [
            lost(*CALLS, "GetCallerIdentity", "ValidateTemplate"),
            # Of one stack each, with the call that is repeated between them.
            {"ExecuteChangeSet": ["broken", "", "reset", "", "throttled"]},
            {"ExecuteChangeSet": ["unavailable"]},
        ],
        ids=["lost", "broken, reset, throttled", "unavailable"],
    )
    def test_of_a_first_deployment(self, network, aws, cfnroles, quick, faults):
        network.fails_in_turn(faults)

        answer = cfnroles("deploy", quick[0], "--yes")

        assert answer.code == 0, answer.err
        assert network.failed, network.faults
        for stack in NAMES:
            assert operations(aws, stack) == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    def test_of_an_update(self, network, aws, cfnroles, quick):
        assert cfnroles("deploy", quick[0], "--yes").code == 0
        network.fails_in_turn(lost(*CALLS, "GetTemplate", "ListChangeSets"))

        answer = cfnroles("deploy", quick[0], "--yes")

        assert answer.code == 0, answer.err
        assert network.failed, network.faults
        assert "2 references checked again" in answer.err
        assert operations(aws, "shop-task").count("UPDATE_COMPLETE") == 1

    def test_of_a_deletion(self, network, aws, cfnroles, quick):
        assert cfnroles("deploy", quick[0], "--yes").code == 0
        network.fails_in_turn(lost("DeleteStack", "DescribeStacks", "DescribeStackEvents", "ListImports"))

        answer = cfnroles("delete", quick[0], "--yes")

        assert answer.code == 0, answer.err
        assert network.failed, network.faults
        assert statuses(aws) == {}


@pytest.mark.parametrize(("call", "fault"), faulty(CALLS, FAULTS))
def test_a_call_that_fails_for_good_ends_with_3_and_the_same_command_resumes(
    network, aws, cfnroles, quick, call, fault
):
    network.fails(call, fault, times=100)

    lost = cfnroles("deploy", quick[0], "--yes", "--timeout", "0.1")

    assert lost.code == 3, lost.err
    assert "resumes" in lost.err
    network.faults = {}

    again = cfnroles("deploy", quick[0], "--yes")

    assert again.code == 0, again.err
    assert set(statuses(aws)) == NAMES
    assert set(statuses(aws).values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    for stack in NAMES:
        assert operations(aws, stack).count("CREATE_IN_PROGRESS") == 1


def lost_once(double, monkeypatch, method, refused):
    """Let the double do what ``method`` asks the first time, and refuse it as AWS does the second call."""
    do = getattr(double, method)

    def twice(*arguments, **options):
        do(*arguments, **options)
        raise refused

    monkeypatch.setattr(double, method, twice)


class TestARepeatedCallIsRefused:
    def test_because_the_change_set_is_there(self, double, cfnroles, stacks, monkeypatch):
        refused = Refused("cloudformation:CreateChangeSet", "AlreadyExistsException", "ChangeSet already exists")
        lost_once(double, monkeypatch, "create_change_set", refused)

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 0, answer.err
        assert double.calls == ["CreateChangeSet shop-roles", "ExecuteChangeSet shop-roles"]

    @pytest.mark.parametrize("code", ["InvalidChangeSetStatus", "ChangeSetNotFound", "TokenAlreadyExistsException"])
    def test_because_it_is_executed(self, double, cfnroles, stacks, monkeypatch, code):
        lost_once(double, monkeypatch, "execute_change_set", Refused("cloudformation:ExecuteChangeSet", code, "no"))

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 0, answer.err
        assert double.named("shop-roles").status == "CREATE_COMPLETE"

    def test_because_the_stack_is_being_deleted(self, double, cfnroles, stacks, monkeypatch):
        double.has("shop-roles", "CREATE_COMPLETE")
        refused = Refused("cloudformation:DeleteStack", "TokenAlreadyExistsException", "no")
        lost_once(double, monkeypatch, "delete_stack", refused)

        answer = cfnroles("delete", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 0, answer.err
        assert double.named("shop-roles") is None

    @pytest.mark.parametrize(
        ("status", "method", "options"),
        [
            ("UPDATE_FAILED", "roll_back_stack", ()),
            ("UPDATE_ROLLBACK_FAILED", "continue_update_rollback", ("--continue-rollback",)),
        ],
    )
    def test_because_it_is_being_rolled_back(self, double, cfnroles, stacks, monkeypatch, status, method, options):
        double.has("shop-roles", status)
        message = "Stack shop-roles is in UPDATE_ROLLBACK_IN_PROGRESS state and can not be rolled back."
        lost_once(double, monkeypatch, method, Refused("cloudformation:RollbackStack", "ValidationError", message))

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles", *options)

        assert answer.code == 0, answer.err
        assert double.named("shop-roles").status == "UPDATE_COMPLETE"


REFUSALS = [
    pytest.param("ExecuteChangeSet", "InvalidChangeSetStatus", "ChangeSet is in OBSOLETE status", id="obsolete"),
    pytest.param("ExecuteChangeSet", "ChangeSetNotFound", "ChangeSet [x] does not exist", id="change set deleted"),
    pytest.param(
        "ExecuteChangeSet",
        "ValidationError",
        "Stack:x is in UPDATE_IN_PROGRESS state and can not be updated.",
        id="stack updated, told by ExecuteChangeSet",
    ),
    pytest.param(
        "CreateChangeSet",
        "ValidationError",
        "Stack:x is in UPDATE_IN_PROGRESS state and can not be updated.",
        id="stack updated, told by CreateChangeSet",
    ),
]


class TestTwoDeploymentsAtOnce:
    @pytest.mark.parametrize(
        ("token", "who"),
        [
            ("cfnroles-20260131T120000Z-0a1b2c3d", "by another run of cfnroles (cfnroles-20260131T120000Z-0a1b2c3d)"),
            ("Console-UpdateStack-1", "in the console"),
            ("", "by someone else"),
        ],
        ids=["cfnroles", "console", "unknown"],
    )
    @pytest.mark.parametrize(("call", "code", "message"), REFUSALS)
    def test_the_loser_says_so_and_what_to_do(self, double, cfnroles, stacks, call, code, message, token, who):
        kept = double.has("shop-roles", "CREATE_COMPLETE")
        stack = "AWS::CloudFormation::Stack"
        kept.events.append(Event("0", "shop-roles", kept.id, "shop-roles", stack, "UPDATE_COMPLETE", token=token))
        double.refusals[call, "shop-roles"] = Refused(f"cloudformation:{call}", code, message)

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        assert f"shop-roles was changed {who} during this run:\n{message}\n" in answer.err
        assert "cfnroles status SOURCE --follow" in answer.err
        assert "then run the same command again for a new plan." in answer.err
        assert kept.change_sets == {}

    def test_the_loser_says_so_although_it_cannot_find_out_to_whom(self, double, cfnroles, stacks, monkeypatch):
        double.has("shop-roles", "CREATE_COMPLETE")
        message = "Stack:x is in UPDATE_IN_PROGRESS state and can not be updated."
        refused = Refused("cloudformation:CreateChangeSet", "ValidationError", message)

        def unavailable(stack):
            raise Unavailable("not allowed")

        double.refusals["CreateChangeSet", "shop-roles"] = refused
        monkeypatch.setattr(double, "events", unavailable)

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        assert "shop-roles was changed by someone else during this run:" in answer.err

    def test_the_other_runs_operation_is_not_taken_for_our_own(self, double, cfnroles, stacks, monkeypatch):
        double.has("shop-roles", "CREATE_COMPLETE")
        execute = double.execute_change_set

        def overtaken(change_set, *, token, **options):
            execute(change_set, token="cfnroles-other", **options)
            raise Refused("cloudformation:ExecuteChangeSet", "ChangeSetNotFound", "ChangeSet does not exist")

        monkeypatch.setattr(double, "execute_change_set", overtaken)

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        assert "shop-roles was changed by another run of cfnroles (cfnroles-other)" in answer.err

    def test_a_missing_change_set_of_the_same_name_belongs_to_no_one(self, double, cfnroles, stacks):
        kept = double.has("shop-roles", "CREATE_COMPLETE")
        kept.change_sets["x"] = ChangeSet("x", "colleague", "shop-roles", kept.id, "CREATE_COMPLETE")
        refused = Refused("cloudformation:CreateChangeSet", "AlreadyExistsException", "it exists")
        double.refusals["CreateChangeSet", "shop-roles"] = refused

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        assert "it exists" in answer.err
        assert "x" in kept.change_sets
