"""The configuration of one directory: the declarations in its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from cfnroles.errors import InvalidInput
from cfnroles.hcl.directory import Files, configuration_files, joined
from cfnroles.hcl.parser import parse
from cfnroles.hcl.syntax import Block, Body, Chunk, GetAttribute, Node, Object, Source, Template, Variable

#: Mode, type and name of a resource: ``("data", "aws_region", "current")``.
ResourceName = tuple[str, str, str]

_Key = TypeVar("_Key", str, ResourceName)

_OVERRIDING = re.compile(r"(.*_)?override\.(tf|tofu)(\.json)?")


class Configuration(Struct, frozen=True, eq=False):
    """The declarations in the files of a directory, by name."""

    variables: dict[str, Block] = field(default_factory=dict)
    locals: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Block] = field(default_factory=dict)
    modules: dict[str, Block] = field(default_factory=dict)
    resources: dict[ResourceName, Block] = field(default_factory=dict)
    providers: list[Block] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


def read_configuration(files: Files, directory: str) -> Configuration:
    """Return the configuration in a directory.

    Raise InvalidInput with line and column for a malformed file, and for duplicate declarations.
    """
    found = Configuration()
    names = configuration_files(files.names(directory))
    for name in sorted(names, key=lambda each: (bool(_OVERRIDING.fullmatch(each)), each)):
        path = joined(directory, name)
        if (text := files.text(path)) is not None:
            called = files.called(path)
            found.texts[called] = text
            overrides = bool(_OVERRIDING.fullmatch(name))
            for block in _parsed(called, text).blocks:
                _declare(block, found, overrides)
    return found


@lru_cache(maxsize=1024)  # a directory is read several times before a file is written for it
def _parsed(name: str, text: str) -> Body:
    return parse_file(Source(name, text))


def parse_file(source: Source) -> Body:
    """Return the contents of a file in either syntax. Raise InvalidInput if it is malformed."""
    if not source.name.endswith(".json"):
        return parse(source)
    from cfnroles.hcl.json_files import parse_json

    return parse_json(source)


def _declare(block: Block, found: Configuration, overrides: bool) -> None:
    match block.type, block.labels:
        case "variable", (name,):
            _put(found.variables, name, block, overrides)
        case "output", (name,):
            _put(found.outputs, name, block, overrides)
        case "module", (name,):
            _put(found.modules, name, block, overrides)
        case ("resource" | "data") as mode, (kind, name):
            _put(found.resources, (mode, kind, name), block, overrides)
        case "locals", ():
            for name, node in block.body.arguments.items():
                if name in found.locals and not overrides:
                    raise _repeated(f"local.{name}", node)
                found.locals[name] = node
        case "provider", _:
            _put_provider(block, found.providers, overrides)


def _put_provider(block: Block, known: list[Block], overrides: bool) -> None:
    alike = [index for index, each in enumerate(known) if _called(each) == _called(block)]
    if overrides and alike:
        known[alike[0]] = _overridden(known[alike[0]], block)
    else:
        known.append(block)


def _called(provider: Block) -> tuple[object, ...]:
    return provider.labels, literal(provider.body.arguments.get("alias"))


def _put(known: dict[_Key, Block], name: _Key, block: Block, overrides: bool) -> None:
    if name not in known:
        known[name] = block
        return
    if not overrides:
        raise _repeated(".".join(name) if isinstance(name, tuple) else f"{block.type} {name}", block)
    known[name] = _overridden(known[name], block)


def _overridden(usual: Block, block: Block) -> Block:
    """https://developer.hashicorp.com/terraform/language/files/override"""
    replaced = set(map(_made, block.body.blocks))
    kept: tuple[Block, ...] = tuple(each for each in usual.body.blocks if _made(each) not in replaced)
    body = Body(
        usual.source,
        usual.body.start,
        usual.body.end,
        {**usual.body.arguments, **block.body.arguments},
        (*kept, *block.body.blocks),
    )
    return Block(usual.source, usual.start, usual.end, usual.type, usual.labels, body)


def _made(block: Block) -> str:
    """Return the type of the blocks that a block generates."""
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def _repeated(what: str, node: Node) -> InvalidInput:
    place = node.place
    where = f"{place.document}:{place.line}:{place.column}"
    return InvalidInput(f"declares {what} a second time", where=where, remedy="Keep one of them.")


def literal(node: Node | None) -> str | None:
    """Return the text of a literal expression, such as a module's source."""
    if not isinstance(node, Template) or not all(isinstance(part, Chunk) for part in node.parts):
        return None
    return "".join(part.text for part in node.parts if isinstance(part, Chunk))


def provider_of(block: Block) -> str:
    """Return the provider of a resource: ``aws.east``; empty for the default one."""
    node = block.body.arguments.get("provider")
    if isinstance(node, GetAttribute) and isinstance(node.of, Variable):
        return f"{node.of.name}.{node.name}"
    return ""


def providers_of(call: Block) -> Mapping[str, str]:
    """Return the providers that a module call passes, by their names in the module."""
    node = call.body.arguments.get("providers")
    members = node.members if isinstance(node, Object) else ()
    return {key.written: value.written for key, value in members}
