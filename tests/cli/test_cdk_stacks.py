"""Stacks of one `cdk.out` that share things, and nested ones: what each has of the others is read there.

The directory is what `examples/cdk/stacks.js` wrote with aws-cdk-lib 2.276.0; of its manifests what is read is left.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

APP = Path(__file__).parents[1] / "golden" / "cdk-stacks"
NESTED = "WebInner60AE1887.nested.template.json"
#: What the execution role of each construct lacks, and what it may do that nothing needs.
EXECUTION: dict[str, tuple[set[str], set[str]]] = {
    "Web/Locked": ({"kms:Decrypt"}, {"secretsmanager:DescribeSecret"}),
    "Web/Repo": (set(), {"ecr:BatchCheckLayerAvailability"}),
    "Web/File": ({"s3:GetObject", "s3:GetBucketLocation"}, set()),
    # Two stacks have this role, and what one of them needs is not too much for the other.
    "Base/Home": (set(), {"secretsmanager:DescribeSecret"}),
    "Web/Away": (set(), {"secretsmanager:DescribeSecret"}),
    "Web/Inner/Inside": (set(), {"secretsmanager:DescribeSecret"}),
    "Web/Outside": (set(), {"secretsmanager:DescribeSecret"}),
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the directory, for changing it."""
    return Path(shutil.copytree(APP, tmp_path / "cdk.out"))


@pytest.fixture
def verified(cfnroles: Any) -> Any:
    def verify(app: Path = APP) -> dict[tuple[str, str], Any]:
        result = cfnroles("verify", app, "--format", "json")
        return {(each, role["holder"]): role for role in json.loads(result.out)["roles"] for each in role["constructs"]}

    return verify


def _changed(file: Path, **sections: Any) -> None:
    tree = json.loads(file.read_text()) if file.exists() else {}
    for section, members in sections.items():
        tree.setdefault(section, {}).update(members)
    file.write_text(json.dumps(tree))


def test_what_the_roles_lack_and_have_too_much_across_stacks(verified: Any) -> None:
    found = {
        construct: (
            {each["action"] for each in role["verdicts"] if each["outcome"] == "missing"},
            {grant["action"] for excess in role["excess"] for grant in excess["unused"]},
        )
        for (construct, holder), role in verified().items()
        if holder == "execution role"
    }
    assert found == EXECUTION


def test_nothing_is_left_unknown_between_the_stacks(verified: Any) -> None:
    roles = verified().values()
    assert {each["outcome"] for role in roles for each in role["verdicts"]} == {"allowed", "missing"}
    assert [gap["what"] for role in roles for gap in role["gaps"]] == []


def test_a_service_of_another_stack_says_what_the_task_role_needs(verified: Any) -> None:
    served = verified()["Base/Served", "task role"]
    assert {each["action"] for each in served["verdicts"]} >= {"ssmmessages:CreateControlChannel"}
    assert served["excess"] == []


def test_places_are_those_of_the_stack_that_has_them(cfnroles: Any) -> None:
    told = cfnroles("verify", APP, "--resource", "AwayF337CC44").out
    assert told.startswith("Execution role: SharedDACC02AA of Base.template.json\n")
    assert "Statement[0], Base.template.json:" in told
    service = cfnroles("explain", APP, "--resource", "Served72DDFB9B").out
    assert "Run.template.json:" in service
    assert "EnableExecuteCommand" in service


def test_an_export_that_no_stack_of_the_app_has_stays_unknown(verified: Any, app: Path) -> None:
    _changed(app / "Base.template.json", Outputs={"ExportsOutputRefOpen2F4367FD63346984": {"Value": "elsewhere"}})
    away = verified(app)["Web/Away", "execution role"]
    assert "missing" not in {each["outcome"] for each in away["verdicts"]}
    assert any("Import::" in str(each["resource"]) for each in away["verdicts"])


