"""What was read: the documents, the task definitions with all that they need, and everything that is wrong with them.

reading = read("web.json")
for task in reading.accepted():
    task.discovery.needs
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.counted import counted
from cfnroles.discovery import Discovery
from cfnroles.document import Document
from cfnroles.errors import InvalidInput, RefusedByEcs
from cfnroles.facts import Facts
from cfnroles.lines import findings_text, gaps_text, refuse
from cfnroles.need import Finding, Gap, Holder, Need, Reference, Severity
from cfnroles.options import NO_OPTIONS, LogGroupOptions, RoleOptions
from cfnroles.sources.role_members import OTHER_ROLES
from cfnroles.sources.told import Told
from cfnroles.spelling import hint
from cfnroles.workload import Path, Workload

if TYPE_CHECKING:
    from cfnroles.sources.nested_stacks import NestedStack
    from cfnroles.sources.spec import Service, Spec
    from cfnroles.template.template import Template
    from cfnroles.template.worlds import Disjunction

#: What is said where the defaults of variables were taken.
_OF_DEFAULTS = "If that is the default of a variable, pass its value with --parameter NAME=VALUE or --var-file FILE."
#: Where the members of a workload stand that name its roles.
_ROLE_MEMBERS: Mapping[Holder, Path] = {
    Holder.EXECUTION: ("executionRoleArn",),
    Holder.TASK: ("taskRoleArn",),
    **{holder: member.role for holder, member in OTHER_ROLES.items()},
}


class Task(Struct, frozen=True):
    """One task definition: what is known about it, what follows from that, and how its roles are to be made.

    ``name`` is that of the service of a project, else the family. ``service`` has the settings of a spec's service;
    ``None`` where nothing tells what the application does. ``address`` is that of the resource in a configuration.
    Where that has conditions, ``when`` tells on which of them a need, a gap, a finding or a reference hangs, and
    ``condition`` on which the task definition itself does. ``defaults`` are the variables whose default was taken,
    ``variants`` the forms that the task definition has under its conditions, and ``made`` the references to what the
    configuration makes itself.
    """

    name: str
    workload: Workload
    facts: Facts
    discovery: Discovery
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    log_groups: LogGroupOptions | None = None
    service: Service | None = None
    address: str = ""
    when: Mapping[Need | Gap | Finding | Reference, Disjunction] = field(default_factory=dict)
    condition: Disjunction = ((),)
    defaults: tuple[str, ...] = ()
    variants: tuple[tuple[Workload, Discovery], ...] = ()
    made: frozenset[Reference] = frozenset()

    def role(self, holder: Holder) -> str:
        """The name or ARN of a role that the source names itself; empty where it names none."""
        name = self.options.get(holder, NO_OPTIONS).name
        named = name or self.workload.at(_ROLE_MEMBERS.get(holder, ("",)))
        return named if isinstance(named, str) else ""

    def only_if(self, thing: Need | Gap | Finding | Reference) -> str:
        """On which conditions a thing hangs, in words; empty where it is there whenever the task definition is."""
        return in_words(self.when.get(thing, ()))

    @property
    def there_if(self) -> str:
        """On which conditions the task definition itself hangs, in words; empty for none."""
        return in_words(self.condition)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """The names of the managed policies that are chosen for the task role; ``None`` without a spec."""
        chosen = self.options.get(Holder.TASK, NO_OPTIONS).managed_policies
        return tuple(arn.rpartition("/")[2] for arn in chosen) if self.service else None


def in_words(when: Disjunction) -> str:
    """Conditions as a person reads them."""
    return ", or if ".join(" and ".join(map(str, literals)) for literals in when)


class Passing(Sequence[Task]):
    """Task definitions of which each is made when it is asked for, and kept by nobody.

    What was found in them is kept, of the first time that all of them went by.
    """

    def __init__(self, makers: Sequence[Callable[[], Task]]) -> None:
        self._makers = makers
        self._found: tuple[tuple[Finding, ...], tuple[Gap, ...]] | None = None

    def __len__(self) -> int:
        return len(self._makers)

    def __getitem__(self, at: Any) -> Any:
        return Passing(self._makers[at]) if isinstance(at, slice) else self._makers[at]()

    def __iter__(self) -> Iterator[Task]:
        findings: list[Finding] = []
        gaps: list[Gap] = []
        for make in self._makers:
            task = make()
            findings += task.discovery.findings
            gaps += task.discovery.gaps
            yield task
        self._found = tuple(findings), tuple(gaps)

    @property
    def found(self) -> tuple[tuple[Finding, ...], tuple[Gap, ...]]:
        """The findings and the gaps of all."""
        if self._found is None:
            for _ in self:
                pass
        return self._found or ((), ())


class ConfiguredTasks(Protocol):
    """What a reading of Terraform keeps, for those who ask about its roles."""

    def tasks_with_roles(self) -> Sequence[Any]:
        """The task definitions, each with its roles: a sequence of ``terraform_roles.TaskWithRoles``."""


class Reading(Struct, frozen=True):
    """A source that was read: its documents, the named one first, and what stands in them.

    ``noun`` says what the source is, for messages. ``told`` is what was known besides. ``wrong`` is what is wrong with
    the source as a whole. ``project`` is the spec of a project, ``template`` the template whose roles are there to be
    read, with its ``nested`` stacks, and ``policy`` a policy document. ``addressed`` says that the task definitions are
    resources of a configuration, each named by its address, and ``unseen`` is what of that is not read;
    ``configuration`` tells of the roles in it.
    """

    documents: tuple[Document, ...]
    noun: str
    told: Told
    tasks: Sequence[Task] = ()
    wrong: tuple[Finding, ...] = ()
    project: Spec | None = None
    template: Template | None = None
    nested: tuple[NestedStack | Gap, ...] = ()
    policy: Mapping[str, Any] | None = None
    addressed: bool = False
    unseen: tuple[Gap, ...] = ()
    configuration: ConfiguredTasks | None = None

    @property
    def name(self) -> str:
        """The name of the source's own document."""
        return self.documents[0].name

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each document by its name."""
        return {document.name: document.text for document in self.documents}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that ECS would refuse or misread, and everything that keeps the source from being understood."""
        if isinstance(self.tasks, Passing):
            return (*self.wrong, *self.tasks.found[0])
        return (*self.wrong, *(finding for task in self.tasks for finding in task.discovery.findings))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The needs of all task definitions that cannot be named."""
        if isinstance(self.tasks, Passing):
            return self.tasks.found[1]
        return tuple(gap for task in self.tasks for gap in task.discovery.gaps)

    def refuse_wrong(self) -> None:
        """Raise InvalidInput with everything that is wrong with the document itself, which hides what it has."""
        refuse(self.wrong, self.texts)

    def accepted(self) -> Sequence[Task]:
        """The task definitions.

        Raises InvalidInput with every error among the findings, and where there is no task definition.
        """
        self.refuse_wrong()
        if errors := [finding for finding in self.findings if finding.severity is Severity.ERROR]:
            what = "these services" if self.project else f"this {self.noun.partition(' ')[2]}"
            raise RefusedByEcs(
                f"ECS would refuse {what}, or misread {'them' if self.project else 'it'},"
                f" in {counted(len(errors), 'place')}",
                where=self.name,
                why=findings_text(errors, self.texts),
                drawn=partial(findings_text, errors, self.texts, drawn=True),
                remedy=_OF_DEFAULTS if self._by_default(errors) else "",
            )
        if not self.tasks:
            raise self._without_tasks()
        return self.tasks

    def _by_default(self, errors: Sequence[Finding]) -> bool:
        """Whether the default of a variable may be what is wrong."""
        return self.addressed and any(
            task.defaults and not set(errors).isdisjoint(task.discovery.findings) for task in self.tasks
        )

    def task(self) -> Task:
        """The only task definition; raises InvalidInput as ``accepted`` does, and where there are several."""
        tasks = self.accepted()
        if len(tasks) == 1:
            return tasks[0]
        what = "task definitions" if self.addressed else "services"
        raise self._which(f"has {len(tasks)} {what}; this command takes one")

    def of(self, service: str) -> Reading:
        """The reading with this service of a project alone; raises InvalidInput where there is none."""
        if not self.project:
            self.refuse_wrong()
            raise InvalidInput(
                f"--service requires a service spec, but {self.name} is {self.noun}",
                remedy="Omit it; pass the service that runs the task with --service-file FILE.",
            )
        tasks = self.accepted()
        if found := tuple(each for each in tasks if each.name == service):
            return replace(self, tasks=found)
        raise self._which(f"has no service {service}", service)

    def about(self, resource: str) -> Reading:
        """The reading with the one task definition of a configuration that is asked about; itself for any other source.

        Raises InvalidInput where there is no such address.
        """
        return self.resource(resource) if resource and self.addressed else self

    def resource(self, address: str) -> Reading:
        """The reading with one task definition of a configuration alone; raises InvalidInput where there is none."""
        if found := tuple(each for each in self.tasks if each.address == address):
            return replace(self, tasks=found)
        names = [each.address for each in self.tasks]
        why = f"Its task definitions: {', '.join(names)}." if names else "It has none."
        raise InvalidInput(f"has no task definition {address}", where=self.name, why=why, remedy=hint(address, names))

    def _without_tasks(self) -> InvalidInput:
        from cfnroles.sources.template_task_definitions import TASKS
        from cfnroles.sources.template_tasks import defined

        if self.unseen:
            what = f"is {self.noun}, but its task definitions are unknown"
            return InvalidInput(what, where=self.name, why=gaps_text(self.unseen, self.texts))
        if self.addressed:
            what = f"is {self.noun} without an aws_ecs_task_definition"
            return InvalidInput(
                what, where=self.name, remedy="Pass the directory that declares it or calls its module."
            )
        what, looking = "has no task definition that needs roles", "`cfnroles lint` looks"
        if self.template is not None and defined(self.template, TASKS):
            what = "this command does not read the task definitions in one"
            looking = "`cfnroles explain`, `cfnroles verify` and `cfnroles lint` look"
        remedy = f"Give a task definition or a service spec. {looking} at this one."
        return InvalidInput(f"is {self.noun}, and {what}", where=self.name, remedy=remedy)

    def _which(self, what: str, name: str = "") -> InvalidInput:
        known = [each.address or each.name for each in self.tasks]
        names = ", ".join(known)
        if self.addressed:
            why, remedy = f"Its task definitions: {names}.", "Choose one with --resource ADDRESS."
        else:
            why, remedy = f"Its services: {names}.", "Choose one with --service NAME."
        return InvalidInput(what, where=self.name, why=why, remedy=hint(name, known, remedy))
