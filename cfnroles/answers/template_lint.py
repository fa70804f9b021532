"""What cfn-lint says about a template. With ``cfnroles/cfnlint_rules.py``, the only importer of cfn-lint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from cfnroles.need import Severity
from cfnroles.workload import Path

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "informational": Severity.INFO}


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One finding of cfn-lint: its rule, how bad it is, and where it stands, lines and columns counted from 1."""

    rule: str
    severity: Severity
    message: str
    source: str
    line: int
    column: int
    path: Path = ()

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule} {self.message}"


def template_problems(text: str) -> tuple[TemplateProblem, ...]:
    """cfn-lint's findings about a template in JSON or YAML, in the order of their lines; empty for a clean template.

    https://github.com/aws-cloudformation/cfn-lint
    """
    from cfnlint.decode.decode import decode_str

    template, problems = decode_str(text)
    found = problems or list(_runner().validate_template(template))
    return tuple(sorted(map(_problem, found), key=lambda problem: (problem.line, problem.rule, problem.column)))


def _problem(match: Any) -> TemplateProblem:
    severity = _SEVERITIES.get(match.rule.severity, Severity.ERROR)
    return TemplateProblem(
        match.rule.id,
        severity,
        match.message,
        match.rule.source_url,
        match.linenumber,
        match.columnnumber,
        tuple(getattr(match, "path", None) or ()),
    )


@cache
def _runner() -> Any:
    # Loading the rules takes most of cfn-lint's time; one runner serves every template of a process.
    from cfnlint.config import ConfigMixIn, ManualArgs
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn([], **ManualArgs(regions=["us-east-1"])))
