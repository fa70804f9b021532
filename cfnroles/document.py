"""JSON and YAML documents: their data, and the line of each path in them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from cfnroles.aliases import DEPTH, MAYBE, check_extent, merge, too_deep
from cfnroles.errors import InvalidInput
from cfnroles.files import DOCUMENT, is_file, read_text
from cfnroles.positions import Positions, of_json, of_yaml
from cfnroles.workload import Path as TreePath

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

_INDENTATION = re.compile(r"(?:^|[\r\x85\u2028\u2029])[ \t?:-]*", re.MULTILINE)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML 1.2's core schema: `on`, `yes` and `0755` are texts, as they are in JSON and in the AWS CLI's own input.
# https://yaml.org/spec/1.2.2/#103-core-schema
_SCALARS = (
    (re.compile(r"|~|null|Null|NULL"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]{1,300}"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), lambda text: _finite(text)),
)


def _alone(path: str) -> None:
    """Nothing stands beside a text that comes from no file."""


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
    """The document in a file, or in standard input for ``-``; called by the file's own name where none is given.

    Raises InvalidInput where it cannot be read.
    """
    if source == "-":
        return Document("standard input", read_text(source), _beside_standard_input)
    name = name or Path(source).name

    def beside(path: str) -> Document | None:
        found = Path(source).parent / path
        return read_document(str(found), str(Path(name).parent / path)) if is_file(found) else None

    return Document(name, read_text(source), beside)


def _beside_standard_input(path: str) -> None:
    raise InvalidInput(
        f"names the file {path}, and where that stands cannot be told",
        where="standard input",
        remedy="Give the document as a file.",
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
                parse_float=_finite,
                parse_constant=_no_number,
            )
            _check_depth(data, document)
            if _SURROGATE.search(text):
                json.dumps(data, ensure_ascii=False).encode()
            return data
        except json.JSONDecodeError as error:
            failed = error
        except UnicodeEncodeError as error:
            raise InvalidInput(
                "holds half a character: a \\u escape of a surrogate without its other half", where=document
            ) from error
        except ValueError as error:
            raise InvalidInput(f"is not valid JSON: {error}", where=document) from error
        except RecursionError as error:
            raise too_deep(document) from error
        try:
            return _construct(_compose(text, document), document)
        except InvalidInput:
            # A text that opens like JSON is meant as JSON: tell what JSON's reader found.
            raise InvalidInput(
                f"is not valid JSON: {failed.msg}",
                where=f"{document}:{failed.lineno}:{failed.colno}",
                remedy="Mend the text there; `python -m json.tool` finds the same place.",
            ) from failed
    return _construct(_compose(text, document), document)


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
    """What YAML composed of a text that ``parse`` accepts, which is not read anew where it was parsed last."""
    return _compose(_without_surrogates(text), document)


def readable_as_yaml(text: str) -> str:
    """A text that ``parse`` accepts, as long as it is and with the same parts, for YAML's own reader."""
    return _without_tabs(_without_surrogates(text))


def _without_surrogates(text: str) -> str:
    # YAML takes a character that JSON writes as two surrogates for none; for positions any other will do.
    return _SURROGATE.sub(r"\\u0020", text)


def _without_tabs(text: str) -> str:
    # YAML refuses tabs between tokens, JSON allows them; a tab inside a JSON string is always escaped.
    return text.replace("\t", " ") if text.lstrip()[:1] in ("{", "[") else text


@lru_cache(maxsize=1)  # a document is asked for its data, and then for its lines
def _compose(text: str, document: str) -> Any:
    plain = _without_tabs(text)
    if len(plain) > DOCUMENT.bytes:
        # JSON alone is read fast enough to be longer, as what IAM answers about an account is.
        raise InvalidInput(f"is longer than the {DOCUMENT.bytes:,} bytes that are read as YAML", where=document)
    try:
        if _deepest(text) > DEPTH:
            _check_events(plain, document)
        root = yaml.compose(plain, Loader=_Loader)
        # Without aliases a text stands for no more, and nothing deeper, than was just looked at.
        if root is not None and MAYBE.search(text):
            check_extent(root, document)
            merge(root, document)
        return root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "nesting depth" in str(error.problem):
            raise too_deep(f"{document}:{mark.line + 1}:{mark.column + 1}" if mark else document) from error
        where = f"{document}:{mark.line + 1}:{mark.column + 1}" if mark else document
        raise InvalidInput(f"is not valid YAML: {error.problem or error.context}", where=where) from error
    except yaml.YAMLError as error:
        raise InvalidInput(f"is not valid YAML: {' '.join(str(error).split())}", where=document) from error


def _deepest(text: str) -> int:
    """As deep as a text may be at most: each level is opened by a bracket, or by what begins a line."""
    return (
        text.count("[") + text.count("{") - text.count("${") + max(map(len, _INDENTATION.findall(text)), default=0) + 1
    )


def _check_events(text: str, document: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH:
                raise too_deep(document)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


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


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text if len(text) <= 20 else f'{text[:20]}...'} is too large a number")
    return number


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _construct(node: Any, document: str) -> Any:
    if node is None:
        return None
    if node.tag.startswith("!"):
        return _intrinsic(node, document)
    if isinstance(node, yaml.ScalarNode):
        try:
            return _scalar(node)
        except ValueError as error:
            where = f"{document}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
            raise InvalidInput(str(error), where=where, remedy="Put a text in quotes.") from error
    return _construct_collection(node, document)


def _construct_collection(node: Any, document: str) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_construct(element, document) for element in node.value]
    tree: dict[str, Any] = {}
    for key, value in node.value:
        where = f"{document}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidInput("a key is not a plain text", where=where)
        if key.value in tree:
            raise _repeated(str(key.value), where)
        tree[str(key.value)] = _construct(value, document)
    return tree


def _intrinsic(node: Any, document: str) -> Any:
    # CloudFormation's short forms, as `aws cloudformation` reads them: !Sub is Fn::Sub, !GetAtt A.B is [A, B].
    name = node.tag[1:]
    value = str(node.value) if isinstance(node, yaml.ScalarNode) else _construct_collection(node, document)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style or node.tag == "tag:yaml.org,2002:str":
        return text
    for pattern, construct in _SCALARS:
        if pattern.fullmatch(text):
            return construct(text)
    return text


def _without_repetition(pairs: list[tuple[str, Any]], where: str) -> Mapping[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise _repeated(repeated, where)
    return tree


def _repeated(key: str, where: str) -> InvalidInput:
    return InvalidInput(f"has the key {key!r} twice in one object", where=where, remedy="Keep one of them.")
