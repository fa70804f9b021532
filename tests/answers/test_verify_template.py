"""The roles of a template's task definitions, judged as it has them, in every combination of its conditions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, inject, read
from cfnroles.answers import verify_template as module
from cfnroles.answers.verification import Outcome, Verdict, Verification
from cfnroles.answers.verify_template import Question, verify_template
from cfnroles.errors import InvalidInput
from cfnroles.formats.verification import human
from cfnroles.formats.verification_words import remedies, statements_json, summary
from cfnroles.iam.roles import Role, read_role
from cfnroles.layout import laid_out
from cfnroles.need import Holder
from cfnroles.policies import document

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Secret: {Type: AWS::SecretsManager::Secret}
  Other: {Type: AWS::SecretsManager::Secret}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: 256
      Memory: 512
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

ALLOWED = "Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}]"
EITHER = [("  Stage: {Type: String, Default: dev}", "  Stage: {Type: String, Default: dev}\n  Token: {Type: String}"),
          ("ValueFrom: !Ref Secret", "ValueFrom: !Ref Token"),
          (ALLOWED, ALLOWED.replace("!Ref Secret", "!Ref Token"))]  # fmt: skip
#: A task on instances without a role of its own, whose log group has a key.
ON_INSTANCES = [
    ("      ExecutionRoleArn: !GetAtt Role.Arn\n", ""), ("[FARGATE]", "[EC2]"),
    ('Secrets: [{Name: DB, ValueFrom: !Ref Secret}]', "LogConfiguration: {LogDriver: awslogs, Options: "
     "{awslogs-group: !Ref Logs, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: web}}"),
    ("  Task:\n", "  Key: {Type: AWS::KMS::Key}\n  Logs: {Type: AWS::Logs::LogGroup, Properties: "
     "{KmsKeyId: !GetAtt Key.Arn}}\n  Task:\n"),
]  # fmt: skip
OTHER_TASK = """
  Worker:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: worker, Image: "nginx:1.27", Secrets: [{Name: DB, ValueFrom: /shop/db}]}
