"""From an error to the field that asked for the call, the policy that refused it, and the statement, if one is"
" missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache

from msgspec.structs import replace

from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.explain import explain
from cfnroles.answers.requests import told_symbols
from cfnroles.answers.template_tasks import known_of
from cfnroles.answers.verification import Judged, Outcome
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role
from cfnroles.messages.collecting import Collected, Heard, collected
from cfnroles.messages.denials import Denial
from cfnroles.messages.understanding import Understood
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.sources.reading import Reading
from cfnroles.sources.roles import read_role_of
from cfnroles.statements import compose
from cfnroles.table.message import CallingRole, Category, PolicyKind, PossibleCause
from cfnroles.text import ANYTHING, Text, text_of

_HOLDERS = {
    CallingRole.TASK: Holder.TASK,
    CallingRole.INSTANCE: Holder.INSTANCE,
    CallingRole.DEPLOYER: Holder.DEPLOYER,
    CallingRole.SERVICE_LINKED: Holder.DEPLOYER,
}
_SECRET = re.compile(r"-[A-Za-z0-9]{6}")
_INDEX = re.compile(r"\[\d+\]")
#: What may be a statement of the role's that is missing, where the message itself does not say so.
_OPEN = frozenset({Category.PERMISSION, Category.UNDETERMINED, Category.VOLUME})
#: What refuses a call that the role allows, in the order in which it is worth looking.
_REMAINING = (
    PossibleCause(
        "the task ran with another role, or before this policy was there",
        "aws ecs describe-task-definition --task-definition FAMILY --query"
        " taskDefinition.[executionRoleArn,taskRoleArn]",
        "Deploy again with this role",
    ),
    PossibleCause(
        "the policy of the resource or of its KMS key does not let the role in",
        "aws secretsmanager get-resource-policy, aws ecr get-repository-policy, aws s3api get-bucket-policy or aws kms"
        " get-key-policy",
        "Change that policy; a statement in the role does not help",
    ),
    PossibleCause(
        "the policy of the VPC endpoint leaves the call out",
        "aws ec2 describe-vpc-endpoints --query 'VpcEndpoints[].[ServiceName,PolicyDocument]'",
        "Change that policy; a statement in the role does not help",
    ),
    PossibleCause(
        "a permissions boundary or a policy of the organization leaves it out",
        "aws iam get-role --role-name ROLE --query Role.PermissionsBoundary",
        "Ask who owns it; a statement in the role does not help",
    ),
)


#: The role that made the call of a message, where it can be told.
RoleOf = Callable[[Understood], Role | None]


def diagnose(
    text: str, reading: Reading | None = None, role: str | RoleOf = "", resource: str = ""
) -> tuple[Diagnosis, ...]:
    """What is behind each message in a text; empty where none is known.

    ``reading`` tells what the task definition asks for, ``role`` is one as ``read_role_of`` takes it, or tells that of
    each message. ``resource`` is the one task definition of a template. Raises InvalidInput for a source that ECS would
    refuse, and a role that cannot be read. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    return diagnosed(collected(text).heard, reading, role, resource)


def diagnosed(
    heard: Sequence[Heard], reading: Reading | None = None, role: str | RoleOf = "", resource: str = ""
) -> tuple[Diagnosis, ...]:
    """What is behind messages that were found, as ``diagnose`` tells it."""
    needs = tuple(_needs(reading, resource)) if reading and heard else ()
    facts = _facts(reading)
    role_of = role if callable(role) else _always(role, reading, facts)
    return tuple(
        replace(
            _diagnosis(each.understood, reading, needs, role_of(each.understood), facts),
            times=each.times,
            where=each.where,
            when=each.when,
        )
        for each in heard
    )


def _always(role: str, reading: Reading | None, facts: Facts) -> RoleOf:
    """The role of a file, whatever the message; read when it is first asked for."""

    @cache
    def read() -> Role:
        return read_role_of(role, facts, reading.told.parameters if reading else {})

    return lambda _: read() if role else None


def _needs(reading: Reading, resource: str) -> Iterator[Need]:
    for explanation in explain(reading, resource):
        for _, statements in explanation.roles:
            for explained in statements:
                yield from explained.statement.needs


def _facts(reading: Reading | None) -> Facts:
    if reading is None:
        return Facts()
    if reading.template is not None:
        return known_of(reading)[0]
    return reading.tasks[0].facts if reading.tasks else Facts()


def _diagnosis(
    each: Understood, reading: Reading | None, needs: tuple[Need, ...], role: Role | None, facts: Facts
) -> Diagnosis:
    asking = _asking(each, needs)
    origins = {need.origin: None for need in asking} or dict.fromkeys(_at_fields(each, reading, needs))
    own = tuple(_own(each))
    wanted = tuple(need for need in asking if _serves(each, need)) or own
    judged = _judged(wanted, role, facts) if role else ()
    missing = tuple(one.need for one in judged if one.outcome is Outcome.MISSING)
    lacks = missing if role else wanted if each.patchable else ()
    statements = compose(lacks) if _may_lack(each) else ()
    return Diagnosis(
        each,
        tuple(sorted(origins, key=lambda origin: origin.sort_key)),
        role.name if role else "",
        judged,
        () if statements else _causes(each, judged),
        statements,
        tuple(_unknown(each, reading, asking, needs, role)),
        reading.tasks[0].address if reading and reading.addressed and reading.tasks else "",
    )


def _may_lack(each: Understood) -> bool:
    """Whether a statement of the role's own can be what is missing, by what the message says."""
    if each.denial is None:
        return each.category is Category.PERMISSION or any(cause.lacking for cause in each.causes)
    kinds = (PolicyKind.IDENTITY, PolicyKind.UNSTATED)
    return each.denial.kind in kinds and not each.denial.explicit and (each.patchable or not each.causes or _open(each))


