"""The validator's code as a template carries it: one module, without comments, with the same meaning."""

from __future__ import annotations

import ast

import pytest

from cfnroles.stacks.inline_code import inline_code, without_comments

STRIPPED = {
    "a comment on a line of its own": ("x = 1\n# why\ny = 2\n", "x = 1\ny = 2\n"),
    "a comment behind code": ("x = 1  # why\n", "x = 1\n"),
    "what only looks like a comment": ('x = "# kept"\n', 'x = "# kept"\n'),
    "the docstring of a function": ('def f():\n    """What."""\n    return 1\n', "def f():\n    return 1\n"),
    "a docstring of several lines": (
        'class C:\n    """What.\n\n    More.\n    """\n\n    x = 1\n',
        "class C:\n\n    x = 1\n",
    ),
    "a docstring that is all there is": (
        'class E(Exception):\n    """What."""\n',
        'class E(Exception):\n    """What."""\n',
    ),
    "a text of several lines": ('x = """\n# kept\n"""\n', 'x = """\n# kept\n"""\n'),
    "blank lines": ("x = 1\n\n\n\ny = 2\n", "x = 1\n\ny = 2\n"),
}


@pytest.mark.parametrize(("source", "expected"), STRIPPED.values(), ids=STRIPPED)
def test_comments_go_and_code_stays(source: str, expected: str) -> None:
    assert without_comments(source) == expected


def test_the_code_is_one_module_with_a_handler() -> None:
    tree = ast.parse(inline_code())

    assert "handler" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "custom_resource" not in {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_no_name_is_defined_twice() -> None:
    names = [node.name for node in ast.parse(inline_code()).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]

    assert sorted(names) == sorted(set(names))


def test_stripping_changes_no_meaning() -> None:
    once = inline_code()

    assert ast.dump(ast.parse(without_comments(once))) == ast.dump(ast.parse(once))
