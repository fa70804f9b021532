"""The code of the secret validator in one file, as a template carries it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from importlib.resources import files

#: The checks follow the protocol that they are written for.
_MODULES = ("custom_resource.py", "secret_validator.py")

_ORIGIN = '"""The secret validator of cfnroles. Its source with all comments: the folder lambda/ of the project."""\n'


def inline_code() -> str:
    """The function's modules as one, for CloudFormation's ``ZipFile``.

    Comments and the docstrings of functions stay behind, because a template that is sent with a request has room for
    51,200 bytes, and the policies need it.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    """
    folder = files("cfnroles.lambda_code")
    sources = [(folder / name).read_text(encoding="utf-8") for name in _MODULES]
    joined = "\n\n".join(
        re.sub(r"^from custom_resource import (\([^)]*\)|[^\n]*)\n", "", source, flags=re.MULTILINE)
        for source in sources
    )
    return _ORIGIN + without_comments(joined)


def without_comments(source: str) -> str:
    """Python source without comments and without the docstrings of functions and classes; its meaning is the same."""
    dropped = {line for node in _docstrings(ast.parse(source)) for line in range(node.lineno, _last_line(node) + 1)}
    columns = {
        token.start[0]: token.start[1]
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    kept: list[str] = []
    for number, line in enumerate(source.splitlines(), start=1):
        text = line[: columns.get(number, len(line))].rstrip()
        # A line that held nothing but a comment goes with it; blank lines stay, one at a time.
        emptied = number in columns and not text
        repeated = not text and kept and not kept[-1]
        if number not in dropped and not emptied and not repeated:
            kept.append(text)
    return "\n".join(kept).strip("\n") + "\n"


def _docstrings(tree: ast.Module) -> list[ast.stmt]:
    definitions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef)))
    # A body of nothing but its docstring needs it.
    return [node.body[0] for node in definitions if ast.get_docstring(node) is not None and len(node.body) > 1]


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
