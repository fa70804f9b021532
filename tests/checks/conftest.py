"""Findings of a text, by one word."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from cfnroles.answers.lint import LintFinding, lint


@pytest.fixture(scope="session")
def faults() -> Callable[[str], list[LintFinding]]:
    """`faults(text)`: everything that is found in a document."""

    def find(text: str) -> list[LintFinding]:
        return list(lint(textwrap.dedent(text), "document.yaml").findings)

    return find
