"""The Terraform that is written says what was discovered, in Terraform's own layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Told, read
from tests.evaluated import Written
from tests.written_terraform import outcome, unformatted

_SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a"
#: What containers say, each of another form in a policy.
CONTAINERS: dict[str, dict[str, Any]] = {
    "secrets and parameters": {
        "secrets": [
            {"name": "A", "valueFrom": f"{_SECRET}-AbCdEf:key::"},
            {"name": "B", "valueFrom": "/a/parameter"},
            {"name": "C", "valueFrom": "<SECRET>"},
        ]
    },
    "placeholders": {"image": "<ACCOUNT_ID>.dkr.ecr.${AWS_REGION}.amazonaws.com/<NAME>:1"},
    "more than an inline policy holds": {
        "secrets": [{"name": f"S{n}", "valueFrom": f"{_SECRET}/{'x' * 200}/{n}-AbCdEf"} for n in range(60)]
    },
    "nothing": {},
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_what_is_written_reads_back_to_the_same_needs(container: dict[str, Any], tmp_path: Path) -> None:
    definition = {"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx:1", **container}]}
    (tmp_path / "web.json").write_text(json.dumps(definition), encoding="utf-8")
    found = outcome("web.json", read(tmp_path / "web.json", Told()), Written({}))
    assert (found.result, found.detail) == ("same", "")
    if shutil.which("terraform"):
        assert list(unformatted(found.files)) == []
