"""The public functions: the examples of docs/api.md, and what importing the package costs."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import cfnroles


def examples_of(page: str) -> str:
    """The lines of the page's Python blocks; all others are left empty, so that line numbers stay."""
    lines, inside = [], False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            line = ""
        lines.append(line if inside else "")
    return "\n".join(lines) + "\n"


def test_the_examples_of_the_page_are_true(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = repository / "docs" / "api.md"
    text = page.read_text(encoding="utf-8")
    monkeypatch.chdir(repository / "examples")
    test = doctest.DocTestParser().get_doctest(examples_of(text), {}, page.name, str(page), 0)
    assert len(test.examples) >= 35
    told: list[str] = []
    doctest.DocTestRunner().run(test, out=told.append)
    assert "".join(told) == ""


@pytest.mark.parametrize("name", cfnroles.__all__)
def test_each_name_is_there_and_documented(name: str, repository: Path) -> None:
    value = getattr(cfnroles, name)
    assert value.__doc__
    assert f"`{name}" in (repository / "docs" / "api.md").read_text(encoding="utf-8")


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'rread'"):
        cfnroles.rread  # noqa: B018


def test_importing_the_package_loads_nothing_of_it() -> None:
    program = "import cfnroles, sys; print([name for name in sys.modules if name.startswith('cfnroles.')])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "[]\n"
