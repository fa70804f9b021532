"""Validation of parameter values by their declaration in a template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from cfnroles.errors import InvalidInput

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
VALUE_BYTES = 4_096

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def refusal(value: str, declaration: Mapping[str, Any]) -> str:
    """Return why CloudFormation would reject ``value``, in the words of the template; empty if it is valid.

    What only CloudFormation can check is accepted: the existence of values of AWS-specific types, and the contents of
    parameters in Parameter Store.
    """
    if len(value.encode()) > VALUE_BYTES:
        return f"expected at most {VALUE_BYTES:,} bytes, found {len(value.encode()):,}"
    kind = str(declaration.get("Type", "String"))
    if kind.startswith("AWS::SSM::Parameter::"):
        return ""
    is_list = "List" in kind
    values = [element.strip() for element in value.split(",")] if is_list else [value]
    expected = _expected(values, kind, declaration)
    return f"expected {declaration.get('ConstraintDescription') or expected}" if expected else ""


def _expected(values: list[str], kind: str, declaration: Mapping[str, Any]) -> str:
    """Return the requirement of the declaration that the values violate; empty if there is none."""
    allowed, pattern = declaration.get("AllowedValues"), declaration.get("AllowedPattern")
    is_number = kind in {"Number", "List<Number>"}
    if is_number and not all(map(_NUMBER.fullmatch, values)):
        return "numbers, separated by commas" if "List" in kind else "a number"
    if isinstance(allowed, list) and not {*values} <= {as_text(each) for each in allowed}:
        return f"one of {', '.join(map(as_text, allowed))}"
    if isinstance(pattern, str) and not all(_matches(pattern, each) for each in values):
        return f"a string that matches {pattern}"
    if is_number:
        return _between(declaration, "Value", [float(each) for each in values], "a number")
    return (
        _between(declaration, "Length", [float(len(each)) for each in values], "characters") if kind == "String" else ""
    )


def _between(declaration: Mapping[str, Any], bound: str, found: list[float], noun: str) -> str:
    least, most = (_number(declaration.get(f"{side}{bound}")) for side in ("Min", "Max"))
    if least is not None and min(found) < least:
        return f"{noun} of at least {least:g}" if bound == "Value" else f"at least {least:g} {noun}"
    if most is not None and max(found) > most:
        return f"{noun} of at most {most:g}" if bound == "Value" else f"at most {most:g} {noun}"
    return ""


def _number(given: Any) -> float | None:
    return float(given) if isinstance(given, str | int | float) and _NUMBER.fullmatch(str(given)) else None


def _matches(pattern: str, value: str) -> bool:
    # CloudFormation uses Java's regular expressions. Patterns that Python reads differently, or not at all, are
    # skipped.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.fullmatch(pattern, value, re.ASCII) is not None
    except (re.error, FutureWarning, DeprecationWarning):
        return True


def value_of(value: Any, name: str, where: str) -> str:
    """Return CloudFormation's string for a value of the parameter ``name`` in a file: a list has commas.

    Raise ``InvalidInput`` for anything that cannot be a parameter value.
    """
    if isinstance(value, str | int | float):
        return as_text(value)
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ",".join(map(as_text, value))
    raise InvalidInput(f"the value of {name} is not a string, a number or a list of them", where=where)


def as_text(value: Any) -> str:
    """Return a value as CloudFormation compares it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
