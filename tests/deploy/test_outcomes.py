"""How a deployment ends: what is printed, in which order, and with which exit code."""

from __future__ import annotations

import json

import click
import pytest

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import ChangeSetRequest, Event, ResourceChange
from cfnroles.errors import Unavailable
from tests.cli import test_diagnose_live as live
from tests.live_aws import aws

__all__ = ["aws"]

GATE_SAYS = (
    "Received response status [FAILED] from custom resource. Message returned: 1 of 2 references cannot be used:\n"
    "1. Secret shop/db in us-east-1 does not exist. Needed by container web, secret DB. "
    "(RequestId: 0d6d8c1e-1f1e-4c3c-9d42-3a1c0e6a7a54)"
)
REFUSED = (
    "Resource handler returned message: User: arn:aws:sts::123456789012:assumed-role/deployer/cli is not authorized to"
    " perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/shop-task with an explicit deny in a service"
    " control policy (Service: Iam, Status Code: 403)"
)
UNSTABLE = (
    'Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 1, HandlerErrorCode: NotStabilized)'
)
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/shop/web"
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
GATE_ONLY = (ResourceChange("Modify", "SecretsExist", "Custom::SecretsExist", "False", ("DeploymentId",)),)


def everything_deployed(double):
    for name in ("shop-secret-validator", "shop-roles", "shop-task"):
        double.has(name, "CREATE_COMPLETE")


def validation(**what):
    return Event("1", "shop-roles", "id", "ExecutionRole", "AWS::IAM::Role", "", **what)


class TestWhenItIsDone:
    def test_all_stacks_are_created_in_order_and_their_outputs_go_to_stdout(self, double, cfnroles, stacks):
        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 0
        executed = [call for call in double.calls if call.startswith("Execute")]
        assert executed[-1] == "ExecuteChangeSet shop-task"
        assert len(executed) == 3

    def test_the_stacks_that_do_not_depend_on_each_other_are_deployed_side_by_side(self, double, cfnroles, stacks):
        slowly = [("CREATE_IN_PROGRESS",), ("CREATE_IN_PROGRESS",), ("CREATE_COMPLETE",)]
        double.script["shop-secret-validator", "ExecuteChangeSet"] = slowly

        answer = cfnroles("deploy", stacks, "--yes")

        began = answer.err.index("shop-roles  CREATE_IN_PROGRESS")
        assert began < answer.err.index("shop-secret-validator  CREATE_COMPLETE")

    @pytest.mark.parametrize("reason", [NO_CHANGES, "No updates are to be performed."])
    def test_no_changes_is_success_and_leaves_no_change_set(self, double, cfnroles, stacks, reason):
        everything_deployed(double)
        double.failing_change_sets = {kept.name: (reason, ()) for kept in double.stacks.values()}

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 0
        assert "No permission changes and no resource changes." in answer.err
        assert not any(kept.change_sets for kept in double.stacks.values())
        assert not any(call.startswith("Execute") for call in double.calls)

    def test_a_run_that_only_checks_the_secrets_again_says_so_and_asks_nothing(
        self, double, cfnroles, stacks, monkeypatch
    ):
        everything_deployed(double)
        task = double.named("shop-task")
        task.template = (stacks / "shop-task.yaml").read_text()
        task.parameters = {"ProjectName": "shop", "DeploymentId": "20260131T000000Z"}
        double.changes["shop-task"] = GATE_ONLY
        double.failing_change_sets = dict.fromkeys(("shop-secret-validator", "shop-roles"), (NO_CHANGES, ()))
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.confirm", lambda *_, **__: pytest.fail("asked"))

        answer = cfnroles("deploy", stacks)

        assert answer.code == 0
        assert "No permission changes and no resource changes; 2 secrets to check again." in answer.err
        assert task.parameters["DeploymentId"] != "20260131T000000Z"


