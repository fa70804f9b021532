"""Usage of roles in a trail: each event is matched with their statements, and only counts are kept.

Memory grows with the statements of the roles and not with the events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.excess import GrantedAction
from cfnroles.answers.requests import Home
from cfnroles.facts import partition_of
from cfnroles.iam.actions import matches_action
from cfnroles.iam.evaluator import (
    Context,
    Effect,
    PolicyStatement,
    Principal,
    Request,
    StatementId,
    some,
    statement_applies,
)
from cfnroles.iam.roles import Role, evaluable
from cfnroles.messages.denials import Denial, denials_of
from cfnroles.table.event_sources import actions_of_event, source_of_event
from cfnroles.table.message import PolicyKind
from cfnroles.trail.record import Record, role_key
from cfnroles.trail.resources import Called, called

#: Limits for cached results, and for listed calls beyond the statements.
_MOST_ANSWERS, _MOST_REFUSED = 20_000, 200
_LONGEST_MESSAGE = 4_000
#: Represents the actions that are not in AWS's list.
_FURTHER = "further actions"
_ASSUMING = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_TASKS = "ecs-tasks.amazonaws.com"
#: A resource that the event does not contain.
_SOMETHING = some("arn:*")


class Count(Struct):
    """How often something was seen, and when last."""

    times: int = 0
    last: str = ""

    def add(self, time: str) -> None:
        """Count one occurrence."""
        self.times += 1
        self.last = max(self.last, time)


class GrantUse(Struct):
    """The usage of one grant: calls by action that used it, that may have used it, and that were denied."""

    used: dict[str, Count]
    perhaps: dict[str, Count]
    denied: dict[PolicyKind, Count]


class Refused(Struct, frozen=True, order=True):
    """A denied call that no statement of the role allows."""

    action: str
    resource: str
    kind: PolicyKind


class SingleGrant(Struct, frozen=True):
    """One action on one resource of one statement, in the policy's spelling."""

    statement: StatementId
    granted: GrantedAction
    action_at: int
    resource_at: int
    open_ended: bool = False


_Answer = tuple[tuple[int, str, bool], ...]