"""


def changed(*changes: tuple[str, str]) -> str:
    text = TEMPLATE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def judged(text: str, parameters: dict[str, str] | None = None, **question: Any) -> tuple[Verification, ...]:
    return verify_template(read(Document("t.yaml", text), Told(parameters=parameters or {})), Question(**question))


def told(text: str, **question: Any) -> str:
    return laid_out(human(judged(text, **question), {"t.yaml": text}), width=100, colour=False)


def outcomes_at_home(text: str) -> list[Outcome]:
    facts = Told(account="123456789012", region="us-east-1")
    (found,) = verify_template(read(Document("t.yaml", text), facts), Question())
    return [each.outcome for each in found.judged]


DOMAIN = [
    ("ExecutionRoleArn", "TaskRoleArn"),
    ("Secrets: [{Name: DB, ValueFrom: !Ref Secret}]", "LogConfiguration: {LogDriver: awsfirelens, Options: "
     "{Name: opensearch, Host: !GetAtt Domain.DomainEndpoint, AWS_Auth: 'On'}}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("properties", "resource", "outcome"),
    [
        ("{}", "!Sub '${Domain.Arn}/*'", Outcome.ALLOWED),
        ("{}", "!Sub 'arn:aws:es:us-east-1:123456789012:domain/${Domain}/*'", Outcome.ALLOWED),
        ("{DomainName: logs}", "!Join ['', [!GetAtt Domain.DomainArn, /*]]", Outcome.ALLOWED),
        ("{DomainName: logs}", "arn:aws:es:us-east-1:123456789012:domain/logs/*", Outcome.ALLOWED),
        ("{DomainName: logs}", "arn:aws:es:us-east-1:123456789012:domain/others/*", Outcome.MISSING),
        ("{DomainName: logs}", "!GetAtt Domain.Arn", Outcome.MISSING),
    ],
)
def test_logs_to_a_domain_of_the_template_need_a_permission_on_its_contents(
    properties: str, resource: str, outcome: Outcome
) -> None:
    text = changed(
        *DOMAIN,
        (ALLOWED, f"Statement: [{{Effect: Allow, Action: es:ESHttpPost, Resource: {resource}}}]"),
        ("  Task:\n", f"  Domain: {{Type: AWS::OpenSearchService::Domain, Properties: {properties}}}\n  Task:\n"),
    )
    assert outcomes_at_home(text) == [outcome]


def to_stream(option: str) -> list[tuple[str, str]]:
    options = f"{{Name: {option.replace(';', ', ')}: !Ref Stream}}"
    return [
        ("ExecutionRoleArn", "TaskRoleArn"),
        ("Secrets: [{Name: DB, ValueFrom: !Ref Secret}]",
         f"LogConfiguration: {{LogDriver: awsfirelens, Options: {options}}}"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "properties", "resource", "outcome"),
    [
        pytest.param("Kinesis", "", "!GetAtt Stream.Arn", Outcome.ALLOWED, id="a stream by GetAtt"),
        pytest.param("Kinesis", "Name: logs", "!GetAtt Stream.Arn", Outcome.ALLOWED, id="a named stream by GetAtt"),
        pytest.param(
            "Kinesis", "Name: logs", "arn:aws:kinesis:us-east-1:123456789012:stream/logs", Outcome.ALLOWED, id="by name"
        ),
        pytest.param(
            "Kinesis", "Name: logs", "arn:aws:kinesis:us-east-1:123456789012:stream/x", Outcome.MISSING, id="another"
        ),
        pytest.param("KinesisFirehose", "", "!GetAtt Stream.Arn", Outcome.ALLOWED, id="a Firehose stream by GetAtt"),
        pytest.param(
            "KinesisFirehose",
            "DeliveryStreamName: logs",
            "arn:aws:firehose:us-east-1:123456789012:deliverystream/logs",
            Outcome.ALLOWED,
            id="a Firehose stream by name",
        ),
    ],
)
def test_a_stream_of_the_template_is_known_by_each_of_its_names(
    kind: str, properties: str, resource: str, outcome: Outcome
) -> None:
    option, type_, action = {
        "Kinesis": ("kinesis_streams;region: us-east-1;stream", "Stream", "kinesis:PutRecords"),
        "KinesisFirehose": (
            "kinesis_firehose;region: us-east-1;delivery_stream",
            "DeliveryStream",
            "firehose:PutRecordBatch",
        ),
    }[kind]
    text = changed(
        *to_stream(option),
        (ALLOWED, f"Statement: [{{Effect: Allow, Action: {action}, Resource: {resource}}}]"),
        ("  Task:\n", f"  Stream: {{Type: AWS::{kind}::{type_}, Properties: {{{properties}}}}}\n  Task:\n"),
    )
    assert outcomes_at_home(text) == [outcome]


def test_a_role_that_allows_what_is_needed_passes() -> None:
    (execution,) = judged(TEMPLATE)
    assert (execution.verdict, execution.role.name) == (Verdict.PASS, "Role of t.yaml")
    assert summary(execution) == "Task, execution role: pass: 1 allowed; no excess"


def test_the_value_of_an_export_is_unknown_once() -> None:
    (found,) = judged(changed(("ValueFrom: !Ref Secret", "ValueFrom: !ImportValue Shared")))
    of_export = [each for each in remedies(found) if "Shared" in each]
    assert of_export == ["The value of the export Shared is unknown: compare it with the role yourself."]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([("GetSecretValue, ", "DescribeSecret, ")], Verdict.FAIL, id="another action"),
        pytest.param([(ALLOWED, ALLOWED.replace("!Ref Secret", "!Ref Other"))], Verdict.FAIL, id="another secret"),
        pytest.param(
            [(ALLOWED, ALLOWED.replace("!Ref Secret", "!Ref Stage"))], Verdict.NOT_JUDGED, id="what a parameter tells"
        ),
        pytest.param([(ALLOWED, ALLOWED.replace("!Ref Secret", "'*'"))], Verdict.FAIL, id="every secret"),
        pytest.param([("ecs-tasks.", "ec2.")], Verdict.FAIL, id="another service may assume it"),
        pytest.param([("      ExecutionRoleArn: !GetAtt Role.Arn\n", "")], Verdict.FAIL, id="none on Fargate"),
        pytest.param([("!GetAtt Role.Arn", "!ImportValue shop-role")], Verdict.NOT_JUDGED, id="of another stack"),
        pytest.param([("!GetAtt Role.Arn", "!Ref Stage")], Verdict.NOT_JUDGED, id="in a parameter"),
        pytest.param(
            [("!GetAtt Role.Arn", "arn:aws:iam::111122223333:role/x")], Verdict.NOT_JUDGED, id="of the account"
        ),
        pytest.param([("!GetAtt Role.Arn", "!Sub '${Role.Arn}'")], Verdict.PASS, id="by Fn::Sub"),
        pytest.param(
            [("!GetAtt Role.Arn", "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}'")], Verdict.PASS,
            id="by the ARN around its name",
        ),
        pytest.param(
            [(ALLOWED, ALLOWED.replace("!Ref Secret", "[!Ref Secret, !Ref Other]"))], Verdict.FAIL, id="and another one"
        ),
        pytest.param(
            [(ALLOWED, ALLOWED.replace("!Ref Secret", "[!Ref Secret, 'arn:aws:secretsmanager:*:*:secret:x-*']"))],
            Verdict.FAIL, id="and others by their name",
        ),
        pytest.param(EITHER, Verdict.NOT_JUDGED, id="a parameter that names a secret or a parameter"),
        pytest.param([*EITHER, ("GetSecretValue", "DescribeSecret")], Verdict.FAIL, id="neither is allowed"),
        pytest.param(ON_INSTANCES, Verdict.NOT_JUDGED, id="the instance writes to an encrypted log group"),
        pytest.param([*ON_INSTANCES, ("[EC2]", "[FARGATE]")], Verdict.FAIL, id="nobody writes to it on Fargate"),
        pytest.param([("!GetAtt Role.Arn", "!If [IsProd, !GetAtt Role.Arn, !GetAtt Role.Arn]")], Verdict.PASS, id="If"),
        pytest.param(
            [("  Secret: {Type: AWS::SecretsManager::Secret}", "  Secret: {Type: AWS::SecretsManager::Secret, "
              "Properties: {Name: shop/db}}"), (ALLOWED, ALLOWED.replace("!Ref Secret", "!Sub 'arn:${AWS::Partition}:"
              "secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/db-??????'"))],
            Verdict.PASS, id="the secret by its name",
        ),
        pytest.param(
            [("Parameters:\n", "Parameters:\n  Managed: {Type: String}\n"),
             ("      Policies:", "      ManagedPolicyArns: [!Ref Managed]\n      Policies:")], Verdict.NOT_JUDGED,
            id="a policy that nobody can read",
        ),
    ],
)  # fmt: skip
def test_what_the_execution_role_comes_to(changes: list[tuple[str, str]], expected: Verdict) -> None:
    (execution,) = judged(changed(*changes))
    assert execution.verdict is expected


def test_a_role_that_is_not_there_is_told_with_the_option_that_gives_it() -> None:
    text = changed(("!GetAtt Role.Arn", "!ImportValue shop-role"))
    assert "Execution role: one that another stack exports as shop-role" in told(text)
    assert "Pass --role FILE:LogicalId, the template that has it, or --role NAME --live." in told(text)
    given = read_role(TEMPLATE, "roles.yaml", "Role")
    (execution,) = judged(text, roles={Holder.EXECUTION: given})
    # It is unknown whether the `Secret` of another template is the same.
    assert (execution.role.name, execution.verdict) == ("Role of roles.yaml", Verdict.NOT_JUDGED)
    (execution,) = judged(text, placed={Holder.EXECUTION: "Role"})
    assert execution.verdict is Verdict.PASS


@pytest.mark.parametrize("task", ["nginx:1.27", "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:1"])
def test_one_empty_line_parts_the_verdict_of_a_role_that_is_not_there(task: str) -> None:
    secrets = ", Secrets: [{Name: DB, ValueFrom: !Ref Secret}]"
    text = changed(("!GetAtt Role.Arn", "!ImportValue shop-role"), (secrets, ""), ("nginx:1.27", task))
    shown = told(text)
    assert "  - the role is not in this template\n\n" in shown
    assert "\n\nTo decide what is unknown:" in shown
    assert "\n\n\n" not in shown


def test_what_cannot_be_read_in_one_world_only_has_its_remedy() -> None:
    boundary = "!If [IsProd, !Ref AWS::NoValue, !Ref Boundary]"
    text = changed(
        ("  Stage: {Type: String, Default: dev}", "  Stage: {Type: String, Default: dev}\n  Boundary: {Type: String}"),
        ("      Policies:", f"      PermissionsBoundary: {boundary}\n      Policies:"),
    )
    assert "Pass --parameter Boundary=VALUE." in " ".join(told(text).split())
    (execution,) = judged(text, {"Boundary": "arn:aws:iam::aws:policy/AdministratorAccess"})
    assert execution.verdict is Verdict.PASS
    assert execution.role.all_unread == ()


def test_the_name_of_the_stack_is_another_one_in_the_template_of_somebody_else() -> None:
    named = "!Sub 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}'"
    allowed = ALLOWED.replace("secretsmanager:GetSecretValue", "ssm:GetParameters").replace("!Ref Secret", named)
    text = changed(("ValueFrom: !Ref Secret", f"ValueFrom: {named}"), (ALLOWED, allowed))
    (execution,) = judged(text, aws_managed_keys=True)
    assert execution.verdict is Verdict.PASS
    given = {Holder.EXECUTION: read_role(text, "roles.yaml", "Role")}
    (execution,) = judged(text.replace("!GetAtt Role.Arn", "!ImportValue r"), roles=given, aws_managed_keys=True)
    assert execution.verdict is Verdict.NOT_JUDGED


def test_a_need_of_one_world_is_missing_there_only() -> None:
    text = changed((ALLOWED, ALLOWED.replace("Resource", "Condition: {Null: {a: b}}, Resource")))
    conditional = changed(
        ("      Policies:\n", "      Policies: !If\n        - IsProd\n"),
        ("        - PolicyName: Secrets\n          Poli", "        - - PolicyName: Secrets\n            Poli"),
        (f"            {ALLOWED}\n", f"              {ALLOWED}\n        - []\n"),
    )
    (execution,) = judged(conditional)
    assert execution.verdict is Verdict.FAIL
    assert sorted(each.outcome for each in execution.judged) == [Outcome.ALLOWED, Outcome.MISSING]
    assert "[MISSING] secretsmanager:GetSecretValue on ${Secret} (only if IsProd does not hold)" in " ".join(
        told(conditional).split()
    )
    assert judged(conditional, {"Stage": "prod"})[0].verdict is Verdict.PASS
    assert judged(text)[0].verdict is not Verdict.PASS


def test_a_role_that_two_share_is_judged_by_what_both_need() -> None:
    both = changed((ALLOWED, ALLOWED[:-1] + ", {Effect: Allow, Action: ssm:GetParameters, Resource: !Sub 'arn:${AWS::"
                    "Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/db'}]")) + OTHER_TASK  # fmt: skip
    (execution,) = judged(both)
    assert (execution.use.tasks if execution.use else (), execution.excess) == (("Task", "Worker"), ())
    (alone,) = judged(both, resource="Task")
    assert alone.excess == ()


def test_what_one_of_two_hangs_on_hides_nothing_that_the_other_needs() -> None:
    images = "  Web: {Type: String}\n  Back: {Type: String}\nConditions:"
    web = changed(('"nginx:1.27"', "!Ref Web"), ("Conditions:", images))
    (execution,) = judged(web + OTHER_TASK.replace('"nginx:1.27"', "!Ref Back"))
    missing = [each for each in execution.judged if each.outcome is Outcome.MISSING]
    assert {(each.need.permission.action, execution.when(each)) for each in missing} == {
        ("ssm:GetParameters", ""),
        *(
            (action, f"${{{image}}} is in a private registry of Amazon ECR")
            for image in ("Web", "Back")
            for action in ("ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer")
        ),
    }


def test_what_is_used_too_widely_in_one_world_is_unused_in_the_other_only() -> None:
    pull = "Statement: [{Effect: Allow, Action: ecr:BatchGetImage, Resource: '*'}]"
    text = changed(("Conditions:", "  Web: {Type: String}\nConditions:"), ('"nginx:1.27"', "!Ref Web"), (ALLOWED, pull))
    (execution,) = judged(text)
    private = "${Web} is in a private registry of Amazon ECR"
    (excess,) = execution.excess
    (wide,), (unused,), statement = excess.wide, excess.unused, excess.statement
    assert execution.when((statement, unused)) == private.replace(" is in", " is not in")
    assert execution.when((statement, ("wide", wide.grant))) == private
    lines = " ".join(told(text).split())
    assert f"no need uses ecr:BatchGetImage on * (only if {private.replace(' is in', ' is not in')})" in lines


def test_what_replaces_a_statement_keeps_its_conditions_in_every_world() -> None:
    block = '{StringEquals: {"aws:SourceVpce": !Ref AWS::StackName}, ArnEquals: {"aws:SourceArn": !Ref Other}}'
    wide = f"Statement: [{{Effect: Allow, Action: 'secretsmanager:*', Resource: '*', Condition: {block}}}]"
    secret = "!If [IsProd, {Name: DB, ValueFrom: !Ref Secret}, {Name: DB, ValueFrom: !Ref Other}]"
    named = "Other: {Type: AWS::SecretsManager::Secret, Properties: {Name: other}}"
    (execution,) = judged(
        changed(
            (ALLOWED, wide),
            ("{Name: DB, ValueFrom: !Ref Secret}", secret),
            ("Other: {Type: AWS::SecretsManager::Secret}", named),
        )
    )
    (excess,) = execution.excess
    expected = {"StringEquals": {"aws:SourceVpce": ["${AWS::StackName}"]}, "ArnEquals": {"aws:SourceArn": ["${Other}"]}}
    assert [(one["Resource"], one["Condition"]) for one in document(excess.tight)["Statement"]] == [
        ("${Secret}", expected),
        ("${Other}", expected),
    ]


def test_a_permission_for_two_fields_is_one_statement_in_the_worlds_of_either() -> None:
    wide = "Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]"
    two = "[{Name: DB, ValueFrom: !Ref Secret}, !If [IsProd, {Name: TOO, ValueFrom: !Ref Secret}, !Ref AWS::NoValue]]"
    (execution,) = judged(changed((ALLOWED, wide), ("[{Name: DB, ValueFrom: !Ref Secret}]", two)))
    (excess,) = execution.excess
    assert [(each.sid, execution.when((excess.statement, each))) for each in excess.tight] == [("ReadSecrets", "")]
    assert len(excess.tight[0].needs) == 2


def test_an_unreadable_nested_stack_is_reported() -> None:
    text = TEMPLATE + '  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://b/t.yaml"}}\n'
    execution, unseen = judged(text)
    assert (execution.verdict, unseen.verdict) == (Verdict.PASS, Verdict.NOT_JUDGED)
    assert "cannot see what is in the nested stack Inner" in unseen.gaps[0].what


def test_a_nested_stack_beside_the_template_is_named(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(TEMPLATE)
    outer = "Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}}"
    (tmp_path / "outer.yaml").write_text(outer)
    (unseen,) = verify_template(read(tmp_path / "outer.yaml"))
    assert unseen.gaps[0].remedy == f"Verify its template: {tmp_path}/inner.yaml"


def test_what_others_have_is_not_called_too_much() -> None:
    text = changed((ALLOWED, "Statement: [{Effect: Allow, Action: '*', Resource: '*'}]")) + (
        "  Function:\n    Type: AWS::Lambda::Function\n    Properties: {Role: !GetAtt Role.Arn}\n"
    )
    (execution,) = judged(text)
    assert (execution.verdict, execution.excess) == (Verdict.NOT_JUDGED, ())
    assert "Function may need what it grants beyond" in told(text)


def test_the_application_of_a_task_role_is_not_judged() -> None:
    task = changed(("ExecutionRoleArn: !GetAtt Role.Arn", "TaskRoleArn: !GetAtt Role.Arn\n      ExecutionRoleArn: x"))
    by_holder = {each.holder: each for each in judged(task)}
    assert by_holder[Holder.TASK].application == ("secretsmanager:GetSecretValue",)
    assert by_holder[Holder.TASK].verdict is Verdict.NOT_JUDGED


def test_on_instances_their_role_pulls_images_without_an_execution_role() -> None:
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
    text = changed(
        ("      RequiresCompatibilities: [FARGATE]\n", ""),
        ("      ExecutionRoleArn: !GetAtt Role.Arn\n", ""),
        ("nginx:1.27", image),
        (", Secrets: [{Name: DB, ValueFrom: !Ref Secret}]", ""),
    )
    (execution,) = judged(text)
    assert {each.outcome for each in execution.judged} == {Outcome.UNKNOWN}
    assert "the role of the container instances" in told(text)


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (
            (
                'Image: "nginx:1.27"',
                "Image: nginx, Environment: [!If [IsProd, {Name: A, Value: b}, !Ref AWS::NoValue]]",
            ),
            1,
        ),
        (("[FARGATE]", "[!If [IsProd, EC2, FARGATE]]"), 2),
    ],
    ids=["a variable", "the launch type"],
)
def test_how_a_task_is_launched_is_asked_where_it_may_differ(
    change: tuple[str, str], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    launch_types = module.launch_types
    monkeypatch.setattr(module, "launch_types", lambda *given: asked.append(given) or launch_types(*given))
    executions = judged(changed(("      ExecutionRoleArn: !GetAtt Role.Arn\n", ""), change))
    assert executions[0].judged
    assert len(asked) == number


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"resource": "Nope"}, "has no task definition, Express Mode service or capacity provider Nope"),
        ({"roles": {Holder.EXECUTION: Role("r", ())}}, "has 2 task definitions; a role requires a single one"),
    ],
)
def test_a_question_that_fits_nothing_is_refused(question: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        judged(TEMPLATE + OTHER_TASK, **question)


def test_a_parameter_that_the_template_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has no parameter Nope"):
        judged(TEMPLATE, {"Nope": "1"})


def test_the_proof_holds_for_every_grant() -> None:
    (execution,) = judged(TEMPLATE, prove=True)
    assert execution.removals
    assert all(each.fails for each in execution.removals)


DEPLOYED = """
  Blue: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Green: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {Protocol: HTTPS}}
  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LoadBalancers:
        - TargetGroupArn: !Ref Blue
          AdvancedConfiguration:
            {AlternateTargetGroupArn: !Ref Green, ProductionListenerRule: !Ref Rule, RoleArn: !GetAtt Shifting.Arn}
  Shifting:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: Shift
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
                Resource: [!Ref Blue, !GetAtt Green.TargetGroupArn]
              - {Effect: Allow, Action: "elasticloadbalancing:ModifyRule", Resource: !Ref Rule}
              - {Effect: Allow, Action: "elasticloadbalancing:ModifyListener", Resource: !Ref Listener}
              - Effect: Allow
                Action: ["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
                         "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]
                Resource: "*"
"""


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        pytest.param("", "", 0, id="as the template names it"),
        pytest.param(", !GetAtt Green.TargetGroupArn]", "]", 2, id="not the other target group"),
        pytest.param("Resource: !Ref Listener}", "Resource: !Ref Rule}", 1, id="a rule in the place of its listener"),
        pytest.param("!Ref Rule}", "'arn:aws:*:*:*:listener-rule/app/*/*/*/*'}", 0, id="every rule"),
    ],
)
def test_what_a_deployment_changes_is_known_again_in_the_role(old: str, new: str, missing: int) -> None:
    text = f"{TEMPLATE}{DEPLOYED.replace(old, new) if old else DEPLOYED}"
    shifting = next(each for each in judged(text) if each.holder is Holder.INFRASTRUCTURE)
    assert sum(each.outcome is Outcome.MISSING for each in shifting.judged) == missing
    assert (shifting.verdict is Verdict.PASS) == (old == "")


def test_the_managed_policy_for_load_balancers_allows_what_a_deployment_changes() -> None:
    policy = "ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers]"
    text = f"{TEMPLATE}{DEPLOYED[: DEPLOYED.index('      Policies:')]}      {policy}\n"
    shifting = next(each for each in judged(text) if each.holder is Holder.INFRASTRUCTURE)
    assert {each.outcome for each in shifting.judged} == {Outcome.ALLOWED}


ONLY_IN_PROD = (
    (
        f"      Policies:\n        - PolicyName: Secrets\n          PolicyDocument:\n            {ALLOWED}\n",
        "      Policies:\n        - !If [IsProd, {PolicyName: Secrets, PolicyDocument: "
        f"{{{ALLOWED}}}}}, !Ref AWS::NoValue]\n",
    ),
    (
        "Secret: {Type: AWS::SecretsManager::Secret}\n  Other",
        "Secret: {Type: AWS::SecretsManager::Secret, Condition: IsProd}\n  Other",
    ),
)


def test_what_cloudformation_would_not_deploy_is_not_judged() -> None:
    # Without the secret that the task definition refers to, CloudFormation makes no stack.
    (role,) = judged(changed(*ONLY_IN_PROD))
    assert (role.verdict, role.use and role.use.when) == (Verdict.PASS, "IsProd holds")

    (role,) = judged(changed(ONLY_IN_PROD[0]))
    assert role.outcome is Outcome.MISSING


def test_a_task_definition_that_is_deployed_in_no_case_is_judged_all_the_same() -> None:
    never = (
        "  Task:\n    Type: AWS::ECS::TaskDefinition\n",
        "  Task:\n    Type: AWS::ECS::TaskDefinition\n    Condition: IsTest\n",
    )
    conditions = (
        "  IsProd: !Equals [!Ref Stage, prod]\n",
        "  IsProd: !Equals [!Ref Stage, prod]\n  IsTest: !Equals [!Ref Stage, test]\n",
    )
    (role,) = judged(changed(*ONLY_IN_PROD, never, conditions))
    assert role.outcome is Outcome.MISSING


FILES = """
Parameters: {First: {Type: String, Default: ""}, Second: {Type: String, Default: ""}}
Conditions:
  HasFirst: !Not [!Equals [!Ref First, ""]]
  HasSecond: !Not [!Equals [!Ref Second, ""]]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx
          EnvironmentFiles: [!If [HasFirst, {Type: s3, Value: !Ref First}, !Ref AWS::NoValue]]
        - Name: log
          Image: nginx
          EnvironmentFiles: [!If [HasSecond, {Type: s3, Value: !Ref Second}, !Ref AWS::NoValue]]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
"""
#: As Copilot writes it for each of its environment files.
OF_FILE = """\
        - !If
          - Has{0}
          - PolicyName: {0}
            PolicyDocument:
              Statement:
                - {{Effect: Allow, Action: "s3:GetObject", Resource: [!Ref {0}]}}
                - Effect: Allow
                  Action: ["s3:GetBucketLocation"]
                  Resource:
                    - !Join ["", ["arn:", !Ref AWS::Partition, ":s3:::", !Select [0, !Split [/, {1}]]]]
          - !Ref AWS::NoValue
"""


def test_the_bucket_that_is_cut_out_of_a_parameter_is_the_buckets_of_its_file() -> None:
    of_both = [OF_FILE.format(each, f"!Select [5, !Split [':', !Ref {each}]]") for each in ("First", "Second")]
    (role,) = judged(FILES + "".join(of_both))
    assert (role.verdict, {each.outcome for each in role.judged}) == (Verdict.PASS, {Outcome.ALLOWED})


def test_what_is_unknown_is_told_once_with_all_that_it_depends_on_in_any_world() -> None:
    of_both = [OF_FILE.format(each, f"!ImportValue {each}") for each in ("First", "Second")]
    (role,) = judged(FILES + "".join(of_both))
    unknown = [each for each in role.judged if each.outcome is Outcome.UNKNOWN]
    assert [str(each.need.permission.resource) for each in unknown] == [
        f"arn:${{AWS::Partition}}:s3:::${{{name}[bucket]}}" for name in ("First", "Second")
    ]
    assert [(len(each.keys), len(each.by)) for each in unknown] == [(2, 2), (2, 2)]
    assert role.use
    assert [role.use.conditions[each] for each in unknown] == ["HasFirst holds", "HasSecond holds"]


OF_SECRET = """
  Policy:
    Type: AWS::SecretsManager::ResourcePolicy
    Properties:
      SecretId: !Ref Secret
      ResourcePolicy:
        Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: "secretsmanager:*", Resource: "*"}]
