"""A directory of Terraform as a source: every task definition in it and in its modules.

Nothing is downloaded, and Terraform is not run. What only Terraform knows is a symbol with the user's expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.hcl.configuration import provider_of
from cfnroles.hcl.definitions import Site, instances, sites, without_instances
from cfnroles.hcl.directory import Changed, Directory, Files
from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.instances import ResourceInstance
from cfnroles.hcl.module import Module, root_module
from cfnroles.hcl.project import Project
from cfnroles.hcl.provided import Provided
from cfnroles.hcl.providers import USUAL, provided, provider_block, root_provider
from cfnroles.hcl.session import MOST_OF_ALL, Budget, Session, TooMuch
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.undeclared import refuse_undeclared
from cfnroles.hcl.values import Failed, Missing, is_known, plain
from cfnroles.hcl.worlds import explored
from cfnroles.need import Gap, Holder, Origin
from cfnroles.refused_texts import drawn_at
from cfnroles.sources.from_terraform import TAKES
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.roles_in_directory import DirectoryInPass, SeenBefore
from cfnroles.sources.terraform_away import modules_away
from cfnroles.sources.terraform_buckets import keys_in_directory
from cfnroles.sources.terraform_defaults import Defaults, remedy_for
from cfnroles.sources.terraform_destinations import destination_keys_in_directory
from cfnroles.sources.terraform_images import told_apart
from cfnroles.sources.terraform_instance_profiles import ASKED
from cfnroles.sources.terraform_keys import keys_of
from cfnroles.sources.terraform_kinds import KINDS, may_have_roles
from cfnroles.sources.terraform_known import KnownTasks
from cfnroles.sources.terraform_members import TASK_DEFINITION, Attributes, Turned, TurnedParts
from cfnroles.sources.terraform_names import arns_written
from cfnroles.sources.terraform_roles import NO_ROLES, Roles, TaskWithRoles, roles_beside
from cfnroles.sources.terraform_runners import RUNNER_TYPES, may_run_tasks
from cfnroles.sources.terraform_runs import attributes_of, mentions, runners_of, services_of
from cfnroles.sources.terraform_services import (
    HOW_TO_SEE,
    SERVICE,
    TASK_SET,
    UNSEEN_TASK,
    beside_services,
)
from cfnroles.sources.terraform_targets import UnreadRun, judged, targets_running, unread_runs
from cfnroles.sources.terraform_tasks import InWorld, Surroundings, TaskInPasses, in_passes
from cfnroles.sources.told import Told
from cfnroles.workload import Workload

NOUN = "a directory of Terraform"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def read_directory(directory: str, told: Told) -> Reading:
    """Return the task definitions of a directory and of its available modules.

    Raise InvalidInput for a malformed file, and for a variable that the directory does not have.
    """
    told.refuse_others(TAKES | {"variable_files"}, f"{directory} is {NOUN}")
    return read_files(Directory(directory), directory, told)


def variables_of(directory: str) -> tuple[str, ...]:
    """Return the variables that a directory declares. Raise InvalidInput for a malformed file."""
    return tuple(Project(Directory(directory)).root.variables)


def read_files(files: Files, name: str, told: Told, opened: frozenset[str] = frozenset()) -> Reading:
    """Return the task definitions of a configuration in files from any place. ``opened`` is as for ``Project``."""
    by_state = f"Pass the state: `terraform show -json | {told.again('-')}`"
    project = Project(files, told.parameters, told.variable_files, opened=opened, by_state=by_state)
    refuse_undeclared(project)
    made: list[TaskInPasses] = []
    unseen: list[Gap] = []
    running = _running(project)
    for site in sites_with_roles(project):
        found = _definitions(site, project, running)
        if isinstance(found, Gap):
            unseen.append(found)
            continue
        made += _in_passes(site, found, project, told)
        if not found.by_address and not found.roleless and not _is_surely_absent(site, found):
            unseen.append(_absent(site, found))
    unseen += (*_alone(running, project, made), *_unseen(project))
    documents = (Document(name, ""), *(Document(called, text) for called, text in project.texts.items()))
    return Reading(
        documents,
        NOUN,
        told,
        tuple(each.task() for each in made),
        addressed=True,
        unseen=tuple(unseen),
        configuration=DirectoryRoles(project, told),
    )


def tasks_in(project: Project, told: Told, address: str = "") -> tuple[Task, ...]:
    """Return the task definitions of a reading: all, or those at an address without the keys of instances."""
    running = _running(project)
    tasks: list[Task] = []
    for site in sites_with_roles(project):
        if not address or site.address == address:
            found = _definitions(site, project, running)
            if isinstance(found, _Found):
                tasks += [each.task() for each in _in_passes(site, found, project, told)]
    return tuple(tasks)


def sites_with_roles(project: Project) -> Iterator[Site]:
    """Yield the sites of task definitions, Express Mode services, and capacity providers that may have roles."""
    for kind in KINDS:
        yield from (site for site in sites(project, kind) if may_have_roles(kind, site.block.written))


def _in_passes(site: Site, found: _Found, project: Project, told: Told) -> Iterator[TaskInPasses]:
    at = Surroundings(
        site.place.document,
        found.region,
        exact=found.exact,
        defaults=found.defaults,
        unread_runs=found.unread_runs,
    )
    known = _known(project)
    for address, each in found.by_address.items():
        yield in_passes(address, each, found.passes, told, at, known)


def _known(project: Project) -> KnownTasks:
    known: KnownTasks = project.shared.setdefault(KnownTasks, KnownTasks())
    return known


def _parts(project: Project) -> TurnedParts:
    parts: TurnedParts = project.shared.setdefault(TurnedParts, TurnedParts())
    return parts


class DirectoryRoles:
    """As for ``reading.ConfiguredTasks``."""

    def __init__(self, project: Project, told: Told) -> None:
        self.project, self._told = project, told

    def tasks_with_roles(self) -> tuple[TaskWithRoles, ...]:
        """As for ``ConfiguredTasks``."""
        return self._found

    def with_texts(self, name: str, texts: Mapping[str, str]) -> Reading:
        """Return the reading of the directory with other texts of some files. Raise InvalidInput as
        ``read_directory``.
        """
        return read_files(Changed(self.project.files, texts), name, self._told)

    @cached_property
    def arns(self) -> Mapping[str, str]:
        """Return the expressions for the ARNs of the root module's resources, by ARN as far as it is known."""
        return arns_written(self.project)

    @cached_property
    def _found(self) -> tuple[TaskWithRoles, ...]:
        running, before = _running(self.project), SeenBefore(self.project)
        found: list[TaskWithRoles] = []
        for site in sites_with_roles(self.project):
            read = _definitions(site, self.project, running, before)
            if not isinstance(read, Gap):
                own = _in_passes(site, read, self.project, self._told)
                found += [TaskWithRoles(each, read.roles) for each in own]
        return tuple(found)


