"""What roles were seen to use of their policies, with the needs of their task definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.audited import Audit, AuditedGrant, AuditedRole, GrantStatus, RoleUser, Times
from cfnroles.answers.hidden_calls import View
from cfnroles.answers.requests import asked, homes, opened, said_by, said_in, told_symbols
from cfnroles.answers.tightening import tight_policies
from cfnroles.answers.usage import Count, GrantUse, RoleUse, Watching, statements_of
from cfnroles.counted import counted
from cfnroles.facts import Facts
from cfnroles.iam.actions import expanded, is_pattern, matches_action
from cfnroles.iam.evaluator import statement_applies
from cfnroles.iam.roles import Role
from cfnroles.need import Gap, Need, Permission
from cfnroles.table.event_sources import source_of_action
from cfnroles.trail.coverage import Coverage, LastAccessed
from cfnroles.trail.record import role_key

#: The maximum number of needs and actions to list for a grant.
_MOST = 50


class Subject(Struct, frozen=True):
    """A role to audit, and its task definitions.

    ``account`` and ``name`` are its identity in the trail, if given. ``facts`` are what is known about the tasks.
    """

    role: Role
    users: tuple[RoleUser, ...] = ()
    account: str = ""
    name: str = ""
    facts: Facts = Facts()


def audit_roles(subjects: Sequence[Subject], read: Callable[[Watching], Coverage]) -> Audit:
    """Audit roles with a trail. ``read`` passes each event once and returns the coverage of the trail.

    Errors of ``read`` propagate.
    """
    uses = [RoleUse(each.role, each.account or each.facts.account, each.name) for each in subjects]
    coverage = read(Watching(uses))
    roles = [_audited(subject, use, coverage, len(subjects)) for subject, use in zip(subjects, uses, strict=True)]
    return Audit(coverage, tuple(sorted(roles, key=lambda each: each.rank)), tuple(_notes(coverage, roles)))


def _audited(subject: Subject, use: RoleUse, coverage: Coverage, asked_about: int) -> AuditedRole:
    account = _account(use, coverage)
    regions = tuple(sorted(use.regions | ({subject.facts.region} - {""})))
    view = View(coverage, account, regions)
    needs = _needs(subject, use)
    report = _report(use, account, coverage, asked_about)
    judge = _Judge(view, report, _idle(use, view))
    grants = tuple(
        judge.grant(use, at, needs[at], _gap(subject, each.granted.action)) for at, each in enumerate(use.grants)
    )
    return AuditedRole(
        use.role,
        use.name,
        account,
        subject.users,
        _times("sessions", use.assumed),
        _times("tasks", use.by_tasks),
        _times("calls", use.calls),
        tuple(sorted(use.regions)),
        grants,
        tuple((refused, _times(refused.kind, count)) for refused, count in sorted(use.refused.items())),
        use.further,
        tuple(dict.fromkeys(each.label for each in use.role.all_unread)),
        tuple(sorted(use.accounts)) if len(use.accounts) > 1 else (),
        tight_policies(use.role, grants),
    )


def _account(use: RoleUse, coverage: Coverage) -> str:
    """Return the account of a role: as given, as seen, or the only one."""
    if use.account:
        return use.account
    if len(use.accounts) == 1:
        return next(iter(use.accounts))
    return coverage.accounts[0] if len(coverage.accounts) == 1 else ""


def _idle(use: RoleUse, view: View) -> str | None:
    """Return why it is unknown whether the role was assumed; empty if it never was, and ``None`` if it was."""
    if use.assumed.times or use.calls.times:
        return None
    return view.sessions()


class _Judge(Struct, frozen=True):
    """Judges grants. ``idle`` is why it is unknown whether the role was assumed; ``None`` if it was."""

    view: View
    report: LastAccessed | None
    idle: str | None

    def grant(self, use: RoleUse, at: int, needs: tuple[Need, ...], gap: Gap | None) -> AuditedGrant:
        """Return one grant with everything that was seen of it."""
        granted, seen = use.grants[at], use.uses[at]
        action = granted.granted.action
        source = source_of_action(action)
        found = AuditedGrant(
            granted,
            GrantStatus.UNUSED,
            _all_times(seen.used),
            _all_times(seen.perhaps),
            tuple(_times(kind, count) for kind, count in sorted(seen.denied.items())),
            page=source.page if source else "",
            needs=needs[:_MOST],
            gap=gap,
            regions=self.view.looked_at(granted.granted.resource),
        )
        return self._by_iam(self._judged(found, seen, is_open_ended=granted.open_ended))

    def _judged(self, found: AuditedGrant, seen: GrantUse, *, is_open_ended: bool) -> AuditedGrant:
        granted = found.grant.granted
        if is_open_ended:
            why = "it uses NotAction or NotResource, so its permissions cannot be listed"
            status = GrantStatus.USED if seen.used else GrantStatus.UNKNOWN
            return replace(found, status=status, why="" if seen.used else why)
        if is_pattern(granted.action):
            return self._pattern(found, seen)
        if seen.used:
            return replace(found, status=GrantStatus.USED)
        return self._without_use(found, seen, self.view.hidden(granted.action, granted.resource))

    def _pattern(self, found: AuditedGrant, seen: GrantUse) -> AuditedGrant:
        granted = found.grant.granted
        covered = expanded(granted.action)
        if not covered:
            why = f"cannot list the actions that {granted.action} allows"
            return replace(found, status=GrantStatus.USED) if seen.used else self._without_use(found, seen, why)
        touched = {name.lower() for name in (*seen.used, *seen.perhaps)}
        touched |= {need.permission.action.lower() for need in found.needs}
        others = [name for name in covered if name.lower() not in touched]
        reasons = {name: self.view.hidden(name, granted.resource) for name in others}
        hidden = [name for name, why in reasons.items() if why]
        idle = tuple(name for name, why in reasons.items() if not why)
        found = replace(found, idle=idle, hidden=len(hidden))
        if seen.used:
            return replace(found, status=GrantStatus.USED)
        why = f"of {len(covered)} actions, {len(hidden)} cannot be seen: {reasons[hidden[0]]}" if hidden else ""
        return self._without_use(found, seen, why)

    def _without_use(self, found: AuditedGrant, seen: GrantUse, why: str) -> AuditedGrant:
        if seen.denied:
            return replace(found, status=GrantStatus.DENIED)
        if seen.perhaps:
            calls = counted(sum(each.times for each in seen.perhaps.values()), "call")
            told = f"{calls} may have used it: the events do not say the resource, or what a condition asks for"
            return replace(found, status=GrantStatus.UNKNOWN, why=told)
        if self.idle == "":
            return replace(found, status=GrantStatus.NEVER_ASSUMED)
        if why or self.idle:
            return replace(found, status=GrantStatus.UNKNOWN, why=why or self.idle or "")
        return found

    def _by_iam(self, found: AuditedGrant) -> AuditedGrant:
        """Add IAM's own report, which also counts calls that no event shows, including refused ones."""
        if self.report is None:
            return found
        action = found.grant.granted.action.lower()
        service = action.partition(":")[0]
        if last := self.report.actions.get(action):
            told = f"IAM last saw it on {last[:10]}, including refused calls"
            later = last[:10] >= self.view.coverage.first[:10]
            if later and found.status in (GrantStatus.UNUSED, GrantStatus.UNKNOWN, GrantStatus.NEVER_ASSUMED):
                return replace(found, status=GrantStatus.USED, used=(Times(action, 0, last),), why="", iam=told)
            return replace(found, iam=told)
        if (last := self.report.services.get(service)) is None:
            return found
        if not last:
            return replace(found, iam=f"IAM saw no call of {service} in the time that it tracks")
        return replace(found, iam=f"IAM saw {service} called last on {last[:10]}, by whichever action")


