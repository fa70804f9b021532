"""Texts as their user writes them: with an expression for all of a value of which a row saw the parts."""

from __future__ import annotations

from cfnroles.symbols import Expression, PseudoParameter, Symbol
from cfnroles.text import Part, Text


def as_written(text: Text) -> Text:
    """The text with the user's own expression for all of a value, where a symbol stood for the name in it."""
    kept: list[Part] = []
    for part in text.parts:
        forms = part.forms if isinstance(part, Expression) else ()
        before = Text(*kept)
        whole: Part = part
        for form, expression in forms:
            if str(before).endswith(form):
                kept, whole = list(_without(before, form)), expression
                break
        kept.append(whole)
    return Text(*kept)


#: How Terraform asks AWS for what CloudFormation knows of itself: a data source, and its attribute.
#: The id of a Region is its name in each version of the provider.
#: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/region
ASKED_OF_AWS = {
    "AWS::AccountId": ("aws_caller_identity", "account_id"),
    "AWS::Partition": ("aws_partition", "partition"),
    "AWS::Region": ("aws_region", "id"),
    "AWS::URLSuffix": ("aws_partition", "dns_suffix"),
}


def in_terraform(text: Text) -> Text:
    """The text as a user of Terraform writes it, with data sources for what AWS knows of the account and the Region."""
    return as_written(text).replaced(_asked)


def _asked(symbol: Symbol) -> Symbol:
    if not isinstance(symbol, PseudoParameter) or symbol.name not in ASKED_OF_AWS:
        return symbol
    kind, attribute = ASKED_OF_AWS[symbol.name]
    name = f"data.{kind}.current.{attribute}"
    return Expression(name, written=f"${{{name}}}", reason=f"{name} is known after Terraform reads it from AWS")


def _without(before: Text, form: str) -> tuple[Part, ...]:
    """What stands before a form, which ends the text."""
    parts, left = list(before.parts), form
    while left and parts:
        last = parts.pop()
        spelled = str(Text(last))
        if isinstance(last, str) and not left.endswith(spelled):
            return (*parts, last[: len(last) - len(left)])
        left = left.removesuffix(spelled)
    return tuple(parts)
