"""Round trip: the roles that are injected into a template are complete and minimal in every world of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfnroles import Document, Verdict, inject, read
from cfnroles.answers.verify_template import verify_template
from cfnroles.document import parse
from cfnroles.need import Holder
from cfnroles.targets.cloudformation.expansion import MacroSettings, expanded
from cfnroles.targets.cloudformation.inject import removed
from tests.test_injected_corpus import CORPUS

HEAD = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Name: {Type: String, Default: /shop/db}
  Key: {Type: String, Default: ""}
  Image: {Type: String}
  Reference: {Type: String}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>"}
Mappings: {Names: {us-east-1: {Queue: a}, eu-west-1: {Queue: b}}}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, ""]]
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Equals [!Ref Stage, test]
Resources:
  Database:
    Type: AWS::SecretsManager::Secret
    Properties: {KmsKeyId: !If [HasKey, !GetAtt Locked.Arn, !Ref AWS::NoValue]}
  Locked: {Type: AWS::KMS::Key, Condition: HasKey}
  Files: {Type: AWS::S3::Bucket}
  Repository: {Type: AWS::ECR::Repository}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "/ecs/${AWS::StackName}"}}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - {Name: web, CONTAINER}
"""
NONE = "!Ref AWS::NoValue"
CONTAINERS = {
    "nothing": "Image: nginx",
    "a secret of the template": "Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Database}]",
    "a key of it": 'Image: nginx, Secrets: [{Name: A, ValueFrom: !Sub "${Database}:user::"}]',
    "a parameter by its name": "Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Name}]",
    "a part of a name": 'Image: nginx, Secrets: [{Name: A, ValueFrom: !Sub "/${Stage}/a"}]',
    "a name in each stage": "Image: nginx, Secrets: [{Name: A, ValueFrom: !If [IsProd, /prod/a, /other/a]}]",
    "a secret by its ARN": (
        'Image: nginx, Secrets: [{Name: A, ValueFrom: "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf"}]'
    ),
    "a reference that is unknown": "Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Reference}]",
    "what Parameter Store tells": "Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Stored}]",
    "what another stack exports": "Image: nginx, Secrets: [{Name: A, ValueFrom: !ImportValue shop-secret}]",
    "what a map holds": (
        'Image: nginx, Secrets: [{Name: A, ValueFrom: !Sub ["/${X}", '
        "{X: !FindInMap [Names, !Ref AWS::Region, Queue]}]}]"
    ),
    "a condition": f"Image: nginx, Secrets: [!If [IsProd, {{Name: A, ValueFrom: /a}}, {NONE}]]",
    "its opposite": f"Image: nginx, Secrets: [!If [IsProd, {NONE}, {{Name: A, ValueFrom: /a}}]]",
    "two alternatives": (
        f"Image: nginx, Secrets: [!If [IsProd, {{Name: A, ValueFrom: /a}}, {NONE}],"
        f" !If [IsTest, {{Name: B, ValueFrom: /a}}, {NONE}]]"
    ),
    "two at once": f"Image: nginx, Secrets: [!If [IsProd, !If [HasKey, {{Name: A, ValueFrom: /a}}, {NONE}], {NONE}]]",
    "an image of the template": "Image: !GetAtt Repository.RepositoryUri",
    "an image that is unknown": "Image: !Ref Image",
    "an image of one stage": 'Image: !If [IsProd, !Ref Image, "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"]',
    "two images that differ in a parameter": (
        'Image: !Sub "${Image}/web"}\n      - {Name: two, Image: !Sub "${Reference}/web"'
    ),
    "a file in a bucket": 'Image: nginx, EnvironmentFiles: [{Type: s3, Value: !Sub "${Files.Arn}/${Stage}.env"}]',
    "logs": (
        "Image: nginx, LogConfiguration: {LogDriver: awslogs,"
        " Options: {awslogs-group: !Ref Logs, awslogs-region: !Ref AWS::Region}}"
    ),
    "logs by the stack's name": (
        'Image: nginx, LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Sub "/x/${AWS::StackName}",'
        " awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: !Ref AWS::StackName}}"
    ),
}


MAPPED = """\
Transform: AWS::LanguageExtensions
Parameters: {Stage: {Type: String}}
Mappings:
  Stages:
    test: {Secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:t-AbCdEf", IsBig: "no"}
    prod: {Secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:p-AbCdEf", IsBig: "yes"}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Equals [!Ref Stage, test]
  IsBig: !Equals [!FindInMap [Stages, !Ref Stage, IsBigDEFAULT], "yes"]
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: !If [IsTest, 256, !If [IsProd, 1024, 512]]
      ContainerDefinitions:
      - Name: web
        Image: nginx
        Secrets:
        - {Name: A, ValueFrom: !FindInMap [Stages, !Ref Stage, SecretDEFAULT]}
        - !If [IsBig, {Name: B, ValueFrom: /b}, !Ref AWS::NoValue]
"""


