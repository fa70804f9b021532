"""Normalization of the texts of a template's roles and needs, for judging, and its reverse.

``!Ref Database`` in a policy and a task definition's reference to the same secret are equal, and a pattern for ARNs
covers them. Results are shown in the template's spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.verification import Judged
from cfnroles.iam.roles import Role, RolePolicy
from cfnroles.need import Need, Origin, Permission, Reason
from cfnroles.sources.template_arns import ARNS
from cfnroles.sources.template_shapes import shaped, spelled
from cfnroles.symbols import SUFFIX, Attribute, Cut, InImage, RandomSuffix, Symbol
from cfnroles.template.expressions import expression
from cfnroles.template.intrinsics import plain
from cfnroles.template.known_stacks import KnownStacks
from cfnroles.template.template import ResolvedStack
from cfnroles.text import ACCOUNT, PARTITION, Part, Text, from_spelling, text_of

_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
_ROLE = "AWS::IAM::Role"
#: The target of a reference, in all forms that a policy may use.
_APART = frozenset(
    {
        *(_SECRET, "AWS::SSM::Parameter", "AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::ECR::Repository"),
        *("AWS::KMS::Key", "AWS::Lambda::Function", _ROLE, *ARNS),
    }
)
#: A symbol for a name in the template or its stack.
_NAME = re.compile(r"\$\{(?!!|AWS::(?!Stack)|Import::|resolve:)([^{}]+)\}")
_Struct = TypeVar("_Struct", bound=Struct)


class Named(Struct, frozen=True):
    """A normalized need or role, and what `Texts` learns from it; ``cuts`` are the symbols of extracted values."""

    thing: Any
    needed: Mapping[str, Text] = {}
    granted: Mapping[str, str] = {}
    apart: tuple[str, ...] = ()
    cuts: tuple[Symbol, ...] = ()


class KnownTexts:
    """The normalized needs and roles of the stacks of a template, each once for all stacks with the same resources.

    Needs and roles are the same if they are one object.
    """

    def __init__(self) -> None:
        self.stacks = KnownStacks()
        #: The results in the template's spelling, by ID, with the texts that decide it.
        self.told: dict[tuple[object, ...], Any] = {}
        self._texts: dict[int, tuple[str, ...]] = {}
        self._tables: dict[tuple[tuple[str, str], ...], int] = {}
        #: A reference keeps the ID of an object unique.
        self._kept: dict[int, object] = {}

    def id(self, thing: object) -> int:
        """Return the ID of an object, which is kept."""
        self._kept[id(thing)] = thing
        return id(thing)

    def texts(self, permission: Permission) -> tuple[str, ...]:
        """Return the spellings of the texts of a permission."""
        same = self.id(permission)
        if same not in self._texts:
            self._texts[same] = tuple(map(str, permission.texts))
        return self._texts[same]

    def table(self, granted: Mapping[str, str]) -> int:
        """Return the number of a table of spellings, which is equal for equal tables."""
        return self._tables.setdefault(tuple(granted.items()), len(self._tables))


class Texts(Struct, frozen=True):
    """The normalized texts of a stack, with their original spellings and the symbols that are distinct.

    ``value`` evaluates an expression in the stack's world. ``cut`` are the names that functions extract from values, by
    function, for all of ``learned``. ``known`` are results for other stacks of the template.
    """

    stack: ResolvedStack
    value: Callable[[Any], Any]
    needed: dict[str, Text] = field(default_factory=dict)
    granted: dict[str, str] = field(default_factory=dict)
    apart: dict[str, None] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    learned: dict[Symbol, None] = field(default_factory=dict)
    known: KnownTexts = field(default_factory=KnownTexts)

    def need(self, need: Need) -> Need:
        """Return the need with the names of secrets, if the template defines them. Equal needs may be one object."""
        about = "need", self.known.id(need)
        found = self.known.stacks.answer(about, self.stack, lambda seen: Texts(seen, self.value)._of_one(need))
        self._learn(found.cuts)
        self.needed.update(found.needed)
        self.apart.update(dict.fromkeys(found.apart))
        named: Need = found.thing
        return named

    def _of_one(self, need: Need) -> Named:
        permission = need.permission
        conditions = tuple(
            replace(each, values=tuple(map(self._of_need, each.values))) for each in permission.conditions
        )
        told = replace(permission, resource=self._of_need(permission.resource), conditions=conditions)
        return Named(replace(need, permission=told), self.needed, apart=tuple(self.apart), cuts=tuple(self.learned))

    def role(self, role: Role) -> Role:
        """Return the role with its policies normalized."""
        about = "role", self.known.id(role), tuple(self.cut.items())
        found = self.known.stacks.answer(
            about, self.stack, lambda seen: Texts(seen, self.value, cut=self.cut)._of_policies(role)
        )
        self.granted.update(found.granted)
        self.apart.update(dict.fromkeys(found.apart))
        named: Role = found.thing
        return named

    def _of_policies(self, role: Role) -> Named:
        boundary = self._policy(role.boundary) if isinstance(role.boundary, RolePolicy) else role.boundary
        told = replace(role, policies=tuple(map(self._policy, role.policies)), boundary=boundary)
        return Named(told, granted=self.granted, apart=tuple(self.apart))

    def told(self, value: Any) -> Any:
        """Return a result with its texts in the template's spelling."""
        return self._told(value, {}, self.known.table(self.granted))

    def _told(self, value: Any, done: dict[int, Any], table: int) -> Any:
        """Return the same, with the needs and results that are ``done``: most are in several parts of a result."""
        if isinstance(value, Need | Judged | Permission):
            if id(value) not in done:
                done[id(value)] = self._once(value, done, table)
            return done[id(value)]
        match value:
            case Role() | Origin() | Reason():
                return value
            case Text():
                return self.needed.get(str(value)) or self._of_condition(value) or spelled(value)
            case str():
                return self.granted.get(value, value) if type(value) is str else value
            case tuple():
                return tuple([self._told(each, done, table) for each in value])
            case Struct():
                return self._with_members(value, done, table)
        return value

    def _once(self, value: Need | Judged | Permission, done: dict[int, Any], table: int) -> Any:
        """Return the same for a result, which other worlds with the same texts share."""
        need = value.need if isinstance(value, Judged) else value
        permission = need if isinstance(need, Permission) else need.permission
        spellings = tuple(map(id, map(self.needed.get, self.known.texts(permission))))
        key = self.known.id(value), table, spellings
        if key not in self.known.told:
            self.known.told[key] = self._with_members(value, done, table)
        return self.known.told[key]

    def _with_members(self, value: Struct, done: dict[int, Any], table: int) -> Struct:
        members = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: self._told(member, done, table) for name, member in members.items()}
        return replace(value, **{name: each for name, each in changed.items() if each is not members[name]})

    def _of_condition(self, text: Text) -> Text | None:
        """Return the template's spelling of a value in a condition of the role; ``None`` if it has no other."""
        given = self.granted.get(plain(str(text)))
        return None if given is None else from_spelling(given)

    def _of_need(self, text: Text) -> Text:
        named = self._named(text_of(text))
        self._learn(named.symbols)
        self.apart.update(dict.fromkeys(_apart(named.symbols)))
        # What is cut out of a value has a long spelling in a policy, and a short one in a need.
        if named != text or any(isinstance(symbol, Cut | InImage) for symbol in named.symbols):
            self.needed[str(named)] = spelled(text_of(text))
        return named

    def _learn(self, symbols: Iterable[Symbol]) -> None:
        for symbol in symbols:
            if _is_cut(symbol) and symbol not in self.learned:
                self.learned[symbol] = None
                written = self.value(expression(Text(symbol)))
                if isinstance(written, str) and written != symbol.spelled:
                    self.cut[written] = symbol.spelled

    def _policy(self, policy: RolePolicy) -> RolePolicy:
        return replace(policy, document=self._each(policy.document))

    def _each(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._of_role(value)
        if isinstance(value, Mapping):
            return {key: self._each(member) for key, member in value.items()}
        return [self._each(member) for member in value] if isinstance(value, list) else value

    def _of_role(self, given: str) -> str:
        if "${" not in given:
            return given
        known = given
        for written in sorted(self.cut, key=len, reverse=True):
            known = known.replace(written, self.cut[written])
        text = self._named(shaped(known, self.stack, policy=True))
        self.apart.update(dict.fromkeys(_apart(text.symbols)))
        if str(text) != given:
            self.granted[plain(str(text))] = given
        return str(text)

    def _named(self, text: Text) -> Text:
        """Return the text with the names that the template gives secrets.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
        """

        def name(symbol: Symbol) -> Part:
            if isinstance(symbol, Attribute) and symbol.type == _ROLE and symbol.name.endswith(".Arn"):
                return self._arn_of_role(symbol)
            resource = self.stack.resources.get(symbol.name) if isinstance(symbol, Attribute) else None
            given = resource.properties.get("Name") if resource and resource.type == _SECRET else None
            if not isinstance(given, str) or not given:
                return symbol
            return Text(from_spelling(given, policy=False), "-", RandomSuffix(f"{SUFFIX}{symbol.name}"))

        return text.replaced(name)

    def _arn_of_role(self, symbol: Attribute) -> Part:
        """Return the ARN of a role by the path and name in the template, or by ``Ref``.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
        """
        logical_id = symbol.name.partition(".")[0]
        resource = self.stack.resources.get(logical_id)
        path = resource.properties.get("Path", "/") if resource else None
        if resource is None or not isinstance(path, str):
            return symbol
        given = resource.properties.get("RoleName")
        name = from_spelling(given, policy=False) if isinstance(given, str) and given else None
        own = name or Attribute(logical_id, type=_ROLE)
        return Text("arn:", PARTITION, ":iam::", ACCOUNT, ":role", from_spelling(path, policy=False), own)


def foreign(role: Role, mark: str) -> Role:
    """Return a role of another template, whose names are distinct from equal names here.

    Pseudo parameters and imports are the same in both.
    """

    def marked(value: Any) -> Any:
        if isinstance(value, str):
            return _NAME.sub(lambda found: f"${{{found[1]}{mark}}}", value)
        if isinstance(value, Mapping):
            return {key: marked(member) for key, member in value.items()}
        return [marked(member) for member in value] if isinstance(value, list) else value

    return replace(role, policies=tuple(replace(each, document=marked(each.document)) for each in role.policies))


def _is_cut(symbol: Symbol) -> bool:
    return isinstance(symbol, Cut | InImage)


def _apart(symbols: Iterable[Symbol]) -> Iterator[str]:
    for symbol in symbols:
        known = isinstance(symbol, RandomSuffix) or (isinstance(symbol, Attribute) and symbol.type in _APART)
        # Another attribute of a resource may have the same value in another form.
        if known and "." not in symbol.name:
            yield symbol.name
