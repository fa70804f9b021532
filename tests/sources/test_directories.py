"""Directories that nothing reads as a whole: the refusal names what was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfnroles.sources.directories import nothing_to_read

TERRAFORM, APP = "main.tf", "manifest.json"
_TEXTS = {APP: '{"artifacts": {"Shop": {}}}', "task.json": '{"containerDefinitions": []}'}


@pytest.mark.parametrize(
    ("files", "remedy"),
    [
        pytest.param([f"infra/{TERRAFORM}"], "Did you mean {0}/infra?", id="Terraform below"),
        pytest.param([f"infra/prod/{TERRAFORM}"], "Did you mean {0}/infra/prod?", id="two levels below"),
        pytest.param([f"cdk.out/{APP}"], "Did you mean {0}/cdk.out?", id="an app of the CDK"),
        pytest.param([f"{name}/{TERRAFORM}" for name in "cba"], "Did you mean {0}/a or {0}/b or {0}/c?", id="three"),
        pytest.param(
            [f"{name}/{TERRAFORM}" for name in "dcba"],
            "Did you mean {0}/a or {0}/b or {0}/c or another one?",
            id="more than are named",
        ),
        pytest.param([f".terraform/{TERRAFORM}", f"a/.git/{TERRAFORM}"], "Pass a file, ", id="in hidden folders alone"),
        pytest.param(["task.json"], "Pass one of its files, or write a service spec for all of them: ", id="documents"),
        pytest.param(["template.yaml"], "Pass one of its files.", id="no task definition for a spec"),
        pytest.param(["cdk.json", "package.json"], "It is the source of a CDK app: run `cdk synth`", id="a CDK app"),
        pytest.param(["task.json", f"infra/{TERRAFORM}"], "Did you mean {0}/infra?", id="both"),
        pytest.param(["README.md"], "Pass a file, a directory of Terraform, or the cdk.out", id="nothing of use"),
    ],
)
def test_what_to_give_instead(tmp_path: Path, files: list[str], remedy: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(_TEXTS.get(Path(name).name, ""))
    assert nothing_to_read(str(tmp_path)).remedy.startswith(remedy.format(tmp_path))


@pytest.mark.parametrize(
    ("templates", "told"),
    [
        (
            {"Net": "{}", "Shop": "AWS::ECS::TaskDefinition"},
            "Pass the template: {0}/Shop.template.json. `cfnroles explain",
        ),
        ({"Net": "{}"}, "`cfnroles explain {0}` and `cfnroles verify {0}` read all."),
        ({"Long": "x" * 1_000_001}, "`cfnroles explain {0}` and"),
    ],
)
def test_an_app_is_called_one_with_the_templates_to_pass(tmp_path: Path, templates: dict[str, str], told: str) -> None:
    (tmp_path / APP).write_text('{"artifacts": {"Shop": {}}}')
    for name, text in templates.items():
        (tmp_path / f"{name}.template.json").write_text(text)
    error = nothing_to_read(str(tmp_path))
    assert "is what `cdk synth` writes" in str(error)
    assert error.remedy.startswith(told.format(tmp_path))
