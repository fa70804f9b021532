"""The stacks of a project: those of each service, and the validator that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace
from troposphere import Parameter

from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Holder, Reference
from cfnroles.options import NO_OPTIONS, LogGroupOptions
from cfnroles.policies import INLINE_TOTAL, MANAGED_POLICY, size
from cfnroles.sources.reading import Task
from cfnroles.statements import compose
from cfnroles.targets.cloudformation import roles
from cfnroles.targets.cloudformation.alarms import AlarmOptions, alarms_template
from cfnroles.targets.cloudformation.log_groups import log_groups_template
from cfnroles.targets.cloudformation.parameters import complete_arns, names_of, within_quota
from cfnroles.targets.cloudformation.parts import Parts
from cfnroles.targets.cloudformation.placeholders import Placeholders, said_by, used_placeholders
from cfnroles.targets.cloudformation.service import (
    Stack,
    roles_stack,
    task_stack,
    validator_stack,
    validator_stem,
    with_template,
)
from cfnroles.targets.cloudformation.settled import USUAL, Form
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.targets.log_group_names import log_group_names
from cfnroles.text import Text
from cfnroles.validator_needs import validator_needs

#: The size of one validator's role, with room for what packing cannot fill. IAM would accept more policies, but the
#: template with them would be too large to be sent without a bucket.
_ROOM = (INLINE_TOTAL + 10 * MANAGED_POLICY) * 8 // 10


class _Asked(Struct, frozen=True):
    """The checks of the validator with this ``number`` for one service, some role of which may be ``bounded``."""

    references: tuple[Reference, ...]
    facts: Facts
    bounded: bool
    number: int


class _Made(Struct, frozen=True):
    """What is kept of a service: the names of the parameters of its secrets, and its stacks if they exist.

    ``logged`` are the log groups that it creates, and ``exports`` those of its roles that alarms need.
    """

    name: str
    secrets: Mapping[str, str]
    number: int
    logged: tuple[Text, ...]
    exports: Mapping[Holder, str]
    stacks: tuple[Stack, ...]


def project_stacks(
    services: Sequence[Task],
    project: str,
    alarms: AlarmOptions | None = None,
    form: Form = USUAL,
    keep: Callable[[Stack], Stack] = lambda stack: stack,
) -> tuple[Stack, ...]:
    """Return the stacks of all services, in deployment order, written in the ``form``.

    One validator has exactly the secrets of all of them; if its role cannot, there are several. Exports contain the
    service's name: ``PROJECT-SERVICE-ECSTaskRoleArn``. Raise InvalidInput for values that CloudFormation or IAM would
    reject, and if exports collide or are unused. ``keep`` is as for `ProjectStacks`.
    """
    made = ProjectStacks(project, alarms, form, keep)
    for service in services:
        made.add(service)
    return made.all(services)


class ProjectStacks:
    """The stacks of a project, created service by service, of which only what the end needs is kept.

    ``keep`` is called with each new stack, and returns what is kept of it. A stack that is created again replaces the
    first, because a later service may give its parameters other names.
    """

    def __init__(
        self,
        project: str,
        alarms: AlarmOptions | None,
        form: Form,
        keep: Callable[[Stack], Stack] = lambda stack: stack,
    ) -> None:
        self._project, self._alarms, self._form, self._keep = project, alarms, form, keep
        self._placeholders = Placeholders()
        self._refused: InvalidInput | None = None
        self._failed = False
        self._asked: list[_Asked] = []
        self._number, self._room = 1, _ROOM
        self._accounts: set[str] = set()
        self._regions: set[str] = set()
        self._logged: set[str] = set()
        self._made: list[_Made] = []

    @property
    def names(self) -> list[str]:
        """The names of the services that were added."""
        return [each.name for each in self._made]

    def add(self, service: Task) -> None:
        """Create the stacks of the next service. ``all`` reports its problems."""
        self._accounts.add(service.facts.account)
        self._regions.add(service.facts.region)
        said = said_by(service.workload, service.discovery)
        try:
            self._placeholders.add(said)
        except InvalidInput as error:
            self._refused = self._refused or error
        number = self._asking(service)
        # The names are nearly always the same as if all secrets were known.
        names = names_of(
            complete_arns(service.discovery.references, service.facts), {each.name for each, _ in said.places}
        )
        logged = _log_groups(service, self._logged)
        self._logged.update(logged)
        exports = export_names(service) if self._alarms else {}
        made = _Made(service.name, names, number, logged, exports, ())
        if not self._failed and self._refused is None:
            try:
                made = replace(made, stacks=self._stacks_of(service, made, names, said.parameters()))
            except InvalidInput:  # `all` creates it again, and raises this after what must be reported first.
                self._failed = True
        self._made.append(made)

    def all(self, services: Sequence[Task]) -> tuple[Stack, ...]:
        """Return all stacks, in deployment order, of the added ``services``. Raise as ``project_stacks`` does."""
        if self._refused:
            raise self._refused
        placeholders = self._placeholders.parameters()
        names = names_of({arn for made in self._made for arn in made.secrets}, placeholders)
        stacks = [self._keep(stack) for stack in self._validators(names, placeholders)]
        for at, made in enumerate(self._made):
            own = {arn: names[arn] for arn in made.secrets}
            stacks += made.stacks if made.stacks and own == made.secrets else self._again(services[at], made, own)
        if self._alarms:
            stacks.append(self._keep(_alarms_stack(self._made, self._project, self._alarms, stacks)))
        check_exports(stacks)
        return tuple(stacks)

    def _asking(self, service: Task) -> int:
        """Return the number of the validator whose role has room for the secrets of a service; 0 if it has none."""
        needs = validator_needs(service.discovery.references, service.facts)
        if not needs:
            return 0
        needed = size(compose(needs))
        if needed > self._room and self._room < _ROOM:
            self._number, self._room = self._number + 1, _ROOM
        self._room -= needed
        bounded = any(role.permissions_boundary for role in service.options.values())
        self._asked.append(_Asked(service.discovery.references, service.facts, bounded, self._number))
        return self._number

    def _again(self, service: Task, made: _Made, names: Mapping[str, str]) -> tuple[Stack, ...]:
        return self._stacks_of(service, made, names, said_by(service.workload, service.discovery).parameters())

    def _stacks_of(
        self, service: Task, made: _Made, names: Mapping[str, str], placeholders: Mapping[str, Parameter]
    ) -> tuple[Stack, ...]:
        stem = validator_stem(made.number, shared=self._form.shared_gate)
        before = [f"{self._project}-{stem}"] if made.number else []
        stacks = []
        if made.logged:
            asked = used_placeholders(placeholders, made.logged)
            stacks.append(self._keep(_log_groups_stack(service, self._project, made.logged, asked)))
            before.append(stacks[0].name)
        parts = Parts(
            self._project,
            f"{self._project}-{service.name}",
            service.name,
            service.workload,
            service.discovery,
            service.facts,
            within_quota(names),
            placeholders,
            export_names(service),
            service.options,
            label=service.name,
            form=self._form.of(service.name),
        ).gated(max(made.number, 1))
        own = roles_stack(parts)
        return (*stacks, self._keep(own), self._keep(task_stack(parts, (*before, own.name))))

    def _validators(self, names: Mapping[str, str], placeholders: Mapping[str, Parameter]) -> Iterator[Stack]:
        facts, form = self._common(), self._form
        if any(each.bounded for each in self._asked):
            # If the roles of services have a boundary, every role probably needs one.
            form = form.also("PermissionsBoundaryArn")
        for number, asked in groupby(self._asked, lambda each: each.number):
            group = tuple(asked)
            references = [reference for each in group for reference in each.references]
            arns = {arn: names[arn] for arn in sorted(complete_arns(references, facts))}
            keys = tuple(sorted({key for each in group for key in each.facts.kms_key_arns}))
            needs = [need for each in group for need in validator_needs(each.references, each.facts)]
            spelling = Spelling(replace(facts, kms_key_arns=keys), within_quota(arns))
            yield validator_stack(needs, self._project, spelling, placeholders, number, form)

    def _common(self) -> Facts:
        """Return the account and Region that all services share."""
        account, region = (each.copy().pop() if len(each) == 1 else "" for each in (self._accounts, self._regions))
        return Facts(account=account, region=region)


def export_names(service: Task) -> dict[Holder, str]:
    """Return the exports of a service's roles, in the spelling of ``Fn::Sub``."""
    return {
        holder: service.options.get(holder, NO_OPTIONS).export
        or name.replace("${ProjectName}", f"${{ProjectName}}-{service.name}")
        for holder, name in roles.EXPORTS.items()
    }


