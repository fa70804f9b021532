"""Making the plan: look at every stack, make the change sets that can be made, and say what they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.refusals import Refused
from cfnroles.aws.stack import Export, Stack
from cfnroles.deploy import template as templates
from cfnroles.deploy.change_sets import DEPLOYMENT_ID, discard_all, with_change_set
from cfnroles.deploy.deployer import Deployer
from cfnroles.deploy.failures import Cause, Failure, explained
from cfnroles.deploy.following import Work, settled, together
from cfnroles.deploy.permissions import permission_changes
from cfnroles.deploy.plan import (
    GATE,
    RUN_PREFIX,
    Action,
    Note,
    Options,
    ParameterChange,
    Plan,
    StackPlan,
)
from cfnroles.deploy.refused import DeploymentRefused
from cfnroles.deploy.stacks_file import TEMPLATE_BODY_BYTES, TEMPLATE_BYTES, StackSource
from cfnroles.deploy.statuses import MISSING, Deploying, status_of
from cfnroles.errors import InvalidInput


def plan(sources: Sequence[StackSource], deployer: Deployer) -> Plan:
    """Find out what deploying ``sources`` changes, by change sets that are left ready to be executed.

    Raises ``InvalidInput`` before any call for what cannot be sent, ``DeploymentRefused`` with the reason
    of every stack that cannot be deployed (nothing is then left behind), and ``Unavailable``.
    """
    sources = with_parameters(sources, deployer.options.parameters)
    for source in sources:
        _check_size(source, deployer.options.bucket)
    exports = {}
    if any(source.imports or source.exports for source in sources):
        exports = {export.name: export for export in deployer.cloudformation.exports()}
    failures = _export_failures(sources, exports)
    if failures:
        raise DeploymentRefused(failures)
    work = [_judged(source, _stack_plan(source, sources, exports, deployer)) for source in sources]
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


def with_parameters(sources: Iterable[StackSource], given: Iterable[tuple[str, str]]) -> tuple[StackSource, ...]:
    """The same stacks with the user's parameter values, each where the template declares it.

    Exports and imports that begin with the project's name follow when ``ProjectName`` is given.

    Raises ``InvalidInput`` for a parameter that no template declares.
    """
    sources, wanted = tuple(sources), dict(given)
    trees = {source.name: templates.declared(templates.parse(source.body, source.template)) for source in sources}
    for name in wanted:
        if not any(name in tree for tree in trees.values()):
            known = sorted({parameter for tree in trees.values() for parameter in tree})
            raise InvalidInput(f"no template declares the parameter {name}", remedy=f"They declare: {', '.join(known)}")
    return tuple(_with_parameters(source, trees[source.name], wanted) for source in sources)


def _with_parameters(source: StackSource, declared: Mapping[str, object], wanted: Mapping[str, str]) -> StackSource:
    own = {name: value for name, value in wanted.items() if name in declared}
    before, after = dict(source.parameters).get("ProjectName", ""), own.get("ProjectName", "")

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        if not before or not after:
            return names
        return tuple(after + name.removeprefix(before) if name.startswith(f"{before}-") else name for name in names)

    return replace(
        source,
        parameters=tuple(sorted({**dict(source.parameters), **own}.items())),
        exports=renamed(source.exports),
        imports=renamed(source.imports),
    )


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


def _stack_plan(
    source: StackSource, sources: Sequence[StackSource], exports: Mapping[str, Export], deployer: Deployer
) -> Work[StackPlan]:
    cloudformation, options = deployer.cloudformation, deployer.options
    stack = cloudformation.stack(source.name)
    if stack and status_of(stack.status).in_progress:
        if options.plan_only:
            return StackPlan(source, Action.BUSY, stack, notes=(busy(stack, cloudformation),))
        stack = yield from settled(
            cloudformation, stack, lambda now: deployer.tell(Note(source.name, f"{busy(now, cloudformation)}; waiting"))
        )
    row = status_of(stack.status if stack else MISSING)
    match row.deploying:
        case Deploying.CREATE | Deploying.WAIT_AND_CREATE:
            blank = StackPlan(source, Action.CREATE, stack if row.name == "REVIEW_IN_PROGRESS" else None)
        case Deploying.RECREATE:
            blank = _recreation(source, stack, row.meaning)
        case Deploying.ROLL_BACK_FIRST if stack and options.rollback:
            blank = StackPlan(
                source,
                Action.UPDATE,
                stack,
                roll_back_first=True,
                notes=(f"{source.name} {row.meaning}: it is rolled back first, then updated",),
            )
        case Deploying.CONTINUE_ROLLBACK:
            blank = _continuation(source, stack, row.meaning, options)
        case Deploying.REFUSE:
            raise DeploymentRefused((_stuck(source, stack, row.meaning),))
        case _:
            blank = StackPlan(source, Action.UPDATE, stack)
    if unfilled := _unfilled(source, blank):
        raise DeploymentRefused((unfilled,))
    blank = _described(blank, deployer)
    if blank.action is Action.RECREATE or blank.roll_back_first or blank.continue_rollback:
        return blank
    if blank.action is Action.CREATE and _waits_for_imports(source, sources, exports):
        return blank
    made = yield from with_change_set(blank, deployer)
    return made


def _unfilled(source: StackSource, blank: StackPlan) -> Failure | None:
    """The failure of a stack with parameters that have neither a default nor a value, now or from an earlier run."""
    declared = templates.declared(templates.parse(source.body, source.template))
    kept = blank.before.parameters if blank.before and blank.action is Action.UPDATE else ()
    valued = {*dict(source.parameters), *dict(kept)}
    missing = [name for name, definition in declared.items() if "Default" not in definition and name not in valued]
    if not missing:
        return None
    told = [
        f"{name} has no value: {declared[name].get('Description', 'its template says no more')}" for name in missing
    ]
    remedy = (
        f"Give {' '.join(f'--parameters {name}=VALUE' for name in missing)}, or write them into a --parameters-file."
    )
    return Failure(source.name, Cause.CHANGE_SET, tuple(told), remedy=remedy)


def busy(stack: Stack, cloudformation: CloudFormation) -> str:
    """What is under way on a stack, and what started it, as far as its events tell."""
    newest = next(iter(cloudformation.events(stack.id)), None)
    token = newest.token if newest else ""
    if token.startswith(RUN_PREFIX):
        who = f", started by another run of cfnroles ({token})"
    elif token.startswith("Console-"):
        who = ", started in the console"
    else:
        who = f", started by {token}" if token else ""
    return f"{stack.name} {status_of(stack.status).meaning} ({stack.status}){who}"


def _recreation(source: StackSource, stack: Stack | None, meaning: str) -> StackPlan:
    reason = f" ({stack.reason})" if stack and stack.reason else ""
    if stack and stack.termination_protection:
        raise DeploymentRefused(
            (
                explained(
                    source.name,
                    f"{source.name} {meaning}{reason}, but TerminationProtection is enabled",
                    status=stack.status,
                ),
            )
        )
    return StackPlan(
        source,
        Action.RECREATE,
        stack,
        notes=(f"{source.name} {meaning}{reason}: it is deleted first, then created",),
    )


def _continuation(source: StackSource, stack: Stack | None, meaning: str, options: Options) -> StackPlan:
    if not options.continue_rollback:
        raise DeploymentRefused((_stuck(source, stack, meaning),))
    return StackPlan(
        source,
        Action.UPDATE,
        stack,
        continue_rollback=True,
        notes=(f"{source.name} {meaning}: the rollback is continued first, then the stack is updated",),
    )


def _stuck(source: StackSource, stack: Stack | None, meaning: str) -> Failure:
    status = stack.status if stack else MISSING
    remedy = (
        "Repair what its events name, then run again with --continue-rollback."
        if status == "UPDATE_ROLLBACK_FAILED"
        else "Repair it in the CloudFormation console, or delete it with: cfnroles delete"
    )
    reason = f"{source.name} {meaning}" + (f": {stack.reason}" if stack and stack.reason else "")
    return replace(explained(source.name, reason, status=status), remedy=remedy)


def _waits_for_imports(source: StackSource, sources: Sequence[StackSource], exports: Mapping[str, Export]) -> bool:
    made = {name for other in sources if other.name in source.depends_on for name in other.exports}
    return any(name in made and name not in exports for name in source.imports)


def _described(blank: StackPlan, deployer: Deployer) -> StackPlan:
    """The plan with all that needs no change set: permissions, parameters, secrets, pending change sets."""
    source, stack = blank.source, blank.before
    tree = templates.parse(source.body, source.template)
    deployed = stack if stack and blank.action is Action.UPDATE else None
    old_values = dict(deployed.parameters) if deployed else {}
    old = templates.parse(deployer.cloudformation.template(deployed.id), source.name) if deployed else None
    new_values = {**old_values, **dict(source.parameters)}
    pending = deployer.cloudformation.change_sets(stack.id) if stack else ()
    return replace(
        blank,
        permissions=permission_changes(old, old_values, tree, new_values),
        parameters=_parameter_changes(tree, old_values, source.parameters) if deployed else (),
        secrets=_secrets_checked(tree, new_values),
        pending=tuple(
            other.name
            for other in pending
            if other.execution == "AVAILABLE" or other.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
        ),
        protect=deployer.options.termination_protection and not (stack and stack.termination_protection),
    )


def _parameter_changes(
    tree: templates.Tree, before: Mapping[str, str], given: Iterable[tuple[str, str]]
) -> tuple[ParameterChange, ...]:
    declared = templates.declared(tree)
    secret = {name for name, item in declared.items() if str(item.get("NoEcho", "")).lower() == "true"}
    return tuple(
        ParameterChange(name, before.get(name), "****" if name in secret else value)
        for name, value in given
        if name in declared and name != DEPLOYMENT_ID and name not in secret and before.get(name) != value
    )


def _secrets_checked(tree: templates.Tree, given: Mapping[str, str]) -> int:
    """How many secrets the gate looks at: the entries of its lists."""
    gates = [
        resource.get("Properties") or {}
        for resource in templates.Evaluation(tree, given).resources().values()
        if resource.get("Type") == GATE
    ]
    return sum(len(value) for gate in gates for value in gate.values() if isinstance(value, list))
