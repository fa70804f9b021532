"""`cfnroles explain` of a CloudFormation template: what its task definitions need, under which conditions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfnroles import Document, InvalidInput, read
from cfnroles.document import parse

HEAD = """\
Parameters:
  ImageUri: {Type: String}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>"}
  Images: {Type: CommaDelimitedList}
  Key: {Type: String, Default: ""}
  Env: {Type: String, Default: dev}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, ""]]
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Database: {Type: "AWS::SecretsManager::Secret"}
  Locked: {Type: "AWS::SecretsManager::Secret", Properties: {KmsKeyId: !Ref SecretKey}}
  Keyed: {Type: "AWS::SecretsManager::Secret", Properties: {KmsKeyId: !Ref Key}}
  Aliased: {Type: "AWS::SecretsManager::Secret", Properties: {KmsKeyId: alias/mine}}
  Attached: {Type: "AWS::SecretsManager::SecretTargetAttachment"}
  Rds: {Type: "AWS::RDS::DBInstance"}
  Unnamed: {Type: "AWS::SSM::Parameter", Properties: {Type: String, Value: x}}
  SecretKey: {Type: "AWS::KMS::Key"}
  Repository: {Type: "AWS::ECR::Repository"}
  Logs: {Type: "AWS::Logs::LogGroup", Properties: {KmsKeyId: !GetAtt SecretKey.Arn}}
  Files: {Type: "AWS::S3::Bucket"}
  Disk: {Type: "AWS::EFS::FileSystem"}
  Door: {Type: "AWS::EFS::AccessPoint"}
"""
SERVICE = """\
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      Configuration:
        ExecuteCommandConfiguration: {Logging: OVERRIDE, LogConfiguration: {CloudWatchLogGroupName: !Ref Logs}}
  Service:
    Type: AWS::ECS::Service
    Properties: {Cluster: !Ref Cluster, TaskDefinition: !Ref Task, EnableExecuteCommand: true}
"""


def template(container: str, more: str = "", volumes: str = "[]") -> str:
    image = "" if "Image:" in container else "Image: nginx\n          "
    return (
        f"{HEAD}{more}  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Volumes: {volumes}\n"
        f"      ContainerDefinitions:\n        - Name: web\n          {image}{container}\n"
    )


@pytest.fixture
def explained(cfnroles: Any, tmp_path: Path) -> Any:
    def explain(text: str, *options: str, name: str = "t.yaml") -> Any:
        (tmp_path / name).write_text(text)
        result = cfnroles("explain", tmp_path / name, "--format", "json", *options)
        notes = "note: (unknown whether|[A-Za-z]+: its cluster is not in the template).*\n"
        assert (result.code, re.sub(notes, "", result.err)) == (0, "")
        return json.loads(result.out)

    return explain


def told(explanation: Any, resource: str = "Task") -> dict[tuple[str, str], tuple[str, ...]]:
    """Action and condition of the template, to the resources."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for statements in explanation["resources"][resource]["roles"].values():
        for each in statements:
            for action in each["actions"]:
                key = action, each.get("onlyIf", "")
                found[key] = (*found.get(key, ()), *each["resources"])
    return found


@pytest.mark.parametrize(
    ("container", "action", "resources"),
    [
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !Ref Database}]",
            "secretsmanager:GetSecretValue",
            ("${Database}",),
            id="a secret",
        ),
        pytest.param(
            'Secrets: [{Name: A, ValueFrom: !Sub "${Database}:key::"}]',
            "secretsmanager:GetSecretValue",
            ("${Database}",),
            id="a key of a secret",
        ),
        pytest.param(
            'Secrets: [{Name: A, ValueFrom: !Join ["", [!Ref Database, ":key::"]]}]',
            "secretsmanager:GetSecretValue",
            ("${Database}",),
            id="a key of a secret, joined",
        ),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !Ref Attached}]",
            "secretsmanager:GetSecretValue",
            ("${Attached}",),
            id="an attachment",
        ),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !GetAtt Rds.MasterUserSecret.SecretArn}]",
            "secretsmanager:GetSecretValue",
            ("${Rds.MasterUserSecret.SecretArn}",),
            id="the secret of a database",
        ),
        pytest.param(
            'Secrets: [{Name: A, ValueFrom: !Sub "arn:aws:ssm:eu-west-1:111122223333:parameter${ImageUri}"}]',
            "ssm:GetParameters",
            ("arn:aws:ssm:eu-west-1:111122223333:parameter${ImageUri}",),
            id="a parameter whose name begins with a slash",
        ),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !Ref Unnamed}]",
            "ssm:GetParameters",
            ("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${Unnamed}",),
            id="a parameter that CloudFormation names",
        ),
        pytest.param(
            'Image: !Sub "${Repository.RepositoryUri}:1"', "ecr:BatchGetImage", ("${Repository.Arn}",), id="an image"
        ),
        pytest.param(
            'EnvironmentFiles: [{Type: s3, Value: !Sub "${Files.Arn}/a.env"}]',
            "s3:GetObject",
            ("${Files.Arn}/a.env",),
            id="a file",
        ),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !Ref Locked}]",
            "kms:Decrypt",
            ("${SecretKey.Arn}",),
            id="the key of a secret",
        ),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !ImportValue Other}]",
            "secretsmanager:GetSecretValue",
            (
                "arn:${AWS::Partition}:secretsmanager:${Import::Other[region]}:${Import::Other[account]}:secret:"
                "${Import::Other[name]}",
            ),
            id="a secret of another stack",
        ),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: {'Fn::Join': ['', ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:',"
            " !ImportValue Name, ':pw::']]}}]",
            "secretsmanager:GetSecretValue",
            (
                "arn:aws:secretsmanager:eu-west-1:111122223333:secret:${Import::Name}",
                "arn:aws:secretsmanager:eu-west-1:111122223333:secret:${Import::Name}-??????",
            ),
            id="a secret whose name another stack exports",
        ),
        pytest.param(
            "EnvironmentFiles: [{Type: s3, Value: !Ref Key}]", "s3:GetObject", ("${Key}",), id="a file in a parameter"
        ),
    ],
)
def test_what_a_resource_gives_is_told_as_the_template_has_it(
    explained: Any, container: str, action: str, resources: tuple[str, ...]
) -> None:
    assert told(explained(template(container)))[action, ""] == resources


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        pytest.param("!Ref ImageUri", "${ImageUri}", id="a parameter"),
        pytest.param("!Sub '${ImageUri}:1'", "${ImageUri}:1", id="before a tag"),
        pytest.param("!Sub '${ImageUri}/web:${Key}'", "${ImageUri}/web:${Key}", id="a registry"),
        pytest.param("!Ref Stored", "${Stored}", id="one that CloudFormation looks up"),
    ],
)
def test_an_image_that_is_told_later_is_of_ecr_or_not(explained: Any, image: str, asked: str) -> None:
    explanation = explained(template(f"Image: {image}"))
    found = told(explanation)
    called = asked[2:-1] if re.fullmatch(r"\$\{\w+\}", asked) else re.sub(r"\$\{(\w+)\}", r"<\1>", asked)
    only = f"{asked} is in a private registry of Amazon ECR"
    arn = (
        f"arn:${{AWS::Partition}}:ecr:${{{called}[region]}}:${{{called}[account]}}:repository/${{{called}[repository]}}"
    )
    assert found == {
        ("ecr:GetAuthorizationToken", only): ("*",),
        ("ecr:BatchGetImage", only): (arn,),
        ("ecr:GetDownloadUrlForLayer", only): (arn,),
    }
    assert explanation["resources"]["Task"]["gaps"] == []