def told(text: str) -> list[str]:
    """The roles that do not pass, each with why."""
    verifications = verify_template(read(Document("t.yaml", text)))
    judged = [each for each in verifications if each.holder in (Holder.EXECUTION, Holder.TASK)]
    assert {each.holder for each in judged} == {Holder.EXECUTION, Holder.TASK}
    return [
        f"{each.holder}: {', '.join(map(str, each.grounds))}" for each in judged if each.verdict is not Verdict.PASS
    ]


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_what_is_injected_is_complete_and_minimal(container: str) -> None:
    assert told(inject(read(Document("t.yaml", HEAD.replace("CONTAINER", container)))).text) == []


@pytest.mark.parametrize(
    ("default", "conditions"),
    [
        pytest.param("", {"IsProd", "IsTest"}, id="no stack is made for another key"),
        pytest.param(
            ", DefaultValue: /d", {"IsProd", "IsTest", "NotIsProdAndNotIsTest"}, id="a default for all others"
        ),
    ],
)
def test_what_a_map_holds_is_known_by_the_keys_that_conditions_ask_for(default: str, conditions: set[str]) -> None:
    injection = inject(read(Document("t.yaml", MAPPED.replace("DEFAULT", default))))
    assert (injection.gaps, told(injection.text)) == ((), [])
    role = parse(injection.text, "t.yaml")["Resources"]["WebExecutionRole"]
    asked = {each["Fn::If"][0] for each in role["Properties"]["Policies"]}
    assert {each for each in asked if "KmsKey" not in each} == conditions


@pytest.mark.parametrize("kind", ["a condition", "two at once", "an image that is unknown", "a secret by its ARN"])
def test_a_task_definition_with_a_condition_has_roles_with_the_same(kind: str) -> None:
    text = HEAD.replace("CONTAINER", CONTAINERS[kind]).replace("  Web:\n", "  Web:\n    Condition: IsTest\n")
    assert told(inject(read(Document("t.yaml", text))).text) == []


