"""Terraform's resource of a task definition, converted to the API's spelling.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_task_definition
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.hcl.arguments import Partial
from cfnroles.hcl.asked_lists import each_of
from cfnroles.hcl.json_texts import PartialMembers, decode
from cfnroles.hcl.same_values import SameValues
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.tidied import in_short
from cfnroles.hcl.values import Encoded, Failed, Lazy, Missing, Value, chunks_of
from cfnroles.listed import REFERRING
from cfnroles.sources.members import FLAG, MAP, MEMBERS, NUMBER
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.symbols import Expression
from cfnroles.text import Text, text_of
from cfnroles.workload import Path

TASK_DEFINITION = "aws_ecs_task_definition"
CONTAINERS = "container_definitions"
_REQUIRED = ("name", "image")
#: The blocks of the resource, with their member in the API; those with a list may be repeated.
BLOCKS = {
    "volume": "volumes",
    "placement_constraints": "placementConstraints",
    "inference_accelerator": "inferenceAccelerators",
    "runtime_platform": "runtimePlatform",
    "proxy_configuration": "proxyConfiguration",
    "ephemeral_storage": "ephemeralStorage",
}
#: The arguments of the resource that ECS reads.
ARGUMENTS = (
    *("family", "cpu", "memory", "network_mode", "execution_role_arn", "task_role_arn", "requires_compatibilities"),
    *("ipc_mode", "pid_mode", "enable_fault_injection", CONTAINERS),
)
_RENAMED = {
    "configure_at_launch": "configuredAtLaunch",
    "ordered_placement_strategy": "placementStrategy",
    "issuer_cert_authority": "issuerCertificateAuthority",
    "iam_role": "role",
    "size_in_gb": "sizeInGiB",
    "elb_name": "loadBalancerName",
    "s3_bucket_encryption_enabled": "s3EncryptionEnabled",
}
#: All container definitions, and the message if none of them is known.
_WHOLE = ("containerDefinitions",)
_UNKNOWN = "the container definitions are unknown, so none of this task's permissions are included: "
_SOME_UNKNOWN = "some containers are unknown, so their permissions are not included: "
_ROLES = ("executionRoleArn", "taskRoleArn")
#: Members that are one level deeper in the API.
_DEEPER = {"host_path": ("host", "sourcePath")}

#: The value of an attribute; an error if Terraform would fail.
Attributes = Mapping[str, Value | Failed]


class Unseen(Struct, frozen=True):
    """An unreadable member: its place, the unknown, and how to find it.

    ``cause`` is where a rejected value is written.
    """

    path: Path
    what: str
    remedy: str
    cause: Place | None = None


class TurnedParts:
    """Parts of task definitions that are made once for each value."""

    def __init__(self) -> None:
        self._values = SameValues()
        self._known: dict[object, tuple[Any, Turned]] = {}
        self._decoded: dict[int, Value] = {}

    def of(self, value: Value, path: Path, whole: Turned, work: Callable[[Turned], Any]) -> Any:
        """Return what becomes of a value at a path of ``whole``, which gets its places and unreadable members."""
        seen = self._values.seen(value)
        if not seen.fixed:
            return work(whole)
        place = whole.place(path)
        same = id(seen.one), path, place
        if same not in self._known:
            own = Turned(whole.address, places={path: place})
            made = work(own)
            del own.places[path]
            self._known[same] = made, own
        made, own = self._known[same]
        whole.places |= own.places
        whole.spots |= own.spots
        whole.unseen += own.unseen
        return made

    def decoded(self, value: Value) -> Value:
        """Return the container definitions in their JSON. Raise Failed if it is invalid."""
        one = self._values.seen(value).one
        if id(one) not in self._decoded:
            self._decoded[id(one)] = decoded_json(one)
        return self._decoded[id(one)]


class Turned(Struct):
    """A task definition in the API's form: its ``tree``, path and place of each member, and unreadable members.

    ``address`` is that of the resource. ``stops`` says that Terraform would fail at its container definitions,
    ``rejected`` that ECS would reject them, and ``missing`` that it names a file that does not exist. ``keys`` are
    those of resources that it names and the configuration creates, by the names of their resources, and ``looked_up``
    those of existing ones. ``settings`` are the documents of what is next to it.
    """

    address: str
    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Path] = field(default_factory=dict)
    spots: dict[Path, tuple[str, int, int]] = field(default_factory=dict)
    unseen: list[Unseen] = field(default_factory=list)
    stops: bool = False
    rejected: bool = False
    missing: Missing | None = None
    keys: dict[str, Text | None] = field(default_factory=dict)
    looked_up: dict[str, Text | None] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def attributes(self, given: Attributes, parts: TurnedParts | None = None) -> Turned:
        """Return the task definition with these arguments and blocks. ``parts`` are those of others, if many are
        nearly the same.
        """
        parts = parts or TurnedParts()
        for name in (*ARGUMENTS, *BLOCKS):
            member = BLOCKS.get(name) or api_name(name)
            self.places[(member,)] = (self.address, name)
        for name, value in given.items():
            member = BLOCKS.get(name) or api_name(name)
            self._at((member,), (self.address, name), value)
            if isinstance(value, Failed):
                self.unseen.append(_stopped((member,), value))
                self.missing = value if isinstance(value, Missing) else self.missing
                self.stops = self.stops or name == CONTAINERS
                if member in _ROLES:
                    # It names any role.
                    why, how = f"Terraform would fail here: {value.what}", "Run `terraform validate`"
                    self.tree[member] = Text(Expression(f"{self.address}.{name}", reason=why, remedy=how))
            elif name == CONTAINERS:
                self.tree[member] = self._containers(value, parts) if value.data is not None else []
            elif (made := self._part(value, MEMBERS.get(member), (member,), parts)) not in (None, ""):
                self.tree[member] = made
        told = any(each.path[:1] == ("containerDefinitions",) and len(each.path) < 3 for each in self.unseen)
        if not self.tree.setdefault("containerDefinitions", []) and not told:
            what = "the resource has no container definitions: the list is empty or null"
            place = getattr(given.get(CONTAINERS), "place", None)
            self.unseen.append(Unseen(("containerDefinitions",), what, "Write jsonencode([{ ... }])", place))
        return self

    def copied(self) -> Turned:
        """Return a copy to extend."""
        return Turned(
            self.address,
            dict(self.tree),
            dict(self.places),
            dict(self.spots),
            list(self.unseen),
            self.stops,
            self.rejected,
            self.missing,
            dict(self.keys),
            dict(self.looked_up),
            dict(self.settings),
        )

    def members_beside(self, root: str, given: Mapping[str, Value], kind: Mapping[str, Any]) -> dict[str, Any]:
        """Return ECS's members next to the task definition, with names in any case."""
        made = self._members(given, kind, (root,))
        self.tree[root] = made
        return made

    def beside(
        self, root: str, address: str, given: Attributes, kind: Mapping[str, Any], parts: TurnedParts | None = None
    ) -> None:
        """Add a service or cluster with the members that ECS accepts. ``parts`` is as for ``attributes``."""
        parts = parts or TurnedParts()
        tree: dict[str, Any] = {}
        self.places[(root,)] = (address,)
        for name, value in given.items():
            member = api_name(name, kind)
            if member not in kind:
                continue  # it is an instruction for Terraform itself
            path: Path = (root, member)
            self._at(path, (address, name), value)
            if isinstance(value, Failed):
                self.unseen.append(_stopped(path, value))
            elif (made := self._part(value, kind[member], path, parts)) not in (None, "", []):
                tree[member] = made
            of_objects = isinstance(kind[member], list) and isinstance(kind[member][0], Mapping)
            if member not in tree and of_objects and any(each.path == path for each in self.unseen):
                # An unreadable member may exist, with unknown content.
                tree[member] = [{}]
        self.tree[root] = tree
        documents = (each.place.document for each in given.values() if each.place is not None)
        self.settings[root] = next(documents, "")

    def shown(self, containers: Value) -> None:
        """Use container definitions from an output, if the resource's own are unreadable."""
        path: Path = ("containerDefinitions",)
        if any(each.path == path for each in self.unseen):
            self.unseen = [each for each in self.unseen if each.path != path]
            value = Value(Encoded(containers), containers.place)
            self.tree["containerDefinitions"] = self._containers(value, TurnedParts())

    def _at(self, path: Path, place: Path, value: Value | Failed) -> None:
        """Record the place of a member."""
        if self.place(path) != place:
            self.places[path] = place
        if value.place is not None and value.place.document:
            self.spots[path] = (value.place.document, value.place.line, value.place.column)

    def place(self, path: Path) -> Path:
        """Return the place of what is at ``path``: the address of its resource, and the path in that."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return (*self.places[path[:length]], *path[length:])
        return path

    def _hidden(self, path: Path, symbol: Expression, unknown: str = _UNKNOWN) -> None:
        before = unknown if path == _WHOLE else ""
        what = f"{before}cannot see what {symbol.called} puts here: {symbol.reason}"
        self.unseen.append(Unseen(path, what, symbol.remedy or "Write the value instead"))

    def _argument(self, value: Value, kind: Any, path: Path) -> Any:
        """Return an argument or block of the resource with the API's names."""
        data = value.data
        if isinstance(data, Expression):
            return self._open(data, kind, path)
        if isinstance(data, Lazy | Encoded) or data is None:
            return None
        if isinstance(kind, Mapping):
            first = data[0] if isinstance(data, list) and data else value
            if isinstance(first.data, Expression):
                return self._open(first.data, kind, path)
            return self._block(first, kind, path) if isinstance(first.data, dict) else None
        if isinstance(kind, list) and isinstance(data, list):
            return self._elements(data, path, lambda each, at: self._argument(each, kind[0], at))
        if isinstance(data, list | dict):
            return _pairs(data) if path[-1:] == ("properties",) else _plain(value)
        return _as(kind, data)

    def _open(self, symbol: Expression, kind: Any, path: Path) -> Any:
        if (listed := _listed(symbol, path)) is not None:
            return [listed]
        if isinstance(kind, Mapping | list) or kind == MAP:
            self._hidden(path, symbol)
            return None
        return shaped(Text(symbol))

    def _block(self, value: Value, kind: Mapping[str, Any], path: Path) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, member_value in value.data.items():
            *outer, member = _DEEPER.get(name, (api_name(name, kind),))
            inner_kind = kind.get(outer[0], {}).get(member) if outer else kind.get(member)
            at = (*path, *outer, member)
            self._at(at, (*self.place(path), name), member_value)
            made = self._properties(member_value, at) if member == "properties" else None
            if made is None:
                made = self._argument(member_value, inner_kind, at)
            if made not in (None, "", []):
                target = tree.setdefault(outer[0], {}) if outer else tree
                target[member] = made
        return tree

    def _properties(self, value: Value, path: Path) -> list[dict[str, Any]] | None:
        """Return a list of names and values for Terraform's map."""
        if not isinstance(value.data, dict):
            return None
        return [{"name": name, "value": _plain(each)} for name, each in value.data.items()]

    def _elements(self, found: Sequence[Value], path: Path, turn: Any) -> list[Any]:
        made: list[Any] = []
        for each in found:
            at = (*path, len(made))
            if isinstance(each.data, Expression) and isinstance(found, Partial):
                element = _listed(each.data, path)
                if element is None:
                    self._hidden(path, each.data, _SOME_UNKNOWN)
                    continue
                self._at(at, self.place(path), each)
            else:
                self._at(at, (*self.place(path), len(made)), each)
                element = turn(each, at)
            if element is not None:
                made.append(element)
        return made

    def _part(self, value: Value, kind: Any, path: Path, parts: TurnedParts) -> Any:
        return parts.of(value, path, self, lambda own: own._argument(value, kind, path))

    def _containers(self, value: Value, parts: TurnedParts) -> list[Any]:
        path: Path = ("containerDefinitions",)
        try:
            inner = parts.decoded(value)
        except Failed as failed:
            self.unseen.append(_stopped(path, failed))
            self.stops = True
            return []
        if isinstance(inner.data, Expression):
            self._hidden(path, inner.data)
            return []
        if not isinstance(inner.data, list):
            what = f"{_UNKNOWN}expected a list"
            self.unseen.append(Unseen(path, what, "Write jsonencode([{ ... }])"))
            return []
        kind = MEMBERS["containerDefinitions"][0]

        def container(each: Value, at: Path) -> Any:
            return parts.of(each, at, self, lambda own: own._json(each, kind, at))

        made = self._elements(inner.data, path, container)
        if others := [each for each in made if not isinstance(each, dict)]:
            what = f"{len(others)} of {len(made)} elements are not container definitions"
            self.unseen.append(Unseen(path, what, "Write jsonencode([{ ... }])"))
        containers = [each for each in made if isinstance(each, dict)]
        hidden = {each.path for each in self.unseen}
        whole = [each for index, each in enumerate(made) if isinstance(each, dict) and (*path, index) not in hidden]
        self.rejected = any(each.get(name) in (None, "") for each in whole for name in _REQUIRED)
        return containers

    def _json(self, value: Value, kind: Any, path: Path) -> Any:
        """Return a part of the container definitions, whose members the provider accepts in any case."""
        data = value.data
        if isinstance(data, Lazy):
            data = data.all(value.place).data
        if isinstance(data, Expression):
            return self._open(data, kind, path)
        if isinstance(data, Encoded):
            return _plain(value)
        if isinstance(data, dict):
            return self._members(data, kind, path)
        if isinstance(data, list):
            inner = kind[0] if isinstance(kind, list) else None
            return self._elements(data, path, lambda each, at: self._json(each, inner, at))
        return shaped(text_of(data)) if isinstance(data, Text) and data.symbols else data

    def _members(self, data: Mapping[str, Value], kind: Any, path: Path) -> dict[str, Any]:
        known = {name.lower(): name for name in kind} if isinstance(kind, Mapping) else {}
        tree: dict[str, Any] = {}
        if isinstance(data, PartialMembers) and data.rest:
            self._hidden(path, data.rest)
        for name, value in data.items():
            member = known.get(name.lower(), name)
            self._at((*path, member), (*self.place(path), name), value)
            made = self._json(value, kind.get(member) if isinstance(kind, Mapping) else None, (*path, member))
            if made is not None:
                tree[member] = made
        if isinstance(data, PartialMembers) and data.rest and path[:-1] == _WHOLE:
            tree.setdefault("name", Text(data.rest))
        return tree


