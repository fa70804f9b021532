"""Exact IAM roles for Amazon ECS: the functions behind the commands, with their arguments and results.

    from cfnroles import Told, build, read

    reading = read("web.json", Told(region="eu-west-1"))
    build(reading).files["web-roles.yaml"]

docs/api.md has each of them with an example. A module is imported when one of its names is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfnroles.answers.audit_subjects import AuditQuestion as AuditQuestion
    from cfnroles.answers.audit_subjects import audit as audit
    from cfnroles.answers.audited import Audit as Audit
    from cfnroles.answers.diagnose import diagnose as diagnose
    from cfnroles.answers.diagnosis import Diagnosis as Diagnosis
    from cfnroles.answers.diff import Comparison as Comparison
    from cfnroles.answers.diff import diff as diff
    from cfnroles.answers.explain import explain as explain
    from cfnroles.answers.explanation import Explanation as Explanation
    from cfnroles.answers.fleet_finding import FleetReport as FleetReport
    from cfnroles.answers.lint import LintedFile as LintedFile
    from cfnroles.answers.lint import lint as lint
    from cfnroles.answers.live_fleet import fleet as fleet
    from cfnroles.answers.verification import Verdict as Verdict
    from cfnroles.answers.verification import Verification as Verification
    from cfnroles.answers.verify import verify as verify
    from cfnroles.deploy.policy import DeployOptions as DeployOptions
    from cfnroles.deploy.policy import DeployPolicy as DeployPolicy
    from cfnroles.deploy.policy import deploy_policy as deploy_policy
    from cfnroles.deploy.stacks_file import built_stacks as built_stacks
    from cfnroles.discovery import Discovery as Discovery
    from cfnroles.document import Document as Document
    from cfnroles.errors import CfnrolesError as CfnrolesError
    from cfnroles.errors import InvalidInput as InvalidInput
    from cfnroles.facts import Facts as Facts
    from cfnroles.need import Holder as Holder
    from cfnroles.sources.reading import Reading as Reading
    from cfnroles.sources.reading import Task as Task
    from cfnroles.sources.source import read as read
    from cfnroles.sources.task_definition_checks import discover as discover
    from cfnroles.sources.told import Told as Told
    from cfnroles.targets.cloudformation.build import Build as Build
    from cfnroles.targets.cloudformation.build import build as build
    from cfnroles.targets.cloudformation.inject import Injection as Injection
    from cfnroles.targets.cloudformation.inject import inject as inject
    from cfnroles.targets.fix import Fix as Fix
    from cfnroles.targets.fix import fix as fix
    from cfnroles.workload import Workload as Workload

_HOMES = {
    "answers.audit_subjects": ("AuditQuestion", "audit"),
    "answers.audited": ("Audit",),
    "answers.diagnose": ("diagnose",),
    "answers.diagnosis": ("Diagnosis",),
    "answers.diff": ("Comparison", "diff"),
    "answers.explain": ("explain",),
    "answers.explanation": ("Explanation",),
    "answers.fleet_finding": ("FleetReport",),
    "answers.live_fleet": ("fleet",),
    "targets.cloudformation.inject": ("Injection", "inject"),
    "answers.lint": ("LintedFile", "lint"),
    "answers.verification": ("Verdict", "Verification"),
    "answers.verify": ("verify",),
    "deploy.policy": ("DeployOptions", "DeployPolicy", "deploy_policy"),
    "deploy.stacks_file": ("built_stacks",),
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
    "targets.fix": ("Fix", "fix"),
    "workload": ("Workload",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
