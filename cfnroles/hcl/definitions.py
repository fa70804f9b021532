"""The resources of a type in a configuration and its modules, in each world of its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from cfnroles.hcl.configuration import Configuration
from cfnroles.hcl.instances import Instances, ResourceInstance
from cfnroles.hcl.module import OWN, Module, Outputs
from cfnroles.hcl.project import Project
from cfnroles.hcl.syntax import Block, Place
from cfnroles.hcl.values import Lazy, Value

#: The maximum depth of module calls; a configuration that calls itself has no end.
_MOST = 500
_DEEPEST = 12
_INSTANCE = re.compile(r'\[(?:"[^"]*"|[^\]]*)\]')


class Site(Struct, frozen=True):
    """A block that declares a resource: the module calls from the root, and its type and name."""

    calls: tuple[str, ...]
    type: str
    name: str
    block: Block

    @property
    def place(self) -> Place:
        """Its place."""
        return self.block.place

    @property
    def address(self) -> str:
        """Its address without the keys of instances."""
        return "".join(f"module.{each}." for each in self.calls) + f"{self.type}.{self.name}"


def without_instances(address: str) -> str:
    """Return an address without the keys of instances."""
    return _INSTANCE.sub("", address)


def sites(project: Project, kind: str) -> tuple[Site, ...]:
    """Return the blocks that declare a resource of a type, in the root and all available modules."""
    if kind not in project.sites:
        found: list[Site] = []
        for calls, directory in modules_of(project):
            found += _declared(project.configuration(directory), kind, calls)
        project.sites[kind] = tuple(found)
    known: tuple[Site, ...] = project.sites[kind]
    return known


def away(project: Project) -> Iterator[tuple[str, Block]]:
    """Yield the calls of unavailable modules, each with its address."""
    for calls, call in calls_away(project):
        yield "".join(f"module.{each}." for each in calls)[:-1], call


def passed_variables(project: Project, directory: str) -> frozenset[str]:
    """Return the variables of a module that any of its calls passes."""
    found: set[str] = set()
    for calls, caller in modules_of(project):
        for name, call in project.configuration(caller).modules.items():
            if project.source_of(call, caller, (*calls, name)) == directory:
                found |= call.body.arguments.keys() - OWN
    return frozenset(found)


def calls_away(project: Project) -> Iterator[tuple[tuple[str, ...], Block]]:
    """Yield the calls of unavailable modules, each with the calls that lead to it and itself last."""
    for calls, directory in modules_of(project):
        for name, call in project.configuration(directory).modules.items():
            path = (*calls, name)
            if len(calls) >= _DEEPEST or project.source_of(call, directory, path) is None:
                yield path, call


def modules_of(project: Project) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the calls that lead to each available module, the root's first, with its directory."""
    pending: list[tuple[tuple[str, ...], str]] = [((), ".")]
    looked_at = 0
    while pending and looked_at < _MOST:
        calls, directory = pending.pop(0)
        looked_at += 1
        yield calls, directory
        for name, call in project.configuration(directory).modules.items() if len(calls) < _DEEPEST else ():
            inner = project.source_of(call, directory, (*calls, name))
            if inner is not None:
                pending.append(((*calls, name), inner))


def module_directory(project: Project, calls: tuple[str, ...]) -> str:
    """Return the directory of the module at the end of these calls, relative to the root."""
    return next(directory for found, directory in modules_of(project) if found == calls)


def _declared(configuration: Configuration, kind: str, calls: tuple[str, ...]) -> Iterator[Site]:
    for (mode, type_, name), block in configuration.resources.items():
        if mode == "resource" and type_ == kind:
            yield Site(calls, kind, name, block)


def instances(site: Site, module: Module) -> Iterator[ResourceInstance]:
    """Return the instances of a resource. Raise Failed if Terraform would fail."""
    for around in _modules(site.calls, module):
        for each in _each(around.resource(("resource", site.type, site.name), site.place)):
            if isinstance(each, ResourceInstance):
                yield each


def _modules(calls: tuple[str, ...], module: Module) -> Iterator[Module]:
    if not calls:
        yield module
        return
    place = module.configuration.modules[calls[0]].place
    for each in _each(module.called_module(calls[0], place)):
        if isinstance(each, Outputs):
            yield from _modules(calls[1:], each.module)


def _each(value: Value) -> Iterator[Lazy]:
    data = value.data
    if isinstance(data, Instances):
        yield from (each.data for each in data.each())
    elif isinstance(data, Lazy):
        yield data
