"""Statements of a policy in each of Terraform's forms, with the user's own expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfnroles.page import Page, page, verbatim
from cfnroles.policies import document
from cfnroles.sources.terraform_policies import StatementForm
from cfnroles.statements import Statement
from cfnroles.symbols import Cut, Expression, PolicyVariable, Symbol, Wildcard
from cfnroles.targets.terraform.names import OF_AWS
from cfnroles.targets.terraform.values import piece
from cfnroles.text import Text, text_of

#: The arguments of a block, and the members of a statement that they are.
_ARGUMENTS = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "resources": "Resource",
    "not_resources": "NotResource",
}
#: The names of the data sources for the values that AWS provides.
CURRENT: Mapping[str, str] = {kind: "current" for _, kind, _ in OF_AWS.values()}

#: An output of a called module, or the name of a parameter in one.
_OUTPUT = re.compile(r"\$\{(?:trimprefix\()?(module\.[\w-]+(?:\[[^\]]*\])?)\.")
#: A call with a dot at the end, and an attribute, variable or local without a loop around it.
_CALL = re.compile(r'module\.[\w-]+(\["[^"]*"\]|\[\d+\])?\.')
_PLAIN = re.compile(r"(?!each\.|count\.|module\.)[\w-]+(\.[\w-]+|\[\d+\])+")
#: Expressions with the same value in each module.
_EVERYWHERE = ("${terraform.workspace}", "${path.root}", "${path.cwd}")


def statements_hcl(statements: Sequence[Statement], address: str, form: str = "") -> Page:
    """Return statements to paste into a policy of this form, in the module of the resource with this address."""
    return hcl_of(document(statements)["Statement"], address, form)


def hcl_of(made: Sequence[Mapping[str, Any]], address: str, form: str = "") -> Page:
    """Return the same for statements that are already objects."""
    module, symbols = module_of(address), symbols_of(made)
    passed = {each: found for each in symbols if (found := passed_between(each, module)) is not None}
    names = {each: Text(Expression(name, written=f"${{{name}}}", reason="")) for each, (name, _) in passed.items()}
    others = (each for each in symbols if each not in passed)
    notes = (*_notes(others, module), *(note for _, note in passed.values()))
    return verbatim(page([*notes, *_statements(_replaced(made, names), form)]))


def passed_between(symbol: Symbol, module: str) -> tuple[str, str] | None:
    """Return the name of an expression of the calling or a called module, and what to add so that it has that name.

    Return ``None`` if it needs no passing, or more than one step.
    """
    own = symbol.written[2:-1]
    if not isinstance(symbol, Expression) or not is_elsewhere(symbol, module) or not _PLAIN.fullmatch(own):
        return None
    called = re.sub(r"\W+", "_", own.removeprefix("data.").removeprefix("aws_")).strip("_")
    there = symbol.name.removesuffix(own)
    if symbol.name.endswith(own) and there.startswith(module) and _CALL.fullmatch(there[len(module) :]):
        note = f'# Add to {there[:-1]}: output "{called}" {{ value = {own} }}'
        return f"{there[len(module) : -1]}.{called}", note
    if symbol.name.endswith(own) and module.startswith(there) and _CALL.fullmatch(module[len(there) :]):
        note = f'# Add to {module[:-1]}: variable "{called}" {{ type = string }}, and to its call: {called} = {own}'
        return f"var.{called}", note
    return None


def _replaced(value: Any, names: Mapping[Symbol, Text]) -> Any:
    """Return statements with other names for some symbols."""
    if isinstance(value, str):
        return text_of(value).replaced(lambda each: names.get(each, each)) if names else value
    if isinstance(value, Mapping):
        return {name: _replaced(each, names) for name, each in value.items()}
    return [_replaced(each, names) for each in value] if isinstance(value, Sequence) else value


def _statements(made: Sequence[Mapping[str, Any]], form: str) -> Iterator[str]:
    match form:
        case StatementForm.BLOCKS:
            for number, statement in enumerate(made):
                yield from ([""] if number else [])
                yield from block_lines(statement, "", CURRENT)
        case StatementForm.JSON:
            yield from ",\n".join(json_text(statement, CURRENT) for statement in made).split("\n")
        case _:
            yield "Statement = ["
            for statement in made:
                yield from ("  {", *members(statement, "    "), "  },")
            yield "]"


def symbols_of(statements: Any) -> Sequence[Symbol]:
    """Return the symbols in statements, each once."""
    return tuple({symbol.name: symbol for text in _texts(statements) for symbol in text.symbols}.values())


def module_of(address: str) -> str:
    """Return the module part of an address; empty in the root module."""
    return address[: len(address) - len(_own(address))]


def _notes(symbols: Iterable[Symbol], module: str) -> Iterator[str]:
    """Yield what else the module must contain."""
    kinds = {OF_AWS[each.name][1]: None for each in symbols if each.name in OF_AWS}
    yield from (f'# Requires: data "{kind}" "current" {{}}' for kind in kinds)
    for each in symbols:
        if isinstance(each, Expression) and is_elsewhere(each, module):
            yield f"# {each.name} is an expression of another module: pass it with an output or a variable."


def is_elsewhere(symbol: Expression, module: str) -> bool:
    """Whether an expression belongs to another module, or to a loop.

    An output of a module that this one calls is an expression here. Another resource of the same module may name the
    value of a resource, as a version does that of its secret.
    """
    if symbol.name == f"{module}{symbol.written[2:-1]}" or symbol.written in _EVERYWHERE:
        return False
    called = _OUTPUT.match(symbol.written)
    if called and symbol.name.startswith(f"{module}{called[1]}."):
        return False
    return not symbol.address or module_of(symbol.address) != module


def _own(address: str) -> str:
    """Return an address without the enclosing modules."""
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


def members(value: Mapping[str, Any], indent: str, data: Mapping[str, str] = CURRENT) -> Iterator[str]:
    """Yield the lines of an object's members; ``data`` are the data sources for the values that AWS provides."""
    names = {name: name if name.isidentifier() else json.dumps(name) for name in value}
    plain = [name for name, each in value.items() if not isinstance(each, Mapping)]
    width = max((len(names[name]) for name in plain), default=0)
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield f"{indent}{names[name]} = {{"
            yield from members(each, f"{indent}  ", data)
            yield f"{indent}}}"
        elif isinstance(each, list):
            yield f"{indent}{names[name]:<{width}} = [{', '.join(expression(one, data) for one in each)}]"
        else:
            yield f"{indent}{names[name]:<{width}} = {expression(each, data)}"


