"""The summary of a build: gaps, values to fill in, and how to deploy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from cfnroles.counted import by_number, counted, secrets_or_parameters
from cfnroles.formats.spelled_options import spelled
from cfnroles.formats.taken import values_words
from cfnroles.lines import Lines, findings_text, gaps_head, gaps_text
from cfnroles.need import Gap, Severity
from cfnroles.page import quoted, verbatim
from cfnroles.placeholders import OF_THE_STACKS
from cfnroles.policies import MANAGED_POLICIES
from cfnroles.role_kinds import kind_of
from cfnroles.sources.reading import Reading, Task
from cfnroles.targets.cloudformation.build import Build
from cfnroles.targets.cloudformation.limits import TEMPLATE_BODY, too_large
from cfnroles.targets.cloudformation.parameters import MOST_PARAMETERS, secret_names, within_quota
from cfnroles.targets.cloudformation.project_names import project_option, projects_of
from cfnroles.targets.cloudformation.service import Stack
from cfnroles.targets.cloudformation.settled import SHARED_GATE
from cfnroles.validator_needs import CHECK_JSON_KEYS, validator_needs


def summary(reading: Reading, built: Build, directory: Path, source: str = "", given: str = "") -> list[str]:
    """Return the lines after the names of the files. ``source`` is its name on the command line.

    ``given`` are the options on the command line, for the commands that need them again.
    """
    again = f"{quoted(source or reading.name)}{given}"
    if reading.template is not None:
        return [
            *told(reading, built.gaps),
            *_of_quotas(built),
            *_of_template(built, reading, source or reading.name, directory),
            *_verified(built, reading, directory, source or reading.name),
            *_deployed(built, directory, tuple(reading.template.declarations)),
        ]
    if reading.project:
        return [*told(reading, built.gaps), *_of_quotas(built), *_of_project(reading, built, directory, again)]
    if reading.addressed:
        from cfnroles.formats.configured_build import of_configuration

        return [
            *told(reading, built.gaps),
            *_of_quotas(built),
            *of_configuration(built, directory, source or reading.name, reading.task()),
            *_deployed(built, directory),
        ]
    from cfnroles.targets.cloudformation.other_accounts import other_accounts

    task = reading.task()
    return [
        *_home(reading, task),
        *told(reading, built.gaps),
        *_of_quotas(built),
        *_left_open(task, built),
        *_other_sides(other_accounts([task]), again),
        *_deployed(built, directory),
    ]


def other_side(account: str) -> list[str]:
    """Return the summary of the policies for another account."""
    return [
        "",
        f"Send these files to the owner of the account {account}, to deploy once the roles exist.",
        "README.md describes each file.",
    ]


def told(reading: Reading, gaps: Sequence[Gap]) -> Iterator[str]:
    """Yield the gaps, and what may fail although ECS accepts it."""
    if gaps:
        yield ""
        yield gaps_head(gaps)
        yield gaps_text(gaps, reading.texts)
    warnings = [finding for finding in reading.findings if finding.severity is Severity.WARNING]
    if warnings:
        yield ""
        yield f"Warnings: {counted(len(warnings), 'place')} that may fail:"
        yield findings_text(warnings, reading.texts)


def _of_quotas(built: Build) -> Iterator[str]:
    """Yield the roles that need a quota increase."""
    for stack in built.stacks:
        if stack.beyond_quota:
            yield ""
            yield f"{stack.name}: more than {MANAGED_POLICIES} managed policies on {', '.join(stack.beyond_quota)}."
            yield "IAM's quota `Managed policies per role` must be raised in Service Quotas before you deploy."


def _of_project(reading: Reading, built: Build, directory: Path, again: str) -> Iterator[str]:
    services = len(reading.tasks)
    yield ""
    yield f"{counted(len(built.stacks), 'stack')} of {counted(services, 'service')}."
    yield from _of_shared_gate(built)
    yield f"Deploy them with `cfnroles deploy {quoted(str(directory))}`."
    yield from _other_sides(built.other_accounts, again)


def _of_template(built: Build, reading: Reading, source: str, directory: Path) -> Iterator[str]:
    """Yield the summary for a template with its roles in a separate stack."""
    from cfnroles.template.generated import mark_of

    yield ""
    yield "Give the template these roles, and deploy its stack after the others:"
    yield from _taking(built, reading)
    if built.handed:
        yield ""
        by = by_number(len(built.handed), "a parameter", "parameters")
        yield f"The roles name resources of the template, by {by}: {', '.join(built.handed)}."
        they = by_number(len(built.handed), "It", "They")
        yield f"{they} must exist before the roles, and the roles before the task definitions."
        mark = mark_of(reading.template.tree) if reading.template else None
        if mark is None or not mark.generator.again:
            yield f"If one stack creates everything, add the roles to it: `cfnroles inject {quoted(source)}`."
    if built.taken:
        yield ""
        yield from values_words(built.taken, "build again, with --parameter NAME=VALUE")
    if built.made:
        yield ""
        yield f"The validator does not check what the template creates: {secrets_or_parameters(len(built.made))}."
    if built.nested:
        yield ""
        yield "Nested stacks are templates of their own. To write the roles of their task definitions, run:"
        for name, project in projects_of(built.nested).items():
            path = quoted(str(directory.with_name(f"{directory.name}-{project}")))
            yield f"  cfnroles build {quoted(name)}{project_option(name, project)} -o {path}"


def _taking(built: Build, reading: Reading) -> Iterator[str]:
    """Yield the properties to paste into the template, for each part that uses the roles.

    If a role has no property there, it is listed with the place where it is needed.
    """
    of_json = reading.documents[0].text.lstrip().startswith("{")
    found: dict[str, list[str]] = {}
    for taking in built.takes:
        export = _exported(taking.export, built)
        for place in taking.places:
            around, _, name = place.property.rpartition(".")
            only = "" if place.alone else f" where it runs {taking.task}"
            head = f"{place.resource}{f', {around}' if around else ''}{only}"
            found.setdefault(head, []).append(_property(name, export, of_json))
        if taking.origin is not None:
            head = f"{Lines(reading.texts).where(taking.origin)}: the {taking.holder} of {taking.task}"
            found.setdefault(head, []).append(_imported(export, of_json))
    for head, lines in found.items():
        yield f"- {head}:"
        yield from (verbatim(f"      {line}") for line in lines)


def _property(name: str, export: str, of_json: bool) -> str:
    value = _imported(export, of_json)
    return f'"{name}": {value},' if of_json else f"{name}: {value}"


def _imported(export: str, of_json: bool) -> str:
    return f'{{"Fn::ImportValue": "{export}"}}' if of_json else f"!ImportValue {export}"


def _verified(built: Build, reading: Reading, directory: Path, source: str) -> Iterator[str]:
    """Yield the command that verifies the roles of each task definition, with the options of the build."""
    from cfnroles.targets.cloudformation.injection_record import options_of

    name = next(name for stack, name in zip(built.stacks, built.files, strict=False) if stack.stem == "roles")
    yield ""
    yield "Verify them:"
    tasks = list(dict.fromkeys(taking.task for taking in built.takes))
    for task in tasks:
        roles = [taking for taking in built.takes if taking.task == task]
        words = [f"  cfnroles verify {quoted(source)}", *[f"--resource {task}"][: len(tasks) > 1]]
        words += [f"{kind_of(each.holder).option_name} {quoted(f'{directory / name}:{each.role}')}" for each in roles]
        yield " ".join([*words, *(text for _, text in spelled(options_of(reading.told)))])


def _exported(export: str, built: Build) -> str:
    return export.replace("${ProjectName}", str(built.stacks[-1].parameters["ProjectName"]))


def _other_sides(accounts: Iterable[str], again: str) -> Iterator[str]:
    for account in accounts:
        command = f"cfnroles build {again} --for-account {account} -o for-{account}"
        yield f"The account {account} must add policies: `{command}`."


def _home(reading: Reading, task: Task) -> Iterator[str]:
    unknown = [what for what in ("account", "region") if not getattr(task.facts, what)]
    if unknown:
        names = " and ".join(unknown).replace("region", "Region")
        yield ""
        verb = "are" if len(unknown) > 1 else "is"
        yield f"The {names} of the tasks {verb} unknown, so ARNs stay as in {reading.name}."
        yield f"Pass --{' and --'.join(unknown)} to let them follow the stack."


def _left_open(task: Task, built: Build) -> Iterator[str]:
    if open_parameters := dict.fromkeys(name for stack in built.stacks for name in _without_default(stack)):
        yield ""
        yield f"Required at deployment: {', '.join(open_parameters)}."
        yield "Each is a parameter for a placeholder; to set them now, pass --set or --image."
    if (names := secret_names(task.discovery.references, task.facts)) and not within_quota(names):
        yield ""
        yield f"The ARNs of {len(names)} secrets are in the templates themselves, because a template can have"
        yield f"{MOST_PARAMETERS} parameters at most: build again for another account or Region."
    if _leaves_json_keys(task, built):
        yield ""
        yield "The validator's role has no room to read the secrets: it checks that they exist, not their JSON keys."


def _of_shared_gate(built: Build) -> Iterator[str]:
    if any(each.startswith(f"{SHARED_GATE}-") for stack in built.stacks for each in stack.imports):
        yield "Deploy the shared gate first, once in each account and Region: `cfnroles gate -o gate`."


def _deployed(built: Build, directory: Path, shared: Collection[str] = ()) -> Iterator[str]:
    """Yield how to deploy the stacks. ``shared`` are parameters of the template next to them."""
    same = list(dict.fromkeys(name for stack in built.stacks for name in _shared(stack, shared)))
    yield ""
    yield from _of_shared_gate(built)
    required = (name for stack in built.stacks for name in _without_default(stack))
    options = "".join(f" --parameter {name}=VALUE" for name in dict.fromkeys([*same, *required]))
    yield f"Deploy with `cfnroles deploy {quoted(str(directory))}{options}`, or with the AWS CLI:"
    templates = zip(built.stacks, built.files, strict=False)
    yield from (_deploy_command(stack, directory / name, shared) for stack, name in templates)
    if same:
        yield f"Use the same values as for the template: {', '.join(same)}."
    yield from (line for stack in built.stacks for line in _refused(stack))
    large = [name for name, text in built.files.items() if too_large(text)]
    if large:
        yield ""
        yield f"{', '.join(large)}: more than {TEMPLATE_BODY:,} bytes; add `--s3-bucket BUCKET` to its command."


def _refused(stack: Stack) -> Iterator[str]:
    """Yield the command that shows why the gate rejected a stack, which `aws cloudformation deploy` does not."""
    if "SecretsExist" not in stack.template["Resources"]:
        return
    failed = "StackEvents[?LogicalResourceId=='SecretsExist' && ends_with(ResourceStatus, '_FAILED')]"
    named = f"--stack-name {stack.name}"
    yield ""
    yield "If the gate refuses, this prints why:"
    # The newest events are on the first page, and --output text would apply the query to each page.
    # https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html#text-output
    yield (
        f"  aws cloudformation describe-stack-events {named} --no-paginate --output text"
        f' --query "{failed} | [0].ResourceStatusReason"'
    )
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
    yield "If that was the first deployment (ROLLBACK_COMPLETE), delete the stack before the next:"
    yield f"  aws cloudformation delete-stack {named} && aws cloudformation wait stack-delete-complete {named}"


def _shared(stack: Stack, shared: Collection[str]) -> list[str]:
    """Return the parameters that a stack shares with the template next to it."""
    if not shared:
        return []
    from cfnroles.sources.roles_beside import STANDS_FOR

    record = stack.template.get("Metadata", {}).get("cfnroles", {}).get(STANDS_FOR, {})
    stands_for = {name: meaning.removeprefix("Ref ") for name, meaning in record.items()}
    own = (name for name in stack.template.get("Parameters", {}) if name in stands_for or name not in OF_THE_STACKS)
    return [name for name in own if stands_for.get(name, name) in shared]


def _deploy_command(stack: Stack, template: Path, shared: Collection[str]) -> str:
    words = [f"  aws cloudformation deploy --stack-name {stack.name} --template-file {quoted(str(template))}"]
    if stack.capabilities:
        words.append(f"--capabilities {' '.join(stack.capabilities)}")
    asked = {*_without_default(stack), *_shared(stack, shared)}
    overrides = [f"{name}=VALUE" for name in stack.template["Parameters"] if name in asked]
    if "DeploymentId" in stack.template["Parameters"]:
        overrides.insert(0, "DeploymentId=$(date -u +%Y%m%dT%H%M%SZ)")
    if overrides:
        words.append(f"--parameter-overrides {' '.join(overrides)}")
    return " ".join(words)


def _leaves_json_keys(task: Task, built: Build) -> bool:
    needs = validator_needs(task.discovery.references, task.facts)
    wanted = any(CHECK_JSON_KEYS in need.permission.when for need in needs)
    validators = [stack for stack in built.stacks if stack.stem.startswith(("secret-validator", "secret-check-role"))]
    return wanted and not any(CHECK_JSON_KEYS in stack.template["Parameters"] for stack in validators)


def _without_default(stack: Stack) -> list[str]:
    parameters = stack.template.get("Parameters", {})
    return [name for name, declaration in parameters.items() if "Default" not in declaration]
