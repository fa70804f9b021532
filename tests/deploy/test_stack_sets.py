"""Many accounts and Regions with CloudFormation StackSets, against the only emulator that has them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time

import pytest
from botocore.stub import ANY, Stubber

from cfnroles.aws.connection import Connection
from cfnroles.aws.stack_sets import StackSets, Targets
from cfnroles.deploy.deleting_stack_sets import delete_stack_sets, plan_stack_set_deletion
from cfnroles.deploy.following import Pace
from cfnroles.deploy.plan import Run
from cfnroles.deploy.stack_set_operations import Fleet, StackSetOptions
from cfnroles.deploy.stack_sets import apply_stack_sets, plan_stack_sets
from cfnroles.deploy.stacks_file import read_stacks

ACCOUNTS = ("111111111111", "222222222222")
TARGETS = ("--target-account", ACCOUNTS[0], "--target-account", ACCOUNTS[1], "--target-region", "eu-west-1")


@pytest.fixture(scope="module")
def moto():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def aws(moto, monkeypatch):
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST"), timeout=5).close()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    variables = {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Connection.of_environment(variables).client("cloudformation")


@pytest.fixture
def stacks(stacks):
    """The example stacks with a key: moto cannot select from the empty list that no key is."""
    roles = stacks / "shop-roles.yaml"
    text = roles.read_text()
    assert "Default: ''" in text
    roles.write_text(text.replace("Default: ''", "Default: arn:aws:kms:us-east-1:123456789012:key/1"))
    return stacks


def where(aws, stack_set):
    found = aws.list_stack_instances(StackSetName=stack_set)["Summaries"]
    return {(instance["Account"], instance["Region"]) for instance in found}


def test_validator_and_roles_go_to_every_account_and_region(cfnroles, aws, stacks):
    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS, "--target-region", "us-west-2")

    assert answer.code == 0, answer.err
    assert "shop-task is not a stack set" in answer.err
    assert "shop-roles: 111111111111 us-west-2 SUCCEEDED" in answer.err
    everywhere = {(account, region) for account in ACCOUNTS for region in ("eu-west-1", "us-west-2")}
    assert where(aws, "shop-roles") == everywhere
    assert where(aws, "shop-secret-validator") == everywhere
    described = aws.describe_stack_set(StackSetName="shop-roles")["StackSet"]
    assert {"ParameterKey": "ProjectName", "ParameterValue": "shop"} in described["Parameters"]


def test_ctrl_c_names_the_command_that_looks_at_the_stack_sets(cfnroles, aws, stacks, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cfnroles.deploy.stack_sets.apply_stack_sets", interrupted)
    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS, "--region", "us-east-1")

    assert answer.code == 130
    assert f"Follow it with: cfnroles stack-sets status {stacks} --region us-east-1\n" in answer.err


def test_the_status_is_that_of_every_stack(cfnroles, aws, stacks):
    before = cfnroles("stack-sets", "status", stacks)
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS).code == 0
    after = cfnroles("stack-sets", "status", stacks)
    answer = json.loads(cfnroles("stack-sets", "status", stacks, "--format", "json").out)

    assert (before.code, "shop-roles: does not exist" in before.out) == (1, True)
    assert (after.code, "  111111111111 eu-west-1 CURRENT" in after.out) == (0, True)
    assert [(each["name"], len(each["stacks"])) for each in answer["stackSets"]] == [
        ("shop-secret-validator", 2),
        ("shop-roles", 2),
    ]


def test_delete_takes_the_stacks_of_every_account_and_region_and_then_the_stack_sets(cfnroles, aws, stacks):
    more = ("--target-region", "us-west-2")
    only = ("--only", "shop-roles")  # moto cannot delete a function of another account
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS, *more, *only).code == 0
    planned = cfnroles("stack-sets", "delete", stacks, "--plan")
    assert (planned.code, len(where(aws, "shop-roles"))) == (0, 4)
    assert planned.out.splitlines()[2:] == [
        "shop-roles             delete, with 4 stacks",
        "  - stacks in 111111111111, 222222222222: eu-west-1, us-west-2",
        "shop-secret-validator  does not exist",
    ]

    answer = cfnroles("stack-sets", "delete", stacks, "--yes")

    assert answer.code == 0, answer.err
    assert "shop-task is not a stack set: it imports from its own account and Region\n" in answer.err
    assert "shop-roles: 222222222222 us-west-2 SUCCEEDED" in answer.err
    assert re.search(r"^shop-roles +deleted", answer.err, re.MULTILINE)
    assert [each["Status"] for each in aws.list_stack_sets()["Summaries"]] == ["DELETED"]
    again = cfnroles("stack-sets", "delete", stacks, "--yes")
    assert (again.code, "shop-roles             does not exist" in again.err) == (0, True)


def test_delete_asks_on_a_terminal_alone_and_leaves_what_it_did_not_create(cfnroles, aws, stacks):
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS, "--only", "shop-roles").code == 0
    unasked = cfnroles("stack-sets", "delete", stacks)
    assert (unasked.code, "Pass --yes to continue without confirmation" in unasked.err) == (2, True)
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    aws.create_stack_set(StackSetName="shop-secret-validator", TemplateBody=body)

    refused = cfnroles("stack-sets", "delete", stacks, "--yes")

    assert refused.code == 1
    assert "cfnroles does not delete a stack that it did not create" in refused.err
    assert len(where(aws, "shop-roles")) == 2


def test_the_second_run_changes_nothing(cfnroles, aws, stacks):
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS).code == 0
    before = len(aws.list_stack_set_operations(StackSetName="shop-roles")["Summaries"])

    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS)

    assert answer.code == 0
    assert "shop-roles             no changes" in answer.err
    assert len(aws.list_stack_set_operations(StackSetName="shop-roles")["Summaries"]) == before


def test_an_account_that_is_new_only_gets_what_it_lacks(cfnroles, aws, stacks):
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS).code == 0

    answer = cfnroles(
        "stack-sets", "deploy", stacks, "--yes", *TARGETS, "--target-account", "333333333333", "--only", "shop-roles"
    )

    assert answer.code == 0, answer.err
    assert "  + stacks in 333333333333: eu-west-1" in answer.err
    assert ("333333333333", "eu-west-1") in where(aws, "shop-roles")


def test_a_changed_template_updates_the_stacks_and_shows_the_permissions(cfnroles, aws, stacks):
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS).code == 0
    roles = stacks / "shop-roles.yaml"
    roles.write_text(roles.read_text().replace("secret:shop/db-??????", "secret:shop/*"))

    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS)

    assert answer.code == 0, answer.err
    assert "shop-roles             update, in 2 stacks" in answer.err
    assert "  + ExecutionRole may [ReadSecrets]  WIDER" in answer.err
    assert "secret:shop/*" in aws.describe_stack_set(StackSetName="shop-roles")["StackSet"]["TemplateBody"]


def test_a_plan_changes_nothing(cfnroles, aws, stacks):
    answer = cfnroles("stack-sets", "deploy", stacks, "--plan", *TARGETS)

    assert answer.code == 0
    assert "shop-roles             create the stack set" in answer.out
    assert aws.list_stack_sets()["Summaries"] == []


@pytest.fixture
def foreign(aws):
    """Another user's stack set with a name of ours."""
    topic = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "prices"}}}}'
    tags = [{"Key": "team", "Value": "prices"}]
    aws.create_stack_set(StackSetName="shop-roles", TemplateBody=topic, Tags=tags)


