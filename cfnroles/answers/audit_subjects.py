"""The roles to audit: their names in the trail, and their task definitions with needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.audit import Subject, audit_roles
from cfnroles.answers.audited import Audit, RoleUser
from cfnroles.answers.verification import Verification
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role
from cfnroles.need import Holder, Need
from cfnroles.page import quoted
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.roles import read_roles_of
from cfnroles.spelling import hint
from cfnroles.template.intrinsics import symbols
from cfnroles.trail.record import role_key


class AuditQuestion(Struct, frozen=True):
    """The input of an audit.

    ``roles`` are given by holder, in the forms of ``verify``. ``called`` are names or ARNs of roles in the trail, by
    the name of the role here. ``read`` reads a role of the account by name or ARN, in a Region. ``resource`` is the
    logical ID of the only task definition of a template.
    """

    readings: tuple[Reading, ...] = ()
    roles: tuple[tuple[Holder, str], ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    account: str = ""
    region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[str, str], Role] | None = None
    resource: str = ""


class _Named(Struct, frozen=True):
    """A role as a task definition names it."""

    task: Task
    holder: Holder
    name: str

    @property
    def user(self) -> RoleUser:
        needs = tuple(need for need in self.task.discovery.needs if need.holder is self.holder)
        gaps = tuple(gap for gap in self.task.discovery.gaps if gap.holder is self.holder)
        return RoleUser(self.task.name or self.task.address, self.holder, needs, gaps)


def audit(asked: AuditQuestion, events: Iterable[str]) -> Audit:
    """Audit roles with files of events: files and directories in the formats of CloudTrail.

    Also accepts the output of `aws cloudtrail lookup-events` and `aws iam get-service-last-accessed-details`; `-` is
    standard input. Raise the errors of ``subjects_of``, and InvalidInput for files that cannot be read.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
    """
    from cfnroles.trail.reading import read_events

    return audit_roles(subjects_of(asked), lambda watch: read_events(events, watch))


def subjects_of(asked: AuditQuestion) -> tuple[Subject, ...]:
    """Return the roles to audit without duplicates, each with all of its needs.

    Raise InvalidInput if there is no role, if a role cannot be read, if ECS would reject a source, and if the name of a
    role in the trail is unknown.
    """
    found = list(_given(asked)) if asked.roles else list(_of_sources(asked))
    for name in asked.called:
        if not any(name in _names(each.role) for each in found):
            roles = [_names(each.role)[-1] for each in found]
            why = f"The roles: {', '.join(roles) or 'none'}."
            raise InvalidInput(f"--called {name}: no role has this name", why=why, remedy=hint(name, roles))
    if not found:
        raise InvalidInput(
            "no role to audit",
            remedy="Pass one with --role FILE:LogicalId or FILE:RoleName, a template with --source, or --live.",
        )
    return _merged(_with_name(each, asked) for each in found)


def _given(asked: AuditQuestion) -> Iterator[Subject]:
    """Yield the given roles, each with the needs of the task definitions that name it."""
    named = list(_all_named(asked.readings))
    facts = _facts(asked, named)
    for holder, text in asked.roles:
        if asked.read is not None:
            roles: tuple[Role, ...] = (asked.read(text, facts.region),)
        else:
            roles = read_roles_of(text, facts, asked.parameters)
        alone = len(roles) == 1
        for role in roles:
            users = tuple(each for each in named if _is_of(each, role, holder, alone=alone, called=asked.called))
            if alone and not users:
                # A role that is given for a single task definition is meant for it, under any name.
                users = tuple(each for each in named if each.holder is holder)
            inside = tuple(_users_inside(asked, role, holder)) if alone else ()
            if alone or users or not asked.readings:
                given = {each.name for each in users if each.name}
                own = role_key(role.arn)[1] or (next(iter(given)) if len(given) == 1 else "")
                yield Subject(role, (*(each.user for each in users), *inside), name=own, facts=facts)


def _users_inside(asked: AuditQuestion, role: Role, holder: Holder) -> Iterator[RoleUser]:
    """Yield what the task definitions of templates and of Terraform need from such a role.

    Their names for roles may be unknown until deployment, so each of them may use it.
    """
    from cfnroles.answers.template_tasks import asked_about
    from cfnroles.answers.verify_configuration import verify_configuration
    from cfnroles.answers.verify_template import Question, verify_template
    from cfnroles.sources.template_task_types import TASKS

    for reading in asked.readings:
        if reading.template is not None:
            for name in asked_about(reading, reading.template, asked.resource, TASKS):
                yield from _users(verify_template(reading, Question(name, {holder: role})), holder, name)
        elif reading.configuration is not None:
            for task in reading.tasks:
                question = Question(task.address, {holder: role})
                yield from _users(verify_configuration(reading, question), holder, task.address)


def _users(verifications: Iterable[Verification], holder: Holder, task: str) -> Iterator[RoleUser]:
    for each in verifications:
        if each.holder is holder:
            yield RoleUser(task, holder, _needs(each), each.gaps)


def _needs(verification: Verification) -> tuple[Need, ...]:
    return (*(judged.need for judged in verification.judged), *verification.hanging)


def _is_of(each: _Named, role: Role, holder: Holder, *, alone: bool, called: Mapping[str, str]) -> bool:
    """Return whether a task definition uses this role: by name, or by purpose if one side has no name."""
    known = _name(_told(called, role)) or role_key(role.arn)[1]
    if each.name and known:
        return each.name == known
    return alone and each.holder is holder


def _all_named(readings: Iterable[Reading]) -> Iterator[_Named]:
    for reading in readings:
        if reading.template is not None or reading.configuration is not None:
            continue
        for task in reading.accepted():
            for holder in Holder:
                name = _name(task.role(holder))
                if name or any(need.holder is holder for need in task.discovery.needs):
                    yield _Named(task, holder, name)


def _of_sources(asked: AuditQuestion) -> Iterator[Subject]:
    """Yield the roles that the sources contain, or that they name in the account."""
    for reading in asked.readings:
        if reading.template is not None:
            yield from _of_template(reading, asked.resource)
        elif reading.configuration is not None:
            yield from _of_configuration(reading)
    if asked.read is None:
        return
    named = list(_all_named(asked.readings))
    facts = _facts(asked, named)
    for name in dict.fromkeys(each.name for each in named if each.name):
        users = tuple(each.user for each in named if each.name == name)
        yield Subject(asked.read(name, facts.region), users, name=name, facts=facts)


def _of_template(reading: Reading, resource: str) -> Iterator[Subject]:
    from cfnroles.answers.template_tasks import known_of
    from cfnroles.answers.verify_template import Question, verify_template

    facts, _ = known_of(reading)
    template = reading.template
    for each in verify_template(reading, Question(resource)):
        if each.absence is None and (each.role.policies or each.role.unread):
            users = _told_once(each, reading)
            declared = template.resources.get(_names(each.role)[-1], {}) if template else {}
            literal = (declared.get("Properties") or {}).get("RoleName")
            own = literal if isinstance(literal, str) and not symbols(literal) else ""
            yield Subject(each.role, users, name=own, facts=facts)


def _of_configuration(reading: Reading) -> Iterator[Subject]:
    from cfnroles.answers.verify_configuration import verify_configuration

    facts = next((task.facts for task in reading.tasks), Facts())
    for each in verify_configuration(reading):
        if each.absence is None and (each.role.policies or each.role.unread):
            yield Subject(each.role, _told_once(each, reading), facts=facts)


def _told_once(each: Verification, reading: Reading) -> tuple[RoleUser, ...]:
    """Return the task definitions with a role. Common needs are listed with the first."""
    first, *others = (each.use.tasks if each.use else ()) or (reading.name,)
    return RoleUser(first, each.holder, _needs(each), each.gaps), *(RoleUser(task, each.holder) for task in others)


def _facts(asked: AuditQuestion, named: Sequence[_Named]) -> Facts:
    """Return the account and Region: as given, or as all task definitions agree."""
    accounts = {each.task.facts.account for each in named}
    regions = {each.task.facts.region for each in named}
    keys = tuple(dict.fromkeys(arn for each in named for arn in each.task.facts.kms_key_arns))
    account = asked.account or (next(iter(accounts)) if len(accounts) == 1 else "")
    region = asked.region or (next(iter(regions)) if len(regions) == 1 else "")
    return Facts(account, region, keys)


def _with_name(subject: Subject, asked: AuditQuestion) -> Subject:
    told = _told(asked.called, subject.role)
    account, name = role_key(told) if told.startswith("arn:") else ("", told)
    name = name or subject.name or role_key(subject.role.arn)[1]
    if not name:
        raise InvalidInput(
            f"unknown name in the trail: the role {subject.role.name}",
            why="CloudFormation and Terraform generate names, and a policy has none.",
            remedy=f"Pass --called {quoted(_names(subject.role)[-1])}=NAME; run `aws iam list-roles` to find it.",
        )
    return replace(subject, name=name, account=account or role_key(subject.role.arn)[0] or subject.facts.account)


def _merged(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """Merge duplicates of a role, with all of its users."""
    found: dict[tuple[str, str], Subject] = {}
    for each in subjects:
        key = each.account, each.name
        known = found.get(key)
        found[key] = replace(known, users=(*known.users, *each.users)) if known else each
    return tuple(found.values())


def _names(role: Role) -> tuple[str, ...]:
    """Return the names of a role here: as in messages, and its logical ID."""
    return role.name, role.name if role.arn else role.name.partition(" of ")[0]


def _told(called: Mapping[str, str], role: Role) -> str:
    return next((called[name] for name in _names(role) if name in called), "")


def _name(text: str) -> str:
    """Return the name of a role in a task definition or option; empty if there is none, or if it is not literal."""
    if not text or symbols(text) or "<" in text:
        return ""
    return role_key(text)[1] or (text.rpartition("/")[2] if not text.startswith("arn:") else "")
