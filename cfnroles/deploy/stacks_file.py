"""``stacks.json``: the stacks that ``cfnroles build`` wrote into a directory, in deployment order."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.deploy.parameter_values import value_of
from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.files import DOCUMENT, MANIFEST, Missing, exists, read_inside, text_of
from cfnroles.manifest import FILE, SCHEMA, State, comparisons, is_plain_name, manifest_of
from cfnroles.page import page, quoted
from cfnroles.spelling import hint
from cfnroles.template.template import Template, read_template

#: Names with values, such as parameters and tags.
Pairs = tuple[tuple[str, str], ...]

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY_BYTES = 51_200
TEMPLATE_BYTES = DOCUMENT.bytes


class StackSource(Struct, frozen=True):
    """One stack of a build. ``exports`` and ``imports`` are the names in CloudFormation.

    ``template`` is the name of the file and ``body`` its text. A parameter with ``null`` in stacks.json has no value
    yet, like one that is not listed.
    """

    name: str
    template: str
    body: str
    parameters: Pairs = ()
    capabilities: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The template's length in bytes, which CloudFormation limits."""
        return len(self.body.encode())

    @property
    def parsed(self) -> Template:
        """The template. Raises ``InvalidInput`` if the text is invalid."""
        return _parsed(self.body, self.template)


@functools.lru_cache(maxsize=64)
def _parsed(body: str, where: str) -> Template:
    return read_template(body, where)


def read_stacks(directory: Path, *, allow_edits: bool = False) -> tuple[StackSource, ...]:
    """Return the stacks in ``directory/stacks.json`` with their templates, in order.

    Raise ``InvalidInput`` with the file and field if something is missing or malformed, and as ``check_build`` does.
    """
    if not exists(directory / FILE):
        raise InvalidInput(
            f"{FILE} is not in this directory",
            where=str(directory),
            remedy=f"Write it first: cfnroles build SOURCE -o {quoted(str(directory))}",
        )
    where = str(directory / FILE)
    document = _document(read_inside(directory, FILE, MANIFEST), where)
    contents = {name: _content(directory, name, where) for name in _templates(document, where)}
    check_build(document, contents, directory, allow_edits=allow_edits)
    return _sources(document, contents, where)


class EnvironmentPlace(Struct, frozen=True):
    """The account and Region of the environment of the build; empty if unknown."""

    environment: str = ""
    account: str = ""
    region: str = ""


class Recorded(Struct, frozen=True):
    """Other records of a build: the gaps of the roles (``None`` if not recorded), and the place."""

    gaps: tuple[str, ...] | None
    place: EnvironmentPlace


def recorded(directory: Path) -> Recorded:
    """Return the records in ``directory/stacks.json``. Raise ``InvalidInput`` if it is malformed."""
    return _recorded(read_inside(directory, FILE, MANIFEST), str(directory / FILE))


def built_record(files: Mapping[str, str], where: str) -> Recorded:
    """Return the records of a build, from the texts of its files."""
    return _recorded(files[FILE].encode(), where)


def _recorded(data: bytes, where: str) -> Recorded:
    document = _document(data, where)
    told = document.get("environment", {})
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise InvalidInput("'environment' is not an object of strings", where=where)
    place = EnvironmentPlace(told.get("name", ""), told.get("account", ""), told.get("region", ""))
    return Recorded(_texts(where, document, "gaps") if "gaps" in document else None, place)


def built_stacks(files: Mapping[str, str], where: str) -> tuple[StackSource, ...]:
    """Return the stacks of a build, from the texts of its files. ``where`` is its name in messages."""
    document = _document(files[FILE].encode(), where)
    return _sources(document, {name: text.encode() for name, text in files.items()}, where)


def check_build(
    document: Mapping[str, Any], contents: Mapping[str, bytes], directory: Path, *, allow_edits: bool
) -> None:
    """Raise ``InvalidInput`` if the files are not from one build, according to the digests in stacks.json.

    Files of an earlier build are never accepted. Edited files are, with ``allow_edits``.
    """
    manifest = manifest_of(document)
    if manifest is None:
        raise InvalidInput("its digests of files are malformed", where=str(directory / FILE), remedy=_again(directory))
    states = {name: manifest.state(name, data) for name, data in contents.items()}
    if old := [name for name, state in states.items() if state is State.EARLIER]:
        raise InvalidInput(
            f"holds files of two builds: {', '.join(old)} {'is' if len(old) == 1 else 'are'} of an earlier one",
            where=str(directory),
            why="The last build was interrupted, or is still running.",
            remedy=_again(directory),
        )
    states |= {FILE: manifest.state(FILE, b"")}
    if not allow_edits and (other := [name for name, state in states.items() if state is State.OTHER]):
        raise InvalidInput(
            f"{', '.join(other)} {'is' if len(other) == 1 else 'are'} not as the last build wrote",
            where=str(directory),
            why=page(["Edited since, or from another build. To see the edits:", *_shown(directory, other)]),
            remedy="To use the files as they are, pass --allow-edits. To discard the edits, build again with --force.",
        )


