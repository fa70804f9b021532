"""Whether the roles in a template let its task definitions start, and what else they allow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.folding import Answer, folded
from cfnroles.answers.judged_worlds import judged_worlds
from cfnroles.answers.judgements import Known
from cfnroles.answers.requests import deciding_values, definite
from cfnroles.answers.resource_policies import beside, policies_naming
from cfnroles.answers.running_roles import all_revisions, schedule_groups
from cfnroles.answers.template_roles import (
    called,
    groups,
    launch_types,
    made_by_sam,
    other_users,
    reference,
    role_of,
)
from cfnroles.answers.template_tasks import asked_about, known_of, refuse
from cfnroles.answers.template_texts import KnownTexts, Texts, foreign
from cfnroles.answers.trust import without
from cfnroles.answers.verification import THE_INSTANCE, THE_ROLE, Absence, Judged, Outcome, Use, Verification
from cfnroles.answers.verify import Uses, allowed_besides, judge_uses, without_keys
from cfnroles.checks.execution_roles import WITH_INSTANCES, done_by_instance
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role, cure, stack_role
from cfnroles.iam.stack_roles import RoleResource, roles_of
from cfnroles.iam.trust_policies import is_service
from cfnroles.need import Gap, Holder, Need, Origin
from cfnroles.placeholders import KEYS_DESCRIPTION
from cfnroles.role_kinds import ROLE_KINDS, kind_of
from cfnroles.sources.cdk_app import construct_path
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import ROLE_PROPERTIES, given_at, places_of
from cfnroles.sources.template_arns import TELLING
from cfnroles.sources.template_conditions import too_many_conditions
from cfnroles.sources.template_references import deployable_worlds
from cfnroles.sources.template_targets import RUNNING
from cfnroles.sources.template_task_types import TASKS, noun_of
from cfnroles.sources.template_tasks import PROCESSED, TaskInWorlds, defined, hidden, in_same_worlds
from cfnroles.statements import compose
from cfnroles.symbols import Opaque, Parameter
from cfnroles.template.atoms import World
from cfnroles.template.given import Given
from cfnroles.template.intrinsics import plain, symbols
from cfnroles.template.template import Template
from cfnroles.text import Text, from_spelling

#: What determines a judged role: its policies, and the secrets with names in them.
_LOOKED_AT = ("AWS::IAM::", "AWS::SecretsManager::Secret", *TELLING)


class Question(Struct, frozen=True):
    """A request to judge the roles of a template.

    ``resource`` is the only task definition to judge. ``roles`` replace those that the template names. ``placed``
    replace roles of the template by logical ID; ``taken`` are the parameters that these were read with and their
    values. ``context`` are known values of condition keys, and ``aws_managed_keys`` says that no customer managed key
    encrypts a secret or parameter. ``read`` reads a role of the account by ARN.
    """

    resource: str = ""
    roles: Mapping[Holder, Role] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    prove: bool = False
    aws_managed_keys: bool = False
    read: Callable[[str], Role] | None = None
    placed: Mapping[Holder, str] = field(default_factory=dict)
    taken: tuple[str, ...] = ()

    @property
    def asked(self) -> frozenset[Holder]:
        """The holders whose roles are given; empty if those of the template are judged."""
        return frozenset((*self.roles, *self.placed))


NO_QUESTION = Question()


def verify_template(reading: Reading, question: Question = NO_QUESTION) -> tuple[Verification, ...]:
    """Judge the roles of a template's task definitions in every world, with the needs of all users.

    Raise InvalidInput if the reading is not a template or lacks the task definition, for a source that ECS would
    reject, and if a role is given for several task definitions.
    """
    template = reading.template
    if template is None:
        raise InvalidInput(f"is {reading.noun} without roles", where=reading.name)
    ids = asked_about(reading, template, question.resource, TASKS)
    if question.asked and len(ids) != 1:
        why = f"Its task definitions: {', '.join(ids)}." if ids else ""
        what = f"has {len(ids) or 'no'} task definitions; a role requires a single one"
        raise InvalidInput(what, where=reading.name, why=why, remedy="Name one with --resource ID." if ids else "")
    known = known_of(reading)
    found: list[Verification] = []
    for group in groups(ids, template, known[1], question.placed.values()):
        tasks = in_same_worlds(group.tasks, reading.documents[0], template, known, group.conditions)
        refuse([each for each in tasks if each.logical_id in ids], reading)
        found += _Judging(tasks, frozenset(ids), known, question).verifications()
    if not question.resource:
        found += _unseen(reading, template)
    if not found and not ids:
        reading.accepted()
    return tuple(found)


def _unseen(reading: Reading, template: Template) -> Iterator[Verification]:
    """Yield the parts of a template that may need or be a role and cannot be read."""
    gaps: dict[Holder, list[Gap]] = {}
    for gap in (*hidden(template, known_of(reading)[1]), *_nested(reading)):
        gaps.setdefault(gap.holder, []).append(gap)
    role = Role(f"whatever is not seen in {template.document}", ())
    for holder, several in gaps.items():
        yield Verification(holder, role, None, (), (), (), (), gaps=tuple(several), use=Use(()))


def _nested(reading: Reading) -> Iterator[Gap]:
    """Yield the nested stacks whose roles are not judged here: unreadable ones, and those with task definitions."""
    for each in reading.nested:
        if isinstance(each, Gap):
            yield each
        elif defined(each.template) or any(hidden(each.template)):
            origin = Origin(reading.name, ("Resources", each.name.partition(".")[0]))
            what = f"the roles of the nested stack {each.name} are not checked here"
            yield Gap(Holder.EXECUTION, "hidden-resource", origin, what, f"Verify its template: {each.document.name}")


class _Part(Struct, frozen=True):
    """The needs of one task for one role in one world. ``given`` is the template's name for the role."""

    task: TaskInWorlds
    holder: Holder
    given: str | None
    needs: tuple[Need, ...]
    gaps: tuple[Gap, ...]