class TestWhenAStackFails:
    def test_the_gates_message_comes_first_one_line_for_each_problem(self, double, cfnroles, stacks):
        double.script["shop-task", "ExecuteChangeSet"] = [
            ("CREATE_IN_PROGRESS", "User Initiated"),
            ("CREATE_FAILED", GATE_SAYS, "SecretsExist", "Custom::SecretsExist"),
            ("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [SecretsExist]. Rollback requested."),
            ("ROLLBACK_COMPLETE",),
        ]

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert answer.err.partition("\nerror: ")[2].splitlines() == [
            "1 of 2 references cannot be used:",
            "1. Secret shop/db in us-east-1 does not exist. Needed by container web, secret DB.",
            "",
            "shop-task was refused by the gate at SecretsExist (Custom::SecretsExist); the stack is ROLLBACK_COMPLETE"
            " (could not be created, and can only be deleted).",
            "Create what is missing and run the same command again; nothing was registered or started.",
            "Still deployed: shop-secret-validator, shop-roles.",
            "",
            "shop-secret-validator  created",
            "shop-roles             created",
            "shop-task              failed",
        ]

    def test_the_first_failed_resource_is_told_not_the_cascade(self, double, cfnroles, stacks):
        double.script["shop-roles", "ExecuteChangeSet"] = [
            ("CREATE_IN_PROGRESS", "User Initiated"),
            ("CREATE_FAILED", "Resource creation cancelled", "TaskRole", "AWS::IAM::Role"),
            ("CREATE_FAILED", "Role name is taken", "ExecutionRole", "AWS::IAM::Role"),
            ("CREATE_FAILED", "The following resource(s) failed to create: [ExecutionRole]."),
            ("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [ExecutionRole]."),
            ("ROLLBACK_COMPLETE",),
        ]

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        error = answer.err.partition("\nerror: ")[2]
        assert error.startswith("Role name is taken\n")
        assert "cancelled" not in error

    def test_what_failed_besides_is_told_after_it(self, double, cfnroles, stacks):
        double.script["shop-roles", "ExecuteChangeSet"] = [
            ("CREATE_IN_PROGRESS",),
            ("CREATE_FAILED", "Role name is taken", "ExecutionRole", "AWS::IAM::Role"),
            ("CREATE_FAILED", "Access denied", "TaskRole", "AWS::IAM::Role"),
            ("ROLLBACK_COMPLETE",),
        ]

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert "Role name is taken\nalso: TaskRole (AWS::IAM::Role): Access denied\n" in answer.err

    def test_it_ends_with_what_is_behind_it_and_not_with_the_event(self, double, cfnroles, stacks):
        double.script["shop-roles", "ExecuteChangeSet"] = [
            ("CREATE_IN_PROGRESS",),
            ("CREATE_FAILED", REFUSED, "TaskRole", "AWS::IAM::Role"),
            ("ROLLBACK_COMPLETE",),
        ]

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        told = " ".join(answer.err.partition("\nerror: ")[2].split())
        assert told.index("failed at TaskRole (AWS::IAM::Role)") < told.index("may not call iam:CreateRole")
        assert "refused by service control policy" in told

    def test_a_service_that_does_not_become_stable_is_followed_to_its_tasks(self, double, cfnroles, stacks, aws):
        double.script["shop-task", "ExecuteChangeSet"] = [
            ("CREATE_IN_PROGRESS",),
            ("CREATE_FAILED", UNSTABLE, "Service", "AWS::ECS::Service"),
            ("ROLLBACK_COMPLETE",),
        ]
        double.physical["Service"] = SERVICE
        account = aws(live.READS)

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert "The role web-execution may not call secretsmanager:GetSecretValue" in answer.err
        assert "asked by    web:3: containerDefinitions[0].secrets[0].valueFrom" in answer.err
        assert "did not become stable" not in answer.err.partition("\nerror: ")[2]
        assert account.changes == []

    def test_what_may_not_be_read_does_not_hide_the_failure(self, double, cfnroles, stacks, aws):
        double.script["shop-task", "ExecuteChangeSet"] = [
            ("CREATE_IN_PROGRESS",),
            ("CREATE_FAILED", UNSTABLE, "Service", "AWS::ECS::Service"),
            ("ROLLBACK_COMPLETE",),
        ]
        double.physical["Service"] = SERVICE
        aws(live.READS, ("ecs:DescribeServices", "ecs:ListTasks"))

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert "shop-task failed at Service (AWS::ECS::Service)" in answer.err
        assert "The service did not become stable in time" in answer.err
        assert "AWS refused the permission ecs:DescribeServices" in " ".join(answer.err.split())

    def test_a_stack_that_depends_on_it_is_not_reached_and_its_change_set_is_taken_away(self, double, cfnroles, stacks):
        everything_deployed(double)
        double.script["shop-roles", "ExecuteChangeSet"] = [
            ("UPDATE_IN_PROGRESS",),
            ("UPDATE_FAILED", "no", "ExecutionRole", "AWS::IAM::Role"),
            ("UPDATE_ROLLBACK_COMPLETE",),
        ]

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert "shop-task              not reached" in answer.err
        assert not double.named("shop-task").change_sets
        assert "the stack is UPDATE_ROLLBACK_COMPLETE (is deployed as before its last update" in answer.err

    @pytest.mark.parametrize(
        ("steps", "first", "remedy"),
        [
            pytest.param(
                [
                    ("UPDATE_IN_PROGRESS", "User Initiated"),
                    (
                        "UPDATE_ROLLBACK_IN_PROGRESS",
                        "Export shop-ECSTaskRoleArn cannot be updated as it is in use by other-task and third-task",
                    ),
                    ("UPDATE_ROLLBACK_COMPLETE",),
                ],
                "the export shop-ECSTaskRoleArn is in use by other-task and third-task",
                "change or delete the importing stack first",
                id="an export in use, told only by the stack's own event",
            ),
            pytest.param(
                [
                    ("UPDATE_IN_PROGRESS", "User Initiated"),
                    ("UPDATE_ROLLBACK_IN_PROGRESS", "No export named shop-X found. Rollback requested by user."),
                    ("UPDATE_ROLLBACK_COMPLETE",),
                ],
                "this stack imports shop-X, which no stack exports",
                "",
                id="a missing import, told only by the stack's own event",
            ),
            pytest.param(
                [
                    ("UPDATE_IN_PROGRESS", "User Initiated"),
                    ("UPDATE_ROLLBACK_IN_PROGRESS", "Export with name shop-X is already exported by stack other."),
                    ("UPDATE_ROLLBACK_COMPLETE",),
                ],
                "the stack other already has the export shop-X",
                "Choose another project name",
                id="an export that another stack took meanwhile",
            ),
            pytest.param(
                [("UPDATE_IN_PROGRESS", "User Initiated"), ("UPDATE_ROLLBACK_COMPLETE", "only the stack knows")],
                "only the stack knows",
                "",
                id="no failed resource: the stack's own reason",
            ),
            pytest.param(
                [("UPDATE_IN_PROGRESS",), ("UPDATE_ROLLBACK_COMPLETE",)],
                "CloudFormation gives no reason",
                "",
                id="no reason at all",
            ),
        ],
    )
    def test_a_reason_that_no_resource_has(self, double, cfnroles, stacks, steps, first, remedy):
        everything_deployed(double)
        double.script["shop-roles", "ExecuteChangeSet"] = steps

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        error = answer.err.partition("\nerror: ")[2]
        assert error.splitlines()[0] == first
        assert remedy in error