SERVICES = """\
Conditions: {IsProd: !Equals [!Ref AWS::Region, us-east-1]}
Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties: {Configuration: {ManagedStorageConfiguration: {KmsKeyId: !GetAtt Key.Arn}}}
  Key: {Type: AWS::KMS::Key}
  Function: {Type: AWS::Lambda::Function}
  Blue: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Green: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener}
  Lattice: {Type: AWS::VpcLattice::TargetGroup, Properties: {Type: IP}}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Volumes: [{Name: data, ConfiguredAtLaunch: true}]
      ContainerDefinitions: [{Name: web, Image: nginx}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Web
      VolumeConfigurations:
      - Name: data
        ManagedEBSVolume:   # a disk
          SizeInGiB: 10
          KmsKeyId: !If [IsProd, !GetAtt Key.Arn, !Ref AWS::NoValue]
      LoadBalancers:
      - {TargetGroupArn: !Ref Blue, AdvancedConfiguration: {AlternateTargetGroupArn: !Ref Green,
          ProductionListenerRule: !Ref Rule}}
      VpcLatticeConfigurations:
      -   TargetGroupArn: !Ref Lattice   # first
          PortName: http
      - PortName: https
        TargetGroupArn: !Ref Lattice
      DeploymentConfiguration:
        LifecycleHooks:
        - HookTargetArn: !GetAtt Function.Arn
          RoleArn: !Ref AWS::NoValue
          LifecycleStages: [PRE_SCALE_UP]
      ServiceConnectConfiguration:
        Enabled: true
        Services:
        - PortName: http
          Tls:
            IssuerCertificateAuthority:
              AwsPcaAuthorityArn: arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1234
"""
IN_BRANCHES = SERVICES.replace(
    "ManagedEBSVolume:   # a disk\n          SizeInGiB: 10\n"
    "          KmsKeyId: !If [IsProd, !GetAtt Key.Arn, !Ref AWS::NoValue]\n",
    "ManagedEBSVolume: !If\n        - IsProd\n        - {SizeInGiB: 10, KmsKeyId: !GetAtt Key.Arn}\n"
    "        - SizeInGiB: 10\n",
)
IN_ONE = SERVICES.replace(
    """\
        - HookTargetArn: !GetAtt Function.Arn
          RoleArn: !Ref AWS::NoValue
          LifecycleStages: [PRE_SCALE_UP]
""",
    """\
          Fn::If:
          - IsProd
          - - HookTargetArn: !GetAtt Function.Arn   # one
              LifecycleStages: [PRE_SCALE_UP]
          - []
""",
)
CHOSEN = (
    SERVICES.replace("TaskDefinition: !Ref Web", "TaskDefinition: !If [IsProd, !Ref Web, !Ref Other]")
    .replace("AWS::ECS::TaskDefinition\n", "AWS::ECS::TaskDefinition\n    Condition: IsProd\n")
    .replace("us-east-1]}\n", "us-east-1], IsNot: !Not [{Condition: IsProd}]}\n", 1)
    .replace(
        "  Service:\n",
        "  Other: {Type: AWS::ECS::TaskDefinition, Condition: IsNot, Properties: {ContainerDefinitions:"
        " [{Name: web, Image: nginx}], Volumes: [{Name: data, ConfiguredAtLaunch: true}]}}\n  Service:\n",
    )
)
EXPRESS = """\
Resources:
  Database: {Type: AWS::SecretsManager::Secret}
  Web:
    Type: AWS::ECS::ExpressGatewayService
    Properties:
      ServiceName: shop
      PrimaryContainer: {Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Database}, {Name: B, ValueFrom: /b}]}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: nginx}]}}
  Other: {Type: AWS::ECS::ExpressGatewayService, Properties: {ServiceName: other, TaskDefinitionArn: !Ref Task}}
  Agent:
    Type: AWS::ECS::DaemonTaskDefinition
    Properties: {ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: B, ValueFrom: /c}]}]}
"""


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        pytest.param(SERVICES, {"Web": 2, "Service": 6}, id="a service with all roles"),
        pytest.param(IN_BRANCHES, {"Web": 2, "Service": 7}, id="a service with a disk of two kinds"),
        pytest.param(IN_ONE, {"Web": 2, "Service": 6}, id="a service with hooks on a condition"),
        # What is chosen is no role by itself, and counts for none.
        pytest.param(CHOSEN, {"Web": 2, "Other": 2}, id="a service of one of two task definitions"),
        pytest.param(EXPRESS, {"Web": 3, "Other": 1, "Task": 2, "Agent": 2}, id="Express Mode and daemons"),
    ],
)
def test_each_role_is_injected_where_it_is_named(text: str, roles: dict[str, int]) -> None:
    injection = inject(read(Document("t.yaml", text)))
    assert (injection.others, injection.left, injection.gaps) == ((), (), ())
    resources = parse(injection.text, "t.yaml")["Resources"]
    named = {name: json.dumps(each).count('RoleArn": {"Fn::GetAtt"') for name, each in resources.items()}
    assert {name: count for name, count in named.items() if count} == roles
    verifications = verify_template(read(Document("t.yaml", injection.text)))
    assert [each.verdict for each in verifications] == [Verdict.PASS] * len(verifications)
    assert {each.role.name.partition(" ")[0] for each in verifications} == {
        name for name, each in resources.items() if each["Type"] == "AWS::IAM::Role"
    }
    # AWS's policy grammar has no condition without a test.
    assert '"Condition": {}' not in json.dumps(resources)
    again = read(Document("t.yaml", injection.text))
    assert inject(again).text == injection.text
    assert removed(again) == text


@pytest.mark.parametrize(
    "path", [path for name in ("0040.yaml", "0404.yaml", "0513.yaml") if (path := CORPUS / name).is_file()], ids=str
)
def test_what_is_injected_into_a_real_template(path: Path) -> None:
    assert told(inject(read(path), replace_roles=True).text) == []


def test_what_is_too_much_is_noticed() -> None:
    container = "Image: nginx, Secrets: [{Name: A, ValueFrom: /a}]"
    text = inject(read(Document("t.yaml", HEAD.replace("CONTAINER", container)))).text
    assert told(text) == []
    assert told(text.replace("parameter/a", "parameter/b")) == [
        "execution role: what is needed is missing or denied, it grants more than is needed"
    ]


@pytest.mark.parametrize(
    "image",
    [
        pytest.param("!Ref Image", id="a parameter"),
        pytest.param('!Sub "${Registry}/web:${Stage}"', id="parts in parameters"),
        pytest.param('!If [IsProd, !Ref Image, !Sub "${Registry}/web"]', id="one of two"),
    ],
)
@pytest.mark.parametrize("default", ["nginx", "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"])
def test_roles_for_all_values_pass_whatever_the_defaults_are(image: str, default: str) -> None:
    registry = default.partition("/")[0]
    head = HEAD.replace(
        "Image: {Type: String}",
        f"Image: {{Type: String, Default: {default}}}\n  Registry: {{Type: String, Default: {registry}}}",
    )
    made = expanded(parse(head.replace("CONTAINER", f"Image: {image}"), "t.yaml"), MacroSettings("arn:v"), "now")

    assert told(json.dumps(made.fragment)) == []
