"""``cfnroles verify``: whether a role lets a task start, and what else it allows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from cfnroles.cli.panels import panel_command
from cfnroles.cli.role_options import role_options, taken_roles
from cfnroles.cli.shared_options import choice, format_option, or_empty, profile_option, several
from cfnroles.cli.source import (
    only_for_templates,
    pairs,
    parameter_option,
    reading_of,
    resource_option,
    service_option,
    source_options,
    taken,
    told,
    variables_option,
)
from cfnroles.cli.terminal import note, say
from cfnroles.cli.unknown_keys import note_unknown
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable
from cfnroles.facts import Facts
from cfnroles.need import Holder
from cfnroles.role_kinds import ROLE_KINDS

if TYPE_CHECKING:
    from cfnroles.answers.verification import Verification
    from cfnroles.iam.roles import Role
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told


class _Options(Struct, frozen=True):
    service: str
    resource: str
    roles: Mapping[Holder, str]
    context: Mapping[str, str]
    aws_managed_keys: bool
    prove: bool
    live: bool
    simulate: bool
    profile: str
    fail_on: str
    format_: str


@panel_command("verify")
@source_options
@service_option
@resource_option
@role_options()
@parameter_option
@variables_option
@several("--context", metavar="KEY=VALUE", callback=pairs, help="Value of an IAM condition key.")
@click.option(
    "--aws-managed-keys", is_flag=True, help="No customer managed key encrypts the task's secrets and parameters."
)
@click.option("--prove", is_flag=True, help="Remove each grant in turn and show the call that fails.")
@click.option("--live", is_flag=True, help="Read the roles from AWS. ROLE is a name or an ARN.")
@click.option("--simulate", is_flag=True, help="With --live: also ask the IAM policy simulator.")
@profile_option("AWS profile for --live. Default: AWS_PROFILE.")
@click.option(
    "--fail-on",
    callback=or_empty,
    metavar="LEVEL",
    type=choice("excess"),
    help="excess: also exit with 1 for excess permissions.",
)
@format_option("human", "json", "markdown")
def command(source: str, **given: Any) -> None:
    """Find missing, denied, unknown and excess permissions of roles.

    The verdict on a role is pass, fail or not judged. A role fails if it lacks a permission, grants too much, or lets
    others assume it. It is not judged if part of it is unreadable or undecided, or if the application's own
    permissions are unknown. A service spec lists those.

    Exit codes: 0 nothing is missing; 1 a permission is missing or denied; 3 that is unknown, or a resource name is.
    With --fail-on excess: 0 all roles pass; 1 one fails; 3 one is not judged.

    SOURCE is a task definition; a service spec, whose grants the task role must also have; a CloudFormation template;
    a directory, plan or state of Terraform; or the directory that `cdk synth` writes. Without ROLE, verifies each role
    that a template or Terraform has for its task definitions, in every combination of conditions.

    ROLE is FILE:LogicalId for a role in a CloudFormation template, FILE for a policy document in JSON, FILE:RoleName
    for the output of `aws iam get-account-authorization-details`, or a name or ARN with --live. With --live and no
    ROLE, reads the roles that SOURCE names, and the task definitions that a spec names as FAMILY:REVISION.

    \b
      cfnroles verify web.json --role roles.yaml:ExecutionRole
      cfnroles verify cfnroles.yaml --service web --live \\
          --role web-execution --task-role web
    """
    from cfnroles.files import is_directory
    from cfnroles.sources.directories import holds_terraform

    given["roles"] = taken_roles(given)
    options = taken(_Options, given)
    about = told(given, live=options.live, profile=options.profile)
    if is_directory(source) and not holds_terraform(source):
        verifications, texts = _of_app(source, about, options)
        _note_unused_context(options.context, verifications, texts)
        _show(verifications, texts, options.format_, source)
    else:
        verifications = _of_document(reading_of(source, about), source, options)
    sys.exit(_exit_code(verifications, options.fail_on))


def _of_document(reading: Reading, source: str, options: _Options) -> Sequence[Verification]:
    """Print the verdicts for one document."""
    from cfnroles import verify as verify_role

    only_for_templates(reading, resource=options.resource)
    reading = reading.about(options.resource)
    if options.service:
        reading = reading.of(options.service)
    texts = reading.texts
    if reading.template is not None:
        verifications, texts = _of_template(reading, source, options)
    elif reading.configuration is not None:
        verifications = _of_configuration(reading, options)
    else:
        verify = partial(
            verify_role, context=options.context, prove=options.prove, aws_managed_keys=options.aws_managed_keys
        )
        verifications = [verify(reading, role, holder) for holder, role in _roles(reading, options)]
    _note_unused_context(options.context, verifications, texts)
    _show(verifications, texts, options.format_, reading.name)
    note_unknown((judged.need for each in verifications for judged in each.judged), (reading,))
    if options.simulate:
        _simulate(verifications, reading, options)
    return verifications


def _of_template(reading: Reading, source: str, options: _Options) -> tuple[Sequence[Verification], Mapping[str, str]]:
    """Return the verdicts on the roles of a template's task definitions, or on the given roles, and all texts."""
    from cfnroles.answers.template_tasks import known_of
    from cfnroles.answers.verify_nested import verify_with_nested
    from cfnroles.answers.verify_template import Question
    from cfnroles.sources.roles_beside import roles_in

    facts, _ = known_of(reading)
    read: Callable[[str], Role] | None = None
    if options.live:
        from cfnroles.sources.live import live_role

        read = partial(live_role, profile=options.profile, region=facts.region)
    names = {holder: name for holder, name in options.roles.items() if name}
    found = roles_in(reading, source, {} if read else names)
    given = {holder: _given_role(name, reading, facts, read) for holder, name in found.left(names).items()}
    asked = (options.context, options.prove, options.aws_managed_keys)
    question = Question(options.resource, given, *asked, read, found.placed, found.taken)
    return verify_with_nested(found.reading, question), found.reading.texts


