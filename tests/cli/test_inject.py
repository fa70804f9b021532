"""`cfnroles inject`: the roles of a template's task definitions, in the template itself."""

from __future__ import annotations

import codecs
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest

from cfnroles.document import parse

TEMPLATE = """\
# The shop.
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web   # the shop itself
        Image: nginx
        Secrets:
        - {Name: A, ValueFrom: !Sub "/${Stage}/a"}
"""
WITH_ROLES = (
    TEMPLATE.replace("    Properties:\n", "    Properties:\n      TaskRoleArn: !GetAtt Own.Arn\n")
    + """\
  Own:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
      - PolicyName: Own
        PolicyDocument: {Statement: [{Effect: Allow, Action: s3:PutObject, Resource: "arn:aws:s3:::shop/*"}]}
"""
)
ROLES = {
    "ExecutionRoleArn": {"Fn::GetAtt": ["WebExecutionRole", "Arn"]},
    "TaskRoleArn": {"Fn::GetAtt": ["WebTaskRole", "Arn"]},
}


KEY = "arn:aws:kms:us-east-1:123456789012:key/a"


@pytest.fixture
def injected(cfnroles: Any, tmp_path: Path) -> Any:
    def inject(text: str = TEMPLATE, *options: object, name: str = "shop.yaml") -> Any:
        (tmp_path / name).write_text(text)
        return cfnroles("inject", tmp_path / name, *options)

    return inject


def roles_of(text: str, task: str = "Web") -> dict[str, Any]:
    properties = parse(text, "t.yaml")["Resources"][task]["Properties"]
    return {name: value for name, value in properties.items() if name.endswith("RoleArn")}


def test_the_template_with_its_roles_goes_to_standard_output(injected: Any) -> None:
    result = injected()
    assert result.code == 0, result.err
    assert roles_of(result.out) == ROLES
    tree = parse(result.out, "t.yaml")
    assert tree["Resources"]["WebSecretsExist"]["Type"] == "Custom::SecretsExist"
    assert tree["Resources"]["Web"]["DependsOn"] in ("WebSecretsExist", ["WebSecretsExist"])
    assert "Roles of Web are in the template." in result.err


def test_where_it_is_written_to(injected: Any, tmp_path: Path) -> None:
    before = injected(TEMPLATE, "-o", tmp_path / "other.yaml")
    assert before.out == ""
    assert roles_of((tmp_path / "other.yaml").read_text()) == ROLES
    assert (tmp_path / "shop.yaml").read_text() == TEMPLATE
    (tmp_path / "shop.yaml").chmod(0o640)
    assert injected(TEMPLATE, "--in-place").out == ""
    assert (tmp_path / "shop.yaml").read_bytes() == (tmp_path / "other.yaml").read_bytes()
    assert stat.S_IMODE((tmp_path / "shop.yaml").stat().st_mode) == 0o640
    assert {each.name for each in tmp_path.iterdir()} == {"shop.yaml", "other.yaml"}


def test_a_template_from_standard_input(cfnroles: Any) -> None:
    result = cfnroles("inject", "-", stdin=TEMPLATE)
    assert result.code == 0
    assert roles_of(result.out) == ROLES


def test_roles_that_are_there_are_left_and_it_is_told_what_would_change(injected: Any, tmp_path: Path) -> None:
    result = injected(WITH_ROLES)
    assert result.code == 1
    assert result.out == WITH_ROLES
    assert "shop.yaml:8: Resources.Web.Properties.TaskRoleArn: would be replaced" in result.err
    assert "- s3:PutObject" in result.err
    assert f"`cfnroles inject {tmp_path / 'shop.yaml'} --replace-roles` replaces these roles." in result.err


def test_roles_that_are_there_are_replaced_when_asked_for(injected: Any) -> None:
    result = injected(WITH_ROLES, "--replace-roles")
    assert result.code == 0, result.err
    assert roles_of(result.out) == ROLES
    # Losses are reported first.
    assert result.err.index("- s3:PutObject") < result.err.index("Roles of Web are in the template.")


