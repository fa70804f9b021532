"""How long the command takes from a cold start, beside the imports it cannot do without: `make bench`.

Prints the median of whole processes, measured in turn so that a noisy machine hits both alike, and the ratio of each
pair. The goal is a ratio of at most 1.6.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15
GOAL = 1.6

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


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of one process."""
    # Compiled modules are kept, as they are for everyone who has installed a package.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def pair(name: str, ours: list[str], base: list[str]) -> bool:
    """Time both in turn, print a line, and tell whether the median of the ratios meets the goal."""
    seconds(ours), seconds(base)
    times = [(seconds(ours), seconds(base)) for _ in range(RUNS)]
    ratio = statistics.median(mine / other for mine, other in times)
    mine, other = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:<14} {mine * 1000:6.0f} ms   base {other * 1000:6.0f} ms   ratio {ratio:.2f}   goal {GOAL}")
    return ratio <= GOAL


def main() -> None:
    """Print both pairs."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as out:
        pair("--help", [python, "-m", "cfnroles", "--help"], [python, "-c", "import click"])
        pair(
            "build",
            [python, "-m", "cfnroles", "build", str(_EXAMPLE), "-o", out],
            [python, "-c", _BARE_TROPOSPHERE, str(_EXAMPLE)],
        )


if __name__ == "__main__":
    main()