class _Found(Struct, frozen=True):
    """The instances of a definition, in each pass in which Terraform would not fail."""

    passes: Sequence[Mapping[str, bool]]
    by_address: Mapping[str, list[InWorld]]
    exact: bool
    defaults: Defaults
    roles: Sequence[Roles]
    region: str
    roleless: bool
    unread_runs: frozenset[str]


class _Pass(Struct):
    turned: list[Turned] | Failed
    defaults: Defaults
    roles: Roles = NO_ROLES
    roleless: bool = False
    unread_runs: frozenset[str] = frozenset()


_World = tuple[Mapping[str, bool], _Pass]


def _running(project: Project) -> Sequence[Site]:
    """Return the sites of what may run a task definition."""
    found = (each for kind in (SERVICE, TASK_SET, *RUNNER_TYPES) for each in sites(project, kind))
    return [each for each in found if each.type not in RUNNER_TYPES or may_run_tasks(each.type, each.block.written)]


def _definitions(
    site: Site, project: Project, running: Sequence[Site], before: SeenBefore | None = None
) -> _Found | Gap:
    """Return the definitions of a site, with the roles that they name if these are read, too."""
    home = _home(site, project)
    module = root_module(project, home)

    def read() -> _Seen | Failed:
        try:
            return _seen(site, project, module, running)
        except Failed as failed:
            return failed

    def work(session: Session) -> _Pass:
        seen = module.remembering(("seen", site.address), read)
        if isinstance(seen, Failed):
            return _Pass(seen, session.defaults)
        try:
            if before is None:
                return _Pass(seen.turned, session.defaults, roleless=seen.roleless, unread_runs=seen.unread_runs)
            surface = DirectoryInPass(before, project, module, seen.judged)
            return _Pass(seen.turned, session.defaults, roles_beside(surface, seen.turned))
        except Failed as failed:
            return _Pass(failed, session.defaults)

    try:
        budget = Budget(MOST_OF_ALL) if before else project.budget.part()
        found, exact = explored(work, budget, session=module.session)
    except TooMuch as much:
        return _hidden(site.address, site.place, f"it is too complex to evaluate, at {much.place}", _DECIDE)
    except RecursionError:
        return _hidden(site.address, site.place, "its values are nested too deeply", _DECIDE)
    return _in_all(site, home, project, found, exact)