def _report(use: RoleUse, account: str, coverage: Coverage, asked_about: int) -> LastAccessed | None:
    """Return IAM's report on a role: it contains the role only for services that it called."""
    own = [each for each in coverage.reports if role_key(each.role) in ((account, use.name), (use.account, use.name))]
    if own:
        return own[0]
    nameless = [each for each in coverage.reports if not each.role]
    return nameless[0] if len(coverage.reports) == len(nameless) == asked_about == 1 else None


def _needs(subject: Subject, use: RoleUse) -> list[tuple[Need, ...]]:
    """Return the needs that each grant serves or may serve: an unknown part of a need may be anything."""
    found: list[dict[Need, None]] = [{} for _ in use.grants]
    alike: dict[Permission, list[Need]] = {}
    for need in (need for each in subject.users for need in each.needs):
        alike.setdefault(need.permission, []).append(need)
    wide = [opened(each[0]) if told_symbols(each[0].permission) else each[0] for each in alike.values()]
    facts = subject.facts if subject.facts.account else replace(subject.facts, account=use.account)
    role = said_in(str(policy.document) for policy in use.role.policies)
    for home in homes(facts, map(said_by, wide), role) if wide else ():
        statements = list(statements_of(use.role, use.grants, home.account, home.region, home.symbols))
        for whose, need in zip(alike.values(), wide, strict=True):
            requests = [each.request for each in asked(need, home)]
            for at, statement in enumerate(statements):
                if statement and any(statement_applies(statement, each) is not False for each in requests):
                    found[at] |= dict.fromkeys(whose)
    return [tuple(each) for each in found]


def _gap(subject: Subject, action: str) -> Gap | None:
    gaps = (gap for each in subject.users for gap in each.gaps)
    return next((gap for gap in gaps if any(matches_action(action, name) for name in gap.actions)), None)


def _times(what: str, count: Count) -> Times:
    return Times(what, count.times, count.last)


def _all_times(counts: Mapping[str, Count]) -> tuple[Times, ...]:
    return tuple(_times(what, count) for what, count in sorted(counts.items()))


def _notes(coverage: Coverage, roles: Sequence[AuditedRole]) -> Iterator[str]:
    """Yield notes about the parts of a trail that belong to none of the roles."""
    for each in roles:
        if each.ambiguous:
            names = " and ".join(each.ambiguous)
            yield f"{names} each have a role {each.name}, and its account is unknown: pass --account ID"
    unused = [report for report in coverage.reports if report.cut]
    if unused:
        yield "a report of IAM is only one page of several"
    for trail in coverage.selectors:
        if trail.account in coverage.reselected:
            yield f"the event selectors of {trail.trail} are not used: they changed in the window"
        else:
            yield f"what {trail.trail} records is taken from its event selectors as they are now"
