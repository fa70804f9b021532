"""What one message says: the stages that it went through, the call that failed, and what may be behind it."""

from __future__ import annotations

import re

from msgspec import Struct

from cfnroles.messages.conditions import CONDITIONS, hosts, is_aws, is_cut
from cfnroles.messages.denials import Denial, denials_of
from cfnroles.messages.normalising import normalised
from cfnroles.table.message import ANY, CallingRole, Category, Endpoint, PolicyKind, PossibleCause, Stage, Symptom
from cfnroles.table.messages import STAGES, SYMPTOMS
from cfnroles.table.messages.calls import AGENT, OPERATIONS, OTHERWISE, SERVICES
from cfnroles.table.messages.endpoints import ENDPOINTS

#: A hundred times the longest message that AWS is known to write.
_LONGEST = 100_000
_SDK = re.compile(r"operation error ([a-z0-9 ]{2,40}): ([a-z0-9]{3,60})")
_BOTO = re.compile(r"when calling the ([a-z0-9]{3,60}) operation")
_RETRIED = re.compile(r"has been retried (\d{1,4}) time")
_SIX = re.compile(r"-(?:[a-z0-9]{6}|[A-Z0-9]{6})")
#: What a variable that nobody filled becomes in a name.
_NAMELESS = ("/null", "/undefined", "/none", "/")

_DESCRIBE = (
    "aws ecs describe-tasks --cluster CLUSTER --tasks TASK"
    " --query 'tasks[].[stoppedReason,containers[].[name,exitCode,reason]]'"
)
_HYPHEN = PossibleCause(
    "the name of the secret ends in a hyphen and six characters, and was read as a complete ARN, which is no secret's",
    "aws secretsmanager describe-secret --secret-id NAME --query ARN",
    "Write the complete ARN, with the six characters that Secrets Manager added",
)
_NO_NAME = PossibleCause(
    "the name of the role was never filled in: no role is called so",
    "Look at taskRoleArn and executionRoleArn of the task definition that was registered",
    "Fill in the name where the task definition is made",
)
_NO_EXECUTION_ROLE = PossibleCause(
    "the task has no execution role, so the agent calls as the instance",
    "aws ecs describe-task-definition --task-definition FAMILY --query taskDefinition.executionRoleArn",
    "Give the task an execution role; `cfnroles build SOURCE` makes it",
)
_LACKS = PossibleCause(
    "no policy of the role allows the call",
    "cfnroles verify SOURCE --role ROLE",
    "Add what verify tells to the role",
    lacking=True,
)


class Understood(Struct, frozen=True):
    """What a message says.

    ``what`` is one sentence, ``name`` that of the row or of the refusal, ``thing`` what it is about, where that is no
    resource of a denial. ``causes`` are what may be behind it, the likeliest first: none where the message itself
    tells. ``patchable`` says that it names an identity policy that lacks a statement, and all that has to stand in one.
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
        """The first refusal in IAM's words."""
        return self.denials[0] if self.denials else None


def understand(text: str) -> Understood | None:
    """What a text says; ``None`` where it is no message that the table knows."""
    message = normalised(text[:_LONGEST])
    low = message.lower()
    stages = tuple(stage for stage in STAGES if any(occurs(words, low) for words in stage.words))
    denials = denials_of(message)
    if denials:
        return _denied(message, stages, denials)
    symptom = next((row for row in SYMPTOMS if _is(row, low, stages)), None)
    if symptom:
        return _of_symptom(message, low, stages, symptom)
    return _of_stage(message, low, stages) if stages else None


def occurs(words: str, low: str) -> bool:
    """Whether the words stand in a text in lower case, with anything in the place of each `ANY`."""
    at = 0
    for piece in words.split(ANY.strip()):
        found = low.find(piece.strip() if ANY.strip() in words else piece, at)
        if found < 0:
            return False
        at = found + len(piece.strip())
    return True


def _is(row: Symptom, low: str, stages: tuple[Stage, ...]) -> bool:
    names = {stage.name for stage in stages} or {""}
    if row.during and names.isdisjoint(row.during):
        return False
    return any(occurs(words, low) for words in row.words) and (not row.when or CONDITIONS[row.when](low))


def _denied(message: str, stages: tuple[Stage, ...], denials: tuple[Denial, ...]) -> Understood:
    first = denials[0]
    refusal = first.refusal
    categories = {PolicyKind.KEY: Category.KEY_POLICY, PolicyKind.TRUST: Category.TRUST}
    causes = _causes(first)
    lacks = first.kind is PolicyKind.IDENTITY and not first.explicit
    return Understood(
        message,
        f"{_who(first)} may not call {first.action}: {refusal.explicit if first.explicit else refusal.what}",
        categories.get(first.kind, Category.PERMISSION),
        refusal_name(first.kind),
        _remedy(first),
        refusal.sure,
        refusal.source,
        _caller(first, stages),
        first.action,
        str(first.resource),
        stages,
        next((stage.fields for stage in stages if stage.fields), ()),
        denials,
        causes,
        _retries(message),
        patchable=lacks and first.whole and not causes and first.action not in AGENT,
    )


def refusal_name(kind: PolicyKind) -> str:
    """The name of a refusal, as rows of symptoms have one: ``denied-by-key-policy``."""
    return "denied" if kind is PolicyKind.UNSTATED else f"denied-by-{kind.replace(' ', '-').lower()}"


