"""The checks of cfnroles as rules of cfn-lint: ``cfn-lint --append-rules cfnroles.cfnlint_rules TEMPLATE...``

Each row of the table of checks is one rule; its code starts with ``E9`` for an error. Configure, ignore and suppress
these rules like any other. Suppressions of cfnroles in a template's Metadata also apply.
https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/getting_started/rules.md
"""

from __future__ import annotations

from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from cfnroles.answers.lint import lint_template
from cfnroles.checks import CHECKS, Check
from cfnroles.counted import counted
from cfnroles.errors import InvalidInput
from cfnroles.need import Finding

__all__ = sorted(check.code for check in CHECKS)

# cfn-lint runs all rules on one template before the next, so caching the last result is enough.
_last: list[tuple[Any, tuple[Finding, ...]]] = []


def _found(template: Any) -> tuple[Finding, ...]:
    if not _last or _last[0][0] is not template:
        _last[:] = [(template, _linted(template))]
    return _last[0][1]


def _linted(template: Any) -> tuple[Finding, ...]:
    try:
        return lint_template(template.template, str(template.filename)).findings
    except InvalidInput:
        # cfn-lint itself reports an invalid resource: E3001.
        return ()


class _Matching:
    """The shared part of the rules. Not a rule: cfn-lint instantiates every subclass of its own class."""

    id: str

    def match(self, cfn: Any) -> list[RuleMatch]:
        """Return one match for each finding of this rule's check in the template."""
        return [
            RuleMatch(list(finding.origin.path), f"{_place(finding)}{finding.what}{_more(finding)}. {finding.remedy}")
            for finding in _found(cfn)
            if finding.code == self.id
        ]


def _place(finding: Finding) -> str:
    return f"{finding.origin.place}: " if finding.origin.container or finding.origin.item else ""


def _more(finding: Finding) -> str:
    return f" (and the like in {counted(len(finding.also), 'more place')})" if finding.also else ""


def _rule(check: Check) -> type:
    attributes = {
        "id": check.code,
        "shortdesc": check.what,
        "description": check.why,
        "source_url": check.source,
        "tags": ["ecs", "iam", "cfnroles", check.id],
        "__doc__": check.what,
        "__module__": __name__,
    }
    return type(check.code, (_Matching, CloudFormationLintRule), attributes)


globals().update({check.code: _rule(check) for check in CHECKS})