PASSING = """\
  Runner:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: run
      PolicyDocument:
        Statement:
        - {Effect: Allow, Action: ecs:RunTask, Resource: !Ref Web}
        - {Effect: Allow, Action: [iam:PassRole], Resource: [!GetAtt Own.Arn]}
"""


ATTACHED = """\
  Own:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", !ImportValue own]
"""


def test_a_managed_policy_that_is_replaced_is_compared_by_what_it_allows(injected: Any) -> None:
    named = TEMPLATE.replace("    Properties:\n", "    Properties:\n      ExecutionRoleArn: !GetAtt Own.Arn\n")
    told = injected(named.replace("nginx", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a") + ATTACHED).err
    assert "  ~ ecr:BatchGetImage, ecr:GetDownloadUrlForLayer (narrower)\n      was on *" in told
    assert "  - ecr:BatchCheckLayerAvailability, logs:CreateLogStream, logs:PutLogEvents\n      on *" in told
    assert "! Web execution role: unknown, so not compared: what the managed policy ${Import::own} allows\n" in told


def test_who_passes_a_role_that_is_replaced_is_told(injected: Any) -> None:
    result = injected(WITH_ROLES + PASSING, "--replace-roles")
    line = (WITH_ROLES + PASSING)[: (WITH_ROLES + PASSING).index("[iam:PassRole]")].count("\n") + 1
    assert (
        f"shop.yaml:{line}: Resources.Runner.Properties.PolicyDocument.Statement[1]: grants iam:PassRole on Own"
        in result.err
    )
    assert "Give it iam:PassRole on the task's new roles." in result.err
    assert "grants iam:PassRole on" not in injected(WITH_ROLES + PASSING).err


def test_nobody_can_tell_what_a_role_of_elsewhere_may_do(injected: Any) -> None:
    elsewhere = TEMPLATE.replace("    Properties:\n", "    Properties:\n      TaskRoleArn: !ImportValue role\n", 1)
    result = injected(elsewhere, "--replace-roles")
    assert result.code == 0
    assert "What the role there may do is not in this template: what would be lost is unknown." in result.err


def test_a_role_that_is_no_resource_is_refused(injected: Any) -> None:
    own = TEMPLATE.replace("    Properties:\n", "    Properties:\n      TaskRoleArn: !GetAtt Own.Arn\n", 1)
    result = injected(f"{own}  Own: AWS::IAM::Role\n", "--replace-roles")
    assert (result.code, "the resource Own is not an object" in result.err) == (2, True)


def test_what_is_cut_out_of_an_empty_value_is_told_nowhere_else(injected: Any) -> None:
    parameter = "Parameters:\n  File: {Type: String, Default: ''}\n"
    condition = "Conditions:\n  HasFile: !Not [!Equals [!Ref File, '']]\n"
    text = WITH_ROLES.replace("Parameters:\n", parameter).replace("Resources:\n", f"{condition}Resources:\n", 1)
    files = "EnvironmentFiles: [!If [HasFile, {Type: s3, Value: !Ref File}, !Ref AWS::NoValue]]"
    text = text.replace("        Image: nginx\n", f"        Image: nginx\n        {files}\n").replace(
        "TaskRoleArn", "ExecutionRoleArn"
    )
    assert files in text
    told = injected(text).err
    assert "Service ecs-tasks.amazonaws.com" in told
    assert "on arn:${AWS::Partition}:s3:::${File[bucket]}\n" in told


def test_no_role_is_none(injected: Any) -> None:
    none = TEMPLATE.replace("    Properties:\n", "    Properties:\n      TaskRoleArn: !Ref AWS::NoValue\n", 1)
    result = injected(none)
    assert result.code == 0
    assert roles_of(result.out) == ROLES


def test_one_task_definition_by_its_logical_id(injected: Any) -> None:
    other = TEMPLATE + TEMPLATE[TEMPLATE.index("  Web:\n") :].replace("Web:", "Job:")
    result = injected(other, "--resource", "Job")
    assert roles_of(result.out) == {}
    assert set(roles_of(result.out, "Job")) == {"ExecutionRoleArn", "TaskRoleArn"}


def test_what_is_to_be_known_besides_is_told(injected: Any) -> None:
    text = TEMPLATE.replace("Image: nginx", "Image: !ImportValue image")
    text += "  Made: {Type: AWS::SecretsManager::Secret}\n"
    text = text.replace("        Secrets:\n", "        Secrets:\n        - {Name: B, ValueFrom: !Ref Made}\n")
    result = injected(text, "--project", "mine")
    assert result.code == 0
    assert "Gaps: 1 permission that the roles do not have" in result.err
    assert "deploy the secret validator, which exports mine-SecretValidatorArn." in result.err
    assert "Not checked, because this template creates it: 1 secret or parameter." in result.err
    strict = injected(text, "--strict")
    assert strict.code == 1
    assert "error: 1 gap, and --strict was given: the template was written\n" in strict.err


@pytest.mark.parametrize("options", [[], ["--kms-key-arn", f"{KEY}"], ["--parameter", "Stage=prod"]], ids=str)
def test_the_command_that_writes_the_validator_works_as_told(
    injected: Any, cfnroles: Any, tmp_path: Path, options: list[str]
) -> None:
    line = next(each for each in injected(TEMPLATE, *options).err.splitlines() if "cfnroles build" in each)
    words = shlex.split(line.split("`")[1].removesuffix(" -o build"))[1:]
    assert words[4:] == options
    assert cfnroles(*words, "-o", tmp_path / "build").code == 0
    assert "${ProjectName}-SecretValidatorArn" in (tmp_path / "build" / "secret-validator.yaml").read_text()


WITH_VOLUME = TEMPLATE.replace(
    "    Properties:\n", "    Properties:\n      Volumes: [{Name: v, ConfiguredAtLaunch: true}]\n"
)
SERVICE = """\
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Web
      VolumeConfigurations: [{Name: v, ManagedEBSVolume: {SizeInGiB: 1}}]
"""


def test_the_role_of_a_service_is_injected_where_the_service_names_it(injected: Any) -> None:
    result = injected(WITH_VOLUME + SERVICE)
    assert result.code == 0, result.err
    assert '{"RoleArn": {"Fn::GetAtt": ["WebInfrastructureRole", "Arn"]}, SizeInGiB: 1}' in result.out
    assert "Roles of Web, Service are in the template." in result.err


def test_the_role_for_service_connect_may_not_make_the_volumes_of_another_role(injected: Any) -> None:
    connect = "{PortName: p, Tls: {IssuerCertificateAuthority: {AwsPcaAuthorityArn: !Sub '${AWS::StackId}'}}}"
    named = SERVICE.replace("{SizeInGiB", "{RoleArn: x, SizeInGiB")
    result = injected(
        f"{WITH_VOLUME}{named}      ServiceConnectConfiguration: {{Enabled: true, Services: [{connect}]}}\n"
    )
    assert "RoleArn: x" in result.out
    assert "secretsmanager:CreateSecret" in result.out
    assert "ec2:CreateVolume" not in result.out


def test_a_role_that_a_service_names_already_is_left_until_it_is_replaced(injected: Any) -> None:
    named = WITH_VOLUME + SERVICE.replace("{SizeInGiB", "{RoleArn: x, SizeInGiB")
    result = injected(named)
    assert result.code == 1
    place = "Resources.Service.Properties.VolumeConfigurations[0].ManagedEBSVolume.RoleArn"
    assert f"shop.yaml:18: {place}: would be replaced" in result.err
    assert "Left as it is, with its own roles: Service." in result.err
    assert roles_of(result.out) == ROLES
    assert "WebInfrastructureRole" not in result.out
    replaced = injected(named, "--replace-roles")
    assert replaced.code == 0
    assert '{RoleArn: {"Fn::GetAtt": ["WebInfrastructureRole", "Arn"]}, SizeInGiB: 1}' in replaced.out
    assert injected(replaced.out).out == replaced.out
    assert injected(replaced.out, "--remove").out == named


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            WITH_VOLUME + SERVICE.replace("!Ref Web", "!If [IsProd, !Ref Web, x]"),
            id="of one task definition or one of another stack",
        ),
        pytest.param(
            WITH_VOLUME.replace("  Web:\n", "  Web:\n    Condition: IsProd\n")
            + SERVICE.replace("!Ref Web", "!If [IsProd, !Ref Web, x]"),
            id="on another condition",
        ),
        pytest.param(
            "Transform: AWS::LanguageExtensions\n"
            + WITH_VOLUME
            + SERVICE
            + "  Fn::ForEach::Services:\n  - Name\n  - [A]\n  - "
            + SERVICE.strip()
            .replace("Service:", "'Service${Name}':", 1)
            .replace("\n", "\n  ")
            .replace("1}", "1, KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/a'}"),
            id="in a loop, beside one that has a place",
        ),
    ],
)
def test_a_role_that_has_no_place_is_told_with_what_writes_it(
    injected: Any, cfnroles: Any, tmp_path: Path, text: str
) -> None:
    whole = f"Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}\n{text}"
    result = injected(whole)
    assert (result.code, injected(whole, "--strict").code) == (0, 1), result.err
    assert "the infrastructure role of Web is needed here and not injected. ECS uses" in result.err
    command = next(line for line in result.err.splitlines() if "writes it, for" in line)
    words = command.split("`")[1].removesuffix(" -o build").split()[1:]
    assert cfnroles(*words, "-o", tmp_path / "build").code == 0
    exports = {
        each["Export"]["Name"]["Fn::Sub"].replace("${ProjectName}", "shop")
        for each in parse((tmp_path / "build" / "roles.yaml").read_text(), "roles.yaml")["Outputs"].values()
    }
    assert command.rpartition(" ")[2].removesuffix(".") in exports


