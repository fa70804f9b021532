"""The roles, policies and users of roles in a directory of Terraform, in one pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.hcl.configuration import Configuration
from cfnroles.hcl.definitions import Site, calls_away, instances, modules_of, sites
from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.instances import ResourceInstance
from cfnroles.hcl.module import Module, root_module
from cfnroles.hcl.project import Project
from cfnroles.hcl.session import MOST_OF_ALL, Budget, Session, TooMuch, Undecided
from cfnroles.hcl.syntax import Body, Node
from cfnroles.hcl.unavailable import unavailable
from cfnroles.hcl.values import Failed
from cfnroles.hcl.worlds import explored
from cfnroles.iam.roles import RolePolicy, Unread
from cfnroles.sources.terraform_configured import (
    ASKED,
    CALLED_BY,
    NAMING,
    POLICY,
    RESOURCE_POLICIES,
    ROLE,
    Configured,
)
from cfnroles.sources.terraform_instance_profiles import INSTANCE_PROFILE
from cfnroles.sources.terraform_kinds import CAPACITY_PROVIDER, KINDS
from cfnroles.sources.terraform_members import decoded_json
from cfnroles.sources.terraform_policies import Spelling, policy_of, spelled
from cfnroles.sources.terraform_runs import attributes_of
from cfnroles.sources.terraform_services import SERVICE
from cfnroles.symbols import Expression
from cfnroles.text import Text

_NAMED = re.compile(r"(?<!data\.)\baws_iam_role\.([\w-]+)")
#: Sources of a role from another place.
_THROUGH = re.compile(r"\b(?:var|local|module|each)\.")
_KEYS = re.compile(r"\[(?:\"[^\"]*\"|[^\]]*)\]")
#: An argument that names a role.
_OF_ROLE = re.compile(r"role(_?arn|s|_?name|_?id)?$", re.IGNORECASE)
#: Types that name a role without using it.
_NO_USERS = frozenset({*NAMING, ROLE, POLICY, *KINDS, "aws_iam_role_policies_exclusive"})


_Result = TypeVar("_Result")


class SeenBefore:
    """The parts of a directory that are equal in all passes: what names a role, and which policies may."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._budget = Budget(MOST_OF_ALL)

    @cached_property
    def named(self) -> Sequence[tuple[Site, Sequence[tuple[frozenset[str], Node | None]]]]:
        """Return each resource that may have a role, with its arguments that name one.

        For each argument, return the names in it, and the argument itself if others may come from another place.
        """
        found = []
        for path, directory in modules_of(self._project):
            for (mode, kind, own), block in self._project.configuration(directory).resources.items():
                site = Site(path, kind, own, block)
                if mode == "resource" and kind not in _NO_USERS:
                    nodes = [node for called, node in _arguments(block.body) if _names_a_role(called, site)]
                    found.append((site, [each for each in map(_written_in, nodes) if any(each)]))
        return [each for each in found if each[1]]

    @cached_property
    def of_providers(self) -> frozenset[str]:
        """The addresses of the instance profiles that only capacity providers use."""
        directories = dict(modules_of(self._project))
        found = (each for each in sites(self._project, INSTANCE_PROFILE))
        return frozenset(
            each.address
            for each in found
            if _users(f"{each.type}.{each.name}", self._project.configuration(directories[each.calls]))
            == {CAPACITY_PROVIDER}
        )

    def holders(self, names: Sequence[str]) -> Iterator[tuple[Site | None, Sequence[Configured]]]:
        """Yield the policies of secrets, buckets, repositories and keys that contain one of these texts, and unreadable
        ones.

        Evaluating all of them in each pass would add their conditions to those of the pass.
        """
        for each in self._holders:
            naming = any(json.dumps(name)[1:-1] in text for text in each.texts for name in names)
            yield each.site if naming else None, each.hidden

    @cached_property
    def _holders(self) -> Sequence[_Holder]:
        every = (each for kind in RESOURCE_POLICIES for each in sites(self._project, kind))
        return [self._holder(each) for each in every if "policy" in each.block.body.arguments]

    def _holder(self, site: Site) -> _Holder:
        """Return a policy with its documents, for both outcomes of each condition.

        Conditions under which Terraform would fail never hold.
        """

        module = root_module(self._project)

        def work(session: Session) -> list[Configured]:
            try:
                return [_configured(each) for each in instances(site, module)]
            except Failed:
                return []

        try:
            passes, _ = explored(work, self._budget.part(), session=module.session)
        except (TooMuch, RecursionError):
            attributes = {"policy": Failed("it is too complex to evaluate", site.place)}
            return _Holder(site, (), (Configured(site.address, site.type, attributes, site.place),))
        return _Holder(site, *_documents(form for _, found in passes for form in found))


