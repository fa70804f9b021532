"""The kinds of sources, and the way from a text to its needs."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Protocol

from cfnroles.document import Document, read_document
from cfnroles.errors import InvalidInput
from cfnroles.files import is_directory
from cfnroles.page import quoted
from cfnroles.sources import (
    from_express_service,
    from_policy,
    from_service_spec,
    from_task_definition,
    from_template,
    from_terraform,
)
from cfnroles.sources.directories import holds_terraform, nothing_to_read
from cfnroles.sources.foreign import foreign
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told


class Source(Protocol):
    """A kind of source. Each is a module of this package that loads its reader when it reads a document."""

    @property
    def NOUN(self) -> str:  # noqa: N802 - a constant of a module
        """Its name in messages: ``a task definition``."""
        ...

    @property
    def TAKES(self) -> frozenset[str]:  # noqa: N802
        """The fields of ``Told`` that apply to it."""
        ...

    @property
    def SIGNS(self) -> tuple[str, ...]:  # noqa: N802
        """Words of which every text of the kind contains one, valid or not."""
        ...

    def recognises(self, document: Document) -> bool:
        """Return whether the document is meant to be of this kind, valid or not."""
        ...

    def read(self, document: Document, told: Told) -> Reading:
        """Return the contents of the document. What ECS would reject is among its findings.

        Raise InvalidInput if the document is too malformed to be read, and if ``told`` does not fit it.
        """
        ...


#: In matching order. A new kind is one module and one line here.
SOURCES: tuple[Source, ...] = (
    from_task_definition,
    from_express_service,
    from_service_spec,
    from_template,
    from_terraform,
    from_policy,
)


#: https://yaml.org/spec/1.2.2/#91-documents
_DIVIDER = re.compile(r"^---(?:\s|$)", re.MULTILINE)
_EXPECTED = "Pass a task definition, a CloudFormation template or a service spec; `cfnroles init` looks for them."


class Unrecognised(InvalidInput):
    """The document is of no supported kind."""


def read(source: str | Path | Document, told: Told | None = None, *, passing: bool = False) -> Reading:
    """Read a file, a directory, standard input for ``-``, or a document.

    ``told`` has the values that no document has. Raise InvalidInput if the document cannot be read, is of no supported
    kind, or does not fit ``told``. What ECS would reject does not raise: it is among the findings. With ``passing``,
    the services of a spec are not kept: each is created again on each use.
    """
    if not isinstance(source, Document) and source != "-" and is_directory(source):
        if not holds_terraform(source):
            raise nothing_to_read(str(source))
        from cfnroles.sources.terraform_directory import read_directory

        return read_directory(str(source), told or Told())
    document = source if isinstance(source, Document) else read_document(str(source))
    kind = _kind(document)
    if passing and kind is from_service_spec:
        return from_service_spec.read_passing(document, told or Told())
    return kind.read(document, told or Told())


def fitting(document: Document, told: Told) -> Told:
    """Return the values in ``told`` that apply to such a document. Raise InvalidInput for an unsupported kind."""
    return told.only(_kind(document).TAKES)


def looks_known(document: Document) -> bool:
    """Return whether the text has the words of a supported kind, valid or not."""
    return any(sign in document.text for source in SOURCES for sign in source.SIGNS)


def recognised(document: Document) -> bool:
    """Return whether the document is of a supported kind."""
    return any(source.recognises(document) for source in SOURCES)


def _kind(document: Document) -> Source:
    for source in SOURCES:
        if source.recognises(document):
            return source
    from cfnroles.sources.task_definition import unlike

    if document.name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json")):
        folder = quoted(posixpath.dirname(document.name) or ".")
        how = f"Pass its directory, which is one configuration: `cfnroles explain {folder}`"
        raise Unrecognised("is a single Terraform file", where=document.name, remedy=how)
    nouns = [source.NOUN.partition(" ")[2] for source in SOURCES]
    what = f"is not a {', '.join(nouns[:-1])} or {nouns[-1]}"
    try:
        empty = not document.tree
    except InvalidInput as error:
        # To split the file of another tool would not help.
        if told := foreign(_first_part(document).members):
            raise Unrecognised(what, where=document.name, why=told) from error
        raise
    if empty:
        raise Unrecognised("is empty", where=document.name, remedy=_EXPECTED)
    raise Unrecognised(what, where=document.name, why=unlike(document))


def _first_part(document: Document) -> Document:
    """Return the first of several YAML documents in a text that has members."""
    parts = (Document(document.name, each) for each in _DIVIDER.split(document.text))
    return next((each for each in parts if each.members), document)
