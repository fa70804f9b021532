"""The roles of a configuration, with every policy that it gives them in any way.

A `Surface` provides them from files, a plan or a state; the rest is common.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import astuple, replace

from cfnroles.hcl.module import NOT_AT_HAND
from cfnroles.hcl.values import Failed, Value, elements
from cfnroles.iam.evaluator import Effect
from cfnroles.iam.roles import Role, RolePolicy, Unread, attached_policy, renamed
from cfnroles.placeholders import texts_in
from cfnroles.sources.terraform_configured import (
    ASKED,
    CALLED_BY,
    INLINE,
    NAMING,
    POLICY,
    ROLE,
    Configured,
    Surface,
)
from cfnroles.sources.terraform_members import TASK_DEFINITION, Turned
from cfnroles.sources.terraform_policies import Spelling, policy_of, spelled, trust_of
from cfnroles.sources.terraform_resource_policies import ResourcePolicyNaming, policies_naming, texts_naming
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.sources.terraform_tasks import TaskInPasses
from cfnroles.symbols import SUFFIX, Expression, RandomSuffix
from cfnroles.text import PARTITION, Part, Text, arn_of, text_of
from cfnroles.workload import Path

#: Types whose resources are distinct, whatever their names.
_APART = frozenset({*CALLED_BY, "aws_kms_key", "aws_efs_file_system", "aws_efs_access_point"})


class ConfiguredRole(Struct, frozen=True):
    """A role with its policies. ``names`` are the texts by which it is named; ``users`` are its other users.

    ``policies`` are those of resources that name it.
    """

    configured: Configured
    role: Role
    names: frozenset[str]
    users: tuple[str, ...] = ()
    policies: tuple[ResourcePolicyNaming, ...] = ()

    @property
    def address(self) -> str:
        """Its address."""
        return self.configured.address

    def is_named(self, given: Text, account: str = "") -> bool:
        """Return whether a text names it: by attribute, name, or ARN."""
        return _is_named(given, self.configured, self.names, account)


class Roles(Struct, frozen=True):
    """The roles of a configuration in one world. ``named`` is what is known about the names of symbols."""

    roles: tuple[ConfiguredRole, ...] = ()
    named: Mapping[str, Part] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, Expression] = field(default_factory=dict)

    def role(self, given: Text, account: str = "") -> ConfiguredRole | None:
        """Return the role that a text names; ``None`` if it is another one."""
        return next((each for each in self.roles if each.is_named(given, account)), None)

    @property
    def apart(self) -> tuple[str, ...]:
        """The names of symbols that certainly differ from every other symbol."""
        return tuple(name for name, each in self.symbols.items() if is_apart(each))


#: If no roles are needed.
NO_ROLES = Roles()


class TaskWithRoles(Struct, frozen=True):
    """A task definition in each of its passes, and the roles in each pass."""

    task: TaskInPasses
    roles: Sequence[Roles]


def roles_beside(surface: Surface, turned: Sequence[Turned]) -> Roles:
    """Return the roles that task definitions and what runs them name."""
    texts = [text_of(text) for each in turned for _, text in texts_in(each.tree)]
    named = [text_of(text) for each in turned for _, text in role_texts(each.tree)]
    return roles_in(surface, list(dict.fromkeys(named)), [text for text in dict.fromkeys(texts) if text.symbols])


def role_texts(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield where a task definition, or what runs it, names a role, and the text."""
    members = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for name, member in members:
        if isinstance(member, str):
            if str(name).lower().endswith("rolearn"):
                yield (*path, name), member
        else:
            yield from role_texts(member, (*path, name))


def is_apart(symbol: Expression) -> bool:
    """Return whether a symbol is the name of a resource of the configuration, which no other symbol represents."""
    own = symbol.type in _APART and symbol.address == symbol.name
    return own and not symbol.address.rpartition("module.")[2].partition(".")[2].startswith("data.")


def roles_in(surface: Surface, named: Sequence[Text], texts: Sequence[Text]) -> Roles:
    """Return the named roles with their policies. ``texts`` are others with symbols that have names.

    Worlds share all parts in which nothing differs, except the users: their conditions may be any.
    """
    spelled, key = ("texts", _alike(texts)), _alike(named)

    def of_texts() -> _Known:
        return surface.once(spelled, lambda: _of_texts(surface, texts))

    def beside() -> _Beside:
        return surface.once(("beside", key), lambda: _beside(surface, named))

    of_texts()
    parts: list[Callable[[], _RolePart]] = []
    roles: list[ConfiguredRole] = []
    for number, each in enumerate(beside().roles):

        def read(number: int = number) -> _RolePart:
            return surface.once(("role", key, number), lambda: _role_part(surface, beside(), number))

        def naming(number: int = number) -> _RolePart:
            return surface.once(("naming", key, number), lambda: _naming_part(surface, beside(), number))

        found, users = read(), surface.users(each)
        parts += (read, naming)
        roles.append(ConfiguredRole(each, found.role, beside().names[number], users, naming().policies))
    known = surface.once(("known", spelled, key), lambda: _together(of_texts(), *(part().known for part in parts)))
    return Roles(tuple(roles), known.named, known.written, known.symbols)