CDK = "Resources: {Web: {Type: AWS::ECS::TaskDefinition, Metadata: {aws:cdk:path: Shop/Web/Resource}}}"


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        pytest.param(CDK, "shop.yaml:1:62: is generated by the AWS", "`executionRole` and `taskRole`", id="the CDK"),
        pytest.param(
            CDK, "Resources.Web.Metadata.aws:cdk:path shows it.", "remove such marks", id="the mark of the CDK"
        ),
        pytest.param(
            "Resources: {}\nParameters: {B: {Type: String, Default: /cdk-bootstrap/x/version}}",
            "shop.yaml:2:14: is generated by the AWS CDK",
            "`executionRole` and `taskRole`",
            id="the CDK without metadata",
        ),
        pytest.param(
            "Resources: {Web: {Type: AWS::ECS::TaskDefinition, Metadata: {SamResourceId: Web}}}",
            "is generated by the AWS SAM CLI",
            "Pass the template that `sam build` reads",
            id="SAM",
        ),
        pytest.param(
            "Resources: {F: {Type: AWS::IAM::Role, Properties: {Tags: [{Key: 'lambda:createdBy', Value: SAM}]}}}",
            "is generated by the AWS SAM CLI, or by the transform AWS::Serverless-2016-10-31",
            "Pass the template that `sam build` reads",
            id="what the transform of SAM made",
        ),
        pytest.param(
            "family: web\ncontainerDefinitions: [{name: web, image: nginx}]",
            "is a task definition; inject requires a CloudFormation template",
            "`cfnroles build`",
            id="a task definition",
        ),
        pytest.param(
            "Resources: {A: {Type: AWS::SQS::Queue}}",
            "has no task definition that needs roles",
            "",
            id="no task definition",
        ),
        pytest.param("Resources: [", "is not valid YAML", "", id="no YAML"),
    ],
)
def test_what_no_roles_are_injected_into(injected: Any, tmp_path: Path, text: str, message: str, remedy: str) -> None:
    result = injected(text, "--in-place")
    assert result.code == 2
    assert message in result.err
    assert remedy in result.err
    assert (tmp_path / "shop.yaml").read_text() == text


