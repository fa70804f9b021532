"""Texts of which parts are unknown until later, and ARNs.

An expression is parsed once, when a document is read. Then it is a `Text`: literal parts and symbols. As a string, a
`Text` is its spelling in ``Fn::Sub``, so it compares, sorts and prints. Each target writes it in its own way. The
contents of a document are literal: they never become a wildcard, a policy variable or a symbol of the template. `*` and
`?` come only from `Wildcard`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import SupportsIndex

from msgspec import Struct

from cfnroles.symbols import (
    IMPORT,
    Attribute,
    Field,
    Import,
    Opaque,
    Parameter,
    PolicyVariable,
    PseudoParameter,
    Symbol,
    Wildcard,
)

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}|aws")
_SPELLED = re.compile(r"\$\{(!?)([^{}]*)\}")


Part = str | Symbol


class Text(str):
    """A text with symbols; as a string, its spelling in ``Fn::Sub``.

    ``parts`` are literal strings and symbols. Texts equal strings of the same spelling.
    """

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    def __new__(cls, *parts: Part) -> Text:
        """Return the text of these parts. A plain string is literal, a `Text` contributes its parts."""
        # Nearly all texts are one literal part without a dollar sign.
        if len(parts) == 1 and type(parts[0]) is str and parts[0] and "$" not in parts[0]:
            text = str.__new__(cls, parts[0])
            text.parts = parts
            return text
        joined = _joined(parts)
        text = str.__new__(cls, "".join([_spelling(part) for part in joined]))
        text.parts = joined
        return text

    def __getnewargs__(self) -> tuple[str | Symbol, ...]:  # type: ignore[override]
        return self.parts

    def __add__(self, other: Part) -> Text:
        return Text(self, other)

    @property
    def remedies(self) -> tuple[str, ...]:
        """How to find the values of its symbols."""
        symbols = self.symbols
        return tuple([getattr(symbol, "remedy", "") for symbol in symbols]) if symbols else ()

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols, in order."""
        if len(self.parts) == 1 and type(self.parts[0]) is str:
            return ()
        return tuple([part for part in self.parts if isinstance(part, Symbol)])

    @property
    def unknown(self) -> tuple[Symbol, ...]:
        """The symbols with unknown values: all except wildcards."""
        return tuple([symbol for symbol in self.symbols if not isinstance(symbol, Wildcard)])

    @property
    def whole(self) -> Symbol | None:
        """The symbol, if the text is a single one."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Symbol) else None

    @property
    def plain(self) -> str:
        """The text if it has no symbols, otherwise an empty string."""
        return self.parts[0] if len(self.parts) == 1 and type(self.parts[0]) is str else ""

    @property
    def written(self) -> str:
        """The text as its document has it."""
        if len(self.parts) == 1 and type(self.parts[0]) is str:
            return self.parts[0]
        return "".join(part if isinstance(part, str) else part.written or part.spelled for part in self.parts)

    def shape(self, sign: str = "x") -> str:
        """Return the literal text with ``sign`` in place of each symbol, for matching its form."""
        return "".join(part if isinstance(part, str) else sign for part in self.parts)

    def cut(self, separator: str, most: int = -1) -> list[Text]:
        """Split at the separators in the literal parts, at most ``most`` times. Symbols are never cut."""
        if plain := self.plain:
            return [literal(piece) for piece in plain.split(separator, most)]
        pieces: list[list[Part]] = [[]]
        left = most
        for part in self.parts:
            if isinstance(part, Symbol):
                pieces[-1].append(part)
                continue
            first, *others = part.split(separator, left)
            left -= len(others) if most >= 0 else 0
            pieces[-1].append(first)
            pieces += [[other] for other in others]
        return [Text(*piece) for piece in pieces]

    def partition(self, separator: str, /) -> tuple[Text, Text, Text]:
        """As for strings. Only literal parts are searched for the separator."""
        head, *tail = self.cut(separator, 1)
        return (head, literal(separator), tail[0]) if tail else (head, EMPTY, EMPTY)

    def removeprefix(self, prefix: str, /) -> Text:
        """As for strings."""
        first = self.parts[0] if self.parts else ""
        return Text(first.removeprefix(prefix), *self.parts[1:]) if isinstance(first, str) else self

    def removesuffix(self, suffix: str, /) -> Text:
        """As for strings."""
        last = self.parts[-1] if self.parts else ""
        return Text(*self.parts[:-1], last.removesuffix(suffix)) if isinstance(last, str) else self

    def lstrip(self, signs: str | None = None, /) -> Text:
        """As for strings. Symbols are never stripped."""
        first = self.parts[0] if self.parts else ""
        return Text(first.lstrip(signs), *self.parts[1:]) if isinstance(first, str) else self

    def rstrip(self, signs: str | None = None, /) -> Text:
        """As for strings. Symbols are never stripped."""
        last = self.parts[-1] if self.parts else ""
        return Text(*self.parts[:-1], last.rstrip(signs)) if isinstance(last, str) else self

    def strip(self, signs: str | None = None, /) -> Text:
        """As for strings. Symbols are never stripped."""
        return self.lstrip(signs).rstrip(signs)

    def replaced(self, value: Callable[[Symbol], Part]) -> Text:
        """Return the text with each symbol replaced by another part."""
        return Text(*(value(part) if isinstance(part, Symbol) else part for part in self.parts))

    def __getitem__(self, key: SupportsIndex | slice, /) -> str:
        return super().__getitem__(key)


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    joined: list[Part] = []
    literal = ""
    for part in parts:
        if type(part) is str:
            literal += part
            continue
        for each in part.parts if isinstance(part, Text) else (part,):
            if isinstance(each, str):
                literal += each
                continue
            if literal:
                joined.append(literal)
                literal = ""
            joined.append(each)
    if literal:
        joined.append(literal)
    return tuple(joined)


def _spelling(part: Part) -> str:
    return part.spelled if isinstance(part, Symbol) else part.replace("${", "${!") if "${" in part else part


@lru_cache(maxsize=4096)  # most fields of ARNs repeat
def literal(text: str) -> Text:
    """Return a string as a text without symbols, whatever signs it contains."""
    return Text(text)


EMPTY = Text()
ANYTHING = Text(Wildcard("*"))
ACCOUNT = Text(PseudoParameter("AWS::AccountId"))
REGION = Text(PseudoParameter("AWS::Region"))
PARTITION = Text(PseudoParameter("AWS::Partition"))
URL_SUFFIX = Text(PseudoParameter("AWS::URLSuffix"))
#: The pseudo parameters with one value in all stacks of a service. Others differ between stacks.
PSEUDO_PARAMETERS = tuple(
    sorted(symbol.name for text in (ACCOUNT, REGION, PARTITION, URL_SUFFIX) for symbol in text.symbols)
)


def text_of(value: str) -> Text:
    """Return a string of a document as a text: unchanged if it is one, otherwise literal."""
    return value if isinstance(value, Text) else Text(value)


@lru_cache(maxsize=4096)
def from_spelling(spelled: str, *, policy: bool = True) -> Text:
    """Parse the spelling of ``Fn::Sub``. Each name is a parameter, pseudo parameter, attribute or import.

    In a ``policy``, ``${!NAME}`` is a policy variable and ``*`` and ``?`` are wildcards; otherwise all are literal.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
    """

    def parts_of(piece: str) -> Iterable[Part]:
        piece = piece.replace("${!", "${")
        return _with_wildcards(piece) if policy else (piece,)

    parts: list[Part] = []
    position = 0
    for match in _SPELLED.finditer(spelled):
        parts += parts_of(spelled[position : match.start()])
        if not match[1]:
            parts.append(_symbol(match[2]))
        else:
            parts.append(PolicyVariable(match[2]) if policy else f"${{{match[2]}}}")
        position = match.end()
    return Text(*parts, *parts_of(spelled[position:]))


def of_policy(written: str) -> Text:
    """Return the text of a hand-written policy: ``*`` and ``?`` are wildcards, ``${...}`` is a policy variable."""
    return from_spelling(written.replace("${", "${!"))


def imported(export: str) -> Text:
    """Return the value of another stack's export."""
    return Text(Import(f"{IMPORT}{export}"))