def _open(each: Understood) -> bool:
    return each.denial is not None and each.denial.kind is PolicyKind.UNSTATED


def _asking(each: Understood, needs: Iterable[Need]) -> tuple[Need, ...]:
    """The needs of the call that failed, on what the message names, if it names it."""
    called = [need for need in needs if need.permission.action.lower() == each.action.lower()]
    if each.thing:
        return tuple(need for need in called if _is_on(need.permission.resource, each.thing, need.origin))
    return tuple(called)


def _is_on(resource: Text, thing: str, origin: Origin) -> bool:
    pattern = "".join(part if isinstance(part, str) else "*" for part in text_of(resource).parts)
    if thing.startswith("arn:") or thing == "*":
        return fnmatchcase(thing, pattern.replace("[", "[[]")) or pattern.startswith(f"{thing}-") or pattern == "*"
    return thing in resource or thing in origin.item


def _serves(each: Understood, need: Need) -> bool:
    """Whether what a need grants is what was refused: where several fields ask for the call, the resource tells."""
    return each.denial is None or bool(each.thing) or need.permission.action == "ecr:GetAuthorizationToken"


def _at_fields(each: Understood, reading: Reading | None, needs: Iterable[Need]) -> Iterator[Origin]:
    """The fields that the message is about, where no need tells which."""
    wanted = [field.lower() for field in each.fields]
    if each.thing and each.denial:
        return
    for need in needs:
        if _INDEX.sub("[]", need.origin.pointer).lower().endswith(tuple(wanted or ["\0"])):
            yield need.origin
    for task in reading.tasks if reading else ():
        for field in each.fields:
            yield from (task.workload.origin(path) for path, _ in task.workload.find(field))


def _own(each: Understood) -> Iterator[Need]:
    """The needs that follow from the refusals themselves, where all that has to stand in a statement does."""
    holder = _HOLDERS.get(each.caller, Holder.EXECUTION)
    for denial in each.denials:
        conditions: tuple[Condition, ...] = ()
        if denial.action == "iam:PassRole":
            conditions = (Condition("StringEquals", "iam:PassedToService", (Text("ecs-tasks.amazonaws.com"),)),)
        sid = denial.action.partition(":")[2]
        reason = Reason("message", "the call was refused", denial.refusal.source)
        for resource in _granted(denial):
            yield Need(holder, Permission(denial.action, resource, conditions), reason, Origin("message", ()), sid)


def _granted(denial: Denial) -> tuple[Text, ...]:
    """What a statement has to name so that the next task is not refused, either; nothing where it is not all known.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    named = str(denial.resource.plain)
    if named == "*":
        return (ANYTHING,)
    if not denial.whole or not denial.arn or any(sign in named for sign in "*?$"):
        return ()
    group, stream, _ = named.partition(":log-stream:")
    if denial.action == "logs:CreateLogGroup":
        return Text(group), Text(group, ":", ANYTHING)
    if stream:
        return (Text(group, stream, ANYTHING),)
    if denial.action == "ecs:RunTask" and ":task-definition/" in named:
        return (Text(":".join(named.split(":")[:6]), ":", ANYTHING),)
    return (Text(named),)


def _judged(wanted: tuple[Need, ...], role: Role, facts: Facts) -> tuple[Judged, ...]:
    if not wanted:
        return ()
    return judge_uses(Uses(wanted[0].holder, wanted, facts), role, prove=False).judged


def _causes(each: Understood, judged: tuple[Judged, ...]) -> tuple[PossibleCause, ...]:
    outcomes = {one.outcome for one in judged}
    if outcomes == {Outcome.ALLOWED} and each.category in _OPEN:
        told = tuple(cause for cause in each.causes if not cause.lacking)
        named = each.denial is not None and each.denial.kind not in (PolicyKind.IDENTITY, PolicyKind.UNSTATED)
        return told if named else (*told, *_REMAINING)
    return each.causes


def _unknown(
    each: Understood,
    reading: Reading | None,
    asking: tuple[Need, ...],
    needs: tuple[Need, ...],
    role: Role | None,
) -> Iterator[str]:
    denial = each.denial
    if each.cut:
        yield "the cause: the text is cut before it"
    if denial and not denial.resource:
        yield "the resource: the message does not name it"
    elif denial and not _granted(denial):
        yield "the resource in full: the message cuts it, masks it, or names it otherwise than by its ARN"
    if reading is None and each.fields:
        yield "which field asked for it: --source SOURCE tells"
    elif reading is not None and each.action and not asking:
        other = any(need.permission.action.lower() == each.action.lower() for need in needs)
        what = "asks for this call on other resources only" if other else "does not ask for this call"
        yield f"who asked for it: {reading.name} {what}, so it is another revision, or the application itself"
    if each.thing and any(told_symbols(need.permission) for need in asking):
        yield "whether it is this field: the source names what it asks for by an expression"
    if role is None and each.action and each.category in _OPEN and not each.patchable:
        yield "whether the role allows the call: --role ROLE tells"
    if role is not None and denial and denial.role and role.name != denial.role and role.arn:
        yield f"whether {role.name} is the role that was refused: the message names {denial.role}"


def check_known(found: Collected) -> None:
    """Raise InvalidInput where a text holds no message that is known, and nothing that tells of a failure."""
    if not found.heard and not found.unknown:
        raise InvalidInput(
            "this is no failure message that cfnroles knows",
            remedy="Give stoppedReason, the reason of a container, an event of the service or a line of the agent's"
            " log:"
            " aws ecs describe-tasks --cluster CLUSTER --tasks TASK | cfnroles diagnose -",
        )