def test_what_copilot_left_behind_is_edited_with_a_note(injected: Any, tmp_path: Path) -> None:
    copilot = TEMPLATE.replace("  Web:\n", "  Web:\n    Metadata: {'aws:copilot:description': A task}\n")
    result = injected(copilot)
    assert (result.code, roles_of(result.out)) == (0, ROLES)
    assert "AWS Copilot wrote this template, and undoes what is added to it where it deploys again:" in result.err
    assert f"`cfnroles build {tmp_path / 'shop.yaml'} -o build`." in result.err


def test_what_is_gained_is_told_as_explain_tells_it_at_the_lines_that_are_written(
    injected: Any, tmp_path: Path
) -> None:
    text = WITH_ROLES.replace("nginx", "!Ref Image").replace("Parameters:\n", "Parameters:\n  Image: {Type: String}\n")
    text = text.replace("TaskRoleArn", "ExecutionRoleArn")
    told = injected(text, "--replace-roles")
    assert "${Image[region]}:${Image[account]}:repository/${Image[repository]}" in told.err
    assert "Fn::Select" not in told.err
    line = told.out[: told.out.index("PolicyName: WithImageIsInAPrivateRegistry")].count("\n") + 1
    lines = {int(each.split(":")[1]) for each in told.err.splitlines() if "PullImages" in each}
    assert all(0 < each - line < 40 for each in lines)
    assert lines
    # What is not written has no lines.
    assert f"at {tmp_path}/shop.yaml: With" in injected(text).err