def test_a_given_image_needs_no_question(explained: Any) -> None:
    text = template("Image: !Ref ImageUri")
    assert told(explained(text, "--parameter", "ImageUri=nginx")) == {}
    home = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web"
    assert ("ecr:BatchGetImage", "") in told(explained(text, "--parameter", f"ImageUri={home}"))


MAPS = """Mappings:
  Stages:
    dev: {secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:test-AbCdEf", image: nginx}
    test: {secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:test-AbCdEf", image: nginx}
    prod: {secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod-AbCdEf", image: nginx}
  Accounts:
    "111122223333": {secret: /one}
    "444455556666": {secret: /two}
"""


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        pytest.param(
            "!FindInMap [Stages, !Ref Stage, secret]",
            {"${Stage} is not prod": "secret:test-AbCdEf", "${Stage} is prod": "secret:prod-AbCdEf"},
            id="a parameter",
        ),
        pytest.param(
            "!FindInMap [Accounts, !Ref 'AWS::AccountId', secret]",
            {
                "${AWS::AccountId} is 111122223333": "parameter/one",
                "${AWS::AccountId} is 444455556666": "parameter/two",
            },
            id="the account",
        ),
        pytest.param(
            "{'Fn::FindInMap': [Accounts, !Ref Stage, secret, {DefaultValue: /other}]}",
            {
                "${Stage} is 111122223333": "parameter/one",
                "${Stage} is 444455556666": "parameter/two",
                "${Stage} is not 111122223333 and ${Stage} is not 444455556666": "parameter/other",
            },
            id="a default of the map",
        ),
        pytest.param("!FindInMap [Stages, !Ref Env, secret]", {"": "secret:test-AbCdEf"}, id="a default"),
    ],
)
def test_a_value_of_a_map_is_one_for_each_key_that_may_be_asked_for(
    explained: Any, reference: str, expected: dict[str, str]
) -> None:
    text = MAPS + template(f"Secrets: [{{Name: A, ValueFrom: {reference}}}]").replace(
        "Parameters:\n", "Parameters:\n  Stage: {Type: String}\n"
    )
    found = {
        when: re.sub(r".*\}:(?=parameter)|.*:(?=secret:)", "", resources[0])
        for (action, when), resources in told(explained(text)).items()
        if action.startswith(("secretsmanager:", "ssm:"))
    }
    assert found == expected


def test_a_key_that_the_parameter_does_not_allow_is_none(explained: Any) -> None:
    text = MAPS + template("Secrets: [{Name: A, ValueFrom: !FindInMap [Stages, !Ref Stage, secret]}]")
    declared = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, test]}\n"
    found = told(explained(text.replace("Parameters:\n", declared)))
    assert found["secretsmanager:GetSecretValue", ""] == (
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:test-AbCdEf",
    )


def test_a_map_that_no_need_hangs_on_is_no_question(explained: Any) -> None:
    variable = "Environment: [{Name: A, Value: !FindInMap [Accounts, !Ref 'AWS::AccountId', secret]}]"
    text = MAPS + template(f"Secrets: [{{Name: A, ValueFrom: /a}}]\n          {variable}")
    assert ("ssm:GetParameters", "") in told(explained(text))


def test_of_more_images_than_worlds_can_tell_apart_the_last_are_gaps(explained: Any) -> None:
    names = [f"Image{number}" for number in range(10)]
    parameters = "".join(f"  {name}: {{Type: String}}\n" for name in names)
    containers = "".join(f"        - {{Name: {name}, Image: !Ref {name}}}\n" for name in names)
    text = (template("Image: nginx") + containers).replace("Parameters:\n", f"Parameters:\n{parameters}", 1)
    explanation = explained(text)
    assert len([1 for action, _ in told(explanation) if action == "ecr:BatchGetImage"]) == 8
    assert [gap["what"] for gap in explanation["resources"]["Task"]["gaps"]] == [
        "the image's registry depends on ${Image8}",
        "the image's registry depends on ${Image9}",
    ]


