"""Resources and module calls with ``count`` and ``for_each``, and the attributes of each instance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from msgspec.structs import replace

from cfnroles.counted import counted
from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.blocks import blocks_in
from cfnroles.hcl.evaluator import evaluate, filled_template
from cfnroles.hcl.policy_documents import DATA_SOURCE, DOCUMENTS, policy_document
from cfnroles.hcl.remembered import Remembered
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.session import Undecided
from cfnroles.hcl.syntax import Block, Node, Place
from cfnroles.hcl.values import Failed, Lazy, Value, elements, first_unknown, is_known, number, plain, text
from cfnroles.symbols import Apart, Expression, Symbol

#: The maximum number of instances.
MOST = 256

_SECRET, _VERSION = "aws_secretsmanager_secret", "aws_secretsmanager_secret_version"

Make = Callable[[Scope, str], Lazy]
_Result = TypeVar("_Result")
#: The account of the provider.
_OWN_ACCOUNT = re.compile(r"data\.aws_caller_identity\.[\w-]+\.(?:account_id|id)")


class Owner(Protocol):
    """The module of a resource."""

    @property
    def address(self) -> str:
        """As for ``Names``."""

    @property
    def by_state(self) -> str:
        """How to find in the state what only AWS knows."""

    def apart(self, block: Block, region: str) -> Apart:
        """Return whether a resource may be in another account or Region than the task definition. ``region`` is its
        own Region.
        """


def repeated(block: Block, scope: Scope, called: str, make: Make) -> Lazy:
    """Return what a block creates: one thing, or its instances."""
    arguments = block.body.arguments
    for meta in ("count", "for_each"):
        if node := arguments.get(meta):
            return Instances(node, meta, scope, called, make)
    return make(scope, "")


class Instances(Lazy):
    """The instances of ``count`` or ``for_each``."""

    def __init__(self, node: Node, meta: str, scope: Scope, called: str, make: Make) -> None:
        self._node, self._meta, self._scope, self._called, self._make = node, meta, scope, called, make
        self._made: dict[tuple[str | int, bool, object], tuple[Value, Value]] = {}
        self._known = Remembered()
        self._unknown: Symbol | None = None

    def member(self, key: str | int, place: Place) -> Value:
        """Return the instance with a key or number; if the keys are unknown, one instance represents every key."""
        try:
            with self._scope.session.peeking():
                known = self._keys()
        except Undecided:
            known = None
        if known is None:
            by = Value(int(key) if self._meta == "count" and str(key).isdigit() else str(key), place)
            return self._instance(key, by)
        for each, value in known:
            if str(each) == str(key):
                return self._instance(each, value)
        raise Failed(
            f"{self._called}[{key}] does not exist: {self._called} has {counted(len(known), 'instance')}", place
        )

    def all(self, place: Place) -> Value:
        """Return all instances as a list or an object."""
        known = self._keys()
        if known is None:
            address = f"{self._scope.names.address}{self._called}"
            reason = f"the number of {self._called} is unknown"
            remedy = self._unknown.remedy if isinstance(self._unknown, Expression) else ""
            written = f"${{{self._called}}}"
            return Value(Expression(address, written=written, reason=reason, remedy=remedy), place)
        made = {key: self._instance(key, value) for key, value in known}
        return Value(list(made.values()) if self._meta == "count" else {str(key): made[key] for key in made}, place)

    def each(self) -> Iterator[Value]:
        """Yield each instance; if the keys are unknown, one that represents all."""
        known = self._keys()
        if known is None:
            yield self._open_instance(self._open_key())
            return
        for key, value in known:
            yield self._instance(key, value)

    def at_open_key(self, key: Value, node: Node) -> Value | None:
        """Return the instance with an unknown key, if that represents one of the same keys."""
        try:
            with self._scope.session.peeking():
                alike = self._keys() is None and key.unknown == self._open_key()
        except Undecided:
            return None
        if alike:
            return self._open_instance(self._open_key())
        return self._instance(node.written, key, open_=True) if self._scope.session.any_key else None

    def _open_key(self) -> Expression:
        """Return the symbol for each of the unknown keys: equal for everything with the same keys."""
        name = "count.index" if self._meta == "count" else "each.key"
        reason, remedy = f"the instances of {self._called} are unknown", ""
        if isinstance(self._unknown, Expression):
            reason, remedy = (
                f"{reason}: {self._unknown.reason}" if self._unknown.reason else reason,
                self._unknown.remedy,
            )
        called = self._scope.called(f"{name} of {self._node.written}")
        return Expression(called, written=f"${{{name}}}", reason=reason, remedy=remedy)

    def _open_instance(self, key: Expression) -> Value:
        return self._instance(key.written[2:-1], Value(key, self._node.place), open_=True)

    def _open_value(self, key: Value) -> Value:
        """Return the value of `for_each` for such a key, which cannot be written for another's key."""
        own = self._open_key()
        name = self._scope.called(f"each.value of {self._node.written}")
        written = "${each.value}" if key.unknown == own else ""
        return Value(Expression(name, written=written, reason=own.reason, remedy=own.remedy), self._node.place)

    def _keys(self) -> list[tuple[str | int, Value]] | None:
        """Return each key with its value; ``None`` if they are unknown."""
        found, self._unknown = self._scope.session.once(self._known, self._evaluated)
        return found

    def _evaluated(self) -> tuple[list[tuple[str | int, Value]] | None, Symbol | None]:
        """Return the keys, and what is unknown about them."""
        if self._scope.session.any_key and self._meta == "for_each":
            return None, None
        value = evaluate(self._node, self._scope)
        if self._scope.session.any_key and is_known(value) and self._counted(value) > 1:
            return None, None
        if isinstance(value.data, Lazy):
            value = value.data.all(value.place)
        unknown = first_unknown(value)
        if self._meta == "count":
            if not is_known(value):
                return None, unknown
            return [(index, Value(index, self._node.place)) for index in range(self._counted(value))], unknown
        if value.unknown or isinstance(value.data, Partial):
            return None, unknown
        pairs = elements(value)
        if len(pairs) > MOST:
            raise Failed(f"{self._called} has more than {MOST} instances", self._node.place)
        if not all(is_known(key) for key, _ in pairs):
            return None, unknown
        return [(str(plain(key)), each) for key, each in pairs], unknown

    def _counted(self, value: Value) -> int:
        found = number(value)
        if found > MOST:
            raise Failed(f"{self._called} has more than {MOST} instances", self._node.place)
        return int(found)

    def _instance(self, key: str | int, value: Value, *, open_: bool = False) -> Value:
        """Return the instance with this key and value: the same one in all passes."""
        known = key, open_, _identity(value)
        if known not in self._made:
            # The value is kept, so that no other one has its identity.
            self._made[known] = self._new(key, value, open_=open_), value
        there = self._made[known][0]
        if isinstance(there.data, ResourceInstance):
            there.data.meet()
        return there

    def _new(self, key: str | int, value: Value, *, open_: bool) -> Value:
        written = f"[{key}]" if isinstance(key, int) or open_ else f'["{key}"]'
        place = self._node.place
        if self._meta == "count":
            bound = {"count": Value({"index": value}, place)}
        else:
            each = {"key": value, "value": self._open_value(value)} if open_ else {"key": Value(str(key), place)}
            bound = {"each": Value({"value": value, **each}, place)}
        return Value(self._make(self._scope.binding("", bound).kept(), written), place)


