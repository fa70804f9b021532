"""`cfnroles verify cdk.out`: what the CDK's roles lack and have too much, for each construct of all stacks.

The directory is what `examples/cdk/app.js` wrote with aws-cdk-lib 2.276.0; of its manifests what is read is left.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

APP = Path(__file__).parents[1] / "golden" / "cdk"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
#: What the execution role of each construct lacks, and what it may do that nothing needs.
EXECUTION: dict[str, tuple[set[str], set[str]]] = {
    "Shop/OwnSecret": (set(), {"secretsmanager:DescribeSecret"}),
    "Shop/LockedSecret": (set(), {"secretsmanager:DescribeSecret"}),
    "Shop/ImportedSecret": (set(), {"secretsmanager:DescribeSecret"}),
    "Shop/Param": (set(), {"ssm:DescribeParameters", "ssm:GetParameter", "ssm:GetParameterHistory"}),
    "Shop/EnvFile": ({"s3:GetObject", "s3:GetBucketLocation"}, set()),
    "Shop/UriImage": ({"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, set()),
    "Shop/Repo": (set(), {"ecr:BatchCheckLayerAvailability"}),
    "Shop/GenericLog": ({"logs:CreateLogStream", "logs:PutLogEvents"}, set()),
}


@pytest.fixture
def verified(cfnroles: Any) -> Any:
    def verify(*options: str) -> dict[tuple[str, str], Any]:
        result = cfnroles("verify", APP, "--format", "json", *options)
        return {(role["constructs"][0], role["holder"]): role for role in json.loads(result.out)["roles"]}

    return verify


def test_what_the_roles_of_the_cdk_lack_and_have_too_much(verified: Any) -> None:
    found = {
        construct: (
            {each["action"] for each in role["verdicts"] if each["outcome"] == "missing"},
            {grant["action"] for excess in role["excess"] for grant in excess["unused"]},
        )
        for (construct, holder), role in verified().items()
        if holder == "execution role"
    }
    assert found == EXECUTION


def test_task_roles_and_other_stages(verified: Any) -> None:
    tasks = {construct: role["verdict"] for (construct, holder), role in verified().items() if holder == "task role"}
    assert {name for name, verdict in tasks.items() if verdict != "pass"} == {"Shop/Efs", "Shop/Exec"}
    assert tasks["Prod/Other/T"] == "pass"


def test_the_policy_of_a_key_may_allow_what_the_role_does_not(verified: Any) -> None:
    locked = verified()["Shop/LockedSecret", "execution role"]
    (decrypt,) = [each for each in locked["verdicts"] if each["action"] == "kms:Decrypt"]
    assert (decrypt["outcome"], locked["missing"]) == ("allowed", [])
    assert decrypt["dependsOn"][0].startswith("the policy of the key Key")


def test_a_key_that_the_cdk_forgot_is_missing_where_it_is_told(verified: Any) -> None:
    imported = verified("--kms-key-arn", KEY)["Shop/ImportedSecret", "execution role"]
    assert [each["outcome"] for each in imported["verdicts"] if each["action"] == "kms:Decrypt"] == ["missing"]


def test_one_task_definition_of_one_stack(cfnroles: Any) -> None:
    template = json.loads((APP / "Shop.template.json").read_text())
    (repo,) = [name for name in template["Resources"] if name.startswith("Repo") and "Role" not in name]
    result = cfnroles("verify", APP, "--resource", repo)
    assert (result.code, f"of the task definition {repo} (Shop/Repo)" in result.out) == (0, True)
    assert "Shop/Plain" not in result.out


@pytest.mark.parametrize(
    ("manifest", "options", "message"),
    [
        (None, [], "is a directory without .tf files, and not what `cdk synth` writes"),
        ("{", [], "is not JSON"),
        ("[]", [], "has no artifacts"),
        ('{"artifacts": {"a": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "../x"}}}}', [], "x"),
        ('{"artifacts": {}}', ["--resource", "Nope"], "has no task definition Nope"),
        ('{"artifacts": {}}', ["--role", "a:b"], "--role requires a single template"),
    ],
)
def test_what_is_no_app(cfnroles: Any, tmp_path: Path, manifest: str | None, options: list[str], message: str) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    result = cfnroles("verify", tmp_path, *options)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_another_account_than_the_apps_is_refused(cfnroles: Any) -> None:
    result = cfnroles("verify", APP, "--account", "999999999999")
    assert result.code == 2
    assert "--account is 999999999999, but the app deploys this stack to 111122223333" in result.err


def test_a_template_that_is_not_there_is_told(cfnroles: Any, tmp_path: Path) -> None:
    shutil.copytree(APP, tmp_path / "app")
    (tmp_path / "app" / "Shop.template.json").unlink()
    result = cfnroles("verify", tmp_path / "app")
    assert (result.code, "Shop.template.json" in result.err) == (2, True)


def test_the_task_definitions_of_all_stacks_are_explained(cfnroles: Any) -> None:
    result = cfnroles("explain", APP, "--format", "json")
    stacks = json.loads(result.out)["stacks"]
    assert (result.code, [*stacks]) == (0, ["assembly-Prod/ProdOtherE7795079.template.json", "Shop.template.json"])
    shop = {each["construct"]: each for each in stacks["Shop.template.json"]["resources"].values()}
    assert shop.keys() > EXECUTION.keys()
    files = [each["actions"] for each in shop["Shop/EnvFile"]["roles"]["execution role"]]
    assert ["s3:GetObject"] in files
    told = cfnroles("explain", APP, "--resource", "OwnSecret65E8B2EF").out
    assert told.startswith("task definition OwnSecret65E8B2EF (Shop/OwnSecret) of Shop.template.json\n")
    assert "EnvFile" not in told


@pytest.mark.parametrize("command", ["explain", "verify"])
def test_a_question_that_no_stack_answers_is_refused(command: str, cfnroles: Any, tmp_path: Path) -> None:
    assert cfnroles(command, APP, "--resource", "Nope").code == 2
    assert cfnroles(command, tmp_path).code == 2


def test_an_app_without_task_definitions_has_nothing_to_explain(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {}}))
    assert cfnroles("explain", tmp_path).err == f"error: {tmp_path}: has no task definition in any of its stacks\n"


@pytest.mark.parametrize(
    ("key", "header", "summary"),
    [
        pytest.param(
            "aws:cdk:path", "(Shop/EnvFile) of {stack}", "Shop/EnvFile, execution role: fail", id="by construct"
        ),
        pytest.param("other", "of {stack}", "{task} of {stack}, execution role: fail", id="by stack without a path"),
    ],
)
def test_the_task_definitions_of_several_stacks_are_told_apart(
    key: str, header: str, summary: str, cfnroles: Any, tmp_path: Path
) -> None:
    app = shutil.copytree(APP, tmp_path / "app")
    for file in app.rglob("*.template.json"):
        file.write_text(file.read_text().replace('"aws:cdk:path"', f'"{key}"'))
    resources = json.loads((APP / "Shop.template.json").read_text())["Resources"]
    task = next(name for name, each in resources.items() if name.startswith("EnvFile") and "Task" in each["Type"])
    result = cfnroles("verify", app)
    assert f"of the task definition {task} {header.format(stack='Shop.template.json')}" in result.out
    assert summary.format(task=task, stack="Shop.template.json") in result.err
