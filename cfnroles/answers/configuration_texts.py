"""Normalization of the texts of a configuration's roles and needs, for judging, and its reverse.

`aws_secretsmanager_secret.db.arn` means the same in a policy and in a task definition, and the same as the name that
the configuration gives the secret. Results are shown in the user's spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.iam.roles import Role
from cfnroles.meanings import Meanings
from cfnroles.need import Need
from cfnroles.sources.terraform_roles import Roles, is_apart
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.statements import Statement
from cfnroles.symbols import Cut, Expression, RandomSuffix, Symbol
from cfnroles.text import Part, Text, text_of
from cfnroles.written import as_written, in_terraform

_ATTRIBUTE = re.compile(r"(aws_\w+)\.([\w-]+)\.(\w+)")
_Struct = TypeVar("_Struct", bound=Struct)


class KnownTexts:
    """The needs that worlds share: each is one object in all worlds that give its resources the same names."""

    def __init__(self) -> None:
        self._meanings = Meanings()
        #: The needs that were seen, kept alive so that their IDs stay unique, with the expressions in them.
        self._seen: dict[int, tuple[Need, tuple[Expression, ...]]] = {}
        self._known: dict[object, tuple[Need, ConfigurationTexts]] = {}

    def need(self, need: Need, roles: Roles) -> tuple[Need, ConfigurationTexts]:
        """Return the need with the names of its resources, and the texts of it alone."""
        if id(need) not in self._seen:
            symbols = (symbol for text in need.permission.texts for symbol in text_of(text).symbols)
            self._seen[id(need)] = need, tuple(each for each in symbols if isinstance(each, Expression))
        names = tuple(roles.named.get(each.name) for each in self._seen[id(need)][1])
        same = id(need), self._meanings.of(names)
        if same not in self._known:
            own = ConfigurationTexts(roles)
            self._known[same] = own.normalized(need), own
        return self._known[same]


class ConfigurationTexts(Struct, frozen=True):
    """The normalized texts of a configuration in one world, with their original spellings. ``known`` is what worlds
    share.
    """

    roles: Roles
    needed: dict[str, Text] = field(default_factory=dict)
    seen: dict[Symbol, None] = field(default_factory=dict)
    known: KnownTexts = field(default_factory=KnownTexts)

    def need(self, need: Need) -> Need:
        """Return the need with the names that the configuration gives its resources."""
        normalized, own = self.known.need(need, self.roles)
        self.needed.update(own.needed)
        self.seen.update(own.seen)
        return normalized

    def normalized(self, need: Need) -> Need:
        """Return the same need each time as another object."""
        permission = need.permission
        conditions = tuple(replace(each, values=tuple(map(self._text, each.values))) for each in permission.conditions)
        told = replace(permission, resource=self._text(permission.resource), conditions=conditions)
        return replace(need, permission=told)

    def spelling(self, needs: Iterable[Need]) -> Callable[[str], str | None]:
        """Return a function that normalizes the user's expressions: those in needs, and attributes."""
        texts = (text for need in needs for text in need.permission.texts)
        symbols = (symbol for text in texts for symbol in as_written(text_of(text)).symbols)
        known = {each.name: each for each in symbols if isinstance(each, Expression)}

        def spelled(written: str) -> str | None:
            symbol = known.get(written) or _attribute(written)
            return None if symbol is None else str(self._text(shaped(Text(symbol))))

        return spelled

    def _text(self, given: Text) -> Text:
        made = text_of(given)
        named = made.replaced(self._named) if made.symbols else made
        self.seen.update(dict.fromkeys(named.symbols))
        written = as_written(made)
        if written != named:
            self.needed[str(named)] = written
        return named

    def _named(self, symbol: Symbol) -> Part:
        return self.roles.named.get(symbol.name, symbol) if isinstance(symbol, Expression) else symbol

    @property
    def apart(self) -> tuple[str, ...]:
        """The names of symbols that certainly differ from every other symbol."""
        own = (each.name for each in self.seen if isinstance(each, RandomSuffix))
        made = (each.name for each in self.seen if isinstance(each, Expression) and is_apart(each))
        return tuple(dict.fromkeys((*self.roles.apart, *own, *made)))

    @property
    def cures(self) -> Mapping[str, str]:
        """How to find the value of each symbol, by its name."""
        whole = {each.name: each.of if isinstance(each, Cut) else each for each in self.seen}
        symbols = {**{each.name: each for each in self.roles.symbols.values()}, **whole}
        return {name: _sentence(each) for name, each in symbols.items() if isinstance(each, Expression)}

    def told(self, value: Any) -> Any:
        """Return a result with its texts in the user's spelling."""
        match value:
            case Role():
                return value
            case Text():
                return self.needed.get(str(value)) or as_written(value)
            case str():
                return self.roles.written.get(value, value) if type(value) is str else value
            case tuple():
                return tuple(map(self.told, value))
            case Struct():
                return _with_members(value, self.told)
        return value


def _attribute(written: str) -> Expression | None:
    """Return the attribute of a resource in the form `TYPE.NAME.ATTRIBUTE`; ``None`` for other expressions."""
    found = _ATTRIBUTE.fullmatch(written)
    if found is None:
        return None
    address, attribute = f"{found[1]}.{found[2]}", found[3]
    spelled = f"${{{written}}}"
    return Expression(written, written=spelled, reason="", address=address, type=found[1], attribute=attribute)


def in_terms_of_terraform(value: Any) -> Any:
    """Return a result for display, with data sources for the account and Region. Statements keep their spelling.

    Statements to paste have the data sources that exist.
    """
    match value:
        case Role() | Statement():
            return value
        case Text():
            return in_terraform(value)
        case tuple():
            return tuple(map(in_terms_of_terraform, value))
        case Mapping():
            return {in_terms_of_terraform(key): in_terms_of_terraform(each) for key, each in value.items()}
        case Struct():
            return _with_members(value, in_terms_of_terraform)
    return value


def _with_members(value: Struct, told: Callable[[Any], Any]) -> Struct:
    members = {name: getattr(value, name) for name in value.__struct_fields__}
    changed = {name: told(member) for name, member in members.items()}
    return replace(value, **{name: each for name, each in changed.items() if each is not members[name]})


def _sentence(symbol: Expression) -> str:
    told = f"{symbol.name} is unknown: {symbol.reason}."
    remedy = symbol.remedy
    return f"{told} {remedy}." if remedy else told
