"""What `cdk synth` writes: a directory with a manifest and the templates of all stacks of an app.

Stages have directories of their own in it. Assets are of no interest: images and files that the stacks name.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cfnroles.document import read_document
from cfnroles.errors import InvalidInput
from cfnroles.files import is_file, read_inside, text_of
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.template_tasks import defined, hidden
from cfnroles.sources.told import Told
from cfnroles.template.template import Template

_MANIFEST = "manifest.json"
_STACK, _STAGE = "aws:cloudformation:stack", "cdk:cloud-assembly"
#: An account or a Region that the app does not tell is called `unknown-account` or `unknown-region`.
_ENVIRONMENT = re.compile(r"aws://(?:(?P<account>\d{12})|[^/]*)/(?:(?P<region>[a-z]{2,}(?:-[a-z]+)+-\d+)|.*)")


def read_app(directory: str, told: Told) -> tuple[Reading, ...]:
    """Each stack of an app, as a template in the account and Region that the app gives it.

    Raises InvalidInput where the directory is none of `cdk synth`, where a template in it cannot be read, and for
    another account or Region than the app's.
    """
    return tuple(_stacks(Path(directory), "", told))


def stacks_with(readings: Sequence[Reading], resource: str, types: tuple[str, ...], where: str) -> Iterator[Reading]:
    """The stacks with task definitions of these types, or with parts that may be some and cannot be seen.

    Those alone that define ``resource``, where that is asked about; raises InvalidInput where none does.
    """
    of = [(each, defined(each.template, types)) for each in readings if each.template]
    if resource and not any(resource in ids for _, ids in of):
        names = ", ".join(name for _, ids in of for name in ids)
        why = f"Its task definitions: {names}." if names else "It has none."
        raise InvalidInput(f"has no task definition {resource}", where=where, why=why)
    for each, ids in of:
        if resource in ids if resource else ids or (each.template and any(hidden(each.template))):
            yield each


def construct_path(template: Template, logical_id: str) -> str:
    """The path of the construct that made a resource of a template; empty where none is told.

    https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
    """
    resource = _mapping(_mapping(template.tree.get("Resources")).get(logical_id))
    path = _mapping(resource.get("Metadata")).get("aws:cdk:path")
    return path.removesuffix("/Resource") if isinstance(path, str) else ""


def _stacks(directory: Path, inside: str, told: Told) -> Iterator[Reading]:
    for artifact in _artifacts(directory):
        properties = _mapping(artifact.get("properties"))
        template, stage = properties.get("templateFile"), properties.get("directoryName")
        if artifact.get("type") == _STACK and isinstance(template, str):
            read_inside(directory, template)
            home = _ENVIRONMENT.fullmatch(str(artifact.get("environment")))
            document = read_document(str(directory / template), f"{inside}{template}")
            yield read(document, _at_home(told, home.groupdict() if home else {}, document.name))
        if artifact.get("type") == _STAGE and isinstance(stage, str):
            read_inside(directory, f"{stage}/{_MANIFEST}")
            yield from _stacks(directory / stage, f"{inside}{stage}/", told)


def _artifacts(directory: Path) -> Iterator[Mapping[str, Any]]:
    where = str(directory / _MANIFEST)
    remedy = "Give the directory that `cdk synth` writes: cdk.out."
    if not is_file(directory / _MANIFEST):
        raise InvalidInput("is a directory without a manifest.json", where=str(directory), remedy=remedy)
    try:
        manifest = json.loads(text_of(read_inside(directory, _MANIFEST), where))
    except ValueError as error:
        raise InvalidInput("is no JSON", where=where, why=str(error), remedy=remedy) from error
    artifacts = _mapping(manifest).get("artifacts")
    if not isinstance(artifacts, Mapping):
        raise InvalidInput("has no artifacts", where=where, remedy=remedy)
    return (each for each in artifacts.values() if isinstance(each, Mapping))


def _at_home(told: Told, home: Mapping[str, str | None], name: str) -> Told:
    known = {field: value for field, value in home.items() if value}
    for field, value in known.items():
        given = getattr(told, field)
        if given not in ("", value):
            raise InvalidInput(f"--{field} is {given}, and the app deploys this stack in {value}", where=name)
    return replace(told, **known)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
