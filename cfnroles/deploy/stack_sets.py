"""Deployment of stacks to many accounts and Regions with CloudFormation StackSets."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.diff import Difference
from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack_sets import Instance, StackSet, StackSetRequest, StackSets, Targets
from cfnroles.deploy.failures import Cause, Failure
from cfnroles.deploy.filled_template import FilledTemplate, permission_changes
from cfnroles.deploy.following import Work, together
from cfnroles.deploy.home import Destination
from cfnroles.deploy.lost_choices import lost_choices
from cfnroles.deploy.ownership import ADOPT_REMEDY, Deployed, maker, not_ours, tags_of
from cfnroles.deploy.parameters import (
    given_values,
    missing_parameters,
    with_parameters,
    without_value,
    wrong_values,
)
from cfnroles.deploy.plan import NO_PERMISSION_CHANGES, Note, ReferenceCheck, Stranger
from cfnroles.deploy.preconditions import is_stack_name, of_the_input, unreadable
from cfnroles.deploy.reference_check import NOT_ASKED, checked, not_asked, references_of, strictly
from cfnroles.deploy.refused import refusal_of
from cfnroles.deploy.result import Result, StackOutcome, StackResult
from cfnroles.deploy.stack_set_operations import Fleet, finished, followed, started
from cfnroles.deploy.stacks_file import StackSource
from cfnroles.deploy.unchecked_secrets import not_checked, unchecked_secrets
from cfnroles.errors import InvalidInput
from cfnroles.template.given import Given
from cfnroles.template.template import read_template


class StackSetPlan(Struct, frozen=True):
    """The plan for one stack set. ``missing`` are the targets without a stack, in as few calls as possible.

    ``adopted`` describes the former stack set of someone else.
    """

    source: StackSource
    before: StackSet | None
    update: bool
    missing: tuple[Targets, ...] = ()
    instances: tuple[Instance, ...] = ()
    unchecked: tuple[str, ...] = ()
    permissions: Difference = NO_PERMISSION_CHANGES
    adopted: Stranger | None = None

    @property
    def needs_consent(self) -> bool:
        """Whether it changes anything."""
        return self.before is None or self.update or bool(self.missing)


class FleetPlan(Struct, frozen=True):
    """The plan for all stack sets, with the caller, and the results for references of their gates."""

    stack_sets: tuple[StackSetPlan, ...]
    home: Destination
    check: ReferenceCheck

    @property
    def needs_consent(self) -> bool:
        """Whether it changes anything."""
        return any(plan.needs_consent for plan in self.stack_sets)


def plan_stack_sets(sources: Sequence[StackSource], fleet: Fleet) -> FleetPlan:
    """Determine what deploying ``sources`` as stack sets changes, without changes.

    Raise ``InvalidInput`` without targets, and ``InputRefused`` or ``DeploymentRefused`` with all problems of the
    deployment: unsupported stacks, parameters without a value, a stack set of the other permission model or of someone
    else, and secrets that are unchecked or missing.
    """
    targets, options = fleet.targets, fleet.options
    if not targets.regions or not (targets.accounts or targets.organizational_units):
        raise InvalidInput(
            "a stack set needs targets",
            remedy="Pass --target-region, and --target-account (self-managed) or --target-ou (service-managed).",
        )
    if broken := unreadable(sources):
        raise refusal_of(broken)
    refused: list[Failure] = [*of_the_input(sources, parameters=options.parameters, tags=options.tags)]
    sources = with_parameters(sources, options.parameters)
    before = [fleet.stack_sets.stack_set(source.name) if is_stack_name(source.name) else None for source in sources]
    refused += _others(sources, before, fleet)
    refused += [failure for source in sources for failure in _same_role_names(source, targets)]
    kept = [found.parameters if found else () for found in before]
    missing = missing_parameters(list(zip(sources, kept, strict=True)))
    if missing and fleet.ask and not refused:
        sources = with_parameters(sources, fleet.ask(missing).items())
    elif missing and not fleet.ask:
        refused.append(without_value(missing))
    refused += wrong_values(list(zip(sources, kept, strict=True)))
    refused += [failure for source, found in zip(sources, before, strict=True) for failure in _lost(source, found)]
    plans = tuple(_plan(source, found, fleet) for source, found in zip(sources, before, strict=True))
    if not options.allow_unchecked_secrets:
        refused += [not_checked(each.source.name, each.unchecked) for each in plans if each.unchecked]
    check, bad = _check(plans, fleet)
    refused += (*bad, *(strictly(check, fleet.gaps, fleet.home) if options.strict else ()))
    if refused:
        raise refusal_of(refused)
    return FleetPlan(plans, fleet.home, check)


def _others(sources: Iterable[StackSource], found: Iterable[StackSet | None], fleet: Fleet) -> Iterator[Failure]:
    """Yield failures for stack sets of someone else, unless they are adopted, and for those of the other model."""
    for source, each in zip(sources, found, strict=True):
        if each is None:
            continue
        whose = stranger(each, source)
        if whose and not fleet.options.adopt:
            yield not_ours(each.name, whose, remedy=ADOPT_REMEDY)
        yield from _other_model(each, fleet.targets)


def _lost(source: StackSource, found: StackSet | None) -> tuple[Failure, ...]:
    return lost_choices(source, found.parameters, lambda: found.template) if found else ()


def _check(plans: Sequence[StackSetPlan], fleet: Fleet) -> tuple[ReferenceCheck, tuple[Failure, ...]]:
    """Check what is in the caller's own account. In other accounts, only their gates can do so."""
    check = ReferenceCheck()
    refused: tuple[Failure, ...] = ()
    accounts = fleet.targets.accounts or ("accounts that only AWS Organizations knows",)
    for account, region in itertools.product(accounts, fleet.targets.regions):
        here = account == fleet.home.account and not fleet.targets.organizational_units
        place = Given(account=account, region=region)
        references = [each for plan in plans for each in references_of(plan.source.name, _filled(plan, place).stack)]
        if here and fleet.examine:
            found, bad = checked(references, replace(fleet.home, region=region), fleet.examine)
            check, refused = check + found, refused + bad
        else:
            check += not_asked(references, NOT_ASKED if here else f"the stack is in {account}, {region}")
    return check, refused


