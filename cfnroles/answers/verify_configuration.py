"""Whether the roles in a Terraform configuration let its task definitions start, and what else they allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.configuration_texts import ConfigurationTexts, KnownTexts
from cfnroles.answers.folding import Answer, folded
from cfnroles.answers.judgements import Known
from cfnroles.answers.requests import definite
from cfnroles.answers.resource_policies import ConfiguredPolicy, beside
from cfnroles.answers.trust import without
from cfnroles.answers.verification import THE_INSTANCE, THE_ROLE, Absence, Judged, Outcome, Use, Verification
from cfnroles.answers.verify import Uses, allowed_besides, judge_uses, without_keys
from cfnroles.answers.verify_template import NO_QUESTION, Question
from cfnroles.checks.execution_roles import WITH_INSTANCES, done_by_instance
from cfnroles.errors import InvalidInput
from cfnroles.iam.roles import Role
from cfnroles.iam.trust_policies import is_service
from cfnroles.need import Gap, Holder, Need, Origin
from cfnroles.role_kinds import ROLE_KINDS, kind_of
from cfnroles.sources.reading import Reading, in_words
from cfnroles.sources.role_members import OTHER_ROLES
from cfnroles.sources.roles_of_stack import with_symbols
from cfnroles.sources.template_targets import RUNNERS
from cfnroles.sources.terraform_kinds import role_argument
from cfnroles.sources.terraform_resource_policies import ResourcePolicyNaming
from cfnroles.sources.terraform_roles import ConfiguredRole, Roles, TaskWithRoles, role_texts
from cfnroles.statements import compose
from cfnroles.symbols import Expression
from cfnroles.template.atoms import Atom, World
from cfnroles.text import Text, text_of
from cfnroles.workload import Path, Workload
from cfnroles.written import as_written

#: The members of a task definition with its roles.
_OWN = {Holder.EXECUTION: "executionRoleArn", Holder.TASK: "taskRoleArn"}

#: The roles of a capacity provider.
_OF_PROVIDERS = (Holder.MANAGED_INSTANCES, Holder.INSTANCE)
#: The member with the role for a volume.
_VOLUME = "managedEBSVolume"
#: Gaps for parts that cannot be read and may need anything.
_HIDING = frozenset({"unknown-member", "conditions"})


def verify_configuration(reading: Reading, question: Question = NO_QUESTION) -> tuple[Verification, ...]:
    """Judge the roles of a configuration's task definitions in every world, with the needs of all users.

    Raise InvalidInput if the reading is not a configuration or lacks the task definition, for a source that ECS would
    reject, and if a role is given for several task definitions.
    """
    if reading.configuration is None:
        raise InvalidInput(f"is {reading.noun} without roles", where=reading.name)
    asked = reading.about(question.resource)
    if asked.tasks or not reading.unseen:
        asked.accepted()
    addresses = tuple(each.address for each in asked.tasks)
    if question.roles:
        asked.task()
    tasks = reading.configuration.tasks_with_roles()
    found = (*_Judging(tasks, frozenset(addresses), question).verifications(), *_lost(addresses, tasks, reading))
    return found if question.resource else (*found, *_unseen(reading))


def _lost(addresses: Sequence[str], tasks: Sequence[TaskWithRoles], reading: Reading) -> Iterator[Verification]:
    """The task definitions that were read, and whose roles could not be evaluated."""
    known = {each.task.address for each in tasks}
    for address in addresses:
        if address not in known:
            what = "its roles are too complex to evaluate"
            how = "Decide some of the conditions: pass --parameter NAME=VALUE"
            gap = Gap(Holder.EXECUTION, "hidden-resource", Origin(reading.name, (address,)), what, how)
            yield Verification(gap.holder, Role(address, ()), None, (), (), (), (), gaps=(gap,), use=Use(()))


def _unseen(reading: Reading) -> Iterator[Verification]:
    """Yield the parts of a configuration that may need or be a role and cannot be read."""
    gaps: dict[Holder, list[Gap]] = {}
    for gap in reading.unseen:
        gaps.setdefault(gap.holder, []).append(gap)
    role = Role(f"whatever is not seen in {reading.name}", ())
    for holder, several in gaps.items():
        yield Verification(holder, role, None, (), (), (), (), gaps=tuple(several), use=Use(()))


class _Part(Struct, frozen=True):
    """The needs of one task definition for one role in one of its passes. ``given`` is its name for the role."""

    task: TaskWithRoles
    number: int
    holder: Holder
    given: Text | None
    needs: tuple[Need, ...]
    gaps: tuple[Gap, ...]
    workload: Workload

    @property
    def address(self) -> str:
        return self.task.task.address

    @property
    def world(self) -> World:
        return _world(self.number, self.address)

    @property
    def roles(self) -> Roles:
        return self.task.roles[self.number]


#: A role: by address, by its name in a task definition, by its users if there is none, or by option.
_Key = tuple[str, str]


class _Judging:
    def __init__(self, tasks: Sequence[TaskWithRoles], asked: frozenset[str], question: Question) -> None:
        self._tasks, self._asked, self._question = tasks, asked, question
        self._several = len(tasks) > 1
        self._needs: dict[Need, Need] = {}
        self._parts: dict[_Key, list[_Part]] = {}
        for part in (part for task in tasks for part in self._parts_of(task)):
            self._parts.setdefault(self._key(part), []).append(part)
        self._answers: dict[object, Verification] = {}
        #: The same by the objects that passes share, and the needs of the other users of a role.
        self._alike: dict[object, Verification] = {}
        self._others_of: dict[object, Sequence[Need]] = {}
        self._known, self._texts = Known(), KnownTexts()
        self._numbers: dict[int, tuple[object, int]] = {}
        self._numbered: dict[str, int] = {}

    def verifications(self) -> Iterator[Verification]:
        """Yield the result for each role, in the order of the task definitions."""
        order = [each.task.address for each in self._tasks]
        found: dict[tuple[int, int, _Key], Verification] = {}
        for key, parts in self._parts.items():
            for place, holder in enumerate(Holder):
                theirs = [each for each in parts if each.holder is holder and each.address in self._asked]
                if theirs:
                    first = min(order.index(each.address) for each in theirs)
                    found[first, place, key] = self._folded(key, parts, theirs)
        yield from (found[each] for each in sorted(found))

    def _folded(self, key: _Key, parts: Sequence[_Part], theirs: Sequence[_Part]) -> Verification:
        answers: dict[int, Answer] = {}
        for part in theirs:
            answer = self._answer(key, part, parts)
            _, where = answers.get(id(answer), (answer, frozenset[World]()))
            answers[id(answer)] = answer, where | {part.world}
        users = tuple(dict.fromkeys(each.address for each in theirs))
        tasks = [each for each in self._tasks if each.task.address in users]
        conditions = _Conditions(tasks)
        use = Use(
            users,
            conditions.of(frozenset(each.world for each in theirs)),
            self._others(key, theirs),
            tuple(dict.fromkeys(name for each in tasks for name in each.task.at.defaults)),
        )
        if len(nouns := {each.task.workloads[0].noun for each in tasks}) == 1:
            use = replace(use, noun=nouns.pop())
        return folded(tuple(answers.values()), use, conditions.of)

    def _others(self, key: _Key, theirs: Sequence[_Part]) -> tuple[str, ...]:
        roles = (each.roles.role(each.given or Text()) for each in theirs) if key[0] == "own" else ()
        return tuple(dict.fromkeys(user for role in roles if role for user in role.users))

    def _parts_of(self, task: TaskWithRoles) -> Iterator[_Part]:
        """Yield the needs of a task definition for each of its roles in each of its passes."""
        forms: dict[int, list[int]] = {}
        for index, number in enumerate(task.task.numbers):
            forms.setdefault(number, []).append(index)
        for number, several in forms.items():
            for holder in (kind.holder for kind in ROLE_KINDS):
                if self._question.roles and (
                    holder not in self._question.roles or task.task.address not in self._asked
                ):
                    continue
                yield from self._parts_in(task, number, several, holder)

    def _parts_in(self, task: TaskWithRoles, number: int, forms: Sequence[int], holder: Holder) -> Iterator[_Part]:
        wanted: dict[Text | None, dict[Need | Gap, None]] = {}
        for index in forms:
            workload = task.task.workloads[index]
            for given, each in self._references(task, index, holder):
                wanted.setdefault(given, {}).update({each: None} if each is not None else {})
        hidden = [each for index in forms for each in task.task.discoveries[index].gaps if each.feature in _HIDING]
        much = task.task.too_many()
        # An unreadable part of a task definition may need either of its roles; a capacity provider has neither.
        is_provider = workload.is_provider
        spread = (*(() if is_provider else hidden), *filter(None, [much]))
        beside = [replace(each, holder=holder) for each in spread if holder in (_OF_PROVIDERS if is_provider else _OWN)]
        for given, found in wanted.items():
            # Equal needs of all passes become one object, by which they are compared.
            needs = tuple(self._needs.setdefault(each, each) for each in found if isinstance(each, Need))
            gaps = tuple(dict.fromkeys((*(each for each in found if isinstance(each, Gap)), *beside)))
            if given is not None or found or self._question.roles:
                yield _Part(task, number, holder, given, needs, gaps, workload)

    def _references(
        self, task: TaskWithRoles, index: int, holder: Holder
    ) -> Iterator[tuple[Text | None, Need | Gap | None]]:
        """Yield what a form of a task definition names as the role, with each need."""
        workload, found = task.task.workloads[index], task.task.discoveries[index]
        needs: Iterable[Need] = [each for each in found.needs if each.holder is holder]
        if self._question.aws_managed_keys:
            needs = without_keys(needs, task.task.facts)
        wanted: list[Need | Gap] = [*needs, *(each for each in found.gaps if each.holder is holder)]
        if holder in _OWN:
            named = _text(workload.at((_OWN[holder],)))
            yield named, None
            yield from ((named, each) for each in wanted)
            return
        roles = [(path, _text(text)) for path, text in role_texts(workload.tree) if _holder(path) is holder]
        beside = {workload.origin(path).path[:-1]: role for path, role in roles}
        profile = _text(workload.at(OTHER_ROLES[Holder.INSTANCE].named)) if holder is Holder.INSTANCE else None
        service = workload.origin(("service",)).path if "service" in workload.tree else None
        for each in wanted:
            in_service = service is not None and each.origin.path[: len(service)] == service
            named = _nearest(each.origin.path, beside) or (None if in_service else _only(holder, roles))
            yield named or profile, each

    def _key(self, part: _Part) -> _Key:
        if self._question.roles:
            return "given", part.holder
        if not part.given:
            return "none", part.address
        own = part.roles.role(part.given, part.task.task.facts.account)
        return ("own", own.address) if own else ("elsewhere", str(part.given))

    def _role(self, key: _Key, part: _Part, texts: ConfigurationTexts, own: ConfiguredRole | None) -> Role | None:
        kind, name = key
        if kind == "given":
            return with_symbols(self._question.roles[Holder(name)], texts.spelling(part.needs))
        if kind == "elsewhere" and self._question.read and part.given and not part.given.cut("/")[-1].symbols:
            return self._question.read(str(part.given.cut("/")[-1].plain if part.given.symbols else part.given))
        return own.role if own else None

    def _answer(self, key: _Key, part: _Part, parts: Sequence[_Part]) -> Verification:
        """Return the result for a role in one pass. Passes with the same role and the same needs share it."""
        own = next((each for each in part.roles.roles if each.address == key[1]), None) if key[0] == "own" else None
        besides = self._besides(key, part, parts)
        if own is None:
            return self._judged(key, part, parts, None, besides)
        read = self._number(own.role), self._number(own.policies), self._number(part.roles)
        # The parts keep the needs.
        same = key, part.holder, bool(own.users), part.gaps, read, tuple(map(id, part.needs)), id(besides)
        if same not in self._alike:
            self._alike[same] = self._judged(key, part, parts, own, besides)
        return self._alike[same]

    def _number(self, value: Role | Roles | tuple[ResourcePolicyNaming, ...]) -> int:
        """Return a number that equal values have."""
        if id(value) not in self._numbers:
            same: object = value
            if isinstance(value, Roles):
                names = {name: each.parts if isinstance(each, Text) else each for name, each in value.named.items()}
                same = names, value.written, value.symbols
            self._numbers[id(value)] = value, self._numbered.setdefault(repr(same), len(self._numbered))
        return self._numbers[id(value)][1]

    def _besides(self, key: _Key, part: _Part, parts: Sequence[_Part]) -> Sequence[Need]:
        """Return the needs of all other users of a role."""
        alone = all(each.holder is part.holder for each in parts if each.address == part.address)
        same = key, part.address, *(() if alone else (part.holder, part.number))
        if same not in self._others_of:
            others = [each for each in parts if each.holder is not part.holder or each.address != part.address]
            # Other passes of the task definition do not exist at the same time.
            others = [each for each in others if each.address != part.address or each.number == part.number]
            self._others_of[same] = tuple({id(need): need for each in others for need in each.needs}.values())
        return self._others_of[same]

    def _judged(
        self, key: _Key, part: _Part, parts: Sequence[_Part], own: ConfiguredRole | None, beside_it: Sequence[Need]
    ) -> Verification:
        texts = ConfigurationTexts(part.roles, known=self._texts)
        role = self._role(key, part, texts, own)
        if role is None:
            return self._absent(part)
        needs = tuple(dict.fromkeys(map(texts.need, part.needs)))
        besides = tuple(dict.fromkeys(map(texts.need, beside_it)))
        open_ended = any(each.holder is Holder.TASK for each in parts)
        same = repr(role), part.holder, needs, besides, part.gaps, open_ended, texts.apart
        if same not in self._answers:
            uses = Uses(
                part.holder,
                needs,
                part.task.task.facts,
                part.gaps,
                besides,
                open_ended,
                known=self._question.context,
                apart=texts.apart,
            )
            policies = {_policy(each): each for each in (own.policies if own else ())}
            judged = judge_uses(uses, role, prove=self._question.prove, known=self._known)
            judged = texts.told(beside(judged, policies, partial(allowed_besides, uses, role)))
            hidden = {str(one): _hidden(one, each) for one, each in policies.items() if each.unread}
            answer = replace(judged, cures={**texts.cures, **hidden}, language="hcl")
            hiding = any(gap.feature in _HIDING for each in parts for gap in each.gaps)
            if own and own.users and answer.trust:
                answer = replace(answer, trust=without(answer.trust, is_service))
            self._answers[same] = _beside_others(answer) if hiding or (own and own.users) else answer
        return self._answers[same]

    def _absent(self, part: _Part) -> Verification:
        """Return the results for the needs of a role that the configuration does not contain."""
        certain, hanging = definite(dict.fromkeys(part.needs), part.task.task.facts)
        texts = ConfigurationTexts(part.roles)
        judged = tuple(self._without(need, part) for need in certain)
        same = "absent", part.given, part.holder, judged, hanging, part.gaps, part.address
        if same not in self._answers:
            self._answers[same] = texts.told(
                Verification(
                    part.holder,
                    Role(_called(part.given), ()),
                    None,
                    judged,
                    hanging,
                    compose(each.need for each in judged if each.outcome is Outcome.MISSING),
                    (),
                    gaps=part.gaps,
                    absence=Absence(bool(part.given), self._remedy(part), "configuration"),
                    language="hcl",
                )
            )
        return self._answers[same]

    def _without(self, need: Need, part: _Part) -> Judged:
        """Return the result for a need without a role, or with one elsewhere."""
        if part.given:
            return Judged(need, Outcome.UNKNOWN, keys=(THE_ROLE,))
        agents = part.holder is Holder.EXECUTION and done_by_instance(need)
        if agents and frozenset(part.workload.launch_types) <= WITH_INSTANCES:
            return Judged(need, Outcome.UNKNOWN, keys=(THE_INSTANCE,))
        return Judged(need, Outcome.MISSING)

    def _remedy(self, part: _Part) -> str:
        option = kind_of(part.holder).option_name
        if not part.given:
            named = role_argument(part.address, part.holder) or "role_arn"
            return f"Add {'an' if named[0] in 'ei' else 'a'} {named} to {part.address}."
        resource = f"--resource '{part.address}' " if self._several else ""
        how = f"Pass {resource}{option} NAME --live, or {resource}{option} FILE, a policy document of the role."
        open_ = next((each for each in part.given.symbols if isinstance(each, Expression)), None)
        if open_ is None or open_.address:
            return how
        closes = f"{open_.remedy}. " if open_.remedy else ""
        return f"{_called(part.given)}: {open_.reason}. {closes}Or {how[0].lower()}{how[1:]}"


def _policy(found: ResourcePolicyNaming) -> ConfiguredPolicy:
    return ConfiguredPolicy(found.noun, found.address, found.resource, found.denies, found.granted, found.service)


def _hidden(policy: ConfiguredPolicy, found: ResourcePolicyNaming) -> str:
    """Return how to find the content of an unreadable policy."""
    why = found.unread.why if found.unread else ""
    remedy = f" {found.unread.remedy}." if found.unread and found.unread.remedy else ""
    return f"Whether {policy} names the role is unknown: {why}.{remedy}"


def _beside_others(answer: Verification) -> Verification:
    """Return the result without excess if a user of the role has unknown needs."""
    nothing: Any = ()
    return replace(answer, **dict.fromkeys(("excess", "application", "dangers", "unsure"), nothing), removals=None)


class _Conditions:
    """The conditions of the passes of some task definitions, in words."""

    def __init__(self, tasks: Sequence[TaskWithRoles]) -> None:
        self._tasks = [(each.task.address, set(each.task.numbers), each.task.conditions()) for each in tasks]

    def of(self, worlds: frozenset[World]) -> str:
        """Return the conditions that hold in exactly some passes; empty if these are all passes."""
        found: dict[str, None] = {}
        for address, every, conditions in self._tasks:
            numbers = {number for number in every if _world(number, address) in worlds}
            if numbers and numbers != every:
                found[in_words(conditions.of(numbers))] = None
        return ", or if ".join(found)


@cache
def _world(number: int, address: str) -> World:
    return frozenset({Atom(f"{number} {address}")})


def _text(given: Any) -> Text | None:
    return text_of(given) if isinstance(given, str) and given else None


def _nearest(path: Sequence[str | int], beside: Mapping[tuple[str | int, ...], Text | None]) -> Text | None:
    """Return the role that is named nearest to a place."""
    around = [place for place in beside if tuple(path[: len(place)]) == place]
    return beside[max(around, key=len)] if around else None


def _holder(path: Path) -> Holder | None:
    """Return the holder of a role next to a task definition."""
    for holder, member in OTHER_ROLES.items():
        if path == member.role:
            return holder
    if path[0] == "runBy":
        return next((each.holder for each in RUNNERS.values() if each.member == path[1]), None)
    if len(path) < 2 or path[0] != "service":
        return None
    return Holder.LIFECYCLE_HOOK if "lifecycleHooks" in path else Holder.INFRASTRUCTURE


def _only(holder: Holder, named: Sequence[tuple[Path, Text | None]]) -> Text | None:
    """Return the role for settings outside of the service: those of a task definition and a cluster are of volumes."""
    own = [text for path, text in named if holder is not Holder.INFRASTRUCTURE or _VOLUME in path]
    known = list(dict.fromkeys(text for text in own if text))
    if len(known) < 2:
        return next(iter(known), None)
    reason = f"{' and '.join(map(_called, known))} are named, and which of them is used is unknown"
    return Text(Expression("one of several roles", reason=reason))


def _called(given: Text | None) -> str:
    """Return the configuration's name for a role that it does not contain."""
    if not given:
        return "none"
    written = as_written(given)
    return written.whole.written[2:-1] if written.whole and written.whole.written else written.written
