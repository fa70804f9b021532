"""``cfnroles diff``: what a change does to the permissions of each role."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.diff_sides import File, file_at, in_revision, is_revision_and_path, sides
from cfnroles.cli.source import about_options, source_of
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.answers.diff import Comparison, Document

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_TEMPLATE, _TASK_DEFINITION, _SPEC = "a CloudFormation template", "a task definition", "a service spec"
#: The options that say something about a template, too.
_OF_TEMPLATES = ("account", "region")


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", default="")
@about_options
@click.option(
    "--fail-on",
    type=click.Choice(["widen", "change"]),
    help="Exit with 1 when a role may do more than before, or when anything changes.",
)
@click.option(
    "--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json", "markdown"])
)
def command(old: str, new: str, fail_on: str | None, format_: str, **about: Any) -> None:
    """Tell which permissions are added, removed, widened and narrowed from OLD to NEW.

    OLD and NEW are two task definitions, two service specs or two CloudFormation templates. Each is a file, - for
    standard input, or REVISION:PATH for a file in a revision of git (the PATH as git takes it: from the top of the
    repository, or with ./ from here). Nothing is checked out. The task definitions of a spec are read from where it
    is read from.

    \b
      cfnroles diff old.json new.json        two files
      cfnroles diff HEAD~1 web.json          a file, and what it was in a revision
      cfnroles diff v1:web.json v2:web.json  a file in two revisions
      cfnroles diff HEAD~1:./web.json        a file in a revision, and what it is now
      cfnroles diff HEAD~1                   each task definition, spec and template
                                             from here down that changed since a revision

    For a pull request: cfnroles diff --format markdown $(git merge-base origin/main HEAD)

    A permission is called wider only where it is proved that the new one allows all that the old one did. The options
    about a source hold for both sides; specs say all of that themselves. Of templates, parameters have their defaults,
    and what stands behind a condition is compared under the condition's name.
    """
    from cfnroles.formats import difference

    comparisons = tuple(_comparisons(old, new, about))
    formats = {"human": difference.human, "json": difference.json_text, "markdown": difference.markdown}
    click.echo(formats[format_](comparisons))
    differences = [comparison.difference for comparison in comparisons]
    failed = {
        "widen": any(difference.widens for difference in differences),
        "change": any(difference.changed for difference in differences),
    }
    if fail_on and failed[fail_on]:
        sys.exit(BadAnswer.exit_code)


def _comparisons(old: str, new: str, about: Mapping[str, Any]) -> Iterator[Comparison]:
    from cfnroles.answers.diff import Comparison

    if new or is_revision_and_path(old):
        before, after = sides(old, new)
        kinds = _kind(before), _kind(after)
        if kinds[0] != kinds[1]:
            raise InvalidInput(
                f"{before.name} is {kinds[0]} and {after.name} is {kinds[1]}",
                remedy="Compare two task definitions, two service specs, or two templates.",
            )
        if kinds[0] == _TEMPLATE:
            _check_options(about)
        yield Comparison(_document(before, kinds[0], about), _document(after, kinds[1], about))
        return
    if old == "-" or Path(old).is_file():
        raise InvalidInput(
            f"{old} is compared with nothing",
            remedy=f"Write `cfnroles diff {old} NEW`, or `cfnroles diff REVISION {old}`.",
        )
    yield from _changed(old, about)


def _changed(revision: str, about: Mapping[str, Any]) -> Iterator[Comparison]:
    """Each task definition, spec and template that is not what it was in a revision."""
    from cfnroles.answers.diff import Comparison
    from cfnroles.sources.revisions import changed_files

    for name in changed_files(revision):
        if not name.lower().endswith(_SUFFIXES):
            continue
        before = in_revision(revision, f"./{name}", f"{revision}:{name}")
        files = before, file_at(name) if Path(name).is_file() else None
        kinds = {kind for file in files if file and (kind := _guessed(file))}
        if len(kinds) > 1:
            raise InvalidInput(f"is no longer {', but '.join(sorted(kinds))}", where=name)
        for kind in kinds:
            # A spec says itself what the options say of a task definition.
            said = {} if kind == _SPEC else about
            old, new = (_document(file, kind, said) if file and _guessed(file) else None for file in files)
            # A template without roles is none of our business.
            if any(document and (document.grants or document.gaps) for document in (old, new)):
                yield Comparison(old, new)


def _kind(file: File) -> str:
    from cfnroles.document import parse

    kind = _kind_of(parse(file.text, file.name))
    if not kind:
        raise InvalidInput(
            "is no task definition, no service spec and no CloudFormation template",
            where=file.name,
            remedy="Compare two of the same kind.",
        )
    return kind


def _guessed(file: File) -> str:
    """What a file is, or an empty text for all that has nothing to do with roles."""
    from cfnroles.document import parse

    if not any(word in file.text for word in ("containerDefinitions", "Resources", "task-definition")):
        return ""
    return _kind_of(parse(file.text, file.name))


def _kind_of(data: Any) -> str:
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, Mapping):
        return ""
    if isinstance(data.get("Resources"), Mapping):
        return _TEMPLATE
    inner = data.get("taskDefinition")
    found = "containerDefinitions" in data or (isinstance(inner, Mapping) and "containerDefinitions" in inner)
    if found:
        return _TASK_DEFINITION
    from cfnroles.sources.service_spec.reading import is_spec

    return _SPEC if is_spec(data) else ""


def _check_options(about: Mapping[str, Any]) -> None:
    others = sorted(name for name, value in about.items() if value and name not in _OF_TEMPLATES)
    if others:
        raise InvalidInput(
            "only --account and --region say something about templates, and OLD and NEW are templates",
            remedy="Leave out the other options.",
        )


def _document(file: File, kind: str, about: Mapping[str, Any]) -> Document:
    from cfnroles.answers.diff import Document
    from cfnroles.answers.grants import needed

    if kind == _TEMPLATE:
        from cfnroles.answers.template_grants import template_grants
        from cfnroles.template.template import read_template

        template = read_template(file.text, file.name)
        home = {name: about[name] for name in _OF_TEMPLATES}
        return Document(file.name, file.text, template_grants(template, **home))
    if kind == _SPEC:
        from cfnroles.answers.spec_grants import spec_gaps, spec_grants
        from cfnroles.cli.spec_source import read_services
        from cfnroles.sources.service_spec.reading import read_spec

        project = read_services(read_spec(file.text, file.name), file.name, about, beside=file.beside)
        grants = spec_grants(file.name, project.services)
        return Document(file.name, project.texts, grants, spec_gaps(project.services))
    source = source_of(file.text, file.name, **about)
    return Document(file.name, file.text, needed(source.discovery), source.discovery.gaps)