@pytest.mark.usefixtures("foreign")
def test_somebody_elses_stack_set_is_left_alone(cfnroles, aws, stacks):
    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS)

    assert answer.code == 1
    assert answer.err.partition("error: ")[2].startswith(
        "shop-roles: not created by cfnroles\nits tags: team=prices\nwhat would be lost: Topic (AWS::SNS::Topic)\n"
    )
    assert [each["StackSetName"] for each in aws.list_stack_sets()["Summaries"]] == ["shop-roles"]
    assert "SNS" in aws.describe_stack_set(StackSetName="shop-roles")["StackSet"]["TemplateBody"]


@pytest.mark.usefixtures("foreign")
def test_unless_it_is_adopted_and_then_it_is_known_again(cfnroles, aws, stacks):
    planned = cfnroles("stack-sets", "deploy", stacks, "--plan", "--adopt", *TARGETS)
    adopted = cfnroles("stack-sets", "deploy", stacks, "--yes", "--adopt", *TARGETS)

    assert "  ! not created by cfnroles: it is taken over (--adopt)" in planned.out
    assert adopted.code == 0, adopted.err
    tags = aws.describe_stack_set(StackSetName="shop-roles")["StackSet"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "prices", "cfnroles:project": "shop"}
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS).code == 0


def test_organizational_units(cfnroles, aws, stacks):
    units = ("--target-ou", "ou-abcd-12345678", "--target-region", "eu-west-1")

    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *units, "--only", "shop-roles")

    assert answer.code == 0, answer.err
    assert aws.describe_stack_set(StackSetName="shop-roles")["StackSet"]["PermissionModel"] == "SERVICE_MANAGED"


