"""Real templates, where they are present."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def corpus_templates(repository: Path) -> list[Path]:
    """The templates beside the checkout; none where there is no corpus."""
    return sorted((repository.parent / "shared" / "corpus" / "templates").glob("*"))
