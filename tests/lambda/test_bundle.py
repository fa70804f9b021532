"""The files make one: what CloudFormation gets as inline code is their concatenation."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cfnroles import lambda_code
from cfnroles.targets.cloudformation.inline_code import inline_code

FOLDER = Path(lambda_code.__file__).parent
FILES = ("custom_resource.py", "secret_references.py", "secret_gate.py", "secret_validator.py")


def sources() -> list[str]:
    return [(FOLDER / name).read_text(encoding="utf-8") for name in FILES]


def defined(source: str) -> set[str]:
    """The names that a module makes at its top level, imports apart."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names


def test_no_name_is_made_twice() -> None:
    names = [name for source in sources() for name in defined(source)]
    assert sorted(names) == sorted(set(names))


def test_the_protocol_knows_nothing_of_the_checks() -> None:
    assert not re.search("secret|ecs", sources()[0], re.IGNORECASE)


@pytest.mark.parametrize("name", FILES)
def test_only_the_standard_library_is_imported_before_it_is_needed(name: str) -> None:
    tree = ast.parse((FOLDER / name).read_text(encoding="utf-8"))
    modules = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom) and not node.level}
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names


def test_the_whole_runs_as_one_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("index")
    monkeypatch.setitem(sys.modules, "index", module)
    exec(compile(inline_code(), "index.py", "exec"), vars(module))
    assert callable(module.handler)


def test_nothing_in_it_breaks_in_a_concatenation() -> None:
    for source in sources():
        assert source.isascii()
        assert "__future__" not in source
        assert "__main__" not in source


def test_it_leaves_room_in_the_template_for_the_policies() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: 51,200 bytes
    assert len(inline_code()) < 32_000
