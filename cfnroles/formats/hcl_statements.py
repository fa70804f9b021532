"""Statements of a policy as Terraform has them inside of ``jsonencode``, with the user's own expressions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfnroles.page import Page, page
from cfnroles.policies import document
from cfnroles.statements import Statement
from cfnroles.symbols import Expression, PolicyVariable, Symbol, Wildcard
from cfnroles.text import Text, text_of

#: What Terraform asks AWS for itself. The id of a Region is its name in each version of the provider.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/region
_OF_AWS = {
    "AWS::AccountId": ("aws_caller_identity", "account_id"),
    "AWS::Partition": ("aws_partition", "partition"),
    "AWS::Region": ("aws_region", "id"),
    "AWS::URLSuffix": ("aws_partition", "dns_suffix"),
}


def statements_hcl(statements: Sequence[Statement], address: str) -> Page:
    """Statements to paste into a policy in the module of the resource with this address."""
    made = document(statements)["Statement"]
    symbols = {symbol.name: symbol for text in _texts(made) for symbol in text.symbols}
    lines = [*_notes(symbols.values(), address[: len(address) - len(_own(address))]), "Statement = ["]
    for statement in made:
        lines += ["  {", *_members(statement, "    "), "  },"]
    return page([*lines, "]"])


def _notes(symbols: Iterable[Symbol], module: str) -> Iterator[str]:
    """What else has to be there."""
    kinds = {_OF_AWS[each.name][0]: None for each in symbols if each.name in _OF_AWS}
    yield from (f'# It takes: data "{kind}" "current" {{}}' for kind in kinds)
    for each in symbols:
        if isinstance(each, Expression) and each.name != f"{module}{each.written[2:-1]}":
            yield f"# {each.name} is an expression of another module: hand it over by an output or a variable."


def _own(address: str) -> str:
    """An address without the modules around."""
    steps = address.split(".")
    while len(steps) > 3 and steps[0] == "module":
        steps = steps[2:]
    return ".".join(steps)


def _texts(value: Any) -> Iterator[Text]:
    if isinstance(value, str):
        yield text_of(value)
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for member in members:
        yield from _texts(member)


def _members(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    names = {name: name if name.isidentifier() else json.dumps(name) for name in value}
    plain = [name for name, each in value.items() if not isinstance(each, Mapping)]
    width = max((len(names[name]) for name in plain), default=0)
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield f"{indent}{names[name]} = {{"
            yield from _members(each, f"{indent}  ")
            yield f"{indent}}}"
        elif isinstance(each, list):
            yield f"{indent}{names[name]:<{width}} = [{', '.join(map(_expression, each))}]"
        else:
            yield f"{indent}{names[name]:<{width}} = {_expression(each)}"


def _expression(value: str) -> str:
    text = text_of(value)
    whole = text.whole
    if isinstance(whole, Expression):
        return _symbol(whole)
    parts = (_literal(part) if isinstance(part, str) else _inside(part) for part in text.parts)
    return f'"{"".join(parts)}"'


def _literal(part: str) -> str:
    # https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    return json.dumps(part, ensure_ascii=False)[1:-1].replace("${", "$${").replace("%{", "%%{")


def _inside(symbol: Symbol) -> str:
    if isinstance(symbol, Wildcard):
        return symbol.name
    return f"$${{{symbol.name}}}" if isinstance(symbol, PolicyVariable) else f"${{{_symbol(symbol)}}}"


def _symbol(symbol: Symbol) -> str:
    if symbol.name in _OF_AWS and not symbol.written:
        kind, attribute = _OF_AWS[symbol.name]
        return f"data.{kind}.current.{attribute}"
    return symbol.written.removeprefix("${").removesuffix("}") or symbol.name