def test_a_secret_without_a_key_of_its_own_needs_none(explained: Any) -> None:
    found = told(explained(template("Secrets: [{Name: A, ValueFrom: !Ref Database}]")))
    assert ("kms:Decrypt", "") not in found


KEYS = """\
  FileKey: {Type: AWS::KMS::Key}
  Sealed:
    Type: AWS::S3::Bucket
    Properties: {BucketEncryption: {ServerSideEncryptionConfiguration: [ENCRYPTION]}}
  Named: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/db, KmsKeyId: !Ref SecretKey}}
  Plain: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/flags, Type: String, Value: x}}
  Tied: {Type: AWS::SecretsManager::SecretTargetAttachment, Properties: {SecretId: !Ref Locked}}
  Base: {Type: AWS::RDS::DBInstance, Properties: {MasterUserSecret: {KmsKeyId: !GetAtt SecretKey.Arn}}}
"""
FILE = "EnvironmentFiles: [{Type: s3, Value: !Sub '${Sealed.Arn}/a.env'}]"


BY_NAME = "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/db"
PARAMETER_BY_NAME = "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/db"
KMS = "{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !Ref FileKey}}"
ENCRYPTED = {
    "a bucket": (KMS, FILE, ("${FileKey.Arn}",)),
    "a bucket under AWS's key": ("{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms}}", FILE, ()),
    "a bucket without a key": ("{ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}", FILE, ()),
    "a secret by its name": ("{}", f"Secrets: [{{Name: A, ValueFrom: !Sub '{BY_NAME}'}}]", ("${SecretKey.Arn}",)),
    "an attachment": ("{}", "Secrets: [{Name: A, ValueFrom: !Ref Tied}]", ("${SecretKey.Arn}",)),
    "the secret of a database": (
        "{}",
        "Secrets: [{Name: A, ValueFrom: !GetAtt Base.MasterUserSecret.SecretArn}]",
        ("${SecretKey.Arn}",),
    ),
    "another's parameter that is called like a secret": (
        "{}",
        f"Secrets: [{{Name: A, ValueFrom: !Sub '{PARAMETER_BY_NAME}'}}]",
        ("${KmsKeyArns}",),
    ),
    "another's secret that is called like a parameter": (
        "{}",
        f"Secrets: [{{Name: A, ValueFrom: !Sub '{BY_NAME.replace('shop/db', 'shop/flags')}'}}]",
        ("${KmsKeyArns}",),
    ),
    "a parameter, which is not encrypted": ("{}", "Secrets: [{Name: A, ValueFrom: !Ref Plain}]", ()),
}


@pytest.mark.parametrize(("encryption", "container", "keys"), ENCRYPTED.values(), ids=ENCRYPTED)
def test_the_key_that_a_resource_says_is_the_one_that_is_needed(
    explained: Any, encryption: str, container: str, keys: tuple[str, ...]
) -> None:
    found = told(explained(template(container, KEYS.replace("ENCRYPTION", encryption))))
    assert found.get(("kms:Decrypt", ""), ()) == keys


OF_ALIAS = "{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: KEY}}"
ALIAS = "  Short: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/files, TargetKeyId: !GetAtt FileKey.Arn}}\n"


@pytest.mark.parametrize(
    "key", ["!Ref Short", "alias/files", "!Sub 'arn:aws:kms:${AWS::Region}:${AWS::AccountId}:alias/files'"]
)
def test_the_key_behind_an_alias_of_the_template_is_needed(explained: Any, key: str) -> None:
    resources = KEYS.replace("ENCRYPTION", OF_ALIAS.replace("KEY", key)) + ALIAS
    assert told(explained(template(FILE, resources)))["kms:Decrypt", ""] == ("${FileKey.Arn}",)


def test_an_alias_of_itself_is_a_gap(explained: Any) -> None:
    resources = KEYS.replace("ENCRYPTION", OF_ALIAS.replace("KEY", "!Ref Short"))
    own = "  Short: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/files, TargetKeyId: alias/files}}\n"
    (gap,) = explained(template(FILE, resources + own))["resources"]["Task"]["gaps"]
    assert gap["what"].startswith("the ARN of the key alias/files is unknown")


def test_a_bucket_whose_key_is_an_alias_is_a_gap(explained: Any) -> None:
    encryption = "{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: alias/mine}}"
    (gap,) = explained(template(FILE, KEYS.replace("ENCRYPTION", encryption)))["resources"]["Task"]["gaps"]
    assert gap["what"].startswith("the ARN of the key alias/mine is unknown")
    assert gap["path"].endswith("EnvironmentFiles[0].Value")


ALIASED = "{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: alias/mine}}"
NAMED = "Environment: [{Name: FILES, Value: !GetAtt Sealed.Arn}, {Name: LOGS, Value: !Ref Sealed}]"


@pytest.mark.parametrize(("container", "places"), [(NAMED, []), (f"{NAMED}\n          {FILE}", ["EnvironmentFiles"])])
def test_the_alias_of_a_bucket_is_a_gap_only_where_ecs_reads_it(
    explained: Any, container: str, places: list[str]
) -> None:
    gaps = explained(template(container, KEYS.replace("ENCRYPTION", ALIASED)))["resources"]["Task"]["gaps"]
    assert [gap["path"].rpartition("].")[0].rpartition(".")[2].partition("[")[0] for gap in gaps] == places


def test_a_file_of_another_bucket_has_nothing_to_do_with_the_key(explained: Any) -> None:
    files = FILE.replace("[", "[{Type: s3, Value: !Sub '${Files.Arn}/b.env'}, ")
    explanation = explained(template(files, KEYS.replace("ENCRYPTION", KMS)))
    statements = explanation["resources"]["Task"]["roles"]["execution role"]
    (decrypt,) = (each for each in statements if "kms:Decrypt" in each["actions"])
    (files_of_key,) = (each["values"] for each in decrypt["conditions"] if "Context" in each["key"])
    assert files_of_key == ["${Sealed.Arn}", "${Sealed.Arn}/a.env"]