def test_a_template_that_a_person_writes_for_sam_is_one_like_others(injected: Any) -> None:
    result = injected(f"Transform: AWS::Serverless-2016-10-31\n{TEMPLATE}")
    assert result.code == 0
    assert roles_of(result.out) == ROLES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--in-place", "-o", "x.yaml"], "--in-place cannot be combined with -o x.yaml", id="both"),
        pytest.param(
            ["--resource", "No"],
            "has no task definition, Express Mode service or capacity provider No",
            id="no such one",
        ),
        pytest.param(["--parameter", "No=x"], "has no parameter No", id="no such parameter"),
        pytest.param(["--project", "a b"], "'a b' is not a valid project name", id="no name"),
        pytest.param(["--execute-command"], "--execute-command requires a task definition", id="an option of others"),
        pytest.param(["-o", "no/such/folder/x.yaml"], "cannot be written", id="nowhere"),
        pytest.param(["-o", "-"], "- is not the name of a file", id="a hyphen"),
    ],
)
def test_options_that_do_not_go_together(injected: Any, options: list[str], message: str) -> None:
    result = injected(TEMPLATE, *options)
    assert result.code == 2
    assert message in result.err
    assert result.out == ""


def test_standard_input_is_no_place_to_write_to(cfnroles: Any) -> None:
    result = cfnroles("inject", "-", "--in-place", stdin=TEMPLATE)
    assert result.code == 2
    assert "--in-place cannot be combined with standard input" in result.err


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["UTF-8", "UTF-8 with its mark"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_byte_that_is_not_added_stays(cfnroles: Any, tmp_path: Path, mark: bytes, line_end: str) -> None:
    path = tmp_path / "shop.yaml"
    before = mark + TEMPLATE.replace("# The shop.", "# Größe \t ").replace("\n", line_end).encode()
    path.write_bytes(before)
    assert cfnroles("inject", path, "--in-place").code == 0
    first = path.read_bytes()
    assert first.startswith(mark)
    assert first.count(b"\n") == first.count(line_end.encode())
    there = iter(first.splitlines())
    assert all(line in there for line in before.splitlines())
    assert cfnroles("inject", path, "--in-place").code == 0
    assert path.read_bytes() == first
    assert cfnroles("inject", path, "--remove", "--in-place").code == 0
    assert path.read_bytes() == before


def test_another_run_keeps_what_the_first_one_was_told(injected: Any, cfnroles: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    injected(WITH_ROLES, "--replace-roles", "--project", "mine", "-o", other)
    again = cfnroles("inject", other)
    assert again.code == 0
    assert again.out == other.read_text()


OPTIONS = TEMPLATE.replace("Parameters:\n", "Parameters:\n  Image: {Type: String}\n").replace("nginx", "!Ref Image")
ECR = "Image=123456789012.dkr.ecr.us-east-1.amazonaws.com/${shop}:1"


@pytest.mark.parametrize(
    ("first", "more", "said"),
    [
        pytest.param([], [], "", id="no options"),
        pytest.param(["--kms-key-arn", KEY], [], f"As in the run before, with --kms-key-arn {KEY}.", id="a key"),
        pytest.param(["--parameter", ECR], [], f"As in the run before, with --parameter '{ECR}'.", id="a parameter"),
        pytest.param(["--compat"], [], "As in the run before, with --compat.", id="a flag"),
        pytest.param(["--account", "123456789012"], [], "--account 123456789012.", id="an account"),
        pytest.param(
            ["--compat"],
            ["--kms-key-arn", KEY],
            f"Now with --kms-key-arn {KEY}; the run before was with no --kms-key-arn.",
            id="one more",
        ),
        pytest.param([], ["--compat"], "Now with --compat; the run before was with no --compat.", id="a first one"),
        pytest.param(
            ["--parameter", "Stage=a", "--parameter", "Image=a"],
            ["--parameter", "Image=b"],
            "Now with --parameter Image=b; the run before was with --parameter Image=a.",
            id="another value",
        ),
    ],
)
def test_another_run_keeps_its_options(injected: Any, first: list[str], more: list[str], said: str) -> None:
    once = injected(OPTIONS, *first).out
    again = injected(once, *more)
    assert said in again.err
    assert again.out == injected(OPTIONS, *first, *more).out
    assert injected(again.out).out == again.out
    assert injected(again.out, "--remove").out == OPTIONS


def test_a_secret_value_is_not_kept_and_that_is_told(injected: Any) -> None:
    secret = OPTIONS.replace("Image: {Type: String", "Image: {NoEcho: true, Type: String")
    result = injected(secret, "--parameter", "Image=correct-horse", "--parameter", "Stage=prod")
    assert "Not kept for the next run, because it has NoEcho: the value of Image." in result.err
    assert "correct-horse" not in result.out + result.err
    assert "Stage: prod" in result.out


def test_the_value_of_a_parameter_that_is_gone_is_forgotten(injected: Any) -> None:
    once = injected(OPTIONS, "--parameter", "Image=nginx:1", "--compat").out
    gone = once.replace("  Image: {Type: String}\n", "").replace("!Ref Image", "nginx")
    again = injected(gone)
    assert again.code == 0, again.err
    assert again.out == injected(TEMPLATE, "--compat").out
    assert "Now with no --parameter Image; the run before was with --parameter Image=nginx:1." in again.err


@pytest.mark.parametrize("option", [[], ["--remove"], ["--replace-roles"]], ids=["again", "remove", "replace"])
def test_a_renamed_task_definition_is_not_left_with_roles_that_are_gone(injected: Any, option: list[str]) -> None:
    renamed = injected().out.replace("\n  Web:\n", "\n  Shop:\n")
    result = injected(renamed, *option)
    assert (result.code, result.out) == (2, "")
    line = renamed[: renamed.index("    DependsOn:")].count("\n") + 1
    what = "refers to what cfnroles added and would take out: Resources.Shop.DependsOn to WebSecretsExist"
    assert f"shop.yaml:{line}:5: {what}" in result.err
    assert ("Resources.Shop.Properties.TaskRoleArn to WebTaskRole" in result.err) is (option != ["--replace-roles"])


@pytest.mark.parametrize("option", [[], ["--remove"]], ids=["again", "remove"])
def test_without_what_it_refers_to_a_renamed_task_definition_gets_its_own(injected: Any, option: list[str]) -> None:
    shop = TEMPLATE.replace("Web:", "Shop:")
    renamed = injected().out.replace("\n  Web:\n", "\n  Shop:\n")
    references = ["    DependsOn: Web", "      ExecutionRoleArn:", "      TaskRoleArn:"]
    lines = [line for line in renamed.splitlines(keepends=True) if not line.startswith(tuple(references))]
    assert len(lines) == renamed.count("\n") - 3
    assert injected("".join(lines), *option).out == (shop if option else injected(shop).out)


def test_what_the_author_refers_to_stays_as_long_as_it_is_injected(injected: Any) -> None:
    text = f"{injected().out}Outputs:\n  Role: {{Value: !Sub '${{WebTaskRole.Arn}}'}}\n"
    assert injected(text).out == text
    result = injected(text, "--remove")
    assert (result.code, result.out) == (2, "")
    assert "would take out: Outputs.Role.Value to WebTaskRole" in result.err


def test_what_somebody_changed_since_is_not_touched(injected: Any, cfnroles: Any, tmp_path: Path) -> None:
    changed = injected().out.replace("Description: The application", "Description: My application")
    (tmp_path / "changed.yaml").write_text(changed)
    for options in ([], ["--remove"]):
        result = cfnroles("inject", tmp_path / "changed.yaml", *options)
        assert result.code == 2
        assert "Resources.WebTaskRole was added by cfnroles and changed since" in result.err
        assert result.out == ""


def test_what_is_not_injected_has_nothing_to_remove(injected: Any) -> None:
    result = injected(TEMPLATE, "--remove")
    assert (result.code, result.out) == (0, TEMPLATE)


LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Tasks:
    - Name
    - [Web, Job]
    - "${Name}Task": {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: nginx}]}}
