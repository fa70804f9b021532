"""JSON and YAML documents: their data, and the position of each path."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from os.path import normpath
from pathlib import Path
from typing import Any

from msgspec import Struct

from cfnroles.errors import InvalidInput
from cfnroles.files import is_file, read_text
from cfnroles.positions import Positions, of_json, of_yaml
from cfnroles.refused_texts import DEPTH, drawn_at, finite, repeated, too_deep
from cfnroles.workload import Path as TreePath

#: The size of a spec with some hundred services.
_LONG = 100_000
#: Starts of texts that are meant to be JSON; a comment is a mistake.
_LIKE_JSON = ("{", "[", *(_COMMENTS := ("//", "/*")))
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def _alone(path: str) -> None:
    """Return None: a text that is not in a file has no files next to it."""


class Document(Struct, frozen=True, eq=False, dict=True):
    """A document with its name in messages. Documents with equal name and text are equal.

    ``beside`` reads another document by its path relative to this one, from the working tree or from the same Git
    revision. It returns ``None`` if the file does not exist.
    """

    name: str
    text: str
    beside: Callable[[str], Document | None] = _alone

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (self.name, self.text) == (other.name, other.text)

    def __ne__(self, other: object) -> bool:
        return not self == other  # a struct's own hash does not follow from __eq__

    def __hash__(self) -> int:
        return hash((self.name, self.text))

    def __repr__(self) -> str:
        # The contents may be secret.
        return f"Document({self.name!r})"

    @property
    def stands_alone(self) -> bool:
        """Whether the text is not in a file, so that the files next to it are unknown."""
        return self.beside is _alone

    @cached_property
    def tree(self) -> Any:
        """The data. Raises InvalidInput if the text is neither JSON nor YAML."""
        return parse(self.text, self.name)

    @cached_property
    def members(self) -> Mapping[str, Any]:
        """The members of the mapping in the document, also if it is the only element of a list; otherwise empty."""
        try:
            tree = self.tree
        except InvalidInput:
            return {}
        if isinstance(tree, list) and len(tree) == 1:
            tree = tree[0]
        return tree if isinstance(tree, Mapping) else {}

    @property
    def positions(self) -> Positions:
        """The line and column of each path; see ``positions``."""
        return positions(self.text, self.name)


def read_document(source: str, name: str = "") -> Document:
    """Read a document from a file, or from standard input for ``-``. Its name defaults to the path as given.

    Raise InvalidInput if it cannot be read.
    """
    if source == "-":
        return Document("standard input", read_text(source), _beside_standard_input)
    name = name or source

    def beside(path: str) -> Document | None:
        found = Path(source).parent / path
        return read_document(str(found), normpath(Path(name).parent / path)) if is_file(found) else None

    return Document(name, read_text(source), beside)


def _beside_standard_input(path: str) -> None:
    raise InvalidInput(
        f"names the file {path}, but its own directory is unknown",
        where="standard input",
        remedy="Pass the document as a file.",
    )


def parse(text: str, document: str) -> Any:
    """Return the data of a JSON or YAML text. Raise InvalidInput with line and column if it is neither.

    A repeated key is an error: readers of JSON and YAML differ in which value they keep.
    """
    if "\0" in text:
        what = "contains NUL characters, as a file in UTF-16 does"
        raise InvalidInput(what, where=document, remedy="Save the file as UTF-8.")
    if text.lstrip().startswith(_LIKE_JSON):
        try:
            data = json.loads(
                text,
                object_pairs_hook=partial(_without_repetition, where=document),
                parse_float=finite,
                parse_constant=_no_number,
            )
            _check_depth(data, document)
            if _SURROGATE.search(text):
                json.dumps(data, ensure_ascii=False).encode()
            return data
        except json.JSONDecodeError as error:
            failed = error
        except UnicodeEncodeError as error:
            raise InvalidInput("has a \\u escape of half a surrogate pair", where=document) from error
        except ValueError as error:
            raise InvalidInput(f"is not valid JSON: {error}", where=document) from error
        except RecursionError as error:
            raise too_deep(document) from error
        if _is_comment(failed):
            # YAML would read the comment as part of a key.
            raise _no_json(failed, document) from failed
        try:
            return _yaml(text, document)
        except InvalidInput:
            # A text that starts like JSON is meant to be JSON: report the error of the JSON parser.
            raise _no_json(failed, document) from failed
    return _yaml(text, document)


def _is_comment(error: json.JSONDecodeError) -> bool:
    return error.doc.startswith(_COMMENTS, error.pos)


def _no_json(error: json.JSONDecodeError, document: str) -> InvalidInput:
    usual = "Fix the syntax there; `python -m json.tool` reports the same place."
    return InvalidInput(
        f"is not valid JSON: {error.msg}",
        where=f"{document}:{error.lineno}:{error.colno}",
        remedy="Remove the comment: JSON has none." if _is_comment(error) else usual,
        drawn=partial(drawn_at, error.doc, error.lineno, error.colno),
    )


@lru_cache(maxsize=8)
def positions(text: str, document: str = "") -> Positions:
    """Return the positions in a text that ``parse`` accepts; empty if they are unknown."""
    if text.lstrip()[:1] in ("{", "["):
        # A text may start like JSON and still be YAML.
        with suppress(ValueError, RecursionError):
            return of_json(text)
    try:
        return of_yaml(composed(text, document))
    except InvalidInput:
        return of_yaml(None)


def nearest(path: TreePath, places: Positions) -> TreePath:
    """Return the path, or the nearest enclosing path that has a position."""
    at: TreePath = ()
    for step in path:
        if (*at, step) in places:
            at = (*at, step)
        elif not (isinstance(step, str) and (step == "Ref" or step.startswith("Fn::"))):
            break  # a short form such as !If has no key of its own in the text; any other step ends the walk
    return at


def inside(value: Any) -> Collection[Any]:
    """Return the members of a mapping or the elements of a list."""
    # Most values are strings, and `isinstance(..., Mapping)` is the slowest test here.
    if isinstance(value, str):
        return ()
    return value.values() if isinstance(value, (dict, Mapping)) else value if isinstance(value, list) else ()


def composed(text: str, document: str) -> Any:
    """Return the YAML nodes of a text that ``parse`` accepts, without parsing the same text twice in a row."""
    from cfnroles.yaml_nodes import nodes

    return nodes(_without_surrogates(text), document)


def readable_as_yaml(text: str) -> str:
    """Return a text that ``parse`` accepts in a form that YAML parsers read, with the same length and parts."""
    from cfnroles.yaml_nodes import without_tabs

    return without_tabs(_without_surrogates(text))


def forget(text: str) -> None:
    """Drop the YAML nodes of a long text, which are ten times its size. They are parsed again for line numbers."""
    if len(text) > _LONG and "cfnroles.yaml_nodes" in sys.modules:
        from cfnroles.yaml_nodes import nodes

        nodes.cache_clear()


def _without_surrogates(text: str) -> str:
    # YAML rejects surrogate pairs, which JSON allows. For positions, any other character serves.
    return _SURROGATE.sub(r"\\u0020", text)


def _yaml(text: str, document: str) -> Any:
    from cfnroles.yaml_nodes import data

    return data(text, document)


def _check_depth(data: Any, document: str) -> None:
    level, depth = [data], 0
    while level := [
        each
        for tree in level
        if isinstance(tree, (dict, list))  # a union of types would be made for each of them
        for each in (tree.values() if isinstance(tree, dict) else tree)
    ]:
        depth += 1
        if depth > DEPTH:
            raise too_deep(document)


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


def _without_repetition(pairs: list[tuple[str, Any]], where: str) -> Mapping[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        names = [name for name, _ in pairs]
        raise repeated(next(name for name in names if names.count(name) > 1), where)
    return tree
