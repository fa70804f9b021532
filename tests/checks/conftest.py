"""Findings of a text, by one word."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from cfnroles.need import Finding
from tests.linted import lint


@pytest.fixture(scope="session")
def faults() -> Callable[[str], list[Finding]]:
    """`faults(text)`: everything that is found in a document."""

    def find(text: str) -> list[Finding]:
        return list(lint(textwrap.dedent(text), "document.yaml").findings)

    return find
