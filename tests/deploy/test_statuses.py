"""What deploy and delete do with a stack in each status: message, exit code, and where the stack ends."""

from __future__ import annotations

import botocore.session
import pytest

from cfnroles.deploy.statuses import MISSING, STATUSES, status_of


def test_every_status_that_cloudformation_has_is_a_row():
    model = botocore.session.get_session().get_service_model("cloudformation")
    assert set(model.shape_for("StackStatus").enum) == set(STATUSES) - {MISSING}


@pytest.mark.parametrize(
    ("unknown", "as_if"),
    [
        ("SHINING_IN_PROGRESS", "UPDATE_IN_PROGRESS"),
        ("SHINING_COMPLETE", "UPDATE_COMPLETE"),
        ("SHINING_FAILED", "IMPORT_ROLLBACK_FAILED"),
    ],
)
def test_a_status_that_is_newer_than_cfnroles_is_judged_by_its_ending(unknown, as_if):
    assert status_of(unknown).deploying is status_of(as_if).deploying


DEPLOY = [
    # status before, what it becomes by itself, options, exit code, words of the answer, calls, status after
    pytest.param(
        MISSING, (), (), 0, "created", ["CreateChangeSet", "ExecuteChangeSet"], "CREATE_COMPLETE", id="missing"
    ),
    pytest.param(
        "REVIEW_IN_PROGRESS",
        (),
        (),
        0,
        "created",
        ["CreateChangeSet", "ExecuteChangeSet"],
        "CREATE_COMPLETE",
        id="review in progress: created, never deleted",
    ),
    *(
        pytest.param(
            status,
            (),
            (),
            0,
            "updated",
            ["CreateChangeSet", "ExecuteChangeSet"],
            "UPDATE_COMPLETE",
            id=status.lower(),
        )
        for status in (
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "IMPORT_COMPLETE",
            "IMPORT_ROLLBACK_COMPLETE",
        )
    ),
    *(
        pytest.param(
            status,
            ("UPDATE_COMPLETE",),
            (),
            0,
            f"({status}), started by somebodys-token; waiting",
            ["CreateChangeSet", "ExecuteChangeSet"],
            "UPDATE_COMPLETE",
            id=f"{status.lower()}: waits, then updates",
        )
        for status in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "IMPORT_IN_PROGRESS",
            "IMPORT_ROLLBACK_IN_PROGRESS",
        )
    ),
    pytest.param(
        "ROLLBACK_IN_PROGRESS",
        ("ROLLBACK_COMPLETE",),
        (),
        0,
        "cfnroles deletes it, then creates it",
        ["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"],
        "CREATE_COMPLETE",
        id="rollback_in_progress: waits, then recreates",
    ),
    pytest.param(
        "DELETE_IN_PROGRESS",
        ("DELETE_COMPLETE",),
        (),
        0,
        "is being deleted (DELETE_IN_PROGRESS), started by somebodys-token; waiting",
        ["CreateChangeSet", "ExecuteChangeSet"],
        "CREATE_COMPLETE",
        id="delete_in_progress: waits, then creates",
    ),
    *(
        pytest.param(
            status,
            (),
            (),
            0,
            words,
            ["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"],
            "CREATE_COMPLETE",
            id=f"{status.lower()}: deleted and created after saying so",
        )
        for status, words in (
            ("ROLLBACK_COMPLETE", "and can only be deleted; cfnroles deletes it, then creates it"),
            ("ROLLBACK_FAILED", "can only be deleted; cfnroles deletes it, then creates it"),
            ("CREATE_FAILED", "was not rolled back; cfnroles deletes it, then creates it"),
            ("DELETE_FAILED", "and can only be deleted again; cfnroles deletes it, then creates it"),
        )
    ),
    pytest.param(
        "UPDATE_FAILED",
        (),
        (),
        0,
        "cfnroles rolls it back first, then updates it",
        ["RollbackStack", "CreateChangeSet", "ExecuteChangeSet"],
        "UPDATE_COMPLETE",
        id="update_failed: rolled back first",
    ),
    pytest.param(
        "UPDATE_FAILED",
        (),
        ("--no-rollback",),
        0,
        "updated",
        ["CreateChangeSet", "ExecuteChangeSet without rollback"],
        "UPDATE_COMPLETE",
        id="update_failed with --no-rollback: updated in place",
    ),
    pytest.param(
        "UPDATE_ROLLBACK_FAILED",
        (),
        (),
        1,
        "run again with --continue-rollback",
        [],
        "UPDATE_ROLLBACK_FAILED",
        id="update_rollback_failed: explained",
    ),
    pytest.param(
        "UPDATE_ROLLBACK_FAILED",
        (),
        ("--continue-rollback",),
        0,
        "cfnroles continues the rollback first, then updates the stack",
        ["ContinueUpdateRollback", "CreateChangeSet", "ExecuteChangeSet"],
        "UPDATE_COMPLETE",
        id="update_rollback_failed with --continue-rollback",
    ),
    pytest.param(
        "IMPORT_ROLLBACK_FAILED",
        (),
        (),
        1,
        "rollback of an import that failed",
        [],
        "IMPORT_ROLLBACK_FAILED",
        id="import_rollback_failed: explained",
    ),
]


def put(double, status, then):
    if status == MISSING:
        return
    kept = double.has("shop-roles", status)
    if then:
        double._start(kept, "nothing", "somebodys-token", [(status,)] * 3 + [(step,) for step in then])


@pytest.mark.parametrize(("status", "then", "options", "code", "words", "calls", "after"), DEPLOY)
def test_deploy(double, cfnroles, stacks, status, then, options, code, words, calls, after):
    put(double, status, then)

    answer = cfnroles("deploy", stacks, "--only", "shop-roles", "--yes", *options)

    assert answer.code == code, answer.err
    assert words in answer.err
    assert double.calls == [f"{call} shop-roles" for call in calls]
    assert double.named("shop-roles").status == after


def test_every_status_has_a_deploy_row():
    assert {row.values[0] for row in DEPLOY} == set(STATUSES) - {"DELETE_COMPLETE"}


DELETE = [
    pytest.param(MISSING, (), 0, "does not exist", [], None, id="missing: nothing to do"),
    pytest.param(
        "DELETE_IN_PROGRESS",
        ("DELETE_COMPLETE",),
        0,
        "waiting",
        [],
        None,
        id="delete_in_progress: waits and is done",
    ),
    *(
        pytest.param(
            status,
            ("UPDATE_COMPLETE",),
            0,
            f"({status}), started by somebodys-token; waiting",
            ["DeleteStack"],
            None,
            id=f"{status.lower()}: waits, then deletes",
        )
        for status, row in STATUSES.items()
        if row.in_progress and status != "DELETE_IN_PROGRESS"
    ),
    *(
        pytest.param(status, (), 0, f"delete ({status}", ["DeleteStack"], None, id=status.lower())
        for status, row in STATUSES.items()
        if not row.in_progress and status not in {MISSING, "DELETE_COMPLETE"}
    ),
]


@pytest.mark.parametrize(("status", "then", "code", "words", "calls", "after"), DELETE)
def test_delete(double, cfnroles, stacks, status, then, code, words, calls, after):
    put(double, status, then)

    answer = cfnroles("delete", stacks, "--only", "shop-roles", "--yes")

    assert answer.code == code, answer.err
    assert words in answer.err
    assert double.calls == [f"{call} shop-roles" for call in calls]
    assert double.named("shop-roles") is after


def test_every_status_has_a_delete_row():
    assert {row.values[0] for row in DELETE} == set(STATUSES) - {"DELETE_COMPLETE"}
