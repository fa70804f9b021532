"""Each call to CloudFormation: what is sent, what is made of the answer, and what errors become."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.exceptions
import botocore.parsers
import pytest
from botocore.stub import Stubber

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.connection import Connection, is_loopback
from cfnroles.aws.refusals import Refused, Throttled, answering
from cfnroles.aws.stack import ChangeSet, ChangeSetRequest, Event, Export, ResourceChange, StackDescription
from cfnroles.errors import InvalidInput, Unavailable

CREDENTIALS = (("AWS_ACCESS_KEY_ID", "123456789012"), ("AWS_SECRET_ACCESS_KEY", "x"))
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-roles/6a7b"
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/cfnroles-1/8c9d"
THEN = datetime(2026, 1, 31, tzinfo=UTC)
MADE = ChangeSet(CHANGE_SET, "cfnroles-1", "shop-roles", STACK, "CREATE_PENDING")


@pytest.fixture
def cloudformation():
    return CloudFormation(Connection(region="eu-west-1", environment=CREDENTIALS))


@pytest.fixture
def stub(cloudformation):
    with Stubber(cloudformation._client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


class TestStacks:
    def test_a_stack(self, cloudformation, stub):
        told = {
            "StackId": STACK,
            "StackName": "shop-roles",
            "StackStatus": "UPDATE_COMPLETE",
            "StackStatusReason": "so",
            "CreationTime": THEN,
            "Parameters": [{"ParameterKey": "B", "ParameterValue": "2"}, {"ParameterKey": "A", "ParameterValue": "1"}],
            "Outputs": [{"OutputKey": "Arn", "OutputValue": "arn"}],
            "Tags": [{"Key": "team", "Value": "shop"}, {"Key": "aws:cloudformation:x", "Value": "y"}],
            "EnableTerminationProtection": True,
        }
        stub.add_response("describe_stacks", {"Stacks": [told]}, {"StackName": "shop-roles"})

        assert cloudformation.stack("shop-roles") == StackDescription(
            STACK,
            "shop-roles",
            "UPDATE_COMPLETE",
            "so",
            (("A", "1"), ("B", "2")),
            (("Arn", "arn"),),
            (("team", "shop"),),
            True,
            THEN,
        )

    def test_a_stack_that_does_not_exist(self, cloudformation, stub):
        stub.add_client_error("describe_stacks", "ValidationError", "Stack with id shop-roles does not exist")

        assert cloudformation.stack("shop-roles") is None

    def test_another_validation_error_is_an_error(self, cloudformation, stub):
        stub.add_client_error("describe_stacks", "ValidationError", "1 validation error detected")

        with pytest.raises(Refused, match="1 validation error detected"):
            cloudformation.stack("shop roles")

    @pytest.mark.parametrize(("sent", "text"), [("Resources: {}", "Resources: {}"), ('{"Resources": {}}',) * 2])
    def test_a_template(self, cloudformation, stub, sent, text):
        asked = {"StackName": "shop-roles", "TemplateStage": "Original"}
        stub.add_response("get_template", {"TemplateBody": sent}, asked)

        assert cloudformation.template("shop-roles") == text

    def test_exports_of_all_pages(self, cloudformation, stub):
        one = {"Name": "a", "Value": "1", "ExportingStackId": STACK}
        stub.add_response("list_exports", {"Exports": [one], "NextToken": "more"}, {})
        stub.add_response("list_exports", {"Exports": [{**one, "Name": "b"}]}, {"NextToken": "more"})

        assert cloudformation.exports() == (Export("a", "1", STACK), Export("b", "1", STACK))
        assert Export("a", "1", STACK).stack == "shop-roles"

    def test_importers(self, cloudformation, stub):
        stub.add_response("list_imports", {"Imports": ["shop-task"]}, {"ExportName": "a"})

        assert cloudformation.importers("a") == ("shop-task",)

    def test_no_importers_are_no_error(self, cloudformation, stub):
        stub.add_client_error("list_imports", "ValidationError", "Export 'a' is not imported by any stack.")

        assert cloudformation.importers("a") == ()


class TestChangeSets:
    def test_everything_a_request_can_say(self, cloudformation, stub):
        stub.add_response(
            "create_change_set",
            {"Id": CHANGE_SET, "StackId": STACK},
            {
                "StackName": "shop-roles",
                "ChangeSetName": "cfnroles-1",
                "ChangeSetType": "UPDATE",
                "ClientToken": "cfnroles-1",
                "TemplateBody": "Resources: {}",
                "Parameters": [
                    {"ParameterKey": "A", "ParameterValue": "1"},
                    {"ParameterKey": "B", "UsePreviousValue": True},
                ],
                "Capabilities": ["CAPABILITY_IAM"],
                "Tags": [{"Key": "team", "Value": "shop"}],
                "RoleARN": "arn:aws:iam::123456789012:role/deployer",
                "Description": "Made by a test",
            },
        )
        request = ChangeSetRequest(
            stack="shop-roles",
            name="cfnroles-1",
            type="UPDATE",
            token="cfnroles-1",
            template="Resources: {}",
            parameters=(("A", "1"),),
            previous=("B",),
            capabilities=("CAPABILITY_IAM",),
            tags=(("team", "shop"),),
            role_arn="arn:aws:iam::123456789012:role/deployer",
            description="Made by a test",
        )

        assert cloudformation.create_change_set(request) == MADE

    def test_a_template_in_a_bucket(self, cloudformation, stub):
        stub.add_response(
            "create_change_set",
            {"Id": CHANGE_SET, "StackId": STACK},
            {
                "StackName": "shop-roles",
                "ChangeSetName": "cfnroles-1",
                "ChangeSetType": "CREATE",
                "ClientToken": "cfnroles-1",
                "TemplateURL": "https://s3.eu-west-1.amazonaws.com/b/k",
                "Parameters": [],
                "Capabilities": [],
                "Tags": [],
            },
        )

        request = ChangeSetRequest(
            "shop-roles", "cfnroles-1", "CREATE", "cfnroles-1", template_url="https://s3.eu-west-1.amazonaws.com/b/k"
        )

        assert cloudformation.create_change_set(request) == MADE

    def test_what_a_change_set_changes_on_all_pages(self, cloudformation, stub):
        page = {
            "ChangeSetId": CHANGE_SET,
            "ChangeSetName": "cfnroles-1",
            "StackId": STACK,
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": "AVAILABLE",
        }
        modify = {
            "Action": "Modify",
            "LogicalResourceId": "Role",
            "ResourceType": "AWS::IAM::Role",
            "Replacement": "True",
            "Details": [
                {"Target": {"Attribute": "Properties", "Name": "Path"}},
                {"Target": {"Attribute": "Properties", "Name": "Path"}},
                {"Target": {"Attribute": "Tags"}},
            ],
        }
        add = {"Action": "Add", "LogicalResourceId": "Log", "ResourceType": "AWS::Logs::LogGroup"}
        asked = {"ChangeSetName": CHANGE_SET, "StackName": STACK}
        stub.add_response(
            "describe_change_set",
            {**page, "Changes": [{"Type": "Resource", "ResourceChange": modify}], "NextToken": "more"},
            asked,
        )
        stub.add_response(
            "describe_change_set",
            {**page, "Changes": [{"Type": "Resource", "ResourceChange": add}]},
            {**asked, "NextToken": "more"},
        )

        found = cloudformation.change_set(MADE)

        assert (found.status, found.execution) == ("CREATE_COMPLETE", "AVAILABLE")
        assert found.changes == (
            ResourceChange("Modify", "Role", "AWS::IAM::Role", "True", ("Path", "Tags")),
            ResourceChange("Add", "Log", "AWS::Logs::LogGroup"),
        )

    def test_the_ones_that_wait_on_a_stack(self, cloudformation, stub):
        told = {
            "ChangeSetId": CHANGE_SET,
            "ChangeSetName": "cfnroles-1",
            "StackName": "shop-roles",
            "StackId": STACK,
            "Status": "CREATE_COMPLETE",
            "ExecutionStatus": "AVAILABLE",
        }
        stub.add_response("list_change_sets", {"Summaries": [told]}, {"StackName": STACK})

        (found,) = cloudformation.change_sets(STACK)
        assert (found.name, found.execution) == ("cfnroles-1", "AVAILABLE")

    @pytest.mark.parametrize(
        ("options", "sent"),
        [
            pytest.param({}, {"DisableRollback": False}, id="an update rolls back, explicitly"),
            pytest.param(
                {"creating": True},
                {"DisableRollback": False, "RetainExceptOnCreate": True},
                id="a creation rolls back everything",
            ),
            pytest.param({"disable_rollback": True}, {"DisableRollback": True}, id="no rollback"),
            pytest.param(
                {"disable_rollback": True, "creating": True}, {"DisableRollback": True}, id="no rollback of a creation"
            ),
        ],
    )
    def test_execution(self, cloudformation, stub, options, sent):
        asked = {"ChangeSetName": CHANGE_SET, "StackName": STACK, "ClientRequestToken": "cfnroles-1"}
        stub.add_response("execute_change_set", {}, {**asked, **sent})

        cloudformation.execute_change_set(MADE, token="cfnroles-1", **options)

    def test_deletion(self, cloudformation, stub):
        stub.add_response("delete_change_set", {}, {"ChangeSetName": CHANGE_SET, "StackName": STACK})

        cloudformation.delete_change_set(MADE)


@pytest.mark.parametrize(
    ("call", "method"),
    [
        ("delete_stack", "delete_stack"),
        ("rollback_stack", "roll_back_stack"),
        ("continue_update_rollback", "continue_update_rollback"),
    ],
)
@pytest.mark.parametrize("role_arn", ["", "arn:aws:iam::123456789012:role/deployer"])
def test_operations_on_a_stack(cloudformation, stub, call, method, role_arn):
    asked = {"StackName": STACK, "ClientRequestToken": "cfnroles-1"} | ({"RoleARN": role_arn} if role_arn else {})
    stub.add_response(call, {}, asked)

    getattr(cloudformation, method)(STACK, token="cfnroles-1", role_arn=role_arn)


def test_termination_protection(cloudformation, stub):
    asked = {"StackName": "shop-roles", "EnableTerminationProtection": True}
    stub.add_response("update_termination_protection", {}, asked)

    cloudformation.set_termination_protection("shop-roles", on=True)


TOLD = {
    "StackId": STACK,
    "StackName": "shop-roles",
    "EventId": "1",
    "LogicalResourceId": "Role",
    "PhysicalResourceId": "shop-role",
    "ResourceType": "AWS::IAM::Role",
    "Timestamp": THEN,
    "ResourceStatus": "CREATE_FAILED",
    "ResourceStatusReason": "no",
    "ClientRequestToken": "cfnroles-1",
}


class TestEvents:
    def test_pages_are_read_only_when_they_are_needed(self, cloudformation, stub):
        stub.add_response("describe_stack_events", {"StackEvents": [TOLD], "NextToken": "more"})

        first = next(cloudformation.events(STACK))

        assert first == Event(
            "1",
            "shop-roles",
            STACK,
            "Role",
            "AWS::IAM::Role",
            "CREATE_FAILED",
            "no",
            THEN,
            "cfnroles-1",
            "shop-role",
        )

    def test_what_a_hook_says_on_a_resource(self, cloudformation, stub):
        hook = {
            "HookType": "Org::Guard::Roles",
            "HookStatus": "HOOK_COMPLETE_FAILED",
            "HookStatusReason": "needs a boundary",
        }
        stub.add_response("describe_stack_events", {"StackEvents": [{**TOLD, **hook}]})

        (event,) = cloudformation.events(STACK)
        assert (event.hook, event.hook_status, event.reason) == (
            "Org::Guard::Roles",
            "HOOK_COMPLETE_FAILED",
            "needs a boundary",
        )

    def test_a_signed_address_in_a_reason_is_cut_off(self, cloudformation, stub):
        reason = "GET https://b.s3.amazonaws.com/a?X-Amz-Signature=0123abc failed: 403, see https://example.com/?page=2"
        stub.add_response("describe_stack_events", {"StackEvents": [{**TOLD, "ResourceStatusReason": reason}]})

        (event,) = cloudformation.events(STACK)
        assert event.reason == "GET https://b.s3.amazonaws.com/a?(signed) failed: 403, see https://example.com/?page=2"

    def test_what_a_validation_says(self, cloudformation, stub):
        told = {
            "EventId": "1",
            "StackId": STACK,
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": "Role",
            "ResourceType": "AWS::IAM::Role",
            "Timestamp": THEN,
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationStatus": "FAILED",
            "ValidationStatusReason": "too long",
            "ValidationPath": "/Resources/Role/Properties/Path",
        }
        asked = {"StackName": STACK, "ChangeSetName": CHANGE_SET, "Filters": {"FailedEvents": True}}
        stub.add_response("describe_events", {"OperationEvents": [told]}, asked)

        (event,) = cloudformation.failed_events(stack=STACK, change_set=CHANGE_SET)
        assert (event.stack, event.resource, event.reason) == ("shop-roles", "Role", "too long")
        assert (event.validation, event.path) == ("PROPERTY_VALIDATION", "/Resources/Role/Properties/Path")


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "kind", "words"),
        [
            ("ExpiredToken", Unavailable, "Renew them and run again. CloudFormation continues"),
            ("ExpiredTokenException", Unavailable, "the AWS credentials expired"),
            ("InvalidClientTokenId", Unavailable, "aws sts get-caller-identity"),
            ("SignatureDoesNotMatch", Unavailable, "does not accept the credentials"),
            ("AccessDenied", Unavailable, "not allowed to call cloudformation:DeleteStack"),
            ("AccessDeniedException", Unavailable, "not allowed to call cloudformation:DeleteStack"),
            ("Throttling", Throttled, "throttled cloudformation:DeleteStack after all retries"),
            ("ThrottlingException", Throttled, "throttled"),
            ("InvalidChangeSetStatus", Refused, "AWS refused cloudformation:DeleteStack: why not"),
        ],
    )
    def test_what_aws_answers(self, cloudformation, stub, code, kind, words):
        stub.add_client_error("delete_stack", code, "why not")

        with pytest.raises(kind) as raised:
            cloudformation.delete_stack(STACK, token="t")

        assert words in str(raised.value)

    def test_a_refused_question_has_an_unknown_answer(self, cloudformation, stub):
        stub.add_client_error("list_stack_resources", "ValidationError", "Stack [nope] does not exist")
        with pytest.raises(Refused, match="Check the names, --region and --profile") as refused:
            cloudformation.resources("nope")
        assert refused.value.exit_code == Unavailable.exit_code

        stub.add_client_error("delete_stack", "ValidationError", "why not")
        with pytest.raises(Refused) as refused:
            cloudformation.delete_stack(STACK, token="t")
        assert refused.value.exit_code == 1

    def test_aws_is_broken(self, cloudformation, stub):
        stub.add_client_error("delete_stack", "NotYet", "why not", http_status_code=418)
        with pytest.raises(Refused):
            cloudformation.delete_stack(STACK, token="t")

        stub.add_client_error("delete_stack", "Oops", "why not", http_status_code=599)
        with pytest.raises(Unavailable, match="AWS failed to answer"):
            cloudformation.delete_stack(STACK, token="t")

    @pytest.mark.parametrize(
        ("error", "kind", "words"),
        [
            (botocore.exceptions.ProfileNotFound(profile="nobody"), InvalidInput, "nobody"),
            (botocore.exceptions.ConfigParseError(path="config"), InvalidInput, "Unable to parse config file: config"),
            (botocore.exceptions.NoRegionError(), InvalidInput, "Pass --region, or set AWS_REGION"),
            (botocore.exceptions.NoCredentialsError(), Unavailable, "no AWS credentials found"),
            (botocore.exceptions.ParamValidationError(report="name too long"), InvalidInput, "name too long"),
            (
                botocore.exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
                Unavailable,
                "cannot reach AWS for cloudformation:DescribeStacks",
            ),
            (botocore.parsers.ResponseParserError("<html>"), Unavailable, "check AWS_ENDPOINT_URL and HTTPS_PROXY"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    def test_what_never_reaches_aws(self, error, kind, words):
        with pytest.raises(kind) as raised, answering("cloudformation:DescribeStacks"):
            raise error

        assert words in str(raised.value)


class TestConnection:
    @pytest.mark.parametrize(
        ("url", "local"),
        [
            ("http://127.0.0.1:4566", True),
            ("http://localhost:4566", True),
            ("http://cfn.localhost:4566", True),
            ("http://[::1]:4566", True),
            ("https://cloudformation.eu-west-1.amazonaws.com", False),
            ("http://10.0.0.1:4566", False),
            ("", False),
        ],
    )
    def test_what_is_on_this_machine(self, url, local):
        assert is_loopback(url) is local

    @pytest.mark.parametrize(
        ("option", "variables", "region"),
        [
            ("us-west-2", {"AWS_REGION": "eu-west-1"}, "us-west-2"),
            ("", {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-west-1"),
            ("", {"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ],
    )
    def test_the_region(self, monkeypatch, option, variables, region):
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        assert CloudFormation(Connection(region=option, environment=CREDENTIALS)).region == region

    def test_the_endpoint_of_a_variable(self, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

        found = CloudFormation(Connection(region="us-east-1", environment=CREDENTIALS))

        assert found.endpoint_url == "http://127.0.0.1:9"
        assert found.is_local

    @pytest.mark.parametrize(
        "url",
        ["nonsense", "127.0.0.1:4566", "ftp://127.0.0.1", "http://", "http://[::1", "http://a b", "http://a:99999"],
    )
    def test_an_endpoint_that_is_none(self, monkeypatch, url):
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        for option, variable in ((url, ""), ("", url)):
            monkeypatch.setenv("AWS_ENDPOINT_URL", variable)

            with pytest.raises(InvalidInput, match="is not the URL of an endpoint"):
                Connection("", "us-east-1", option, CREDENTIALS).client("cloudformation")

    @pytest.mark.parametrize("url", ["http://localhost:4566", "http://[::1]:4566", "https://vpce-1.example.com/path"])
    def test_an_endpoint(self, url):
        assert Connection("", "us-east-1", url, CREDENTIALS).client("cloudformation").meta.endpoint_url == url

    def test_a_profile_that_does_not_exist(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

        with pytest.raises(InvalidInput, match="nobody"):
            Connection(profile="nobody", region="us-east-1").client("cloudformation")