def _of_configuration(reading: Reading, options: _Options) -> Sequence[Verification]:
    """Return the verdicts on the roles of Terraform's task definitions, or on the given roles."""
    from cfnroles.answers.verify_configuration import verify_configuration
    from cfnroles.answers.verify_template import Question
    from cfnroles.sources.roles_of_stack import role_of_stack

    facts = next((task.facts for task in reading.tasks), Facts())
    read: Callable[[str], Role] | None = None
    if options.live:
        from cfnroles.sources.live import live_role

        read = partial(live_role, profile=options.profile, region=facts.region)
    names = {holder: name for holder, name in options.roles.items() if name}
    given = {holder: read(name) if read else role_of_stack(name, facts) for holder, name in names.items()}
    asked = (options.context, options.prove, options.aws_managed_keys)
    return verify_configuration(reading, Question(options.resource, given, *asked, read))


def _of_app(source: str, about: Told, options: _Options) -> tuple[Sequence[Verification], Mapping[str, str]]:
    """Return the verdicts on the roles of all stacks of a CDK app, and the texts of the stacks."""
    from cfnroles.sources.cdk_app import read_app, stacks_with, texts_of

    readings = read_app(source, about)
    given = [kind.option_name for kind in ROLE_KINDS if options.roles[kind.holder]]
    alone = [
        *given,
        *(["--simulate"] if options.simulate else []),
        *(["--service"] if options.service else []),
    ]
    if alone:
        remedy = f"Pass the template of one stack: {source}/STACK.template.json."
        raise InvalidInput(f"{alone[0]} requires a single template, but {source} is an app with several", remedy=remedy)
    asked = stacks_with(readings, options.resource, source)
    found = [
        replace(one, use=replace(one.use, stack=each.name)) if one.use else one
        for each in asked
        for one in _of_template(each, source, options)[0]
    ]
    note_unknown((judged.need for each in found for judged in each.judged), readings)
    return found, texts_of(readings)


def _given_role(name: str, reading: Reading, facts: Facts, read: Callable[[str], Role] | None) -> Role:
    from cfnroles.sources.roles import read_role_of

    return read(name) if read else read_role_of(name, facts, reading.told.parameters)


def _roles(reading: Reading, options: _Options) -> Iterator[tuple[Holder, Role | str]]:
    task, given = reading.task(), options.roles
    from_source = options.live and not any(given.values())
    named = {holder: task.role(holder) if from_source else name for holder, name in given.items()}
    if not any(named.values()):
        names = [kind.option_name for kind in ROLE_KINDS]
        raise InvalidInput(
            f"{reading.name} names no role" if options.live else "no role to verify",
            remedy=f"Pass one with {', '.join(names[:-1])} or {names[-1]}.",
        )
    if not options.live:
        yield from ((holder, name) for holder, name in named.items() if name)
        return
    from cfnroles.sources.live import live_role

    for holder, name in named.items():
        if name:
            yield holder, live_role(name, options.profile, task.facts.region)


def _simulate(verifications: Sequence[Verification], reading: Reading, options: _Options) -> None:
    from cfnroles.answers.simulation import simulate
    from cfnroles.sources.live import iam_of

    iam = iam_of(options.profile, reading.task().facts.region)
    for each in verifications:
        for line in simulate(each, iam.simulate, options.context):
            say(line, err=True)


def _note_unused_context(
    context: Mapping[str, str], verifications: Sequence[Verification], texts: Mapping[str, str]
) -> None:
    """Report each condition key that occurs nowhere in the roles and in the source."""
    if context:
        written = repr([each.role for each in verifications]).casefold() + "".join(texts.values()).casefold()
        for key in context:
            if key.casefold() not in written:
                note(f"note: --context {key} has no effect: no statement depends on it")


def _show(verifications: Sequence[Verification], texts: Mapping[str, str], format_: str, name: str) -> None:
    from cfnroles.formats import verification, verification_markdown
    from cfnroles.formats.verification_words import summary

    if format_ == "json":
        say(verification.json_text(verifications, texts))
    elif format_ == "markdown" and verifications:
        say(verification_markdown.markdown(verifications, texts))
    elif verifications:
        say(verification.human(verifications, texts))
    for each in verifications:
        note(summary(each))
    if not verifications:
        note(f"{name}: no task definition names a role, and none needs one")


def _exit_code(verifications: Sequence[Verification], fail_on: str) -> int:
    from cfnroles.answers.verification import Outcome, Verdict

    if fail_on == "excess":
        verdicts = {each.verdict for each in verifications}
        fails, unknown = Verdict.FAIL in verdicts, Verdict.NOT_JUDGED in verdicts
    else:
        outcomes = {each.outcome for each in verifications}
        fails = bool(outcomes & {Outcome.MISSING, Outcome.DENIED})
        # Without a resource name, it is unknown whether the role allows a need.
        unknown = Outcome.UNKNOWN in outcomes or any(each.gaps for each in verifications)
    if fails:
        return BadAnswer.exit_code
    return Unavailable.exit_code if unknown else 0
