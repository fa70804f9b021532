"""The hook's function, asked as CloudFormation asks: with the requests of AWS's page about Lambda hooks.

What it asks of AWS is answered by an emulator.
https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

import boto3
import botocore.client
import botocore.exceptions
import pytest
from cfnroles.lambda_code import secret_gate

from cfnroles.aws import secret_keys
from cfnroles.emulator import Emulator, environment_for
from cfnroles.hosted import hook
from cfnroles.hosted.hook import MESSAGE, SHORT_MESSAGE, handler
from cfnroles.targets.cloudformation.hosted_stack import macro_and_hook
from tests.deployed_roles import listed

ACCOUNT, REGION = "123456789012", "us-east-1"
TOKEN = "f8da6d11-b23f-48f4-814c-0fb6a667f50e"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/1a2345b6-0000-00a0-a123-00abc0abc000"
SIGNED = "https://cfn-hooks.s3.us-east-1.amazonaws.com/p?X-Amz-Signature=abcdef0123456789"
VALUE = "hunter2-not-to-be-shown"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
PROPERTIES: dict[str, Any] = {
    "Family": "web",
    "RequiresCompatibilities": ["FARGATE"],
    "NetworkMode": "awsvpc",
    "Cpu": "256",
    "Memory": "512",
    "ExecutionRoleArn": ROLE,
    "ContainerDefinitions": [
        {
            "Name": "web",
            "Image": "public.ecr.aws/nginx/nginx:stable",
            "Environment": [{"Name": "PLAIN", "Value": VALUE}],
            "Secrets": [{"Name": "A", "ValueFrom": "/shop/a"}],
        }
    ],
}


def client(service: str) -> Any:
    return boto3.client(service)


@pytest.fixture
def aws(empty_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Clients for an empty account, which is the function's own."""
    for name, value in environment_for(empty_emulator, os.environ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("ACCEPT_GAPS", "disabled")
    # The default session keeps the credentials of the test that made it.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    # What is missing is asked for again at once.
    monkeypatch.setattr(secret_gate, "PAUSES", ())
    return client


def make_role(aws: Callable[[str], Any], *statements: dict[str, Any], trust: Any = TRUST) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="shop", AssumeRolePolicyDocument=json.dumps(trust))
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName="shop", PolicyName="own", PolicyDocument=json.dumps(document))