def _filled(plan: StackSetPlan, place: Given) -> FilledTemplate:
    kept = plan.before.parameters if plan.before else ()
    return FilledTemplate.of(plan.source.parsed, kept, plan.source.parameters, place)


def stranger(found: StackSet, source: StackSource) -> Stranger | None:
    """Describe a stack set that cfnroles did not create for the project; ``None`` for one of the project."""
    whose = maker(Deployed(found.name, found.tags, found.template, found.parameters), source)
    if not whose:
        return None
    try:
        resources = read_template(found.template, found.name).resolve().resources.values()
    except InvalidInput:
        return Stranger(whose, found.tags, ("the resources of its template, which cannot be read",))
    return Stranger(whose, found.tags, tuple(f"{each.logical_id} ({each.type})" for each in resources))


def _same_role_names(source: StackSource, targets: Targets) -> Iterator[Failure]:
    """Yield failures for role names that would collide in a second Region: IAM is global."""
    if len(targets.regions) < 2:
        return
    for role in source.parsed.resolve(Given(dict(source.parameters))).of_type("AWS::IAM::Role"):
        name = role.properties.get("RoleName")
        if name and "${AWS::Region}" not in str(name):
            yield Failure(
                source.name,
                Cause.INPUT,
                (
                    f"{role.logical_id} has the name {name} in every Region",
                    "IAM is global: in a second Region of an account, the name already exists.",
                ),
                remedy="Remove the name of the role, or deploy to one Region.",
            )


