"""The whole way on a real CloudFormation API: deployed, refused by the gate, changed, deleted."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from tests.clock import slowdown


@pytest.fixture
def secrets_exist(aws):
    client = aws("secretsmanager")
    for name in ("shop/db", "shop/api"):
        client.create_secret(Name=name, SecretString="x")


def status(aws, stack):
    found = aws("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return found[0]["StackStatus"]


def edited(stacks, name, old, new):
    path = stacks / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_gate_refuses_a_missing_secret_and_the_same_command_succeeds_once_it_exists(cfnroles, aws, stacks):
    refused = cfnroles("deploy", stacks, "--yes", "--no-check")

    assert refused.code == 1
    lines = refused.err.partition("\nerror: ")[2].splitlines()
    assert lines[:3] == [
        "2 references to secrets cannot be used:",
        "1. Secret shop/db does not exist. Needed by containerDefinitions[0].secrets[0] (DB_PASSWORD).",
        "2. Secret shop/api does not exist. Needed by containerDefinitions[0].secrets[1] (API_KEY).",
    ]
    assert "Still deployed: shop-secret-validator, shop-roles." in refused.err
    assert status(aws, "shop-roles") == "CREATE_COMPLETE"
    assert aws("ecs").list_task_definitions()["taskDefinitionArns"] == []

    for name in ("shop/db", "shop/api"):
        aws("secretsmanager").create_secret(Name=name, SecretString="x")
    deployed = cfnroles("deploy", stacks, "--yes")

    assert deployed.code == 0, deployed.err
    assert "cfnroles deletes it, then creates it" in deployed.err
    assert "shop-task              created, 2 references checked" in deployed.err
    exports = {item["Name"]: item["Value"] for item in aws("cloudformation").list_exports()["Exports"]}
    definition = aws("ecs").describe_task_definition(taskDefinition="shop")["taskDefinition"]
    assert definition["executionRoleArn"] == exports["shop-ECSTaskExecutionRoleArn"]
    assert definition["taskRoleArn"] == exports["shop-ECSTaskRoleArn"]


@pytest.mark.usefixtures("secrets_exist")
def test_the_second_run_changes_nothing_and_takes_less_than_3_seconds(cfnroles, aws, stacks):
    assert cfnroles("deploy", stacks, "--yes").code == 0
    before = {name: aws("cloudformation").get_template(StackName=name) for name in ("shop-roles", "shop-task")}

    limit, started = 3 * slowdown(), time.monotonic()
    again = subprocess.run(
        [sys.executable, "-m", "cfnroles", "deploy", str(stacks), "--yes"], capture_output=True, text=True
    )
    took = time.monotonic() - started

    assert again.returncode == 0, again.stderr
    assert "No permission changes and no resource changes; 2 secrets to check again." in again.stderr
    assert status(aws, "shop-roles") == "CREATE_COMPLETE"
    assert aws("ecs").list_task_definitions()["taskDefinitionArns"][0].endswith(":1")
    assert before["shop-roles"]["TemplateBody"]
    assert took < limit


@pytest.mark.usefixtures("secrets_exist")
def test_a_secret_that_is_gone_refuses_the_next_deployment_though_nothing_else_changed(cfnroles, aws, stacks):
    assert cfnroles("deploy", stacks, "--yes").code == 0
    aws("secretsmanager").delete_secret(SecretId="shop/api", ForceDeleteWithoutRecovery=True)

    refused = cfnroles("deploy", stacks, "--yes", "--no-check")

    assert refused.code == 1
    assert "1. Secret shop/api does not exist." in refused.err
    assert "is deployed as before its last update, which failed" in refused.err


@pytest.mark.usefixtures("secrets_exist")
def test_widening_and_narrowing_are_shown_with_their_origin(cfnroles, account, stacks):
    assert cfnroles("deploy", stacks, "--yes").code == 0
    edited(stacks, "shop-roles.yaml", "secret:shop/db-??????", "secret:shop/*")

    wider = cfnroles("deploy", stacks, "--plan")

    assert wider.code == 0
    assert (
        "  + ExecutionRole may [ReadSecrets]  WIDER\n"
        "      secretsmanager:GetSecretValue\n"
        f"        on arn:aws:secretsmanager:us-east-1:{account.account}:secret:shop/*\n"
        "      because containerDefinitions[0].secrets[0].valueFrom\n"
    ) in wider.out
    assert (
        "  - ExecutionRole may [ReadSecrets]\n"
        "      secretsmanager:GetSecretValue\n"
        f"        on arn:aws:secretsmanager:us-east-1:{account.account}:secret:shop/db-??????\n"
    ) in wider.out
    assert "Permissions: 1 added (1 widening), 1 removed. Resource changes: 1" in wider.out


@pytest.mark.usefixtures("secrets_exist")
def test_a_parameter_that_switches_a_statement_on_is_a_permission_change_and_is_kept_later(cfnroles, aws, stacks):
    key = "arn:aws:kms:us-east-1:123456789012:key/0d6d8c1e"
    assert cfnroles("deploy", stacks, "--yes").code == 0

    wider = cfnroles("deploy", stacks, "--yes", "--parameter", f"KmsKeyArns={key}")

    assert wider.code == 0, wider.err
    assert f"  + ExecutionRole may [DecryptSecrets]  WIDER\n      kms:Decrypt\n        on {key}\n" in wider.err
    assert f"  parameter KmsKeyArns: '' -> '{key}'" in wider.err

    again = cfnroles("deploy", stacks, "--yes")

    assert "No permission changes" in again.err
    parameters = aws("cloudformation").describe_stacks(StackName="shop-roles")["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "KmsKeyArns", "ParameterValue": key} in parameters


class TestPlan:
    @pytest.mark.parametrize("form", ["human", "json", "markdown"])
    def test_leaves_nothing_behind(self, cfnroles, aws, stacks, form):
        answer = cfnroles("deploy", stacks, "--plan", "--no-check", "--format", form)

        assert answer.code == 0
        assert "ExecutionRole" in answer.out
        assert aws("cloudformation").describe_stacks()["Stacks"] == []

    @pytest.mark.usefixtures("secrets_exist")
    def test_leaves_deployed_stacks_as_they_are(self, cfnroles, aws, stacks):
        assert cfnroles("deploy", stacks, "--yes").code == 0
        edited(stacks, "shop-roles.yaml", "secret:shop/db-??????", "secret:shop/*")

        answer = cfnroles("deploy", stacks, "--plan", "--format", "json")

        document = json.loads(answer.out)
        roles = next(stack for stack in document["stacks"] if stack["name"] == "shop-roles")
        assert document["schema"] == 1
        assert roles["action"] == "update"
        assert [change["change"] for change in roles["permissions"]] == ["added", "removed"]
        assert [change["widening"] for change in roles["permissions"]] == [True, False]
        assert status(aws, "shop-roles") == "CREATE_COMPLETE"
        change_sets = aws("cloudformation").list_change_sets(StackName="shop-roles")["Summaries"]
        assert [one["ExecutionStatus"] for one in change_sets] == ["EXECUTE_COMPLETE"]


class TestOptions:
    def test_tags_and_termination_protection(self, cfnroles, aws, stacks):
        answer = cfnroles(
            "deploy", stacks, "--yes", "--only", "shop-roles", "--tag", "team=shop", "--termination-protection"
        )

        assert answer.code == 0, answer.err
        stack = aws("cloudformation").describe_stacks(StackName="shop-roles")["Stacks"][0]
        assert stack["EnableTerminationProtection"] is True
        assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"team": "shop", "cfnroles:project": "shop"}

        refused = cfnroles("delete", stacks, "--yes")

        assert refused.code == 1
        assert "termination protection is on for shop-roles" in refused.err

    def test_a_prefix_and_a_project_make_a_second_copy(self, cfnroles, aws, stacks, secrets_exist):
        assert cfnroles("deploy", stacks, "--yes").code == 0

        second = cfnroles("deploy", stacks, "--yes", "--stack-prefix", "dev-", "--parameter", "ProjectName=dev-shop")

        assert second.code == 0, second.err
        names = {stack["StackName"] for stack in aws("cloudformation").describe_stacks()["Stacks"]}
        assert {"shop-roles", "dev-shop-roles", "dev-shop-task"} <= names

    def test_a_prefix_alone_would_take_exports_that_exist(self, cfnroles, stacks, secrets_exist):
        assert cfnroles("deploy", stacks, "--yes").code == 0

        second = cfnroles("deploy", stacks, "--yes", "--stack-prefix", "dev-")

        assert second.code == 1
        assert "the stack shop-roles already has the export shop-ECSTaskRoleArn" in second.err

    @pytest.mark.parametrize(
        "text",
        [
            '{"KmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/1"}',
            '{"Parameters": {"KmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/1"}}',
            '[{"ParameterKey": "KmsKeyArns", "ParameterValue": "arn:aws:kms:us-east-1:123456789012:key/1"}]',
            "KmsKeyArns:\n  - arn:aws:kms:us-east-1:123456789012:key/1\n",
        ],
        ids=["map", "CodePipeline", "AWS CLI", "YAML list"],
    )
    def test_a_parameters_file(self, cfnroles, stacks, tmp_path, account, text):
        path = tmp_path / "production.json"
        path.write_text(text)

        answer = cfnroles("deploy", stacks, "--plan", "--only", "shop-roles", "--parameter-file", path)

        assert answer.code == 0
        assert "kms:Decrypt" in answer.out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--parameter", "Nobody=1"), "no template declares the parameter Nobody"),
            (("--parameter", "Nobody"), "--parameter Nobody has no value"),
            (("--only", "nobody", "--only", "nothing"), "the stack nobody or nothing does not exist"),
            (("--format", "json"), "--format requires --plan"),
        ],
    )
    def test_a_wrong_command_line_is_refused(self, cfnroles, stacks, account, arguments, words):
        answer = cfnroles("deploy", stacks, "--yes", *arguments)

        assert answer.code == 2
        assert words in answer.err

    def test_a_template_that_is_too_long_for_a_request_goes_through_a_bucket(self, cfnroles, aws, stacks):
        aws("s3").create_bucket(Bucket="shop.templates")
        roles = stacks / "shop-roles.yaml"
        roles.write_text(roles.read_text() + "#" * 52_000 + "\n")

        answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles", "--bucket", "shop.templates")

        assert answer.code == 0, answer.err
        assert status(aws, "shop-roles") == "CREATE_COMPLETE"
        (kept,) = aws("s3").list_objects_v2(Bucket="shop.templates")["Contents"]
        assert kept["Size"] > 52_000

    def test_no_rollback_leaves_the_failed_stack_to_look_at(self, cfnroles, aws, stacks):
        answer = cfnroles("deploy", stacks, "--yes", "--no-check", "--no-rollback")

        assert answer.code == 1
        assert status(aws, "shop-task") == "CREATE_FAILED"


@pytest.mark.usefixtures("secrets_exist")
class TestAfterwards:
    def test_status_outputs_delete(self, cfnroles, aws, stacks):
        assert cfnroles("status", stacks).code == 1
        assert cfnroles("deploy", stacks, "--yes").code == 0

        told = cfnroles("status", stacks, "--follow")
        assert told.code == 0
        assert "shop-task              CREATE_COMPLETE: is deployed" in told.out
        statuses = json.loads(cfnroles("status", stacks, "--format", "json").out)["stacks"]
        assert [one["status"] for one in statuses] == ["CREATE_COMPLETE"] * 3

        outputs = json.loads(cfnroles("outputs", stacks, "--format", "json").out)["stacks"]
        arn = outputs["shop-task"]["TaskDefinitionArn"]
        assert f"shop-task.TaskDefinitionArn = {arn}" in cfnroles("outputs", stacks).out
        assert f"SHOP_TASK_TASK_DEFINITION_ARN={arn}" in cfnroles("outputs", stacks, "--format", "env").out

        assert cfnroles("delete", stacks, "--yes").code == 0
        assert aws("cloudformation").describe_stacks()["Stacks"] == []
        assert cfnroles("delete", stacks, "--yes").code == 0

    def test_delete_refuses_while_another_stack_imports(self, cfnroles, aws, stacks):
        assert cfnroles("deploy", stacks, "--yes").code == 0

        refused = cfnroles("delete", stacks, "--yes", "--only", "shop-roles")

        assert refused.code == 1
        assert "is in use by shop-task" in refused.err
        assert status(aws, "shop-roles") == "CREATE_COMPLETE"

    def test_outputs_of_what_is_not_deployed(self, cfnroles, stacks):
        answer = cfnroles("outputs", stacks)

        assert answer.code == 1
        assert "not deployed: shop-secret-validator, shop-roles, shop-task" in answer.err


def test_an_operation_of_another_user_is_waited_for(cfnroles, aws, stacks):
    body = {
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": {
                "Type": "AWS::CloudFormation::WaitCondition",
                "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1", "Count": 0},
            },
        }
    }
    aws("cloudformation").create_stack(
        StackName="shop-roles",
        TemplateBody=json.dumps(body),
        ClientRequestToken="Console-CreateStack-1",
        Tags=[{"Key": "cfnroles:project", "Value": "shop"}],
    )

    answer = cfnroles("deploy", stacks, "--yes", "--only", "shop-roles")

    assert answer.code == 0, answer.err
    assert status(aws, "shop-roles") in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


class TestSources:
    def test_a_task_definition_is_built_and_deployed_at_once(self, cfnroles, aws, examples, account):
        answer = cfnroles("deploy", examples / "shop.json", "--plan", "--no-check", "--project", "other")

        assert answer.code == 0, answer.err
        assert "other-roles" in answer.out
        assert "because containerDefinitions[0]" in answer.out

    def test_a_service_spec(self, cfnroles, aws, examples, account):
        spec = examples / "shop-project" / "cfnroles.yaml"

        refused = cfnroles("deploy", spec, "--plan")

        assert refused.code == 1
        assert "this stack imports shop-data-OrdersTableArn, which no stack exports" in refused.err
        output = {"Value": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"}
        body = {
            "Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
            "Outputs": {"Arn": {**output, "Export": {"Name": "shop-data-OrdersTableArn"}}},
        }
        cloudformation = aws("cloudformation")
        cloudformation.create_stack(StackName="shop-data", TemplateBody=json.dumps(body))
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="shop-data", WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
        )

        planned = cfnroles("deploy", spec, "--plan", "--no-check", "--format", "json")

        assert planned.code == 0, planned.err
        assert len(json.loads(planned.out)["stacks"]) > 3

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("deploy", "nowhere", "--yes"), "nowhere: does not exist"),
            (("deploy", "nowhere"), "nowhere: does not exist"),
            (("delete", "nowhere"), "nowhere: does not exist"),
            (("stack-sets", "delete", "nowhere"), "nowhere: does not exist"),
            (("status", "nowhere"), "Write it first: cfnroles build SOURCE -o nowhere"),
            (("status", "no where"), "Write it first: cfnroles build SOURCE -o 'no where'"),
            (("deploy", "shoop.json", "--plan"), "Check the path"),
            (("deploy", "nowhere", "--timeout", "nan"), "'nan' is not a number of minutes"),
            (("delete", "nowhere", "--timeout", "nan"), "'nan' is not a number of minutes"),
            (("status", "nowhere", "--timeout", "nan"), "'nan' is not a number of minutes"),
        ],
    )
    def test_none(self, cfnroles, account, arguments, words):
        answer = cfnroles(*arguments)

        assert answer.code == 2
        assert words in answer.err

    def test_options_that_are_for_what_is_not_built(self, cfnroles, account, stacks):
        answer = cfnroles("outputs", stacks, "--environment", "production")

        assert answer.code == 2
        assert "require a SOURCE that is not a build directory" in answer.err