def _shown(directory: Path, names: Sequence[str]) -> Iterator[str]:
    built, commands = comparisons(directory, names)
    yield f"  cfnroles build SOURCE -o {quoted(str(built))}"
    yield commands


def _again(directory: Path) -> str:
    return f"Build it again: cfnroles build SOURCE -o {quoted(str(directory))}"


def _document(data: bytes, where: str) -> Mapping[str, Any]:
    document = parse(text_of(data, where), where)
    if not isinstance(document, dict):
        raise InvalidInput("is not a JSON object", where=where)
    if document.get("schema") != SCHEMA:
        raise InvalidInput(
            f"has schema {document.get('schema')!r}; this version of cfnroles reads schema {SCHEMA}",
            where=where,
            remedy="Build it again with this version: cfnroles build SOURCE",
        )
    stacks = document.get("stacks")
    if not isinstance(stacks, list) or not stacks:
        raise InvalidInput("lists no stacks", where=where, remedy="Build it again: cfnroles build SOURCE")
    return document


def _templates(document: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield the name of each stack's template. Raise ``InvalidInput`` if one is not next to stacks.json."""
    for index, item in enumerate(document["stacks"]):
        place = f"{where}: stacks[{index}]"
        if not isinstance(item, dict):
            raise InvalidInput("is not an object", where=place)
        name, template = item.get("name"), item.get("template")
        if not isinstance(name, str) or not name:
            raise InvalidInput("has no 'name'", where=place)
        if not isinstance(template, str) or not template:
            raise InvalidInput("has no 'template'", where=place)
        if not is_plain_name(template) or template == FILE:
            raise InvalidInput(f"its template {template!r} is not a file next to stacks.json", where=place)
        yield template


def _content(directory: Path, name: str, where: str) -> bytes:
    try:
        return read_inside(directory, name)
    except Missing as error:
        raise InvalidInput(f"its template {name!r} is missing", where=where, remedy=_again(directory)) from error
    except InvalidInput as error:
        raise InvalidInput(f"its template {name!r} cannot be read", where=where, why=str(error)) from error


def _sources(document: Mapping[str, Any], contents: Mapping[str, bytes], where: str) -> tuple[StackSource, ...]:
    names = _templates(document, where)
    sources = tuple(
        _source(f"{where}: stacks[{index}]", item, text_of(contents[template], template))
        for index, (item, template) in enumerate(zip(document["stacks"], names, strict=True))
    )
    _check_order(where, sources)
    return sources


def _source(where: str, item: Mapping[str, Any], body: str) -> StackSource:
    parameters = item.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InvalidInput("'parameters' is not an object", where=where)
    return StackSource(
        name=item["name"],
        template=item["template"],
        body=body,
        parameters=tuple(
            (key, value_of(value, key, where)) for key, value in sorted(parameters.items()) if value is not None
        ),
        capabilities=_texts(where, item, "capabilities"),
        exports=_texts(where, item, "exports"),
        imports=_texts(where, item, "imports"),
        depends_on=_texts(where, item, "depends_on"),
    )


def _texts(where: str, item: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = item.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InvalidInput(f"'{key}' is not a list of strings", where=where)
    return tuple(value)


def _check_order(where: str, sources: Iterable[StackSource]) -> None:
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            raise InvalidInput(f"lists the stack {source.name} twice", where=where)
        later = [name for name in source.depends_on if name not in seen]
        if later:
            raise InvalidInput(
                f"lists {source.name} before {later[0]}, which it depends on",
                where=where,
                remedy="Put the stacks in deployment order.",
            )
        seen.add(source.name)


def chosen(sources: Iterable[StackSource], only: Iterable[str]) -> tuple[StackSource, ...]:
    """Return the stacks named by ``only``, or all without any names. Dependencies are not added.

    Raise ``InvalidInput`` for names that no stack has.
    """
    sources, only = tuple(sources), tuple(only)
    names = [source.name for source in sources]
    if unknown := [name for name in only if name not in names]:
        why = f"The stacks are: {', '.join(names)}"
        raise InvalidInput(f"the stack {' or '.join(unknown)} does not exist", why=why, remedy=hint(unknown[0], names))
    return tuple(source for source in sources if not only or source.name in only)


def prefixed(sources: Iterable[StackSource], prefix: str) -> tuple[StackSource, ...]:
    """Return the stacks with ``prefix`` in their names; exports keep their names."""
    return tuple(
        replace(
            source,
            name=prefix + source.name,
            depends_on=tuple(prefix + name for name in source.depends_on),
        )
        for source in sources
    )