def _remedy(denial: Denial) -> str:
    if denial.explicit and denial.kind is PolicyKind.IDENTITY:
        return "Find the statement that denies and change it: one more that allows does not help"
    if denial.action in AGENT:
        policy = "AmazonEC2ContainerServiceforEC2Role"
        return f"Give the instance the role of container instances ({policy}); one statement is not enough"
    return denial.refusal.remedy


def _causes(denial: Denial) -> tuple[PossibleCause, ...]:
    """What may be behind a refusal that IAM's words do not settle; empty where they do."""
    if denial.kind is PolicyKind.UNSTATED:
        return _unstated(denial)
    if denial.kind is PolicyKind.IDENTITY and not denial.explicit:
        if denial.caller is CallingRole.INSTANCE and denial.action not in AGENT:
            return (_NO_EXECUTION_ROLE, _LACKS)
        if _is_misread(denial):
            return (_HYPHEN, _LACKS)
        if denial.resource.lower().endswith(_NAMELESS):
            return (_NO_NAME, _LACKS)
    return ()


def _unstated(denial: Denial) -> tuple[PossibleCause, ...]:
    boundary = PossibleCause(
        "a permissions boundary, a policy of the organization or the policy of a VPC endpoint leaves it out",
        "aws iam get-role --role-name ROLE --query Role.PermissionsBoundary; aws ec2 describe-vpc-endpoints",
        "Change that policy; a statement in the role does not help",
    )
    deny = PossibleCause(
        "a statement denies the call", "cfnroles verify SOURCE --role ROLE", "Change the statement that denies"
    )
    return (deny, boundary) if denial.explicit else (_LACKS, boundary)


def _who(denial: Denial) -> str:
    if denial.role:
        return f"the role {denial.role}"
    return denial.principal or "the caller"


def _caller(denial: Denial, stages: tuple[Stage, ...]) -> CallingRole:
    if denial.caller in (CallingRole.DEPLOYER, CallingRole.INSTANCE):
        return denial.caller
    staged = next((stage.caller for stage in stages), CallingRole.UNKNOWN)
    return staged if staged is not CallingRole.UNKNOWN else denial.caller


def _is_misread(denial: Denial) -> bool:
    """Whether the ARN of a secret ends in a hyphen and six characters of one case: a random suffix seldom looks so."""
    found = denial.arn is not None and denial.arn.service == "secretsmanager"
    return found and _SIX.fullmatch(denial.resource[-7:]) is not None


def _of_symptom(message: str, low: str, stages: tuple[Stage, ...], row: Symptom) -> Understood:
    stage = stages[0] if stages else None
    endpoint = _endpoint(low)
    action = row.action or _operation(low) or (stage.action if stage else "")
    if row.category is Category.NETWORK and not row.action and endpoint and endpoint.action:
        action = endpoint.action
    if not action and stage and stage.name in ("image", "layers") and ".dkr.ecr." in low:
        action = "ecr:BatchGetImage"
    doing = f" while Amazon ECS was {stage.doing}" if stage and row.category is not Category.UNDETERMINED else ""
    return Understood(
        message,
        f"{row.what}{doing}",
        row.category,
        row.name,
        row.remedy,
        row.sure,
        row.source,
        row.caller or (stage.caller if stage else CallingRole.UNKNOWN),
        action,
        _thing(message, low, row),
        stages,
        row.fields or (stage.fields if stage else ()),
        (),
        row.causes,
        _retries(message),
        endpoint.endpoint if endpoint and row.category is Category.NETWORK else "",
    )


def _of_stage(message: str, low: str, stages: tuple[Stage, ...]) -> Understood:
    stage = stages[0]
    cut = is_cut(message)
    what = "the text is cut before the cause" if cut else "the text does not say why"
    return Understood(
        message,
        f"something failed while Amazon ECS was {stage.doing}; {what}",
        Category.UNDETERMINED,
        "cut" if cut else stage.name,
        "Diagnose the whole text",
        _DESCRIBE,
        stage.source,
        stage.caller,
        _operation(low) or stage.action,
        "",
        stages,
        stage.fields,
        retries=_retries(message),
        cut=cut,
    )


def _operation(low: str) -> str:
    """The action of the call that a client of AWS names."""
    if found := _SDK.search(low):
        prefix = SERVICES.get(found[1].strip(), "")
        known = OPERATIONS.get(found[2], "")
        if known.startswith(f"{prefix}:"):
            return known
        at = next((name for name in OTHERWISE if name.lower() == f"{prefix}:{found[2]}"), "")
        return OTHERWISE.get(at, "")
    if found := _BOTO.search(low):
        return OPERATIONS.get(found[1], "")
    return ""


def _endpoint(low: str) -> Endpoint | None:
    """The row of the first host of AWS's that a message names."""
    for host in filter(is_aws, hosts(low)):
        for row in ENDPOINTS:
            if host.startswith(row.host) or (row.host.startswith((".", "starport")) and row.host in host):
                return row
    return None


def _thing(message: str, low: str, row: Symptom) -> str:
    """The word behind one of the row's words, without the signs around it."""
    for words in row.after:
        at = low.find(words)
        if at >= 0:
            return message[at + len(words) :][:2_048].split(" ", 1)[0].strip("\"'.,;)(")
    return ""


def _retries(message: str) -> int:
    found = _RETRIED.search(message)
    return int(found[1]) if found else 0