class TestWhatIsRefusedBeforeAnythingIsChanged:
    def refused(self, double, answer, *before, code=1):
        assert answer.code == code, answer.err
        assert not any(call.startswith("Execute") for call in double.calls)
        assert {kept.status for kept in double.stacks.values()} <= {*before, "DELETE_COMPLETE"}

    def test_an_import_that_nobody_exports_names_the_stack_that_would(self, double, cfnroles, stacks):
        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-task")

        self.refused(double, answer)
        assert "shop-task: this stack imports shop-SecretValidatorArn, which no stack exports" in answer.err
        assert "Deploy the stack that exports it first: shop-secret-validator or shop-roles." in answer.err
        assert double.calls == []

    def test_an_export_that_another_stack_has(self, double, cfnroles, stacks):
        other = double.has("legacy", "CREATE_COMPLETE")
        double.exported["shop-ECSTaskRoleArn"] = other.id

        answer = cfnroles("deploy", stacks, "--yes")

        self.refused(double, answer, "CREATE_COMPLETE")
        assert "the stack legacy already has the export shop-ECSTaskRoleArn" in answer.err

    def test_termination_protection_on_what_must_be_deleted_first(self, double, cfnroles, stacks):
        double.has("shop-roles", "ROLLBACK_COMPLETE", protected=True)

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        self.refused(double, answer, "ROLLBACK_COMPLETE")
        assert "TerminationProtection is enabled" in answer.err
        assert "cfnroles never turns it off" in answer.err

    def test_a_missing_capability(self, double, cfnroles, stacks):
        double.refusals["CreateChangeSet", "shop-roles"] = Refused(
            "cloudformation:CreateChangeSet",
            "InsufficientCapabilitiesException",
            "Requires capabilities : [CAPABILITY_NAMED_IAM]",
        )

        answer = cfnroles("deploy", stacks, "--yes")

        self.refused(double, answer, code=2)
        assert "the template needs the capability CAPABILITY_NAMED_IAM" in answer.err
        assert "stacks.json" in answer.err

    def test_early_validation_is_printed_in_full(self, double, cfnroles, stacks):
        double.failing_change_sets["shop-roles"] = (
            "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation].",
            (
                validation(
                    reason="#/Path: string is longer than 512",
                    validation="PROPERTY_VALIDATION",
                    path="/Resources/ExecutionRole/Properties/Path",
                ),
                validation(reason="A role with this name exists", validation="NAME_CONFLICT_VALIDATION"),
            ),
        )

        answer = cfnroles("deploy", stacks, "--yes")

        self.refused(double, answer)
        assert (
            "ExecutionRole at /Resources/ExecutionRole/Properties/Path: "
            "#/Path: string is longer than 512 (PROPERTY_VALIDATION)"
        ) in answer.err
        assert "ExecutionRole: A role with this name exists (NAME_CONFLICT_VALIDATION)" in answer.err

    def test_a_hook_is_printed_in_full(self, double, cfnroles, stacks):
        double.failing_change_sets["shop-roles"] = (
            "The following hook(s) failed: [Org::Guard::Roles]",
            (validation(reason="Roles need a boundary", hook="Org::Guard::Roles"),),
        )

        answer = cfnroles("deploy", stacks, "--yes")

        self.refused(double, answer)
        assert "ExecutionRole: Roles need a boundary (hook Org::Guard::Roles)" in answer.err

    def test_a_change_set_that_cannot_be_made_takes_the_others_and_their_empty_stacks_away(
        self, double, cfnroles, stacks
    ):
        double.failing_change_sets["shop-roles"] = ("Transform failed", ())

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 1
        assert "Transform failed" in answer.err
        assert [kept.status for kept in double.stacks.values()] == ["DELETE_COMPLETE", "DELETE_COMPLETE"]

    def test_every_stack_that_is_refused_is_told_not_only_the_first(self, double, cfnroles, stacks):
        double.failing_change_sets = {
            "shop-roles": ("Transform failed", ()),
            "shop-secret-validator": ("Parameters missing", ()),
        }

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.err == "error: shop-secret-validator: Parameters missing\nshop-roles: Transform failed\n"

    @pytest.mark.parametrize(
        ("bucket", "size", "told"),
        [
            ((), 51_201, ["shop-roles.yaml has 51,201 bytes", "--bucket NAME"]),
            (("--bucket", "shop-templates"), 1_000_001, ["shop-roles.yaml: has more than 1,000,000 bytes"]),
        ],
        ids=["for a request", "for a bucket"],
    )
    def test_a_template_that_is_too_long_is_reported_before_any_call(
        self, double, cfnroles, stacks, bucket, size, told
    ):
        roles = stacks / "shop-roles.yaml"
        roles.write_text(roles.read_text() + "#" + " " * (size - len(roles.read_bytes()) - 1))

        answer = cfnroles("deploy", stacks, "--yes", *bucket)

        assert answer.code == 2
        assert [words for words in told if words not in answer.err] == []
        assert double.calls == []

    def test_what_is_no_terminal_needs_yes(self, double, cfnroles, stacks):
        answer = cfnroles("deploy", stacks)

        assert answer.code == 2
        assert "Pass --yes" in answer.err
        assert double.calls == []


