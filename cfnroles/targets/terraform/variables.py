"""The variables of a file: one for each parameter of a source that has no Terraform expressions."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.symbols import Attribute, Import, Opaque, Parameter, Placeholder, Symbol
from cfnroles.targets.terraform.names import KEYS, SECRETS, SERVICE_NAME
from cfnroles.targets.terraform.parts import Parts
from cfnroles.targets.terraform.writing import Argument, Items, Written, WrittenBlock, quoted

_LISTS = {
    KEYS: "ARNs of the customer managed keys of the secrets and parameters; empty if AWS managed keys encrypt them.",
    SECRETS: "ARNs of the secrets in Secrets Manager that ECS reads, without the fields that may come after them.",
}


def variable_blocks(parts: Parts) -> Iterator[WrittenBlock]:
    """Yield the variables that the file's expressions name."""
    for name, symbol in sorted(parts.values.variables.items()):
        entries = [Argument("description", quoted(_described(symbol, parts)))]
        if symbol in _LISTS:
            known = parts.key_arns if symbol == KEYS else ()
            default = Argument("default", Items(tuple(map(quoted, known))))
            yield WrittenBlock("variable", (name,), (Argument("type", Written("list(string)")), *entries, default))
        else:
            kind = "bool" if isinstance(symbol, Opaque) else "string"
            yield WrittenBlock("variable", (name,), (Argument("type", Written(kind)), *entries))


def _described(symbol: Symbol, parts: Parts) -> str:
    if isinstance(symbol, Parameter) and symbol in _LISTS:
        return _LISTS[symbol]
    if symbol == SERVICE_NAME:
        return "What the names of the roles begin with."
    if isinstance(symbol, Opaque):
        return f"Whether this holds in {parts.document}: {symbol.name}."
    if isinstance(symbol, Placeholder):
        return f"What stands for {symbol.written or symbol.called} in {parts.document}."
    if isinstance(symbol, Import):
        return f"What another stack exports as {symbol.export}."
    if isinstance(symbol, Attribute):
        return f"{symbol.name.partition('.')[2] or 'Ref'} of {symbol.name.partition('.')[0]} in {parts.document}."
    return f"The parameter {symbol.name} of {parts.document}."
