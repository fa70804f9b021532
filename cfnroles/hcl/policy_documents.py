"""The data source ``aws_iam_policy_document``: a policy document from blocks, without calling AWS.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.json_texts import decode
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Encoded, Failed, Value, chunks_of, elements, first_unknown, is_known, plain
from cfnroles.symbols import Symbol
from cfnroles.text import Text, text_of

DATA_SOURCE = "aws_iam_policy_document"
#: The attributes with the document.
DOCUMENTS = ("json", "minified_json")
_VERSION = "2012-10-17"
_MEMBERS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}
#: The arguments with documents that are merged before and after the blocks; singular names have one document.
_SOURCES, _OVERRIDES = ("source_json", "source_policy_documents"), ("override_json", "override_policy_documents")


class DocumentArguments(Protocol):
    """The configuration of an instance of the data source."""

    def argument(self, name: str) -> Value | None:
        """The value of an argument; ``None`` where there is none."""

    def blocks(self, kind: str) -> Value | None:
        """The blocks of a type as a list of objects; ``None`` where there is none."""


def policy_document(given: DocumentArguments, place: Place) -> Value:
    """Return the document as JSON text, or an expression if replacements of its statements are unknown.

    Raise Failed if Terraform would fail.
    """
    version = given.argument("version") or Value(_VERSION, place)
    blocks = given.blocks("statement")
    variables = version.data == _VERSION
    own = [_statement(each, variables=variables) for each in _list(blocks)]
    merged: list[Value] = []
    for each in _documents(given, _SOURCES):
        _merge(merged, _statements(each))
    _merge(merged, own)
    for each in _documents(given, _OVERRIDES):
        if each.unknown:
            return each  # it may replace any statement
        _merge(merged, _statements(each))
    document = {"Version": version, "Statement": Value(_like(merged), place)}
    if (name := given.argument("policy_id")) is not None:
        document["Id"] = name
    return Value(Encoded(Value(document, place), DATA_SOURCE), place)


def _list(value: Value | None) -> list[Value]:
    if value is None:
        return []
    return [value] if value.unknown else [each for _, each in elements(value)]


def _like(found: list[Value]) -> list[Value]:
    return Partial(found) if any(each.unknown for each in found) else found


def _documents(given: DocumentArguments, names: Iterable[str]) -> Iterator[Value]:
    """Yield the merged documents, each a value or an expression for any number of them."""
    for name in names:
        value = given.argument(name)
        for each in [value] if value is not None and name.endswith("_json") else _list(value):
            if isinstance(each.data, Encoded):
                yield each.data.value
            elif each.unknown:
                yield each
            elif each.data not in (None, ""):
                yield decode(tuple(chunks_of(each)))


def _statements(document: Value) -> list[Value]:
    if document.unknown:
        return [document]
    if not isinstance(document.data, dict):
        raise Failed("expected a policy document", document.place)
    found = document.data.get("Statement")
    if found is None:
        return []
    return [found] if isinstance(found.data, dict) else _list(found)


def _merge(merged: list[Value], others: Iterable[Value]) -> None:
    """Add statements; one with a Sid replaces the one with the same Sid.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/policy_model.go
    """
    for each in others:
        sid = _sid(each)
        alike = [index for index, other in enumerate(merged) if sid and _sid(other) == sid]
        if alike:
            merged[alike[0]] = each
        else:
            merged.append(each)


def _sid(statement: Value) -> str:
    found = statement.data.get("Sid") if isinstance(statement.data, dict) else None
    return str(found.data) if found is not None and isinstance(found.data, str) else ""


def _statement(block: Value, *, variables: bool) -> Value:
    """Return a block as a statement; an expression is unchanged."""
    if not isinstance(block.data, dict):
        return block
    given: dict[str, Value] = {name: each for name, each in block.data.items() if each.data is not None}
    made: dict[str, Value] = {}
    if "sid" in given and given["sid"].data != "":
        made["Sid"] = given["sid"]
    made["Effect"] = given.get("effect", Value("Allow", block.place))
    for name, member in _PRINCIPALS.items():
        if name in given:
            made[member] = _principals(given[name], variables=variables)
    for name, member in _MEMBERS.items():
        if name in given and given[name].data != []:
            made[member] = _filled(given[name], variables=variables and name.endswith("resources"))
    if "condition" in given:
        made["Condition"] = _conditions(given["condition"], variables=variables)
    return Value(made, block.place)


def _principals(blocks: Value, *, variables: bool) -> Value:
    found: dict[str, Value] = {}
    for block in _list(blocks):
        if block.unknown:
            return block
        kind, names = (_member(block, name) for name in ("type", "identifiers"))
        if not is_known(kind):
            return Value(_open(kind), block.place)
        listed = _filled(names, variables=variables)
        if plain(kind) == "*" and [each.data for each in _list(listed)] == ["*"]:
            return Value("*", block.place)
        _extend(found, str(plain(kind)), listed)
    return Value(found, blocks.place)


def _conditions(blocks: Value, *, variables: bool) -> Value:
    found: dict[str, Value] = {}
    for block in _list(blocks):
        if block.unknown:
            return block
        test, key, values = (_member(block, name) for name in ("test", "variable", "values"))
        if not is_known(test) or not is_known(key):
            return Value(_open(test, key), block.place)
        operator = found.setdefault(str(plain(test)), Value({}, block.place))
        _extend(operator.data, str(plain(key)), _filled(values, variables=variables))
    return Value(found, blocks.place)


def _member(block: Value, name: str) -> Value:
    found = block.data.get(name) if isinstance(block.data, dict) else None
    if not isinstance(found, Value) or found.data is None:
        raise Failed(f"a block of a statement has no {name}", block.place)
    return found


def _open(*values: Value) -> Symbol:
    """Return the unknown part of names of members."""
    return next(found for found in map(first_unknown, values) if found is not None)


def _extend(found: dict[str, Value], name: str, values: Value) -> None:
    """Add values to those of the name."""
    if name not in found:
        found[name] = values
        return
    both = [*_list(found[name]), *_list(values)]
    found[name] = Value(_like(both), found[name].place)


def _filled(value: Value, *, variables: bool) -> Value:
    """Return the values of a list; ``&{...}`` is a policy variable in the data source."""
    if not variables:
        return value
    if isinstance(value.data, list):
        made = [_filled(each, variables=True) for each in value.data]
        return Value(Partial(made) if isinstance(value.data, Partial) else made, value.place)
    if isinstance(value.data, str) and "&{" in value.data:
        return Value(_with_variables(value.data), value.place)
    return value


def _with_variables(text: str) -> Any:
    made = Text(*(part.replace("&{", "${") if isinstance(part, str) else part for part in text_of(text).parts))
    return made if made.symbols else made.plain
