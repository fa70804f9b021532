"""The output of `cdk synth`: a directory with a manifest and the templates of all stacks of an app.

Stages have subdirectories. Assets (images and files) are ignored.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.document import Document, read_document
from cfnroles.errors import InvalidInput
from cfnroles.files import read_inside
from cfnroles.need import Gap
from cfnroles.sources.directories import MANIFEST, artifacts
from cfnroles.sources.nested_stacks import STACK as NESTED
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import hidden, own
from cfnroles.sources.told import Told
from cfnroles.spelling import hint
from cfnroles.template.linking import Stack, linked
from cfnroles.template.template import Template

_STACK, _STAGE = "aws:cloudformation:stack", "cdk:cloud-assembly"
#: The CDK's names for an unspecified account or Region.
_ENVIRONMENT = re.compile(r"aws://(?:(?P<account>\d{12})|[^/]*)/(?:(?P<region>[a-z]{2,}(?:-[a-z]+)+-\d+)|.*)")


def read_app(directory: str, told: Told, inside: str = "") -> tuple[Reading, ...]:
    """Return each stack of an app as a template in its account and Region, with its linked stacks.

    Nested stacks are included. ``inside`` is the prefix of document names. Raise InvalidInput if the directory is not
    from `cdk synth`, if a template cannot be read, and for another account or Region than the app's.
    """
    found = _found(directory, told, inside)
    stacks = _numbered(found)
    documents = {each.reading.name: each.reading.documents[0] for each in found}
    readings = map(_linked, found, stacks, linked(stacks))
    return tuple(_completed(each, told.parameters, documents) for each in readings)


def texts_of(readings: Sequence[Reading]) -> Mapping[str, str]:
    """Return the text of each document of an app by name."""
    return {name: text for each in readings for name, text in each.texts.items()}


def own_tasks(reading: Reading) -> tuple[str, ...]:
    """Return the logical IDs of the resources in a stack that define tasks."""
    return own(reading.template, TASKS) if reading.template else ()


def stacks_with(readings: Sequence[Reading], resource: str, where: str) -> Iterator[Reading]:
    """Yield the stacks with task definitions, or with unreadable parts that may define some.

    With ``resource``, only those that define it; raise InvalidInput if none does.
    """
    of = [(each, own_tasks(each)) for each in readings]
    if resource and not any(resource in ids for _, ids in of):
        names = [name for _, ids in of for name in ids]
        why = f"Its task definitions: {', '.join(names)}." if names else "It has none."
        raise InvalidInput(f"has no task definition {resource}", where=where, why=why, remedy=hint(resource, names))
    for each, ids in of:
        if resource in ids if resource else ids or (each.template and any((*hidden(each.template), *each.nested))):
            yield each


def construct_path(template: Template, logical_id: str) -> str:
    """Return the path of the construct that created a resource; empty if unknown.

    https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
    """
    path = _mapping(template.resources.get(logical_id, {}).get("Metadata")).get("aws:cdk:path")
    return path.removesuffix("/Resource") if isinstance(path, str) else ""


def read_stacks(directory: str, told: Told) -> tuple[Reading, ...]:
    """Return each stack of an app as if its template were given alone. Raise InvalidInput as ``read_app``."""
    return tuple(each.reading for each in _found(directory, told))


def _found(directory: str, told: Told, inside: str = "") -> tuple[_Found, ...]:
    found = tuple(_stacks(Path(directory), inside, told))
    known = {name for each in found for name in each.settable}
    if unknown := sorted(set(told.parameters) - known):
        why = f"The parameters of its stacks: {', '.join(sorted(known))}." if known else "They have none."
        what = f"has no parameter {unknown[0]} to set"
        raise InvalidInput(what, where=directory, why=why, remedy=hint(unknown[0], known))
    return found


class _Found(Struct, frozen=True):
    """A stack that was read alone: its name, and its account and Region in the manifest's form.

    A nested stack has the name of the document ``around`` it, and its logical ID there.
    """

    reading: Reading
    template: Template
    name: str
    place: str
    around: str = ""
    logical_id: str = ""

    @property
    def settable(self) -> tuple[str, ...]:
        """The parameters that can be set: those of a nested stack get their values from its parent."""
        return () if self.around else self.template.settable


def _stacks(directory: Path, inside: str, told: Told) -> Iterator[_Found]:
    for artifact_id, artifact in artifacts(directory).items():
        properties = _mapping(artifact.get("properties"))
        template, stage = properties.get("templateFile"), properties.get("directoryName")
        if artifact.get("type") == _STACK and isinstance(template, str):
            read_inside(directory, template)
            place = str(artifact.get("environment"))
            home = _ENVIRONMENT.fullmatch(place)
            document = read_document(str(directory / template), f"{inside}{template}")
            # `cdk deploy` deploys no stack without resources, but `cdk synth` writes it.
            if not document.members.get("Resources"):
                continue
            at_home = _at_home(told, home.groupdict() if home else {}, document.name)
            name = str(properties.get("stackName") or artifact_id)
            reading = read(document, at_home)
            if reading.template is None:
                raise InvalidInput(f"is {reading.noun}, not the template of a stack", where=document.name)
            yield from _with_nested(_Found(reading, reading.template, name, place), document)
        if artifact.get("type") == _STAGE and isinstance(stage, str):
            read_inside(directory, f"{stage}/{MANIFEST}")
            yield from _stacks(directory / stage, f"{inside}{stage}/", told)


def _with_nested(found: _Found, top: Document, way: tuple[str, ...] = ()) -> Iterator[_Found]:
    """Yield a stack and its nested stacks. ``top`` is the template of the outermost stack."""
    yield found
    document = found.reading.documents[0]
    for logical_id, resource in _nested_in(found.template):
        file = asset_file(resource, top)
        inner = top.beside(file.rpartition("/")[2]) if file else None
        if inner is None or inner.name in (*way, document.name):
            continue
        reading = read(inner, replace(found.reading.told, parameters={}))
        if reading.template is not None:
            name = f"{found.name}-{logical_id}"
            nested = _Found(reading, reading.template, name, found.place, document.name, logical_id)
            yield from _with_nested(nested, top, (*way, document.name))


def _nested_in(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, each) for name, each in template.resources.items() if each["Type"] == NESTED)


def asset_file(resource: Mapping[str, Any], top: Document) -> str:
    """Return the template file of a nested stack, from its metadata or the list of assets.

    https://docs.aws.amazon.com/cdk/v2/guide/assets.html
    """
    path = _mapping(resource.get("Metadata")).get("aws:asset:path")
    if isinstance(path, str):
        return path
    listed = top.beside(f"{Path(top.name).name.removesuffix('.template.json')}.assets.json")
    url = json.dumps(_mapping(resource.get("Properties")).get("TemplateURL"))
    for each in _mapping(listed.members.get("files")).values() if listed else ():
        source, destinations = _mapping(_mapping(each).get("source")), _mapping(_mapping(each).get("destinations"))
        keys = (_mapping(of).get("objectKey") for of in destinations.values())
        if any(isinstance(key, str) and key and key in url for key in keys):
            return str(source.get("path", ""))
    return ""


def _numbered(found: Sequence[_Found]) -> tuple[Stack, ...]:
    """Return the stacks, each with the numbers of its parents and children."""
    numbers = {(each.around, each.logical_id): number for number, each in enumerate(found) if each.around}
    names = {each.reading.name: number for number, each in enumerate(found)}
    stacks = []
    for each in found:
        ids = (name for name, _ in _nested_in(each.template))
        nested = {name: numbers[each.reading.name, name] for name in ids if (each.reading.name, name) in numbers}
        around = names[each.around] if each.around else None
        outer = dict(_nested_in(found[around].template)) if around is not None else {}
        properties = _mapping(_mapping(outer.get(each.logical_id)).get("Properties"))
        passed = _mapping(properties.get("Parameters"))
        stacks.append(Stack(each.name, each.template, each.place, around, passed, nested))
    return tuple(stacks)


def _linked(found: _Found, stack: Stack, template: Template) -> Reading:
    """Return the reading of a stack with its linked stacks. Nested stacks have readings of their own."""
    unread = (
        each for each in found.reading.nested if not (isinstance(each, Gap) and each.origin.path[-1] in stack.nested)
    )
    return replace(found.reading, template=template, nested=tuple(unread))


def _completed(reading: Reading, parameters: Mapping[str, str], documents: Mapping[str, Document]) -> Reading:
    """Return the reading with all parameter values, and the documents of linked stacks."""
    template = reading.template
    if template is None:
        return reading
    known = {name: value for name, value in parameters.items() if name in template.settable}
    homes = dict.fromkeys(home.document for home, _ in template.borrowed.values())
    others = (documents[name] for name in homes if name != reading.name)
    return replace(reading, documents=(*reading.documents, *others), told=replace(reading.told, parameters=known))


def _at_home(told: Told, home: Mapping[str, str | None], name: str) -> Told:
    known = {field: value for field, value in home.items() if value}
    for field, value in known.items():
        given = getattr(told, field)
        if given not in ("", value):
            raise InvalidInput(f"--{field} is {given}, but the app deploys this stack to {value}", where=name)
    return replace(told, **known)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
