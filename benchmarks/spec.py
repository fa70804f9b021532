"""How long specs of many services take to become stacks: ``python benchmarks/spec.py [SERVICES ...]``."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from cfnroles import build, read

SIZES = (125, 250, 500)


def write_project(directory: Path, services: int) -> Path:
    """A spec of ``services`` services, each with a task definition, secrets, grants and log groups of its own."""
    lines = ["project: many", 'account: "123456789012"', "region: us-east-1"]
    lines += ["defaults: {log-groups: {retention-days: 30}}", "services:"]
    for number in range(services):
        name = f"service-{number}"
        secret = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:many/{number}"
        container = {
            "name": "main",
            "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/many/{name}:1",
            "secrets": [{"name": f"S{each}", "valueFrom": f"{secret}-{each}-AbCdEf"} for each in range(3)],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": f"/many/{name}",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "main",
                },
            },
        }
        task = {"family": name, "containerDefinitions": [container]}
        (directory / f"{name}.json").write_text(json.dumps(task))
        lines += [f"  {name}:", f"    task-definition: {name}.json", "    task-role:", "      grants:"]
        lines += [f"        - sqs-consume: queue-{number}", f"        - dynamodb-read: table-{number}"]
    path = directory / "cfnroles.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def measured(services: int) -> tuple[float, int]:
    """Seconds from the spec's text to the text of every template, and how many stacks those are."""
    with tempfile.TemporaryDirectory() as directory:
        path = write_project(Path(directory), services)
        start = time.perf_counter()
        stacks = build(read(path)).stacks
        return time.perf_counter() - start, len(stacks)


def main(sizes: tuple[int, ...]) -> None:
    """Print a line for each size."""
    measured(5)
    print("services  stacks  seconds  ms per service")
    for size in sizes:
        seconds, stacks = measured(size)
        print(f"{size:8}  {stacks:6}  {seconds:7.2f}  {1000 * seconds / size:14.1f}")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
