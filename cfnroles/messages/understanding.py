"""The meaning of one message: its stages, the failed call, and possible causes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.messages.calls import action_called, action_named
from cfnroles.messages.conditions import CONDITIONS, hosts, is_aws, is_cut
from cfnroles.messages.denials import Denial, denials_of
from cfnroles.messages.doubts import doubts, policy_command
from cfnroles.messages.names import filled, names_in
from cfnroles.messages.normalising import normalised
from cfnroles.table.message import ANY, CallingRole, Category, Endpoint, PolicyKind, PossibleCause, Stage, Symptom
from cfnroles.table.messages import STAGES, SYMPTOMS, retries
from cfnroles.table.messages.calls import AGENT
from cfnroles.table.messages.endpoints import ENDPOINTS, OTHER_REGISTRIES

#: A hundred times the length of AWS's longest known message.
_LONGEST = 100_000
_VERIFY = "cfnroles verify SOURCE --live --role ROLE"
_OPTIONS = {CallingRole.TASK: "--task-role", CallingRole.INSTANCE: "--instance-role"}
#: Calls that a person makes and no stack: `deploy-policy` does not include them.
_BY_HAND = frozenset(
    {
        "ecs:DescribeTasks",
        "ecs:ExecuteCommand",
        "ecs:RunTask",
        "ecs:StartTask",
        "ecs:StopTask",
        "ecs:UpdateService",
        "ssm:StartSession",
    }
)
_CATEGORIES = {PolicyKind.KEY: Category.KEY_POLICY, PolicyKind.TRUST: Category.TRUST}
#: Reasons in `failures` of Amazon ECS for which a task is rejected at once.
_FAILED = "taskfailedtostart: "
_FAILURE = re.compile(r"[A-Z]{5}[A-Z :]{0,40}")
_RETRIED = re.compile(r"has been retried (\d{1,4}) time")

_EVENTS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-cli.html"
_DESCRIBE = (
    "aws ecs describe-tasks --cluster CLUSTER --tasks TASK"
    " --query 'tasks[].[stoppedReason,containers[].[name,exitCode,reason]]'"
)


class Understood(Struct, frozen=True):
    """The meaning of a message.

    ``what`` is one sentence, ``name`` that of the row or of the denial, ``thing`` its subject if that is not the
    resource of a denial. ``causes`` are the possible causes, likeliest first: none if the message itself contains the
    cause. ``patchable`` says that it names an identity policy without a statement, and all contents of that statement.
    ``cut`` says that the text ends before the cause.
    """

    text: str
    what: str
    category: Category
    name: str
    remedy: str
    sure: str
    source: str = ""
    caller: CallingRole = CallingRole.UNKNOWN
    action: str = ""
    thing: str = ""
    stages: tuple[Stage, ...] = ()
    fields: tuple[str, ...] = ()
    denials: tuple[Denial, ...] = ()
    causes: tuple[PossibleCause, ...] = ()
    retries: int = 0
    endpoint: str = ""
    patchable: bool = False
    cut: bool = False

    @property
    def denial(self) -> Denial | None:
        """The first denial in IAM's words."""
        return self.denials[0] if self.denials else None


def understand(text: str) -> Understood | None:
    """Return the meaning of a text; ``None`` if it is not a message in the table."""
    message = normalised(text[:_LONGEST])
    low = message.lower()
    failure = low.removeprefix(_FAILED)
    if _FAILURE.fullmatch(message[len(low) - len(failure) :]):
        low = f"reason: {failure}"
    stages = tuple(stage for stage in STAGES if any(occurs(words, low) for words in stage.words))
    denials = denials_of(message)
    if denials:
        return named(_denied(message, stages, denials), _names(message, denials))
    symptom = next((row for row in SYMPTOMS if _is(row, low, stages)), None)
    found = _of_symptom(message, low, stages, symptom) if symptom else None
    if found is None:
        found = _of_stage(message, low, stages) if stages else _of_call(message)
    return named(found, names_in(message)) if found else None


def named(each: Understood, names: Mapping[str, str]) -> Understood:
    """Return the meaning with names in place of the words in capitals in its commands."""
    return replace(
        each,
        sure=filled(each.sure, names),
        remedy=filled(each.remedy, names),
        endpoint=filled(each.endpoint, names),
        causes=tuple(
            replace(cause, check=filled(cause.check, names), remedy=filled(cause.remedy, names))
            for cause in each.causes
        ),
    )


