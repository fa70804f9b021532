"""The Terraform that is written says what was discovered, in Terraform's own layout."""

from __future__ import annotations

import json
import re
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


TEMPLATE = """
Parameters:
  Image: {Type: String}
  Password: {Type: String}
  Traced: {Type: String, Default: "no"}
Conditions:
  IsTraced: !Equals [!Ref Traced, "yes"]
Resources:
  Key: {Type: AWS::SecretsManager::Secret}
  WebTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: !Ref Image
          Memory: 128
          Secrets:
            - {Name: A, ValueFrom: !Ref Password}
            - {Name: B, ValueFrom: !Ref Key}
            - {Name: C, ValueFrom: !ImportValue shared-secret}
        - !If
          - IsTraced
          - Name: traces
            Image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/traces:1
            Memory: 128
          - !Ref AWS::NoValue
"""


def test_what_is_open_in_a_template_becomes_variables(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(TEMPLATE, encoding="utf-8")
    found = outcome("web.yaml", read(tmp_path / "web.yaml", Told()), Written({}))
    assert (found.result, found.detail) == ("same", "")
    (file,) = found.files
    assert re.findall(r'^variable "(\w+)"', file.text, re.MULTILINE) == [
        "web_task_image",
        "web_task_is_traced",
        "web_task_key",
        "web_task_kms_key_arns",
        "web_task_password",
        "web_task_shared_secret",
    ]
    assert 'can(regex("^[0-9]+[.]dkr[.-]ecr", var.web_task_image))' in file.text
    if shutil.which("terraform"):
        assert list(unformatted(found.files)) == []