def test_accounts_in_a_service_managed_stack_set(cfnroles, aws, stacks):
    units = ("--target-ou", "ou-abcd-12345678", "--target-region", "eu-west-1")
    assert cfnroles("stack-sets", "deploy", stacks, "--yes", *units).code == 0

    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS)

    assert answer.code == 1
    assert "is service-managed" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a stack set needs targets"),
        (("--target-account", "111111111111"), "Pass --target-region"),
        ((*TARGETS, "--only", "shop-task"), "none of the stacks can be a stack set"),
    ],
)
def test_a_wrong_command_line_is_refused(cfnroles, aws, stacks, arguments, words):
    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *arguments)

    assert answer.code == 2
    assert words in answer.err


def test_a_role_name_that_would_collide_in_the_second_region(cfnroles, aws, stacks):
    roles = stacks / "shop-roles.yaml"
    roles.write_text(roles.read_text().replace("    Properties:\n", "    Properties:\n      RoleName: shop\n", 1))

    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS, "--target-region", "us-west-2")

    assert answer.code == 2
    assert "ExecutionRole has the name shop in every Region" in answer.err
    assert aws.list_stack_sets()["Summaries"] == []


class TestWhatNoEmulatorDoes:
    """Operations that take time, meet others, or fail in some accounts: botocore's Stubber in place of AWS."""

    @pytest.fixture
    def fleet(self, monkeypatch):
        monkeypatch.setattr("cfnroles.deploy.following.Pace.wait", lambda pace, waiting_for: None)
        connection = Connection(
            region="us-east-1", environment=(("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"))
        )
        told = []
        targets = Targets(("eu-west-1",), ACCOUNTS)
        fleet = Fleet(StackSets(connection), targets, StackSetOptions(), Run.new(), Pace(local=True), told.append)
        with Stubber(fleet.stack_sets._client) as stub:
            yield fleet, stub, told
            stub.assert_no_pending_responses()

    @pytest.fixture
    def roles(self, stacks):
        return read_stacks(stacks)[1]

    def exists(self, stub, roles, **more):
        parameters = [{"ParameterKey": "ProjectName", "ParameterValue": "shop"}]
        stack_set = {"StackSetName": "shop-roles", "TemplateBody": roles.body, "Parameters": parameters}
        stack_set["Tags"] = [{"Key": "cfnroles:project", "Value": "shop"}]
        stub.add_response("describe_stack_set", {"StackSet": {**stack_set, **more}})

    def goes(self, stub, status, *results, reason=""):
        operation = {"OperationId": "1", "Status": status, "StatusReason": reason}
        stub.add_response("describe_stack_set_operation", {"StackSetOperation": operation})
        summaries = [
            {"Account": account, "Region": "eu-west-1", "Status": state, "StatusReason": why}
            for account, state, why in results
        ]
        stub.add_response("list_stack_set_operation_results", {"Summaries": summaries})

    def present(self, stub, *places):
        summaries = [
            {"Account": account, "Region": region, "OrganizationalUnitId": unit, "Status": "CURRENT"}
            for account, region, unit in places
        ]
        stub.add_response("list_stack_instances", {"Summaries": summaries})

    @pytest.mark.parametrize(
        ("model", "targets"),
        [
            ("SELF_MANAGED", [{"Accounts": [*ACCOUNTS], "Regions": ["eu-west-1"]}, {"Accounts": [ACCOUNTS[0]]}]),
            ("SERVICE_MANAGED", [{"DeploymentTargets": {"OrganizationalUnitIds": ["ou-a-b", "ou-a-c"]}}, {}]),
        ],
    )
    def test_stacks_go_where_they_are_and_the_stack_set_goes_last(self, fleet, roles, model, targets):
        fleet, stub, _ = fleet
        self.exists(stub, roles, PermissionModel=model)
        places = [("ou-a-b", "eu-west-1"), ("ou-a-c", "eu-west-1"), ("ou-a-b", "us-west-2")]
        accounts = (*ACCOUNTS, ACCOUNTS[0])
        self.present(stub, *((each, region, unit) for each, (unit, region) in zip(accounts, places, strict=True)))
        for wanted in targets:
            usual = {
                **({"Accounts": ANY} if model == "SELF_MANAGED" else {"DeploymentTargets": ANY}),
                **dict.fromkeys(("Regions", "OperationPreferences", "OperationId"), ANY),
            }
            asked = {**usual, "StackSetName": "shop-roles", "RetainStacks": False, "CallAs": "SELF", **wanted}
            stub.add_response("delete_stack_instances", {"OperationId": "1"}, asked)
            self.goes(stub, "SUCCEEDED")
        stub.add_response("delete_stack_set", {}, {"StackSetName": "shop-roles", "CallAs": "SELF"})

        result = delete_stack_sets(plan_stack_set_deletion([roles], fleet), fleet)

        assert [each.outcome for each in result.stacks] == ["deleted"]

    def test_a_stack_that_cannot_be_deleted_keeps_its_stack_set(self, fleet, roles):
        fleet, stub, _ = fleet
        self.exists(stub, roles)
        self.present(stub, (ACCOUNTS[0], "eu-west-1", ""))
        stub.add_response("delete_stack_instances", {"OperationId": "1"})
        why = "Export shop-TaskRoleArn cannot be deleted as it is in use by shop-task"
        self.goes(stub, "FAILED", (ACCOUNTS[0], "FAILED", why))

        result = delete_stack_sets(plan_stack_set_deletion([roles], fleet), fleet)

        (failure,) = result.failures
        assert failure.lines == (f"{ACCOUNTS[0]} eu-west-1: {why}",)

    def test_another_operation_is_waited_for_and_progress_is_told_by_account(self, fleet, roles):
        fleet, stub, told = fleet
        self.exists(stub, roles)
        stub.add_response("list_stack_instances", {"Summaries": []})
        stub.add_client_error("create_stack_instances", "OperationInProgressException", "Another operation")
        stub.add_response("create_stack_instances", {"OperationId": "1"})
        self.goes(stub, "QUEUED")
        self.goes(stub, "RUNNING", (ACCOUNTS[0], "RUNNING", ""), (ACCOUNTS[1], "PENDING", ""))
        self.goes(stub, "RUNNING", (ACCOUNTS[0], "SUCCEEDED", ""), (ACCOUNTS[1], "PENDING", ""))
        self.goes(stub, "SUCCEEDED", (ACCOUNTS[0], "SUCCEEDED", ""), (ACCOUNTS[1], "SUCCEEDED", ""))

        result = apply_stack_sets(plan_stack_sets([roles], fleet).stack_sets, fleet)

        assert not result.failures
        assert [note.text for note in told] == [
            "111111111111 eu-west-1 RUNNING",
            "222222222222 eu-west-1 PENDING",
            "111111111111 eu-west-1 SUCCEEDED",
            "222222222222 eu-west-1 SUCCEEDED",
        ]

    @pytest.mark.parametrize(
        ("targets", "told"),
        [
            pytest.param(Targets(("eu-west-1",), ACCOUNTS), {"Accounts": list(ACCOUNTS)}, id="accounts, self-managed"),
            pytest.param(
                Targets(("eu-west-1",), (), ("ou-1",)),
                {"DeploymentTargets": {"OrganizationalUnitIds": ["ou-1"]}},
                id="all accounts of an OU",
            ),
            pytest.param(
                Targets(("eu-west-1",), ACCOUNTS[:1], ("ou-1",)),
                {
                    "DeploymentTargets": {
                        "OrganizationalUnitIds": ["ou-1"],
                        "Accounts": [ACCOUNTS[0]],
                        "AccountFilterType": "INTERSECTION",
                    }
                },
                id="an account of an OU",
            ),
        ],
    )
    def test_stacks_are_asked_for_where_they_are_to_be(self, fleet, targets, told):
        fleet, stub, _ = fleet
        asked = {"StackSetName": "shop-roles", "Regions": ["eu-west-1"], "OperationId": "1", "CallAs": "SELF", **told}
        asked["OperationPreferences"] = ANY
        stub.add_response("create_stack_instances", {"OperationId": "1"}, asked)
        preferences = StackSetOptions().preferences
        assert fleet.stack_sets.create_instances("shop-roles", targets, preferences=preferences, token="1") == "1"

    def test_an_operation_whose_answer_was_lost_is_followed(self, fleet, roles):
        fleet, stub, told = fleet
        self.exists(stub, roles)
        summaries = [{"Account": ACCOUNTS[0], "Region": "eu-west-1", "Status": "OUTDATED"}]
        stub.add_response("list_stack_instances", {"Summaries": summaries})
        for call in ("update_stack_set", "create_stack_instances"):
            stub.add_client_error(call, "OperationInProgressException", "Another operation")
            stub.add_client_error(call, "OperationIdAlreadyExistsException", "The operation id exists")
            self.goes(stub, "SUCCEEDED", (ACCOUNTS[1], "SUCCEEDED", ""))

        result = apply_stack_sets(plan_stack_sets([roles], fleet).stack_sets, fleet)

        assert not result.failures
        assert [note.text for note in told] == ["222222222222 eu-west-1 SUCCEEDED"] * 2

    @pytest.mark.parametrize(
        ("template", "project", "failures"),
        [
            pytest.param("", "shop", (), id="ours"),
            pytest.param("{}", "shop", ("The name is taken",), id="another template"),
            pytest.param("", "else", ("The name is taken",), id="another parameter"),
        ],
    )
    def test_a_stack_set_whose_answer_was_lost_is_ours_if_it_is_the_same(
        self, fleet, roles, template, project, failures
    ):
        fleet, stub, _ = fleet
        stub.add_client_error("describe_stack_set", "StackSetNotFoundException", "StackSet shop-roles not found")
        stub.add_client_error("create_stack_set", "NameAlreadyExistsException", "The name is taken")
        parameters = [{"ParameterKey": "ProjectName", "ParameterValue": project}]
        made = {"StackSetName": "shop-roles", "TemplateBody": template or roles.body, "Parameters": parameters}
        stub.add_response("describe_stack_set", {"StackSet": made})
        if not failures:
            stub.add_response("create_stack_instances", {"OperationId": "1"})
            self.goes(stub, "SUCCEEDED")

        result = apply_stack_sets(plan_stack_sets([roles], fleet).stack_sets, fleet)

        assert tuple(line for failure in result.failures for line in failure.lines) == failures

    def test_accounts_that_fail_are_named_with_their_reasons(self, fleet, roles):
        fleet, stub, _ = fleet
        self.exists(stub, roles)
        stub.add_response("list_stack_instances", {"Summaries": []})
        stub.add_response("create_stack_instances", {"OperationId": "1"})
        why = "Account 222222222222 should have 'AWSCloudFormationStackSetExecutionRole' role"
        self.goes(stub, "FAILED", (ACCOUNTS[0], "CANCELLED", "Cancelled"), (ACCOUNTS[1], "FAILED", why))

        result = apply_stack_sets(plan_stack_sets([roles], fleet).stack_sets, fleet)

        assert result.failures[0].lines == (f"222222222222 eu-west-1: {why}",)

    def test_an_operation_that_fails_as_a_whole(self, fleet, roles):
        fleet, stub, _ = fleet
        self.exists(stub, roles)
        stub.add_response("list_stack_instances", {"Summaries": []})
        stub.add_response("create_stack_instances", {"OperationId": "1"})
        self.goes(stub, "FAILED", reason="the administration role is gone")

        result = apply_stack_sets(plan_stack_sets([roles], fleet).stack_sets, fleet)

        assert result.failures[0].lines == ("the administration role is gone",)

    def test_a_tolerated_failure_is_reported_and_repaired_by_the_next_run(self, fleet, roles):
        fleet, stub, told = fleet
        self.exists(stub, roles)
        summaries = [
            {"Account": ACCOUNTS[0], "Region": "eu-west-1", "Status": "CURRENT"},
            {"Account": ACCOUNTS[1], "Region": "eu-west-1", "Status": "OUTDATED", "StatusReason": "failed"},
        ]
        stub.add_response("list_stack_instances", {"Summaries": summaries})
        stub.add_response("update_stack_set", {"OperationId": "1"})
        self.goes(stub, "SUCCEEDED", (ACCOUNTS[1], "FAILED", "again"))

        plans = plan_stack_sets([roles], fleet).stack_sets
        result = apply_stack_sets(plans, fleet)

        assert plans[0].update
        assert not result.failures
        assert "222222222222 eu-west-1: again" in [note.text for note in told]

    def test_regions_that_lack_the_same_accounts_are_one_operation(self, fleet, roles):
        fleet, stub, _ = fleet
        self.exists(stub, roles)
        summaries = [{"Account": ACCOUNTS[0], "Region": "eu-west-1", "Status": "CURRENT"}]
        stub.add_response("list_stack_instances", {"Summaries": summaries})
        targets = Targets(("eu-west-1", "us-east-1", "us-west-2"), ACCOUNTS)
        wider = Fleet(fleet.stack_sets, targets, fleet.options, fleet.run, fleet.pace, fleet.tell)

        (plan,) = plan_stack_sets([roles], wider).stack_sets

        assert plan.missing == (Targets(("eu-west-1",), ACCOUNTS[1:]), Targets(("us-east-1", "us-west-2"), ACCOUNTS))


