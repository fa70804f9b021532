"""Texts in the user's own words: the user's expression for a value of which a row saw only parts."""

from __future__ import annotations

from cfnroles.symbols import Expression, PseudoParameter, Symbol
from cfnroles.text import Part, Text


def as_written(text: Text) -> Text:
    """Return the text with the user's own expression for a whole value whose name was a symbol."""
    if not any(isinstance(part, Expression) and part.forms for part in text.parts):
        return text
    kept: list[Part] = []
    for part in text.parts:
        whole: Part = part
        if isinstance(part, Expression) and part.forms:
            before = Text(*kept)
            form, whole = next(
                (each for each in part.forms if str(before).endswith(each[0])),
                ("", part),
            )
            kept = list(_without(before, form)) if whole is not part else kept
        kept.append(whole)
    return Text(*kept)


#: Terraform's data sources and attributes for what CloudFormation has as pseudo parameters.
#: In each version of the provider, the ID of a Region is its name.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/region
ASKED_OF_AWS = {
    "AWS::AccountId": ("aws_caller_identity", "account_id"),
    "AWS::Partition": ("aws_partition", "partition"),
    "AWS::Region": ("aws_region", "id"),
    "AWS::URLSuffix": ("aws_partition", "dns_suffix"),
}


def in_terraform(text: Text) -> Text:
    """Return the text as Terraform users write it, with data sources for the account and Region."""
    return as_written(text).replaced(_asked)


def _asked(symbol: Symbol) -> Symbol:
    if not isinstance(symbol, PseudoParameter) or symbol.name not in ASKED_OF_AWS:
        return symbol
    kind, attribute = ASKED_OF_AWS[symbol.name]
    name = f"data.{kind}.current.{attribute}"
    return Expression(name, written=f"${{{name}}}", reason=f"{name} is known after Terraform reads it from AWS")


def _without(before: Text, form: str) -> tuple[Part, ...]:
    """Return the parts before a form that ends the text."""
    parts, left = list(before.parts), form
    while left and parts:
        last = parts.pop()
        spelled = str(Text(last))
        if isinstance(last, str) and not left.endswith(spelled):
            return (*parts, last[: len(last) - len(left)])
        left = left.removesuffix(spelled)
    return tuple(parts)
