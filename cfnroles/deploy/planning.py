"""Planning: read everything, report all problems at once, then create the change sets and describe them.

All problems here are reported before anything is created. ``applying`` meets only those that CloudFormation finds
during execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import Export
from cfnroles.deploy.actions import with_action
from cfnroles.deploy.change_sets import discard_all, with_change_set
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.exports import export_failures, exports_in_use
from cfnroles.deploy.failures import Cause, Failure, explained
from cfnroles.deploy.filled_template import FilledTemplate, permission_changes
from cfnroles.deploy.following import Work, together
from cfnroles.deploy.lost_choices import lost_choices
from cfnroles.deploy.parameters import (
    DEPLOYMENT_ID,
    missing_parameters,
    shared_parameters,
    taken_defaults,
    with_parameters,
    without_value,
    wrong_values,
)
from cfnroles.deploy.plan import GATE, ParameterChange, Plan, ReferenceCheck, StackAction, StackPlan
from cfnroles.deploy.preconditions import (
    is_stack_name,
    lacking_capability,
    of_the_account,
    of_the_input,
    of_the_place,
    unreadable,
)
from cfnroles.deploy.reference_check import NOT_ASKED, checked, not_asked, references_of, strictly
from cfnroles.deploy.refused import DeploymentRefused, refusal_of
from cfnroles.deploy.stacks_file import TEMPLATE_BODY_BYTES, Pairs, StackSource
from cfnroles.deploy.unchecked_secrets import not_checked, unchecked_secrets
from cfnroles.errors import Unavailable
from cfnroles.template.given import Given
from cfnroles.template.template import Template, read_template
from cfnroles.text import arn_of


class _Prepared(Struct, frozen=True):
    """The state before the first change set, without known problems."""

    blanks: tuple[StackPlan, ...]
    exports: Mapping[str, Export]
    check: ReferenceCheck
    home: Given

    @property
    def sources(self) -> tuple[StackSource, ...]:
        return tuple(blank.source for blank in self.blanks)


def plan(sources: Sequence[StackSource], deployer: Deployer) -> Plan:
    """Determine what deploying ``sources`` changes, with change sets that are ready to execute.

    Before anything is created, raise ``InputRefused`` or ``DeploymentRefused`` with all problems: invalid input,
    parameters without a value, stacks that cannot be deployed, and missing secrets and parameters. Then raise
    ``DeploymentRefused`` for what CloudFormation rejects (and clean up), and ``Unavailable``.
    """
    prepared = _prepared(sources, deployer, wait=False)
    busy = any(blank.action is StackAction.BUSY for blank in prepared.blanks)
    if busy and not deployer.options.plan_only:
        prepared = _prepared(prepared.sources, deployer, wait=True)
    blanks = _sent(prepared, deployer)
    work = [_judged(blank.source, _stack_plan(blank, prepared, deployer)) for blank in blanks]
    steps, failures = _answers(work, deployer)
    made = Plan(steps, deployer.options, deployer.run, deployer.home, prepared.check)
    if failures:
        discard_all(made, deployer)
        raise refusal_of(failures)
    return made


def _prepared(sources: Sequence[StackSource], deployer: Deployer, *, wait: bool) -> _Prepared:
    """Read everything without changes. Raise all problems of the deployment."""
    if broken := unreadable(sources):
        raise refusal_of(broken)
    options = deployer.options
    wrong = of_the_input(sources, parameters=options.parameters, tags=options.tags, bucket=options.bucket)
    if elsewhere := (*of_the_account(deployer.home, options.account), *of_the_place(deployer.home, options.place)):
        raise refusal_of((*wrong, *elsewhere))
    try:
        prepared, refused = _looked_at(with_parameters(sources, options.parameters), deployer, bool(wrong), wait=wait)
    except Unavailable:
        if wrong:
            raise refusal_of(wrong) from None
        raise
    if failures := (*wrong, *refused):
        raise refusal_of(failures)
    return prepared


def _looked_at(
    sources: Sequence[StackSource], deployer: Deployer, wrong: bool, *, wait: bool
) -> tuple[_Prepared, tuple[Failure, ...]]:
    """Return what is known, and the problems. Values are requested only if there is nothing else to fix."""
    named = [source for source in sources if is_stack_name(source.name)]
    looks = [_judged(source, with_action(source, deployer, wait=wait)) for source in named]
    blanks, refused = _answers(looks, deployer)
    exports = {}
    if any(source.imports or source.exports for source in sources):
        exports = {export.name: export for export in deployer.cloudformation.exports()}
    home = _home(blanks, deployer)
    refused += export_failures(sources, exports)
    updated = {blank.name: _filled(blank, home) for blank in blanks if blank.action is StackAction.UPDATE}
    refused += exports_in_use(updated, exports, deployer.cloudformation)
    refused += tuple(failure for blank in blanks for failure in _lost(blank, deployer))
    missing = missing_parameters([(blank.source, blank.kept) for blank in blanks])
    shared = shared_parameters([(blank.source, blank.kept) for blank in blanks])
    if deployer.ask is None:
        blanks = tuple(replace(each, notes=(*each.notes, *taken_defaults(shared, each.name))) for each in blanks)
    if (missing or shared) and deployer.ask and not (wrong or refused):
        given = deployer.ask((*shared, *missing))
        blanks = tuple(replace(each, source=with_parameters((each.source,), given.items())[0]) for each in blanks)
    elif missing and not deployer.ask:
        refused += (without_value(missing),)
    refused += wrong_values([(blank.source, blank.kept) for blank in blanks])
    blanks = tuple(replace(blank, unchecked=unchecked_secrets(_filled(blank, home))) for blank in blanks)
    if not deployer.options.allow_unchecked_secrets:
        refused += tuple(not_checked(blank.name, blank.unchecked) for blank in blanks if blank.unchecked)
    check, bad = _check(blanks, exports, home, deployer)
    strict = strictly(check, deployer.gaps, deployer.home) if deployer.options.strict else ()
    return _Prepared(blanks, exports, check, home), (*refused, *bad, *strict)


def _lost(blank: StackPlan, deployer: Deployer) -> tuple[Failure, ...]:
    before = blank.before
    if before is None or blank.adopted:
        return ()
    return lost_choices(blank.source, blank.kept, lambda: deployer.cloudformation.template(before.id))


def _check(
    blanks: Sequence[StackPlan], exports: Mapping[str, Export], home: Given, deployer: Deployer
) -> tuple[ReferenceCheck, tuple[Failure, ...]]:
    """Check all references of all stacks at once."""
    here = replace(home, imports={name: export.value for name, export in exports.items()})
    references = [each for blank in blanks for each in references_of(blank.name, _filled(blank, here).stack)]
    if deployer.examine is None:
        return not_asked(references, NOT_ASKED), ()
    return checked(references, deployer.home, deployer.examine)


def _sent(prepared: _Prepared, deployer: Deployer) -> tuple[StackPlan, ...]:
    """Return the plans with what CloudFormation returns about their templates before a change set exists."""
    work = [_judged(blank.source, _validated(blank, prepared, deployer)) for blank in prepared.blanks]
    blanks, failures = _answers(work, deployer)
    if failures:
        raise refusal_of(failures)
    return blanks


def _validated(blank: StackPlan, prepared: _Prepared, deployer: Deployer) -> Work[StackPlan]:
    """Upload a long template, and validate one that has no change set yet."""
    yield from ()  # there is nothing to wait for
    source = blank.source
    if deployer.upload and source.size > TEMPLATE_BODY_BYTES and blank.action is not StackAction.BUSY:
        blank = replace(blank, template_url=deployer.upload(source))
    if not _is_later(blank, prepared):
        return blank
    body = "" if blank.template_url else source.body
    try:
        needed = deployer.cloudformation.validate_template(body=body, url=blank.template_url)
    except Unavailable as error:
        note = f"CloudFormation checks its template when it is deployed: {error.what}"
        return replace(blank, notes=(*blank.notes, note))
    iam = [each for each in needed if each.endswith("_IAM")]
    if refused := tuple(failure for each in iam for failure in lacking_capability(source, each)):
        raise DeploymentRefused(refused)
    return blank


def _answers(
    work: Sequence[Work[StackPlan | Failure]], deployer: Deployer
) -> tuple[tuple[StackPlan, ...], tuple[Failure, ...]]:
    """Return the results: the plans, and the failures."""
    answers = together(work, deployer.pace, "planning")
    steps = tuple(answer for answer in answers if isinstance(answer, StackPlan))
    return steps, tuple(answer for answer in answers if isinstance(answer, Failure))


def _judged(source: StackSource, work: Work[StackPlan]) -> Work[StackPlan | Failure]:
    try:
        return (yield from work)
    except DeploymentRefused as refused:
        return refused.failures[0]
    except Refused as refused:
        return explained(source.name, refused.message, otherwise=Cause.CHANGE_SET)


def _home(blanks: Iterable[StackPlan], deployer: Deployer) -> Given:
    """Return the target of the stacks. If the caller's account is unknown, the ID of an existing stack contains it."""
    arn = next((arn_of(blank.before.id) for blank in blanks if blank.before), None)
    if arn:
        return Given(account=arn.account, region=arn.region)
    return Given(account=deployer.home.account, region=deployer.cloudformation.region)


