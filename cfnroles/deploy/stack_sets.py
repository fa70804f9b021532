"""Deploying one stack into many accounts and Regions with StackSets, CloudFormation's own engine for that."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack_sets import Instance, Preferences, StackSet, StackSetRequest, StackSets
from cfnroles.deploy import template as templates
from cfnroles.deploy.failures import Cause, Failure, unfolded
from cfnroles.deploy.following import Pace, Work, together
from cfnroles.deploy.permissions import PermissionChange, permission_changes
from cfnroles.deploy.plan import Note, Run, Tell
from cfnroles.deploy.planning import with_parameters
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.result import Outcome, Result, StackResult
from cfnroles.deploy.stacks_file import TEMPLATE_BODY_BYTES, StackSource
from cfnroles.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the stacks go: accounts (self-managed) or OUs, perhaps only some accounts of them (service-managed)."""

    regions: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    organizational_units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackSetOptions:
    """What the user asked for beside the targets."""

    parameters: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    administration_role_arn: str = ""
    execution_role_name: str = ""
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Where to deploy, how, and whom to tell."""

    stack_sets: StackSets
    targets: Targets
    options: StackSetOptions
    run: Run
    pace: Pace
    tell: Tell


@dataclass(frozen=True, slots=True)
class StackSetPlan:
    """What happens to one stack set; ``missing`` are the targets that have no stack yet, as few calls as possible."""

    source: StackSource
    before: StackSet | None
    update: bool
    missing: tuple[Targets, ...] = ()
    instances: tuple[Instance, ...] = ()
    permissions: tuple[PermissionChange, ...] = ()

    @property
    def needs_consent(self) -> bool:
        """Whether it changes anything."""
        return self.before is None or self.update or bool(self.missing)


def plan_stack_sets(sources: Sequence[StackSource], fleet: Fleet) -> tuple[StackSetPlan, ...]:
    """Find out what deploying ``sources`` as stack sets changes, without changing anything.

    Raises ``InvalidInput`` for targets or templates that StackSets cannot take, ``DeploymentRefused`` for a stack set
    of the other permission model.
    """
    targets = fleet.targets
    if not targets.regions or not (targets.accounts or targets.organizational_units):
        raise InvalidInput(
            "a stack set needs targets",
            remedy="Give --to-region and either --account (self-managed) or --ou (service-managed).",
        )
    sources = with_parameters(sources, fleet.options.parameters)
    for source in sources:
        _check(source, targets)
    return tuple(_plan(source, fleet) for source in sources)


def _check(source: StackSource, targets: Targets) -> None:
    if source.size > TEMPLATE_BODY_BYTES:
        raise InvalidInput(
            f"has {source.size:,} bytes, and CloudFormation takes {TEMPLATE_BODY_BYTES:,} in a request",
            where=source.template,
        )
    if len(targets.regions) < 2:
        return
    evaluation = templates.Evaluation(templates.parse(source.body, source.template), dict(source.parameters))
    for name, resource in evaluation.resources().items():
        role_name = (resource.get("Properties") or {}).get("RoleName")
        if resource.get("Type") == "AWS::IAM::Role" and role_name and "${AWS::Region}" not in str(role_name):
            raise InvalidInput(
                f"{name} has the name {role_name} in every Region",
                where=source.template,
                why="IAM is global: the second Region of an account would collide with the first.",
                remedy="Leave the role's name empty, or deploy to one Region.",
            )


def _plan(source: StackSource, fleet: Fleet) -> StackSetPlan:
    before = fleet.stack_sets.stack_set(source.name)
    tree = templates.parse(source.body, source.template)
    if before is None:
        return StackSetPlan(
            source,
            None,
            update=False,
            missing=(fleet.targets,),
            permissions=permission_changes(None, {}, tree, dict(source.parameters)),
        )
    service_managed = bool(fleet.targets.organizational_units)
    if service_managed != (before.permission_model == "SERVICE_MANAGED"):
        raise DeploymentRefused(
            (
                Failure(
                    source.name,
                    Cause.STACK,
                    (f"the stack set {source.name} is {before.permission_model.lower().replace('_', '-')}",),
                    remedy="Target accounts in a self-managed one (--account), OUs in a service-managed one (--ou).",
                ),
            )
        )
    instances = fleet.stack_sets.instances(source.name)
    old_values = dict(before.parameters)
    new_values = {**old_values, **_given(source)}
    changed = (
        before.template != source.body
        or new_values != old_values
        or bool(fleet.options.tags and fleet.options.tags != before.tags)
    )
    # What a failed or interrupted operation left behind is not CURRENT, and is brought up to date again.
    stale = any(instance.status not in {"CURRENT", ""} for instance in instances)
    return StackSetPlan(
        source,
        before,
        update=changed or stale,
        missing=_missing(fleet.targets, before, instances),
        instances=instances,
        permissions=permission_changes(templates.parse(before.template, source.name), old_values, tree, new_values),
    )


def _given(source: StackSource) -> dict[str, str]:
    declared = templates.declared(templates.parse(source.body, source.template))
    return {name: value for name, value in source.parameters if name in declared}


def _missing(targets: Targets, before: StackSet, instances: Iterable[Instance]) -> tuple[Targets, ...]:
    """The targets without a stack, Regions that lack the same ones together in one call."""
    if targets.organizational_units:
        present = {(instance.organizational_unit, instance.region) for instance in instances}
        present |= {(unit, region) for unit in before.organizational_units for region in before.regions}
        wanted = targets.organizational_units
    else:
        present = {(instance.account, instance.region) for instance in instances}
        wanted = targets.accounts
    lacking: dict[tuple[str, ...], list[str]] = {}
    for region in targets.regions:
        names = tuple(name for name in wanted if (name, region) not in present)
        if names:
            lacking.setdefault(names, []).append(region)
    if targets.organizational_units:
        return tuple(Targets(tuple(regions), targets.accounts, names) for names, regions in lacking.items())
    return tuple(Targets(tuple(regions), names) for names, regions in lacking.items())


def apply_stack_sets(plans: Sequence[StackSetPlan], fleet: Fleet) -> Result:
    """Execute the plans; stack sets do not depend on each other and go side by side.

    Raises ``Unavailable`` when CloudFormation cannot be asked any more or the time allowed is over: its operations
    go on.
    """
    return Result(tuple(together([_applied(step, fleet) for step in plans], fleet.pace, "deploying stack sets")))


def _applied(step: StackSetPlan, fleet: Fleet) -> Work[StackResult]:
    name = step.source.name
    if not step.needs_consent:
        return StackResult(name, Outcome.UNCHANGED)
    started = fleet.pace.clock.now()
    try:
        failures = yield from _operations(step, fleet)
    except Refused as refused:
        failures = unfolded(refused.message)
    seconds = fleet.pace.clock.now() - started
    if failures:
        failure = Failure(name, Cause.STACK, failures, remedy="Mend it and run the same command again: it goes on.")
        return StackResult(name, Outcome.FAILED, failure=failure, seconds=seconds)
    return StackResult(name, Outcome.UPDATED if step.before else Outcome.CREATED, seconds=seconds)


def _operations(step: StackSetPlan, fleet: Fleet) -> Work[tuple[str, ...]]:
    name, stack_sets = step.source.name, fleet.stack_sets
    if step.before is None:
        stack_sets.create(_request(step, fleet, "create"))
        fleet.tell(Note(name, "stack set created"))
    elif step.update:
        request = _request(step, fleet, "update")
        operation = yield from _started(lambda: stack_sets.update(request, fleet.options.preferences))
        failures = yield from _followed(name, operation, fleet)
        if failures:
            return failures
    for number, targets in enumerate(step.missing, 1):
        call = functools.partial(
            stack_sets.create_instances,
            name,
            accounts=targets.accounts,
            organizational_units=targets.organizational_units,
            regions=targets.regions,
            preferences=fleet.options.preferences,
            token=f"{fleet.run.token}-{number}",
        )
        operation = yield from _started(call)
        failures = yield from _followed(name, operation, fleet)
        if failures:
            return failures
    return ()


def _request(step: StackSetPlan, fleet: Fleet, what: str) -> StackSetRequest:
    source, options = step.source, fleet.options
    given = _given(source)
    declared = templates.declared(templates.parse(source.body, source.template))
    before = dict(step.before.parameters) if step.before else {}
    return StackSetRequest(
        name=source.name,
        template=source.body,
        parameters=tuple(sorted(given.items())),
        previous=tuple(sorted(name for name in declared if name in before and name not in given)),
        capabilities=source.capabilities,
        token=f"{fleet.run.token}-{what}",
        tags=options.tags or (step.before.tags if step.before else ()),
        service_managed=bool(fleet.targets.organizational_units),
        administration_role_arn=options.administration_role_arn,
        execution_role_name=options.execution_role_name,
    )


def _started(call: Callable[[], str]) -> Work[str]:
    """Start an operation, as soon as none is under way on the stack set."""
    while True:
        try:
            return call()
        except Refused as refused:
            if refused.code != "OperationInProgressException":
                raise
        yield


def _followed(name: str, operation: str, fleet: Fleet) -> Work[tuple[str, ...]]:
    """Wait for an operation and tell its progress by account and Region; ends with what failed."""
    told: dict[tuple[str, str], str] = {}
    fleet.pace.restart()
    while True:
        status, reason = fleet.stack_sets.operation(name, operation)
        progress = fleet.stack_sets.progress(name, operation)
        for one in progress:
            if told.get((one.account, one.region)) != one.status:
                told[one.account, one.region] = one.status
                fleet.tell(Note(name, f"{one.account} {one.region} {one.status}"))
        if status not in {"RUNNING", "QUEUED", "STOPPING"}:
            break
        yield
    failed = [one for one in progress if one.status == "FAILED"]
    lines = tuple(f"{one.account} {one.region}: {one.reason or 'CloudFormation gives no reason'}" for one in failed)
    if status == "SUCCEEDED":
        # Within the tolerance, which the user chose: told, but no failure.
        for line in lines:
            fleet.tell(Note(name, line))
        return ()
    return lines or (reason or f"the operation ended as {status}",)
