"""The comparison of what cfnroles knows of ECS with the newest botocore and cfn-lint, as CI runs it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from cfnroles.sources.members import RECORD
from tests.ecs_model import PROPERTIES, gained

MODEL = "botocore/data/ecs/2014-11-13/service-2.json.gz"
SCHEMAS = "cfnlint/data/schemas"


def wheel(directory: Path, library: str, files: Mapping[str, bytes]) -> None:
    """A release of a library that is newer than all, as pip finds it in a directory."""
    folder = f"{library}-999.0.dist-info"
    told = {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {library}\nVersion: 999.0\n".encode(),
        f"{folder}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{folder}/RECORD": b"",
    }
    with zipfile.ZipFile(directory / f"{library}-999.0-py3-none-any.whl", "w") as archive:
        for name, content in {**files, **told}.items():
            archive.writestr(name, content)


def compared(repository: Path, index: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    command = [sys.executable, "-m", "tests.ecs_model"]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


def test_what_ecs_gained_is_named_and_what_to_do(repository: Path, tmp_path: Path) -> None:
    model: Any = Loader().load_service_model("ecs", "service-2")
    model["shapes"]["LoadBalancer"]["members"]["somethingNew"] = {"shape": "String"}
    wheel(tmp_path, "botocore", {MODEL: gzip.compress(json.dumps(model).encode())})
    providers = json.dumps({"AWS::ECS::Cluster": "x", "AWS::S3::Bucket": "y"}).encode()
    schema = json.dumps({"properties": {"ClusterName": {}, "SomethingNew": {}}}).encode()
    wheel(
        tmp_path,
        "cfn_lint",
        {f"{SCHEMAS}/providers/us-east-1.json": providers, f"{SCHEMAS}/resources/x.json": schema},
    )
    records = [path.read_bytes() for path in (RECORD, PROPERTIES)]
    done = compared(repository, tmp_path)
    assert done.returncode == 1
    assert "  + takes: CreateService: loadBalancers[].somethingNew (text)\n" in done.stdout
    assert "  + AWS::ECS::Cluster: SomethingNew\n" in done.stdout
    assert "+ AWS::ECS::Cluster: ClusterName" not in done.stdout
    assert "run `make model`" in done.stdout
    assert [path.read_bytes() for path in (RECORD, PROPERTIES)] == records


def test_without_an_index_it_is_said_that_nothing_was_found_out(repository: Path, tmp_path: Path) -> None:
    done = compared(repository, tmp_path)
    assert done.returncode == 3
    assert "Could not find out what the newest ECS has: pip downloaded no botocore" in done.stdout


@pytest.mark.parametrize(
    ("newest", "lines"),
    [
        ({"settings": ["a"], "takes": {"Run": {"x": "text"}}}, []),
        ({"settings": ["a", "b"], "takes": {}}, ["settings: b"]),
        ({"takes": {"Run": {"x": "text", "y[].z": "map"}}}, ["takes: Run: y[].z (map)"]),
        ({"takes": {"Run": {"x": "number"}}}, ["takes: Run: x (number)"]),
        ({"takes": {"Go": {"x": "text"}}}, ["takes: Go: x (text)"]),
    ],
    ids=["the same", "a setting", "a member", "another kind", "an operation"],
)
def test_what_is_gained(newest: Any, lines: list[str]) -> None:
    assert list(gained({"settings": ["a"], "takes": {"Run": {"x": "text"}}}, newest)) == lines