def check_exports(stacks: Sequence[Stack]) -> None:
    """Raise InvalidInput for an export that two stacks have, and for one that nothing in the project imports.

    Some exports are for others: for the service that another team creates, or for the runner of the task. An import
    without an export in the project comes from outside the project.
    """
    counted = Counter(export for stack in stacks for export in stack.exports)
    twice = sorted(export for export, count in counted.items() if count > 1)
    if twice:
        makers = ", ".join(stack.name for stack in stacks if twice[0] in stack.exports)
        raise InvalidInput(
            f"the export {twice[0]} would be made more than once, by {makers}",
            why="Export names are unique in an account and Region.",
            remedy="Give the roles other export names, or the services other names.",
        )
    imported = {name for stack in stacks for name in (*stack.imports, *stack.for_others)}
    unused = sorted(export for export in counted if export not in imported)
    if unused:
        raise InvalidInput(
            f"nothing would import the export {unused[0]}",
            why="An export that is in use cannot change; one that is not is in the way of the next stack of its name.",
            remedy="Leave the export out.",
        )


def _log_groups(service: Task, logged: Collection[str]) -> tuple[Text, ...]:
    """Return the log groups of a service that no earlier service creates."""
    if service.log_groups is None:
        return ()
    names = log_group_names(service.workload, service.facts, service.log_groups)
    return tuple(name for name in names if name not in logged)


def _log_groups_stack(service: Task, project: str, names: Sequence[Text], asked: Sequence[Parameter]) -> Stack:
    options = service.log_groups or LogGroupOptions()
    template = log_groups_template(project, service.name, names, options, asked)
    return with_template(Stack(f"{project}-{service.name}-log-groups", f"{service.name}-log-groups"), template, project)


def _alarms_stack(services: Sequence[_Made], project: str, alarms: AlarmOptions, stacks: Sequence[Stack]) -> Stack:
    made = {export: stack.name for stack in stacks for export in stack.exports}
    exports = {
        service.name: {
            holder: export for holder, export in service.exports.items() if _resolved(export, project) in made
        }
        for service in services
    }
    imports = [export for each in exports.values() for export in each.values()]
    stack = Stack(
        f"{project}-alarms",
        "alarms",
        imports=tuple(imports),
        depends_on=tuple(dict.fromkeys(made[_resolved(export, project)] for export in imports)),
    )
    return with_template(stack, alarms_template(project, exports, alarms), project)


def _resolved(export: str, project: str) -> str:
    return export.replace("${ProjectName}", project)