"""
BOUNDED = """  Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !ImportValue boundary
"""
OTHERS_ALLOWED = (ALLOWED, ALLOWED.replace("GetSecretValue", "DescribeSecret"))
OF_REPOSITORY = """
  Repository:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: shop
      RepositoryPolicyText:
        Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: ["ecr:BatchGetImage"]}]
"""
PULLING = ('"nginx:1.27"', "!Sub '${Repository.RepositoryUri}:1'")


@pytest.mark.parametrize(
    ("policy", "changes", "expected"),
    [
        pytest.param(OF_SECRET, [OTHERS_ALLOWED], {Outcome.ALLOWED}, id="it allows what the role does not"),
        pytest.param(
            OF_SECRET.replace("!GetAtt Role.Arn", "!If [IsProd, !GetAtt Role.Arn, '*']"),
            [OTHERS_ALLOWED],
            {Outcome.ALLOWED, Outcome.UNKNOWN},
            id="it allows it under a condition",
        ),
        pytest.param(
            OF_SECRET.replace(
                "{Effect: Allow", "{Condition: {StringEquals: {'aws:SourceVpce': vpce-1}}, Effect: Allow"
            ),
            [OTHERS_ALLOWED],
            {Outcome.UNKNOWN},
            id="it may allow what the role does not",
        ),
        pytest.param(
            OF_SECRET,
            [OTHERS_ALLOWED, ("  Role:\n    Type: AWS::IAM::Role\n    Properties:\n", BOUNDED)],
            {Outcome.UNKNOWN},
            id="a boundary may limit what it allows",
        ),
        pytest.param(
            OF_SECRET.replace("Statement: [", "Statement: [{Effect: Deny, Principal: '*', Action: 'kms:*'}, "),
            [OTHERS_ALLOWED],
            {Outcome.UNKNOWN},
            id="it denies something to everybody",
        ),
        pytest.param(
            OF_SECRET.replace("secretsmanager:*", "secretsmanager:PutSecretValue"),
            [OTHERS_ALLOWED],
            {Outcome.UNKNOWN},
            id="it allows something else",
        ),
        pytest.param(OF_SECRET, [], {Outcome.ALLOWED}, id="it allows what the role does"),
        pytest.param(OF_SECRET.replace("Allow", "Deny"), [], {Outcome.UNKNOWN}, id="it may deny what the role allows"),
        pytest.param(OF_SECRET.replace("!GetAtt Role.Arn", "'*'"), [OTHERS_ALLOWED], {Outcome.MISSING}, id="of others"),
        pytest.param(
            OF_SECRET.replace("!Ref Secret", "!Ref Other"), [OTHERS_ALLOWED], {Outcome.MISSING}, id="of another"
        ),
        pytest.param(
            OF_SECRET.replace("    Properties", "    Condition: IsProd\n    Properties"),
            [OTHERS_ALLOWED],
            {Outcome.ALLOWED, Outcome.MISSING},
            id="where it is there",
        ),
    ],
)
def test_the_policy_of_a_secret_counts_where_it_names_the_role(
    policy: str, changes: list[tuple[str, str]], expected: set[Outcome]
) -> None:
    (role,) = judged(changed(*changes) + policy)
    assert {each.outcome for each in role.judged} == expected


def test_the_policy_of_a_repository_counts_which_the_template_gives_a_name() -> None:
    (role,) = judged(changed(PULLING) + OF_REPOSITORY)
    found = {each.need.permission.action: each.outcome for each in role.judged}
    assert found["ecr:BatchGetImage"] is Outcome.ALLOWED
    assert found["ecr:GetAuthorizationToken"] is Outcome.MISSING


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        pytest.param(FILES, True, id="a file that it may encrypt"),
        pytest.param(TEMPLATE, False, id="no file"),
    ],
)
def test_a_key_that_may_be_that_of_a_file_is_not_called_too_much_without_a_word(task: str, expected: bool) -> None:
    decrypting = """\
        - PolicyName: Key
          PolicyDocument: {Statement: [{Effect: Allow, Action: "kms:Decrypt", Resource: !ImportValue key}]}
