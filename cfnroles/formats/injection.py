"""The summary of an injection: additions, task definitions left alone, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfnroles.counted import by_number, secrets_or_parameters
from cfnroles.formats.difference import changes_of
from cfnroles.formats.spelled_options import spelled
from cfnroles.formats.taken import values_words
from cfnroles.lines import Lines, gaps_head, gaps_text
from cfnroles.page import Page, page, quoted
from cfnroles.role_kinds import kind_of
from cfnroles.targets.cloudformation.inject import Injection
from cfnroles.targets.cloudformation.limits import TEMPLATE_BODY, too_large
from cfnroles.targets.cloudformation.project_names import project_option, projects_of
from cfnroles.targets.cloudformation.replaced_roles import ReplacedRole


def summary(injection: Injection, source: str, top: str = "") -> Page:
    """Return text for a terminal. ``source`` is the template's name on the command line.

    ``top`` is the template with all the nested stacks, if those are injected, too.
    """
    return page(
        [
            *_replaced(injection),
            *_added(injection, "it" if top in ("", source) else quoted(top)),
            *_options(injection),
            *_left(injection, source),
            *_gaps(injection),
            *_taken(injection),
            *_others(injection, _build(injection, source, top)),
            *_validator(injection, _build(injection, source, top)),
            *([] if top else _nested(injection, source)),
            *_generated(injection, source),
        ]
    )


def _replaced(injection: Injection) -> Iterator[str]:
    """Yield what is lost and gained, which comes first."""
    for role in injection.replaced:
        where = Lines(injection.before.texts).where(role.origin)
        yield f"{where}: {'replaced' if role.done else 'would be replaced'}"
        yield from _compared(role)
        yield ""
    for passing in injection.passing:
        where = Lines(injection.before.texts).where(passing.origin)
        yield f"{where}: grants iam:PassRole on {passing.role}, which the task no longer uses."
        yield "Give it iam:PassRole on the task's new roles."
        yield ""


def _compared(role: ReplacedRole) -> Iterator[str]:
    if role.comparison is not None:
        yield changes_of(role.comparison)
    if not role.known:
        which = "another role may be used there, and what it" if role.comparison else "what the role there"
        yield f"{which[:1].upper()}{which[1:]} may do is not in this template: what would be lost is unknown."


def _added(injection: Injection, deployed: str) -> Iterator[str]:
    if injection.tasks:
        yield f"Roles of {', '.join(injection.tasks)} are in the template."
        bucket = " --s3-bucket BUCKET" if too_large(injection.text) else ""
        yield f"Deploy {deployed} with `--capabilities {' '.join(_capabilities(injection))}{bucket}`."
        if injection.aliased:
            yield "CloudFormation does not accept YAML aliases or merge keys."
            yield "Run `aws cloudformation package` first, which resolves them."
        if bucket:
            yield f"It has more than {TEMPLATE_BODY:,} bytes, which CloudFormation accepts only from a bucket."


def _options(injection: Injection) -> Iterator[str]:
    """Yield options of earlier runs, new ones, and those that are not recorded."""
    if not injection.tasks:
        return
    now, earlier = dict(spelled(injection.options)), dict(spelled(injection.earlier or {}))
    if same := [text for name, text in now.items() if earlier.get(name) == text]:
        yield f"As in the run before, with {' '.join(same)}."
    for name in {**earlier, **now}:
        if injection.earlier is not None and earlier.get(name) != now.get(name):
            before, after = (text or f"no {name}" for text in (earlier.get(name, ""), now.get(name, "")))
            yield f"Now with {after}; the run before was with {before}."
    if now:
        yield "Metadata.CfnrolesAdded.Options keeps these options for the next run; `--remove` removes them."
    if injection.unrecorded:
        names = ", ".join(injection.unrecorded)
        yield f"Not kept for the next run, because it has NoEcho: the value of {names}."


def _build(injection: Injection, source: str, top: str) -> str:
    """Return the command that writes the separate stacks with the options of the roles."""
    told = "".join(f" {text}" for _, text in spelled(injection.options))
    directory = f"build-{injection.project}" if top else "build"
    return f"cfnroles build {quoted(source)} --project {injection.project}{told} -o {quoted(directory)}"


def _capabilities(injection: Injection) -> Iterator[str]:
    """Yield the capabilities to acknowledge.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    """
    template = injection.before.template
    tree = template.tree if template else {}
    resources = [each for each in tree.get("Resources", {}).values() if isinstance(each, Mapping)]
    own = [each for each in resources if str(each.get("Type")).startswith("AWS::IAM::")]
    named = any(not _NAMES.isdisjoint(each.get("Properties") or ()) for each in own)
    yield "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    if "Transform" in tree:
        yield "CAPABILITY_AUTO_EXPAND"


_NAMES = frozenset({"RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"})


def _left(injection: Injection, source: str) -> Iterator[str]:
    if injection.left:
        they = by_number(len(injection.left), "it is, with its own roles", "they are, with their own roles")
        yield f"Left as {they}: {', '.join(injection.left)}."
        yield f"`cfnroles inject {quoted(source)} --replace-roles` replaces these roles."
    if injection.looped:
        them = by_number(len(injection.looped), "it", "them")
        yield f"Left out, because a loop makes {them}, with the same properties for all: {', '.join(injection.looped)}."
        yield f"`cfnroles build {quoted(source)} -o build` writes the roles as a stack of their own."


def _nested(injection: Injection, source: str) -> Iterator[str]:
    if injection.nested:
        yield ""
        yield "Nested stacks are templates of their own. To add the roles of their task definitions, run:"
        for name, project in projects_of(injection.nested).items():
            yield f"  cfnroles inject {quoted(name)} --in-place{project_option(name, project)}"
        yield f"`cfnroles inject {quoted(source)} --in-place --nested` edits all of these templates."


def _generated(injection: Injection, source: str) -> Iterator[str]:
    if injection.generator:
        yield ""
        yield f"{injection.generator.name} wrote this template, and undoes what is added to it where it deploys again:"
        yield injection.generator.where.replace("TEMPLATE", quoted(source))


def _gaps(injection: Injection) -> Iterator[str]:
    if injection.gaps:
        yield ""
        yield gaps_head(injection.gaps)
        yield gaps_text(injection.gaps, injection.before.texts)


def _taken(injection: Injection) -> Iterator[str]:
    if injection.tasks and injection.taken:
        yield ""
        yield from values_words(injection.taken, "inject again, with --parameter NAME=VALUE")


def _others(injection: Injection, build: str) -> Iterator[str]:
    for each in injection.others:
        kind, where = kind_of(each.holder), Lines(injection.before.texts).where(each.origin)
        yield ""
        yield f"{where}: the {each.holder} of {each.task} is needed here and not injected. {kind.used_by}."
        export = kind.export_name.replace("${ProjectName}", f"{injection.project}-{each.task}")
        yield f"`{build}` writes it, for {export}."


def _validator(injection: Injection, build: str) -> Iterator[str]:
    if injection.asked:
        yield ""
        yield f"Before the stack, deploy the secret validator, which exports {injection.project}-SecretValidatorArn."
        yield f"`{build}` writes its template."
    if injection.made and injection.tasks:
        yield ""
        them = by_number(len(injection.made), "it", "them")
        yield f"Not checked, because this template creates {them}: {secrets_or_parameters(len(injection.made))}."
