"""IAM's messages about denied calls: principal, action, resource, and kind of policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from cfnroles.action_names import actions_of, spelled
from cfnroles.table.message import CallingRole, PolicyKind, Refusal
from cfnroles.table.messages.refusals import REFUSALS
from cfnroles.table.messages.stages import STAGES
from cfnroles.text import Arn, Text, arn_of

#: The maximum number of denials in one text, and of characters after the words of each.
_MOST, _REACH = 50, 4_000
_SIGN = "not authorized to perform"
#: The end of IAM's message about a missing statement: the rest after the beginning was cut off.
_WHY_ALONE = re.compile(
    r"because no ([a-z -]{5,40}) allows the ([a-z][a-z0-9-]{0,40}:[a-z0-9]{1,80}) action", re.IGNORECASE
)
_ACTION = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,40}:[a-zA-Z0-9]{1,80}")
_TASK = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANCE = re.compile(r"m?i-[0-9a-f]{8,32}")
_ACCOUNT = re.compile(r"(?:[0-9]{12}|aws|)")
#: IAM's words before the name of one of its own resources.
_KINDS = frozenset({"role", "user", "group", "policy"})
_WHY = frozenset({"because", "with"})
_RIGHT_BEHIND = (["because"], ["with"])
#: IAM's words after a complete action.
_GOES_ON = (["on"], *_RIGHT_BEHIND)
#: Common masks in pasted messages.
_MASKS = ("...", "<", ">", "xxx", "${", "{{", "redacted", "account-id", "account_id", "#")
_AROUND = "\"'()[]{},;"
#: The calls that Amazon ECS itself makes.
_OF_ECS = frozenset(stage.action for stage in STAGES if stage.action)
_BY_KIND = {refusal.kind: refusal for refusal in REFUSALS}
#: A service control policy's statement that an endpoint passed on comes last and is the cause to fix.
_LAST_NAMED = "transitively through"


class Denial(Struct, frozen=True):
    """One denied call. ``resource`` is the text in the message, and ``arn`` its parts if it is an ARN.

    ``explicit`` says that a statement denies the call, so that another one would not help. ``whole`` says that the
    resource is ``*`` or an ARN that is neither truncated nor masked.
    """

    action: str
    principal: str
    resource: Text
    kind: PolicyKind
    explicit: bool = False
    whole: bool = True

    @property
    def arn(self) -> Arn | None:
        """The parts of the resource; ``None`` for a name, ``*``, or nothing."""
        return arn_of(self.resource)

    @property
    def role(self) -> str:
        """The name of the denied role; empty for another principal."""
        parts = self.principal.split("/")
        if ":assumed-role" in parts[0] and len(parts) > 1:
            return parts[1]
        return parts[-1] if parts[0].endswith(":role") else ""

    @property
    def lacks(self) -> bool:
        """Whether IAM says that no policy of the caller's own allows the call."""
        return self.kind is PolicyKind.IDENTITY and not self.explicit

    @property
    def caller(self) -> CallingRole:
        """The kind of the principal, from its session: ECS uses the ID of the task for a task's session."""
        session = self.principal.rpartition("/")[2]
        if ":user/" in self.principal or self.principal.endswith(":root"):
            return CallingRole.DEPLOYER
        if _INSTANCE.fullmatch(session):
            return CallingRole.INSTANCE
        return CallingRole.EITHER if _TASK.fullmatch(session) else CallingRole.UNKNOWN

    @property
    def refusal(self) -> Refusal:
        """The row of the kind of policy."""
        return _BY_KIND[self.kind]


def denials_of(message: str) -> tuple[Denial, ...]:
    """Return every denial with an action in a message, without duplicates."""
    found: dict[Denial, None] = {}
    low, at, end = message.lower(), 0, 0
    for _ in range(_MOST):
        at = low.find(_SIGN, end)
        if at < 0:
            break
        following = low.find(_SIGN, at + 1)
        stop = min(at + _REACH, following if following > 0 else len(message))
        before = message[max(end, at - 2_048) : at]
        end = at + len(_SIGN)
        if denial := _denial(before, message[end:stop]):
            found[denial] = None
    return tuple(found) or tuple(dict.fromkeys(_ends(message)))