def test_a_bucket_that_a_task_names_in_text_is_that_of_the_other_stack(verified: Any, app: Path) -> None:
    encrypted = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["FileKey", "Arn"]}}
    rules = [{"ServerSideEncryptionByDefault": encrypted}]
    bucket = {"BucketName": "shop-files", "BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}
    files = {"Type": "AWS::S3::Bucket", "Properties": bucket}
    _changed(app / "Alone.template.json", Resources={"FileKey": {"Type": "AWS::KMS::Key"}, "Named": files})
    manifest = json.loads((app / "manifest.json").read_text())
    web = manifest["artifacts"]["Web"]
    alone = {**web, "properties": {"templateFile": "Alone.template.json"}}
    manifest["artifacts"]["Alone"] = alone
    (app / "manifest.json").write_text(json.dumps(manifest))
    file = {"Type": "s3", "Value": "arn:aws:s3:::shop-files/a.env"}
    container = {"Name": "a", "Image": "nginx:1", "EnvironmentFiles": [file]}
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "a", "ContainerDefinitions": [container]}}
    _changed(app / "Web.template.json", Resources={"ByText": {**task, "Metadata": {"aws:cdk:path": "Web/ByText"}}})
    lacking = {each["action"] for each in verified(app)["Web/ByText", "execution role"]["verdicts"]}
    assert "kms:Decrypt" in lacking


def test_stacks_of_different_regions_share_nothing(verified: Any, app: Path) -> None:
    manifest = app / "manifest.json"
    tree = json.loads(manifest.read_text())
    tree["artifacts"]["Web"]["environment"] = "aws://111122223333/eu-central-1"
    manifest.write_text(json.dumps(tree))
    (decrypt,) = [
        each
        for each in verified(app)["Web/Locked", "execution role"]["verdicts"]
        if each["action"] == "secretsmanager:GetSecretValue"
    ]
    assert "Import::" in str(decrypt["resource"])


def test_an_output_by_its_name_is_that_of_the_stack(verified: Any, app: Path) -> None:
    name = "ExportsOutputRefBaseLocked"
    text = (app / "Web.template.json").read_text()
    (export,) = {
        each["Export"]["Name"]
        for each in json.loads((app / "Base.template.json").read_text())["Outputs"].values()
        if each["Value"] == {"Ref": "Locked5B6A0654"}
    }
    tree = json.loads(
        text.replace(
            f'"Fn::ImportValue": "{export}"',
            f'"Fn::GetStackOutput": {json.dumps({"StackName": "Base", "OutputName": name})}',
        )
    )
    (app / "Web.template.json").write_text(json.dumps(tree))
    _changed(app / "Base.template.json", Outputs={name: {"Value": {"Ref": "Locked5B6A0654"}}})
    locked = verified(app)["Web/Locked", "execution role"]
    assert {each["action"] for each in locked["verdicts"] if each["outcome"] == "missing"} == {"kms:Decrypt"}


def test_a_condition_around_a_nested_stack_is_one_of_what_is_in_it(cfnroles: Any, app: Path) -> None:
    tree = json.loads((app / "Web.template.json").read_text())
    (stack,) = [each for each in tree["Resources"].values() if each["Type"] == "AWS::CloudFormation::Stack"]
    stack["Condition"] = "Wanted"
    _changed(
        app / "Web.template.json",
        Resources=tree["Resources"],
        Parameters={"Mode": {"Type": "String"}},
        Conditions={"Wanted": {"Fn::Equals": [{"Ref": "Mode"}, "inner"]}},
    )
    assert "only if Wanted" in cfnroles("verify", app, "--resource", "InsideBA67C832").out
    told = cfnroles("verify", app, "--resource", "InsideBA67C832", "--parameter", "Mode=inner")
    assert (told.code, "Wanted" in told.out) == (0, False)
    assert "has no parameter Nope" in cfnroles("verify", app, "--parameter", "Nope=1").err


