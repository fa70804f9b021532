"""Making the plan: look at every stack, make the change sets that can be made, and say what they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import Export
from cfnroles.deploy.actions import with_action
from cfnroles.deploy.change_sets import discard_all, with_change_set
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.failures import Cause, Failure, explained
from cfnroles.deploy.filled_template import FilledTemplate, permission_changes
from cfnroles.deploy.following import Work, together
from cfnroles.deploy.parameters import DEPLOYMENT_ID, with_missing, with_parameters
from cfnroles.deploy.plan import GATE, ParameterChange, Plan, StackAction, StackPlan
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.stacks_file import TEMPLATE_BODY_BYTES, TEMPLATE_BYTES, Pairs, StackSource
from cfnroles.deploy.unchecked_secrets import not_checked, unchecked_secrets
from cfnroles.errors import InvalidInput
from cfnroles.template.given import Given
from cfnroles.template.template import Template, read_template
from cfnroles.text import arn_of


def plan(sources: Sequence[StackSource], deployer: Deployer) -> Plan:
    """Find out what deploying ``sources`` changes, by change sets that are left ready to be executed.

    Raises ``InvalidInput`` before anything is created for what cannot be sent and for parameters without a value,
    ``DeploymentRefused`` with the reason of every stack that cannot be deployed (nothing is then left behind), and
    ``Unavailable``.
    """
    sources = with_parameters(sources, deployer.options.parameters)
    for source in sources:
        _check_size(source, deployer.options.bucket)
    blanks = _made([_judged(source, with_action(source, deployer)) for source in sources], deployer).stacks
    sources = with_missing([(blank.source, blank.kept) for blank in blanks], deployer.ask)
    blanks = tuple(replace(blank, source=source) for blank, source in zip(blanks, sources, strict=True))
    exports = {}
    if any(source.imports or source.exports for source in sources):
        exports = {export.name: export for export in deployer.cloudformation.exports()}
    home = _home(blanks, deployer)
    blanks = tuple(replace(blank, unchecked=unchecked_secrets(_filled(blank, home))) for blank in blanks)
    failures = _export_failures(sources, exports)
    if not deployer.options.allow_unchecked_secrets:
        failures += tuple(not_checked(blank.name, blank.unchecked) for blank in blanks if blank.unchecked)
    if failures:
        raise DeploymentRefused(failures)
    return _made(
        [_judged(blank.source, _stack_plan(blank, sources, exports, home, deployer)) for blank in blanks], deployer
    )


def _made(work: Sequence[Work[StackPlan | Failure]], deployer: Deployer) -> Plan:
    """What the work ends with; where a stack is refused, what the others left behind is taken away first."""
    answers = together(work, deployer.pace, "making the plan")
    steps = tuple(answer for answer in answers if isinstance(answer, StackPlan))
    made = Plan(steps, deployer.options, deployer.run)
    failures = tuple(answer for answer in answers if isinstance(answer, Failure))
    if failures:
        discard_all(made, deployer)
        raise DeploymentRefused(failures)
    return made


def _judged(source: StackSource, work: Work[StackPlan]) -> Work[StackPlan | Failure]:
    try:
        return (yield from work)
    except DeploymentRefused as refused:
        return refused.failures[0]
    except Refused as refused:
        return explained(source.name, refused.message, otherwise=Cause.CHANGE_SET)


def _check_size(source: StackSource, bucket: str) -> None:
    limit = TEMPLATE_BYTES if bucket else TEMPLATE_BODY_BYTES
    if source.size > limit:
        raise InvalidInput(
            f"has {source.size:,} bytes, and CloudFormation takes {limit:,}"
            + (" from a bucket" if bucket else " in a request"),
            where=source.template,
            remedy="Split the stack." if bucket else "Give a bucket to put it into: --bucket NAME",
        )


def _export_failures(sources: Sequence[StackSource], exports: Mapping[str, Export]) -> tuple[Failure, ...]:
    """What CloudFormation would only find out in the middle: imports that nobody exports, exports that are
    taken."""
    made = {name for source in sources for name in source.exports}
    missing = [
        missing_import(source, name)
        for source in sources
        for name in source.imports
        if name not in made and name not in exports
    ]
    taken = [
        explained(source.name, f"Export with name {name} is already exported by stack {exports[name].stack}")
        for source in sources
        for name in source.exports
        if name in exports and exports[name].stack != source.name
    ]
    return tuple(missing + taken)


def missing_import(source: StackSource, export: str) -> Failure:
    """The failure of a stack that imports what nothing exports."""
    remedy = (
        f"Deploy the stack that exports it first: {' or '.join(source.depends_on)}."
        if source.depends_on
        else "Deploy the stack that exports it first."
    )
    return replace(explained(source.name, f"No export named {export} found"), remedy=remedy)


def _home(blanks: Iterable[StackPlan], deployer: Deployer) -> Given:
    """Where the stacks go: the id of one that exists tells the account, too."""
    arn = next((arn_of(blank.before.id) for blank in blanks if blank.before), None)
    return Given(account=arn.account, region=arn.region) if arn else Given(region=deployer.cloudformation.region)


def _filled(blank: StackPlan, home: Given) -> FilledTemplate:
    return FilledTemplate.of(blank.source.parsed, blank.kept, blank.source.parameters, home)


def _stack_plan(
    blank: StackPlan, sources: Sequence[StackSource], exports: Mapping[str, Export], home: Given, deployer: Deployer
) -> Work[StackPlan]:
    if blank.action is StackAction.BUSY:
        return blank
    described = _described(blank, home, deployer)
    if described.action is StackAction.RECREATE or described.roll_back_first or described.continue_rollback:
        return described
    if described.action is StackAction.CREATE and _waits_for_imports(described.source, sources, exports):
        return described
    return (yield from with_change_set(described, deployer))


def _waits_for_imports(source: StackSource, sources: Sequence[StackSource], exports: Mapping[str, Export]) -> bool:
    made = {name for other in sources if other.name in source.depends_on for name in other.exports}
    return any(name in made and name not in exports for name in source.imports)


def _described(blank: StackPlan, home: Given, deployer: Deployer) -> StackPlan:
    """The plan with all that needs no change set: permissions, parameters, secrets, pending change sets."""
    stack, cloudformation = blank.before, deployer.cloudformation
    deployed = stack if stack and blank.action is StackAction.UPDATE else None
    old, new = None, _filled(blank, home)
    if deployed:
        template = read_template(cloudformation.template(deployed.id), blank.name)
        old = FilledTemplate.of(template, deployed.parameters, (), home)
    pending = cloudformation.change_sets(stack.id) if stack else ()
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
    """How many secrets the gate looks at: the entries of its lists."""
    gates = [resource.properties for resource in filled.stack.of_type(GATE)]
    return sum(len(value) for gate in gates for value in gate.values() if isinstance(value, list))