def _listed(symbol: Expression, path: Path) -> dict[str, Text] | None:
    """Return one object for each in a list of references that can be written again; ``None`` for any other list."""
    member = REFERRING.get(str(path[-1]))
    if member is None or not symbol.written or path[:1] == ("overrides",):
        return None
    made: dict[str, Text] = {member: Text(each_of(symbol, member))}
    if member == "valueFrom":
        written = f"${{each of {in_short(symbol.written[2:-1])}}}"
        made["name"] = Text(replace(symbol, name=f"each of {symbol.name}", written=written))
    else:
        made["type"] = Text("s3")
    return made


def _stopped(path: Path, failed: Failed) -> Unseen:
    where = f" ({failed.place})" if failed.place and failed.place.document else ""
    before = _UNKNOWN if path == _WHOLE else ""
    what = f"{before}Terraform would fail here: {failed.what}{where}"
    return Unseen(path, what, "Run `terraform validate`", failed.cause)


def decoded_json(value: Value) -> Value:
    """Return the container definitions in their JSON."""
    if isinstance(value.data, Encoded):
        return value.data.value
    if isinstance(value.data, Expression) or not isinstance(value.data, str):
        return value
    whole = text_of(value.data).whole
    if isinstance(whole, Expression):
        return Value(whole, value.place)
    return decode(tuple(chunks_of(value)), spliced=True)