def _users(name: str, configuration: Configuration) -> set[str]:
    """The types of the resources that name one of their module, by itself or through locals; a call is of no type."""
    names = {name}
    while True:
        named = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
        through = {f"local.{each}" for each, node in configuration.locals.items() if named.search(node.written)}
        if through <= names:
            break
        names |= through
    blocks = [(kind, block) for (_, kind, _), block in configuration.resources.items()]
    blocks += [("", block) for block in configuration.modules.values()]
    return {kind for kind, block in blocks if named.search(block.written)}


class _Holder(Struct, frozen=True):
    """A policy of a resource: its documents as texts, and its unreadable forms."""

    site: Site
    texts: Sequence[str]
    hidden: Sequence[Configured]


def _documents(forms: Iterable[Configured]) -> tuple[Sequence[str], Sequence[Configured]]:
    texts: dict[str, None] = {}
    hidden: dict[str, Configured] = {}
    stopped: dict[str, Configured] = {}
    for form in forms:
        given = form.attributes.get("policy")
        if given is None:
            continue
        try:
            tree = given if isinstance(given, Failed) else decoded_json(given)
        except Failed as failed:
            tree = failed
        if isinstance(tree, Failed):
            stopped[form.address] = replace(form, attributes={**form.attributes, "policy": tree})
            continue
        read = policy_of(form.address, given, form.where, Spelling(lambda symbol: symbol), trust=True)
        if isinstance(read, RolePolicy):
            texts[json.dumps(read.document)] = None
        else:
            hidden[form.address] = form
    return tuple(texts), tuple((hidden or ({} if texts else stopped)).values())


def _written_in(node: Node) -> tuple[frozenset[str], Node | None]:
    return frozenset(_NAMED.findall(node.written)), node if _THROUGH.search(node.written) else None