def test_a_parameter_without_a_value_refuses_before_anything_is_created(cfnroles, aws, stacks):
    roles = stacks / "shop-roles.yaml"
    roles.write_text(roles.read_text().replace("Parameters:\n", "Parameters:\n  Stage: {Type: String}\n"))

    answer = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS)

    assert answer.code == 2
    assert "1 parameter has no value:\n  Stage: " in answer.err
    assert aws.list_stack_sets()["Summaries"] == []


@pytest.mark.parametrize("allowed", [(), ("--allow-unchecked-secrets",)])
def test_a_secret_that_nothing_checks_refuses_unless_allowed(cfnroles, aws, stacks, allowed):
    roles = stacks / "shop-roles.yaml"
    secret = "{Name: DB, ValueFrom: shop/db}"
    task = (
        f"  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: web, Image: i,"
        f" Memory: 8, Secrets: [{secret}]}}]}}}}\n"
    )
    roles.write_text(roles.read_text().replace("Resources:\n", f"Resources:\n{task}"))

    answer = cfnroles("stack-sets", "deploy", stacks, "--plan", *TARGETS, *allowed)

    assert answer.code == (0 if allowed else 1)
    assert "Task: container web, secret DB" in (answer.out if allowed else answer.err)
    assert aws.list_stack_sets()["Summaries"] == []