def test_what_hangs_on_a_condition_in_a_nested_stack_hangs_on_both(cfnroles: Any, app: Path) -> None:
    outer, inner = app / "Web.template.json", app / NESTED
    for file, name in ((outer, "Wanted"), (inner, "Large")):
        tree = json.loads(file.read_text())
        kinds = ("AWS::CloudFormation::Stack", "AWS::ECS::TaskDefinition")
        of = {key: each for key, each in tree["Resources"].items() if each["Type"] == kinds[file is inner]}
        _changed(
            file,
            Resources={key: {**each, "Condition": name} for key, each in of.items()},
            Parameters={"Mode": {"Type": "String"}},
            Conditions={name: {"Fn::Equals": [{"Ref": "Mode"}, name]}},
        )
    told = cfnroles("explain", app, "--resource", "InsideBA67C832").out
    assert "(only if Large and Wanted holds)" in " ".join(told.split())


def test_a_nested_stack_is_found_by_its_metadata_too(verified: Any, app: Path) -> None:
    (app / "Web.assets.json").unlink()
    tree = json.loads((app / "Web.template.json").read_text())
    (stack,) = [each for each in tree["Resources"].values() if each["Type"] == "AWS::CloudFormation::Stack"]
    stack["Metadata"]["aws:asset:path"] = NESTED
    _changed(app / "Web.template.json", Resources=tree["Resources"])
    assert ("Web/Inner/Inside", "execution role") in verified(app)


def test_a_nested_stack_that_is_not_there_is_told(cfnroles: Any, app: Path) -> None:
    (app / NESTED).unlink()
    result = cfnroles("verify", app)
    assert result.code in (1, 3)
    assert "cannot see what is in the nested stack InnerNestedStack" in result.out


def test_a_stack_without_resources_is_passed_over(cfnroles: Any, app: Path) -> None:
    whole = cfnroles("explain", app).out
    manifest = json.loads((app / "manifest.json").read_text())
    properties = {"templateFile": "Empty.template.json"}
    manifest["artifacts"]["Empty"] = {"type": "aws:cloudformation:stack", "properties": properties}
    (app / "manifest.json").write_text(json.dumps(manifest))
    (app / "Empty.template.json").write_text('{"Parameters": {"BootstrapVersion": {"Type": "String"}}}')
    assert cfnroles("explain", app).out == whole


def test_the_task_definitions_of_nested_stacks_are_explained(cfnroles: Any) -> None:
    stacks = json.loads(cfnroles("explain", APP, "--format", "json").out)["stacks"]
    assert [each["construct"] for each in stacks[NESTED]["resources"].values()] == ["Web/Inner/Inside"]


def test_check_takes_the_secrets_of_all_stacks_for_made(cfnroles: Any) -> None:
    result = cfnroles("check", APP)
    assert (result.code, result.out.count("  made     secret SECRET")) == (0, 4)
    one = cfnroles("check", APP, "--resource", "AwayF337CC44")
    assert (one.code, one.out.count("secret SECRET")) == (0, 1)


def test_lint_looks_at_each_stack_where_it_stands(cfnroles: Any) -> None:
    found = json.loads(cfnroles("lint", APP, "--format", "json").out)
    checks = {(Path(file["file"]).name, each["check"]) for file in found["files"] for each in file["findings"]}
    assert ("Web.template.json", "missing-execution-role") in checks
    assert "unjudged-role" not in {check for _, check in checks}
    assert {file for file, check in checks if check == "writes-every-log-group"} == {"Base.template.json"}
    assert all(Path(each["file"]).is_file() for each in found["files"])


def test_two_directories_are_compared_stack_by_stack(cfnroles: Any, app: Path) -> None:
    assert cfnroles("diff", APP, app, "--fail-on", "change").code == 0
    text = (app / "Base.template.json").read_text()
    (app / "Base.template.json").write_text(text.replace("secretsmanager:DescribeSecret", "secretsmanager:*"))
    result = cfnroles("diff", APP, app, "--fail-on", "widen")
    assert (result.code, "secretsmanager:*" in result.out) == (1, True)


@pytest.mark.parametrize("other", [[], ["Base.template.json"]], ids=["nothing", "a file"])
def test_a_directory_is_compared_with_another_alone(cfnroles: Any, other: list[str]) -> None:
    result = cfnroles("diff", APP, *(APP / name for name in other))
    assert (result.code, result.out) == (2, "")
    assert "`cdk synth --output OLD`" in result.err