def _ends(message: str) -> Iterator[Denial]:
    """Yield denials of which only the end remains: the action and the kind of policy."""
    for end in islice(_WHY_ALONE.finditer(message), _MOST):
        kind, explicit = _kind(end[0].lower())
        named = spelled(end[2])
        key = kind is PolicyKind.RESOURCE and named.startswith("kms:")
        yield Denial(named, "", Text(""), PolicyKind.KEY if key else kind, explicit, whole=False)


def _denial(before: str, rest: str) -> Denial | None:
    words = rest.lstrip(": ").split(" ")
    if words[0].endswith(":") and len(words) > 1:  # a console broke the line there
        words[:2] = [words[0] + words[1]]
    action = _ACTION.match(words[0].strip(_AROUND))
    if action is None:
        return None
    given, whole = _resource(words[1:])
    kind, explicit = _kind(rest.lower())
    named = spelled(action[0])
    if words[1:2] not in _GOES_ON:
        named = _completed(named)
    if not named:
        return None
    if kind is PolicyKind.RESOURCE and named.startswith("kms:"):
        # The resource-based policy of a key is its key policy.
        kind = PolicyKind.KEY
    return Denial(named, _principal(before), Text(given), kind, explicit, whole)


def _completed(begun: str) -> str:
    """Return the complete action of a truncated one if it is unambiguous; otherwise empty."""
    known = actions_of(begun.partition(":")[0])
    begins = [action for action in known if action.startswith(begun)]
    if not begins or begun in known:
        return begun
    of_ecs = [action for action in begins if action in _OF_ECS]
    return next((found[0] for found in (begins, of_ecs) if len(found) == 1), "")


def _principal(before: str) -> str:
    words = before.rstrip().removesuffix(" is").split(" ")
    last = words[-1].strip(_AROUND) if words else ""
    if last.startswith("arn:") and last.endswith("is") and not before.rstrip().endswith(" is"):
        last = last[:-2]
    named = last.startswith("arn:") or (
        len(words) > 1 and words[-2].lower().rstrip(":") in ("user", "role", "principal")
    )
    return last if named else ""


def _resource(words: list[str]) -> tuple[str, bool]:
    """Return the text after ``on resource:`` in any pasted spelling, and whether it is complete."""
    if not words or words[0].lower() != "on":
        return "", True
    named = words[1:]
    if named and named[0].lower().startswith("resource"):
        glued = named[0][len("resource") :].lstrip(":")
        named = [glued, *named[1:]] if glued else named[1:]
    if len(named) > 1 and named[0].lower() in _KINDS:
        named = named[1:]
    given = named[0] if named else ""
    # IAM's reason follows the resource directly: any other word is part of the resource, after a line break.
    cut = given.endswith("...") or (bool(_WHY & set(named)) and named[1:2] not in _RIGHT_BEHIND)
    given = given.strip(_AROUND).removesuffix("...")
    given = given.removesuffix(".") if given not in (".", "") else ""
    return given, _is_complete(given) and not cut and not _is_masked(given)


def _is_complete(given: str) -> bool:
    arn = arn_of(given)
    return given == "*" or (arn is not None and bool(arn.resource) and _ACCOUNT.fullmatch(arn.account) is not None)


def _is_masked(given: str) -> bool:
    return "***" in given or any(sign in given.lower() for sign in _MASKS)


def _kind(rest: str) -> tuple[PolicyKind, bool]:
    explicit = "explicit deny" in rest
    at = max(rest.find("because"), rest.find("explicit deny"))
    if at < 0:
        return PolicyKind.UNSTATED, False
    why = rest[at : at + 300]
    if _LAST_NAMED in why:
        why = why[why.find(_LAST_NAMED) :]
    named = [(why.find(name), refusal.kind) for refusal in REFUSALS for name in refusal.names if name in why]
    return min(named)[1] if named else PolicyKind.UNSTATED, explicit
