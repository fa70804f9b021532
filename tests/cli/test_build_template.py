"""`cfnroles build` of a CloudFormation template: the roles as a stack beside it, and the validator's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cfnroles.document import parse

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
  ProjectName: {Type: String, Default: shop}
Mappings: {Names: {us-east-1: {Queue: a}}}
Conditions:
  IsProd: !Equals [!Ref ProjectName, prod]
  Unused: !Equals [!Ref Stage, x]
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Files: {Type: AWS::S3::Bucket}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web
        Image: nginx
        EnvironmentFiles: [{Type: s3, Value: !Sub "${Files.Arn}/web.env"}]
        Secrets:
        - {Name: A, ValueFrom: !Sub "/${Stage}/a"}
        - {Name: B, ValueFrom: !Ref Database}
        - !If [IsProd, {Name: C, ValueFrom: !Sub "/${ProjectName}/c"}, !Ref AWS::NoValue]
        - {Name: D, ValueFrom: !Sub ["/d/${X}", {X: !FindInMap [Names, !Ref AWS::Region, Queue]}]}
  Job:
    Type: AWS::ECS::TaskDefinition
    Condition: IsProd
    Properties: {ContainerDefinitions: [{Name: job, Image: nginx}]}
"""
SSM = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"


@pytest.fixture
def built(cfnroles: Any, tmp_path: Path) -> Any:
    def build(text: str = TEMPLATE, *options: str) -> Any:
        (tmp_path / "service.yaml").write_text(text)
        result = cfnroles("build", tmp_path / "service.yaml", "-o", tmp_path / "out", *options)
        written = (tmp_path / "out").iterdir() if (tmp_path / "out").is_dir() else ()
        return result, {each.name: parse(each.read_text(), each.name) for each in written}

    return build


def test_the_roles_are_a_stack_beside_the_template(built: Any) -> None:
    result, files = built()
    assert result.code == 0, result.err
    assert set(files) == {"roles.yaml", "secret-validator.yaml", "stacks.json"}
    roles = files["roles.yaml"]
    assert list(roles["Resources"]) == ["WebExecutionRole", "WebTaskRole", "JobExecutionRole", "JobTaskRole"]
    assert [stack["name"] for stack in files["stacks.json"]["stacks"]] == ["service-secret-validator", "service-roles"]
    assert "- Web:\n      ExecutionRoleArn: !ImportValue service-Web-ECSTaskExecutionRoleArn\n" in result.err


def test_resources_of_the_template_are_parameters(built: Any) -> None:
    _, files = built()
    roles = files["roles.yaml"]
    assert roles["Parameters"]["Database"] == {
        "Type": "String",
        "Description": "Value of Ref Database in the stack of the task definition.",
    }
    policies = roles["Resources"]["WebExecutionRole"]["Properties"]["Policies"]
    statements = {each["Sid"]: each["Resource"] for each in policies[0]["PolicyDocument"]["Statement"]}
    assert statements["ReadEnvironmentFiles"] == {"Fn::Sub": "${FilesArn}/web.env"}
    assert statements["ReadSecrets"] == {"Ref": "Database"}
    # Who deploys is asked for them.
    (stack,) = (each for each in files["stacks.json"]["stacks"] if each["name"] == "service-roles")
    assert {name for name, value in stack["parameters"].items() if value is None} == {"Database", "FilesArn"}


def test_a_placeholder_is_no_parameter_of_the_template_that_is_called_like_it(built: Any) -> None:
    _, files = built(TEMPLATE.replace("ValueFrom: !Ref Database", 'ValueFrom: "/<Stage>/b"'))
    own = {"Type": "String", "Description": "Value of the placeholder <Stage>."}
    for name, role in (("roles.yaml", "WebExecutionRole"), ("secret-validator.yaml", "Role")):
        assert files[name]["Parameters"]["Stage2"] == own
        policies = json.dumps(files[name]["Resources"][role])
        assert f"{SSM}/${{Stage}}/a" in policies
        assert f"{SSM}/${{Stage2}}/b" in policies


def test_what_the_template_makes_must_be_there_before_the_roles(built: Any, tmp_path: Path) -> None:
    told = built()[0].err
    assert "The roles name resources of the template, by parameters: FilesArn, Database." in told
    assert f"add the roles to it: `cfnroles inject {tmp_path / 'service.yaml'}`." in told
    generated = TEMPLATE.replace("  Database: {", "  Database: {Metadata: {'aws:cdk:path': a}, ")
    told = built(generated)[0].err
    assert "must exist before the roles" in told
    assert "cfnroles inject" not in told
    assert "by parameters" not in built(TEMPLATE, "--resource", "Job")[0].err


