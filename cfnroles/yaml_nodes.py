"""YAML nodes and their data. Imported only for texts that are not JSON."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any

import yaml

from cfnroles.aliases import MAYBE, check_extent, merge
from cfnroles.errors import InvalidInput
from cfnroles.files import DOCUMENT
from cfnroles.refused_texts import DEPTH, drawn_at, finite, repeated, too_deep

_INDENTATION = re.compile(r"(?:^|[\r\x85\u2028\u2029])[ \t?:-]*", re.MULTILINE)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The core schema of YAML 1.2: `on`, `yes` and `0755` are strings, as in JSON and in the input of the AWS CLI.
# https://yaml.org/spec/1.2.2/#103-core-schema
_SCALARS = (
    (re.compile(r"|~|null|Null|NULL"), lambda text: None),
    (re.compile(r"true|True|TRUE"), lambda text: True),
    (re.compile(r"false|False|FALSE"), lambda text: False),
    (re.compile(r"[-+]?[0-9]{1,300}"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), finite),
)


def data(text: str, document: str) -> Any:
    """Return the data of a YAML text. Raise InvalidInput with line and column if it is invalid."""
    return _construct(nodes(text, document), document)


@lru_cache(maxsize=1)  # a document is parsed for its data, and then for its lines
def nodes(text: str, document: str) -> Any:
    """Return the YAML nodes of a text. Raise InvalidInput with line and column if it is invalid."""
    plain = without_tabs(text)
    if len(plain) > DOCUMENT.bytes:
        # Only JSON parses fast enough for longer texts, such as the authorization details of an account.
        raise InvalidInput(f"has more than {DOCUMENT.bytes:,} bytes, the maximum for YAML", where=document)
    try:
        if _deepest(text) > DEPTH:
            _check_events(plain, document)
        root = yaml.compose(plain, Loader=_Loader)
        # Without aliases, a text has exactly the nodes and depth that were just checked.
        if root is not None and MAYBE.search(text):
            check_extent(root, document)
            merge(root, document)
        return root
    except yaml.MarkedYAMLError as error:
        mark = _place(error, plain)
        if "nesting depth" in str(error.problem):
            raise too_deep(f"{document}:{mark.line + 1}:{mark.column + 1}" if mark else document) from error
        where = f"{document}:{mark.line + 1}:{mark.column + 1}" if mark else document
        drawn = partial(drawn_at, text, mark.line + 1, mark.column + 1) if mark else None
        if "another document" in str(error.problem):
            remedy = "Give one of them, in a file of its own."
            raise InvalidInput("has several YAML documents", where=where, remedy=remedy) from error
        told = f"is not valid YAML: {error.problem or error.context}"
        raise InvalidInput(told, where=where, remedy=_remedy(error, mark, plain), drawn=drawn) from error
    except yaml.YAMLError as error:
        raise InvalidInput(f"is not valid YAML: {' '.join(str(error).split())}", where=document) from error


def _place(error: yaml.MarkedYAMLError, text: str) -> Any:
    """Return where to look for an error: at the start of the construct that the text does not close."""
    ended = error.problem_mark is None or not text[error.problem_mark.index :].strip()
    return (error.context_mark if ended else None) or error.problem_mark


#: Errors of the YAML parser, and their remedies.
_REMEDIES = (
    ("tab", "Indent with spaces."),
    ("cannot start any token", "Put the value in quotes."),
    ("mapping values are not allowed", "Put the value in quotes, or correct the indentation."),
    ("alias", "Define its anchor first, or put the value in quotes."),
)


def _remedy(error: yaml.MarkedYAMLError, mark: Any, text: str) -> str:
    if mark is not None and mark is not error.problem_mark:
        return "Close what is opened there."
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return "Indent with spaces."
    usual = "Correct the indentation or the syntax there, or in the line above."
    return next((remedy for sign, remedy in _REMEDIES if sign in str(error.problem)), usual)


def without_tabs(text: str) -> str:
    """Return a text without the tabs that JSON allows between tokens, and YAML rejects."""
    # Tabs in JSON strings are always escaped.
    return text.replace("\t", " ") if text.lstrip()[:1] in ("{", "[") else text


def _deepest(text: str) -> int:
    """Return an upper limit of the depth: each level needs a bracket or the start of a line."""
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
            raise InvalidInput(str(error), where=where, remedy="Put it in quotes.") from error
    return _construct_collection(node, document)


def _construct_collection(node: Any, document: str) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_construct(element, document) for element in node.value]
    tree: dict[str, Any] = {}
    for key, value in node.value:
        where = f"{document}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidInput("a key is not a string", where=where)
        if key.value in tree:
            raise repeated(str(key.value), where)
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