class DirectoryInPass:
    """As for ``terraform_configured.Surface``. ``judged`` are the addresses of users whose needs are all known."""

    def __init__(self, seen: SeenBefore, project: Project, module: Module, judged: frozenset[str]) -> None:
        self._seen, self._project, self._module, self._session = seen, project, module, module.session
        self._judged = frozenset(_KEYS.sub("", address) for address in judged)

    def once(self, key: object, work: Callable[[], _Result]) -> _Result:
        """As for ``Surface``."""
        return self._module.remembering((key, self._judged), work)

    def roles(self, named: Sequence[Text]) -> Iterable[Configured]:
        """As for ``Surface``: all roles only if one is named by a string."""
        symbols = [each for text in named for each in text.symbols if isinstance(each, Expression) and each.address]
        by_address = dict.fromkeys(each.address for each in symbols)
        others = [text for text in named if not any(each in text.symbols for each in symbols)]
        for address in by_address:
            if (found := self.at(address)) is not None and found.type == ROLE and not found.data:
                yield found
        if others:
            for site in sites(self._project, ROLE):
                yield from (each for each in self._instances(site) if each.address not in by_address)

    def policies(self, roles: Sequence[Configured]) -> Iterable[Configured | Unread]:
        """As for ``Surface``."""
        own = {(_calls(each.address), each.address.rpartition(f"{ROLE}.")[2].partition("[")[0]) for each in roles}
        for kind, argument in NAMING.items():
            for site in sites(self._project, kind):
                node = site.block.body.arguments.get(argument)
                if node is not None and _may_name(node, site.calls, own):
                    yield from self._given(site)

    def _given(self, site: Site) -> Iterator[Configured | Unread]:
        try:
            yield from list(self._instances(site))
        except Failed as failed:
            what = f"Terraform would fail here: {failed.what}"
            yield Unread(site.address, what, "Run `terraform validate`", str(site.place))

    def _instances(self, site: Site) -> Iterator[Configured]:
        yield from (_configured(each) for each in instances(site, self._module))

    def at(self, address: str) -> Configured | None:
        """As for ``Surface``."""
        found = self._session.made.get(address) or self._session.looked_up.get(address)
        return _configured(found) if isinstance(found, ResourceInstance) else None

    def policy(self, arn: str) -> Configured | None:
        """As for ``Surface``: a policy of the configuration has no known ARN."""
        return None

    def holders(self, names: Sequence[str]) -> Iterable[Configured]:
        """As for ``Surface``."""
        for site, hidden in self._seen.holders(names):
            yield from hidden
            if site is not None:
                yield from (each for each in self._given(site) if isinstance(each, Configured))

    def beside(self, role: Configured) -> Iterable[Unread]:
        """As for ``Surface``: a module with an unavailable source that gets the role's name may do anything."""
        name = rf"aws_iam_role\.{re.escape(_own_name(role))}(\[[^\]]*\])?\.(name|id)\b"
        for calls, call in calls_away(self._project):
            if calls[:-1] == _calls(role.address) and re.search(name, call.written):
                called = "".join(f"module.{each}." for each in calls)[:-1]
                source = unavailable(call)
                missing = source.reason if source.is_local else "its source is not downloaded"
                why = f"{called} receives the name of the role, and {missing}"
                yield Unread(f"that {called} may attach", why, source.remedy, str(call.place))

    def users(self, role: Configured) -> tuple[str, ...]:
        """As for ``Surface``."""
        found: dict[str, None] = {}
        calls, name = _calls(role.address), _own_name(role)
        for site, nodes in self._seen.named:
            if site.type == INSTANCE_PROFILE and site.address in self._seen.of_providers:
                continue
            if site.address not in self._judged and self._uses(site, nodes, role, calls, name):
                found[site.address] = None
        for path, call in calls_away(self._project):
            if path[:-1] == calls and name in _NAMED.findall(call.written):
                found["".join(f"module.{each}." for each in path)[:-1]] = None
        return tuple(found)

    def _uses(
        self,
        site: Site,
        nodes: Sequence[tuple[frozenset[str], Node | None]],
        role: Configured,
        calls: tuple[str, ...],
        name: str,
    ) -> bool:
        if calls == site.calls and any(name in written for written, _ in nodes):
            return True
        through = [node for _, node in nodes if node is not None]
        return bool(through) and role.address in self._named_by(site, through)

    def _named_by(self, site: Site, nodes: Sequence[Node]) -> frozenset[str]:
        """Return the addresses of what some arguments name, as far as the pass knows."""

        def read() -> frozenset[str]:
            found = (self._in(node, each) for each in self._peeked(site) for node in nodes)
            return frozenset(address for addresses in found for address in addresses)

        return self._module.remembering(("named by", site.address), read)

    def _peeked(self, site: Site) -> list[ResourceInstance]:
        try:
            with self._session.peeking():
                return list(instances(site, self._module))
        except (Failed, Undecided):
            return []

    def _in(self, node: Node, instance: ResourceInstance) -> Sequence[str]:
        try:
            with self._session.peeking():
                text = spelled(evaluate(node, instance.scope))
        except (Failed, Undecided):
            return ()
        symbols = text.symbols if text is not None else ()
        return [each.address for each in symbols if isinstance(each, Expression)]


def _configured(instance: ResourceInstance) -> Configured:
    called = (CALLED_BY[instance.type],) if instance.type in CALLED_BY else ()
    arguments, blocks = ASKED.get(instance.type, (called, ()))
    attributes = attributes_of(instance, arguments, blocks)
    data = instance.block.type == "data"
    return Configured(instance.address, instance.type, attributes, instance.block.place, data)


def _may_name(node: Node, calls: tuple[str, ...], roles: set[tuple[tuple[str, ...], str]]) -> bool:
    """Return whether an argument may name one of some roles, without evaluating it."""
    named = _NAMED.findall(node.written)
    return (
        not named or bool(_THROUGH.search(_KEYS.sub("", node.written))) or any((calls, name) in roles for name in named)
    )


def _calls(address: str) -> tuple[str, ...]:
    """Return the names of the modules in an address."""
    return tuple(re.findall(r"(?:^|\.)module\.([\w-]+)", _KEYS.sub("", address)))


def _own_name(role: Configured) -> str:
    return _KEYS.sub("", role.address).rpartition(".")[2]


def _names_a_role(argument: str, site: Site) -> bool:
    return argument == "iam_role" if site.type == SERVICE else _OF_ROLE.search(argument) is not None


def _arguments(body: Body) -> Iterator[tuple[str, Node]]:
    """Yield the arguments of a block and of all blocks in it."""
    yield from body.arguments.items()
    for block in body.blocks:
        yield from _arguments(block.body)