def _alike(texts: Iterable[Text]) -> object:
    """Return what distinguishes texts, with everything that is known about their symbols."""
    return tuple(
        tuple(part if isinstance(part, str) else (type(part), *astuple(part)) for part in text.parts) for text in texts
    )


class _Known(Struct, frozen=True):
    """What is known about the names of symbols, as in ``Roles``."""

    named: Mapping[str, Part]
    written: Mapping[str, str]
    symbols: Mapping[str, Expression]


class _Beside(Struct, frozen=True):
    """The named roles with the texts by which each is named, what may give them policies, and the policies of resources
    that may name them.
    """

    roles: Sequence[Configured]
    names: Sequence[frozenset[str]]
    attached: Sequence[Configured | Unread]
    holders: Sequence[Configured]


class _RolePart(Struct, frozen=True):
    """A role, or the policies of resources that name it, and what is known after reading it."""

    known: _Known
    role: Role = Role("", ())
    policies: tuple[ResourcePolicyNaming, ...] = ()


def _together(*parts: _Known) -> _Known:
    """Return what is known from all parts; of one symbol, what the first of them knows."""
    named: dict[str, Part] = {}
    written: dict[str, str] = {}
    symbols: dict[str, Expression] = {}
    for part in parts:
        named |= {name: each for name, each in part.named.items() if name not in named}
        written |= {name: each for name, each in part.written.items() if name not in written}
        symbols |= {name: each for name, each in part.symbols.items() if name not in symbols}
    return _Known(named, written, symbols)


def _spelling(surface: Surface) -> tuple[Spelling, _Known]:
    """Return a spelling, and what it knows so far."""
    known: dict[str, Part] = {}

    def name(symbol: Expression) -> Part:
        if symbol.name not in known:
            known[symbol.name] = name_of(symbol, surface)
        return known[symbol.name]

    spelling = Spelling(name)
    return spelling, _Known(known, spelling.written, spelling.symbols)


def _of_texts(surface: Surface, texts: Iterable[Text]) -> _Known:
    spelling, known = _spelling(surface)
    for text in texts:
        spelling.text(text)
    return known


def _beside(surface: Surface, named: Sequence[Text]) -> _Beside:
    found = [(each, _names(each)) for each in surface.roles(named)]
    wanted = [(each, names) for each, names in found if any(_is_named(text, each, names) for text in named)]
    roles = [each for each, _ in wanted]
    attached = list(surface.policies(roles)) if roles else []
    holders = list(surface.holders([name for each in roles for name in texts_naming(each)])) if roles else []
    return _Beside(roles, [names for _, names in wanted], attached, holders)


def _role_part(surface: Surface, beside: _Beside, number: int) -> _RolePart:
    spelling, known = _spelling(surface)
    reader = _Reader(surface, spelling, beside.roles[number], beside.names[number])
    return _RolePart(known, reader.role(beside.attached))


def _naming_part(surface: Surface, beside: _Beside, number: int) -> _RolePart:
    spelling, known = _spelling(surface)
    return _RolePart(known, policies=policies_naming(beside.roles[number], beside.holders, spelling))


def _names(role: Configured) -> frozenset[str]:
    return frozenset(str(text) for text in map(role.known, ("name", "arn", "id")) if text)


def _is_named(given: Text, role: Configured, names: frozenset[str], account: str = "") -> bool:
    made = shaped(given)
    if str(made) in names:
        return True
    arn, last = arn_of(made), made
    if arn is not None:
        if arn.service != "iam" or not arn.resource.startswith("role/"):
            return False
        last = arn.resource.cut("/")[-1]
    whole = last.whole
    if isinstance(whole, Expression) and whole.address:
        return whole.address == role.address
    return arn is not None and str(arn.account) in ("", "${AWS::AccountId}", account) and str(last) in names


def name_of(symbol: Expression, surface: Surface) -> Part:
    """Return what is known about the name of a resource, or the symbol itself."""
    argument = CALLED_BY.get(symbol.type) if symbol.forms else None
    found = surface.at(symbol.address) if argument and symbol.address else None
    text = found.known(argument) if found is not None and argument else None
    if found is None or not text:
        return symbol
    if symbol.type == "aws_secretsmanager_secret":
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
        called = "".join(part if isinstance(part, str) else part.name for part in text.parts)
        return Text(text, "-", RandomSuffix(f"{SUFFIX}{called}"))
    if symbol.type == TASK_DEFINITION and not symbol.attribute.endswith("family"):
        return Text(text, ":", replace(symbol, name=f"{symbol.name}.revision", forms=()))
    if symbol.type == ROLE:
        return Text((found.known("path") or Text("/")).removeprefix("/"), text)
    return text.lstrip("/") if symbol.type == "aws_ssm_parameter" else text