"""
    hint = "before you remove kms:Decrypt: it is needed if it encrypts a file that is read: pass --file-key-arn ARN"
    out = " ".join(told(f"{task}{decrypting}").split())
    assert (hint in out) is expected
    assert ("> remove it, unless that is so" in out) is expected


def test_what_a_gap_may_need_is_not_called_too_much_and_stays() -> None:
    pulls = "[ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:DescribeImages, secretsmanager:GetSecretValue]"
    wide = ALLOWED.replace("secretsmanager:GetSecretValue", pulls).replace("!Ref Secret", "'*'")
    hidden = changed((ALLOWED, wide), ('"nginx:1.27"', "!ImportValue shop-image"))
    image = "Resources.Task.Properties.ContainerDefinitions[0].Image"
    assert f"what {image} may need, see the gaps" in " ".join(told(hidden).split())
    assert "no need uses ecr:DescribeImages on *" in " ".join(told(hidden).split())
    assert "may need, see the gaps" not in told(changed((ALLOWED, wide)))


KEY_OF_LOGS = [
    ('Secrets: [{Name: DB, ValueFrom: !Ref Secret}]', "LogConfiguration: {LogDriver: awslogs, Options: "
     "{awslogs-group: !Ref Logs, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: web}}"),
    ("  Task:\n", "  Key: {Type: AWS::KMS::Key}\n  Logs: {Type: AWS::Logs::LogGroup, Properties: {KmsKeyId: KEY}}\n"
     "  Task:\n"),
]  # fmt: skip


def test_a_permission_that_nobody_has_shown_to_be_needed_says_so() -> None:
    out = " ".join(told(changed(*KEY_OF_LOGS).replace("KEY", "!GetAtt Key.Arn")).split())
    doubt = "unproven: that CloudWatch Logs passes the ARN of the log group to the key when a role calls, too"
    assert "[MISSING] kms:Decrypt on ${Key.Arn}" in out
    assert "it does not allow 9 needs, 6 not shown to be needed" in out
    assert f"Missing: add to the execution role - EncryptLogs is {doubt}" in out
    assert out.count(doubt) == 7


@pytest.mark.parametrize("key", ["!Ref Key", "12345678-1234-1234-1234-123456789012"])
def test_the_key_of_a_log_group_is_an_arn_however_it_is_named(key: str) -> None:
    (execution, *_) = judged(changed(*KEY_OF_LOGS).replace("KEY", key))
    keys = {each.need.permission.resource for each in execution.judged if "kms:" in each.need.permission.action}
    assert all(each.startswith("arn:${AWS::Partition}:kms:") or each == "${Key.Arn}" for each in keys)
    assert keys


def test_who_judges_the_role_of_instances_is_told_once_to_give_an_execution_role() -> None:
    out = told(changed(*ON_INSTANCES))
    assert out.count("ExecutionRoleArn") == 1


def test_a_default_that_a_condition_asks_for_is_not_taken() -> None:
    asked = changed(
        ('"nginx:1.27"', '!If [IsProd, "nginx:1.27", !Ref Image]'),
        ("Parameters:\n", "Parameters:\n  Image: {Type: String, Default: nginx:1}\n"),
    )
    assert judged(asked)[0].use.defaults == ("Image",)
    asked = asked.replace("Equals [!Ref Stage, prod]", "Equals [!Ref Image, 'nginx:1']")
    assert judged(asked)[0].use.defaults == ()


@pytest.mark.parametrize(
    ("boundary", "words"),
    [
        ("!Ref Stage", "the permissions boundary dev (t.yaml:"),
        ("[!Ref Stage, x]", "is not read: expected its ARN, found a list. Write one ARN there."),
    ],
)
def test_a_boundary_that_is_not_read_is_called_one(boundary: str, words: str) -> None:
    text = changed(("      AssumeRole", f"      PermissionsBoundary: {boundary}\n      AssumeRole"))
    out = " ".join(told(text).split())
    assert words in out
    assert "the policy" not in out


def test_a_role_of_a_rule_is_told_with_the_rule() -> None:
    rule = (
        "  Nightly: {Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: x, RoleArn: !GetAtt Role.Arn,"
        " EcsParameters: {TaskDefinitionArn: !Ref Task}}]}}\n"
    )
    assert "of Nightly, which runs the task definition Task" in told(TEMPLATE + rule)


@pytest.mark.parametrize(
    ("family", "refused"),
    [("shop web", True), ("shop.web", True), ('!Sub "${Stage} web"', True), ('!Sub "${AWS::StackName}-web"', False)],
)
def test_a_family_that_ecs_refuses_is_refused(family: str, refused: bool) -> None:
    text = changed(("      NetworkMode", f"      Family: {family}\n      NetworkMode"))
    if not refused:
        assert judged(text)
        return
    with pytest.raises(InvalidInput, match="is not a valid family"):
        judged(text)


def test_what_is_cut_out_of_an_image_is_pasted_as_functions() -> None:
    image = ("Parameters:\n", "Parameters:\n  Image: {Type: String}\n")
    (execution, *_) = judged(changed(('"nginx:1.27"', "!Ref Image"), image))
    pulls = next(each for each in json.loads(statements_json(execution.missing)) if each["Sid"] == "PullImages")
    assert "[region]" not in str(pulls)
    assert pulls["Resource"]["Fn::Join"][1][1] == {"Ref": "AWS::Partition"}


def test_a_role_that_the_template_does_not_have_is_no_parameter() -> None:
    of_sam = ("Parameters:\n", "Transform: AWS::Serverless-2016-10-31\nParameters:\n")
    (execution, *_) = judged(changed(("!GetAtt Role.Arn", "!Ref Nowhere"), of_sam))
    assert execution.role.name == "Nowhere, which the template does not have"


@pytest.mark.parametrize(("role", "seen"), [("!GetAtt Role.Arn", True), ("!Ref AWS::NoValue", False)])
def test_a_role_of_a_load_balancer_is_reported_as_not_judged(role: str, seen: bool) -> None:
    service = "Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task, LoadBalancers: [{ContainerName: web}]"
    service = f"  Web: {{{service}, Role: {role}}}}}\n"
    words = "that the service uses for its load balancer is not judged"
    text = changed(("[FARGATE]", "[EC2]"), ("      NetworkMode: awsvpc\n", ""))
    out = told(text + service)
    assert (words in out) is seen
    assert "Add a RoleArn" not in out
    assert "  -\n" not in out


def test_the_place_of_a_role_that_a_service_does_not_name_is_told() -> None:
    volume = "Volumes: [{Name: v, ConfiguredAtLaunch: true}]\n      Family: web"
    managed = "VolumeConfigurations: [{Name: v, ManagedEBSVolume: {SizeInGiB: 10}}]"
    service = f"  Web: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Task, {managed}}}}}\n"
    found = judged(changed(("      NetworkMode: awsvpc", f"      {volume}\n      NetworkMode: awsvpc")) + service)
    (infrastructure,) = [each for each in found if each.holder is Holder.INFRASTRUCTURE]
    assert infrastructure.absence is not None
    assert infrastructure.absence.remedy == "Add a VolumeConfigurations[0].ManagedEBSVolume.RoleArn to Web."


VOLUME = (
    "      NetworkMode: awsvpc",
    "      Volumes: [{Name: v, ConfiguredAtLaunch: true}]\n      NetworkMode: awsvpc",
)
OF_VOLUMES = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
CONNECT = """\
      ServiceConnectConfiguration:
        Enabled: true
        Services:
          - PortName: p
            Tls: {IssuerCertificateAuthority: {AwsPcaAuthorityArn: !Ref Ca}, RoleArn: !GetAtt TlsRole.Arn}
