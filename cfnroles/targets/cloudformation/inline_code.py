"""The code of the secret validator in one file, as a template contains it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

#: Each module follows those that it imports.
_MODULES = ("custom_resource.py", "secret_references.py", "secret_gate.py", "secret_validator.py")

_ORIGIN = '"""The secret validator of cfnroles. Its source with all comments: the folder lambda/ of the project."""\n'

_IMPORT = re.compile(r"^from \.\w+ import (\([^)]*\)|[^\n]*)\n", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^ *#.*\n", re.MULTILINE)
_COMMENT = re.compile(r" {2,}# .*$", re.MULTILINE)
_DOCSTRING = re.compile(r'(?:(?<=:\n) +|^)"""(?:[^"]|"(?!""))*"""\n', re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


def inline_code() -> str:
    """Return the function's modules as one, for CloudFormation's ``ZipFile``.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    """
    package = find_spec("cfnroles.lambda_code")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("cfnroles.lambda_code: the installation lacks the secret validator's code")
    sources = [Path(package.origin).with_name(name).read_text(encoding="utf-8") for name in _MODULES]
    return _ORIGIN + without_comments("\n\n".join(_IMPORT.sub("", source) for source in sources))


def without_comments(source: str) -> str:
    """Return the source without comments and without docstrings.

    A template that is sent with a request may have 51,200 bytes, and the policies need them. The layout of the code in
    ``lambda/`` shows what to remove; a test proves that its meaning is unchanged.
    """
    for left_out in (_DOCSTRING, _COMMENT_LINE, _COMMENT):
        source = left_out.sub("", source)
    return _BLANK_LINES.sub("\n\n", source)