def _filled(blank: StackPlan, home: Given) -> FilledTemplate:
    return FilledTemplate.of(blank.source.parsed, blank.kept, blank.source.parameters, home)


def _stack_plan(blank: StackPlan, prepared: _Prepared, deployer: Deployer) -> Work[StackPlan]:
    if blank.action is StackAction.BUSY:
        return blank
    described = _described(blank, prepared.home, deployer)
    if _is_later(described, prepared):
        return described
    return (yield from with_change_set(described, deployer))


def _is_later(blank: StackPlan, prepared: _Prepared) -> bool:
    """Return whether the change set must be created during execution."""
    if blank.action is StackAction.RECREATE or blank.roll_back_first or blank.continue_rollback:
        return True
    return blank.action is StackAction.CREATE and _waits_for_imports(blank.source, prepared.sources, prepared.exports)


def _waits_for_imports(source: StackSource, sources: Sequence[StackSource], exports: Mapping[str, Export]) -> bool:
    made = {name for other in sources if other.name in source.depends_on for name in other.exports}
    return any(name in made and name not in exports for name in source.imports)


def _described(blank: StackPlan, home: Given, deployer: Deployer) -> StackPlan:
    """Return the plan with everything that needs no change set: permissions, parameters, secrets, pending change
    sets.
    """
    stack, cloudformation = blank.before, deployer.cloudformation
    deployed = stack if stack and blank.action is StackAction.UPDATE else None
    old, new = None, _filled(blank, home)
    if deployed:
        template = read_template(cloudformation.template(deployed.id), blank.name)
        old = FilledTemplate.of(template, deployed.parameters, (), home)
    pending = cloudformation.change_sets(stack.name) if stack else ()
    return replace(
        blank,
        permissions=permission_changes(old, new),
        parameters=_parameter_changes(new.template, deployed.parameters, blank.source.parameters) if deployed else (),
        secrets=_secrets_checked(new),
        pending=tuple(
            other.name
            for other in pending
            if other.execution == "AVAILABLE" or other.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
        ),
        protect=deployer.options.termination_protection and not (stack and stack.termination_protection),
    )


def _parameter_changes(template: Template, before: Pairs, given: Pairs) -> tuple[ParameterChange, ...]:
    kept = dict(before)
    shown = template.declarations.keys() - {DEPLOYMENT_ID, *template.secret_parameters}
    return tuple(
        ParameterChange(name, kept.get(name), value)
        for name, value in given
        if name in shown and kept.get(name) != value
    )


def _secrets_checked(filled: FilledTemplate) -> int:
    """Return the number of secrets that the gate checks: the entries of its lists."""
    gates = [resource.properties for resource in filled.stack.of_type(GATE)]
    return sum(len(value) for gate in gates for value in gate.values() if isinstance(value, list))