def _names(message: str, denials: tuple[Denial, ...]) -> dict[str, str]:
    """Return the names in a denial: the denied role, not another one in the text, is the one to examine."""
    return {**names_in(message), **names_in(denials[0].resource), "ROLE": denials[0].role}


def occurs(words: str, low: str) -> bool:
    """Return whether the words are in a lowercase text, with anything in place of each `ANY`."""
    first, *others = _pieces(words)
    at = low.find(first)
    for piece in others:
        if at < 0:
            return False
        at = low.find(piece, at + len(first))
        first = piece
    return at >= 0


@cache
def _pieces(words: str) -> tuple[str, ...]:
    return tuple(piece.strip() for piece in words.split(ANY.strip())) if ANY.strip() in words else (words,)


def _is(row: Symptom, low: str, stages: tuple[Stage, ...]) -> bool:
    names = {stage.name for stage in stages} or {""}
    if row.during and names.isdisjoint(row.during):
        return False
    return any(occurs(words, low) for words in row.words) and (not row.when or CONDITIONS[row.when](low))


def _denied(message: str, stages: tuple[Stage, ...], denials: tuple[Denial, ...]) -> Understood:
    first = denials[0]
    refusal = first.refusal
    called = action_called(message)
    caller = _caller(first, stages)
    causes = tuple(
        replace(
            cause,
            what=_of_caller(first, cause.what),
            check=_asked(cause.check, caller, first),
            remedy=_of_caller(first, cause.remedy),
        )
        for cause in doubts(first, stages, called)
    )
    said = refusal.explicit if first.explicit else refusal.what
    return Understood(
        message,
        f"{_who(first)} may not call {first.action}: {_of_caller(first, said)}",
        _category(first, causes),
        refusal_name(first.kind),
        _of_caller(first, _remedy(first)),
        (policy_command(first) if first.kind is PolicyKind.RESOURCE else "") or _asked(refusal.sure, caller, first),
        refusal.source,
        caller,
        first.action,
        str(first.resource),
        stages,
        next((stage.fields for stage in stages if stage.fields), ()),
        denials,
        causes,
        _retries(message),
        patchable=all(_is_cured(each, doubts(each, stages, called)) for each in denials),
        cut=first.kind is PolicyKind.UNSTATED and is_cut(message),
    )


def _of_caller(denial: Denial, said: str) -> str:
    """Return the text for a caller that is a user: it has policies, and no role."""
    if ":user/" not in denial.principal:
        return said
    return said.replace("what verify reports", "the action").replace("the role", "the user")


def _asked(command: str, caller: CallingRole, denial: Denial) -> str:
    """Return a command about the denied role, in the form of `cfnroles verify` for its purpose."""
    if caller is CallingRole.DEPLOYER and command == _VERIFY:
        if denial.action not in _BY_HAND:
            return "cfnroles deploy-policy SOURCE"
        asked = denial.principal if ":user/" in denial.principal else "ARN"
        return f"aws iam simulate-principal-policy --policy-source-arn {asked} --action-names {denial.action}"
    return command.replace("--role ROLE", f"{_OPTIONS.get(caller, '--role')} ROLE") if command == _VERIFY else command


def _is_cured(denial: Denial, causes: tuple[PossibleCause, ...]) -> bool:
    """Return whether a completely known statement in the role's own policy resolves a denial."""
    return denial.lacks and denial.whole and not causes and denial.action not in AGENT


def _category(denial: Denial, causes: tuple[PossibleCause, ...]) -> Category:
    """Return the category of the likeliest cause."""
    named = causes[0].category if causes else None
    return named or _CATEGORIES.get(denial.kind, Category.PERMISSION)


def refusal_name(kind: PolicyKind) -> str:
    """Return the name of a denial, in the form of rows: ``denied-by-key-policy``."""
    return "denied" if kind is PolicyKind.UNSTATED else f"denied-by-{kind.replace(' ', '-').lower()}"


def _remedy(denial: Denial) -> str:
    if denial.explicit and denial.kind is PolicyKind.IDENTITY:
        return "Find the statement that denies and change it: one more that allows does not help"
    if denial.action in AGENT:
        policy = "AmazonEC2ContainerServiceforEC2Role"
        return f"Attach the role of container instances to the instance ({policy}); one statement is not enough"
    return denial.refusal.remedy


def _who(denial: Denial) -> str:
    if denial.role:
        return f"the role {denial.role}"
    return denial.principal or "the caller"


