"""What cfn-lint says about a template. The only importer of cfn-lint."""

from __future__ import annotations

from functools import cache
from typing import Any


def template_problems(text: str) -> tuple[str, ...]:
    """cfn-lint's findings about a template in JSON or YAML, one sentence each; empty for a clean template.

    https://github.com/aws-cloudformation/cfn-lint
    """
    from cfnlint.decode.decode import decode_str

    template, problems = decode_str(text)
    found = problems or list(_runner().validate_template(template))
    return tuple(
        f"line {match.linenumber}: {match.rule.id} {match.message}"
        for match in sorted(found, key=lambda match: (match.linenumber, match.rule.id))
    )


@cache
def _runner() -> Any:
    # Loading the rules takes most of cfn-lint's time; one runner serves every template of a process.
    from cfnlint.config import ConfigMixIn, ManualArgs
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn([], **ManualArgs(regions=["us-east-1"])))
