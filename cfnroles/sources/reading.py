"""The result of reading a source: its documents, its task definitions with their needs, and all errors.

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
from cfnroles.page import quoted
from cfnroles.sources.role_members import OTHER_ROLES
from cfnroles.sources.told import Told
from cfnroles.spelling import hint
from cfnroles.workload import Path, Workload

if TYPE_CHECKING:
    from cfnroles.sources.nested_stacks import NestedStack
    from cfnroles.sources.spec import Service, Spec
    from cfnroles.template.template import Template
    from cfnroles.template.worlds import Disjunction

#: The hint if defaults of variables were used.
_OF_DEFAULTS = "If that is the default of a variable, pass its value with --parameter NAME=VALUE or --var-file FILE."
#: The members of a workload with its roles.
_ROLE_MEMBERS: Mapping[Holder, Path] = {
    Holder.EXECUTION: ("executionRoleArn",),
    Holder.TASK: ("taskRoleArn",),
    **{holder: member.role for holder, member in OTHER_ROLES.items()},
}


class Task(Struct, frozen=True):
    """One task definition, with its facts, its discovery, and the options of its roles.

    ``name`` is that of the service in a project, otherwise the family. ``service`` has the settings of a spec's
    service; ``None`` if the application's permissions are unknown. ``address`` is that of the resource in a
    configuration. If that has conditions, ``when`` has those of needs, gaps, findings and references, and ``condition``
    those of the task definition itself. ``defaults`` are the variables with their default, ``variants`` the forms of
    the task definition under its conditions, ``made`` the references to resources of the configuration, and
    ``unread_runs`` the resources that may run it in an unreadable way.
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
    unread_runs: frozenset[str] = frozenset()

    def role(self, holder: Holder) -> str:
        """Return the name or ARN of a role in the source; empty if there is none."""
        name = self.options.get(holder, NO_OPTIONS).name
        named = name or self.workload.at(_ROLE_MEMBERS.get(holder, ("",)))
        return named if isinstance(named, str) else ""

    def only_if(self, thing: Need | Gap | Finding | Reference) -> str:
        """Return the conditions of a thing in words; empty if it always exists together with the task definition."""
        return in_words(self.when.get(thing, ()))

    @property
    def there_if(self) -> str:
        """The conditions of the task definition itself in words; empty for none."""
        return in_words(self.condition)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """The names of the managed policies that a spec chooses for the task role; ``None`` without a spec."""
        chosen = self.options.get(Holder.TASK, NO_OPTIONS).managed_policies
        return tuple(arn.rpartition("/")[2] for arn in chosen) if self.service else None


def in_words(when: Disjunction) -> str:
    """Return conditions in words."""
    return ", or if ".join(" and ".join(map(str, literals)) for literals in when)


class Passing(Sequence[Task]):
    """Task definitions that are created on demand and not kept.

    Their findings and gaps are kept from the first pass.
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
    """A reading of Terraform with its roles."""

    def tasks_with_roles(self) -> Sequence[Any]:
        """Return the task definitions with their roles: a sequence of ``terraform_roles.TaskWithRoles``."""


class Reading(Struct, frozen=True):
    """A source that was read: its documents, the named one first, and their contents.

    ``noun`` is the kind of source in messages. ``told`` are the given values. ``wrong`` are errors of the source as a
    whole. ``project`` is the spec of a project, ``template`` the template that contains the roles, with its ``nested``
    stacks, and ``policy`` a policy document. ``addressed`` says that the task definitions are resources of a
    configuration, each with an address, and ``unseen`` are its unreadable parts; ``configuration`` returns its roles.
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
        """The text of each document by name."""
        return {document.name: document.text for document in self.documents}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that ECS would reject or misread, and all errors of the source."""
        if isinstance(self.tasks, Passing):
            return (*self.wrong, *self.tasks.found[0])
        return (*self.wrong, *(finding for task in self.tasks for finding in task.discovery.findings))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of all task definitions."""
        if isinstance(self.tasks, Passing):
            return self.tasks.found[1]
        return tuple(gap for task in self.tasks for gap in task.discovery.gaps)

    def refuse_wrong(self) -> None:
        """Raise InvalidInput with all errors of the document itself, which hide its contents."""
        refuse(self.wrong, self.texts)

    def accepted(self) -> Sequence[Task]:
        """Return the task definitions.

        Raise InvalidInput with every error among the findings, and if there is no task definition.
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
        """Return whether the default of a variable may be the cause."""
        return self.addressed and any(
            task.defaults and not set(errors).isdisjoint(task.discovery.findings) for task in self.tasks
        )

    def task(self) -> Task:
        """Return the only task definition. Raise InvalidInput as ``accepted``, and if there are several."""
        tasks = self.accepted()
        if len(tasks) == 1:
            return tasks[0]
        what = "task definitions" if self.addressed else "services"
        raise self._which(f"has {len(tasks)} {what}; this command takes one")

    def of(self, service: str) -> Reading:
        """Return the reading with only this service of a project. Raise InvalidInput if it does not exist."""
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
        """Return the reading with one task definition of a configuration; any other source unchanged.

        Raise InvalidInput if the address does not exist.
        """
        return self.resource(resource) if resource and self.addressed else self

    def resource(self, address: str) -> Reading:
        """Return the reading with one task definition of a configuration. Raise InvalidInput if it does not exist."""
        if found := tuple(each for each in self.tasks if each.address == address):
            return replace(self, tasks=found)
        names = [each.address for each in self.tasks]
        why = f"Its task definitions: {', '.join(names)}." if names else "It has none."
        raise InvalidInput(f"has no task definition {address}", where=self.name, why=why, remedy=hint(address, names))

    def _without_tasks(self) -> InvalidInput:
        from cfnroles.sources.template_task_types import TASKS
        from cfnroles.sources.template_tasks import defined

        if self.unseen:
            what = f"is {self.noun}, but its task definitions are unknown"
            return InvalidInput(what, where=self.name, why=gaps_text(self.unseen, self.texts))
        if self.addressed:
            what = f"is {self.noun} without an aws_ecs_task_definition"
            return InvalidInput(
                what, where=self.name, remedy="Pass the directory that declares it or calls its module."
            )
        what, looking = "has no task definition that needs roles", f"`cfnroles lint {quoted(self.name)}` checks"
        if self.template is not None and defined(self.template, TASKS):
            what = "this command does not read the task definitions in one"
            looking = "`cfnroles explain`, `cfnroles verify` and `cfnroles lint` read"
        remedy = f"Pass a task definition or a service spec. {looking} this one."
        return InvalidInput(f"is {self.noun}, and {what}", where=self.name, remedy=remedy)

    def _which(self, what: str, name: str = "") -> InvalidInput:
        known = [each.address or each.name for each in self.tasks]
        names = ", ".join(known)
        if self.addressed:
            why, remedy = f"Its task definitions: {names}.", "Choose one with --resource ADDRESS."
        else:
            why, remedy = f"Its services: {names}.", "Choose one with --service NAME."
        return InvalidInput(what, where=self.name, why=why, remedy=hint(name, known, remedy))