def _symbol(name: str) -> Symbol:
    if name.startswith(IMPORT):
        return Import(name)
    if name.startswith("AWS::"):
        return PseudoParameter(name)
    if not re.fullmatch(r"[A-Za-z0-9]+(\.[A-Za-z0-9.]+)?", name):
        return Opaque(name)
    return Attribute(name) if "." in name else Parameter(name)


def _with_wildcards(literal: str) -> Iterator[Part]:
    for piece in re.split(r"([*?]+)", literal):
        if piece:
            yield Wildcard(piece) if piece[0] in "*?" else piece


#: The names of the fields in the ARN of a secret, which has one more than other ARNs.
_FIELDS = ("arn", "partition", "service", "region", "account", "resource", "name")


def field_of(symbol: Symbol, number: int) -> Text:
    """Return the field with this number, from 0 to 6, of the ARN of a symbol."""
    return Text(Field(f"{symbol.name}[{_FIELDS[number]}]", of=symbol, number=number))


def bucket_of(symbol: Symbol) -> Text:
    """Return the bucket of the S3 object whose ARN is a symbol."""
    return Text(Field(f"{symbol.name}[bucket]", of=symbol, number=5, before="/"))


def whole_number(text: str) -> int:
    """Return the number that a text has in digits: a billion for any larger one, and -1 if it is not a number."""
    if not re.fullmatch(r"[0-9]+", text):
        return -1
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) < 10 else 10**9


def is_account(text: str) -> bool:
    """Return whether a text is a 12-digit account, AWS's own ``aws``, or unknown until later."""
    return bool(text_of(text).unknown) or _ACCOUNT.fullmatch(text) is not None


def is_region(text: str) -> bool:
    """Return whether a text is a Region such as ``us-east-1``, or unknown until later."""
    return bool(text_of(text).unknown) or _REGION.fullmatch(text) is not None


class Arn(Struct, frozen=True, dict=True):
    """The parts of an ARN. ``given`` is the ARN itself if it is a single parameter.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    partition: Text
    service: str
    region: Text
    account: Text
    resource: Text
    given: Text | None = None

    @cached_property
    def text(self) -> Text:
        """The ARN as one text."""
        if self.given is not None:
            return self.given
        parts: list[Part] = ["arn"]
        for part in (self.partition, self.service, self.region, self.account, self.resource):
            parts += [":", part]
        return Text(*parts)

    def __str__(self) -> str:
        return str(self.text)


def arn_of(text: str) -> Arn | None:
    """Return the parts of an ARN, or ``None`` if a text has fewer than six or does not begin with ``arn:``."""
    if not text.startswith("arn:"):
        return None
    text = text_of(text)
    return _arn_of(text.parts, text.written, text.remedies)


@lru_cache(maxsize=1024)  # several rows in a row parse the same text
def _arn_of(parts: tuple[Part, ...], written: str, remedies: tuple[str, ...]) -> Arn | None:
    _, *fields = Text(*parts).cut(":", 5)
    if len(fields) < 5:
        return None
    partition, service, region, account, resource = fields
    return Arn(partition, str(service), region, account, resource)