@pytest.fixture
def gated(stacks):
    """The stacks with a gate in the one of the roles, whose secret is in the account and Region of each stack."""
    roles = stacks / "shop-roles.yaml"
    secret = "!Sub 'arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/db'"
    gate = (
        "  SecretsExist:\n    Type: Custom::SecretsExist\n    Properties:\n"
        f"      ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:gate\n      References: [{secret}]\n"
    )
    roles.write_text(roles.read_text().replace("Resources:\n", f"Resources:\n{gate}"))
    return stacks


class TestTheReferencesOfAGate:
    """Those in the caller's own account are asked about, Region by Region; the others are the gates' there."""

    REGIONS = ("--target-region", "eu-west-1", "--target-region", "us-east-1")
    HERE = ("--only", "shop-roles", "--target-account", "123456789012", *REGIONS)

    def test_what_is_missing_in_a_region_refuses(self, cfnroles, aws, gated, moto):
        put_secret(moto, "eu-west-1")

        refused = cfnroles("stack-sets", "deploy", gated, "--yes", *self.HERE)

        assert refused.code == 1
        assert "1. Secret shop/db in us-east-1 does not exist." in refused.err
        assert "in eu-west-1" not in refused.err
        assert aws.list_stack_sets()["Summaries"] == []

    def test_what_is_in_other_accounts_is_told(self, cfnroles, aws, gated, moto):
        put_secret(moto, "eu-west-1", "us-east-1")

        planned = cfnroles("stack-sets", "deploy", gated, "--plan", *self.HERE, "--target-account", ACCOUNTS[0])

        assert planned.code == 0, planned.err
        assert "References: 2 of 4 checked and usable." in planned.out
        assert (
            f"the stack is in {ACCOUNTS[0]}, eu-west-1 (1); the stack is in {ACCOUNTS[0]}, us-east-1 (1)" in planned.out
        )

    def test_a_strict_deployment_refuses_what_it_cannot_see(self, cfnroles, aws, gated, moto):
        put_secret(moto, "eu-west-1", "us-east-1")
        given = (*self.HERE, "--target-account", ACCOUNTS[0])

        refused = cfnroles("stack-sets", "deploy", gated, "--yes", "--strict", *given)

        assert refused.code == 1
        assert "2 of 4 references could not be checked (--strict):" in refused.err
        assert aws.list_stack_sets()["Summaries"] == []

    def test_of_accounts_that_only_organizations_knows_none_is_asked_about(self, cfnroles, aws, gated):
        units = ("--only", "shop-roles", "--target-ou", "ou-abcd-12345678", "--target-region", "eu-west-1")

        planned = cfnroles("stack-sets", "deploy", gated, "--plan", *units)

        assert planned.code == 0, planned.err
        assert "! 1 of 1 reference not checked before the deployment: the stack is in accounts that only" in planned.out


def put_secret(moto, *regions):
    for region in regions:
        client = Connection("", region, moto, (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")))
        client.client("secretsmanager").create_secret(Name="shop/db", SecretString="x")


def test_the_plan_tells_who_administers(cfnroles, aws, stacks):
    planned = cfnroles("stack-sets", "deploy", stacks, "--plan", *TARGETS)

    head = planned.out.splitlines()[0]
    assert head.startswith("Account 123456789012, Region us-east-1, as arn:aws:")
    assert head.endswith(", which administers the stack sets")
    assert (
        "shop-task is not a stack set: it imports from its own account and Region, and its secrets are" in planned.err
    )


def test_everything_that_stands_against_stack_sets_is_told_at_once(cfnroles, aws, stacks):
    given = ("--stack-prefix", "a_", "--tag", "aws:x=1", "--parameter", "Nobody=1")

    refused = cfnroles("stack-sets", "deploy", stacks, "--yes", *TARGETS, *given)

    assert refused.code == 2
    for words in ("no template declares the parameter Nobody", "these tags", "a_shop-roles: is not a valid stack name"):
        assert words in refused.err
    assert aws.list_stack_sets()["Summaries"] == []