def test_parameters_conditions_and_mappings_come_along_where_they_are_needed(built: Any) -> None:
    _, files = built()
    roles = files["roles.yaml"]
    assert set(roles["Parameters"]) == {
        *("ProjectName", "KmsKeyArns", "Stage", "TemplateProjectName", "Database", "FilesArn"),
    }
    assert roles["Parameters"]["Stage"] == {"Type": "String", "Default": "dev"}
    assert roles["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "TemplateProjectName"}, "prod"]}
    assert "Unused" not in roles["Conditions"]
    assert roles["Mappings"] == {"Names": {"us-east-1": {"Queue": "a"}}}
    assert roles["Resources"]["JobTaskRole"]["Condition"] == roles["Outputs"]["JobTaskRoleArn"]["Condition"] == "IsProd"


def test_the_validator_may_ask_for_what_is_there_before_the_template(built: Any) -> None:
    result, files = built()
    validator = json.dumps(files["secret-validator.yaml"]["Resources"]["Role"])
    assert f"{SSM}/${{Stage}}/a" in validator
    assert f"{SSM}/${{TemplateProjectName}}/c" in validator
    assert "Database" not in validator
    assert "The validator does not check what the template creates: 1 secret or parameter" in result.err


def test_one_task_definition_by_its_logical_id(built: Any) -> None:
    result, files = built(TEMPLATE, "--resource", "Job", "--project", "mine")
    assert result.code == 0, result.err
    assert set(files) == {"roles.yaml", "stacks.json"}
    assert list(files["roles.yaml"]["Resources"]) == ["JobExecutionRole", "JobTaskRole"]
    assert files["roles.yaml"]["Parameters"]["ProjectName"]["Default"] == "mine"


def test_roles_of_services_and_of_express_mode_services_are_in_the_stack(built: Any) -> None:
    text = (
        TEMPLATE.replace("nginx}]}\n", "nginx}], Volumes: [{Name: v, ConfiguredAtLaunch: true}]}\n")
        + """\
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Job
      VolumeConfigurations: [{Name: v, ManagedEBSVolume: {SizeInGiB: 1, RoleArn: x}}]
  Shop:
    Type: AWS::ECS::ExpressGatewayService
    Properties: {ServiceName: shop, PrimaryContainer: {Image: nginx}}
"""
    )
    result, files = built(text, "--lint")
    assert result.code == 0, result.err
    roles = [name for name, each in files["roles.yaml"]["Resources"].items() if each["Type"] == "AWS::IAM::Role"]
    assert roles[2:] == [
        *("JobExecutionRole", "JobTaskRole", "JobInfrastructureRole"),
        *("ShopExecutionRole", "ShopTaskRole", "ShopInfrastructureRole"),
    ]
    assert (
        "- Service, VolumeConfigurations[0].ManagedEBSVolume where it runs Job:\n"
        "      RoleArn: !ImportValue service-Job-ECSInfrastructureRoleArn\n" in result.err
    )
    assert "      InfrastructureRoleArn: !ImportValue service-Shop-ECSInfrastructureRoleArn\n" in result.err


OF_ITS_STACK = """\
Conditions:
  IsLive: !Equals [!Ref AWS::StackName, live]
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web
        Image: nginx
        LogConfiguration:
          LogDriver: awslogs
          Options:
            awslogs-region: !Ref AWS::Region
            awslogs-group: !Sub ["/${StackName}/${AWS::StackName}", {StackName: !Ref AWS::StackId}]
        Secrets:
        - {Name: A, ValueFrom: !Sub "/${AWS::StackName}/a"}
        - !If [IsLive, {Name: B, ValueFrom: /b}, !Ref AWS::NoValue]
"""


def test_the_name_of_the_stack_of_the_task_definition_is_handed_over(built: Any) -> None:
    result, files = built(OF_ITS_STACK, "--lint")
    assert result.code == 0, result.err
    roles, validator = files["roles.yaml"], files["secret-validator.yaml"]
    # The name that the author's own Fn::Sub has is another's.
    assert (
        roles["Parameters"]["StackName2"]
        == validator["Parameters"]["StackName2"]
        == {
            "Type": "String",
            "Description": "Value of Ref AWS::StackName in the stack of the task definition.",
        }
    )
    assert roles["Conditions"]["IsLive"] == {"Fn::Equals": [{"Ref": "StackName2"}, "live"]}
    told = [json.dumps({**each, "Parameters": {}, "Metadata": {}}) for each in (roles, validator)]
    assert "log-group:/${StackId}/${StackName2}:" in told[0]
    assert all(f"{SSM}/${{StackName2}}/a" in each for each in told)
    assert not any("AWS::Stack" in each for each in told)
    (stack,) = (each for each in files["stacks.json"]["stacks"] if each["name"] == "service-roles")
    assert {name for name, value in stack["parameters"].items() if value is None} == {"StackName2", "StackId"}


def test_what_is_built_passes_cfn_lint(built: Any) -> None:
    result, _ = built(TEMPLATE, "--lint")
    assert result.code == 0, result.err


def test_gaps_are_told_and_are_an_error_when_asked_for(built: Any) -> None:
    text = TEMPLATE.replace("Name: job, Image: nginx", "Name: job, Image: !ImportValue image")
    result, files = built(text)
    assert result.code == 0
    assert "Gaps: 1 permission that the roles do not have" in result.err
    assert len(files["stacks.json"]["gaps"]) == 1
    assert built(text, "--strict")[0].code == 1


def test_what_was_taken_for_a_value_is_told(built: Any) -> None:
    text = TEMPLATE.replace("Name: job, Image: nginx", "Name: job, Image: !Ref Image")
    result, _ = built(text.replace("Parameters:\n", "Parameters:\n  Image: {Type: String, Default: nginx}\n"))
    assert "The roles are built for the value that this parameter has here: Image." in result.err
    assert "these parameters have here" not in built()[0].err


def test_an_image_in_a_parameter_costs_what_it_turns_out_to_cost(built: Any) -> None:
    text = TEMPLATE.replace("Name: job, Image: nginx", "Name: job, Image: !Ref Image")
    result, files = built(text.replace("Parameters:\n", "Parameters:\n  Image: {Type: String}\n"), "--strict", "--lint")
    assert result.code == 0, result.err
    policy = files["roles.yaml"]["Resources"]["JobExecutionRole"]["Properties"]["Policies"][0]["Fn::If"]
    assert policy[0] == "ImageIsInAPrivateRegistryOfAmazonECR"
    assert policy[2] == {"Ref": "AWS::NoValue"}
    assert set(files["roles.yaml"]["Parameters"]) >= {"Image"}


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        pytest.param(
            "Resources: {A: {Type: AWS::SQS::Queue}}", [], "has no task definition that needs roles", id="no task"
        ),
        pytest.param(
            TEMPLATE,
            ["--resource", "No"],
            "has no task definition, Express Mode service or capacity provider No",
            id="no such task",
        ),
        pytest.param(TEMPLATE, ["--project", "a b"], "'a b' is not a valid project name", id="no name"),
        pytest.param(TEMPLATE, ["--environment", "prod"], "--environment requires a service spec", id="no spec"),
        pytest.param(
            TEMPLATE.replace("!Ref AWS::Region, Queue", "!GetAtt Files.Arn, Queue"),
            [],
            "the roles reference Files with an expression that only its own stack can resolve",
            id="what nobody can hand over",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(built: Any, text: str, options: list[str], message: str) -> None:
    result, files = built(text, *options)
    assert result.code == 2
    assert message in result.err
    assert files == {}


def test_nested_stacks_are_templates_of_their_own(built: Any, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(TEMPLATE)
    nested = "  App: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./app.yaml}}\n"
    result, _ = built(TEMPLATE + nested)
    assert result.code == 0
    assert "Nested stacks are templates of their own. To write the roles of their task definitions, run:" in result.err
    assert f"  cfnroles build {tmp_path}/app.yaml -o {tmp_path}/out-app\n" in result.err


def test_an_unknown_parameter_is_refused(tmp_path: Path, cfnroles: Any) -> None:
    source = tmp_path / "shop.yaml"
    source.write_text(TEMPLATE.replace("Stage: {Type: String, Default: dev}", "Stage: dev"))
    refused = cfnroles("build", source, "-o", tmp_path / "out")
    assert refused.code == 2
    assert "the roles reference Stage, but the declaration of that parameter is not an object" in refused.err
    assert not (tmp_path / "out").exists()


def test_what_a_template_makes_on_a_condition_need_not_be_handed_over(built: Any) -> None:
    text = TEMPLATE.replace("Files: {Type: AWS::S3::Bucket}", "Files: {Type: AWS::S3::Bucket, Condition: IsProd}")
    _, files = built(text)

    parameters = files["roles.yaml"]["Parameters"]
    assert parameters["FilesArn"]["Default"] == ""
    assert parameters["FilesArn"]["Description"].endswith("; empty if IsProd does not hold.")
    assert "Default" not in parameters["Database"]


RUN = """\
Resources:
  Batch: {Type: AWS::ECS::Cluster}
  Own: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Job:
    Type: AWS::ECS::TaskDefinition
    Properties: {Family: nightly, TaskRoleArn: !GetAtt Own.Arn, ContainerDefinitions: [{Name: job, Image: nginx}]}
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      Target:
        Arn: !GetAtt Batch.Arn
        RoleArn: !GetAtt Own.Arn
        EcsParameters: {TaskDefinitionArn: !Ref Job}
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      Targets:
      - {Id: other, Arn: !GetAtt Queue.Arn}
      - {Id: job, Arn: !GetAtt Batch.Arn, EcsParameters: {TaskDefinitionArn: !Ref Job}}
  Queue: {Type: AWS::SQS::Queue}
"""
TASKS = {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/nightly:*"}
PASSED = [{"Fn::GetAtt": ["JobExecutionRole", "Arn"]}, {"Fn::GetAtt": ["JobTaskRole", "Arn"]}]


def statements(files: Any, role: str) -> dict[str, Any]:
    (policy,) = files["roles.yaml"]["Resources"][role]["Properties"]["Policies"]
    return {each["Sid"]: each["Resource"] for each in policy["PolicyDocument"]["Statement"]}


def test_roles_of_schedules_and_rules_are_there_before_the_revision_that_they_run(built: Any) -> None:
    result, files = built(RUN, "--lint")
    assert result.code == 0, result.err
    for role in ("JobSchedulerRole", "JobEventRuleRole"):
        assert statements(files, role) == {"PassRolesOfTask": PASSED, "RunTask": TASKS}
    assert set(files["roles.yaml"]["Parameters"]) == {"ProjectName", "BatchArn"}
    (stack,) = files["stacks.json"]["stacks"]
    assert stack["exports"][2:] == ["service-Job-ECSEventRuleRoleArn", "service-Job-ECSSchedulerRoleArn"]


def test_the_summary_tells_which_property_of_which_resource_takes_which_role(built: Any) -> None:
    told = [line for line in built(RUN)[0].err.splitlines() if line.startswith(("- ", "      "))]
    assert told == [
        "- Job:",
        "      ExecutionRoleArn: !ImportValue service-Job-ECSTaskExecutionRoleArn",
        "      TaskRoleArn: !ImportValue service-Job-ECSTaskRoleArn",
        "- Hourly, Targets[1]:",
        "      RoleArn: !ImportValue service-Job-ECSEventRuleRoleArn",
        "- Nightly, Target:",
        "      RoleArn: !ImportValue service-Job-ECSSchedulerRoleArn",
    ]


def test_the_commands_name_each_parameter_that_the_template_has_too(built: Any) -> None:
    told = built()[0].err
    assert "out --parameter Stage=VALUE --parameter TemplateProjectName=VALUE --parameter " in told
    # The one command needs what all the others need.
    (deploy,) = [line for line in told.splitlines() if line.startswith("Deploy with")]
    others = [line for line in told.splitlines() if line.startswith("  aws cloudformation deploy")]
    assert set(re.findall(r"(\w+)=VALUE", deploy)) == set(re.findall(r"(\w+)=VALUE", "".join(others)))
    (roles,) = [line for line in told.splitlines() if "--stack-name service-roles --template-file" in line]
    assert {"Stage=VALUE", "TemplateProjectName=VALUE", "Database=VALUE"} <= set(roles.split())
    assert "\nUse the same values as for the template: Stage, TemplateProjectName.\n" in told


def test_a_template_in_json_takes_the_roles_in_json(built: Any) -> None:
    text = json.dumps(parse(TEMPLATE, "t.yaml"))
    assert '"TaskRoleArn": {"Fn::ImportValue": "service-Web-ECSTaskRoleArn"},' in built(text)[0].err


def test_a_revision_without_a_family_cannot_be_named_before_it_is_there(built: Any) -> None:
    result, files = built(RUN.replace("Family: nightly, ", ""))
    assert "the task definition has no family" in result.err
    assert statements(files, "JobSchedulerRole") == {"PassRolesOfTask": PASSED}


def test_the_command_that_a_build_tells_verifies_what_it_wrote(built: Any, cfnroles: Any, tmp_path: Path) -> None:
    text = TEMPLATE.replace("Name: job, Image: nginx", "Name: !Ref AWS::StackName, Image: !Ref Image")
    key = "arn:aws:kms:us-east-1:111122223333:key/1"
    result, _ = built(text.replace("Parameters:\n", "Parameters:\n  Image: {Type: String}\n"), "--kms-key-arn", key)
    told = [line.split()[1:] for line in result.err.splitlines() if line.startswith("  cfnroles verify ")]
    assert len(told) == 2
    for words in told:
        verified = cfnroles(*words, "--fail-on", "excess")
        assert verified.code == 0, verified.out
        assert "${Database}." in " ".join(verified.out.split())
    # Another template does not become the same by the name of its parameter.
    roles = tmp_path / "out" / "roles.yaml"
    roles.write_text(re.sub(r"(?m)^      Database: Ref Database$", "      Database: Ref Other", roles.read_text()))
    assert cfnroles(*told[0], "--fail-on", "excess").code == 3
