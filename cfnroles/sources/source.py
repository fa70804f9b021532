"""The kinds of sources, and the one way from a text to what it needs."""

from __future__ import annotations

import posixpath
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
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told


class Source(Protocol):
    """A kind of source. Each is a module of this package that loads its reader when a document is read with it."""

    @property
    def NOUN(self) -> str:  # noqa: N802 - a constant of a module
        """What the source is, as messages say it: ``a task definition``."""
        ...

    @property
    def TAKES(self) -> frozenset[str]:  # noqa: N802
        """The fields of ``Told`` that say something about it."""
        ...

    @property
    def SIGNS(self) -> tuple[str, ...]:  # noqa: N802
        """Words of which one stands in every text of the kind, be it well formed or not."""
        ...

    def recognises(self, document: Document) -> bool:
        """Whether the document is meant as one, be it well written or not."""
        ...

    def read(self, document: Document, told: Told) -> Reading:
        """What is in the document; what ECS would refuse is among its findings.

        Raises InvalidInput where the document is too malformed to be read, and where ``told`` does not fit it.
        """
        ...


#: In the order in which they are asked. A new kind is one module and one line here.
SOURCES: tuple[Source, ...] = (
    from_task_definition,
    from_express_service,
    from_service_spec,
    from_template,
    from_terraform,
    from_policy,
)


_EXPECTED = "Pass a task definition, a CloudFormation template or a service spec; `cfnroles init` looks for them."


class Unrecognised(InvalidInput):
    """The document is of none of the kinds that cfnroles reads."""


def read(source: str | Path | Document, told: Told | None = None, *, passing: bool = False) -> Reading:
    """What is in a file, in a directory of Terraform, in standard input for ``-``, or in a document.

    ``told`` is what no document says. Raises InvalidInput where the document cannot be read, is of no known kind, or
    is not one that ``told`` fits. What ECS would refuse raises nothing here: it is among the findings.
    The services of a spec are kept by nobody if they are ``passing``: each is made again whenever it is asked for.
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
    """What of ``told`` says something about such a document; raises InvalidInput where it is of no known kind."""
    return told.only(_kind(document).TAKES)


def looks_known(document: Document) -> bool:
    """Whether the text has the words of a known kind, be it well formed or not."""
    return any(sign in document.text for source in SOURCES for sign in source.SIGNS)


def recognised(document: Document) -> bool:
    """Whether the document is of a known kind."""
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
    if not document.tree:
        raise Unrecognised("is empty", where=document.name, remedy=_EXPECTED)
    nouns = [source.NOUN.partition(" ")[2] for source in SOURCES]
    what = f"is not a {', '.join(nouns[:-1])} or {nouns[-1]}"
    raise Unrecognised(what, where=document.name, why=unlike(document))
