"""JSON and YAML documents: their data, and the line of each path in them."""

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

#: Characters of a spec of some hundred services.
_LONG = 100_000
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def _alone(path: str) -> None:
    """Nothing is next to a text that comes from no file."""


class Document(Struct, frozen=True, eq=False, dict=True):
    """A document under the name that messages call it by. Documents of one name and text are equal.

    ``beside`` reads another one by its path from this one, on the same side: from the working tree, or from the same
    revision of git. It returns ``None`` where there is no such file.
    """

    name: str
    text: str
    beside: Callable[[str], Document | None] = _alone

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (self.name, self.text) == (other.name, other.text)

    def __ne__(self, other: object) -> bool:
        return not self == other  # a struct brings one of its own, which does not follow from __eq__

    def __hash__(self) -> int:
        return hash((self.name, self.text))

    def __repr__(self) -> str:
        # What a document says may be secret.
        return f"Document({self.name!r})"

    @property
    def stands_alone(self) -> bool:
        """Whether it is a text that comes from no file, so that nobody knows what is beside it."""
        return self.beside is _alone

    @cached_property
    def tree(self) -> Any:
        """The data; raises InvalidInput where the text is neither JSON nor YAML."""
        return parse(self.text, self.name)

    @cached_property
    def members(self) -> Mapping[str, Any]:
        """The members of the mapping that the document is, be it the only element of a list; empty for all else."""
        try:
            tree = self.tree
        except InvalidInput:
            return {}
        if isinstance(tree, list) and len(tree) == 1:
            tree = tree[0]
        return tree if isinstance(tree, Mapping) else {}

    @property
    def positions(self) -> Positions:
        """Line and column of each path, as ``positions`` tells them."""
        return positions(self.text, self.name)


def read_document(source: str, name: str = "") -> Document:
    """The document in a file, or in standard input for ``-``; called by its path, as it is given, where no name is.

    Raises InvalidInput where it cannot be read.
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
    """The data of a JSON or YAML text; raises InvalidInput with line and column where it is neither.

    A repeated key is refused, because JSON and YAML readers differ in which of the two they keep.
    """
    if text.lstrip()[:1] in ("{", "["):
        try:
            data = json.loads(
                text,
                object_pairs_hook=lambda pairs: _without_repetition(pairs, document),
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
        try:
            return _yaml(text, document)
        except InvalidInput:
            # A text that opens like JSON is meant as JSON: tell what JSON's reader found.
            raise InvalidInput(
                f"is not valid JSON: {failed.msg}",
                where=f"{document}:{failed.lineno}:{failed.colno}",
                remedy="Fix the syntax there; `python -m json.tool` reports the same place.",
                drawn=partial(drawn_at, text, failed.lineno, failed.colno),
            ) from failed
    return _yaml(text, document)


@lru_cache(maxsize=8)
def positions(text: str, document: str = "") -> Positions:
    """Line and column of each path in a JSON or YAML text that ``parse`` accepts; none where nothing can be told."""
    if text.lstrip()[:1] in ("{", "["):
        # What only opens like JSON may be YAML.
        with suppress(ValueError, RecursionError):
            return of_json(text)
    try:
        return of_yaml(composed(text, document))
    except InvalidInput:
        return of_yaml(None)


def nearest(path: TreePath, places: Positions) -> TreePath:
    """The path, or that of the nearest part around it that stands in a text with these positions."""
    at: TreePath = ()
    for step in path:
        if (*at, step) in places:
            at = (*at, step)
        elif not (isinstance(step, str) and (step == "Ref" or step.startswith("Fn::"))):
            break  # a short form such as !If has no step of its own in the text; anything else ends the way
    return at


def inside(value: Any) -> Collection[Any]:
    """What is directly inside of a part of a document: the members of a mapping, the elements of a list."""
    # Most parts are texts, and to find that one is no Mapping takes longer than all else here.
    if isinstance(value, str):
        return ()
    return value.values() if isinstance(value, (dict, Mapping)) else value if isinstance(value, list) else ()


def composed(text: str, document: str) -> Any:
    """What YAML composed of a text that ``parse`` accepts, which is not read again where it was parsed last."""
    from cfnroles.yaml_nodes import nodes

    return nodes(_without_surrogates(text), document)


def readable_as_yaml(text: str) -> str:
    """A text that ``parse`` accepts, as long as it is and with the same parts, for YAML's own reader."""
    from cfnroles.yaml_nodes import without_tabs

    return without_tabs(_without_surrogates(text))


def forget(text: str) -> None:
    """Let go of what YAML composed of a long text, which is ten times as large: lines are looked for in it again."""
    if len(text) > _LONG and "cfnroles.yaml_nodes" in sys.modules:
        from cfnroles.yaml_nodes import nodes

        nodes.cache_clear()


def _without_surrogates(text: str) -> str:
    # YAML takes a character that JSON writes as two surrogates for none; for positions any other will do.
    return _SURROGATE.sub(r"\\u0020", text)


def _yaml(text: str, document: str) -> Any:
    from cfnroles.yaml_nodes import data

    return data(text, document)


def _check_depth(data: Any, document: str) -> None:
    level, depth = [data], 0
    while level := [
        each
        for tree in level
        if isinstance(tree, dict | list)
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