class ResourceInstance(Lazy):
    """One instance of a resource or a data source."""

    def __init__(self, module: Owner, block: Block, called: str, kind: str, scope: Scope) -> None:
        self.module, self.block, self.called, self.type, self.scope = module, block, called, kind, scope
        self.address = f"{module.address}{called}"
        self._known: dict[object, Remembered] = {}

    def meet(self) -> None:
        """Note that the current pass has evaluated it."""
        self.scope.session.note("made" if self.block.type == "resource" else "looked_up", self.address, self)

    def remembering(self, key: object, work: Callable[[], _Result]) -> _Result:
        """Return the result of a computation that only the conditions of a pass change."""
        return self.scope.session.once(self._known.setdefault(key, Remembered()), work)

    def member(self, key: str | int, place: Place) -> Value:
        """Return an attribute from the configuration, otherwise an expression that only Terraform knows."""
        name = str(key)
        node = self.block.body.arguments.get(name)
        if node is not None and name not in ("count", "for_each", "provider", "depends_on"):
            said = self._said(name, node, place)
            if name == "name" and self.block.type == "resource" and is_known(said) and isinstance(said.data, str):
                self.scope.session.note("called", (self.type, str(plain(said))), self.address)
            if said.data is not None:
                return said
        if self.type == "template_file" and name == "rendered":
            return self._rendered(place)
        if self.block.type == "data" and self.type == DATA_SOURCE and name in DOCUMENTS:
            return self.remembering((name, place), lambda: policy_document(self, place))
        if self.type == _VERSION and name == "arn" and (secret := self._secret()) is not None:
            return Value(secret, place)
        return self.computed(name, place)

    def _said(self, name: str, node: Node, place: Place) -> Value:
        thing = (self.address, name)
        self.scope.session.enter(thing, f"{self.address}.{name}", place)
        try:
            return self.remembering(name, lambda: evaluate(node, self.scope))
        finally:
            self.scope.session.leave(thing)

    def _rendered(self, place: Place) -> Value:
        """https://registry.terraform.io/providers/hashicorp/template/latest/docs/data-sources/file"""
        template = self.member("template", place)
        if not is_known(template):
            return self.computed("rendered", place)
        node = self.block.body.arguments.get("vars")
        variables = evaluate(node, self.scope) if node else Value({}, place)
        if variables.unknown:
            return self.scope.hanging(node or self.block, variables.unknown, f"{self.called}.rendered")
        name = template.chunks[0][1].document if template.chunks else template.place.document
        return filled_template(str(text(template).plain), name, variables, self.scope)

    def _secret(self) -> Expression | None:
        """Return the secret of a version, which has its ARN, as the user names it here.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret_version
        """
        named = self.argument("secret_id")
        secret = named.unknown if named is not None else None
        if secret is None or secret.type != _SECRET:
            return None
        return replace(secret, written=f"${{{self.called}.arn}}")

    def computed(self, name: str, place: Place) -> Value:
        """Return an attribute that the configuration does not contain."""
        written = f"{self.called}.{name}" if name else self.called
        return Value(
            Expression(
                f"{self.module.address}{written}",
                written=f"${{{written}}}",
                reason=f"{self.module.address}{written} is known after Terraform reads it from AWS",
                remedy=self.module.by_state,
                address=self.address,
                type=self.type,
                attribute=name,
                apart=self._apart,
            ),
            place,
        )

    @property
    def _apart(self) -> Apart:
        """How far from the task definition it may be: the registry of an image may be in another account."""
        registry = self.block.body.arguments.get("registry_id") if self.block.type == "data" else None
        if registry is not None and not _OWN_ACCOUNT.fullmatch(registry.written):
            return Apart.ACCOUNT
        return self.module.apart(self.block, self.region)

    @property
    def region(self) -> str:
        """Return its own Region as a text; empty if its provider decides.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
        """
        if "region" not in self.block.body.arguments:
            return ""
        try:
            with self.scope.session.peeking():
                said = self.argument("region")
                return "" if said is None else str(text(said))
        except (Failed, Undecided):
            return self.scope.called(self.block.body.arguments["region"].written)

    def all(self, place: Place) -> Value:
        """Return the whole resource."""
        return self.computed("", place)

    def argument(self, name: str) -> Value | None:
        """Return an argument of the configuration; ``None`` if it is absent or null."""
        said = self.nullable(name)
        return said if said is not None and said.data is not None else None

    def nullable(self, name: str) -> Value | None:
        """Return an argument of the configuration, which may be null; ``None`` if it is absent."""
        node = self.block.body.arguments.get(name)
        return self._said(name, node, node.place) if node is not None else None

    def blocks(self, kind: str) -> Value | None:
        """Return the blocks of a type as a list of objects; ``None`` if there is none."""
        return self.remembering(("blocks", kind), lambda: blocks_in(self.block.body, kind, self.scope))


def _identity(value: Value) -> object:
    """Return what distinguishes a key or its value from others: plain data and symbols themselves, which each pass
    makes again.
    """
    match value.data:
        case Expression(name=name, written=written, reason=reason, remedy=remedy):
            return name, written, reason, remedy, value.place
        case data if type(data) in (str, int):
            return type(data), data, value.place
    return id(value)