#: A role: by logical ID, by its name in a task definition, by its users if there is none, or by option.
_Key = tuple[str, str]


class _Judging:
    """The roles of task definitions that share some of them."""

    def __init__(
        self, tasks: Sequence[TaskInWorlds], ids: frozenset[str], known: tuple[Facts, Given], question: Question
    ) -> None:
        self._tasks, self._ids, self._question = tasks, ids, question
        self._facts, self._given = known
        self._template = tasks[0].worlds.template
        self._several = len(defined(self._template, TASKS)) > 1
        self._answers: dict[object, Verification] = {}
        self._known, self._texts = Known(), KnownTexts()
        self._roles: dict[str, Role] = {}
        self._parts_in: dict[tuple[str, World], tuple[_Part, ...]] = {}
        self._users: dict[str, tuple[str, ...]] = {}
        self._revisions: dict[tuple[int, int], tuple[Need, ...]] = {}
        self._launch_types: dict[tuple[str, World], frozenset[str]] = {}
        self._deployable = {each.logical_id: deployable_worlds(each) for each in tasks}
        keys = [_name_of_keys(self._template)]
        self._seen = judged_worlds(tasks, self._deployable, keys)
        if self._seen.is_too_many:
            gap = too_many_conditions(self._template, ("Conditions",))
            self._tasks = [replace(each, gaps={**each.gaps, gap: each.there}) for each in tasks]

    def verifications(self) -> Iterator[Verification]:
        found: dict[tuple[_Key, Holder], dict[int, Answer]] = {}
        users: dict[tuple[_Key, Holder], dict[str, None]] = {}
        runners: dict[tuple[_Key, Holder], dict[str, None]] = {}
        for world in self._seen.visited:
            for key, parts, answer in self._in_world(world):
                answers = found.setdefault(key, {})
                _, where = answers.get(id(answer), (answer, frozenset[World]()))
                answers[id(answer)] = answer, where | {world}
                users.setdefault(key, {}).update(dict.fromkeys(each.task.logical_id for each in parts))
                runners.setdefault(key, {}).update(dict.fromkeys(_runners(parts)))
        order = [each.logical_id for each in self._tasks]
        for key in sorted(found, key=lambda key: (min(map(order.index, users[key])), list(Holder).index(key[1]))):
            answer = self._folded(tuple(found[key].values()), tuple(users[key]))
            use = replace(answer.use or Use(()), runners=tuple(runners[key]))
            yield replace(answer, use=use)

    def _folded(self, answers: Sequence[Answer], users: tuple[str, ...]) -> Verification:
        everywhere = frozenset[World]().union(*(where for _, where in answers))
        defaults = dict.fromkeys(name for each in self._tasks if each.logical_id in users for name in each.defaults)
        use = answers[0][0].use or Use(())
        if len(nouns := {noun_of(self._template, each) for each in users}) == 1:
            use = replace(use, noun=nouns.pop())
        when = "" if everywhere == frozenset(self._seen.visited) else self._told(everywhere)
        paths = tuple(construct_path(self._template, each) for each in users)
        taken = self._question.taken
        return folded(
            answers,
            replace(use, tasks=users, when=when, defaults=tuple(defaults), constructs=paths, taken=taken),
            self._told,
        )

    def _told(self, found: Collection[World]) -> str:
        return self._tasks[0].told(self._seen.where(found))

    def _in_world(self, world: World) -> Iterator[tuple[tuple[_Key, Holder], Sequence[_Part], Verification]]:
        worlds = self._tasks[0].worlds
        stack = worlds.stack(world, _LOOKED_AT)
        texts = partial(Texts, stack, partial(worlds.value, world), known=self._texts)
        roles = roles_of(stack)
        parts: dict[_Key, list[_Part]] = {}
        for part in self._parts(world):
            parts.setdefault(self._key(part, roles.roles), []).append(part)
        for key, several in parts.items():
            role = self._role(key, roles.by_id, world)
            for holder in dict.fromkeys(each.holder for each in several if each.task.logical_id in self._ids):
                theirs = [each for each in several if each.holder is holder and each.task.logical_id in self._ids]
                if role is not None:
                    answer = self._judged(role, several, theirs, texts())
                else:
                    answer = self._absent(theirs, world, texts())
                yield (key, holder), theirs, answer

    def _parts(self, world: World) -> Iterator[_Part]:
        """Yield the needs of each task for each of its roles in a world."""
        for task in self._tasks:
            # Most worlds differ in something else.
            same = task.logical_id, world & self._seen.own[task.logical_id]
            if same not in self._parts_in:
                self._parts_in[same] = tuple(self._of_task(task, world))
            yield from self._parts_in[same]

    def _of_task(self, task: TaskInWorlds, world: World) -> Iterator[_Part]:
        given_roles = self._question.asked
        if world not in self._deployable[task.logical_id]:
            return
        wanted = self._wanted(task, world)
        for holder in (kind.holder for kind in ROLE_KINDS):
            own = [each for each in wanted if each.holder is holder]
            if given_roles and (holder not in given_roles or task.logical_id not in self._ids):
                continue
            if not own and holder not in ROLE_PROPERTIES:
                continue
            for given, theirs in reference(holder, own, task.logical_id, task.worlds, world).items():
                if given is not None or theirs or given_roles:
                    needs = tuple(each for each in theirs if isinstance(each, Need))
                    gaps = tuple(each for each in theirs if isinstance(each, Gap))
                    yield _Part(task, holder, given, needs, gaps)

    def _wanted(self, task: TaskInWorlds, world: World) -> Sequence[Need | Gap]:
        template, given, _ = task.worlds.made(world)
        found: Iterable[Need] = (need for need, where in task.needs.items() if world in where)
        needs = without_keys(found, self._facts) if self._question.aws_managed_keys else found
        settled = (each for need in needs for each in _settled(need, template, given))
        return [*settled, *(gap for gap, where in task.gaps.items() if world in where)]

    def _key(self, part: _Part, roles: Sequence[RoleResource]) -> _Key:
        if part.holder in self._question.roles:
            return "given", part.holder
        if placed := self._question.placed.get(part.holder):
            there = any(each.logical_id == placed for each in roles)
            return ("own", placed) if there else ("elsewhere", f"${{{placed}}}")
        if not part.given:
            return "none", part.task.logical_id
        own = role_of(part.given, roles, self._facts.account)
        return ("own", own.logical_id) if own else ("elsewhere", part.given)

    def _role(self, key: _Key, roles: Mapping[str, RoleResource], world: World) -> Role | None:
        kind, name = key
        if kind == "given":
            return foreign(self._question.roles[Holder(name)], " of another template")
        called = name.rpartition("/")[2]
        if kind == "elsewhere" and self._question.read and not symbols(called):
            return self._question.read(plain(name if not symbols(name) else called))
        template, given, _ = self._tasks[0].worlds.made(world)
        return stack_role(roles[name], template, given) if kind == "own" else None

    def _judged(self, role: Role, several: Sequence[_Part], theirs: Sequence[_Part], texts: Texts) -> Verification:
        """Judge a role by the needs of some of its users."""
        holder = theirs[0].holder
        own = [need for part in theirs for need in part.needs]
        their_ids = set(map(id, theirs))
        besides = [need for part in several if id(part) not in their_ids for need in part.needs]
        needs, others = (self._distinct(map(texts.need, each)) for each in (own, besides))
        role = replace(role, values=deciding_values(role.values, (*needs, *others)))
        role = self._roles.setdefault(repr(role), role)
        one = texts.role(role)
        uses = Uses(
            holder,
            needs,
            self._facts,
            tuple(dict.fromkeys(gap for part in theirs for gap in part.gaps)),
            self._distinct((*others, *self._of_all_revisions((*needs, *others), one))),
            any(part.holder is Holder.TASK for part in several),
            known=self._question.context,
            apart=tuple(texts.apart),
            sent=schedule_groups(needs, self._template) if holder is Holder.SCHEDULER else (),
        )
        policies = policies_naming(self._name(role), self._template, texts.value)
        # The spellings of the result are those of `role` and `own`.
        judged_by = id(one), holder, *map(self._ids_of, (needs, uses.gaps, uses.others))
        others_of = uses.open_ended, uses.apart, uses.sent, policies
        same = id(role), *map(self._ids_of, (own, besides)), judged_by, others_of
        if same not in self._answers:
            judged = judge_uses(uses, one, prove=self._question.prove, known=self._known)
            told = texts.told(beside(judged, policies, partial(allowed_besides, uses, role, name=texts.role)))
            self._answers[same] = self._beside_others(told, frozenset(_runners(theirs)))
        return self._answers[same]

    def _ids_of(self, things: Iterable[object]) -> tuple[int, ...]:
        return tuple(map(self._texts.id, things))

    def _distinct(self, needs: Iterable[Need]) -> tuple[Need, ...]:
        """Return the needs without equal ones."""
        found: dict[int, Need] = {}
        for need in needs:
            found.setdefault(self._known.number(need), need)
        return tuple(found.values())

    def _of_all_revisions(self, needs: Iterable[Need], role: Role) -> Iterator[Need]:
        for need in needs:
            if need.permission.action == "ecs:RunTask":
                same = self._texts.id(need), self._texts.id(role)
                if same not in self._revisions:
                    self._revisions[same] = tuple(all_revisions((need,), role))
                yield from self._revisions[same]

    def _name(self, role: Role) -> str:
        borrowed = (each for each in self._template.borrowed if self._template.called(each) == role.name)
        return next(borrowed, role.name.removesuffix(f" of {self._template.document}"))

    def _beside_others(self, answer: Verification, runners: frozenset[str]) -> Verification:
        """Return the result without excess if other users of the role have unknown needs."""
        if not (shared := self._other_users(self._name(answer.role))):
            return answer
        nothing: Any = ()
        return replace(
            answer,
            use=Use((), others=shared),
            trust=answer.trust if runners >= set(shared) else answer.trust and without(answer.trust, is_service),
            **dict.fromkeys(("excess", "application", "dangers", "unsure"), nothing),
            removals=None,
        )

    def _other_users(self, role: str) -> tuple[str, ...]:
        if role not in self._users:
            tree = self._template.tree
            origins = (need.origin.path for task in self._tasks for need in task.needs)
            known = {str(path[1]) for path in origins if len(path) > 1}
            known |= {place.resource for task in self._tasks for place in places_of(task, tree)}
            self._users[role] = other_users(role, self._template, known)
        return self._users[role]

    def _absent(self, theirs: Sequence[_Part], world: World, texts: Texts) -> Verification:
        """Return the results for the needs of a role that the template does not contain."""
        part = theirs[0]
        needs = tuple(dict.fromkeys(need for each in theirs for need in each.needs))
        gaps = tuple(dict.fromkeys(gap for each in theirs for gap in each.gaps))
        launched = frozenset[str]() if part.given else self._launched(part.task, world)
        same = "absent", part.given, part.holder, needs, gaps, part.task.logical_id, launched
        if same not in self._answers:
            certain, hanging = definite(needs, self._facts)
            judged = tuple(_without(need, part, launched) for need in certain)
            self._answers[same] = texts.told(
                Verification(
                    part.holder,
                    Role(called(part.given, self._template), ()),
                    None,
                    judged,
                    hanging,
                    compose(each.need for each in judged if each.outcome is Outcome.MISSING),
                    (),
                    gaps=gaps,
                    absence=Absence(bool(part.given), self._remedy(part)),
                )
            )
        return self._answers[same]

    def _launched(self, task: TaskInWorlds, world: World) -> frozenset[str]:
        same = task.logical_id, world & task.ground
        if same not in self._launch_types:
            self._launch_types[same] = launch_types(task.logical_id, task.worlds, world)
        return self._launch_types[same]

    def _untold_of(self, part: _Part) -> tuple[str, ...]:
        """Return the inputs of a function that computes the role."""
        if part.holder not in ROLE_PROPERTIES or not isinstance(from_spelling(part.given or "").whole, Opaque):
            return ()
        place = ("Resources", part.task.logical_id, "Properties", ROLE_PROPERTIES[part.holder])
        return self._template.untold_in(place, self._given)

    def _place_of(self, part: _Part) -> str:
        """Return where the template should name a role that it does not name."""
        if part.holder in RUNNING and part.needs:
            runner = str(part.needs[0].origin.path[1])
            whole = part.holder in (Holder.PIPE, Holder.STATE_MACHINE)
            return f"Add a RoleArn to {'' if whole else 'the target of '}{runner}."
        tree = self._template.tree
        places = [place for place in places_of(part.task, tree) if place.holder is part.holder]
        unnamed = [place for place in places if given_at(place, tree) is None]
        for place in (*unnamed, *places):
            where = "" if unnamed else ", in each branch of its conditions"
            return f"Add {'an' if place.property[0] in 'EI' else 'a'} {place.property} to {place.resource}{where}."
        # The gaps of a role without a place have remedies of their own.
        return f"Add a RoleArn to the service that runs {part.task.logical_id}." if part.needs else ""

    def _remedy(self, part: _Part) -> str:
        task, option = part.task.logical_id, kind_of(part.holder).option_name
        if not part.given:
            return self._place_of(part)
        if told := cure(self._untold_of(part)):
            return f"{told}."
        resource = f"--resource {task} " if self._several else ""
        if made_by_sam(part.given, self._template):
            return f"{PROCESSED}. Or pass {resource}{option} NAME --live."
        return f"Pass {resource}{option} FILE:LogicalId, the template that has it, or {resource}{option} NAME --live."


