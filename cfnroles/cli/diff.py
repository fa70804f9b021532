"""``cfnroles diff``: what a change does to the permissions of each role."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.source import about_options, source_of
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.answers.diff import Comparison, Document

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_TEMPLATE, _TASK_DEFINITION = "a CloudFormation template", "a task definition"
#: The options that say something about a template, too.
_OF_TEMPLATES = ("account", "region")


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    text: str


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

    OLD and NEW are two task definitions or two CloudFormation templates. Each is a file, - for standard input, or
    REVISION:PATH for a file in a revision of git (the PATH as git takes it: from the top of the repository, or with
    ./ from here). Nothing is checked out.

    \b
      cfnroles diff old.json new.json        two files
      cfnroles diff HEAD~1 web.json          a file, and what it was in a revision
      cfnroles diff v1:web.json v2:web.json  a file in two revisions
      cfnroles diff HEAD~1:./web.json        a file in a revision, and what it is now
      cfnroles diff HEAD~1                   each task definition and template from
                                             here down that changed since a revision

    For a pull request: cfnroles diff --format markdown $(git merge-base origin/main HEAD)

    A permission is called wider only where it is proved that the new one allows all that the old one did. The options
    about a source hold for both sides. Of templates, parameters have their defaults, and what stands behind a
    condition is compared under the condition's name.
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

    if new or _is_revision_and_path(old):
        before, after = _sides(old, new)
        kinds = _kind(before), _kind(after)
        if kinds[0] != kinds[1]:
            raise InvalidInput(
                f"{before.name} is {kinds[0]} and {after.name} is {kinds[1]}",
                remedy="Compare two task definitions, or two templates.",
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
    """Each task definition and template that is not what it was in a revision."""
    from cfnroles.answers.diff import Comparison
    from cfnroles.readers.document import read_text
    from cfnroles.readers.revisions import changed_files, text_at

    for name in changed_files(revision):
        if not name.lower().endswith(_SUFFIXES):
            continue
        texts = text_at(revision, f"./{name}"), read_text(name) if Path(name).is_file() else None
        files = [
            None if text is None else _File(label, text)
            for label, text in zip((f"{revision}:{name}", name), texts, strict=True)
        ]
        kinds = {kind for file in files if file and (kind := _guessed(file))}
        if len(kinds) > 1:
            raise InvalidInput(f"is no longer {', but '.join(sorted(kinds))}", where=name)
        for kind in kinds:
            before, after = (_document(file, kind, about) if file and _guessed(file) else None for file in files)
            # A template without roles is none of our business.
            if any(document and (document.grants or document.gaps) for document in (before, after)):
                yield Comparison(before, after)


def _sides(old: str, new: str) -> tuple[_File, _File]:
    if old == new == "-":
        raise InvalidInput("standard input holds one document", remedy="Give the other as a file.")
    if not new:
        from cfnroles.readers.revisions import split, working_tree_path

        revision, path = split(old) or ("", old)
        return _in_revision(revision, path, old), _file(str(working_tree_path(path)))
    after = _file(new)
    if old == "-" or Path(old).is_file() or _is_revision_and_path(old) or not Path(new).is_file():
        return _file(old), after
    return _in_revision(old, f"./{Path(new).name}", f"{old}:{new}", Path(new).parent), after


def _file(name: str) -> _File:
    from cfnroles.readers.document import read_text
    from cfnroles.readers.revisions import split

    found = None if name == "-" or Path(name).exists() else split(name)
    if found:
        return _in_revision(*found, name)
    return _File("standard input" if name == "-" else name, read_text(name))


def _in_revision(revision: str, path: str, name: str, directory: Path = Path()) -> _File:
    from cfnroles.readers.revisions import text_at

    text = text_at(revision, path, directory)
    if text is None:
        here = "" if path.startswith(("./", "../")) else f" A path from the current directory is {revision}:./{path}."
        raise InvalidInput(
            "is not in that revision",
            where=name,
            remedy=f"See what is there: git ls-tree -r --name-only {revision or 'HEAD'}.{here}",
        )
    return _File(name, text)


def _is_revision_and_path(name: str) -> bool:
    from cfnroles.readers.revisions import split

    return name != "-" and not Path(name).exists() and split(name) is not None


def _kind(file: _File) -> str:
    from cfnroles.readers.document import parse

    kind = _kind_of(parse(file.text, file.name))
    if not kind:
        raise InvalidInput(
            "is neither a task definition nor a CloudFormation template",
            where=file.name,
            remedy="Of a service spec, compare the templates that `cfnroles build` writes.",
        )
    return kind


def _guessed(file: _File) -> str:
    """What a file is, or an empty text for all that has nothing to do with roles."""
    from cfnroles.readers.document import parse

    if not any(word in file.text for word in ("containerDefinitions", "Resources")):
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
    return _TASK_DEFINITION if found else ""


def _check_options(about: Mapping[str, Any]) -> None:
    others = sorted(name for name, value in about.items() if value and name not in _OF_TEMPLATES)
    if others:
        raise InvalidInput(
            "only --account and --region say something about templates, and OLD and NEW are templates",
            remedy="Leave out the other options.",
        )


def _document(file: _File, kind: str, about: Mapping[str, Any]) -> Document:
    from cfnroles.answers.diff import Document
    from cfnroles.answers.grants import needed

    if kind == _TEMPLATE:
        from cfnroles.answers.template_grants import template_grants
        from cfnroles.readers.template import read_template

        template = read_template(file.text, file.name)
        home = {name: about[name] for name in _OF_TEMPLATES}
        return Document(file.name, file.text, template_grants(template, **home))
    source = source_of(file.text, file.name, **about)
    return Document(file.name, file.text, needed(source.discovery), source.discovery.gaps)