def _plan(source: StackSource, before: StackSet | None, fleet: Fleet) -> StackSetPlan:
    kept = before.parameters if before else ()
    new = FilledTemplate.of(source.parsed, kept, source.parameters)
    unchecked = unchecked_secrets(new)
    if before is None:
        return StackSetPlan(source, None, False, (fleet.targets,), (), unchecked, permission_changes(None, new))
    instances = fleet.stack_sets.instances(source.name)
    adopted = stranger(before, source)
    changed = (
        before.template != source.body
        or {**dict(kept), **given_values(source)} != dict(kept)
        or tags_of(source, fleet.options.tags, before.tags, adopted=adopted is not None) != before.tags
    )
    # Stacks of failed or interrupted operations are not CURRENT, and are updated again.
    stale = any(instance.status not in {"CURRENT", ""} for instance in instances)
    old = FilledTemplate.of(read_template(before.template, source.name), kept, ())
    return StackSetPlan(
        source,
        before,
        update=changed or stale,
        missing=_missing(fleet.targets, before, instances),
        instances=instances,
        unchecked=unchecked,
        permissions=permission_changes(old, new),
        adopted=adopted,
    )


def _other_model(before: StackSet, targets: Targets) -> Iterator[Failure]:
    """Yield failures for targets that a stack set of the other permission model cannot have."""
    if bool(targets.organizational_units) != (before.permission_model == "SERVICE_MANAGED"):
        yield Failure(
            before.name,
            Cause.STACK,
            (f"the stack set {before.name} is {before.permission_model.lower().replace('_', '-')}",),
            remedy="Pass --target-account for a self-managed stack set, --target-ou for a service-managed one.",
        )


def _missing(targets: Targets, before: StackSet, instances: Iterable[Instance]) -> tuple[Targets, ...]:
    """Return the targets without a stack. Regions that lack the same ones are combined in one call."""
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
    """Execute the plans concurrently: stack sets do not depend on each other.

    Raise ``Unavailable`` if CloudFormation cannot be reached any more or the time is over. Its operations continue.
    """
    return Result(tuple(together([_applied(step, fleet) for step in plans], fleet.pace, "deploying stack sets")))


def _applied(step: StackSetPlan, fleet: Fleet) -> Work[StackResult]:
    name = step.source.name
    if not step.needs_consent:
        return StackResult(name, StackOutcome.UNCHANGED)
    outcome = StackOutcome.UPDATED if step.before else StackOutcome.CREATED
    return (yield from finished(_operations(step, fleet), StackResult(name, outcome), fleet))


def _operations(step: StackSetPlan, fleet: Fleet) -> Work[tuple[str, ...]]:
    name, stack_sets = step.source.name, fleet.stack_sets
    if step.before is None:
        _create(_request(step, fleet, "create"), stack_sets)
        fleet.tell(Note(name, "stack set created"))
    elif step.update:
        request = _request(step, fleet, "update")
        operation = yield from started(lambda: stack_sets.update(request, fleet.options.preferences), request.token)
        failures = yield from followed(name, operation, fleet)
        if failures:
            return failures
    for number, targets in enumerate(step.missing, 1):
        token = f"{fleet.run.token}-{number}"
        call = functools.partial(
            stack_sets.create_instances,
            name,
            targets,
            preferences=fleet.options.preferences,
            token=token,
        )
        operation = yield from started(call, token)
        failures = yield from followed(name, operation, fleet)
        if failures:
            return failures
    return ()


def _request(step: StackSetPlan, fleet: Fleet, what: str) -> StackSetRequest:
    source, options = step.source, fleet.options
    given, declared = given_values(source), source.parsed.declarations
    before = dict(step.before.parameters) if step.before else {}
    return StackSetRequest(
        name=source.name,
        template=source.body,
        parameters=tuple(sorted(given.items())),
        previous=tuple(sorted(name for name in declared if name in before and name not in given)),
        capabilities=source.capabilities,
        token=f"{fleet.run.token}-{what}",
        tags=tags_of(source, options.tags, step.before.tags if step.before else None, adopted=step.adopted is not None),
        service_managed=bool(fleet.targets.organizational_units),
        administration_role_arn=options.administration_role_arn,
        execution_role_name=options.execution_role_name,
    )


def _create(request: StackSetRequest, stack_sets: StackSets) -> None:
    """Create a stack set. If a repeated call finds it, use it: the response to the first one was lost."""
    try:
        stack_sets.create(request)
    except Refused as refused:
        made = stack_sets.stack_set(request.name) if refused.code == "NameAlreadyExistsException" else None
        if made is None or made.template != request.template or not {*request.parameters} <= {*made.parameters}:
            raise
