"""`cfnroles verify`: every verdict and every excess on standard output, one line each role on standard error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Told, read, verify
from cfnroles.answers.simulation import simulate
from cfnroles.aws.iam import Iam, Simulated
from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.formats import verification, verification_markdown
from cfnroles.iam.roles import detailed_role, template_role
from cfnroles.need import Holder
from cfnroles.template.template import read_template
from tests.cli.notes import UNKNOWN_KEY

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
ECS = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
TRUST = {"Version": "2012-10-17", "Statement": [ECS]}

TASK = """\
family: shop
containerDefinitions:
  - name: web
    image: nginx
    secrets:
      - name: FLAG
        valueFrom: arn:aws:ssm:us-east-1:123456789012:parameter/flag
      - name: TOKEN
        valueFrom: arn:aws:ssm:us-east-1:123456789012:parameter/token
    logConfiguration:
      logDriver: awslogs
      options: {awslogs-group: /ecs/shop, awslogs-region: us-east-1, awslogs-stream-prefix: shop}
"""
ROLES = """\
Parameters:
  Endpoint: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ecs-tasks.amazonaws.com}}
      Policies:
        - PolicyName: Flags
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Wide
                Effect: Allow
                Action: ["ssm:GetParameter*", "ssm:PutParameter"]
                Resource: !Sub "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/flag"
              - Sid: Never
                Effect: Deny
                Action: logs:PutLogEvents
                Resource: "*"
              - Sid: Perhaps
                Effect: Allow
                Action: logs:CreateLogStream
                Resource: "*"
                Condition: {StringEquals: {aws:SourceVpce: !Ref Endpoint}}
"""

TREE = """\
Execution role: Role of roles.yaml
Verdict: fail
  - it does not allow 2 needs
  - 1 statement grants more than is needed
  - whether it allows 1 need depends on an unknown value
  - 2 needs exist only if a customer managed key encrypts the secret or
    parameter

trust policy
    [ok]      ecs-tasks.amazonaws.com can assume the role
              (on behalf of any account, because no condition requires
              aws:SourceAccount)