def _name_of_keys(template: Template) -> str:
    return next((name for name, each in template.declarations.items() if _is_of_keys(each)), "")


def _runners(parts: Iterable[_Part]) -> Iterator[str]:
    """Yield what runs tasks with a role, besides their services."""
    for part in parts:
        if part.holder in RUNNING:
            origins = [*(need.origin for need in part.needs), *(gap.origin for gap in part.gaps)]
            yield from (str(origin.path[1]) for origin in origins if len(origin.path) > 1)


def _settled(need: Need, template: Template, given: Given) -> Iterator[Need]:
    """Yield the need if the template itself has the parameter that it depends on, with its value in a world."""
    if not need.permission.when:
        yield need
        return
    name = _name_of_keys(template)
    keys = Text(Parameter(name))
    default = template.declarations[name].get("Default") if name else ""
    value = given.parameters.get(name, default)
    if not name:
        yield need
    elif value is None:
        yield replace(need, permission=replace(need.permission, resource=keys, when=()))
    elif value:
        yield replace(need, permission=replace(need.permission, resource=keys, when=(name,)))


def _is_of_keys(declared: Any) -> bool:
    return isinstance(declared, Mapping) and declared.get("Description") == KEYS_DESCRIPTION


def _without(need: Need, part: _Part, launched: frozenset[str]) -> Judged:
    """Return the result for a need without a role, or with one elsewhere, by launch type."""
    if part.given:
        return Judged(need, Outcome.UNKNOWN, keys=(THE_ROLE,))
    if part.holder is Holder.EXECUTION and done_by_instance(need) and launched <= WITH_INSTANCES:
        return Judged(need, Outcome.UNKNOWN, keys=(THE_INSTANCE,))
    return Judged(need, Outcome.MISSING)