class _Reader:
    """Reads the policies of one role."""

    def __init__(self, surface: Surface, spelling: Spelling, role: Configured, names: frozenset[str]) -> None:
        self._surface, self._spelling, self._role, self._names = surface, spelling, role, names

    def role(self, attached: Iterable[Configured | Unread]) -> Role:
        """Return the role. ``attached`` is everything that may give policies to it."""
        role = self._role
        trust, trust_unread = trust_of(role.attributes.get("assume_role_policy"), role.where, self._spelling)
        own = [each for each in attached if isinstance(each, Configured)]
        found: list[RolePolicy | Unread] = [each for each in attached if isinstance(each, Unread)]
        inline = {str(each.known("name")) for each in own if each.type == INLINE and self._has(each)}
        found += (*self._inline_blocks(inline), *self._managed_arns(role, "managed_policy_arns"))
        for each in own:
            found += self._of_resource(each)
        found += self._surface.beside(role)
        boundary = role.attributes.get("permissions_boundary")
        arn = role.known("arn")
        return Role(
            role.address,
            renamed(_once(each for each in found if isinstance(each, RolePolicy))),
            tuple(dict.fromkeys(each for each in found if isinstance(each, Unread))),
            trust,
            self._managed(boundary, role, "permissions_boundary") if boundary is not None else None,
            arn.plain if arn else "",
            trust_unread=trust_unread,
        )

    def _has(self, resource: Configured) -> bool:
        return any(self._names_role(each) for each in _texts(resource.attributes.get(NAMING[resource.type])))

    def _names_role(self, text: Text | Expression) -> bool:
        return isinstance(text, Text) and _is_named(text, self._role, self._names)

    def _perhaps(self, named: Text | Expression) -> Expression | None:
        """Return the unknown part of a role name that may be that of this role."""
        symbols = [named] if isinstance(named, Expression) else named.symbols
        open_ = [each for each in symbols if isinstance(each, Expression)]
        if alike := [each for each in open_ if _may_be_alike(each.address, self._role.address)]:
            return alike[0]
        if not open_ or any(each.address or NOT_AT_HAND in each.reason for each in open_):
            return None
        called = self._role.known("name")
        surely_another = isinstance(named, Text) and called is not None and _differ(shaped(named), shaped(called))
        return None if surely_another else open_[0]

    def _of_resource(self, resource: Configured) -> Iterator[RolePolicy | Unread]:
        named = list(_texts(resource.attributes.get(NAMING[resource.type])))
        if not any(map(self._names_role, named)):
            if open_ := next(filter(None, map(self._perhaps, named)), None):
                yield self._maybe(resource, open_)
            return
        if resource.type == INLINE:
            yield self._read(resource.address, resource.attributes.get("policy"), resource.where)
        else:
            name = "policy_arns" if "policy_arns" in ASKED[resource.type][0] else "policy_arn"
            yield from self._managed_arns(resource, name)

    def _maybe(self, resource: Configured, open_: Expression) -> Unread:
        """Return a policy that may be attached to the role: the name of its role is unknown."""
        why = f"cannot see whether it is attached to this role: {open_.name} is unknown: {open_.reason}"
        read = policy_of("", resource.attributes.get("policy"), "", self._spelling) if resource.type == INLINE else None
        effects = _effects(read) if isinstance(read, RolePolicy) else tuple(Effect)
        return Unread(resource.address, why, open_.remedy, resource.where, effects=effects)

    def _inline_blocks(self, known: set[str]) -> Iterator[RolePolicy | Unread]:
        """Yield the policies in the role itself. A state repeats those of separate resources there."""
        blocks = self._role.attributes.get("inline_policy")
        for each in _elements(blocks):
            if isinstance(each, Expression):
                why = f"cannot see what {each.name} puts here: {each.reason}"
                yield Unread("inline_policy", why, each.remedy, self._role.where)
                continue
            members: Any = each.data if isinstance(each.data, dict) else {}
            name = str(spelled(members.get("name")) or "")
            document = members.get("policy")
            if document is not None and document.data not in (None, "") and name not in known:
                where = str(document.place) if document.place.document else self._role.where
                yield self._read(f"inline_policy {name}".strip(), document, where)

    def _managed_arns(self, resource: Configured, name: str) -> Iterator[RolePolicy | Unread]:
        given = resource.attributes.get(name)
        if given is None and resource is not self._role:
            yield Unread(resource.address, "it names no policy", "Run `terraform validate`", resource.where)
        for each in _elements(given):
            value = Value(each, resource.place) if isinstance(each, Expression) else each
            yield self._managed(value, resource, name)
        if isinstance(given, Failed):
            yield self._managed(given, resource, name)

    def _managed(self, given: Value | Failed, resource: Configured, argument: str) -> RolePolicy | Unread:
        """Return the policy of an ARN, or of anything in its place."""
        where = resource.where
        raw = spelled(given)
        text = None if raw is None else shaped(raw)
        if isinstance(given, Failed) or text is None:
            what = given.what if isinstance(given, Failed) else "it is not a string"
            called = f"{resource.address}.{argument}"
            return Unread(called, f"Terraform would fail here: {what}", "Run `terraform validate`", where)
        whole = text.whole
        if isinstance(whole, Expression):
            return self._by_symbol(whole, where)
        if (own := self._surface.policy(str(text))) is not None:
            return self._read(own.address, own.attributes.get("policy"), own.where)
        read = attached_policy(str(_in_partition(text)), {}, "the configuration")
        return replace(read, where=where) if isinstance(read, Unread) else read

    def _read(self, name: str, document: Value | Failed | None, where: str) -> RolePolicy | Unread:
        return policy_of(name, document, where, self._spelling, self._of_aws)

    def _of_aws(self, symbol: Expression) -> Mapping[str, Any] | None:
        """Return the document of one of AWS's own policies, if an expression is that."""
        found = self._surface.at(symbol.address) if symbol.type == POLICY else None
        if found is None or not found.data or not symbol.attribute.endswith("policy"):
            return None
        read = self._looked_up(found)
        return read.document if isinstance(read, RolePolicy) else None

    def _looked_up(self, data: Configured) -> RolePolicy | Unread:
        named = next((text for text in map(data.known, ("arn", "name")) if text), Text())
        return attached_policy(str(_in_partition(shaped(named))), {}, "the configuration")

    def _by_symbol(self, symbol: Expression, where: str) -> RolePolicy | Unread:
        found = self._surface.at(symbol.address) if symbol.type == POLICY else None
        if found is None:
            why = f"cannot see which policy {symbol.name} is: {symbol.reason}"
            return Unread(symbol.name, why, symbol.remedy, where)
        if not found.data or found.attributes.get("policy") is not None:
            return self._read(found.address, found.attributes.get("policy"), found.where)
        read = self._looked_up(found)
        return replace(read, where=found.where) if isinstance(read, Unread) else read