def test_the_key_of_a_log_group_is_known(explained: Any) -> None:
    logs = "LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs, awslogs-region: us-east-1}}"
    assert told(explained(template(logs)))["kms:GenerateDataKey", ""] == ("${SecretKey.Arn}",)


def test_the_cdk_cuts_account_and_region_out_of_the_arn_of_a_repository(explained: Any) -> None:
    account, region = (f"!Select [{number}, !Split [':', !GetAtt Repository.Arn]]" for number in (4, 3))
    image = f"!Join ['', [{account}, .dkr.ecr., {region}, ., !Ref AWS::URLSuffix, /, !Ref Repository, ':1']]"
    pulled = told(explained(template(f"Image: {image}")))
    assert pulled["ecr:BatchGetImage", ""] == ("${Repository.Arn}",)


SESSIONS = "  Sessions: {Type: AWS::Logs::LogGroup, Properties: {GROUP KmsKeyId: !GetAtt SecretKey.Arn}}\n"
OWN_GROUPS = {
    "by reference": ("{}", "", "!Ref Own"),
    "by name": ("{LogGroupName: /ecs/own}", "", "/ecs/own"),
    "beside another's name": ("{LogGroupName: /ecs/own}", "LogGroupName: /ecs/sessions,", "/ecs/own"),
}


@pytest.mark.parametrize(("own", "sessions", "group"), OWN_GROUPS.values(), ids=OWN_GROUPS)
def test_the_key_of_one_log_group_is_not_that_of_another(explained: Any, own: str, sessions: str, group: str) -> None:
    logs = f"LogConfiguration: {{LogDriver: awslogs, Options: {{awslogs-group: {group}, awslogs-region: us-east-1}}}}"
    groups = f"  Own: {{Type: AWS::Logs::LogGroup, Properties: {own}}}\n{SESSIONS.replace('GROUP', sessions)}"
    service = SERVICE.replace("!Ref Logs", "!Ref Sessions").replace("Resources:\n", "")
    roles = explained(template(f"Image: nginx\n          {logs}", groups + service))["resources"]["Task"]["roles"]
    with_key = {role for role, all_ in roles.items() for each in all_ if "kms:GenerateDataKey" in each["actions"]}
    assert with_key == {"task role"}


def test_a_file_system_and_its_access_point(explained: Any) -> None:
    volumes = (
        "[{Name: data, EFSVolumeConfiguration: {FilesystemId: !Ref Disk, TransitEncryption: ENABLED,"
        " AuthorizationConfig: {IAM: ENABLED, AccessPointId: !Ref Door}}}]"
    )
    explanation = explained(template("Image: nginx", volumes=volumes))
    (mount,) = explanation["resources"]["Task"]["roles"]["task role"]
    assert mount["resources"] == ["${Disk.Arn}"]
    assert mount["conditions"][0]["values"][0].endswith(":access-point/${Door}")


def test_what_the_service_and_its_cluster_say(explained: Any) -> None:
    found = told(explained(template("Image: nginx", SERVICE)))
    assert found["logs:DescribeLogStreams", ""][0] == "${Logs.Arn}"
    assert ("ssmmessages:OpenDataChannel", "") in found


def test_what_the_service_of_a_task_set_says(explained: Any) -> None:
    sets = """\
  Service: {Type: AWS::ECS::Service, Properties: {EnableExecuteCommand: true, LaunchType: EC2}}
  Green:
    Type: AWS::ECS::TaskSet
    Properties: {Service: !GetAtt Service.Name, TaskDefinition: !Ref Task, LaunchType: FARGATE, ExternalId: x}
"""
    explanation = explained(template("Image: nginx", sets))
    assert ("ssmmessages:OpenDataChannel", "") in told(explanation)
    assert explanation["resources"]["Task"]["gaps"] == []
    secret = sets.replace("true", "false").replace("LaunchType: FARGATE", "LoadBalancers: [{TargetGroupArn: a}]")
    assert told(explained(template("Image: nginx", secret))) == {}


@pytest.mark.parametrize(
    ("secret", "conditions"),
    [
        pytest.param("!If [IsProd, {Name: A, ValueFrom: !Ref Database}, !Ref AWS::NoValue]", ["IsProd holds"], id="if"),
        pytest.param(
            "!If [IsProd, !Ref AWS::NoValue, {Name: A, ValueFrom: !Ref Database}]", ["IsProd does not hold"], id="else"
        ),
        pytest.param(
            "{Name: A, ValueFrom: !If [IsProd, !Ref Database, !Ref Attached]}",
            ["IsProd does not hold", "IsProd holds"],
            id="either",
        ),
        pytest.param("{Name: A, ValueFrom: !Ref Database}", [""], id="always"),
    ],
)
def test_a_need_that_hangs_on_a_condition_says_so(explained: Any, secret: str, conditions: list[str]) -> None:
    found = told(explained(template(f"Secrets: [{secret}]")))
    assert sorted(when for action, when in found if action == "secretsmanager:GetSecretValue") == conditions


def test_a_parameter_that_is_told_decides_conditions(explained: Any) -> None:
    text = template("Secrets: [!If [IsProd, {Name: A, ValueFrom: !Ref Database}, !Ref AWS::NoValue]]")
    assert ("secretsmanager:GetSecretValue", "") in told(explained(text, "--parameter", "Env=prod"))
    assert explained(text, "--parameter", "Env=dev")["resources"]["Task"]["roles"] == {}