def _in_all(site: Site, home: Provided, project: Project, found: Sequence[_World], exact: bool) -> _Found | Gap:
    """Return the definitions of a site in all passes in which Terraform would not fail."""
    # Conditions under which Terraform would fail never hold.
    usual = [(asked, each) for asked, each in found if not isinstance(each.turned, Failed)]
    if not usual:
        failed, defaults = next((each.turned, each.defaults) for _, each in found if isinstance(each.turned, Failed))
        _refuse_missing(failed, project)
        how = remedy_for(failed.cause, defaults) or _VALIDATE
        return _hidden(site.address, failed.place or site.place, f"Terraform would fail here: {failed.what}", how)
    whole = [(asked, each) for asked, each in usual if not any(one.stops for one in _of(each))] or usual
    # ECS registers no container without a name or an image. If nothing else is known, this says what is wrong.
    named = [(asked, each) for asked, each in whole if not any(one.rejected for one in _of(each))]
    whole = named if any(one.tree.get("containerDefinitions") for _, each in named for one in _of(each)) else whole
    by_address: dict[str, list[InWorld]] = {}
    for asked, each in whole:
        for turned in _of(each):
            by_address.setdefault(turned.address, []).append(InWorld(asked, turned))
    for worlds in by_address.values():
        if all(each.turned.missing for each in worlds):
            _refuse_missing(worlds[0].turned.missing, project)
    defaults = {name: node for _, each in found for name, node in each.defaults.items()}
    return _Found(
        [asked for asked, _ in whole],
        by_address,
        exact,
        defaults,
        [each.roles for _, each in whole],
        _region(site, home, project),
        any(each.roleless for _, each in whole),
        frozenset(address for _, each in whole for address in each.unread_runs),
    )


class _Seen(Struct, frozen=True):
    """The instances of a definition in a pass. ``judged`` are the runners whose needs are all known, and ``roleless``
    says that none of its instances has roles. ``unread_runs`` is as for ``Task``.
    """

    turned: list[Turned]
    judged: frozenset[str]
    roleless: bool
    unread_runs: frozenset[str]


def _seen(site: Site, project: Project, module: Module, running: Sequence[Site]) -> _Seen:
    """Return the instances of a definition with what runs them. Raise Failed if Terraform would fail."""
    known = _known(project)
    there = list(instances(site, module))
    own = [made for each in there if (made := _turned(each, project, module)) is not None]
    may_run = [each for each in running if own and mentions(each, site)]
    services = [each for one in may_run if one.type not in RUNNER_TYPES for each in services_of(one, module)]
    runners = [each for one in may_run if one.type in RUNNER_TYPES for each in runners_of(one, module)]
    turned = [both for each in own for both in beside_services(each, services, parts=_parts(project))]
    turned += [both for each in own for both in targets_running(each, runners)]
    for each in turned:
        named = known.mentioned(each)
        each.keys |= keys_of(named.names, module.session)
        each.keys |= keys_in_directory(project, module) if named.files else {}
        each.keys |= destination_keys_in_directory({kind for _, kind, _ in named.destinations}, project, module)
    whole = judged(runners, lambda target: any(target.runs(each) for each in own))
    unread = frozenset(without_instances(each.address) for each in runners if each.unread)
    return _Seen(turned, whole, bool(there) and not own, unread)


def _refuse_missing(failed: Failed | None, project: Project) -> None:
    """Raise InvalidInput if Terraform would fail because a file does not exist."""
    if isinstance(failed, Missing) and failed.place:
        place, text = failed.place, project.texts.get(failed.place.document, "")
        where = f"{place.document}:{place.line}:{place.column}"
        drawn = partial(drawn_at, text, place.line, place.column, place.document)
        raise InvalidInput(failed.what, where=where, remedy=failed.remedy, drawn=drawn)


_DECIDE = "Decide some of its conditions: pass --parameter NAME=VALUE"
_VALIDATE = "Run `terraform validate`"


def _of(each: _Pass) -> list[Turned]:
    return each.turned if isinstance(each.turned, list) else []


