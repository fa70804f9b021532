"""The texts of a configuration's roles and needs, brought to one form for judging, and back for telling.

`aws_secretsmanager_secret.db.arn` in a policy and in a task definition is one thing, and so is the name that the
configuration gives to the secret. What is told afterwards is what the user writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.iam.roles import Role
from cfnroles.need import Need
from cfnroles.sources.terraform_roles import Roles, is_apart
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.statements import Statement
from cfnroles.symbols import Cut, Expression, RandomSuffix, Symbol
from cfnroles.text import Part, Text, text_of
from cfnroles.written import as_written, in_terraform

_ATTRIBUTE = re.compile(r"(aws_\w+)\.([\w-]+)\.(\w+)")
_Struct = TypeVar("_Struct", bound=Struct)


class ConfigurationTexts(Struct, frozen=True):
    """The one form of the texts of a configuration in one world. It learns how they were spelled."""

    roles: Roles
    needed: dict[str, Text] = field(default_factory=dict)
    seen: dict[Symbol, None] = field(default_factory=dict)

    def need(self, need: Need) -> Need:
        """The need with the names that the configuration gives to its resources."""
        permission = need.permission
        conditions = tuple(replace(each, values=tuple(map(self._text, each.values))) for each in permission.conditions)
        told = replace(permission, resource=self._text(permission.resource), conditions=conditions)
        return replace(need, permission=told)

    def spelling(self, needs: Iterable[Need]) -> Callable[[str], str | None]:
        """What gives the one form of what a user writes: of the expressions in needs, and of attributes."""
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
        """The names of symbols that surely stand for something else than any other."""
        own = (each.name for each in self.seen if isinstance(each, RandomSuffix))
        made = (each.name for each in self.seen if isinstance(each, Expression) and is_apart(each))
        return tuple(dict.fromkeys((*self.roles.apart, *own, *made)))

    @property
    def cures(self) -> Mapping[str, str]:
        """What tells the value of each symbol, by its name."""
        whole = {each.name: each.of if isinstance(each, Cut) else each for each in self.seen}
        symbols = {**{each.name: each for each in self.roles.symbols.values()}, **whole}
        return {name: _sentence(each) for name, each in symbols.items() if isinstance(each, Expression)}

    def told(self, value: Any) -> Any:
        """An answer with its texts as the user writes them."""
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
    """The attribute of a resource that is written as `TYPE.NAME.ATTRIBUTE`; ``None`` for any other expression."""
    found = _ATTRIBUTE.fullmatch(written)
    if found is None:
        return None
    address, attribute = f"{found[1]}.{found[2]}", found[3]
    spelled = f"${{{written}}}"
    return Expression(written, written=spelled, reason="", address=address, type=found[1], attribute=attribute)


def in_terms_of_terraform(value: Any) -> Any:
    """An answer that is only shown, with data sources for the account and the Region; statements stay as they are.

    What is pasted has the data sources that are there.
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
    told = f"{symbol.name} is not known: {symbol.reason}."
    remedy = symbol.remedy
    return f"{told} {remedy}." if remedy else told