def expression(value: Any, data: Mapping[str, str] = CURRENT) -> str:
    """Return a string, number or Boolean of a policy as a Terraform expression."""
    if not isinstance(value, str):
        return json.dumps(value)
    text = text_of(value)
    whole = text.whole
    if whole is not None and not isinstance(whole, Wildcard | PolicyVariable):
        return _symbol(whole, data)
    parts = (_literal(part) if isinstance(part, str) else inside(part, data) for part in text.parts)
    return f'"{"".join(parts)}"'


def _literal(part: str) -> str:
    return escaped(json.dumps(part, ensure_ascii=False)[1:-1])


def escaped(part: str) -> str:
    """Return a literal part of a template, escaped so that Terraform reads no interpolation in it.

    https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    """
    return part.replace("${", "$${").replace("%{", "%%{")


def inside(symbol: Symbol, data: Mapping[str, str] = CURRENT) -> str:
    """Return a symbol inside a template."""
    if isinstance(symbol, Wildcard):
        return symbol.name
    return f"$${{{symbol.name}}}" if isinstance(symbol, PolicyVariable) else f"${{{_symbol(symbol, data)}}}"


def _symbol(symbol: Symbol, data: Mapping[str, str]) -> str:
    if symbol.name in OF_AWS and not symbol.written:
        _, kind, attribute = OF_AWS[symbol.name]
        return f"data.{kind}.{data[kind]}.{attribute}"
    if isinstance(symbol, Cut):
        return piece(symbol, _symbol(symbol.of, data))
    return symbol.written.removeprefix("${").removesuffix("}") or symbol.name


def block_lines(statement: Mapping[str, Any], indent: str, data: Mapping[str, str]) -> Iterator[str]:
    """Yield a statement as a block of ``aws_iam_policy_document``, in which ``&{...}`` is a policy variable.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
    """
    yield f"{indent}statement {{"
    width = max(len(name) for name, member in _ARGUMENTS.items() if member in statement)
    for name, member in _ARGUMENTS.items():
        if member in statement:
            made = [expression(each, data).replace("$${", "&{") for each in _list(statement[member])]
            value = made[0] if name in ("sid", "effect") else f"[{', '.join(made)}]"
            yield f"{indent}  {name:<{width}} = {value}"
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            made = [expression(each, data).replace("$${", "&{") for each in _list(values)]
            yield from ("", f"{indent}  condition {{", f'{indent}    test     = "{operator}"')
            yield from (
                f'{indent}    variable = "{key}"',
                f"{indent}    values   = [{', '.join(made)}]",
                f"{indent}  }}",
            )
    yield f"{indent}}}"


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def json_text(statement: Mapping[str, Any], data: Mapping[str, str]) -> str:
    """Return a statement as it is in a template that contains JSON, whose interpolations are not JSON."""
    kept: list[str] = []

    def spelled(value: Any) -> Any:
        if isinstance(value, str):
            return "".join(escaped(each) if isinstance(each, str) else keep(each) for each in text_of(value).parts)
        if isinstance(value, Mapping):
            return {name: spelled(each) for name, each in value.items()}
        return [spelled(each) for each in value] if isinstance(value, list) else value

    def keep(symbol: Symbol) -> str:
        kept.append(inside(symbol, data))
        return f"<cfnroles {len(kept) - 1}>"

    made = json.dumps(spelled(statement), indent=2, ensure_ascii=False)
    return re.sub(r"<cfnroles (\d+)>", lambda found: kept[int(found[1])], made)
