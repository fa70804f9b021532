"""What lint finds in a text, in one call."""

from __future__ import annotations

from collections.abc import Mapping

import cfnroles
from cfnroles import Document, LintedFile, Told, read


def lint(text: str, document: str, parameters: Mapping[str, str] | None = None) -> LintedFile:
    """The findings in a text; ``parameters`` are values of a template's."""
    return cfnroles.lint(read(Document(document, text), Told(parameters=parameters or {})))
