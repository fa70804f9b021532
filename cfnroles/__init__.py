"""Exact IAM roles for Amazon ECS: the functions behind the commands, and the values that they take and return.

    from cfnroles import Told, build, read

    reading = read("web.json", Told(region="eu-west-1"))
    build(reading).files["web-roles.yaml"]

docs/api.md has each of them with an example. A module is imported when one of its names is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfnroles.answers.diff import Comparison, diff
    from cfnroles.answers.explain import Explanation, explain
    from cfnroles.answers.lint import LintedFile, lint
    from cfnroles.answers.verify import Verification, verify
    from cfnroles.discovery import Discovery
    from cfnroles.document import Document
    from cfnroles.errors import CfnrolesError, InvalidInput
    from cfnroles.facts import Facts
    from cfnroles.need import Holder
    from cfnroles.sources.reading import Reading, Task
    from cfnroles.sources.source import read
    from cfnroles.sources.task_definition_checks import discover
    from cfnroles.sources.told import Told
    from cfnroles.targets.cloudformation.build import Build, build
    from cfnroles.workload import Workload

_HOMES = {
    "answers.diff": ("Comparison", "diff"),
    "answers.explain": ("Explanation", "explain"),
    "answers.lint": ("LintedFile", "lint"),
    "answers.verify": ("Verification", "verify"),
    "discovery": ("Discovery",),
    "document": ("Document",),
    "errors": ("CfnrolesError", "InvalidInput"),
    "facts": ("Facts",),
    "need": ("Holder",),
    "sources.reading": ("Reading", "Task"),
    "sources.source": ("read",),
    "sources.task_definition_checks": ("discover",),
    "sources.told": ("Told",),
    "targets.cloudformation.build": ("Build", "build"),
    "workload": ("Workload",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Build",
    "CfnrolesError",
    "Comparison",
    "Discovery",
    "Document",
    "Explanation",
    "Facts",
    "Holder",
    "InvalidInput",
    "LintedFile",
    "Reading",
    "Task",
    "Told",
    "Verification",
    "Workload",
    "build",
    "diff",
    "discover",
    "explain",
    "lint",
    "read",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
