"""The policy documents of a configuration, with expressions normalized like those of needs.

Texts are in the spelling of ``Fn::Sub``, as in all roles: an expression is a symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Encoded, Failed, Lazy, Value, text
from cfnroles.iam.roles import RolePolicy, Unread, read_document, unread_of_trust
from cfnroles.sources.terraform_members import decoded_json
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.symbols import Expression, InImage, Symbol
from cfnroles.table.images import ecr_repository, names_registry
from cfnroles.template.intrinsics import plain
from cfnroles.text import Part, Text, text_of
from cfnroles.written import as_written

_VALIDATE = "Run `terraform validate`"


class StatementForm(StrEnum):
    """The notation of statements: objects in ``jsonencode``, blocks of a data source, or JSON in a string."""

    OBJECTS = "jsonencode"
    BLOCKS = "aws_iam_policy_document"
    JSON = "JSON"


class Spelling(Struct):
    """The spelling of a configuration's texts for judging.

    ``named`` returns what is known about the name of a symbol. ``written`` has the user's spelling of each text that
    differs, and ``symbols`` are all symbols so far.
    """

    named: Callable[[Expression], Part]
    written: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, Expression] = field(default_factory=dict)

    def text(self, given: Text) -> Text:
        """Return the normalized text."""
        made = self.of(shaped(given))
        if str(made) != str(given):
            self.written.setdefault(plain(str(made)), str(as_written(given)))
        return made

    def of(self, made: Text) -> Text:
        """Return a text whose symbols have their forms already, with the known names."""

        def name(symbol: Symbol) -> Part:
            if isinstance(symbol, InImage):
                known = _part_of(symbol)
                return symbol if known is None else self.of(known)
            if not isinstance(symbol, Expression):
                return symbol
            found = self.named(symbol)
            if found is symbol:
                self.symbols[symbol.name] = symbol
            return found

        return made.replaced(name) if made.symbols else made

    def value(self, given: Value) -> Any:
        """Return a normalized value of lists, objects and texts."""
        match given.data:
            case Expression() as symbol:
                return str(self.text(Text(symbol)))
            case Encoded() | str():
                return str(self.text(text(given)))
            case Lazy() as lazy:
                return self.value(lazy.all(given.place))
            case list() as elements:
                return [self.value(each) for each in elements]
            case dict() as members:
                return {name: self.value(each) for name, each in members.items() if each.data is not None}
        return given.data


def _part_of(symbol: InImage) -> Text | None:
    """A part of an image that a repository of the configuration begins; ``None`` for any other image."""
    image = shaped(text_of(symbol.image))
    repository = ecr_repository(image) if names_registry(image) else None
    if repository is None:
        return None
    parts = {"account": repository.account, "region": repository.region}
    return parts.get(symbol.part, repository.resource.removeprefix("repository/"))


def policy_of(
    name: str,
    given: Value | Failed | None,
    where: str,
    spelling: Spelling,
    known: Callable[[Expression], Mapping[str, Any] | None] = lambda symbol: None,
    *,
    trust: bool = False,
) -> RolePolicy | Unread:
    """Return the policy of a resource, or why it cannot be read; that of a ``trust`` has principals.

    ``known`` returns the document of an expression that is one of AWS's own.
    """
    found = _tree(name, given, where, known)
    if isinstance(found, Unread):
        return found
    found = _with_known(found, known)
    document = spelling.value(found)
    if trust:
        return RolePolicy(name, document, where)
    read = read_document(name, document, where)
    if isinstance(read, Unread):
        return replace(read, where=where)
    statements = _statements(found)
    places = [each.place for each in statements]
    told = tuple(_told(each, statements[each.index], where) for each in read.unread)
    return replace(
        read,
        lines=tuple(place.line for place in places) if _has_lines(places) else (),
        documents=tuple(place.document for place in places) if _has_lines(places) else (),
        unread=told,
        form=_form(given),
    )


def _form(given: Value | Failed | None) -> str:
    """Return the notation of a document; a plan and a state do not contain it."""
    if not isinstance(given, Value):
        return ""
    if isinstance(given.data, Encoded):
        return StatementForm.BLOCKS if given.data.data_source else StatementForm.OBJECTS
    return StatementForm.JSON if given.chunks else ""


def trust_of(
    given: Value | Failed | None, where: str, spelling: Spelling
) -> tuple[Mapping[str, Any] | Unread, tuple[Unread, ...]]:
    """Return the trust policy of a role, or why it cannot be read, and its unreadable statements."""
    found = _tree("trust policy", given, where)
    if isinstance(found, Unread):
        return found, ()
    document = spelling.value(found)
    if isinstance(document.get("Statement"), str):
        return _open("trust policy", found.data["Statement"].data, where), ()
    statements = _statements(found)
    unread = (_told(each, statements[each.index], where) for each in unread_of_trust(document))
    return document, tuple(unread)


_Known = Callable[[Expression], Mapping[str, Any] | None]


def _with_known(document: Value, known: _Known) -> Value:
    """Return the document with the statements of other documents in place of their expressions."""
    statements: list[Value] = []
    for each in _statements(document):
        other = known(each.data) if isinstance(each.data, Expression) else None
        statements += _statements(_valued(other, each.place)) if other is not None else [each]
    return Value({**document.data, "Statement": Value(statements, document.place)}, document.place)


def _valued(given: Any, place: Place) -> Value:
    """Return known data as a value."""
    if isinstance(given, Mapping):
        return Value({str(name): _valued(each, place) for name, each in given.items()}, place)
    return Value([_valued(each, place) for each in given] if isinstance(given, list) else given, place)


def _tree(name: str, given: Value | Failed | None, where: str, known: _Known = lambda symbol: None) -> Value | Unread:
    """Return the document as an object."""
    if given is None:
        return Unread(name, "it has no document", _VALIDATE, where)
    try:
        found = given if isinstance(given, Failed) else decoded_json(given)
    except Failed as failed:
        found = failed
    if isinstance(found, Failed):
        return Unread(name, f"Terraform would fail here: {found.what}", _VALIDATE, where)
    if isinstance(found.data, Expression):
        document = known(found.data)
        return _open(name, found.data, where) if document is None else _valued(document, found.place)
    if not isinstance(found.data, dict):
        return Unread(name, "it is not a policy document", "Write jsonencode({ ... })", where)
    return found


def _open(name: str, symbol: Any, where: str) -> Unread:
    if not isinstance(symbol, Expression):
        return Unread(name, "part of its document is unknown", "Write it with jsonencode({ ... })", where)
    return Unread(name, f"cannot see what {symbol.name} puts here: {symbol.reason}", symbol.remedy, where)


def _told(unread: Unread, statement: Value, where: str) -> Unread:
    """Return an unreadable statement with its place and expression."""
    place = _place_of(statement.place) or where
    if isinstance(statement.data, Expression):
        return replace(_open("", statement.data, place), index=unread.index)
    inside = _first_open(statement)
    return replace(unread, where=place, remedy=inside.remedy if inside else unread.remedy)


def _first_open(value: Value) -> Expression | None:
    match value.data:
        case Expression() as symbol:
            return symbol
        case Text() as made:
            return next((each for each in made.symbols if isinstance(each, Expression)), None)
        case list() as elements:
            return next(filter(None, map(_first_open, elements)), None)
        case dict() as members:
            return next(filter(None, map(_first_open, members.values())), None)
    return None


def _statements(document: Value) -> list[Value]:
    found = document.data.get("Statement")
    if found is None:
        return []
    return list(found.data) if isinstance(found.data, list) else [found]


def _has_lines(places: list[Place]) -> bool:
    return bool(places) and all(place.document and place.line for place in places)


def _place_of(place: Place) -> str:
    return str(place) if place.document else ""


def spelled(value: Value | Failed | None) -> Text | None:
    """Return the text of a value, with its symbols; ``None`` if it is not a text."""
    if value is None or isinstance(value, Failed):
        return None
    try:
        return text_of(text(value))
    except (Failed, InvalidInput):
        return None