container web
  logConfiguration.options.awslogs-group (task.yaml:12)
    [unknown] logs:CreateLogStream
              on arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop:log-stream:shop/web/*
              depends on aws:SourceVpce, in Flags.Statement[2] (Perhaps),
              roles.yaml:22
    [DENIED]  logs:PutLogEvents
              on arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop:log-stream:shop/web/*
              by Flags.Statement[1] (Never), roles.yaml:18
  secret FLAG (task.yaml:7)
    [ok]      ssm:GetParameters
              on arn:aws:ssm:us-east-1:123456789012:parameter/flag
              by Flags.Statement[0] (Wide), roles.yaml:14
    [only if] kms:Decrypt
              if a customer managed key encrypts the secret or parameter: pass
              --kms-key-arn ARN
  secret TOKEN (task.yaml:9)
    [MISSING] ssm:GetParameters
              on arn:aws:ssm:us-east-1:123456789012:parameter/token
    [only if] kms:Decrypt
              if a customer managed key encrypts the secret or parameter: pass
              --kms-key-arn ARN

To decide what is unknown:
  - Pass --context aws:SourceVpce=VALUE.
  - Pass --kms-key-arn ARN, or --aws-managed-keys if no customer managed key
    encrypts a secret or parameter.

Missing: add to the execution role
[
  {
    "Sid": "ReadParameters",
    "Effect": "Allow",
    "Action": [
      "ssm:GetParameters"
    ],
    "Resource": "arn:aws:ssm:us-east-1:123456789012:parameter/token"
  }
]

Excess permissions, riskiest first
1. Flags.Statement[0] (Wide), roles.yaml:14: allows the role to change or delete
   things
   - no need uses ssm:PutParameter on
     arn:aws:ssm:us-east-1:123456789012:parameter/flag
   - ssm:GetParameter* on arn:aws:ssm:us-east-1:123456789012:parameter/flag (4
     actions, 1 needed): needed is only ssm:GetParameters on
     arn:aws:ssm:us-east-1:123456789012:parameter/flag
   > replace it with:
[
  {
    "Sid": "ReadParameters",
    "Effect": "Allow",
    "Action": [
      "ssm:GetParameters"
    ],
    "Resource": "arn:aws:ssm:us-east-1:123456789012:parameter/flag"
  }
]
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A task definition and a template of roles."""
    (tmp_path / "task.yaml").write_text(TASK)
    (tmp_path / "roles.yaml").write_text(ROLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tree(cfnroles: Any, files: Path, on_terminal: Any) -> None:
    on_terminal(80)
    result = cfnroles("verify", "task.yaml", "--role", "roles.yaml:Role")

    assert result.out == TREE
    assert result.err == (
        "execution role: fail: 1 allowed, 1 unknown, 1 missing, 1 denied; 1 statement\n"
        "  grants more than is needed; 2 needs depend on an unknown value\n"
    )
    assert result.code == 1


@pytest.mark.parametrize("columns", [160, None], ids=["a wide terminal", "a file"])
def test_one_line_for_each_verdict(columns: int | None, cfnroles: Any, files: Path, on_terminal: Any) -> None:
    on_terminal(columns)
    out = cfnroles("verify", "task.yaml", "--role", "roles.yaml:Role").out

    line = "    [ok]      ssm:GetParameters on arn:aws:ssm:us-east-1:123456789012:parameter/flag"
    assert f"{line} by Flags.Statement[0] (Wide), roles.yaml:14\n" in out


def test_colour_adds_nothing_but_colour(
    cfnroles: Any, files: Path, on_terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_terminal(80)
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = cfnroles("verify", "task.yaml", "--role", "roles.yaml:Role").out

    assert "\x1b[1;31m[MISSING]\x1b[0m" in out
    assert re.sub(r"\x1b\[[\d;]*m", "", out) == TREE


def test_json_has_a_schema_and_everything(cfnroles: Any, files: Path) -> None:
    result = cfnroles("verify", "task.yaml", "--role", "roles.yaml:Role", "--prove", "--format", "json")
    told = json.loads(result.out)
    (role,) = told["roles"]

    assert told["schema"] == 1
    assert (role["outcome"], role["verdict"]) == ("denied", "fail")
    assert [(each["ground"], each["fails"]) for each in role["grounds"]] == [
        ("needs", True),
        ("excess", True),
        ("unknown", False),
        ("hanging", False),
    ]
    assert [each["outcome"] for each in role["verdicts"]] == ["unknown", "denied", "allowed", "missing"]
    assert [each["line"] for each in role["verdicts"]] == [12, 12, 7, 9]
    assert [each["if"] for each in role["onlyIf"]] == [["KmsKeyArns"]] * 2
    assert role["missing"][0]["Sid"] == "ReadParameters"
    assert role["excess"][0]["unused"] == [
        {"action": "ssm:PutParameter", "resource": "arn:aws:ssm:us-east-1:123456789012:parameter/flag"}
    ]
    assert [len(each["fails"]) for each in role["proof"]] == [1, 0, 0]
    assert role["trust"]["anyAccount"] is True


def test_markdown_is_a_table_and_blocks_to_copy(cfnroles: Any, files: Path) -> None:
    out = cfnroles("verify", "task.yaml", "--role", "roles.yaml:Role", "--prove", "--format", "markdown").out

    assert out.startswith("## Execution role: `Role of roles.yaml`\n\n**Verdict: fail.** 1 allowed, 1 unknown, ")
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert {line.count("|") - line.count("\\|") for line in rows if "field" not in line and "|---" not in line} == {
        5,
        3,
    }
    assert "| container `web`: secret TOKEN (`task.yaml:9`) | `ssm:GetParameters`<br>on `arn:aws:ssm:" in out
    assert out.count("```json") == 2
    assert out.count("```") == 4


def test_the_proof_names_what_fails(cfnroles: Any, files: Path) -> None:
    out = cfnroles("verify", "task.yaml", "--role", "roles.yaml:Role", "--prove").out

    proof = " ".join(out[out.index("Proof:") :].split())
    assert proof.startswith("Proof: each of 3 grants was removed - without ssm:GetParameter* on ")
    assert "ECS is refused ssm:GetParameters for container web, secret FLAG" in proof
    assert "nothing fails" in proof


def test_what_is_missing_is_for_a_template_where_the_account_is_not_known(cfnroles: Any, tmp_path: Path) -> None:
    secrets = [{"name": "FLAG", "valueFrom": "/flag"}]
    container = {"name": "web", "image": "nginx", "secrets": secrets}
    (tmp_path / "task.json").write_text(json.dumps({"family": "shop", "containerDefinitions": [container]}))
    result = cfnroles(
        "verify", tmp_path / "task.json", "--role", policy(tmp_path / "p.json", {**EVERYTHING, "Action": "s3:*"}),
        "--format", "json",
    )  # fmt: skip

    (role,) = json.loads(result.out)["roles"]
    assert role["missing"][0]["Resource"] == {
        "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/flag"
    }


def test_nobody_is_told_to_remove_what_a_key_would_need_without_a_warning(cfnroles: Any, files: Path) -> None:
    role = policy(files / "policy.json", EVERYTHING, {**EVERYTHING, "Action": "kms:Decrypt"})
    out = cfnroles("verify", files / "task.yaml", "--role", role).out

    assert "- no need uses kms:Decrypt on *\n   - before you remove kms:Decrypt: it is needed if a customer" in out
    assert cfnroles("verify", files / "task.yaml", "--role", role, "--kms-key-arn", KEY).out.count("before you") == 0


# -- exit codes and options


def policy(path: Path, *statements: dict[str, Any]) -> str:
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return str(path)


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FROM_ENDPOINT = {**EVERYTHING, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}
CODES = [
    ("complete", EVERYTHING, (), 0),
    ("complete, too much", EVERYTHING, ("--fail-on", "excess"), 1),
    ("missing", {**EVERYTHING, "Action": "s3:*"}, (), 1),
    ("denied", {**EVERYTHING, "Effect": "Deny"}, (), 1),
    ("unknown", FROM_ENDPOINT, (), 3),
    ("unknown, then told", FROM_ENDPOINT, ("--context", "aws:SourceVpce=vpce-1"), 0),
]


@pytest.mark.parametrize(
    ("statement", "options", "code"), [case[1:] for case in CODES], ids=[case[0] for case in CODES]
)
def test_exit_codes(cfnroles: Any, files: Path, statement: dict[str, Any], options: tuple[str, ...], code: int) -> None:
    role = policy(files / "policy.json", statement)

    assert cfnroles("verify", files / "task.yaml", "--role", role, *options).code == code


def test_a_context_key_that_no_statement_names_has_no_effect(cfnroles: Any, files: Path) -> None:
    told = {}
    for name, statement in (("used", FROM_ENDPOINT), ("unused", EVERYTHING)):
        role = policy(files / "policy.json", statement)
        told[name] = cfnroles("verify", files / "task.yaml", "--role", role, "--context", "AWS:sourceVpce=vpce-1").err

    note = "note: --context AWS:sourceVpce has no effect: no statement depends on it\n"
    assert told["unused"].startswith(note)
    assert note not in told["used"]


@pytest.mark.parametrize(
    ("role", "remedy"),
    [
        pytest.param("arn:aws:iam::123456789012:role/web", "Add --live to read it.", id="an ARN"),
        pytest.param("shop-web_1", "add --live to read a role of this name from AWS.", id="a name"),
        pytest.param("build/shop-roles.yaml", "Choose one: build/shop-roles.yaml:ExecutionRole", id="one of several"),
    ],
)
def test_how_to_name_the_role_is_told(
    cfnroles: Any, tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch, role: str, remedy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    cfnroles("build", examples / "shop.json", "-o", "build")
    refused = cfnroles("verify", examples / "shop.json", "--role", role)
    assert refused.code == 2
    assert remedy in refused.err


def test_the_roles_that_build_writes_pass_verify(cfnroles: Any, tmp_path: Path, examples: Path) -> None:
    cfnroles("build", examples / "shop.json", "-o", tmp_path)
    roles = tmp_path / "shop-roles.yaml"
    result = cfnroles(
        "verify", examples / "shop.json", "--role", f"{roles}:ExecutionRole", "--task-role", f"{roles}:TaskRole",
        "--kms-key-arn", KEY, "--parameter", f"KmsKeyArns={KEY}", "--fail-on", "excess",
    )  # fmt: skip

    assert result.code == 0
    passed = "execution role: pass: 17 allowed; no excess\ntask role: pass: 0 allowed; no excess\n"
    assert result.err == passed + UNKNOWN_KEY


REFUSED = [
    ((), "no role to verify"),
    (("--role", "nowhere.yaml:Role"), "nowhere.yaml: cannot be read"),
    (("--role", "{files}/roles.yaml:Other"), "roles.yaml: has no role Other"),
    (("--role", "{files}/roles.yaml:Role", "--parameter", "Endpoint"), "--parameter Endpoint has no value"),
    (("--role", "{files}/roles.yaml:Role", "--parameter", "X=1"), "roles.yaml: has no parameter X"),
    (("--role", "{files}/roles.yaml:Role", "--simulate"), "--simulate requires --live"),
    (("--live",), "task.yaml names no role"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_a_wrong_command_line_is_refused(cfnroles: Any, files: Path, options: tuple[str, ...], told: str) -> None:
    result = cfnroles("verify", files / "task.yaml", *(option.format(files=files) for option in options))

    assert result.code == 2
    assert told in result.err


# -- a live role


class Client:
    """IAM with one role, answering as botocore's client does."""

    def __init__(self, **refused: str) -> None:
        self.refused = refused
        self.asked: list[dict[str, Any]] = []

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        from botocore.exceptions import ClientError

        if code := self.refused.get(RoleName):
            raise ClientError({"Error": {"Code": code, "Message": f"{RoleName}: no"}}, "GetRole")
        arn = f"arn:aws:iam::123456789012:role/{RoleName}"
        return {"Role": {"RoleName": RoleName, "Arn": arn, "AssumeRolePolicyDocument": TRUST}}

    def get_paginator(self, call: str) -> Any:
        class Pages:
            def paginate(self, **_: str) -> list[dict[str, Any]]:
                attached = {"PolicyName": "Ours", "PolicyArn": "arn:aws:iam::123456789012:policy/Ours"}
                return [{"list_role_policies": {"PolicyNames": ["Inline"]}}.get(call, {"AttachedPolicies": [attached]})]

        return Pages()

    def get_role_policy(self, **_: str) -> dict[str, Any]:
        return {"PolicyDocument": {"Version": "2012-10-17", "Statement": [{**EVERYTHING, "Action": "ssm:*"}]}}

    def get_policy(self, **_: str) -> dict[str, Any]:
        return {"Policy": {"DefaultVersionId": "v3"}}

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> dict[str, Any]:  # noqa: N803
        assert VersionId == "v3"
        return {"PolicyVersion": {"Document": {"Statement": [{**EVERYTHING, "Action": "logs:*"}]}}}

    def simulate_principal_policy(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        refused = request["ActionNames"] == ["logs:PutLogEvents"]
        decision = "implicitDeny" if refused else "allowed"
        return {"EvaluationResults": [{"EvalDecision": decision, "MissingContextValues": ["aws:x"] if refused else []}]}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    found = Client(gone="NoSuchEntity", closed="AccessDenied")
    monkeypatch.setattr("cfnroles.aws.connection.Connection.client", lambda self, service: found)
    return found


def test_a_live_role_is_read_with_all_its_policies(cfnroles: Any, files: Path, client: Client) -> None:
    result = cfnroles("verify", files / "task.yaml", "--live", "--role", "web")

    assert result.code == 0
    assert "by Inline.Statement[0]" in result.out
    assert "by Ours.Statement[0]" in result.out


def test_the_roles_that_the_task_definition_names(cfnroles: Any, files: Path, client: Client) -> None:
    named = f"executionRoleArn: arn:aws:iam::123456789012:role/path/web\n{TASK}"
    (files / "task.yaml").write_text(named)

    assert "Execution role: web\n" in cfnroles("verify", files / "task.yaml", "--live").out


def test_the_roles_that_a_spec_names_before_those_of_its_task_definition(
    cfnroles: Any, files: Path, client: Client
) -> None:
    (files / "task.yaml").write_text(f"executionRoleArn: arn:aws:iam::123456789012:role/web\n{TASK}")
    services = "services: {shop: {task-definition: task.yaml, task-role: {name: shop-task}}}\n"
    (files / "cfnroles.yaml").write_text(f"project: shop\n{services}")
    out = cfnroles("verify", files / "cfnroles.yaml", "--live").out

    assert "Execution role: web\n" in out
    assert "Task role: shop-task\n" in out


@pytest.mark.parametrize(("role", "told"), [("gone", "does not exist in this account"), ("closed", "not allowed")])
def test_a_live_role_that_cannot_be_read(cfnroles: Any, files: Path, client: Client, role: str, told: str) -> None:
    result = cfnroles("verify", files / "task.yaml", "--live", "--role", role)

    assert result.code == Unavailable.exit_code
    assert told in result.err


def test_awss_simulator_is_asked_too(cfnroles: Any, files: Path, client: Client) -> None:
    result = cfnroles("verify", files / "task.yaml", "--live", "--role", "web", "--simulate")

    assert "AWS's policy simulator shares 3 of 4 verdicts on the execution role.\n" in result.err
    assert "AWS's policy simulator says implicitDeny (without aws:x), not allowed: logs:PutLogEvents on " in result.err
    streams = [request for request in client.asked if request["ActionNames"] == ["logs:CreateLogStream"]]
    assert streams[0]["ResourceArns"][0].endswith(":log-stream:shop/web/sample")
    assert streams[0]["PolicySourceArn"] == "arn:aws:iam::123456789012:role/web"


def test_the_simulator_needs_a_role_that_aws_has(files: Path) -> None:
    source = read(files / "task.yaml")
    role = detailed_role({"RoleName": "x"})
    found = verify(source, role)

    with pytest.raises(InvalidInput, match="no ARN"):
        list(simulate(found, lambda *_: Simulated("allowed"), {}))


def test_reading_a_role_changes_nothing() -> None:
    calls = {name for name in vars(Client) if not name.startswith("_")}

    assert {name.partition("_")[0] for name in calls} == {"get", "simulate"}
    names = [name for name in vars(Iam) if not name.startswith("_")]
    assert names == ["role", "account", "simulate", "last_accessed"]


# -- real templates


@pytest.mark.long
def test_real_templates_raise_nothing(repository: Path, examples: Path) -> None:
    source = read(examples / "shop.json", Told(kms_key_arns=(KEY,)))
    for path in sorted((repository.parent / "shared" / "corpus" / "templates").glob("*")):
        template = read_template(path.read_text(encoding="utf-8-sig"), path.name)
        found = [
            verify(source, template_role(template, role.logical_id), holder)
            for role in template.resolve().of_type("AWS::IAM::Role")[:2]
            for holder in (Holder.EXECUTION, Holder.TASK)
        ]
        assert bool(verification.human(found, source.texts)) is bool(found)
        assert len(json.loads(verification.json_text(found, source.texts))["roles"]) == len(found)
        assert verification_markdown.markdown(found, source.texts).count("\n## ") == max(len(found) - 1, 0)


class TestTemplates:
    """A template as SOURCE: the roles that it has itself."""

    TEXT = """\
Resources:
  Secret: {Type: AWS::SecretsManager::Secret}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, Image: "nginx:1.27", Secrets: [{Name: DB, ValueFrom: !Ref Secret}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: Secrets
          PolicyDocument:
            Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}]
"""

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            pytest.param("", "", 0, id="pass"),
            pytest.param("GetSecretValue", "DescribeSecret", 1, id="a need is missing"),
            pytest.param("!GetAtt Role.Arn", "!ImportValue role", 3, id="of another stack"),
            pytest.param("AWS::ECS::TaskDefinition", "AWS::ECS::Cluster", 2, id="no task definition"),
        ],
    )
    def test_the_exit_code_is_that_of_the_roles(
        self, old: str, new: str, code: int, tmp_path: Path, cfnroles: Any
    ) -> None:
        source = tmp_path / "t.yaml"
        source.write_text(self.TEXT.replace(old, new) if old else self.TEXT)
        assert cfnroles("verify", source, "--fail-on", "excess").code == code

    def test_a_role_that_is_given_is_judged_in_the_place_of_its_own(self, tmp_path: Path, cfnroles: Any) -> None:
        source, other = tmp_path / "t.yaml", tmp_path / "other.yaml"
        source.write_text(self.TEXT.replace("!GetAtt Role.Arn", "!ImportValue role"))
        other.write_text(self.TEXT)
        own = cfnroles("verify", source, "--role", f"{source}:Role", "--resource", "Task", "--format", "json")
        assert (own.code, json.loads(own.out)["roles"][0]["verdict"]) == (0, "pass")
        # The `Secret` of another template is another one, or the same by another name.
        assert cfnroles("verify", source, "--role", f"{other}:Role").code == 3

    @pytest.mark.parametrize(("format_", "out"), [("human", ""), ("markdown", ""), ("json", '"roles": []')])
    def test_nothing_to_judge_is_said(self, tmp_path: Path, cfnroles: Any, format_: str, out: str) -> None:
        container = "{Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: nginx}]}}"
        (tmp_path / "t.yaml").write_text(f"Resources: {{Task: {container}}}")
        result = cfnroles("verify", tmp_path / "t.yaml", "--format", format_)
        assert (result.code, result.err) == (
            0,
            f"{tmp_path}/t.yaml: no task definition names a role, and none needs one\n",
        )
        assert out in result.out

    def test_a_resource_is_of_templates_only(self, cfnroles: Any, tmp_path: Path) -> None:
        source = tmp_path / "task.json"
        source.write_text('{"family": "a", "containerDefinitions": [{"name": "a", "image": "nginx:1"}]}')
        assert cfnroles("verify", source, "--resource", "Task").code == 2


def test_an_error_of_a_plain_policy_says_how_to_pass_the_account(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(
        '{"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx",'
        ' "secrets": [{"name": "A", "valueFrom": "/web/a"}]}]}'
    )
    statement = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/b"}'
    (tmp_path / "role.json").write_text(f'{{"Statement": [{statement}]}}')
    (tmp_path / "role.yaml").write_text(
        "Resources: {Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}}"
    )
    asked = ("verify", tmp_path / "web.json", "--role", tmp_path / "role.json")
    told = "As a template accepts it: for plain JSON, pass --account ID and --region REGION."
    assert told in cfnroles(*asked).out.splitlines()
    assert told in cfnroles(*asked, "--format", "markdown").out.replace("`", "")
    known = cfnroles(*asked, "--account", "123456789012", "--region", "eu-west-1").out
    assert "As a template" not in known
    assert "Fn::Sub" not in known
    in_template = cfnroles(*asked[:3], f"{tmp_path / 'role.yaml'}:Role").out
    assert "As a template" not in in_template


def test_a_need_without_a_name_ends_in_not_known(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "role.json").write_text(
        '{"Statement": [{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}]}'
    )
    for image, code in (("nginx:1.27", 0), ("<REGISTRY>/web:1", 3)):
        (tmp_path / "web.json").write_text(
            json.dumps({"family": "web", "containerDefinitions": [{"name": "web", "image": image}]})
        )
        assert cfnroles("verify", tmp_path / "web.json", "--role", tmp_path / "role.json").code == code
