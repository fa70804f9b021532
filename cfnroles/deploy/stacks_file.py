"""``stacks.json``: the stacks that ``cfnroles build`` wrote into a directory, in deployment order."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.files import DOCUMENT, exists, read_text
from cfnroles.template.template import Template, read_template

#: Names with values, such as parameters and tags.
Pairs = tuple[tuple[str, str], ...]

FILE = "stacks.json"
SCHEMA = 1

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY_BYTES = 51_200
TEMPLATE_BYTES = DOCUMENT.bytes


class StackSource(Struct, frozen=True):
    """One stack as it was built; ``exports`` and ``imports`` are names as they will be in CloudFormation.

    ``template`` is the name of the file and ``body`` its text. A parameter that stacks.json names with ``null`` has no
    value yet, like one that it does not name.
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
        """The template's length in bytes, which is what CloudFormation limits."""
        return len(self.body.encode())

    @property
    def parsed(self) -> Template:
        """The template; raises ``InvalidInput`` where the text is none."""
        return _parsed(self.body, self.template)


@functools.lru_cache(maxsize=64)
def _parsed(body: str, where: str) -> Template:
    return read_template(body, where)


def read_stacks(directory: Path) -> tuple[StackSource, ...]:
    """The stacks that ``directory/stacks.json`` lists, with their templates, in its order.

    Raises ``InvalidInput`` that names the file and the field when something is missing or malformed.
    """
    if not exists(directory / FILE):
        raise InvalidInput(
            f"there is no {FILE} in this directory",
            where=str(directory),
            remedy=f"Write it first: cfnroles build SOURCE -o {directory}",
        )
    return parsed_stacks(lambda name: read_text(directory / name), str(directory / FILE))


def parsed_stacks(text_of: Callable[[str], str], where: str) -> tuple[StackSource, ...]:
    """The stacks of a build whose files ``text_of`` reads by name; ``where`` is how messages call it.

    Raises ``InvalidInput`` as ``read_stacks`` does.
    """
    try:
        document = json.loads(text_of(FILE))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("cannot be read as JSON", where=where, why=str(error)) from error
    if not isinstance(document, dict):
        raise InvalidInput("is not a JSON object", where=where)
    if document.get("schema") != SCHEMA:
        raise InvalidInput(
            f"has schema {document.get('schema')!r}, and this version of cfnroles reads schema {SCHEMA}",
            where=where,
            remedy="Build it again with this version: cfnroles build SOURCE",
        )
    stacks = document.get("stacks")
    if not isinstance(stacks, list) or not stacks:
        raise InvalidInput("lists no stacks", where=where, remedy="Build it again: cfnroles build SOURCE")
    sources = tuple(_source(f"{where}: stacks[{index}]", item, text_of) for index, item in enumerate(stacks))
    _check_order(where, sources)
    return sources


def _source(where: str, item: object, text_of: Callable[[str], str]) -> StackSource:
    if not isinstance(item, dict):
        raise InvalidInput("is not an object", where=where)
    name, template = item.get("name"), item.get("template")
    if not isinstance(name, str) or not name:
        raise InvalidInput("has no 'name'", where=where)
    if not isinstance(template, str) or not template:
        raise InvalidInput("has no 'template'", where=where)
    if template != Path(template).name:
        raise InvalidInput(f"its template {template} is not a file beside stacks.json", where=where)
    try:
        body = text_of(template)
    except InvalidInput as error:
        raise InvalidInput(f"its template {template!r} cannot be read", where=where, why=str(error)) from error
    parameters = item.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InvalidInput("'parameters' is not an object", where=where)
    return StackSource(
        name=name,
        template=template,
        body=body,
        parameters=tuple(sorted((str(key), str(value)) for key, value in parameters.items() if value is not None)),
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
                f"lists {source.name} before {later[0]}, on which it depends",
                where=where,
                remedy="Put the stacks in deployment order.",
            )
        seen.add(source.name)


def chosen(sources: Iterable[StackSource], only: Iterable[str]) -> tuple[StackSource, ...]:
    """The stacks named by ``only``, or all of them when it names none; dependencies are not added.

    Raises ``InvalidInput`` for a name that no stack has.
    """
    sources, only = tuple(sources), tuple(only)
    names = [source.name for source in sources]
    for name in only:
        if name not in names:
            raise InvalidInput(f"there is no stack {name}", remedy=f"The stacks are: {', '.join(names)}")
    return tuple(source for source in sources if not only or source.name in only)


def prefixed(sources: Iterable[StackSource], prefix: str) -> tuple[StackSource, ...]:
    """The same stacks under names that begin with ``prefix``; exports keep theirs."""
    return tuple(
        replace(
            source,
            name=prefix + source.name,
            depends_on=tuple(prefix + name for name in source.depends_on),
        )
        for source in sources
    )
