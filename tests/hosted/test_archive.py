"""The archive of both functions: what is in it, and what of the runtime they take."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cfnroles.emulator import Emulator, environment_for

#: What Lambda's runtime brings, for the hook alone: boto3 and what that needs.
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME = {"boto3", "botocore", "jmespath", "python-dateutil", "six", "urllib3"}
ROLE = "arn:aws:iam::123456789012:role/none"
PROPERTIES = {
    "ExecutionRoleArn": ROLE,
    "ContainerDefinitions": [{"Name": "a", "Image": "nginx", "Secrets": [{"Name": "A", "ValueFrom": "/a"}]}],
}
EVENTS: dict[str, dict[str, Any]] = {
    "macro": {
        "requestId": "1",
        "fragment": {"Resources": {"Web": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "ContainerDefinitions": PROPERTIES["ContainerDefinitions"]}}}},
    },
    "hook": {
        "awsAccountId": "123456789012",
        "stackId": "arn",
        "requestContext": {"invocation": 3},
        "requestData": {
            "targetName": "AWS::ECS::TaskDefinition",
            "targetLogicalId": "Web",
            "targetModel": {"resourceProperties": PROPERTIES},
        },
    },
}  # fmt: skip
CODE = """\
import importlib, json, sys
from importlib.metadata import packages_distributions
before = set(sys.modules)
answer = importlib.import_module("cfnroles.hosted." + sys.argv[1]).handler(json.loads(sys.argv[2]), None)
# A module without a spec stands for one that was not loaded.
loaded = {name for name in set(sys.modules) - before if getattr(sys.modules[name], "__spec__", None)}
known = packages_distributions()
tops = {name.partition(".")[0] for name in loaded}
packages = {each.lower().replace("_", "-") for top in tops for each in known.get(top, [])}
print(json.dumps([answer, sorted(packages)]))
"""


def run(which: str, folder: Path, emulator: Emulator, *paths: Path) -> tuple[dict[str, Any], set[str]]:
    """The answer of a function in a process of its own, and the packages that it imported."""
    told = {"SECRET_VALIDATOR_ARN": "arn:aws:lambda:us-east-1:123456789012:function:v", "AWS_REGION": "us-east-1"}
    environment = {**environment_for(emulator, os.environ), **told, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    ran = subprocess.run(
        [sys.executable, "-c", CODE, which, json.dumps(EVENTS[which])],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer, packages = json.loads(ran.stdout)
    return answer, set(packages)


def taken(repository: Path) -> set[str]:
    (literal,) = re.findall(r"wanted = (\{.*\})", (repository / ".ci" / "functions").read_text())
    found: set[str] = ast.literal_eval(literal)
    return found


def test_the_macro_imports_exactly_what_the_archive_has(
    tmp_path: Path, repository: Path, empty_emulator: Emulator
) -> None:
    answer, packages = run("macro", tmp_path, empty_emulator, repository)
    assert answer["status"] == "success", answer
    assert packages - {"cfnroles"} == taken(repository)


def test_the_hook_imports_what_the_archive_or_the_runtime_has(
    tmp_path: Path, repository: Path, empty_emulator: Emulator
) -> None:
    answer, packages = run("hook", tmp_path, empty_emulator, repository)
    assert answer["errorCode"] == "NonCompliant", answer
    # botocore takes certifi where there is one, and has certificates of its own.
    assert packages - {"cfnroles", "certifi"} <= taken(repository) | RUNTIME


def packed(repository: Path) -> Iterator[str]:
    """The files that the archive has of this package, as `.ci/functions` names them."""
    tracked = subprocess.run(
        ["git", "ls-files", "cfnroles", "lambda"], cwd=repository, check=True, capture_output=True, text=True
    )
    yield from (re.sub("^lambda/", "cfnroles/lambda_code/", name) for name in tracked.stdout.split())


@pytest.mark.parametrize("module", ["secret_validator", "secret_gate", "secret_references", "custom_resource"])
def test_the_archive_has_the_checks_of_secrets_by_the_name_that_they_are_imported_by(
    repository: Path, module: str
) -> None:
    assert f"cfnroles/lambda_code/{module}.py" in set(packed(repository))
    assert (
        'files = {re.sub("^lambda/", "cfnroles/lambda_code/", name): data'
        in (repository / ".ci" / "functions").read_text()
    )