def _turned(instance: ResourceInstance, project: Project, module: Module) -> Turned | None:
    """Return the workload of a resource; ``None`` if it has no roles."""

    def found(kind: str) -> Iterator[tuple[str, Attributes]]:
        for site in sites(project, kind):
            for each in instances(site, module):
                yield each.address, attributes_of(each, ASKED[kind], ())

    kind, place = KINDS[instance.type], instance.block.place
    given = attributes_of(instance, kind.arguments, kind.blocks)
    turned = kind.turned(instance.address, given, found, _parts(project))
    if turned is not None:
        turned.spots[()] = (place.document, place.line, place.column)
        told_apart(turned.tree, module.session)
    return turned


def _home(site: Site, project: Project) -> Provided:
    """Return the provider settings of a task definition; an impossible Region if its instances have several."""
    if "region" not in site.block.body.arguments:
        return provided(project, site.calls, site.block)
    named = own_regions(site, project)
    return provided(project, site.calls, site.block, next(iter(named)) if len(named) == 1 else site.address)


def own_regions(site: Site, project: Project) -> frozenset[str]:
    """Return the Regions that the instances of a resource name, empty for that of the provider; none if unknown."""
    try:
        return frozenset(each.region for each in instances(site, _alone_in(project)))
    except (Failed, TooMuch, RecursionError):
        return frozenset()


def _alone_in(project: Project) -> Module:
    """Return the root in one pass in which all conditions hold."""
    module = root_module(project)
    module.session.begin(project.budget.part())
    return module


def _region(site: Site, home: Provided, project: Project) -> str:
    """Return the Region of a task definition, if the configuration has it."""
    if _REGION.fullmatch(home.region):
        return home.region
    block = provider_block(project, root_provider(project, site.calls, provider_of(site.block) or USUAL))
    node = block.body.arguments.get("region") if block else None
    if node is None or home != provided(project, site.calls, site.block):
        return ""
    try:
        value = evaluate(node, _alone_in(project).scope)
    except (Failed, TooMuch, RecursionError):
        return ""
    return str(plain(value)) if is_known(value) and isinstance(value.data, str) else ""


def _alone(running: Sequence[Site], project: Project, tasks: Sequence[TaskInPasses]) -> Iterator[Gap]:
    """Yield what runs none of the task definitions, if it has needs of its own or is unreadable."""
    known = {address for task in tasks for workload in task.workloads for address in _run_by(workload)}
    for site in running:
        try:
            gaps = list(_unread_in(site, _alone_in(project), known, has_tasks=bool(tasks)))
        except (TooMuch, RecursionError):
            gaps = [(site.address, "it is too complex to evaluate", _DECIDE, _holder(site))]
        except Failed as failed:
            gaps = [(site.address, f"Terraform would fail here: {failed.what}", _VALIDATE, _holder(site))]
        for address, what, how, holder in gaps:
            yield replace(_hidden(address, site.place, what, how), holder=holder)


def _unread_in(site: Site, module: Module, known: set[str], *, has_tasks: bool) -> Iterator[UnreadRun]:
    if site.type in RUNNER_TYPES:
        for runner in runners_of(site, module):
            yield from unread_runs(runner, known, has_tasks=has_tasks)
        return
    if site.address in map(without_instances, known):
        return
    for service in services_of(site, module):
        if holder := service.asks_alone():
            yield service.address, UNSEEN_TASK, HOW_TO_SEE, holder


def _holder(site: Site) -> Holder:
    return RUNNER_TYPES[site.type].holder if site.type in RUNNER_TYPES else Holder.EXECUTION


def _run_by(workload: Workload) -> Iterator[str]:
    """Yield the address of what runs a workload."""
    if "service" in workload.tree:
        yield str(workload.places[("service",)][0])
    for member in workload.tree.get("runBy", ()):
        yield str(workload.places[("runBy", member)][0])


def _is_surely_absent(site: Site, found: _Found) -> bool:
    """Whether a part of a module is switched off by the module's call, and not by the default of a variable."""
    return site.type != TASK_DEFINITION and bool(site.calls) and not found.defaults


def _absent(site: Site, found: _Found) -> Gap:
    what = "it has no instance with the known values"
    told = " ".join(f"--parameter {name}=VALUE" for name in found.defaults) or "--parameter NAME=VALUE"
    return _hidden(site.address, site.place, what, f"Pass other values with {told}")


def _unseen(project: Project) -> Iterator[Gap]:
    """Yield the unreadable parts of a configuration that may contain task definitions."""
    for each in modules_away(project):
        yield _hidden(each.address, each.place, each.what, each.remedy)


def _hidden(address: str, place: Place, what: str, remedy: str) -> Gap:
    origin = Origin(place.document, (address,) if address else (), line=place.line, column=place.column)
    return Gap(Holder.EXECUTION, "hidden-resource", origin, what, remedy)
