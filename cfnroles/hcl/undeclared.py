"""Undeclared names in a configuration, as `terraform validate` finds them.

https://developer.hashicorp.com/terraform/language/expressions/references
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from cfnroles.errors import InvalidInput
from cfnroles.hcl.configuration import Configuration
from cfnroles.hcl.definitions import modules_of
from cfnroles.hcl.module import OWN, WRITTEN_ROLE
from cfnroles.hcl.project import Project
from cfnroles.hcl.syntax import (
    Block,
    Body,
    Chunk,
    Constant,
    For,
    ForDirective,
    GetAttribute,
    Index,
    Node,
    Variable,
    children,
)
from cfnroles.hcl.traversals import chain, leading
from cfnroles.page import Page, page
from cfnroles.spelling import hint, meant

#: Modules of others, which are valid as published.
_FETCHED = ".terraform/"
#: Tools that add files to a directory before Terraform runs there.
_GENERATOR = "terragrunt.hcl"
#: Output of cfnroles is written again, whatever it names.
_WRITTEN = (".cfnroles.tf", ".cfnroles.tf.json")
#: Arguments with names of providers, of attributes, or of the block itself.
_OTHER_NAMES = frozenset({"provider", "providers", "iterator", "ignore_changes"})
_RESOURCE = re.compile(r"[a-z][a-z0-9]*_\w+")

_Fault = tuple[Node, str, str]


def refuse_undeclared(project: Project) -> None:
    """Raise InvalidInput for each undeclared name, with its place and the nearest declared name."""
    if _GENERATOR in project.files.names("."):
        return
    found: dict[tuple[str, str], _Fault] = {}
    for directory in dict.fromkeys(directory for _, directory in modules_of(project)):
        if not directory.startswith(_FETCHED):
            for fault in sorted(_faults(project, directory), key=lambda each: each[0].place):
                found.setdefault((directory, fault[1]), fault)
    faults = list(found.values())
    if not faults:
        return
    (node, what, remedy), *others = faults
    if not others:
        drawn = partial(node.source.drawn, node.place)
        raise InvalidInput(what, where=_where(node), remedy=remedy, drawn=drawn)
    raise InvalidInput(
        f"{len(faults)} names are not declared",
        where=project.files.called("."),
        why=_listed(faults),
        drawn=partial(_listed, faults, drawn=True),
    )


def _where(node: Node) -> str:
    place = node.place
    return f"{place.document}:{place.line}:{place.column}"


def _listed(faults: list[_Fault], *, drawn: bool = False) -> Page:
    return page(
        line
        for node, what, remedy in faults
        for line in (
            f"{_where(node)}: {what}",
            node.source.drawn(node.place) if drawn else "",
            f"  {remedy}" if remedy else "",
        )
        if line
    )


def _faults(project: Project, directory: str) -> Iterator[_Fault]:
    known = project.configuration(directory)
    called = _called(project, directory)
    blocks = (*known.resources.values(), *known.modules.values(), *known.outputs.values())
    bodies: tuple[Body | Node, ...] = (*(each.body for each in blocks), *known.locals.values())
    for body in bodies:
        if not body.source.name.endswith(_WRITTEN):
            for node in _references(body, frozenset(), []):
                yield from _fault(node, known, called)
    for name, block in known.modules.items():
        if name in called:
            yield from _unknown_arguments(name, block, called[name])


def _called(project: Project, directory: str) -> Mapping[str, Configuration]:
    """Return the available modules that a module calls."""
    found: dict[str, Configuration] = {}
    for calls, own in modules_of(project):
        if own == directory:
            for name, call in project.configuration(own).modules.items():
                source = project.source_of(call, own, (*calls, name))
                if source is not None:
                    found.setdefault(name, project.configuration(source))
    return found


def _unknown_arguments(name: str, block: Block, called: Configuration) -> Iterator[_Fault]:
    for argument, node in block.body.arguments.items():
        if argument not in OWN and argument not in called.variables:
            yield node, f"module.{name} has no variable {argument}", hint(argument, called.variables, "Omit it.")


def _fault(node: Node, known: Configuration, called: Mapping[str, Configuration]) -> Iterator[_Fault]:
    steps, (root, _) = leading(node), chain(node) or (None, ())
    first, called_by = (steps[0] if steps else ""), root.name if root else ""
    match called_by:
        case "var" if first and first not in known.variables:
            # A name without a similar one is a gap: Terragrunt may declare it, from anywhere in the repository.
            if near := _nearest("var.", first, known.variables, ""):
                yield node, f"var.{first} is not declared", near
        case "local" if first and first not in known.locals and not first.endswith(WRITTEN_ROLE):
            how = f"Declare it: `locals {{ {first} = VALUE }}`"
            yield node, f"local.{first} is not declared", _nearest("local.", first, known.locals, how)
        case "module" if first and first not in known.modules:
            how = f'Declare it: `module "{first}" {{ source = "PATH" }}`'
            yield node, f"module.{first} is not declared", _nearest("module.", first, known.modules, how)
        case "module" if len(steps) > 1 and first in called and steps[1] not in called[first].outputs:
            outputs = called[first].outputs
            how = f'Declare it there: `output "{steps[1]}" {{ value = VALUE }}`'
            yield node, f"module.{first} has no output {steps[1]}", _nearest(f"module.{first}.", steps[1], outputs, how)
        case "data":
            if len(steps) > 1:
                yield from _of_resource(node, ("data", steps[0], steps[1]), known)
        case _ if first and _RESOURCE.fullmatch(called_by):
            yield from _of_resource(node, ("resource", called_by, first), known)


def _of_resource(node: Node, name: tuple[str, str, str], known: Configuration) -> Iterator[_Fault]:
    mode, kind, own = name
    if name not in known.resources:
        before = "data." if mode == "data" else ""
        alike = [each for found, type_, each in known.resources if (found, type_) == (mode, kind)]
        others = [f"{type_}.{each}" for found, type_, each in known.resources if found == mode]
        how = f'Declare it: `{mode} "{kind}" "{own}" {{ ... }}`'
        near = _nearest(f"{before}{kind}.", own, alike, "") or _nearest(before, f"{kind}.{own}", others, how)
        yield node, f"{before}{kind}.{own} is not declared", near


def _nearest(before: str, name: str, known: Iterable[str], how: str) -> str:
    near = meant(name, known)
    return f"Did you mean {f'{before}{near}'!r}?" if near else how


def _references(node: Node, bound: frozenset[str], found: list[Node]) -> list[Node]:
    """Add the traversals in a part of a file that begin with a name of the module to those found."""
    match node:
        case Constant() | Chunk():
            pass
        case Variable() | GetAttribute() | Index():
            _traversal(node, bound, found)
        case Body():
            _of_body(node, bound, found)
        case For() | ForDirective():
            for child in children(node):
                inside = () if child is node.collection else (node.key, node.value)
                _references(child, bound.union(inside), found)
        case _:
            for child in children(node):
                _references(child, bound, found)
    return found


def _traversal(node: Node, bound: frozenset[str], found: list[Node]) -> None:
    """Search the steps of a traversal: they are not traversals, but a key is."""
    begun = chain(node)
    if begun is not None and begun[0].name not in bound:
        found.append(node)
    inside = children(node) if begun is None else (step.key for step in begun[1] if isinstance(step, Index))
    for part in inside:
        _references(part, bound, found)


def _of_body(body: Body, bound: frozenset[str], found: list[Node]) -> None:
    for name, argument in body.arguments.items():
        if name not in _OTHER_NAMES:
            _references(argument, bound, found)
    for block in body.blocks:
        if block.type != "dynamic":
            _of_body(block.body, bound, found)
            continue
        each = block.body.arguments.get("for_each")
        if each is not None:
            _references(each, bound, found)
        inner = bound | {_iterator(block)}
        for content in block.body.blocks:
            _of_body(content.body, inner, found)


def _iterator(block: Block) -> str:
    named = block.body.arguments.get("iterator")
    return named.name if isinstance(named, Variable) else block.labels[0] if block.labels else ""
