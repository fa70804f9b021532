"""The checks as a page of the documentation: ``python -m cfnroles.formats.checks_page docs/checks.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cfnroles.checks import CHECKS, Check
from cfnroles.iam.escalations import ESCALATIONS

_HEAD = """\
# Checks

<!-- Written by `python -m cfnroles.formats.checks_page docs/checks.md` from the table in cfnroles/checks/. -->

What `cfnroles lint` finds in CloudFormation templates, task definitions, service specs and policy documents. Each check
has an id, and a code under which cfn-lint knows it.

An **error** keeps tasks from starting, permits nothing or lets anyone in, and ends the command with exit code 1;
`--fail-on warning`, `--fail-on info` and `--fail-on never` change that. A **warning** works but should not be there.
An **info** is worth a look; each check reports it once per file, with the lines of the others, and `--severity
warning` hides it. Exit code 2 means that a file could not be read; all others were linted.

`lint` judges what a role gives away if a task definition of the template names the role, or if ECS can assume it. It
judges a policy document on its own in the same way. A role that anyone can assume is reported in every case. AWS
managed policies are judged by name only ([wide-managed-policy](#wide-managed-policy)). Access that a condition of the
statement or a permissions boundary could remove is not a finding. A role that `lint` could not judge is one
([unjudged-role](#unjudged-role)).

Values known only at deployment are not guessed: a parameter has its default, or the value of `--parameter
NAME=VALUE`, and what stays unknown is not a finding. Conditions are evaluated both ways, whatever the defaults are. A
finding that holds under some of them says under which; `--parameter` decides them.

## Suppressing a finding

Every suppression says why; without a reason it suppresses nothing and is a finding itself. In a template, in the
Metadata of the resource, or of the whole template:

```yaml
Metadata:
  cfnroles:
    ignore:
      - check: wide-managed-policy
        reason: shared with the old service until its last release
```

In YAML, at the end of the line or above it. Above a resource or a list element, it applies to everything in it:

```yaml
image: nginx # cfnroles: ignore mutable-image: the mirror moves the tag after our tests only
```

In Terraform, the same way. Above a block, an argument or an element, it applies to everything that begins on that line:

```hcl
# cfnroles: ignore plain-text-secret: the pool's id is public, its variable is sensitive for other reasons
{ name = "POOL_ID", value = var.pool_id },
```

In a task definition in JSON, which has no comments, as a tag: its key is `cfnroles:ignore:` and the check, its value
the reason.

## In other tools

In cfn-lint, in editors and wherever else it runs already:

```console
$ cfn-lint --append-rules cfnroles.cfnlint_rules -- template.yaml
```

`cfnroles lint --cfn-lint` also reports what cfn-lint finds. It is off by default, because it takes longer and most
pipelines run cfn-lint already. It does not read `.cfnlintrc`, which can name code to run.

[In a pipeline](pipelines.md) has the action for GitHub, the report for GitLab and the hook for pre-commit.
"""


def checks_page() -> str:
    """Return the page, with one section for each row."""
    lines = [_HEAD, *_overview(), "", *(line for check in CHECKS for line in _section(check)), *_ways()]
    return "\n".join(lines).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "## Overview"
    yield ""
    yield "| check | code | severity | what it finds |"
    yield "|---|---|---|---|"
    for check in CHECKS:
        yield f"| [{check.id}](#{check.id}) | {check.code} | {check.severity} | {check.what.replace('*', '`*`')} |"


def _section(check: Check) -> Iterator[str]:
    yield f"## {check.id}"
    yield ""
    yield f"{check.what.replace('*', '`*`')}. {check.severity.capitalize()}, {check.code} in cfn-lint."
    yield ""
    yield f"{check.why.replace('*', '`*`')} [AWS]({check.source})"
    yield ""
    for label, example in (("Instead of", check.bad), ("write", check.good)):
        yield from (label, "", "```yaml", example.rstrip(), "```", "")


def _ways() -> Iterator[str]:
    yield "## The known ways to more permissions"
    yield ""
    yield "What [privilege-escalation](#privilege-escalation) looks for. Where the table says every, the action is"
    yield "allowed on all resources of that kind; elsewhere on anything."
    yield ""
    yield "| a role with | may | source |"
    yield "|---|---|---|"
    for way in ESCALATIONS:
        steps = " and ".join(f"`{step.action}`{_on(step.every)}" for step in way.steps)
        yield f"| {steps} | {way.gives} | [{urlsplit(way.source).hostname}]({way.source}) |"


def _on(every: str) -> str:
    service, _, kind = every.partition(":")
    return f" on every {kind.strip('/:') or f'resource of {service}'}" if every else ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(checks_page(), encoding="utf-8")
