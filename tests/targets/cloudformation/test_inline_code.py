"""The validator's code as a template carries it: one module, without comments, with the same meaning."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from cfnroles import lambda_code
from cfnroles.targets.cloudformation.inline_code import inline_code, without_comments

STRIPPED = {
    "a comment on a line of its own": ("x = 1\n# why\ny = 2\n", "x = 1\ny = 2\n"),
    "a comment behind code": ("x = 1  # why\n", "x = 1\n"),
    "what only looks like a comment": ('x = "# kept"\n', 'x = "# kept"\n'),
    "the docstring of a function": ('def f():\n    """What."""\n    return 1\n', "def f():\n    return 1\n"),
    "a docstring of several lines": (
        'class C:\n    """A "b".\n\n    c\n    """\n\n    x = 1\n',
        "class C:\n\n    x = 1\n",
    ),
    "the docstring of a module": ('"""What."""\n\nx = 1\n', "\nx = 1\n"),
    "blank lines": ("x = 1\n\n\n\ny = 2\n", "x = 1\n\ny = 2\n"),
}


@pytest.mark.parametrize(("source", "expected"), STRIPPED.values(), ids=STRIPPED)
def test_comments_go_and_code_stays(source: str, expected: str) -> None:
    assert without_comments(source) == expected


@pytest.mark.parametrize(
    "module", ["custom_resource.py", "secret_references.py", "secret_gate.py", "secret_validator.py"]
)
def test_the_code_means_the_same_without_its_comments(module: str) -> None:
    source = (Path(lambda_code.__file__).parent / module).read_text()

    assert ast.dump(without_docstrings(source)) == ast.dump(without_docstrings(without_comments(source)))


def test_no_comment_is_left() -> None:
    tokens = tokenize.generate_tokens(io.StringIO(inline_code()).readline)

    assert [token.string for token in tokens if token.type == tokenize.COMMENT] == []


def test_the_code_is_one_module_with_a_handler() -> None:
    tree = ast.parse(inline_code())

    assert "handler" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not any(node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))


def test_no_name_is_defined_twice() -> None:
    names = [node.name for node in ast.parse(inline_code()).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]

    assert sorted(names) == sorted(set(names))


def without_docstrings(source: str) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            del node.body[0]
    return tree