"""


def test_what_a_loop_makes_is_left_and_told(injected: Any) -> None:
    result = injected(LOOP)
    assert (result.code, result.out) == (1, LOOP)
    assert "Left out, because a loop makes them, with the same properties for all: WebTask, JobTask." in result.err


def test_a_template_that_would_be_too_large_is_refused(injected: Any) -> None:
    result = injected(f"# {'x' * 999_000}\n{TEMPLATE}")
    assert result.code == 2
    assert "CloudFormation accepts 1,000,000" in result.err


def test_a_template_stays_where_it_cannot_be_written(
    injected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = injected(TEMPLATE, "--in-place")
    assert result.code == 2
    assert "cannot be written: No space left on device" in result.err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("shop.yaml", TEMPLATE)]


NESTED = "  App: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./app.yaml}}\n"


def test_nested_stacks_are_templates_of_their_own(injected: Any, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(TEMPLATE)
    result = injected(TEMPLATE + NESTED)
    assert result.code == 0
    assert (
        f"""
Nested stacks are templates of their own. To add the roles of their task definitions, run:
  cfnroles inject {tmp_path}/app.yaml --in-place
`cfnroles inject {tmp_path}/shop.yaml --in-place --nested` edits all of these templates.
"""
        in result.err
    )
    result = injected(f"Resources:\n{NESTED}")
    assert result.code == 2
    assert "has task definitions only in its nested stacks" in result.err
    assert f"Run `cfnroles inject {tmp_path}/shop.yaml --in-place --nested`." in result.err


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A template with nested stacks: one in an encoding with a mark, two of the same name, one in another one."""
    (tmp_path / "app.yaml").write_bytes(codecs.BOM_UTF8 + (TEMPLATE + IN_NESTED).replace("\n", "\r\n").encode())
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "jobs.yaml").write_text(TEMPLATE)
    (tmp_path / "empty.yaml").write_text("Resources:\n  Topic: {Type: AWS::SNS::Topic}\n")
    (tmp_path / "top.yaml").write_text(
        "Resources:\n"
        + "".join(
            f"  {name}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {path}}}}}\n"
            for name, path in (("App", "./app.yaml"), ("A", "a/jobs.yaml"), ("Again", "app.yaml"), ("No", "empty.yaml"))
        )
    )
    return tmp_path / "top.yaml"


