"""A service spec as SOURCE: told from a task definition however it is written, and without that one's options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SPEC = {"project": "shop", "services": {"web": {"task-definition": "web.json"}}}
TASK = {"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "web.json").write_text(json.dumps(TASK))
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    return tmp_path / "spec.json"


@pytest.mark.parametrize("indent", [None, 0, 2], ids=["in one line", "in lines", "indented"])
def test_a_spec_in_json(spec: Path, cfnroles: Any, indent: int | None) -> None:
    spec.write_text(json.dumps(SPEC, indent=indent))
    told = cfnroles("build", spec, "-o", spec.parent / "out")
    assert told.code == 0, told.err


@pytest.mark.parametrize(
    "option",
    [
        "--set A=b",
        "--image nginx",
        "--service-file web.json",
        "--efs-root-access data",
        "--guardduty",
        "--kms-key-arn x",
        "--compat",
    ],
)
def test_an_option_of_task_definitions_is_called_as_it_was_written(spec: Path, cfnroles: Any, option: str) -> None:
    told = cfnroles("build", spec, *option.split(), "-o", spec.parent / "out")
    assert told.code == 2
    assert told.err.startswith(f"error: {option.split()[0]} requires a task definition, but {spec} is a service spec\n")


def test_live_without_a_revision_to_read_has_no_effect(spec: Path, cfnroles: Any) -> None:
    told = cfnroles("build", spec, "--live", "-o", spec.parent / "out")
    assert told.code == 0
    assert told.err.startswith(f"note: --live has no effect: no service of {spec} names FAMILY:REVISION\n")
