"""`cfnroles build`: from a task definition to files, or to one clear error and no file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.notes import UNKNOWN_KEY

CONTAINER = {"name": "web", "image": "public.ecr.aws/docker/library/nginx:stable"}
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf"


def definition(**members: Any) -> dict[str, Any]:
    return {"family": "shop", "containerDefinitions": [CONTAINER], **members}


def with_secret(value_from: str) -> dict[str, Any]:
    return definition(containerDefinitions=[{**CONTAINER, "secrets": [{"name": "PASSWORD", "valueFrom": value_from}]}])


SPELLINGS = {
    "bare JSON": json.dumps(with_secret(SECRET)),
    "under taskDefinition": json.dumps({"taskDefinition": with_secret(SECRET), "tags": []}),
    "a list of one": json.dumps([with_secret(SECRET)]),
    "YAML": yaml.safe_dump(with_secret(SECRET), sort_keys=False),
    "JSON with tabs and a byte order mark": "\ufeff" + json.dumps(with_secret(SECRET), indent="\t"),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_gives_the_same_files(cfnroles: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "task").write_text(text, encoding="utf-8")
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "task").write_text(SPELLINGS["bare JSON"])

    assert cfnroles("build", tmp_path / "task", "-o", tmp_path / "out").code == 0
    assert cfnroles("build", tmp_path / "reference" / "task", "-o", tmp_path / "expected").code == 0

    assert contents(tmp_path / "out") == contents(tmp_path / "expected")


def test_standard_input_is_a_source(cfnroles: Any, tmp_path: Path) -> None:
    result = cfnroles("build", "-", "-o", tmp_path / "out", stdin=json.dumps(definition()))

    assert result.code == 0
    assert result.out == ""
    assert (tmp_path / "out" / "shop-roles.yaml").exists()


def test_the_same_input_gives_the_same_bytes(cfnroles: Any, tmp_path: Path, examples: Path) -> None:
    for directory in ("first", "second"):
        cfnroles("build", examples / "shop.json", "-o", tmp_path / directory)

    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_the_summary_tells_what_was_written_and_how_to_deploy_it(
    cfnroles: Any, tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = cfnroles("build", examples / "shop.json")

    assert result.out == ""
    assert result.err.splitlines() == [
        "Wrote:",
        "  build/secret-validator.yaml",
        "  build/shop-roles.yaml",
        "  build/shop-task.yaml",
        "  build/stacks.json",
        "",
        "Deploy with `cfnroles deploy build`, or with the AWS CLI:",
        "  aws cloudformation deploy --stack-name shop-secret-validator"
        " --template-file build/secret-validator.yaml --capabilities CAPABILITY_IAM",
        "  aws cloudformation deploy --stack-name shop-roles"
        " --template-file build/shop-roles.yaml --capabilities CAPABILITY_NAMED_IAM",
        "  aws cloudformation deploy --stack-name shop-task --template-file build/shop-task.yaml"
        " --parameter-overrides DeploymentId=$(date -u +%Y%m%dT%H%M%SZ)",
        "",
        "If the gate refuses, this prints why:",
        "  aws cloudformation describe-stack-events --stack-name shop-task --no-paginate --output text"
        " --query \"StackEvents[?LogicalResourceId=='SecretsExist' && ends_with(ResourceStatus, '_FAILED')]"
        ' | [0].ResourceStatusReason"',
        "If that was the first deployment (ROLLBACK_COMPLETE), delete the stack before the next:",
        "  aws cloudformation delete-stack --stack-name shop-task"
        " && aws cloudformation wait stack-delete-complete --stack-name shop-task",
        *UNKNOWN_KEY.splitlines(),
    ]


def test_stacks_json_tells_how_the_stacks_hang_together(cfnroles: Any, tmp_path: Path) -> None:
    source = tmp_path / "task.json"
    source.write_text(json.dumps(with_secret(f"{SECRET}:password::")))

    cfnroles("build", source, "-o", tmp_path, "--project", "web-shop")

    manifest = json.loads((tmp_path / "stacks.json").read_text())
    assert manifest["schema"] == 1
    assert manifest["project"] == "web-shop"
    validator, roles, task = manifest["stacks"]
    assert [stack["name"] for stack in manifest["stacks"]] == [
        "web-shop-secret-validator",
        "web-shop-roles",
        "web-shop-task",
    ]
    assert [stack["template"] for stack in manifest["stacks"]] == [
        "secret-validator.yaml",
        "shop-roles.yaml",
        "shop-task.yaml",
    ]
    assert roles["parameters"] == {"ProjectName": "web-shop", "ShopDatabaseSecretArn": SECRET}
    assert roles["exports"] == ["web-shop-ECSTaskExecutionRoleArn", "web-shop-ECSTaskRoleArn"]
    assert task["imports"] == [*validator["exports"], *roles["exports"]]
    assert task["depends_on"] == [validator["name"], roles["name"]]
    assert (validator["capabilities"], task["capabilities"]) == (["CAPABILITY_IAM"], [])


def test_without_a_secret_there_is_no_validator(cfnroles: Any, tmp_path: Path) -> None:
    cfnroles("build", "-", "-o", tmp_path, stdin=json.dumps(definition()))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop-roles.yaml", "shop-task.yaml", "stacks.json"]
    assert "Custom::SecretsExist" not in (tmp_path / "shop-task.yaml").read_text()


def test_json_templates_say_the_same_as_yaml(cfnroles: Any, tmp_path: Path, examples: Path) -> None:
    cfnroles("build", examples / "shop.json", "-o", tmp_path / "json", "--template-format", "json")
    cfnroles("build", examples / "shop.json", "-o", tmp_path / "yaml", "--template-format", "yaml")

    from cfnroles.document import parse

    for name in ("secret-validator", "shop-roles", "shop-task"):
        in_json = json.loads((tmp_path / "json" / f"{name}.json").read_text())
        in_yaml = parse((tmp_path / "yaml" / f"{name}.yaml").read_text(), name)
        assert plain(in_yaml) == plain(in_json)


WRONG = {
    "not JSON": ('{"family": "shop",', ["task.json:1:", "is not valid JSON"]),
    "not YAML": ("family: [shop", ["task.json:", "is not valid YAML"]),
    "empty": ("", ["is empty"]),
    "an empty object": ("{}", ["is empty"]),
    "a text": ('"shop"', ["is not a task definition", "It is a string."]),
    "a list of two": (
        json.dumps([definition(), definition()]),
        ["a list of 2 elements", "one task definition at a time"],
    ),
    "no containers": ('{"family": "shop"}', ["has no containerDefinitions"]),
    "an empty list of containers": (
        json.dumps(definition(containerDefinitions=[])),
        ["containerDefinitions is not a list"],
    ),
    "a container that is none": (
        json.dumps(definition(containerDefinitions=["web"])),
        ["containerDefinitions[0] is not"],
    ),
    "a template": ('{"Resources": {}}', ["is a CloudFormation template", "no task definition that needs roles"]),
    "no family": (json.dumps({"containerDefinitions": [CONTAINER]}), ["has no family", "--family"]),
    "a family that is none": (json.dumps(definition(family="my family")), ["'my family' is not a valid family"]),
    "half a character": ('{"family": "\\ud83d"}', ["task.json: has a \\u escape of half a surrogate pair"]),
    "a repeated key": ('{"family": "a", "family": "b"}', ["has the key 'family' twice"]),
    "a json key without its colons": (
        json.dumps(with_secret(f"{SECRET}:password")),
        ["task.json:1: containerDefinitions[0].secrets[0].valueFrom (container web, secret PASSWORD)", "ARN:KEY::"],
    ),
    "a name that no parameter can have": (
        json.dumps(with_secret("shop database")),
        [
            "secrets[0].valueFrom (container web, secret PASSWORD)",
            "neither an ARN nor a name that a parameter can have",
        ],
    ),
    "an ARN of another service": (
        json.dumps(with_secret("arn:aws:s3:::config/secret")),
        ["is an ARN of s3", "Secrets Manager and Parameter Store"],
    ),
    "a dynamic reference of CloudFormation": (
        json.dumps(
            definition(containerDefinitions=[{**CONTAINER, "command": ["run", "--key={{resolve:secretsmanager:db}}"]}])
        ),
        ["containerDefinitions[0].command[1]", "would write its value in plain text", "in `secrets`"],
    ),
    "a project that no stack can be named after": (json.dumps(definition(family="1shop")), ["--project NAME"]),
}


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_bad_input_is_told_and_leaves_no_directory(cfnroles: Any, tmp_path: Path, text: str, told: list[str]) -> None:
    (tmp_path / "task.json").write_text(text)

    result = cfnroles("build", tmp_path / "task.json", "-o", tmp_path / "out")

    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert [words for words in told if words not in result.err] == []
    assert not (tmp_path / "out").exists()


def test_every_malformed_reference_is_told_at_once(cfnroles: Any, tmp_path: Path) -> None:
    secrets = [{"name": name, "valueFrom": value} for name, value in (("A", f"{SECRET}:a"), ("B", "b b"), ("C", "/ok"))]
    text = json.dumps(definition(containerDefinitions=[{**CONTAINER, "secrets": secrets}]))

    result = cfnroles("build", "-", "-o", tmp_path / "out", stdin=text)

    assert result.code == 2
    assert "in 2 places" in result.err
    assert "secret A" in result.err
    assert "secret B" in result.err
    assert "secret C" not in result.err


def test_an_absent_file_is_told(cfnroles: Any, tmp_path: Path) -> None:
    result = cfnroles("build", tmp_path / "absent.json", "-o", tmp_path / "out")

    assert (result.code, result.out) == (2, "")
    assert "absent.json: cannot be read: No such file or directory" in result.err


def test_a_file_of_the_users_is_never_overwritten(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "shop-roles.yaml").write_text("mine")

    result = cfnroles("build", "-", "-o", tmp_path, stdin=json.dumps(definition()))

    assert result.code == 2
    assert "shop-roles.yaml would be overwritten, but no earlier build wrote it" in result.err
    assert contents(tmp_path) == {"shop-roles.yaml": "mine"}


STRANGE = {
    "nested beyond the stack": "[" * 100_000,
    "no text": "\xff",
    "another schema": '{"schema": 2, "project": "shop", "stacks": []}',
    "no stacks": '{"schema": 1, "project": "shop", "stacks": null}',
    "stacks that are none": '{"schema": 1, "project": "shop", "stacks": [1]}',
    "no project": '{"schema": 1, "stacks": []}',
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_a_manifest_that_no_build_wrote_is_the_users(text: str, cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "stacks.json").write_text(text, encoding="latin-1")

    result = cfnroles("build", "-", "-o", tmp_path, stdin=json.dumps(definition()))

    assert result.code == 2
    assert "stacks.json would be overwritten, but no earlier build wrote it" in result.err


def test_an_earlier_build_is_replaced_and_another_projects_is_not(cfnroles: Any, tmp_path: Path) -> None:
    assert cfnroles("build", "-", "-o", tmp_path, stdin=json.dumps(with_secret(SECRET))).code == 0
    assert cfnroles("build", "-", "-o", tmp_path, stdin=json.dumps(with_secret("/shop/flag"))).code == 0
    before = contents(tmp_path)

    result = cfnroles("build", "-", "-o", tmp_path, "--project", "other", stdin=json.dumps(definition()))

    assert result.code == 2
    assert "has the stacks of the project shop, not of the project other" in result.err
    assert contents(tmp_path) == before


def test_a_directory_that_cannot_be_written_is_told(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = cfnroles("build", "-", "-o", tmp_path / "file" / "out", stdin=json.dumps(definition()))

    assert result.code == 2
    assert "cannot be written: Not a directory" in result.err


def test_lint_passes_what_is_built(cfnroles: Any, tmp_path: Path, examples: Path) -> None:
    assert cfnroles("build", examples / "shop.json", "-o", tmp_path, "--lint").code == 0


def test_lint_tells_what_cfn_lint_finds_and_writes_nothing(cfnroles: Any, tmp_path: Path) -> None:
    text = json.dumps(definition(tags=[{"key": "stage", "value": "test"}, {"key": "stage", "value": "live"}]))

    result = cfnroles("build", "-", "-o", tmp_path / "out", "--lint", stdin=text)

    assert result.code == 1
    assert "shop-task.yaml: line" in result.err
    assert "array items are not unique for keys ['Key']" in result.err
    assert not (tmp_path / "out").exists()


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.iterdir())}


def plain(value: Any) -> Any:
    """A template in which `!GetAtt A.B` and `Fn::GetAtt: [A, B]` are the same."""
    return json.loads(json.dumps(value))


def test_the_owners_side_of_a_task_definition_admits_its_account(cfnroles: Any, tmp_path: Path) -> None:
    theirs = "arn:aws:secretsmanager:us-east-1:210987654321:secret:shared-AbCdEf"
    image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/shared/web:1"
    container = {**CONTAINER, "image": image, "secrets": [{"name": "A", "valueFrom": theirs}]}
    (tmp_path / "task.json").write_text(json.dumps(definition(containerDefinitions=[container])))
    words = ("build", tmp_path / "task.json", "--account", "123456789012", "--region", "us-east-1")

    own = cfnroles(*words, "-o", tmp_path / "own")
    side = cfnroles(*words, "--for-account", "210987654321", "-o", tmp_path / "side")

    assert "The account 210987654321 must add policies" in own.err
    assert side.code == 0
    statements = json.loads((tmp_path / "side" / "statements.json").read_text())
    assert set(statements) == {theirs, "arn:aws:ecr:us-east-1:210987654321:repository/shared/web"}
    for (statement,) in statements.values():
        assert statement["Principal"] == {"AWS": ["arn:aws:iam::123456789012:root"]}
    assert cfnroles(*words[:2], "--for-account", "210987654321", "-o", tmp_path / "x").code == 2


def test_the_owners_side_needs_to_know_whose_roles_ask(cfnroles: Any, tmp_path: Path) -> None:
    image = {**CONTAINER, "image": "210987654321.dkr.ecr.us-east-1.amazonaws.com/shared/web:1"}
    (tmp_path / "task.json").write_text(json.dumps(definition(containerDefinitions=[image])))
    refused = cfnroles("build", tmp_path / "task.json", "--for-account", "210987654321", "-o", tmp_path / "out")
    assert refused.code == 2
    assert "--account" in refused.err


@pytest.mark.parametrize("option", [("--environment", "staging"), ("--parameterized",), ("--shared-gate",)])
def test_the_owners_side_has_no_option_about_our_stacks(
    option: tuple[str, ...], cfnroles: Any, tmp_path: Path, examples: Path
) -> None:
    spec = examples / "shop-project" / "cfnroles.yaml"
    refused = cfnroles("build", spec, "--for-account", "210987654321", *option, "-o", tmp_path / "out")
    assert (refused.code, (tmp_path / "out").exists()) == (2, False)
    assert refused.err.startswith(f"error: --for-account cannot be combined with {option[0]}\n")
