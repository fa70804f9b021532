"""Problems of a deployment that the stacks themselves show, before any prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cfnroles.deploy.failures import Cause, Failure, explained
from cfnroles.deploy.home import Destination
from cfnroles.deploy.parameters import undeclared
from cfnroles.deploy.stacks_file import TEMPLATE_BODY_BYTES, TEMPLATE_BYTES, EnvironmentPlace, Pairs, StackSource
from cfnroles.errors import InvalidInput
from cfnroles.template.template import Template

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
_IAM = tuple(
    f"AWS::IAM::{kind}"
    for kind in (
        "AccessKey",
        "Group",
        "InstanceProfile",
        "ManagedPolicy",
        "Policy",
        "Role",
        "User",
        "UserToGroupAddition",
    )
)
_NAMES = ("GroupName", "InstanceProfileName", "ManagedPolicyName", "RoleName", "UserName")


def is_stack_name(name: str) -> bool:
    """Return whether ``name`` is valid for a stack."""
    return _NAME.fullmatch(name) is not None


def unreadable(sources: Iterable[StackSource]) -> tuple[Failure, ...]:
    """Return failures for invalid templates, about which nothing else is known."""
    return tuple(_unreadable(sources))


def _unreadable(sources: Iterable[StackSource]) -> Iterator[Failure]:
    for source in sources:
        try:
            _ = source.parsed.declarations
        except InvalidInput as error:
            yield Failure(source.name, Cause.INPUT, tuple(str(error).splitlines()))


def of_the_input(
    sources: Sequence[StackSource], *, parameters: Pairs, tags: Pairs, bucket: str = ""
) -> tuple[Failure, ...]:
    """Return failures in any account: names, sizes, capabilities, tags, and values for undeclared parameters."""
    refused = [*undeclared(sources, parameters), *_wrong_tags(tags)]
    for source in sources:
        refused += _wrong_name(source.name)
        refused += _too_long(source, bucket)
        refused += _lacking_capabilities(source)
    return tuple(refused)


def of_the_account(home: Destination, expected: str) -> tuple[Failure, ...]:
    """Return the failure for credentials of another account than ``expected``, or of an unknown one."""
    if not expected or home.account == expected:
        return ()
    unknown = f"the account of the credentials is unknown: {home.why}"
    found = f"the credentials belong to the account {home.account}" if home.account else unknown
    lines = (f"the stacks are for the account {expected} (--account), but {found}",)
    return (Failure("", Cause.ACCOUNT, lines, remedy="Use credentials of that account, or change --account."),)


def of_the_place(home: Destination, place: EnvironmentPlace | None) -> tuple[Failure, ...]:
    """Return failures for an account or Region other than the environment's; an emulator may represent any."""
    if place is None or home.endpoint:
        return ()
    account = f"the account {home.account}" if home.account else f"an unknown account ({home.why})"
    told = ((place.account, home.account, "account", account), (place.region, home.region, "Region", home.region))
    lines = [
        f"the environment {place.environment} is in the {noun} {wanted}, but this deployment goes to {here}"
        for wanted, found, noun, here in told
        if wanted and wanted != found
    ]
    remedy = "Use the credentials and --region of this environment, or build for another one."
    return (Failure("", Cause.ACCOUNT, tuple(lines), remedy=remedy),) if lines else ()


def _wrong_name(name: str) -> Iterator[Failure]:
    if not is_stack_name(name):
        yield Failure(
            name,
            Cause.INPUT,
            ("is not a valid stack name: use up to 128 letters, digits and hyphens, beginning with a letter",),
            remedy="Choose another: --project or --stack-prefix.",
        )


def _too_long(source: StackSource, bucket: str) -> Iterator[Failure]:
    """Yield the failure for a template that is too long for a request and, if there is one, for a bucket."""
    limit = TEMPLATE_BYTES if bucket else TEMPLATE_BODY_BYTES
    if source.size > limit:
        how = "from a bucket" if bucket else "in a request"
        what = f"{source.template} has {source.size:,} bytes; CloudFormation accepts {limit:,} {how}"
        remedy = "Split the stack." if bucket else "Pass a bucket to upload it to: --bucket NAME"
        yield Failure(source.name, Cause.INPUT, (what,), remedy=remedy)


def _lacking_capabilities(source: StackSource) -> Iterator[Failure]:
    yield from lacking_capability(source, _capability(source.parsed))


def lacking_capability(source: StackSource, needed: str) -> Iterator[Failure]:
    """Return the failure for a template that needs a capability for IAM resources that stacks.json does not list.

    CAPABILITY_AUTO_EXPAND does not apply to change sets.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """
    if needed and not {*source.capabilities} & {needed, "CAPABILITY_NAMED_IAM"}:
        yield explained(source.name, f"Requires capabilities : [{needed}]")


def _capability(template: Template) -> str:
    """Return the capability that a template certainly needs, with the defaults of its parameters."""
    resources = [each for each in template.resolve(types=_IAM).resources.values() if each.type in _IAM]
    if any(isinstance(each.properties.get(name), str) for each in resources for name in _NAMES):
        return "CAPABILITY_NAMED_IAM"
    return "CAPABILITY_IAM" if resources else ""


#: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
_TAGS, _TAG_NAME, _TAG_VALUE = 50, 128, 256


def _wrong_tags(tags: Pairs) -> Iterator[Failure]:
    wrong = [f"  {name}" for name, value in tags if len(name) > _TAG_NAME or len(value) > _TAG_VALUE]
    wrong += [f"  {name}" for name, _ in tags if name.lower().startswith("aws:")]
    if wrong:
        rule = f"a name has up to {_TAG_NAME} characters and does not begin with aws:, a value has up to {_TAG_VALUE}"
        lines = (f"CloudFormation does not accept these tags; {rule}:", *wrong)
        yield Failure("", Cause.INPUT, lines, remedy="Correct --tag.")
    if len(tags) >= _TAGS:
        lines = (f"too many tags: {len(tags)}, but the maximum is {_TAGS} with those of the project",)
        yield Failure("", Cause.INPUT, lines, remedy="Pass fewer --tag.")