class RoleUse:
    """One role, and its usage."""

    def __init__(self, role: Role, account: str = "", name: str = "") -> None:
        self.role = role
        own = role_key(role.arn)
        self.account, self.name = account or own[0], name or own[1] or role.name
        self.grants = tuple(grants_of(role))
        self.uses = [GrantUse({}, {}, {}) for _ in self.grants]
        self.assumed, self.by_tasks, self.calls = Count(), Count(), Count()
        self.accounts: set[str] = set()
        self.regions: set[str] = set()
        self.refused: dict[Refused, Count] = {}
        self.further = 0
        self._principal = Principal(role.arn or some(f"arn:*:iam::*:role/*{self.name}"))
        self._answers: dict[object, _Answer] = {}
        self._statements: dict[tuple[str, str], list[PolicyStatement | None]] = {}
        self._by_action: dict[str, tuple[int, ...]] = {}

    def was_assumed(self, record: Record, account: str) -> None:
        """Count a session of the role."""
        if record.is_refused:
            return
        self.accounts.add(account)
        self.regions.add(record.awsRegion)
        self.assumed.add(record.eventTime)
        if record.via == _TASKS:
            self.by_tasks.add(record.eventTime)

    def saw(self, record: Record, account: str) -> None:
        """Match a call of the role with its statements."""
        self.accounts.add(account)
        self.regions.add(record.awsRegion)
        self.calls.add(record.eventTime)
        if record.is_refused:
            self._saw_refusal(record, account)
            return
        for at, action, surely in self._answer(record, account):
            counts = self.uses[at].used if surely else self.uses[at].perhaps
            name = action if action in counts or len(counts) < _MOST_ANSWERS else _FURTHER
            counts.setdefault(name, Count()).add(record.eventTime)

    def _saw_refusal(self, record: Record, account: str) -> None:
        found = denials_of((record.errorMessage or "")[:_LONGEST_MESSAGE])
        denial = found[0] if found else None
        kind = denial.kind if denial else PolicyKind.UNSTATED
        calls = _refused_call(record, denial)
        touched = False
        for action, resources in calls:
            for at, _, _ in self._held(record, account, action, resources, surely=True):
                self.uses[at].denied.setdefault(kind, Count()).add(record.eventTime)
                touched = True
        if not touched and calls:
            action, resources = calls[0]
            self._beyond(Refused(action, next(iter(resources.resources), ""), kind), record.eventTime)

    def _beyond(self, refused: Refused, time: str) -> None:
        if refused in self.refused or len(self.refused) < _MOST_REFUSED:
            self.refused.setdefault(refused, Count()).add(time)
        else:
            self.further += 1

    def _answer(self, record: Record, account: str) -> _Answer:
        """Return the grants that an event used, or may have used."""
        calls = tuple(each for each in _calls(record) if self._candidates(each[0]))
        if not calls:
            return ()
        told = tuple((action, surely, resources(record)) for action, surely, resources in calls)
        key = (record.awsRegion, account, told, _context_key(record))
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            found = self._answers[key] = tuple(
                each
                for action, surely, resources in told
                for each in self._held(record, account, action, resources, surely=surely)
            )
        return found

    def _candidates(self, action: str) -> tuple[int, ...]:
        """Return the grants for an action on any resource."""
        found = self._by_action.get(action)
        if found is None:
            matching = (at for at, each in enumerate(self.grants) if matches_action(each.granted.action, action))
            found = self._by_action[action] = tuple(matching)
        return found

    def _held(
        self, record: Record, account: str, action: str, resources: Called, *, surely: bool
    ) -> Iterator[tuple[int, str, bool]]:
        """Yield the indexes of grants that a call used, with the action and whether that is certain."""
        candidates = self._candidates(action)
        if not candidates:
            return
        statements = self._in(account, record.awsRegion)
        found: dict[int, bool] = {}
        for request in self._requests(record, action, resources if surely else Called((), False)):
            for at in candidates:
                statement = statements[at]
                if not found.get(at):
                    applies = None if statement is None else statement_applies(statement, request)
                    if applies is not False:
                        found[at] = applies is True
            if len(found) == len(candidates) and all(found.values()):
                break
        for at, applies in found.items():
            yield at, action, surely and applies

    def _requests(self, record: Record, action: str, resources: Called) -> Iterator[Request]:
        principal, context = self._principal, _context_of(tuple(_context(record).items()))
        for each in resources.resources:
            yield Request(principal, action, each if each == "*" else some(each), context)
        if not resources.complete:
            yield Request(principal, action, _SOMETHING, context)

    def _in(self, account: str, region: str) -> list[PolicyStatement | None]:
        """Return the grants as single statements, with the values of an account and Region."""
        found = self._statements.get((account, region))
        if found is None:
            found = self._statements[account, region] = list(statements_of(self.role, self.grants, account, region))
        return found


class Watching:
    """All roles of an audit. Call it with each event of a trail."""

    def __init__(self, roles: Sequence[RoleUse]) -> None:
        self.roles = roles
        self._by_name: dict[str, list[RoleUse]] = {}
        for each in roles:
            self._by_name.setdefault(each.name, []).append(each)
        self._known: dict[str, tuple[tuple[RoleUse, ...], str]] = {}

    def __call__(self, record: Record) -> None:
        """Process one event."""
        if record.eventSource == "sts.amazonaws.com" and record.eventName in _ASSUMING:
            for arn in _assumed(record):
                found, account = self._of(arn)
                for each in found:
                    each.was_assumed(record, account)
        issuer = record.issuer
        if not issuer:
            return
        found, account = self._of(issuer)
        for each in found:
            each.saw(record, account)

    def _of(self, arn: str) -> tuple[tuple[RoleUse, ...], str]:
        known = self._known.get(arn)
        if known is None:
            if len(self._known) >= _MOST_ANSWERS:
                self._known.clear()
            account, name = role_key(arn)
            named = self._by_name.get(name, ()) if name else ()
            known = self._known[arn] = tuple(each for each in named if each.account in ("", account)), account
        return known


