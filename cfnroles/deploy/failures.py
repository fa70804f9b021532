"""The first cause of a failed stack, without the failures that follow from it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aws.stack import Event, StackDescription
from cfnroles.deploy.plan import GATE


class Cause(enum.StrEnum):
    """The kind of a failure, which determines the remedy."""

    INPUT = "input"
    ACCOUNT = "account"
    REFERENCE = "reference"
    STRICT = "strict"
    GATE = "gate"
    MISSING_IMPORT = "missing import"
    EXPORT_IN_USE = "export in use"
    EXPORT_TAKEN = "export taken"
    CAPABILITY = "capability"
    VALIDATION = "validation"
    HOOK = "hook"
    PROTECTED = "termination protection"
    STRANGER = "not created by cfnroles"
    RESOURCE = "resource"
    STACK = "stack"
    CHANGE_SET = "change set"


class Failure(Struct, frozen=True):
    """The failure of one stack: the cause in lines, the resource that caused it, and the remedy.

    ``status`` is the stack's status now. ``others`` are other resources that failed by themselves, and ``events`` the
    failure events of the operation.
    """

    stack: str
    cause: Cause
    lines: tuple[str, ...]
    status: str = ""
    resource: str = ""
    type: str = ""
    remedy: str = ""
    others: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()


# CloudFormation's reasons for resources that did not fail by themselves.
_CASCADE = re.compile(
    r"(?i)^(resource (creation|update|deletion|import) cancelled"
    r"|the following resource\(s\) failed to"
    r"|(create|update|delete|rollback) cancelled"
    r"|resource handler returned message: .*cancelled)"
)
_FROM_CUSTOM_RESOURCE = re.compile(
    r"(?s)^Received response status \[FAILED\] from custom resource\. Message returned: "
    r"(?P<reason>.*?)(?: \(RequestId: [0-9a-fA-F-]+\))?$"
)
_MISSING_EXPORT = re.compile(r"(?:No export named (?P<a>\S+) found|Export '?(?P<b>[^'\s]+)'? not found)")
_IN_USE = re.compile(
    r"Export (?P<name>\S+) "
    r"(?:cannot be (?:deleted|updated) as it is in use by|is imported by stack) (?P<by>.+)"
)
_TAKEN = re.compile(r"Export with name (?P<name>\S+) is already exported by stack (?P<by>\S+)")
_CAPABILITY = re.compile(r"[Rr]equires capabilities ?: ?\[(?P<names>[^\]]*)\]")
# https://github.com/aws/aws-cdk/issues/29949; before 2024 AWS said "key".
_NO_ATTRIBUTE = re.compile(r"Vendor response doesn't contain (?P<name>Checked|Tolerated) (?:attribute|key)")
_PROTECTED = re.compile(r"TerminationProtection is enabled")


def first_cause(name: str, events: Iterable[Event], stack: StackDescription | None) -> Failure:
    """Return the failure in the events of one operation (oldest first).

    This is the first resource that failed by itself, otherwise the reason of a stack event (a missing export or one in
    use fails no resource), otherwise the stack's own reason.
    """
    events = tuple(events)
    failed = tuple(event for event in events if event.failed or event.hook_status in FAILED_HOOK)
    return replace(_first_cause(name, events, stack), events=failed)


def _first_cause(name: str, events: tuple[Event, ...], stack: StackDescription | None) -> Failure:
    status = stack.status if stack else "DELETE_COMPLETE"
    hooks = tuple(dict.fromkeys(detail(event) for event in events if event.hook_status in FAILED_HOOK))
    own = [event for event in events if event.failed and not event.of_stack and not _CASCADE.match(event.reason)]
    # The failures of the rollback itself come after the first cause.
    first = next((event for event in own if "ROLLBACK" not in event.status), own[0] if own else None)
    if first:
        others = tuple(
            f"{event.resource} ({event.type}): {event.reason}" for event in own if event.resource != first.resource
        )
        failure = replace(explained(name, first.reason, status=status, failed=first), others=others)
    else:
        told = [event.reason for event in events if event.of_stack and event.reason and not _begins(event)]
        root = next((reason for reason in told if not _CASCADE.match(reason)), "")
        reason = root or (told or [""])[0] or (stack.reason if stack else "")
        failure = explained(name, reason, status=status)
    if hooks and failure.cause in {Cause.RESOURCE, Cause.STACK}:
        return replace(failure, cause=Cause.HOOK, lines=(*failure.lines, *hooks))
    return failure


#: https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/hooks-concepts.html
FAILED_HOOK = frozenset({"HOOK_COMPLETE_FAILED", "HOOK_FAILED"})


def detail(event: Event) -> str:
    """Return the details of a failed validation or hook, with its name and place."""
    at = f" at {event.path}" if event.path else ""
    by = event.validation or (f"hook {event.hook}" if event.hook else event.type)
    return f"{event.resource}{at}: {event.reason} ({by})"


def _begins(event: Event) -> bool:
    return event.reason in {"User Initiated", "Transformation succeeded"}


def explained(
    stack: str,
    reason: str,
    *,
    status: str = "",
    failed: Event | None = None,
    otherwise: Cause = Cause.STACK,
) -> Failure:
    """Classify a failure by its reason: kind, lines, and remedy.

    ``failed`` is the event of the resource that caused it, if there is one.
    """
    resource, kind = (failed.resource, failed.type) if failed else ("", "")
    cause, lines, remedy = _recognised(reason, kind)
    if cause is None:
        cause = Cause.RESOURCE if resource else otherwise
    return Failure(stack, cause, lines, status, resource, kind, remedy)


def _recognised(reason: str, resource_type: str) -> tuple[Cause | None, tuple[str, ...], str]:
    custom = _FROM_CUSTOM_RESOURCE.match(reason)
    if resource_type == GATE:
        return (
            Cause.GATE,
            unfolded(custom["reason"] if custom else reason),
            "Create what is missing and run the same command again; nothing was registered or started.",
        )
    if found := _MISSING_EXPORT.search(reason):
        export = (found["a"] or found["b"]).rstrip(".")
        return Cause.MISSING_IMPORT, (f"this stack imports {export}, which no stack exports",), ""
    if found := _IN_USE.search(reason):
        return (
            Cause.EXPORT_IN_USE,
            (f"the export {found['name']} is in use by {found['by'].rstrip('.')}",),
            "CloudFormation neither changes nor deletes an export while another stack imports it: "
            "change or delete the importing stack first.",
        )
    if found := _TAKEN.search(reason):
        return (
            Cause.EXPORT_TAKEN,
            (f"the stack {found['by'].rstrip('.')} already has the export {found['name']}",),
            "Choose another project name, or delete that stack.",
        )
    if found := _CAPABILITY.search(reason):
        return (
            Cause.CAPABILITY,
            (f"the template needs the capability {found['names']}",),
            "`capabilities` of the stack in stacks.json does not list it: build again, or add it.",
        )
    if found := _NO_ATTRIBUTE.search(reason):
        return (
            Cause.GATE,
            (f"the deployed secret validator does not return what the template requires ({found['name']})",),
            "It is older than the template: also deploy the stack of the secret validator.",
        )
    if _PROTECTED.search(reason):
        return Cause.PROTECTED, unfolded(reason), PROTECTED_REMEDY
    return None, unfolded(custom["reason"] if custom else reason) or ("CloudFormation gives no reason",), ""


PROTECTED_REMEDY = (
    "Termination protection is on, and cfnroles never turns it off. To turn it off: aws cloudformation"
    " update-termination-protection --no-enable-termination-protection --stack-name NAME"
)


def unfolded(reason: str) -> tuple[str, ...]:
    """Return a message with one line for each problem, without empty lines."""
    return tuple(line.rstrip() for line in reason.strip().splitlines() if line.strip())