def test_a_task_definition_that_hangs_on_a_condition_says_so(cfnroles: Any, tmp_path: Path) -> None:
    text = template("Secrets: [{Name: A, ValueFrom: !Ref Database}]").replace(
        "    Type: AWS::ECS::TaskDefinition", "    Type: AWS::ECS::TaskDefinition\n    Condition: IsProd"
    )
    (tmp_path / "t.yaml").write_text(text)
    out = cfnroles("explain", tmp_path / "t.yaml").out
    assert "task definition Task (only if IsProd holds)\n" in out
    assert "  ReadSecrets: secretsmanager" in out


@pytest.mark.parametrize(
    ("container", "closing"),
    [
        pytest.param("Image: !Select [0, !Ref Images]", (), id="an image of a list"),
        pytest.param("Image: 111.dkr.ecr.eu-west-1.amazonaws.com/web", (), id="no account"),
        pytest.param("Image: !ImportValue Other", (), id="an image that another stack exports"),
        pytest.param("Secrets: !Ref ImageUri", (), id="a parameter for a list"),
        pytest.param("Secrets: {'Fn::Transform': {Name: Mine}}", (), id="a macro for a list"),
        pytest.param("Secrets: [{Name: A, ValueFrom: !Ref Aliased}]", (), id="a key that is named by an alias"),
        pytest.param(
            "Secrets: [{Name: A, ValueFrom: !Ref Keyed}]",
            ("--parameter", "Key=arn:aws:kms:eu-west-1:111122223333:key/0a"),
            id="a parameter with an empty default",
        ),
    ],
)
def test_what_cannot_be_known_is_a_gap_whose_remedy_works(
    explained: Any, container: str, closing: tuple[str, ...]
) -> None:
    text = template(container)
    gaps = explained(text)["resources"]["Task"]["gaps"]
    assert gaps
    assert all(gap["path"].startswith("Resources.Task.Properties.ContainerDefinitions[0].") for gap in gaps)
    advised = [match for gap in gaps for match in re.findall(r"--parameter (\w+)=VALUE", gap["remedy"])]
    assert advised == [option.split("=")[0] for option in closing[1:]] or container.startswith("Secrets: !Ref")
    if closing:
        assert explained(text, *closing)["resources"]["Task"]["gaps"] == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        pytest.param("  Fn::ForEach::Tasks: [Name, [a, b], {}]\n", "Resources.Fn::ForEach::Tasks", id="a loop"),
        pytest.param("  Entrance: {Type: AWS::ECS::Gateway}\n", "Resources.Entrance", id="a gateway"),
        pytest.param(
            "  Other: {Type: AWS::ECS::Service, Properties: {TaskDefinition: other, EnableExecuteCommand: true}}\n",
            "Resources.Other",
            id="a service that runs what stands elsewhere",
        ),
        pytest.param(
            "  Other: {Type: AWS::ECS::Daemon, Properties: {DaemonTaskDefinitionArn: !Ref Key, Strange: x}}\n",
            "Resources.Other",
            id="a daemon that runs what stands elsewhere",
        ),
        pytest.param(
            "  Nightly: {Type: AWS::Scheduler::Schedule, Properties: {Target: {EcsParameters: {}}}}\n",
            "Resources.Nightly",
            id="a schedule",
        ),
        pytest.param(
            "  Hourly: {Type: AWS::Events::Rule, Properties: {Targets: [{EcsParameters: {}}]}}\n",
            "Resources.Hourly",
            id="a rule",
        ),
    ],
)
def test_what_may_be_a_task_definition_is_told(explained: Any, more: str, field: str) -> None:
    assert [gap["path"] for gap in explained(template("Image: nginx", more))["gaps"]] == [field]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            "  Spare: {Type: AWS::ECS::CapacityProvider, Properties: {AutoScalingGroupProvider: {}}}\n",
            id="a capacity provider of instances that are there",
        ),
        pytest.param(
            "  Other: {Type: AWS::ECS::Service, Properties: {TaskDefinition: other, DesiredCount: 2}}\n",
            id="a service that asks for nothing itself",
        ),
        pytest.param(
            "  Own: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task, EnableExecuteCommand: true}}\n",
            id="a service that runs the template's own",
        ),
    ],
)
def test_what_asks_for_no_role_of_its_own_is_not_told(explained: Any, more: str) -> None:
    assert explained(template("Image: nginx", more))["gaps"] == []


@pytest.mark.parametrize("strange", ["Strange: x", "LoadBalancers: [{Strange: x}]"])
def test_a_task_sets_unknown_member_is_told(explained: Any, strange: str) -> None:
    task_set = f"  Set: {{Type: AWS::ECS::TaskSet, Properties: {{TaskDefinition: !Ref Task, {strange}}}}}\n"
    (gap,) = explained(template("Image: nginx", task_set))["resources"]["Task"]["gaps"]
    assert gap["path"].startswith("Resources.Set.Properties.")
    assert gap["path"].endswith("Strange")


DEPLOYED = """\
  Blue: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Green: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {Protocol: HTTPS}}
  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener}}
  Test: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !ImportValue test-listener}}
  Hook: {Type: AWS::Lambda::Function}
  Group: {Type: AWS::VpcLattice::TargetGroup}
  Entry: {Type: AWS::VpcLattice::Listener}
  Route: {Type: AWS::VpcLattice::Rule, Properties: {ListenerIdentifier: !Ref Entry}}
  Authority: {Type: AWS::ACMPCA::CertificateAuthority}
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      Configuration: {ExecuteCommandConfiguration: {KmsKeyId: !Ref SecretKey}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Task
      EnableExecuteCommand: true
      DeploymentConfiguration: {Strategy: BLUE_GREEN, LifecycleHooks: [{HookTargetArn: !GetAtt Hook.Arn}]}
      LoadBalancers:
        - TargetGroupArn: !Ref Blue
          AdvancedConfiguration:
            {AlternateTargetGroupArn: !Ref Green, ProductionListenerRule: !Ref Rule, TestListenerRule: !Ref Test}
      VpcLatticeConfigurations:
        - {TargetGroupArn: !Ref Group, AdvancedConfiguration: {ProductionListenerRule: !Ref Route}}
      ServiceConnectConfiguration:
        Services: [{Tls: {IssuerCertificateAuthority: {AwsPcaAuthorityArn: !Ref Authority}}}]
"""