def test_a_plan_does_not_wait_for_others(double, cfnroles, stacks):
    kept = double.has("shop-roles", "CREATE_COMPLETE")
    double._start(kept, "x", "cfnroles-20260131T000000Z-ab", [("UPDATE_IN_PROGRESS",)])

    answer = cfnroles("deploy", stacks, "--plan", "--only", "shop-roles")

    assert answer.code == 0
    assert "shop-roles  busy" in answer.out
    assert "is being updated (UPDATE_IN_PROGRESS), started by another run of cfnroles" in answer.out
    assert double.calls == []


class TestOtherPeoplesChangeSets:
    def pending(self, double, kept):
        kind = "CREATE" if kept.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        return double.create_change_set(ChangeSetRequest(kept.name, "colleague", kind, "t"))

    @pytest.mark.parametrize(("status", "options"), [("REVIEW_IN_PROGRESS", ("--adopt",)), ("CREATE_COMPLETE", ())])
    def test_survive_a_plan(self, double, cfnroles, stacks, status, options):
        kept = double.has("shop-roles", status)
        other = self.pending(double, kept)

        answer = cfnroles("deploy", stacks, "--plan", "--only", "shop-roles", *options)

        assert answer.code == 0
        assert list(kept.change_sets) == [other.id]
        assert kept.status == status
        assert "change set colleague is pending on this stack" in answer.out

    def test_and_the_empty_stack_of_a_colleague_survives_too(self, double, cfnroles, stacks):
        kept = double.has("shop-roles", "REVIEW_IN_PROGRESS")

        assert cfnroles("deploy", stacks, "--plan", "--only", "shop-roles").code == 0
        assert kept.status == "REVIEW_IN_PROGRESS"

    def test_survive_a_run_without_changes(self, double, cfnroles, stacks):
        everything_deployed(double)
        other = self.pending(double, double.named("shop-roles"))
        double.failing_change_sets = {kept.name: (NO_CHANGES, ()) for kept in double.stacks.values()}

        assert cfnroles("deploy", stacks, "--yes").code == 0
        assert list(double.named("shop-roles").change_sets) == [other.id]

    @pytest.mark.parametrize("command", ["deploy", "delete"])
    def test_any_other_stack_belongs_to_another_user(self, double, cfnroles, stacks, command):
        kept = double.has("shop-roles", "REVIEW_IN_PROGRESS")
        self.pending(double, kept)

        answer = cfnroles(command, stacks, "--yes")

        assert answer.code == 1
        assert "shop-roles: not created by cfnroles" in answer.err
        assert "what would be lost: the change set colleague" in answer.err
        assert kept.status == "REVIEW_IN_PROGRESS"