IN_NESTED = "  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: b/jobs.yaml}}\n"


def contents(directory: Path) -> dict[str, bytes]:
    return {str(each.relative_to(directory)): each.read_bytes() for each in directory.rglob("*.yaml")}


def test_all_nested_stacks_are_edited_in_one_run(cfnroles: Any, app: Path) -> None:
    before = contents(app.parent)
    result = cfnroles("inject", app, "--in-place", "--nested")
    assert result.code == 0
    after = contents(app.parent)
    assert {name for name in after if after[name] != before[name]} == {"app.yaml", "a/jobs.yaml", "b/jobs.yaml"}
    assert after["app.yaml"].startswith(codecs.BOM_UTF8)
    assert result.err.count("Roles of Web are in the template.") == 3
    assert result.err.count(f"Deploy {app} with `--capabilities CAPABILITY_IAM`.") == 3
    for name, project in (("app", "app"), ("a/jobs", "a-jobs"), ("b/jobs", "b-jobs")):
        template = parse(after[f"{name}.yaml"].decode("utf-8-sig"), name)
        assert project in [each.get("Default") for each in template["Parameters"].values()]
        assert f"cfnroles build {app.parent}/{name}.yaml --project {project} -o build-{project}`" in result.err
    assert cfnroles("inject", app, "--in-place", "--nested").code == 0
    assert contents(app.parent) == after
    assert cfnroles("inject", app, "--in-place", "--nested", "--remove").code == 0
    assert contents(app.parent) == before


