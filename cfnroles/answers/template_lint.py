"""Findings of cfn-lint about a template. The only importer of cfn-lint besides ``cfnroles/cfnlint_rules.py``."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from cfnroles.need import Finding, Origin, Severity

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "informational": Severity.INFO}


def template_problems(text: str, document: str = "") -> tuple[Finding, ...]:
    """Return cfn-lint's findings about a template in JSON or YAML, in the order of their lines.

    Their check is the rule. Lines and columns are counted from 1. https://github.com/aws-cloudformation/cfn-lint
    """
    from cfnlint.decode.decode import decode_str

    template, problems = decode_str(text)
    found = problems or list(_runner().validate_template(template))
    findings = (_finding(match, document) for match in found)
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.check, finding.column)))


def _finding(match: Any, document: str) -> Finding:
    return Finding(
        _SEVERITIES.get(match.rule.severity, Severity.ERROR),
        Origin(document, tuple(getattr(match, "path", None) or ())),
        match.message.rstrip("."),
        "",
        match.rule.id,
        match.rule.id,
        match.rule.source_url,
        match.linenumber,
        match.columnnumber,
    )


@cache
def _runner() -> Any:
    # Loading the rules takes most of cfn-lint's time, so one runner serves all templates of a process. Its
    # configuration file is empty: a .cfnlintrc among the linted files could name code to run as rules.
    from cfnlint.config import ConfigMixIn, ManualArgs
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn([], **ManualArgs(regions=["us-east-1"], config_file=os.devnull)))
