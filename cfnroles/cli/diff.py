"""``cfnroles diff``: the effect of a change on the permissions of each role."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.completed import FILE
from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import choice, format_option
from cfnroles.cli.source import about_options, told
from cfnroles.cli.terminal import say
from cfnroles.errors import BadAnswer, InvalidInput
from cfnroles.page import quoted

if TYPE_CHECKING:
    from cfnroles.answers.diff import Comparison
    from cfnroles.sources.told import Told

_SUFFIXES = (".json", ".yaml", ".yml", ".template")


@panel_command("diff")
@click.argument("old", metavar="OLD", type=FILE)
@click.argument("new", metavar="[NEW]", type=FILE, default=None)
@about_options
@click.option(
    "--fail-on",
    metavar="LEVEL",
    type=choice("widen", "change"),
    help="Exit with 1. widen: when a role may do more. change: on any change.",
)
@format_option("human", "json", "markdown")
def command(old: str, new: str | None, fail_on: str | None, format_: str, **about: Any) -> None:
    """Show the permissions that are added, removed, widened and narrowed from OLD to NEW.

    OLD and NEW are two task definitions, service specs, CloudFormation templates, `cdk synth` directories, or
    directories, plans or states of Terraform. Each is a path, - for standard input, or REVISION:PATH for a git
    revision (PATH from the top of the repository, or with ./ from here). Nothing is checked out. The task definitions
    of a spec come from the same revision as the spec.

    \b
      cfnroles diff old.json new.json        two files
      cfnroles diff HEAD~1 web.json          a file now, and in a revision
      cfnroles diff v1:web.json v2:web.json  a file in two revisions
      cfnroles diff HEAD~1:./web.json        a file in a revision, and now
      cfnroles diff HEAD~1 infra             a directory of Terraform
      cfnroles diff HEAD~1                   each file from here down that
                                             changed since a revision

    For a pull request: cfnroles diff --format markdown $(git merge-base origin/main HEAD)

    A permission is wider only if the new one provably allows everything that the old one did. Source options apply to
    both sides. Template parameters have their defaults; conditional permissions are compared under their condition.

    For templates, also shows each task definition whose `cfnroles verify` verdict changes, and what its roles now lack.
    """
    from cfnroles.formats import difference

    if empty := "OLD" if not old else "NEW" if new == "" else "":
        raise InvalidInput(f"{empty} is empty", remedy="Check that the shell variable is set.")
    comparisons = tuple(_comparisons(old, new or "", told(about)))
    formats = {"human": difference.human, "json": difference.json_text, "markdown": difference.markdown}
    say(formats[format_](comparisons))
    differences = [comparison.difference for comparison in comparisons]
    failed = {
        "widen": any(difference.widens for difference in differences),
        "change": any(difference.changed for difference in differences),
    }
    if fail_on and failed[fail_on]:
        sys.exit(BadAnswer.exit_code)


def _comparisons(old: str, new: str, told: Told) -> Iterator[Comparison]:
    from cfnroles import diff
    from cfnroles.cli.versions import two_versions
    from cfnroles.files import exists, is_file
    from cfnroles.sources.directories import is_app
    from cfnroles.sources.revisions import split

    if is_app(old) or is_app(new):
        yield from _of_apps(old, new, told)
        return
    if new or (old != "-" and not exists(old) and split(old)):
        yield diff(*two_versions(old, new, told))
        return
    if old == "-" or is_file(old):
        raise InvalidInput(
            f"{old} has nothing to compare with",
            remedy=f"Run `cfnroles diff {quoted(old)} NEW`"
            + (f" or `cfnroles diff REVISION {quoted(old)}`." if old != "-" else "."),
        )
    yield from _changed(old, told)


def _of_apps(old: str, new: str, told: Told) -> Iterator[Comparison]:
    """Yield the comparison of each stack with roles in two `cdk synth` directories, by template name."""
    from cfnroles import diff
    from cfnroles.sources.cdk_app import read_stacks
    from cfnroles.sources.directories import is_app

    directory, other = (old, new) if is_app(old) else (new, old)
    if not is_app(other):
        against = f"{other} is not" if other else "it has nothing to compare with"
        remedy = f"Run `cfnroles diff OLD {directory}`, where `cdk synth --output OLD` wrote OLD before the change."
        raise InvalidInput(f"is a directory of `cdk synth`, but {against}", where=directory, remedy=remedy)
    before, after = ({each.name: each for each in read_stacks(side, told)} for side in (old, new))
    for name in dict.fromkeys((*before, *after)):
        if (comparison := diff(before.get(name), after.get(name))).is_about_roles:
            yield comparison


def _changed(revision: str, told: Told) -> Iterator[Comparison]:
    """Yield the comparison of each supported document that changed since a revision."""
    from cfnroles import diff, read
    from cfnroles.cli.paths import pass_over
    from cfnroles.files import TooLarge, is_file
    from cfnroles.sources.revisions import changed_files, document_at, find_document
    from cfnroles.sources.source import fitting, looks_known, recognised

    for name in changed_files(revision):
        if not name.lower().endswith(_SUFFIXES):
            continue
        try:
            sides = (
                find_document(revision, f"./{name}", f"{revision}:{name}"),
                document_at(name) if is_file(name) else None,
            )
        except TooLarge as error:
            pass_over(error)
            continue
        old, new = (
            read(side, fitting(side, told)) if side and looks_known(side) and recognised(side) else None
            for side in sides
        )
        if old and new and old.noun != new.noun:
            raise InvalidInput(f"changed from {old.noun} to {new.noun}", where=name)
        # A template without roles is irrelevant.
        if (old or new) and (comparison := diff(old, new)).is_about_roles:
            yield comparison
