"""``cfnroles build`` for a service spec: the stacks of all its services, or the other side of another account."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.spec_source import SpecSource, build_project, read_services
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.ecs import Ecs
    from cfnroles.sources.service_spec.spec import Spec
    from cfnroles.targets.cloudformation.output_files import Format
    from cfnroles.targets.cloudformation.service import Stack


def build_spec(
    spec: Spec,
    about: Mapping[str, Any],
    directory: Path,
    project: str,
    format_: Format,
    lint: Callable[[dict[str, str]], None] | None,
    strict: bool,
    environment: str = "",
    for_account: str = "",
    live: bool = False,
    profile: str = "",
) -> None:
    """Write the stacks of the spec and tell about them. ``lint`` raises where a template has a fault."""
    if project:
        raise InvalidInput(
            "--project is for a task definition, and SOURCE is a service spec",
            remedy="Name the project in the spec, or under an environment of it, and give --environment NAME.",
        )
    source = read_services(spec, about["source"], about, _ecs(spec, profile) if live else None)
    files, lines = _other_side(source, for_account, format_) if for_account else _stacks(source, environment, format_)
    if lint:
        lint(files)
    from cfnroles.cli.output_directory import write_files
    from cfnroles.targets.cloudformation.output_files import MANIFEST

    write_files(directory, files, MANIFEST)
    click.echo("\n".join(["Wrote:", *(f"  {directory / name}" for name in files), *lines(directory)]), err=True)
    if strict and source.gaps:
        sys.exit(BadAnswer.exit_code)


def _ecs(spec: Spec, profile: str) -> Ecs:
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.ecs import Ecs

    return Ecs(Connection(profile, spec.get("region") or ""))


_Written = tuple[dict[str, str], Callable[[Path], list[str]]]


def _stacks(source: SpecSource, environment: str, format_: Format) -> _Written:
    from cfnroles.targets.cloudformation.output_files import output_files

    stacks = build_project(source, environment)
    project = str(next(stack.parameters["ProjectName"] for stack in stacks))
    files = output_files(stacks, project, source.spec.document, format_)
    return files, lambda directory: [*_told(source), *_deployed(source, stacks, directory)]


def _other_side(source: SpecSource, account: str, format_: Format) -> _Written:
    from cfnroles.targets.cloudformation.other_side import other_side_files

    files = other_side_files(source.spec, source.services, account, format_)
    return files, lambda directory: [
        "",
        f"Hand these to the owner of the account {account}, and have them deployed when the roles exist.",
        "README.md beside them tells what each is for.",
    ]


def _told(source: SpecSource) -> list[str]:
    from cfnroles.formats.human import findings_text, gaps_text

    lines = []
    if source.gaps:
        lines += ["", f"Gaps: {len(source.gaps)} permission(s) that the roles do not have, because a name is missing:"]
        lines += [gaps_text(source.gaps, source.texts)]
    if source.warnings:
        lines += ["", f"Warnings: {len(source.warnings)} place(s) that ECS accepts and that will likely fail:"]
        lines += [findings_text(source.warnings, source.texts)]
    return lines


def _deployed(source: SpecSource, stacks: tuple[Stack, ...], directory: Path) -> list[str]:
    from cfnroles.targets.cloudformation.other_side import other_accounts

    services = len(source.services)
    lines = ["", f"{len(stacks)} stacks of {services} service{'s'[: services > 1]}."]
    lines += [f"Deploy them with `cfnroles deploy {shlex.quote(str(directory))}`."]
    lines += [
        f"The account {account} has its own side: `cfnroles build SPEC --for-account {account} -o DIR`."
        for account in other_accounts(source.services)
    ]
    return lines