"""


def infrastructure_roles(name: str, *managed: str) -> str:
    return "".join(
        f"  {each}Role:\n    Type: AWS::IAM::Role\n    Properties:\n"
        "      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: sts:AssumeRole, "
        "Principal: {Service: ecs.amazonaws.com}}]}\n"
        + (f"      ManagedPolicyArns: [{OF_VOLUMES}]\n" if each in managed else "")
        for each in name.split()
    )


def with_volume(service: str, role: str, more: str = "") -> str:
    return (
        f"  {service}:\n    Type: AWS::ECS::Service\n    Properties:\n      TaskDefinition: !Ref Task\n"
        f"      VolumeConfigurations: [{{Name: v, ManagedEBSVolume: {{RoleArn: !GetAtt {role}.Arn}}}}]\n{more}"
    )


@pytest.mark.parametrize("connect", [pytest.param("", id="alone"), pytest.param(CONNECT, id="beside Service Connect")])
def test_the_volumes_of_a_task_definition_are_judged_with_the_role_that_its_service_names_for_them(
    connect: str,
) -> None:
    authority = ("Parameters:\n", "Parameters:\n  Ca: {Type: String}\n")
    roles = infrastructure_roles("Volumes Tls", "Volumes")
    text = changed(VOLUME, authority) + with_volume("Web", "VolumesRole", connect) + roles
    found = {each.role.name.partition(" ")[0]: each for each in judged(text) if each.holder is Holder.INFRASTRUCTURE}
    assert found.keys() == ({"VolumesRole", "TlsRole"} if connect else {"VolumesRole"})
    volumes = found["VolumesRole"]
    assert volumes.missing == ()
    assert "ec2:CreateVolume" in {each.need.permission.action for each in volumes.judged}
    assert volumes.use.others == ()
    if connect:
        asked = {each.need.permission.action for each in found["TlsRole"].judged}
        assert "secretsmanager:CreateSecret" in asked
        assert not any(action.startswith("ec2:") for action in asked)


def test_the_volumes_of_a_run_are_judged_with_the_role_that_the_run_names_for_them() -> None:
    started = """\
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      Definition:
        StartAt: Run
        States:
          Run:
            Type: Task
            End: true
            Resource: arn:aws:states:::ecs:runTask.sync
            Parameters:
              TaskDefinition: !Ref Task
              VolumeConfigurations: [{Name: v, ManagedEBSVolume: {RoleArn: !GetAtt VolumesRole.Arn}}]
