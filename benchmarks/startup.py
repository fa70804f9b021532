"""How long the command takes from a cold start, beside the imports it cannot do without."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import interleaved
from benchmarks.row import Row, at_most

RUNS = 21
GOAL = 1.5
_WHY = "click, msgspec and the table of features load in addition to troposphere, and `build` needs all of them."

_EXAMPLE = Path(__file__).parent.parent / "examples" / "shop.json"

#: The least that a Python program with troposphere does: import, one role with one policy, YAML out.
_BARE_TROPOSPHERE = """
import json, sys
import yaml
from awacs import ecr, kms, logs, s3, secretsmanager, ssm
from awacs.aws import Allow, PolicyDocument, Statement
from troposphere import Output, Parameter, Ref, Template, awslambda, ecs, iam, logs as log_groups
json.load(open(sys.argv[1]))
template = Template()
template.add_resource(iam.Role("Role", AssumeRolePolicyDocument=PolicyDocument(
    Version="2012-10-17", Statement=[Statement(Effect=Allow, Action=[ecr.BatchGetImage], Resource=["*"])])))
yaml.dump(template.to_dict())
"""


def rows() -> Iterator[Row]:
    """``--help`` beside click, and ``build`` beside troposphere."""
    python = sys.executable
    helped = interleaved([python, "-m", "cfnroles", "--help"], [python, "-c", "import click"], RUNS)
    yield at_most("`cfnroles --help`, cold", helped, "`import click`", GOAL)
    with tempfile.TemporaryDirectory() as out:
        build = [python, "-m", "cfnroles", "build", str(_EXAMPLE), "-o", out]
        built = interleaved(build, [python, "-c", _BARE_TROPOSPHERE, str(_EXAMPLE)], RUNS)
    yield at_most("`cfnroles build`, cold", built, "bare troposphere", GOAL, _WHY)
