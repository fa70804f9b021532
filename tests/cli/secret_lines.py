"""A kind of source that only this test has: one secret of one container on each line, as `NAME=arn:...`."""

from __future__ import annotations

import re
from pathlib import PurePath

from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.task_definition_checks import discover
from cfnroles.sources.told import Told
from cfnroles.workload import Workload

NOUN = "a list of secrets"
SIGNS = ("=arn:",)
TAKES = frozenset({"account", "region"})

_LINE = re.compile(r"(\w+)=(\S+)")


def recognises(document: Document) -> bool:
    """Whether each line is a name and a reference."""
    lines = document.text.splitlines()
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def read(document: Document, told: Told) -> Reading:
    """One container with all of the secrets."""
    told.refuse_others(TAKES, f"{document.name} is {NOUN}")
    secrets = [dict(zip(("name", "valueFrom"), line.split("=", 1), strict=True)) for line in document.text.splitlines()]
    family = PurePath(document.name).stem
    container = {"name": "app", "image": "public.ecr.aws/docker/library/nginx:stable", "secrets": secrets}
    workload = Workload(document.name, {"family": family, "containerDefinitions": [container]})
    facts = Facts(told.account, told.region)
    return Reading((document,), NOUN, told, (Task(family, workload, facts, discover(workload, facts)),))