def allow(action: str, resource: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


READ_A = allow("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/a")


def request(properties: Any, **members: Any) -> dict[str, Any]:
    """The request about a resource of AWS's page, with these members."""
    return {
        "clientRequestToken": TOKEN,
        "awsAccountId": ACCOUNT,
        "stackId": STACK,
        "changeSetId": None,
        "hookTypeName": "CfnRoles::Ecs::TaskDefinitions",
        "hookTypeVersion": "00000008",
        "hookModel": {"LambdaFunction": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hook"},
        "actionInvocationPoint": "CREATE_PRE_PROVISION",
        "requestData": {
            "targetName": "AWS::ECS::TaskDefinition",
            "targetType": "AWS::ECS::TaskDefinition",
            "targetLogicalId": "Web",
            "targetModel": {"resourceProperties": properties, "previousResourceProperties": {}},
        },
        "requestContext": {"invocation": 3, "callbackContext": None},
        **members,
    }


def about_template(kind: str) -> dict[str, Any]:
    """The request about a whole template of AWS's page."""
    data = {"targetName": kind, "targetType": kind, "targetLogicalId": "shop", "payload": SIGNED}
    return request({}, requestData=data)


def answered(event: Any, template: str = "") -> dict[str, Any]:
    """The answer, as CloudFormation gets it."""
    answer: dict[str, Any] = json.loads(json.dumps(handler(event, None, lambda _: template)))
    assert answer.pop("clientRequestToken") == TOKEN
    return answer


def test_what_has_all_that_it_needs_passes(aws: Callable[[str], Any]) -> None:
    make_role(aws, READ_A)
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    assert answered(request(PROPERTIES)) == {
        "hookStatus": "SUCCESS",
        "message": "Web: no problem found in its task definitions.",
    }


def test_everything_is_told_at_once(aws: Callable[[str], Any], golden: Callable[[str, str], None]) -> None:
    make_role(
        aws, allow("ssm:GetParameters", "*", "Deny"), trust=json.loads(json.dumps(TRUST).replace("ecs-tasks", "lambda"))
    )
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/b-AbCdEf"
    (container,) = PROPERTIES["ContainerDefinitions"]
    secrets = [*container["Secrets"], {"Name": "B", "ValueFrom": f"{secret}:password::"}]
    answer = answered(
        request({**PROPERTIES, "ContainerDefinitions": [{**container, "Secrets": secrets}]}),
    )
    assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "NonCompliant")
    golden("hook/everything.txt", answer["message"] + "\n")


@pytest.mark.parametrize("point", ["CREATE_PRE_PROVISION", "UPDATE_PRE_PROVISION"])
def test_a_missing_parameter_is_refused_at_once(aws: Callable[[str], Any], point: str) -> None:
    make_role(aws, READ_A)
    event = request(PROPERTIES, actionInvocationPoint=point, requestContext={"invocation": 1})
    answer = answered(event)
    assert answer["hookStatus"] == "FAILED"
    assert "Parameter /shop/a in us-east-1 does not exist. Needed by container web, secret A." in answer["message"]


@pytest.mark.parametrize(("invocation", "status"), [(1, "IN_PROGRESS"), (2, "IN_PROGRESS"), (3, "FAILED")])
@pytest.mark.parametrize("there", [True, False], ids=["a role that lacks", "no role"])
def test_what_a_role_lacks_is_asked_for_again(
    aws: Callable[[str], Any], invocation: int, status: str, there: bool
) -> None:
    """Its policy may be a resource of the same stack, which is made beside the task definition."""
    if there:
        make_role(aws)
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    answer = answered(request(PROPERTIES, requestContext={"invocation": invocation, "callbackContext": None}))
    assert answer["hookStatus"] == status
    assert answer.get("callbackDelaySeconds") == (20 if status == "IN_PROGRESS" else None)
    assert ("lacks ssm:GetParameters" if there else f"{ROLE}, does not exist") in answer["message"]


def test_a_request_that_counts_nothing_is_answered_at_once(aws: Callable[[str], Any]) -> None:
    make_role(aws)
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    event = request(PROPERTIES)
    del event["requestContext"]
    assert answered(event)["hookStatus"] == "FAILED"


def test_no_role_is_refused_at_once_where_one_is_needed(aws: Callable[[str], Any]) -> None:
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    without = {name: each for name, each in PROPERTIES.items() if name != "ExecutionRoleArn"}
    answer = answered(request(without, requestContext={"invocation": 1}))
    assert answer["hookStatus"] == "FAILED"
    assert (
        "The execution role of Web is not named. Add an ExecutionRoleArn to Web.\n  needs ssm:Get" in answer["message"]
    )
    assert "DependsOn" not in answer["message"]


def test_no_role_passes_where_none_is_needed(aws: Callable[[str], Any]) -> None:
    assert answered(request({"ContainerDefinitions": [{"Name": "a", "Image": "nginx"}]}))["hookStatus"] == "SUCCESS"


@pytest.mark.parametrize(("kind", "status"), [("EC2", "SUCCESS"), ("FARGATE", "FAILED")])
def test_what_the_role_of_an_instance_may_do_is_not_judged(aws: Callable[[str], Any], kind: str, status: str) -> None:
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop"
    containers = [{"Name": "web", "Image": image, "Memory": "128"}]
    properties = {**PROPERTIES, "RequiresCompatibilities": [kind], "ContainerDefinitions": containers}
    del properties["ExecutionRoleArn"]
    assert answered(request(properties))["hookStatus"] == status


def test_what_is_too_much_is_not_refused(aws: Callable[[str], Any]) -> None:
    make_role(aws, allow("*", "*"))
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    assert answered(request(PROPERTIES))["hookStatus"] == "SUCCESS"


def test_a_role_of_another_path_is_none(aws: Callable[[str], Any]) -> None:
    make_role(aws, READ_A)
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    named = ROLE.replace("role/", "role/path/")
    assert f"{named}, does not exist" in answered(request({**PROPERTIES, "ExecutionRoleArn": named}))["message"]


def test_a_secret_without_permission_to_describe_it_is_unknown(
    aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One of another account, for one: it is no reason to fail as if the hook were broken."""
    arn = f"arn:aws:secretsmanager:{REGION}:210987654321:secret:b-AbCdEf"
    make_role(aws, allow("secretsmanager:GetSecretValue", arn), allow("kms:Decrypt", "*"))
    (container,) = PROPERTIES["ContainerDefinitions"]
    container = {**container, "Secrets": [{"Name": "B", "ValueFrom": arn}]}
    event = request({**PROPERTIES, "ContainerDefinitions": [container]})
    call = botocore.client.BaseClient._make_api_call

    def denied(self: Any, operation: str, given: Any) -> Any:
        # The emulator knows no policies of secrets of other accounts.
        if operation == "DescribeSecret":
            raise botocore.exceptions.ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)
        return call(self, operation, given)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", denied)
    assert answered(event)["errorCode"] == "NonCompliant"
    assert "has no access" in caplog.text
    assert "the validator" not in caplog.text
    monkeypatch.setenv("ACCEPT_GAPS", "enabled")
    assert answered(event)["hookStatus"] == "SUCCESS"


@pytest.mark.parametrize("kind", ["parameter", "secret"])
@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "not allowed"])
def test_the_customer_managed_key_is_looked_up(aws: Callable[[str], Any], kind: str, allowed: bool) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    if kind == "parameter":
        aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString", KeyId=key)
        named, read = "/shop/a", READ_A
    else:
        named = aws("secretsmanager").create_secret(Name="b", SecretString=VALUE, KmsKeyId=key)["ARN"]
        read = allow("secretsmanager:GetSecretValue", named)
    make_role(aws, read, *([allow("kms:Decrypt", key)] if allowed else []))
    (container,) = PROPERTIES["ContainerDefinitions"]
    container = {**container, "Secrets": [{"Name": "A", "ValueFrom": named}]}
    answer = answered(request({**PROPERTIES, "ContainerDefinitions": [container]}))
    assert answer["hookStatus"] == ("SUCCESS" if allowed else "FAILED"), answer
    assert (f"lacks kms:Decrypt on {key}" in answer["message"]) is not allowed


def test_a_key_is_needed_for_what_it_encrypts_alone(aws: Callable[[str], Any]) -> None:
    keys = [aws("kms").create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    make = aws("secretsmanager").create_secret
    arns = [make(Name=f"s{n}", SecretString=VALUE, KmsKeyId=key)["ARN"] for n, key in enumerate(keys)]
    statements = [allow("secretsmanager:GetSecretValue", arn) for arn in arns]
    for key, arn in zip(keys, arns, strict=True):
        condition = {"StringEquals": {"kms:EncryptionContext:SecretARN": arn}}
        statements.append({**allow("kms:Decrypt", key), "Condition": condition})
    make_role(aws, *statements)
    (container,) = PROPERTIES["ContainerDefinitions"]
    container = {**container, "Secrets": [{"Name": f"S{n}", "ValueFrom": arn} for n, arn in enumerate(arns)]}
    answer = answered(request({**PROPERTIES, "ContainerDefinitions": [container]}))
    assert answer["hookStatus"] == "SUCCESS", answer


def test_the_function_calls_exactly_what_its_role_may(
    aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role with policies of all kinds, and secrets and a parameter of all kinds."""
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    aws("kms").create_alias(AliasName="alias/own", TargetKeyId=key)
    iam = aws("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [READ_A]})
    own = iam.create_policy(PolicyName="own", PolicyDocument=document)
    make_role(aws, READ_A)
    iam.attach_role_policy(RoleName="shop", PolicyArn=own["Policy"]["Arn"])
    secret = aws("secretsmanager").create_secret(Name="b", SecretString=VALUE, KmsKeyId="alias/own")
    aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    (container,) = PROPERTIES["ContainerDefinitions"]
    unlabelled = f"{secret['ARN']}:::00000000-0000-0000-0000-000000000000"
    others = [{"Name": "B", "ValueFrom": unlabelled}, {"Name": "C", "ValueFrom": secret["ARN"]}]
    secrets = [*container["Secrets"], *others]
    called: set[str] = set()
    call = botocore.client.BaseClient._make_api_call

    def noted(self: Any, operation: str, given: Any) -> Any:
        called.add(f"{self.meta.service_model.signing_name}:{operation}")
        return call(self, operation, given)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", noted)
    answered(request({**PROPERTIES, "ContainerDefinitions": [{**container, "Secrets": secrets}]}))
    statements = macro_and_hook().to_dict()["Resources"]["HookRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    may = {action for each in statements["Statement"] for action in listed(each["Action"])}
    assert called == {action for action in may if not action.startswith("logs:")}


GAP = {**PROPERTIES, "ContainerDefinitions": [{"Name": "a", "Image": "1.dkr.ecr.x.amazonaws.com/a"}]}


@pytest.mark.parametrize(("gaps", "status"), [("enabled", "SUCCESS"), ("disabled", "FAILED")])
def test_what_cannot_be_told_passes_where_the_stack_says_so(
    aws: Callable[[str], Any],
    gaps: str,
    status: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_role(aws, READ_A)
    monkeypatch.setenv("ACCEPT_GAPS", gaps)
    assert answered(request(GAP))["hookStatus"] == status
    assert "not judged: - Web: Resources.Web.Properties.ContainerDefinitions[0].Image" in caplog.text


def test_what_ecs_would_refuse_is_told_as_lint_tells_it(aws: Callable[[str], Any]) -> None:
    answer = answered(request({**PROPERTIES, "Cpu": "1"}))
    assert answer["errorCode"] == "NonCompliant"
    assert "ECS would refuse" in answer["message"]


@pytest.mark.parametrize(
    "event",
    [
        request(PROPERTIES, actionInvocationPoint="DELETE_PRE_PROVISION"),
        request({}, requestData={"targetName": "AWS::S3::Bucket", "targetType": "AWS::S3::Bucket"}),
    ],
    ids=["deleted", "another resource"],
)
def test_nothing_else_is_judged_or_asked_for(event: Any) -> None:
    assert answered(event)["hookStatus"] == "SUCCESS"


def test_what_cannot_be_found_out_is_no_verdict(
    aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setitem(secret_keys._PATIENCE, "retries", {"mode": "standard", "max_attempts": 1})
    answer = answered(request(PROPERTIES, requestContext={"invocation": 1}))
    assert answer["hookStatus"] == "IN_PROGRESS"
    answer = answered(request(PROPERTIES))
    assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "InternalFailure")
    assert VALUE not in caplog.text + json.dumps(answer)


@pytest.mark.parametrize("event", [{}, {"requestData": 1}, request(None), request(PROPERTIES, requestData=None)])
def test_no_request_ends_without_an_answer(event: Any, aws: Callable[[str], Any]) -> None:
    assert handler(event, None)["hookStatus"] in ("SUCCESS", "FAILED")


def test_a_bug_is_told_by_type_and_place_but_not_by_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise KeyError(VALUE)

    monkeypatch.setattr(hook, "admission", failing)
    answer = answered(request(PROPERTIES))
    assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "InternalFailure")
    assert re.fullmatch(r"Internal error of the hook: KeyError in failing:\d+\.", answer["message"])
    assert VALUE not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("stack", "most"), [(STACK, MESSAGE), ("", SHORT_MESSAGE)], ids=["stack", "cloud control"])
def test_a_long_message_fits_by_whole_lines(aws: Callable[[str], Any], stack: str, most: int) -> None:
    secrets = [{"Name": f"S{number}", "ValueFrom": f"/shop/{number}"} for number in range(60)]
    (container,) = PROPERTIES["ContainerDefinitions"]
    answer = answered(
        request({**PROPERTIES, "ContainerDefinitions": [{**container, "Secrets": secrets}]}, stackId=stack)
    )
    assert len(answer["message"]) <= most
    assert re.search(r"\n... and \d+ more lines: see the log of the hook's function.$", answer["message"])


TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: prod}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: TRUST
      Policies: [{PolicyName: own, PolicyDocument: {Version: "2012-10-17", Statement: STATEMENT}}]
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
      - Name: web
        Image: nginx
        Secrets: SECRETS
""".replace("TRUST", json.dumps(TRUST))
BY_NAME = '[{Name: A, ValueFrom: "/shop/a"}]'
ALLOWED = json.dumps([READ_A])
NOTHING = json.dumps([allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q")])


def template(secrets: str = BY_NAME, statement: str = ALLOWED) -> str:
    return TEMPLATE.replace("SECRETS", secrets).replace("STATEMENT", statement)


#: secrets, statement, whether /shop/a exists -> status
TEMPLATES = {
    "all is there": (template(), True, "SUCCESS"),
    "a parameter is missing": (template(), False, "FAILED"),
    "the role lacks": (template(statement=NOTHING), True, "FAILED"),
    "a parameter is missing on a condition": (
        template('[!If [IsProd, {Name: A, ValueFrom: "/shop/a"}, !Ref AWS::NoValue]]'),
        False,
        "SUCCESS",
    ),
    "the role lacks on a condition": (
        template('[!If [IsProd, {Name: A, ValueFrom: "/shop/a"}, !Ref AWS::NoValue]]', NOTHING),
        True,
        "SUCCESS",
    ),
    "a name that depends on a parameter": (template('[{Name: A, ValueFrom: !Sub "/${Stage}/a"}]'), False, "SUCCESS"),
    "a role of elsewhere": (template().replace("!GetAtt Role.Arn", "!ImportValue Role"), True, "SUCCESS"),
    "a role that another stack may create": (template().replace("!GetAtt Role.Arn", ROLE), True, "SUCCESS"),
    "a macro": ("Transform: CfnRoles\n" + template(statement=NOTHING), False, "SUCCESS"),
    "no task definition": ("Resources: {Q: {Type: AWS::SQS::Queue}}", False, "SUCCESS"),
    "what is not a template": ("][", False, "SUCCESS"),
    "nothing": ("", False, "SUCCESS"),
}


@pytest.mark.parametrize("kind", ["STACK", "CHANGE_SET"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_refused_for_what_holds_whatever_its_parameters_are(
    aws: Callable[[str], Any], kind: str, name: str
) -> None:
    text, there, status = TEMPLATES[name]
    if there:
        aws("ssm").put_parameter(Name="/shop/a", Value=VALUE, Type="SecureString")
    answer = answered(about_template(kind), text)
    assert answer["hookStatus"] == status, answer


def test_the_signed_address_is_never_shown(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be reached, what is no address, and what asks another than Amazon S3."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    for address in (SIGNED.replace("s3.us-east-1", "s3.nowhere-1"), "http" + SIGNED[5:], f"https://[{SIGNED}"):
        event = about_template("STACK")
        event["requestData"]["payload"] = address
        answer = handler(event, None)
        assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "InternalFailure")
        assert "Signature" not in json.dumps(answer)
    assert "Signature" not in caplog.text
    assert caplog.records