def api_name(name: str, kind: Mapping[str, Any] = MEMBERS) -> str:
    """Return a name in the API's spelling: ``networkMode`` for ``network_mode``, ``loadBalancers`` for
    ``load_balancer``.
    """
    if name in _RENAMED:
        return _RENAMED[name]
    return _named(name, tuple(kind))


@lru_cache(maxsize=1024)  # the arguments of resources, which each pass has again
def _named(name: str, kind: tuple[str, ...]) -> str:
    known = {each.lower(): each for each in kind}
    folded = name.replace("_", "")
    for spelled in (folded, f"{folded}s", f"{folded}es"):
        if spelled in known:
            return known[spelled]
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


def _as(kind: Any, data: Any) -> Any:
    """Return a plain value in the API's type: Terraform converts strings, numbers and Booleans."""
    if isinstance(data, Text) and data.symbols:
        return shaped(data)
    if kind == FLAG and data in ("true", "false"):
        return data == "true"
    if kind == NUMBER and isinstance(data, str) and data.isdigit() and len(data) < 10:
        return int(data)
    if isinstance(data, bool):
        return data
    return data if isinstance(data, str) or kind == NUMBER else str(data)


def _plain(value: Value) -> Any:
    """Return a plain value, with a text in place of each expression."""
    match value.data:
        case Expression() as symbol:
            return shaped(Text(symbol))
        case Encoded():
            return Text(*(part for part, _ in chunks_of(value)))
        case list() as elements:
            return [_plain(each) for each in elements]
        case dict() as members:
            return {name: _plain(each) for name, each in members.items()}
        case Text() as text:
            return shaped(text)
        case Lazy():
            return None
    return value.data


def _pairs(data: Any) -> Any:
    return [_plain(each) for each in data] if isinstance(data, list) else {k: _plain(v) for k, v in data.items()}