def test_what_a_deployment_changes_is_named_as_the_template_names_it(explained: Any) -> None:
    explanation = explained(template("Image: nginx", DEPLOYED))
    found = told(explanation)
    assert found["elasticloadbalancing:RegisterTargets", ""] == ("${Blue}", "${Green}")
    assert found["elasticloadbalancing:ModifyRule", ""] == ("${Rule}", "${Test}")
    assert found["elasticloadbalancing:ModifyListener", ""] == ("${Import::test-listener}", "${Listener}")
    assert found["lambda:InvokeFunction", ""] == ("${Hook.Arn}",)
    assert found["vpc-lattice:RegisterTargets", ""] == ("${Group}",)
    assert found["vpc-lattice:UpdateRule", ""] == ("${Route}",)
    assert found["vpc-lattice:UpdateListener", ""] == ("${Entry}",)
    assert found["acm-pca:IssueCertificate", ""] == ("${Authority}",)
    assert found["kms:Decrypt", ""] == ("${SecretKey.Arn}",)
    assert explanation["resources"]["Task"]["gaps"] == []


LOOP = """Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "Web, Api"}
Resources:
  Fn::ForEach::Tasks:
    - Name
    - !Ref Names
    - ${Name}Secret: {Type: AWS::SecretsManager::Secret}
      ${Name}Task:
        Type: AWS::ECS::TaskDefinition
        Properties:
          ContainerDefinitions:
            - Name: !Ref Name
              Image: nginx
              Secrets:
                - {Name: A, ValueFrom: !Ref "${Name}Secret"}
                - {Name: B, ValueFrom: !Sub "/${Name}/b"}
"""


def test_a_loop_is_written_out(explained: Any) -> None:
    explanation = explained(LOOP)
    assert list(explanation["resources"]) == ["WebTask", "ApiTask"]
    assert explanation["gaps"] == []
    found = told(explanation, "ApiTask")
    assert found["secretsmanager:GetSecretValue", ""] == ("${ApiSecret}",)
    assert found["ssm:GetParameters", ""] == (
        "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/Api/b",
    )
    assert explanation["resources"]["ApiTask"]["defaults"] == ["Names"]
    fields = [
        field
        for each in explanation["resources"]["ApiTask"]["roles"]["execution role"]
        for reason in each["reasons"]
        for field in reason["fields"]
    ]
    assert {field["line"] for field in fields} == {16, 17}
    assert fields[0]["container"] == "Api"
    assert list(explained(LOOP, "--parameter", "Names=Only")["resources"]) == ["OnlyTask"]


def test_a_loop_over_an_unknown_value_is_a_gap(explained: Any) -> None:
    (gap,) = explained(LOOP.replace(', Default: "Web, Api"', ""))["gaps"]
    assert gap["path"] == "Resources.Fn::ForEach::Tasks"


def test_the_rest_of_a_template_stands_by_itself(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("Resources: {Web: {Type: AWS::ECS::Gateway}}")
    out = cfnroles("explain", tmp_path / "t.yaml").out
    assert out.startswith("the rest of the template\n\nGaps,")
    assert "No role needs" not in out


def test_macros_are_told(explained: Any) -> None:
    (gap,) = explained(f"Transform: [AWS::Serverless-2016-10-31, Mine]\n{template('Image: nginx')}")["gaps"]
    assert gap["what"] == "cannot see how the macro Mine changes the template"


@pytest.mark.parametrize("form", ["short", "long", "json"])
def test_a_field_has_its_own_line(explained: Any, form: str) -> None:
    text = template("Secrets:\n            - !If [IsProd, {Name: A, ValueFrom: !Ref Database}, !Ref AWS::NoValue]")
    if form == "long":
        text = yaml.safe_dump(parse(text, "t"))
    if form == "json":
        text = json.dumps(parse(text, "t"), indent=1)
    statements = explained(text)["resources"]["Task"]["roles"]["execution role"]
    (field,) = (field for each in statements for reason in each["reasons"] for field in reason["fields"])
    assert field["line"]
    assert "ValueFrom" in text.splitlines()[field["line"] - 1]
    assert (field["container"], field["item"]) == ("web", "secret A")


def test_one_task_definition_is_asked_about(cfnroles: Any, explained: Any, tmp_path: Path) -> None:
    text = template("Image: nginx", '  Other: {Type: "AWS::ECS::TaskDefinition"}\n')
    assert list(explained(text)["resources"]) == ["Other", "Task"]
    assert list(explained(text, "--resource", "Task")["resources"]) == ["Task"]
    refused = cfnroles("explain", tmp_path / "t.yaml", "--resource", "Tusk")
    assert (refused.code, refused.out) == (2, "")
    assert "has no task definition, Express Mode service or capacity provider Tusk" in refused.err
    assert "It has Other, Task." in refused.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(("--parameter", "Nope=1"), "has no parameter Nope to set", id="no such parameter"),
        pytest.param(("--parameter", "Stored=1"), "has no parameter Stored to set", id="looked up"),
        pytest.param(("--family", "x"), "--family requires a task definition", id="for a task definition alone"),
        pytest.param(("--account", "1"), "--account 1 is not an account ID", id="no account"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    cfnroles: Any, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    (tmp_path / "t.yaml").write_text(template("Image: nginx"))
    refused = cfnroles("explain", tmp_path / "t.yaml", *options)
    assert (refused.code, refused.out) == (2, "")
    assert message in refused.err


LIMITED = """\
Parameters:
  Env: {Type: String, AllowedValues: [prod, dev]}
  Zones: {Type: CommaDelimitedList, AllowedValues: [a, b]}
  Code: {Type: String, AllowedValues: [x1, x2], NoEcho: true}
Resources: {Task: {Type: "AWS::ECS::TaskDefinition", Properties: {ContainerDefinitions: [{Name: web, Image: nginx}]}}}
"""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param("Env=prd", "does not allow 'prd'", id="another"),
        pytest.param("Zones=a,c", "does not allow 'c'", id="one of a list"),
        pytest.param("Code=geheim", "does not allow the value that was passed", id="NoEcho"),
        pytest.param("Env=dev", "", id="allowed"),
        pytest.param("Zones=a,b", "", id="an allowed list"),
    ],
)
def test_a_value_that_a_parameter_does_not_allow_is_refused(
    cfnroles: Any, tmp_path: Path, value: str, told: str
) -> None:
    (tmp_path / "t.yaml").write_text(LIMITED)
    answer = cfnroles("explain", tmp_path / "t.yaml", "--parameter", value)
    assert answer.code == (2 if told else 0)
    assert told in answer.err
    assert "geheim" not in answer.err