def _may_be_alike(address: str, other: str) -> bool:
    """Return whether two addresses may be equal: instances of one resource, one of them with an unknown key."""
    open_ = any(each.endswith(("[each.key]", "[count.index]")) for each in (address, other))
    return open_ and address != other and address.rpartition("[")[0] == other.rpartition("[")[0]


def _differ(one: Text, other: Text) -> bool:
    """Return whether two texts always differ, because of their literal parts."""
    left, right = list(one.parts), list(other.parts)
    for end in (0, -1):
        while left and right and left[end] == right[end]:
            del left[end], right[end]
    both = [Text(*left), Text(*right)]
    return one != other and not any(text.symbols for text in both)


def _in_partition(text: Text) -> Text:
    """Return the ARN of AWS's own policy in the default partition, whose documents are included."""
    return text.replaced(lambda symbol: "aws" if symbol in PARTITION.symbols else symbol)


def _once(policies: Iterable[RolePolicy]) -> list[RolePolicy]:
    """Return the policies without duplicates: several resources may attach the same one."""
    return list({(each.name, each.where): each for each in policies}.values())


def _elements(value: Value | Failed | None) -> Iterator[Value | Expression]:
    """Yield the elements of a list, or an expression for any number of them."""
    if value is None or isinstance(value, Failed):
        return
    if value.unknown:
        yield value.unknown
        return
    listed = isinstance(value.data, list | dict) or not isinstance(value.data, str)
    for each in (each for _, each in elements(value)) if listed else (value,):
        yield each.unknown or each


def _texts(value: Value | Failed | None) -> Iterator[Text | Expression]:
    for each in _elements(value):
        if isinstance(each, Expression):
            yield Text(each) if each.address else each
        elif (text := spelled(each)) is not None:
            yield text


def _effects(policy: RolePolicy) -> tuple[Effect, ...]:
    given = policy.document.get("Statement")
    statements = given if isinstance(given, list) else [given]
    told = {str(each.get("Effect")) for each in statements if isinstance(each, Mapping)}
    return tuple(each for each in Effect if str(each) in told) or tuple(Effect)
