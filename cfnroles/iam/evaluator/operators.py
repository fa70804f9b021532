"""The condition operators, one row each, with the comparison of a request value and a policy value.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator as compare
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

from cfnroles.iam.evaluator.request import Context
from cfnroles.iam.evaluator.variables import condition_text, variables_of
from cfnroles.iam.patterns import Pattern, has_unknown_characters, matches, matches_arn
from cfnroles.iam.truth import Truth, unknown

T = TypeVar("T")


class TextOperator(Struct, frozen=True):
    """Compares texts. Values of the policy may have variables, and wildcards if ``wildcards`` is true."""

    name: str
    negated: bool
    wildcards: bool
    test: Callable[[Pattern, str, str], Truth]
    expects: str = "a text"

    def accepts(self, value: str) -> bool:
        """Return whether *value* is valid in a policy: any text is."""
        return True

    def match(self, wanted: str, actual: str, key: str, context: Context, *, variables: bool) -> Truth:
        """Return whether the request's *actual* value of *key* matches the policy's *wanted*, before negation.

        A variable without a value matches nothing. All operators have the same arguments.
        """
        pattern = condition_text(wanted, variables=variables, wildcards=self.wildcards).expand(context)
        return pattern is not None and self.test(pattern, actual, key)


class TypedOperator(Struct, frozen=True):
    """Compares values of one type, without variables or wildcards. ``expects`` names the type."""

    name: str
    negated: bool
    expects: str
    accepts: Callable[[str], bool]
    test: Callable[[str, str], bool]

    def match(self, wanted: str, actual: str, key: str, context: Context, *, variables: bool) -> Truth:
        """Return whether the request's *actual* value of *key* matches the policy's *wanted*, before negation.

        A value of another type matches nothing. AWS documents no substitution of variables
        here, so a variable in *wanted* makes the match unknown. All operators have the same arguments.
        """
        if variables and (references := variables_of(wanted)):
            return unknown(*references)
        return unknown(key) if has_unknown_characters(actual) else self.test(actual, wanted)


Operator = TextOperator | TypedOperator


def _typed(
    name: str,
    expects: str,
    read: Callable[[str], T | None],
    test: Callable[[T, T], bool],
    *,
    negated: bool = False,
) -> TypedOperator:
    def accepts(value: str) -> bool:
        return read(value) is not None

    def compares(actual: str, wanted: str) -> bool:
        left, right = read(actual), read(wanted)
        return left is not None and right is not None and test(left, right)

    return TypedOperator(name, negated, expects, accepts, compares)


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_W3C_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d+)?)?(?P<zone>Z|[+-]\d\d:\d\d))?)?)?"
)
_EPOCH = re.compile(r"\d+(?:\.\d+)?")


@lru_cache(maxsize=4096)
def _date(text: str) -> datetime | None:
    """Parse a W3C date or a number of seconds since 1970; four digits are a year."""
    found = _W3C_DATE.fullmatch(text)
    try:
        if found is None:
            seconds = float(text) if _EPOCH.fullmatch(text) else None
            return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
        year, month, day, hour, minute, second = (
            int(found[name] or default)
            for name, default in zip(
                ("year", "month", "day", "hour", "minute", "second"), (0, 1, 1, 0, 0, 0), strict=True
            )
        )
        micro = int(float(found["fraction"] or 0) * 1_000_000)
        return datetime(year, month, day, hour, minute, second, micro, _zone(found["zone"] or "Z"))
    except (ValueError, OverflowError, OSError):
        return None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _binary(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


class _Network(Struct, frozen=True):
    version: int
    first: int
    last: int


@lru_cache(maxsize=4096)
def _network(text: str) -> _Network | None:
    """Parse an address or CIDR range; "non-zero bits in the IP address after the masked bits are ignored"."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return _Network(network.version, int(network.network_address), int(network.broadcast_address))


def _within(actual: _Network, wanted: _Network) -> bool:
    same = actual.version == wanted.version
    return same and wanted.first <= actual.first and actual.last <= wanted.last


def _text(pattern: Pattern, text: str, key: str) -> Truth:
    return matches(pattern, text, subject=key)


def _text_ignoring_case(pattern: Pattern, text: str, key: str) -> Truth:
    return matches(pattern, text, subject=key, ignore_case=True)


def _arn(pattern: Pattern, text: str, key: str) -> Truth:
    return matches_arn(pattern, text, subject=key)


_NUMBER = "a number"
_DATE = "a W3C date such as 2026-01-31T00:00:00Z, or seconds since 1970"
_NETWORK = "an IP address or a CIDR range"

OPERATORS: tuple[Operator, ...] = (
    TextOperator("StringEquals", negated=False, wildcards=False, test=_text),
    TextOperator("StringNotEquals", negated=True, wildcards=False, test=_text),
    TextOperator("StringEqualsIgnoreCase", negated=False, wildcards=False, test=_text_ignoring_case),
    TextOperator("StringNotEqualsIgnoreCase", negated=True, wildcards=False, test=_text_ignoring_case),
    TextOperator("StringLike", negated=False, wildcards=True, test=_text),
    TextOperator("StringNotLike", negated=True, wildcards=True, test=_text),
    _typed("NumericEquals", _NUMBER, _number, compare.eq),
    _typed("NumericNotEquals", _NUMBER, _number, compare.eq, negated=True),
    _typed("NumericLessThan", _NUMBER, _number, compare.lt),
    _typed("NumericLessThanEquals", _NUMBER, _number, compare.le),
    _typed("NumericGreaterThan", _NUMBER, _number, compare.gt),
    _typed("NumericGreaterThanEquals", _NUMBER, _number, compare.ge),
    _typed("DateEquals", _DATE, _date, compare.eq),
    _typed("DateNotEquals", _DATE, _date, compare.eq, negated=True),
    _typed("DateLessThan", _DATE, _date, compare.lt),
    _typed("DateLessThanEquals", _DATE, _date, compare.le),
    _typed("DateGreaterThan", _DATE, _date, compare.gt),
    _typed("DateGreaterThanEquals", _DATE, _date, compare.ge),
    _typed("Bool", "true or false", _boolean, compare.eq),
    _typed("BinaryEquals", "base-64 text", _binary, compare.eq),
    _typed("IpAddress", _NETWORK, _network, _within),
    _typed("NotIpAddress", _NETWORK, _network, _within, negated=True),
    TextOperator("ArnEquals", negated=False, wildcards=True, test=_arn),
    TextOperator("ArnLike", negated=False, wildcards=True, test=_arn),
    TextOperator("ArnNotEquals", negated=True, wildcards=True, test=_arn),
    TextOperator("ArnNotLike", negated=True, wildcards=True, test=_arn),
)
"""Every operator except Null, which tests the key and not its values."""
