"""How long specs of many services take to become stacks."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import usage
from benchmarks.row import Row, spelled

SIZES = (500, 10_000)
A_SECOND = 300
_WHY = (
    "reading a service, checking it and finding its needs take 30% of the time; its statements and policies 11%; its "
    "three stacks 33% as objects of troposphere and 9% as YAML; files and validators the rest. No function takes more "
    "than 4%. Writing services of one form once and filling in the names would save less than a third, because names "
    "decide the order and the size of policies, and each is spelled and quoted. Of each service, memory keeps its task "
    "definition as text, for messages, what stacks.json lists, and what the validators need; the templates are not "
    "kept."
)


def write_project(directory: Path, services: int) -> Path:
    """A spec of ``services`` services, each with a task definition, secrets, grants and log groups of its own."""
    lines = ["project: many", 'account: "123456789012"', "region: us-east-1"]
    lines += ["defaults: {log-groups: {retention-days: 30}}", "services:"]
    for number in range(services):
        name = f"s{number}"
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
        (directory / f"{number}.json").write_text(json.dumps(task))
        # A spec of 10,000 services has to be shorter than a megabyte, as every document has.
        grants = f"[sqs-consume: q{number}, sns-publish: t{number}]"
        lines.append(f" {name}: {{task-definition: {number}.json, task-role: {{grants: {grants}}}}}")
    path = directory / "cfnroles.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def rows() -> Iterator[Row]:
    """Services a second without lint, and what 10,000 services take."""
    yield from (_many(services) for services in SIZES)


def _many(services: int) -> Row:
    with tempfile.TemporaryDirectory() as scratch:
        path = write_project(Path(scratch), services)
        took = usage([sys.executable, "-m", "cfnroles", "build", str(path), "-o", f"{scratch}/build"])
    second, size = services / took.seconds, f"{took.megabytes:,.0f} MB"
    what = f"`cfnroles build`, {services:,} services"
    return Row(what, spelled(took.seconds), size, f"{second:.0f}/s", f">= {A_SECOND}/s", second >= A_SECOND, _WHY)
