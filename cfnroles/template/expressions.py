"""Texts in CloudFormation's form: plain strings, or functions, as template data."""

from __future__ import annotations

import re
from typing import Any

from cfnroles.symbols import (
    AfterParameter,
    Cut,
    Field,
    Import,
    InImage,
    Parameter,
    ParameterPath,
    Placeholder,
    PolicyVariable,
    Symbol,
    Wildcard,
)
from cfnroles.table.images import KINDS
from cfnroles.text import Part, Text, from_spelling, text_of


def expression(text: str) -> Any:
    """Return a text in CloudFormation's form: a string, or a function."""
    text = text_of(text)
    if text.plain:
        return text.plain
    if text.whole is not None:
        return _symbol(text.whole)
    if not any(_is_filled(part) for part in text.parts):
        return "".join(part if isinstance(part, str) else _as_policy(part) for part in text.parts)
    if any(isinstance(symbol, Cut | InImage) for symbol in text.symbols):
        pieces = text.cut(":")
        if len(pieces) > 1:
            return _join(":", [expression(piece) for piece in pieces])
        return _join("", [expression(Text(part)) for part in text.parts])
    variables = {_variable(symbol): _symbol(symbol) for symbol in text.symbols if isinstance(symbol, Import)}
    spelled = text.replaced(lambda symbol: Parameter(_variable(symbol)) if isinstance(symbol, Import) else symbol)
    return {"Fn::Sub": [str(spelled), variables] if variables else str(spelled)}


def _is_filled(part: Part) -> bool:
    """Return whether CloudFormation replaces the part: not a wildcard, nor a variable of IAM."""
    return isinstance(part, Symbol) and not isinstance(part, Wildcard | PolicyVariable)


def _as_policy(symbol: Symbol) -> str:
    return f"${{{symbol.name}}}" if isinstance(symbol, PolicyVariable) else symbol.spelled


def _symbol(symbol: Symbol) -> Any:
    """Return one symbol as a function of CloudFormation."""
    if isinstance(symbol, Wildcard | PolicyVariable):
        return _as_policy(symbol)
    if isinstance(symbol, Import):
        return {"Fn::ImportValue": expression(from_spelling(symbol.export, policy=False))}
    if isinstance(symbol, Cut):
        return _piece(symbol)
    if isinstance(symbol, InImage):
        return _in_image(symbol)
    name, dot, attribute = symbol.name.partition(".")
    return {"Fn::GetAtt": [name, attribute]} if dot else {"Ref": name}


def _piece(symbol: Cut) -> Any:
    """Return a part of another symbol's value, for any value: Fn::Select fails if the part does not exist."""
    whole = Text(symbol.of)
    match symbol:
        case Field(number=number, before=before):
            # The ARN of a parameter has one field less than that of a secret. AWS::LanguageExtensions also evaluates
            # branches that a condition excludes:
            # https://github.com/aws-cloudformation/cfn-language-discussion/issues/120
            sure = isinstance(symbol.of, Placeholder)
            lacking = int(number > 5) if sure else number
            field = _select(number, ":", expression(Text(whole, ":" * lacking)))
            return _select(0, before, field) if before else field
        case AfterParameter():
            return _select(1, ":parameter/", expression(Text(whole, ":parameter/")))
        case ParameterPath():
            name = _select(0, "arn:", expression(whole))
            return {"Fn::Join": ["/", {"Fn::Split": ["//", _join("", ["parameter/", name])]}]}


def _in_image(symbol: InImage) -> Any:
    """Return a part of an image in Amazon ECR, for any of its hosts."""
    image = text_of(symbol.image)

    def after(*signs: str) -> Any:
        """Return what follows the one of these texts that is in the image, and nothing for the others."""
        pieces = [_select(1, each, expression(Text(image, each))) for each in signs]
        return pieces[0] if len(pieces) == 1 else _join("", pieces)

    match symbol.part:
        case "account":
            return _select(0, ".", expression(image))
        case "region":
            return _select(0, ".", after(*(f".{kind}" for kind in KINDS)))
        case "repository":
            # https://docs.docker.com/reference/cli/docker/image/tag/: HOST/REPOSITORY:TAG@DIGEST
            return _select(0, "@", _select(0, ":", after(*(f".{each}/" for each in symbol.domains))))
    return expression(image)


def _select(number: int, sign: str, given: Any) -> Any:
    return {"Fn::Select": [number, {"Fn::Split": [sign, given]}]}


def _join(sign: str, pieces: list[Any]) -> Any:
    return {"Fn::Join": [sign, pieces]}


def _variable(symbol: Import) -> str:
    """Return the variable name for a value in Fn::Sub, which itself imports nothing."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", symbol.export))