def grants_of(role: Role) -> Iterator[SingleGrant]:
    """Yield everything that a role allows, by pairs of action and resource."""
    for policy in role.policies:
        for statement in evaluable(policy).statements:
            if statement.effect is not Effect.ALLOW:
                continue
            actions = [f"NOT {', '.join(statement.actions)}"] if statement.not_actions else statement.actions
            resources = [f"NOT {', '.join(statement.resources)}"] if statement.not_resources else statement.resources
            for action_at, action in enumerate(actions):
                for resource_at, resource in enumerate(resources):
                    open_ended = statement.not_actions or statement.not_resources
                    yield SingleGrant(statement.id, GrantedAction(action, resource), action_at, resource_at, open_ended)


def statements_of(
    role: Role, grants: Iterable[SingleGrant], account: str, region: str, symbols: Mapping[str, str] | None = None
) -> Iterator[PolicyStatement | None]:
    """Yield each grant as a statement for an account and Region; ``None`` if it cannot be read there."""
    known = symbols or Home(account, region, str(partition_of(region)) if region else "aws").symbols
    read = {
        (each.id.policy, each.id.index): each
        for policy in role.policies
        for each in evaluable(policy, known).statements
    }
    for grant in grants:
        whole = read.get((grant.statement.policy, grant.statement.index))
        if whole is None:
            yield None
            continue
        yield replace(
            whole,
            actions=whole.actions if whole.not_actions else (whole.actions[grant.action_at],),
            resources=whole.resources if whole.not_resources else (whole.resources[grant.resource_at],),
        )


def _calls(record: Record) -> Iterator[tuple[str, bool, Callable[[Record], Called]]]:
    """Yield the actions of a call, whether it certainly needs them, and a function that returns the resource."""
    for action, surely in actions_of_event(record.eventSource, record.eventName):
        yield action, surely, partial(_resources, action)


def _resources(action: str, record: Record) -> Called:
    source = source_of_event(record.eventSource, record.eventName)
    if source is not None:
        return called(record, source, action)
    return Called(tuple(each.ARN for each in record.resources or () if each.ARN and each.ARN.startswith("arn:")), False)


def _refused_call(record: Record, denial: Denial | None) -> list[tuple[str, Called]]:
    """Return the denied actions, from the message or otherwise from the event."""
    calls = [(action, resources(record)) for action, surely, resources in _calls(record) if surely]
    if denial is None:
        return calls
    told = str(denial.resource.plain)
    if told and denial.whole:
        return [(denial.action, Called((told,), True))]
    same = next((resources for action, resources in calls if action.lower() == denial.action.lower()), None)
    return [(denial.action, same or Called((), False))]


def _assumed(record: Record) -> set[str]:
    """Return the ARNs of the role that was assumed."""
    sent = record.parameters().get("roleArn")
    listed = {each.ARN for each in record.resources or () if each.ARN}
    return {*listed, sent} if isinstance(sent, str) else listed


def _context_key(record: Record) -> object:
    if record.eventSource != "kms.amazonaws.com":
        return record.via
    return record.via, tuple(sorted(_encryption(record).items()))


def _context(record: Record) -> dict[str, str]:
    """Return the condition keys with values in an event.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    told = {"aws:RequestedRegion": record.awsRegion} if record.awsRegion else {}
    if record.eventSource == "kms.amazonaws.com":
        told |= {f"kms:EncryptionContext:{key}": value for key, value in _encryption(record).items()}
        if record.via:
            service, _, domain = record.via.partition(".")
            told["kms:ViaService"] = f"{service}.{record.awsRegion}.{domain}"
    return told


@lru_cache(maxsize=1024)
def _context_of(values: tuple[tuple[str, str], ...]) -> Context:
    return Context.of(dict(values))


def _encryption(record: Record) -> dict[str, str]:
    found = record.parameters().get("encryptionContext")
    whole = found if isinstance(found, dict) else {}
    return {str(key): value for key, value in whole.items() if isinstance(value, str)}
