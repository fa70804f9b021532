"""Events, results, failures, outputs and statuses of a deployment as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cfnroles.aws.stack import Event, StackDescription
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.plan import Note
from cfnroles.deploy.result import Result, StackOutcome, StackResult
from cfnroles.formats import deployment
from cfnroles.formats.deployment_table import deployment_table
from cfnroles.layout import laid_out

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def event(status, reason="", resource="Role", after=0):
    return Event(
        f"{resource}{status}",
        "shop-roles",
        "id",
        resource,
        "AWS::IAM::Role",
        status,
        reason,
        NOON + timedelta(seconds=after),
    )


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (event("CREATE_COMPLETE", "fine"), "12:00:00  shop-roles  CREATE_COMPLETE  Role (AWS::IAM::Role)"),
        (event("CREATE_FAILED", "no"), "12:00:00  shop-roles  CREATE_FAILED  Role (AWS::IAM::Role)  no"),
        (event("CREATE_FAILED", "no\nno"), "12:00:00  shop-roles  CREATE_FAILED  Role (AWS::IAM::Role)  no ..."),
        (Note("shop-roles", "waiting"), "shop-roles: waiting"),
    ],
    ids=["a reason is told only of a failure", "a failure", "the first line of many", "a note"],
)
def test_one_plain_line_for_each_event(told, line):
    assert deployment.event_line(told) == line


def test_the_table_has_one_row_for_each_resource_as_it_is_now():
    told = [
        Note("shop-task", "waiting"),
        event("CREATE_IN_PROGRESS"),
        event("CREATE_IN_PROGRESS", resource="Log"),
        event("CREATE_FAILED", "no\nnever", after=3),
    ]

    assert deployment_table(told, NOON + timedelta(seconds=65)) == [
        "shop-task: waiting",
        "shop-roles",
        "  Role  CREATE_FAILED       3 s   no",
        "  Log   CREATE_IN_PROGRESS  65 s",
    ]


LONG = "Resource handler returned message: the role shop-execution already exists"
NAMED = "SecretValidatorFunctionRoleDefaultPolicy2DA6A3DB"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            140,
            f"  {NAMED}  UPDATE_ROLLBACK_FAILED  3 s  Resource handler returned message: the role shop-execution\n"
            f"{' ' * 81}already exists",
        ),
        (100, f"  {NAMED}  UPDATE_ROLLBACK_FAILED  3 s\n    {LONG}"),
        (80, f"  {NAMED}  UPDATE_ROLLBACK_FAILED  3 s\n    {LONG}"),
        (
            60,
            f"  {NAMED}\n    UPDATE_ROLLBACK_FAILED  3 s\n"
            "    Resource handler returned message: the role\n    shop-execution already exists",
        ),
    ],
)
def test_no_width_cuts_a_name_a_status_or_a_reason(width, shown):
    told = [event("UPDATE_IN_PROGRESS", resource=NAMED), event("UPDATE_ROLLBACK_FAILED", LONG, NAMED, after=3)]

    _, row = deployment_table(told, NOON)
    assert laid_out(row, width=width, colour=False) == shown


def test_results():
    result = Result(
        (
            StackResult("a", StackOutcome.CREATED, seconds=1.26),
            StackResult("bb", StackOutcome.UNCHANGED, seconds=0.01),
            StackResult("c", StackOutcome.CHECKED, secrets=1, seconds=2),
            StackResult("d", StackOutcome.UPDATED, secrets=2),
            StackResult("e", StackOutcome.DELETED, retained=("Log",)),
            StackResult("f", StackOutcome.NOT_REACHED),
        )
    )

    assert deployment.result_text(result).splitlines() == [
        "a   created in 1.3 s",
        "bb  unchanged",
        "c   1 reference checked again in 2.0 s",
        "d   updated, 2 references checked",
        "e   deleted",
        "  kept: Log",
        "f   not reached",
    ]


def test_the_cause_of_a_failure_comes_first():
    failure = Failure(
        "shop-roles", Cause.RESOURCE, ("no", "never"), "ROLLBACK_COMPLETE", "Role", "AWS::IAM::Role", "Do it.", ("x",)
    )

    assert deployment.failure_text([failure], ["shop-secret-validator"]).splitlines() == [
        "no",
        "never",
        "also: x",
        "",
        "shop-roles failed at Role (AWS::IAM::Role); the stack is ROLLBACK_COMPLETE "
        "(could not be created, and can only be deleted).",
        "Do it.",
        "Still deployed: shop-secret-validator.",
    ]


class TestOutputs:
    outputs = (("shop-roles", (("ExecutionRoleArn", "arn:a"), ("ECSThing2", "it's $HOME"))),)

    def test_for_a_person(self):
        assert deployment.outputs_text(self.outputs).splitlines()[0] == "shop-roles.ExecutionRoleArn = arn:a"

    def test_for_programs(self):
        assert json.loads(deployment.outputs_json(self.outputs))["stacks"]["shop-roles"]["ExecutionRoleArn"] == "arn:a"

    def test_for_a_shell(self):
        assert deployment.outputs_env(self.outputs).splitlines() == [
            "SHOP_ROLES_EXECUTION_ROLE_ARN=arn:a",
            "SHOP_ROLES_ECSTHING2='it'\"'\"'s $HOME'",
        ]


def test_statuses():
    stacks = [("a", StackDescription("id", "a", "CREATE_FAILED", "no\nnever")), ("bb", None)]

    assert deployment.statuses_text(stacks).splitlines() == [
        "a   CREATE_FAILED: could not be created, and was not rolled back",
        "    no",
        "    never",
        "bb  MISSING: does not exist",
    ]
    assert [one["status"] for one in json.loads(deployment.statuses_json(stacks))["stacks"]] == [
        "CREATE_FAILED",
        "MISSING",
    ]