def _caller(denial: Denial, stages: tuple[Stage, ...]) -> CallingRole:
    if denial.caller in (CallingRole.DEPLOYER, CallingRole.INSTANCE):
        return denial.caller
    staged = next((stage.caller for stage in stages), CallingRole.UNKNOWN)
    return staged if staged is not CallingRole.UNKNOWN else denial.caller


def _of_registry(command: str) -> str:
    """Return the same command for a registry other than Amazon ECR."""
    return "docker manifest inspect IMAGE" if command.startswith("aws ecr describe-images") else command


def _of_symptom(message: str, low: str, stages: tuple[Stage, ...], row: Symptom) -> Understood:
    stage = stages[0] if stages else None
    endpoint = _endpoint(low)
    action = _action(message, row, stage)
    if row.category is Category.NETWORK and not row.action and endpoint and endpoint.action:
        action = endpoint.action
    if not action and stage and stage.name == "image" and ".dkr.ecr." in low:
        action = "ecr:BatchGetImage"
    elsewhere = any(host.endswith(OTHER_REGISTRIES) for host in hosts(low))
    if action.startswith("ecr:") and elsewhere:
        action = ""
    doing = f" while Amazon ECS was {stage.doing}" if stage and row.category is not Category.UNDETERMINED else ""
    return Understood(
        message,
        f"{row.what}{doing}",
        row.category,
        row.name,
        row.remedy,
        _of_registry(row.sure) if elsewhere else row.sure,
        row.source,
        row.caller or (stage.caller if stage else CallingRole.UNKNOWN),
        action,
        _thing(message, low, row),
        stages,
        row.fields or (stage.fields if stage else ()),
        (),
        tuple(replace(each, check=_of_registry(each.check)) for each in row.causes) if elsewhere else row.causes,
        _retries(message),
        endpoint.endpoint if endpoint and row.category is Category.NETWORK else "",
    )


def _action(message: str, row: Symptom, stage: Stage | None) -> str:
    """Return the failed call: the client's, unless the row knows one of another service behind it."""
    called = action_called(message)
    if row.action and called.partition(":")[0] != row.action.partition(":")[0]:
        return row.action
    known = called or row.action or (stage.action if stage else "")
    return known or (action_named(message) if row.category is Category.PERMISSION else "")


def _of_stage(message: str, low: str, stages: tuple[Stage, ...]) -> Understood:
    stage = stages[0]
    cut = is_cut(message)
    what = "the text ends before the cause" if cut else "the text does not say why"
    return Understood(
        message,
        f"something failed while Amazon ECS was {stage.doing}; {what}",
        Category.UNDETERMINED,
        "cut" if cut else stage.name,
        "Diagnose the whole text",
        _DESCRIBE,
        stage.source,
        stage.caller,
        action_called(message) or stage.action,
        "",
        stages,
        stage.fields,
        causes=_hinted(stage, _retries(message)),
        retries=_retries(message),
        cut=cut,
    )


def _of_call(message: str) -> Understood | None:
    """Return the meaning of a client's message with an unknown error: the failed call."""
    action = action_called(message)
    if not action:
        return None
    return Understood(
        message,
        f"{action} failed with an error that says no more",
        Category.UNDETERMINED,
        "call-failed",
        "Diagnose the errorMessage of the event",
        "aws cloudtrail lookup-events --lookup-attributes"
        f" AttributeKey=EventName,AttributeValue={action.partition(':')[2]}",
        _EVENTS,
        action=action,
        cut=is_cut(message),
    )


def _hinted(stage: Stage, times: int) -> tuple[PossibleCause, ...]:
    """Return the causes that a number of retries suggests, if a text ends before its cause."""
    if not times or stage.name not in retries.STAGES:
        return ()
    return retries.UNANSWERED if times >= retries.UNANSWERED_FROM else retries.ANSWERED


def _endpoint(low: str) -> Endpoint | None:
    """Return the row of the first AWS host in a message."""
    for host in filter(is_aws, hosts(low)):
        for row in ENDPOINTS:
            if host.startswith(row.host) or (row.host.startswith((".", "starport")) and row.host in host):
                return row
    return None


def _thing(message: str, low: str, row: Symptom) -> str:
    """Return the word after one of the row's words, without punctuation."""
    for words in row.after:
        at = low.find(words)
        if at >= 0:
            return message[at + len(words) :][:2_048].split(" ", 1)[0].strip("\"'.,;)(")
    return ""


def _retries(message: str) -> int:
    found = _RETRIED.search(message)
    return int(found[1]) if found else 0