class TestWhenAwsCannotBeAsked:
    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (Unavailable("the AWS credentials expired", remedy="Renew them and run again."), "Renew them"),
            (Unavailable("AWS throttles cloudformation:ExecuteChangeSet"), "throttles"),
        ],
    )
    def test_it_ends_with_3_and_the_next_run_resumes(self, double, cfnroles, stacks, error, words):
        double.refusals["ExecuteChangeSet", "shop-task"] = error

        answer = cfnroles("deploy", stacks, "--yes")

        assert answer.code == 3
        assert words in answer.err

        double.refusals.clear()
        assert cfnroles("deploy", stacks, "--yes").code == 0
        assert double.named("shop-task").status == "CREATE_COMPLETE"

    def test_time_is_up(self, double, cfnroles, stacks, monkeypatch):
        from cfnroles.deploy.following import Pace

        monkeypatch.undo()
        monkeypatch.setattr("cfnroles.aws.cloudformation.CloudFormation", lambda connection: double)
        double.script["shop-roles", "ExecuteChangeSet"] = [("CREATE_IN_PROGRESS",)] * 100
        assert Pace(local=True).deadline == float("inf")

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles", "--timeout", "0.001")

        assert answer.code == 3
        assert "timed out while deploying" in answer.err
        assert f"cfnroles status {stacks} --follow --only shop-roles, or" in answer.err
        assert double.named("shop-roles").status == "CREATE_IN_PROGRESS"

    def test_somebody_else_was_faster(self, double, cfnroles, stacks):
        double.refusals["ExecuteChangeSet", "shop-roles"] = Refused(
            "cloudformation:ExecuteChangeSet", "InvalidChangeSetStatus", "ChangeSet is in OBSOLETE status"
        )

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

        assert answer.code == 1
        assert "shop-roles was changed by someone else during this run:" in answer.err


