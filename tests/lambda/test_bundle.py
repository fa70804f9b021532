"""The two files make one: what CloudFormation gets as inline code is their concatenation."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILES = ("custom_resource.py", "secret_validator.py")


def sources(repository: Path) -> list[str]:
    return [(repository / "lambda" / name).read_text(encoding="utf-8") for name in FILES]


def defined(source: str) -> set[str]:
    """The names that a module makes at its top level, imports apart."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names


def test_no_name_is_made_twice(repository: Path) -> None:
    protocol, checks = map(defined, sources(repository))
    assert protocol & checks == set()


def test_the_checks_import_the_protocol_in_one_line(repository: Path) -> None:
    protocol, checks = sources(repository)
    assert len(re.findall("custom_resource", checks)) == 1
    assert re.search(r"^from custom_resource import [\w, ]+$", checks, re.MULTILINE)
    assert "secret_validator" not in protocol


@pytest.mark.parametrize("name", FILES)
def test_only_the_standard_library_is_imported_before_it_is_needed(repository: Path, name: str) -> None:
    tree = ast.parse((repository / "lambda" / name).read_text(encoding="utf-8"))
    modules = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in modules} - {"custom_resource"} <= sys.stdlib_module_names


def test_the_whole_runs_as_one_module(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, checks = sources(repository)
    whole = protocol + re.sub("^from custom_resource import .*$", "", checks, flags=re.MULTILINE)
    module = ModuleType("index")
    monkeypatch.setitem(sys.modules, "index", module)
    exec(compile(whole, "index.py", "exec"), vars(module))
    assert callable(module.handler)


def test_nothing_in_it_breaks_in_a_concatenation(repository: Path) -> None:
    for source in sources(repository):
        assert source.isascii()
        assert "__future__" not in source
        assert "__main__" not in source


def test_it_leaves_room_in_the_template_for_the_policies(repository: Path) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: 51,200 bytes
    assert sum(map(len, sources(repository))) < 34_000
