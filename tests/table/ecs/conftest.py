"""One way to ask the table: a task definition in, sentences out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cfnroles.discovery import discover
from cfnroles.facts import Facts
from cfnroles.need import Severity
from cfnroles.placeholders import as_symbols
from cfnroles.workload import Workload


@dataclass(frozen=True)
class Answer:
    """What the table says about one task definition."""

    needs: set[str]
    gaps: list[str]
    warnings: list[str]
    errors: list[str]


@pytest.fixture
def answer() -> Callable[..., Answer]:
    """`answer({container}, {container}, volumes=[...], facts={...})`."""

    def ask(*containers: dict[str, Any], facts: dict[str, Any] | None = None, **members: Any) -> Answer:
        known = Facts(**{"account": "123456789012", "region": "us-east-1", **(facts or {})})
        named = [{"name": f"c{number}", "image": "nginx", **each} for number, each in enumerate(containers)]
        tree = {"family": "shop", "containerDefinitions": named or [{"name": "c0", "image": "nginx"}], **members}
        found = discover(Workload("task.json", as_symbols(tree)), known)
        return Answer(
            {f"{need.holder}: {need.permission}" for need in found.needs},
            [f"{gap.origin.pointer}: {gap.what}. {gap.remedy}" for gap in found.gaps],
            [str(finding.what) for finding in found.findings if finding.severity is Severity.WARNING],
            [str(finding.what) for finding in found.findings if finding.severity is Severity.ERROR],
        )

    return ask