"""
    found = judged(changed(VOLUME) + started + infrastructure_roles("Volumes Machine", "Volumes"))
    (volumes,) = [each for each in found if each.holder is Holder.INFRASTRUCTURE]
    assert (volumes.role.name.partition(" ")[0], volumes.missing) == ("VolumesRole", ())


def test_the_volumes_of_two_services_are_judged_with_the_role_of_each() -> None:
    roles = infrastructure_roles("First Second", "First")
    text = changed(VOLUME) + with_volume("One", "FirstRole") + with_volume("Two", "SecondRole") + roles
    found = {each.role.name.partition(" ")[0]: each for each in judged(text) if each.holder is Holder.INFRASTRUCTURE}
    assert found["FirstRole"].missing == ()
    assert "ec2:CreateVolume" in {action for each in found["SecondRole"].missing for action in each.actions}


def test_the_clusters_key_for_volumes_is_judged_with_the_role_that_the_service_names_for_them() -> None:
    key = "ManagedStorageConfiguration: {KmsKeyId: !GetAtt StorageKey.Arn}"
    cluster = f"  Cluster: {{Type: AWS::ECS::Cluster, Properties: {{Configuration: {{{key}}}}}}}\n"
    cluster += "  StorageKey: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}\n"
    text = changed(VOLUME) + with_volume("Web", "VolumesRole", "      Cluster: !Ref Cluster\n") + cluster
    found = [
        each
        for each in judged(text + infrastructure_roles("Volumes", "Volumes"))
        if each.holder is Holder.INFRASTRUCTURE
    ]
    (volumes,) = found
    assert volumes.role.name.startswith("VolumesRole")
    assert "kms:CreateGrant" in {action for each in volumes.missing for action in each.actions}


EXEC = "  Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task, EnableExecuteCommand: true}}\n"


def task_role(actions: str) -> str:
    return (
        "  App:\n    Type: AWS::IAM::Role\n    Properties:\n"
        "      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: sts:AssumeRole, "
        "Principal: {Service: ecs-tasks.amazonaws.com}}]}\n      Policies:\n"
        f"        - {{PolicyName: all, PolicyDocument: {{Statement: [{{Effect: Allow, Action: {actions}, "
        "Resource: '*'}]}}\n"
    )


def excess_of(actions: str, service: str = EXEC) -> str:
    named = ("      NetworkMode: awsvpc", "      TaskRoleArn: !GetAtt App.Arn\n      NetworkMode: awsvpc")
    out = told(changed(named) + service + task_role(actions))
    return out[out.index("Excess permissions") :]


def test_the_replacement_of_a_statement_keeps_what_the_application_may_need() -> None:
    out = excess_of("['ssmmessages:*', 's3:GetObject', 'dynamodb:*']")
    kept = out[out.index("> keep next to it what the application may need:") :]
    assert '"s3:GetObject"' in kept
    assert '"dynamodb:*"' in kept
    assert '"Resource": "*"' in kept


def test_what_is_kept_for_the_application_is_not_said_to_be_for_an_unknown_need() -> None:
    statements = (
        "{Effect: Allow, Action: ['ssmmessages:*', 's3:GetObject'], Resource: '*'}, "
        "{Effect: Allow, Action: 'kinesis:PutRecords', Resource: !ImportValue stream}"
    )
    stream = "  Stream: {Type: AWS::Kinesis::Stream}\n  Task:\n"
    text = changed(
        *to_stream("kinesis_streams;region: us-east-1;stream"),
        (ALLOWED, f"Statement: [{statements}]"),
        ("  Task:\n", stream),
    )
    out = told(text + EXEC)
    assert "[unknown] kinesis:PutRecords" in out
    assert "> keep next to it what the application may need:" in out


@pytest.mark.parametrize("enabled", ["true", "!If [IsProd, true, false]"], ids=["always", "under a condition"])
def test_a_pattern_that_the_application_may_use_is_not_replaced_by_the_needs_of_ecs_alone(enabled: str) -> None:
    out = excess_of("'*'", EXEC.replace("true", enabled))
    assert "> replace it with what the application itself needs, and:" in out


def test_the_place_of_a_role_that_is_there_in_some_worlds_is_told() -> None:
    role = "ExecutionRoleArn: !If [IsProd, !GetAtt Role.Arn, !Ref AWS::NoValue]"
    out = told(changed(("ExecutionRoleArn: !GetAtt Role.Arn", role)))
    assert "Add an ExecutionRoleArn to Task, in each branch of its conditions." in out


def test_what_a_module_makes_is_told_that_nobody_sees() -> None:
    assert "cannot see which resources Part creates" in told(TEMPLATE + "  Part: {Type: My::Org::Part::MODULE}\n")


def test_what_is_cut_out_of_an_image_is_shown_short_where_a_role_has_the_functions() -> None:
    text = changed(('"nginx:1.27"', "!Ref Image"), ("Parameters:\n", "Parameters:\n  Image: {Type: String}\n"))
    injected = inject(read(Document("t.yaml", text), Told()), replace_roles=True).text
    pulled = "".join(told(injected, resource="Task").split())
    assert "ecr:BatchGetImageonarn:${AWS::Partition}:ecr:${Image[region]}:${Image[account]}:" in pulled
    assert "Fn::Select" not in pulled