class TestAsking:
    @pytest.fixture(autouse=True)
    def _terminal(self, monkeypatch):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def test_no_deploys_nothing_and_leaves_nothing_behind(self, double, cfnroles, stacks, monkeypatch):
        monkeypatch.setattr("click.confirm", lambda *_, **__: False)

        answer = cfnroles("deploy", stacks)

        assert answer.code == 1
        assert "nothing was deployed: the answer was no" in answer.err
        assert {kept.status for kept in double.stacks.values()} == {"DELETE_COMPLETE"}

    def test_ctrl_c_at_the_question_leaves_nothing_behind(self, double, cfnroles, stacks, monkeypatch):
        def interrupted(*_, **__):
            raise click.Abort

        monkeypatch.setattr("click.confirm", interrupted)

        assert cfnroles("deploy", stacks).code == 130
        assert {kept.status for kept in double.stacks.values()} == {"DELETE_COMPLETE"}

    def test_a_stack_that_a_colleague_joined_meanwhile_is_left_to_them(self, double, cfnroles, stacks, monkeypatch):
        def asked(*_, **__):
            double.create_change_set(ChangeSetRequest("shop-roles", "colleague", "CREATE", "t"))
            return False

        monkeypatch.setattr("click.confirm", asked)

        assert cfnroles("deploy", stacks).code == 1
        (left,) = double.named("shop-roles").change_sets.values()
        assert left.name == "colleague"
        assert double.named("shop-secret-validator") is None

    def test_yes_deploys(self, double, cfnroles, stacks, monkeypatch):
        monkeypatch.setattr("click.confirm", lambda *_, **__: True)

        assert cfnroles("deploy", stacks).code == 0


def test_ctrl_c_leaves_cloudformation_running_and_says_how_to_follow(double, cfnroles, stacks, monkeypatch):
    def interrupted(pace, waiting_for):
        if double.named("shop-roles").status == "CREATE_IN_PROGRESS":
            raise KeyboardInterrupt

    monkeypatch.setattr("cfnroles.deploy.following.Pace.wait", interrupted)
    double.script["shop-roles", "ExecuteChangeSet"] = [("CREATE_IN_PROGRESS",)] * 3

    answer = cfnroles("deploy", stacks, "--yes")

    assert answer.code == 130
    follow = f"cfnroles status {stacks} --follow"
    assert f"CloudFormation continues what it has started. Follow it with: {follow}\n" in answer.err
    assert double.named("shop-roles").status == "CREATE_IN_PROGRESS"


class TestDeleting:
    def test_goes_in_reverse_order(self, double, cfnroles, stacks):
        everything_deployed(double)

        answer = cfnroles("delete", stacks, "--yes")

        assert answer.code == 0
        assert double.calls[0] == "DeleteStack shop-task"
        assert len(double.calls) == 3
        assert double.exported == {}

    def test_names_the_importer_of_an_export_that_is_in_use(self, double, cfnroles, stacks):
        everything_deployed(double)
        double.imports = {"shop-ECSTaskRoleArn": ("shop-task", "other-task")}

        answer = cfnroles("delete", stacks, "--yes")

        assert answer.code == 1
        assert "the export shop-ECSTaskRoleArn is in use by other-task" in answer.err
        assert double.calls == []

    def test_never_turns_termination_protection_off(self, double, cfnroles, stacks):
        everything_deployed(double)
        double.named("shop-roles").protected = True

        answer = cfnroles("delete", stacks, "--yes")

        assert answer.code == 1
        assert "termination protection is on for shop-roles" in answer.err
        assert double.calls == []

    def test_a_stack_that_cannot_be_deleted_stops_those_it_imports_from(self, double, cfnroles, stacks):
        everything_deployed(double)
        double.script["shop-task", "DeleteStack"] = [
            ("DELETE_IN_PROGRESS",),
            ("DELETE_FAILED", "the function is gone", "SecretsExist", "Custom::SecretsExist"),
            ("DELETE_FAILED", "The following resource(s) failed to delete: [SecretsExist]."),
        ]

        answer = cfnroles("delete", stacks, "--yes")

        assert answer.code == 1
        assert "the function is gone" in answer.err
        assert double.calls == ["DeleteStack shop-task"]

    def test_says_what_is_kept(self, double, cfnroles, stacks):
        template = {"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}}}
        double.has("shop-roles", "CREATE_COMPLETE", template=json.dumps(template))
        double.script["shop-roles", "DeleteStack"] = [
            ("DELETE_IN_PROGRESS",),
            ("DELETE_SKIPPED", "", "Log", "AWS::Logs::LogGroup"),
            ("DELETE_COMPLETE",),
        ]

        answer = cfnroles("delete", stacks, "--yes")

        assert "keeps Log (AWS::Logs::LogGroup)" in answer.err
        assert "kept: Log (AWS::Logs::LogGroup) physical-Log" in answer.err

    def test_a_plan_deletes_nothing(self, double, cfnroles, stacks):
        everything_deployed(double)

        answer = cfnroles("delete", stacks, "--plan")

        assert answer.code == 0
        assert "shop-task  delete (CREATE_COMPLETE)" in answer.out
        assert double.calls == []
