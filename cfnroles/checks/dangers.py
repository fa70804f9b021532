"""Checks on dangers of roles and policies for any use, and on trust policies that are too open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfnroles.checks.check import Check, Placed, Subject
from cfnroles.checks.role_examples import GOOD, MORE, TEMPLATE
from cfnroles.checks.roles import ECS_TASKS, ecs_roles
from cfnroles.iam.dangers import Danger, DangerKind, TrustKind
from cfnroles.need import Finding, Severity, fault
from cfnroles.workload import Path

#: The maximum number of ways to list; the others are counted.
_WAYS = 3
_WILDCARDS = (DangerKind.FULL_ACCESS, DangerKind.SERVICE_WILDCARD)


def open_trust(subject: Subject) -> Iterator[Finding]:
    """Find roles that anyone can assume."""
    for role in subject.roles:
        for placed in role.open_to:
            if placed.danger.kind is TrustKind.ANYBODY:
                yield fault(
                    placed.path,
                    f"anyone in any AWS account can assume {role.logical_id}",
                    f"Name who may: for tasks the service {ECS_TASKS}.",
                )


def wildcard_actions(subject: Subject) -> Iterator[Finding]:
    """Find statements with all actions, or all actions of a service, on all resources."""
    found: list[_Told] = []
    for name, dangers in _holders(subject):
        wildcards = [placed for placed in dangers if placed.danger.kind in _WILDCARDS]
        for path in dict.fromkeys(placed.path for placed in wildcards):
            here = [placed.danger for placed in wildcards if placed.path == path]
            told = here[0].what
            if len(here) > 1:
                texts = ", ".join(dict.fromkeys(text for danger in here for text in danger.grants))
                told = f"may do everything that several services have, on everything: {texts}"
            found.append((path, told, name))
    yield from _faults(found, "Allow the actions that are used, on the resources they are used on.")


def escalation(subject: Subject) -> Iterator[Finding]:
    """Find privilege escalations."""
    found: list[_Told] = []
    for name, dangers in _holders(subject):
        wide = {text for p in dangers if p.danger.kind is DangerKind.SERVICE_WILDCARD for text in p.danger.grants}
        # A service wildcard is reported by its own check.
        ways = [p for p in dangers if p.danger.kind is DangerKind.ESCALATION and not wide.issuperset(p.danger.grants)]
        if ways:
            found.append((ways[0].path, _told([placed.danger for placed in ways]), name))
    remedy = "Name the roles and resources that are meant; pass roles with the condition iam:PassedToService."
    yield from _faults(found, remedy)


def _told(ways: list[Danger]) -> str:
    """Return the ways in a few words, grouped by what they give."""
    gives: dict[str, list[str]] = {}
    for each in (danger.escalation for danger in ways[:_WAYS] if danger.escalation):
        gives.setdefault(each.gives, []).append(str(each))
    told = "; it ".join(f"may {given}, by {', or by '.join(by)}" for given, by in gives.items())
    return told + (f", and in {len(ways) - _WAYS} more ways" if len(ways) > _WAYS else "")


def every_log_group(subject: Subject) -> Iterator[Finding]:
    """Find permission to write to all other logs of the account."""
    found = [
        (placed.path, placed.danger.what, name)
        for name, dangers in _holders(subject)
        for placed in dangers
        if placed.danger.kind is DangerKind.EVERY_LOG_GROUP
    ]
    yield from _faults(found, "Name the log groups of the task definition, each with :log-stream:PREFIX/* behind it.")


#: A place, with the danger and its holder.
_Told = tuple[Path, str, str]


def _faults(found: Iterable[_Told], remedy: str) -> Iterator[Finding]:
    """Yield one fault for each place: a policy of several roles is one mistake."""
    names: dict[tuple[Path, str], list[str]] = {}
    for path, what, name in found:
        names.setdefault((path, what), []).append(name)
    for (path, what), (first, *others) in names.items():
        more = f" and {others[0] if len(others) == 1 else f'{len(others)} more roles'}" if others else ""
        yield fault(path, f"{first}{more} {what}", remedy)


def _holders(subject: Subject) -> Iterator[tuple[str, list[Placed]]]:
    """Yield each role and policy with its unconditional dangers."""
    found = [(role.logical_id, role.dangers) for role in ecs_roles(subject)]
    for name, dangers in (*found, ("the policy", subject.dangers)):
        yield name, [placed for placed in dangers if not placed.danger.conditional]


_ANYBODY = GOOD.replace("              Service: ecs-tasks.amazonaws.com", "              {}: {}")


def _allowing(action: str, resource: str) -> str:
    return TEMPLATE.format(principal=ECS_TASKS, permissions=MORE.format(action, resource))


CHECKS = (
    Check(
        id="open-trust",
        number=9351,
        severity=Severity.ERROR,
        what="A role that anyone can assume",
        why="Anyone with an AWS account can assume the role, unless a condition says who can: an organization, an "
        "account, an external id.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
        bad=_ANYBODY.format("AWS", '"*"'),
        good=_ANYBODY.format("Service", ECS_TASKS),
        look=open_trust,
    ),
    Check(
        id="wildcard-actions",
        number=9352,
        severity=Severity.WARNING,
        what="A role that may do everything, or everything that a service has",
        why="Anyone who compromises one container has the account, or all that the account keeps with the service. "
        "NotAction allows everything but what it names.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
        bad=_allowing('"s3:*"', "*"),
        good=_allowing("s3:PutObject", "arn:aws:s3:::shop-uploads/*"),
        look=wildcard_actions,
    ),
    Check(
        id="privilege-escalation",
        number=9353,
        severity=Severity.WARNING,
        what="A role that may get more permissions than it has",
        why="It may change permissions, become another role, or run code with one. The check finds the known ways, "
        "with their sources in cfnroles/iam/escalations.py, if the statement does not name roles and resources.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
        bad=_allowing("[iam:PassRole, ecs:RunTask]", "*"),
        good=_allowing("iam:PassRole", "arn:aws:iam::123456789012:role/shop-report"),
        look=escalation,
    ),
    Check(
        id="writes-every-log-group",
        number=9354,
        severity=Severity.INFO,
        what="A role that may write to every log group",
        why="It can forge the entries of everything else in the account.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_logs.html",
        bad=_allowing("[logs:CreateLogStream, logs:PutLogEvents]", "*"),
        good=_allowing(
            "[logs:CreateLogStream, logs:PutLogEvents]",
            "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop:log-stream:web/*",
        ),
        look=every_log_group,
    ),
)
