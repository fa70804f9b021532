"""``cfnroles build``: from a task definition to the CloudFormation stacks around it."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.source import Source, read_source, source_options
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.targets.cloudformation.output_files import Format
    from cfnroles.targets.cloudformation.service import Stack


@click.command("build")
@source_options
@click.option(
    "-o",
    "--output",
    "directory",
    default="build",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory to write to.",
)
@click.option(
    "--project", default="", metavar="NAME", help="First part of stack and export names [default: the family]."
)
@click.option("--format", "format_", default="yaml", show_default=True, type=click.Choice(["yaml", "json"]))
@click.option("--lint/--no-lint", default=False, help="Check the templates with cfn-lint before they are written.")
@click.option("--strict", is_flag=True, help="Exit with 1 when there are gaps.")
@click.option("--environment", default="", metavar="NAME", help="Environment of the service spec.")
@click.option("--for-account", default="", metavar="ID", help="Write what this other account must admit instead.")
@click.option("--live", is_flag=True, help="Read FAMILY:REVISION in a service spec from Amazon ECS. Reads only.")
@click.option("--profile", default="", help="AWS profile to use with --live. Default: AWS_PROFILE.")
def command(
    directory: Path,
    project: str,
    format_: Format,
    lint: bool,
    strict: bool,
    environment: str,
    for_account: str,
    live: bool,
    profile: str,
    **about: Any,
) -> None:
    """Write the CloudFormation stacks for the task definition or the service spec SOURCE.

    SOURCE is a JSON or YAML file, or - for standard input: what `aws ecs register-task-definition --cli-input-json`
    takes or what `aws ecs describe-task-definition` answers. A service spec has several services; docs/spec.md tells
    its keys, and `cfnroles init` writes one.
    """
    from cfnroles.cli.spec_source import spec_of

    if spec := spec_of(about["source"]):
        from cfnroles.cli.build_spec import build_spec

        check = _lint if lint else None
        build_spec(spec, about, directory, project, format_, check, strict, environment, for_account, live, profile)
        return
    if environment or for_account or live:
        raise InvalidInput("--environment, --for-account and --live are for service specs", where=about["source"])
    source = read_source(**about)
    stacks, files = build(source, project, format_)
    if lint:
        _lint(files)
    from cfnroles.cli.output_directory import write_files
    from cfnroles.targets.cloudformation.output_files import MANIFEST

    write_files(directory, files, MANIFEST)
    click.echo(_summary(source, directory, stacks, files, format_), err=True)
    if strict and source.discovery.gaps:
        sys.exit(BadAnswer.exit_code)


def build(source: Source, project: str, format_: Format = "yaml") -> tuple[tuple[Stack, ...], dict[str, str]]:
    """The stacks of a source, and the text of each file that a build writes."""
    from cfnroles.targets.cloudformation.output_files import output_files
    from cfnroles.targets.cloudformation.service import service_stacks

    project = project or default_project(source.workload.family)
    check_project(project)
    stacks = service_stacks(source.workload, source.discovery, source.facts, project)
    return stacks, output_files(stacks, project, source.name, format_)


def default_project(family: str) -> str:
    """The family's name in the letters that names of stacks and exports can have."""
    return family.replace("_", "-")


def check_project(project: str) -> None:
    """Raise InvalidInput for a name that stacks and exports cannot have."""
    from cfnroles.targets.cloudformation.parameters import PROJECT_NAME

    if not re.fullmatch(PROJECT_NAME, project):
        raise InvalidInput(
            f"{project!r} cannot be a project's name",
            why="It begins the names of stacks and exports: a letter, then up to 99 letters, digits and hyphens.",
            remedy="Name the project with --project NAME.",
        )


def _lint(files: dict[str, str]) -> None:
    from cfnroles.answers.template_lint import template_problems

    problems = [
        f"{name}: {problem}"
        for name, text in files.items()
        if name.endswith((".yaml", ".json")) and name not in ("stacks.json", "statements.json")
        for problem in template_problems(text)
    ]
    if problems:
        raise BadAnswer("cfn-lint finds fault with the templates; nothing was written", why="\n".join(problems))


