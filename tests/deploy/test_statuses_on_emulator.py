"""The statuses that the emulator really comes into: each is left by the next command, as the table says."""

from __future__ import annotations

import json

import pytest


def status(aws, stack):
    return aws("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]


def test_create_failed(cfnroles, aws, quick):
    stacks, fails_at = quick
    fails_at("Create")
    failed = cfnroles("deploy", stacks, "--yes", "--no-rollback")
    assert failed.code == 1
    assert "it fails at Create" in failed.err
    assert status(aws, "shop-task") == "CREATE_FAILED"
    fails_at()

    again = cfnroles("deploy", stacks, "--yes")

    assert again.code == 0, again.err
    assert "was not rolled back" in again.err
    assert "cfnroles deletes it, then creates it" in again.err


def test_rollback_complete(cfnroles, aws, quick):
    stacks, fails_at = quick
    fails_at("Create")
    assert cfnroles("deploy", stacks, "--yes").code == 1
    assert status(aws, "shop-task") == "ROLLBACK_COMPLETE"

    told = cfnroles("status", stacks)

    assert told.code == 1
    assert "shop-task              ROLLBACK_COMPLETE: could not be created" in told.out


def test_update_rollback_complete(cfnroles, aws, quick):
    stacks, fails_at = quick
    assert cfnroles("deploy", stacks, "--yes").code == 0
    fails_at("Update")

    failed = cfnroles("deploy", stacks, "--yes")

    assert failed.code == 1
    assert failed.err.partition("\nerror: ")[2].startswith("it fails at Update\n")
    assert status(aws, "shop-task") == "UPDATE_ROLLBACK_COMPLETE"
    fails_at()
    assert cfnroles("deploy", stacks, "--yes").code == 0


def test_update_failed(cfnroles, aws, quick):
    stacks, fails_at = quick
    assert cfnroles("deploy", stacks, "--yes").code == 0
    fails_at("Update")
    assert cfnroles("deploy", stacks, "--yes", "--no-rollback").code == 1
    assert status(aws, "shop-task") == "UPDATE_FAILED"
    fails_at()

    again = cfnroles("deploy", stacks, "--yes")

    assert again.code == 0, again.err
    assert "cfnroles rolls it back first, then updates it" in again.err


def test_update_rollback_failed(cfnroles, aws, quick):
    stacks, fails_at = quick
    assert cfnroles("deploy", stacks, "--yes").code == 0
    fails_at("Update", "Rollback")
    failed = cfnroles("deploy", stacks, "--yes")
    assert failed.code == 1
    assert status(aws, "shop-task") == "UPDATE_ROLLBACK_FAILED"
    assert failed.err.partition("\nerror: ")[2].startswith("it fails at Update\n")
    fails_at()

    explained = cfnroles("deploy", stacks, "--yes")
    assert explained.code == 1
    assert "is in the middle of a rollback that failed" in explained.err

    # What its events name is repaired: the gate no longer fails.
    validator = stacks / "secret-validator.yaml"
    validator.write_text(validator.read_text().replace("fails = kind in", "fails = False and kind in"))
    assert cfnroles("deploy", stacks, "--yes", "--only", "shop-secret-validator").code == 0

    continued = cfnroles("deploy", stacks, "--yes", "--continue-rollback")

    assert continued.code == 0, continued.err
    assert "cfnroles continues the rollback first, then updates the stack" in continued.err
    assert status(aws, "shop-task") == "UPDATE_COMPLETE"


def test_delete_failed(cfnroles, aws, quick):
    stacks, fails_at = quick
    fails_at("Delete")
    assert cfnroles("deploy", stacks, "--yes").code == 0

    failed = cfnroles("delete", stacks, "--yes")

    assert failed.code == 1
    assert "it fails at Delete" in failed.err
    assert "shop-roles             not reached" in failed.err
    assert status(aws, "shop-task") == "DELETE_FAILED"
    assert status(aws, "shop-roles") == "CREATE_COMPLETE"


@pytest.mark.parametrize("command", [("deploy", "--only", "shop-roles"), ("delete", "--only", "shop-roles")])
def test_somebody_elses_operation_is_waited_for(cfnroles, aws, quick, command):
    stacks, _ = quick
    wait = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "3", "Count": 1},
    }
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    aws("cloudformation").create_stack(
        StackName="shop-roles",
        TemplateBody=json.dumps({"Resources": {"Handle": handle, "Wait": wait}}),
        ClientRequestToken="Console-CreateStack-1",
        Tags=[{"Key": "cfnroles:project", "Value": "shop"}],
    )

    answer = cfnroles(command[0], stacks, "--yes", *command[1:])

    assert answer.code == 0, answer.err
    assert "shop-roles is being created (CREATE_IN_PROGRESS), started in the console; waiting" in answer.err


@pytest.mark.parametrize("command", [("deploy", "--yes"), ("deploy", "--plan"), ("delete", "--yes")])
def test_somebody_elses_review_in_progress(cfnroles, aws, stacks, command):
    topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    aws("cloudformation").create_change_set(
        StackName="shop-roles", ChangeSetName="colleague", ChangeSetType="CREATE", TemplateBody=topic
    )

    answer = cfnroles(command[0], stacks, *command[1:])

    assert answer.code == 1
    assert (
        "shop-roles: not created by cfnroles\nits tags: none\nwhat would be lost: the change set colleague\n"
        in answer.err
    )
    assert status(aws, "shop-roles") == "REVIEW_IN_PROGRESS"
    kept = aws("cloudformation").list_change_sets(StackName="shop-roles")["Summaries"]
    assert [each["ChangeSetName"] for each in kept] == ["colleague"]