def test_options_for_templates_are_refused_for_others(cfnroles: Any, examples: Path) -> None:
    for option in (("--resource", "Task"), ("--parameter", "A=b")):
        refused = cfnroles("explain", examples / "shop.json", *option)
        assert refused.code == 2
        assert f"{option[0]} requires a CloudFormation template" in refused.err


def test_what_ecs_would_refuse_is_told_with_its_line(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(template("Secrets: [{Name: A, ValueFrom: 'arn:aws:s3:::x'}]"))
    refused = cfnroles("explain", tmp_path / "t.yaml")
    assert (refused.code, refused.out) == (2, "")
    line = (
        (tmp_path / "t.yaml")
        .read_text()
        .splitlines()
        .index("          Secrets: [{Name: A, ValueFrom: 'arn:aws:s3:::x'}]")
    )
    assert f"t.yaml:{line + 1}: Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom" in refused.err


def test_who_asks_for_a_task_definition_alone_is_refused_a_template() -> None:
    reading = read(Document("t.yaml", template("Image: nginx")))
    with pytest.raises(InvalidInput, match="this command does not read the task definitions in one") as refused:
        reading.task()
    assert "`cfnroles explain`, `cfnroles verify` and `cfnroles lint` read this one" in str(refused.value)


def test_defaults_that_were_taken_are_named_and_never_shown(cfnroles: Any, tmp_path: Path) -> None:
    text = template('Secrets: [{Name: A, ValueFrom: !Sub "/${Env}/a"}]')
    (tmp_path / "t.yaml").write_text(text)
    assert "Default used: Env. Override with --parameter NAME=VALUE." in cfnroles("explain", tmp_path / "t.yaml").out
    markdown = cfnroles("explain", tmp_path / "t.yaml", "--format", "markdown").out
    assert "# Task definition Task" in markdown
    assert "Default used: Env" in markdown


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
def test_the_default_of_a_secret_parameter_is_not_shown(cfnroles: Any, tmp_path: Path, format_: str) -> None:
    declared = "Parameters:\n  Password: {Type: String, NoEcho: true, Default: hunter2}\n"
    text = template("Secrets: [{Name: A, ValueFrom: !Ref Password}]").replace("Parameters:\n", declared, 1)
    (tmp_path / "t.yaml").write_text(text)
    result = cfnroles("explain", tmp_path / "t.yaml", "--format", format_)
    assert (result.code, result.err) == (0, "")
    assert "Password" in result.out
    assert "hunter2" not in result.out
    assert "defaults of Password" not in result.out


def test_a_log_group_whose_name_is_no_text_is_not_the_tasks(cfnroles: Any, tmp_path: Path) -> None:
    odd = '  Odd: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: [web]}}\n'
    (tmp_path / "t.yaml").write_text(template("Image: nginx", odd))
    assert cfnroles("explain", tmp_path / "t.yaml").code == 0


DAEMON = """\
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {Configuration: {ExecuteCommandConfiguration: {KmsKeyId: KEY}}}}
  Task:
    Type: AWS::ECS::DaemonTaskDefinition
    Properties: {ContainerDefinitions: [{Name: agent, Image: nginx}]}
  Daemon:
    Type: AWS::ECS::Daemon
    Properties: {ClusterArn: !GetAtt Cluster.Arn, DaemonTaskDefinitionArn: TASK, EnableExecuteCommand: ON}
""".replace("KEY", "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")


@pytest.mark.parametrize("task", ["!Ref Task", "!GetAtt Task.DaemonTaskDefinitionArn"])
def test_a_daemon_opens_sessions_as_a_service_does(explained: Any, task: str) -> None:
    def needs(on: str) -> list[str]:
        roles = explained(DAEMON.replace("TASK", task).replace("ON", on))["resources"]["Task"]["roles"]
        return [action for need in roles.get("task role", ()) for action in need["actions"]]

    assert "ssmmessages:OpenDataChannel" in needs("true")
    assert "kms:Decrypt" in needs("true")
    assert needs("false") == []


def test_what_a_daemon_says_is_told_at_its_place(explained: Any) -> None:
    roles = explained(DAEMON.replace("TASK", "!Ref Task").replace("ON", "true"))["resources"]["Task"]["roles"]
    needs = [need for need in roles["task role"] if "ssmmessages:OpenDataChannel" in need["actions"]]
    places = {field["path"] for need in needs for reason in need["reasons"] for field in reason["fields"]}
    assert places == {"Resources.Daemon.Properties.EnableExecuteCommand"}


DESTINATIONS = """\
  LogKey: {Type: AWS::KMS::Key}
  Records:
    Type: AWS::Kinesis::Stream
    Properties: {Name: shop-logs, StreamEncryption: {EncryptionType: KMS, KeyId: KEY}}
  Delivery:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamEncryptionConfigurationInput: {KeyType: CUSTOMER_MANAGED_CMK, KeyARN: !GetAtt LogKey.Arn}
  Lines:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - {ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: KEY}}
"""
ROUTED = {
    "a stream": ("kinesis", "stream: !Ref Records", {"kms:GenerateDataKey"}),
    "a stream by its name": ("kinesis", "stream: shop-logs", {"kms:GenerateDataKey"}),
    "another stream": ("kinesis", "stream: web-logs", set()),
    "a Firehose stream": ("firehose", "delivery_stream: !Ref Delivery", {"kms:Decrypt", "kms:GenerateDataKey"}),
    "a bucket": ("s3", "bucket: !Ref Lines", {"kms:Decrypt", "kms:GenerateDataKey"}),
    "a bucket without a key": ("s3", "bucket: !Ref Files", set()),
}


def routed(plugin: str, option: str, key: str = "!GetAtt LogKey.Arn") -> str:
    options = f"{{region: us-east-1, Name: {plugin}, {option}}}"
    logs = f"LogConfiguration: {{LogDriver: awsfirelens, Options: {options}}}"
    return template(logs, DESTINATIONS.replace("KEY", key))


@pytest.mark.parametrize(("plugin", "option", "actions"), ROUTED.values(), ids=ROUTED)
def test_the_key_of_a_destination_for_logs_is_the_one_that_the_template_says(
    explained: Any, plugin: str, option: str, actions: set[str]
) -> None:
    found = told(explained(routed(plugin, option), "--region", "us-east-1"))
    keys = {action: resources for (action, _), resources in found.items() if action.startswith("kms:")}
    assert keys == dict.fromkeys(actions, ("${LogKey.Arn}",))


def test_the_key_of_the_bucket_of_sessions_is_used_by_the_task_role(explained: Any) -> None:
    sessions = SERVICE.replace("{CloudWatchLogGroupName: !Ref Logs}", "{S3BucketName: !Ref Lines}")
    more = DESTINATIONS.replace("KEY", "!Ref LogKey") + sessions
    assert told(explained(template("Image: nginx", more)))["kms:GenerateDataKey", ""] == ("${LogKey.Arn}",)


def test_an_alias_is_no_gap_if_the_router_writes_with_another_role(explained: Any) -> None:
    other = "role_arn: 'arn:aws:iam::111122223333:role/logs', bucket: !Ref Lines"
    assert explained(routed("s3", other, "alias/mine"))["resources"]["Task"]["gaps"] == []


IMAGES = {
    "a default that is no image": ("Image: !Ref Blank", "Pass --parameter Blank=VALUE"),
    "a default in a text": ("Image: !Sub '${Blank}:1'", "Pass --parameter Blank=VALUE"),
    "a value that is no image": ("Image: IMAGE", "Write the image"),
    "an empty image": ("Image: ''", "Write the image"),
    "no image": ("# Image:\n          Cpu: 128", "Write the image"),
}


@pytest.mark.parametrize(("container", "remedy"), IMAGES.values(), ids=IMAGES)
def test_what_is_no_image_is_a_gap_with_what_to_change(explained: Any, container: str, remedy: str) -> None:
    text = template(container).replace("  Images:", "  Blank: {Type: String, Default: BLANK}\n  Images:")
    gaps = explained(text)["resources"]["Task"]["gaps"]
    assert [gap["remedy"] for gap in gaps if "image" in gap["what"]] == [remedy]


CACHE = """\
  Cache:
    Type: AWS::ECR::PullThroughCacheRule
    Properties: {EcrRepositoryPrefix: hub, UpstreamRegistryUrl: registry-1.docker.io}
"""
REGISTRY = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com"
SOMETIMES = CACHE.replace("    Type", "    Condition: IsProd\n    Type", 1)
IMPORTED = {
    "an image of the cache": ("hub/nginx:1", CACHE, {""}),
    "by reference to the rule": ("${Cache}/nginx:1", CACHE, {""}),
    "a rule under a condition": ("hub/nginx:1", SOMETIMES, {"IsProd holds"}),
    "an image beside the cache": ("hubs/nginx:1", CACHE, set()),
    "no rule": ("hub/nginx:1", "", set()),
}


@pytest.mark.parametrize(("image", "more", "when"), IMPORTED.values(), ids=IMPORTED)
def test_an_image_of_a_pull_through_cache_may_be_imported(
    explained: Any, image: str, more: str, when: set[str]
) -> None:
    found = told(explained(template(f"Image: !Sub '{REGISTRY}/{image}'", more)))
    repository = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/hub/nginx"
    imports = {
        key: of for key, of in found.items() if key[0] in ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")
    }
    assert imports == {
        (action, each): (repository,)
        for action in ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")
        for each in when
    }


def test_a_destination_whose_key_is_an_alias_is_a_gap_of_the_task_role(explained: Any) -> None:
    (gap,) = explained(routed("s3", "bucket: !Ref Lines", "alias/mine"))["resources"]["Task"]["gaps"]
    assert gap["what"].startswith("the ARN of the key alias/mine is unknown")
    assert (gap["role"], gap["path"][-14:]) == ("task role", "Options.bucket")


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("kinesis", routed("kinesis", "stream: !Ref Records", "alias/aws/kinesis")),
        ("s3", routed("s3", "bucket: !Ref Lines", "alias/aws/s3")),
        (
            "secretsmanager",
            template("Secrets: [{Name: A, ValueFrom: !Ref Aliased}]").replace("alias/mine", "alias/aws/secretsmanager"),
        ),
    ],
)
def test_the_key_of_aws_for_a_service_needs_no_permission(explained: Any, service: str, text: str) -> None:
    assert f"alias/aws/{service}" in text
    explanation = explained(text)
    assert not [action for action, _ in told(explanation) if action.startswith("kms:")]
    assert explanation["resources"]["Task"]["gaps"] == []