def test_nothing_is_edited_where_one_of_them_cannot_be(cfnroles: Any, app: Path) -> None:
    (app.parent / "a" / "jobs.yaml").write_text(TEMPLATE.replace("Name: web", "Name: 'a b'"))
    before = contents(app.parent)
    result = cfnroles("inject", app, "--in-place", "--nested")
    assert (result.code, contents(app.parent)) == (2, before)
    assert "a/jobs.yaml" in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--nested",), "--nested requires --in-place"),
        (("--nested", "-o", "x.yaml"), "--nested requires --in-place"),
        (("--nested", "--in-place", "--resource", "Web"), "--nested cannot be combined with --resource"),
    ],
)
def test_what_edits_several_files_is_about_all_of_them(
    cfnroles: Any, app: Path, options: tuple[str, ...], message: str
) -> None:
    result = cfnroles("inject", app, *options)
    assert result.code == 2
    assert message in result.err


def test_an_unreadable_nested_stack_is_a_gap(injected: Any) -> None:
    result = injected(TEMPLATE + NESTED.replace("./app.yaml", "https://example.com/app.yaml"))
    assert result.code == 0
    assert "cannot see what is in the nested stack App" in result.err


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        pytest.param("&a {Name: A, ValueFrom: /a}\n        - *a", True, id="an alias"),
        pytest.param("{<<: {Name: A}, ValueFrom: /a}", True, id="a merge key"),
        pytest.param("{Name: A, ValueFrom: &a /a} # *no << alias", False, id="an anchor and a comment"),
        pytest.param('{Name: "<<", ValueFrom: " *a"}', False, id="texts"),
    ],
)
def test_what_cloudformation_does_not_take_of_yaml_is_told(injected: Any, secret: str, told: bool) -> None:
    text = TEMPLATE.replace('{Name: A, ValueFrom: !Sub "/${Stage}/a"}', secret).replace('" *a"', '/x#" *a"')
    result = injected(text)
    assert ("does not accept YAML aliases or merge keys" in result.err) is told


def test_a_template_that_must_lie_in_a_bucket(injected: Any) -> None:
    told = injected(f"# {'x' * 50_000}\n{TEMPLATE}").err
    assert "Deploy it with `--capabilities CAPABILITY_IAM --s3-bucket BUCKET`." in told
    assert "It has more than 51,200 bytes" in told


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("", "", "CAPABILITY_IAM`", id="roles without names"),
        pytest.param(
            "", "  R: {Type: AWS::IAM::Role, Properties: {RoleName: r}}\n", "CAPABILITY_NAMED_IAM`", id="a name"
        ),
        pytest.param(
            "Transform: AWS::LanguageExtensions\n", "", "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND`", id="a transform"
        ),
    ],
)
def test_what_cloudformation_wants_to_be_acknowledged(injected: Any, before: str, after: str, expected: str) -> None:
    assert f"Deploy it with `--capabilities {expected}." in injected(f"{before}{TEMPLATE}{after}").err


@pytest.mark.parametrize(
    "option", [("--replace-roles",), ("--account", "123456789012"), ("--strict",), ("--project", "shop")]
)
def test_removing_has_no_other_option(option: tuple[str, ...], injected: Any) -> None:
    result = injected(TEMPLATE, "--remove", *option)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: --remove cannot be combined with {option[0]}\n")


def test_an_option_without_effect_is_told(injected: Any) -> None:
    result = injected(TEMPLATE, "--pull-through-prefix", "hub")
    assert result.code == 0
    assert result.err.startswith("note: --pull-through-prefix has no effect: no field of ")