def _summary(source: Source, directory: Path, stacks: tuple[Stack, ...], files: dict[str, str], format_: Format) -> str:
    from cfnroles.formats.human import findings_text, gaps_text
    from cfnroles.need import Severity
    from cfnroles.targets.cloudformation.limits import TEMPLATE_BODY, too_large
    from cfnroles.targets.cloudformation.output_files import file_name
    from cfnroles.targets.cloudformation.parameters import MOST_PARAMETERS, secret_names, within_quota

    lines = ["Wrote:", *(f"  {directory / name}" for name in files)]
    facts, gaps = source.facts, source.discovery.gaps
    if not facts.account or not facts.region:
        unknown = " and ".join(what for what in ("account", "region") if not getattr(facts, what))
        lines += ["", f"The task's own {unknown} cannot be told from {source.name}: what it names stays as it is."]
        lines += [f"Give --{unknown.replace(' and ', ' and --')} to make the stacks deployable anywhere."]
    if gaps:
        lines += ["", f"Gaps: {len(gaps)} permission(s) that the roles do not have, because a name is missing:"]
        lines += [gaps_text(gaps, source.text)]
    warnings = [finding for finding in source.discovery.findings if finding.severity is Severity.WARNING]
    if warnings:
        lines += ["", f"Warnings: {len(warnings)} place(s) that ECS accepts and that will likely fail:"]
        lines += [findings_text(warnings, source.text)]
    if open_parameters := dict.fromkeys(name for stack in stacks for name in _without_default(stack)):
        lines += ["", f"To be filled when the stacks are deployed: {', '.join(open_parameters)}."]
        lines += ["Each is a parameter without a default, for a placeholder; --set and --image fill them now."]
    if (names := secret_names(source.discovery.references, facts)) and not within_quota(names):
        lines += [
            "",
            f"The ARNs of {len(names)} secrets stand in the templates themselves, because a template may have",
        ]
        lines += [f"{MOST_PARAMETERS} parameters at most: build again for another account or Region."]
    if _leaves_json_keys(source, stacks):
        lines += [
            "",
            "The validator's role has no room to read the secrets: it checks that they exist, not their JSON keys.",
        ]
    lines += ["", f"Deploy with `cfnroles deploy {shlex.quote(str(directory))}`, or with the AWS CLI:"]
    lines += [_deploy_command(stack, directory / file_name(stack, format_)) for stack in stacks]
    large = [name for name, text in files.items() if too_large(text)]
    if large:
        lines += [
            "",
            f"{', '.join(large)}: more than {TEMPLATE_BODY:,} bytes; add `--s3-bucket BUCKET` to its command.",
        ]
    return "\n".join(lines)


def _deploy_command(stack: Stack, template: Path) -> str:
    words = [f"  aws cloudformation deploy --stack-name {stack.name} --template-file {shlex.quote(str(template))}"]
    if stack.capabilities:
        words.append(f"--capabilities {' '.join(stack.capabilities)}")
    overrides = [f"{name}=VALUE" for name in _without_default(stack)]
    if "DeploymentId" in stack.template["Parameters"]:
        overrides.insert(0, "DeploymentId=$(date -u +%Y%m%dT%H%M%SZ)")
    if overrides:
        words.append(f"--parameter-overrides {' '.join(overrides)}")
    return " ".join(words)


def _leaves_json_keys(source: Source, stacks: tuple[Stack, ...]) -> bool:
    from cfnroles.validator_needs import CHECK_JSON_KEYS, validator_needs

    needs = validator_needs(source.discovery.references, source.facts)
    wanted = any(CHECK_JSON_KEYS in need.permission.when for need in needs)
    validators = [stack for stack in stacks if stack.stem.startswith("secret-validator")]
    return wanted and not any(CHECK_JSON_KEYS in stack.template["Parameters"] for stack in validators)


def _without_default(stack: Stack) -> list[str]:
    parameters = stack.template.get("Parameters", {})
    return [name for name, declaration in parameters.items() if "Default" not in declaration]
