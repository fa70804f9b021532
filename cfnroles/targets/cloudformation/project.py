"""The stacks of a project: those of each of its services, and the validator that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from troposphere import Parameter

from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Holder, Need
from cfnroles.options import NO_OPTIONS
from cfnroles.policies import INLINE_TOTAL, MANAGED_POLICY, size
from cfnroles.sources.reading import Task
from cfnroles.statements import compose
from cfnroles.targets.cloudformation import roles, secret_validator
from cfnroles.targets.cloudformation.alarms import AlarmOptions, alarms_template
from cfnroles.targets.cloudformation.log_groups import log_groups_template
from cfnroles.targets.cloudformation.parameters import secret_names, within_quota
from cfnroles.targets.cloudformation.parts import Parts
from cfnroles.targets.cloudformation.placeholders import placeholder_parameters, used_placeholders
from cfnroles.targets.cloudformation.service import (
    Stack,
    roles_stack,
    task_stack,
    validator_stack,
    with_template,
)
from cfnroles.targets.cloudformation.settled import USUAL, Form
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.targets.log_group_names import log_group_names
from cfnroles.validator_needs import validator_needs

#: What one validator's role holds, with room for what packing cannot fill. IAM would take more policies, and the
#: template with them would be too large to be sent without a bucket.
_ROOM = (INLINE_TOTAL + 10 * MANAGED_POLICY) * 8 // 10


class _Asked(Struct, frozen=True):
    """What the validator is asked for one service."""

    service: Task
    needs: tuple[Need, ...]
    number: int = 1


def project_stacks(
    services: Sequence[Task],
    project: str,
    alarms: AlarmOptions | None = None,
    form: Form = USUAL,
) -> tuple[Stack, ...]:
    """The stacks of all services, in deployment order, written in the ``form``.

    One validator holds exactly the secrets of all of them; where its role could not, there are several. Exports carry
    the service's name: ``PROJECT-SERVICE-ECSTaskRoleArn``. Raises InvalidInput for what CloudFormation or IAM would
    refuse, and where exports collide or are of no use.
    """
    common = _common(services)
    placeholders = placeholder_parameters((each.workload, each.discovery) for each in services)
    names = secret_names_of(services, placeholders)
    asked = {each.service.name: each for each in _numbered(services)}
    stacks = list(_validators(list(asked.values()), names, placeholders, common, project, form))
    validators = {stack.exports[0]: stack.name for stack in stacks}
    logged: set[str] = set()
    for service in services:
        number = asked[service.name].number if service.name in asked else 0
        export = _resolved(secret_validator.export_name(number, shared=form.shared_gate), project)
        before = [validators[export]] if number else []
        if log_groups := _log_groups_stack(service, project, logged):
            stacks.append(log_groups)
            before.append(log_groups.name)
        stacks += _service_stacks(service, project, names, number, before, form)
    if alarms:
        stacks.append(_alarms_stack(services, project, alarms, stacks))
    check_exports(stacks)
    return tuple(stacks)


def secret_names_of(services: Iterable[Task], taken: Collection[str] = ()) -> dict[str, str]:
    """ARN -> parameter name, the same in each stack of the project."""
    facts = Facts()
    references = [reference for service in services for reference in service.discovery.references]
    return secret_names(references, facts, taken)


def export_names(service: Task) -> dict[Holder, str]:
    """The exports of a service's roles, in the spelling of ``Fn::Sub``."""
    return {
        holder: service.options.get(holder, NO_OPTIONS).export
        or name.replace("${ProjectName}", f"${{ProjectName}}-{service.name}")
        for holder, name in roles.EXPORTS.items()
    }


def check_exports(stacks: Sequence[Stack]) -> None:
    """Raise InvalidInput for an export that two stacks make, and for one that nothing in the project imports.

    Some exports are for others: for the service that somebody else creates, or for who runs the task. What a stack
    imports and no other exports, comes from outside of the project.
    """
    counted = Counter(export for stack in stacks for export in stack.exports)
    twice = sorted(export for export, count in counted.items() if count > 1)
    if twice:
        makers = ", ".join(stack.name for stack in stacks if twice[0] in stack.exports)
        raise InvalidInput(
            f"the export {twice[0]} would be made more than once, by {makers}",
            why="export names are unique in an account and Region.",
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


def _service_stacks(
    service: Task,
    project: str,
    names: Mapping[str, str],
    number: int,
    before: Sequence[str],
    form: Form,
) -> Iterator[Stack]:
    own = {arn: names[arn] for arn in secret_names(service.discovery.references, service.facts)}
    parts = Parts(
        project,
        f"{project}-{service.name}",
        service.name,
        service.workload,
        service.discovery,
        service.facts,
        within_quota(own),
        placeholder_parameters([(service.workload, service.discovery)]),
        export_names(service),
        service.options,
        label=service.name,
        form=form.of(service.name),
    ).gated(max(number, 1))
    made = roles_stack(parts)
    yield made
    yield task_stack(parts, (*before, made.name))


def _log_groups_stack(service: Task, project: str, logged: set[str]) -> Stack | None:
    """The stack of the log groups that no service before has made; none where nothing is left."""
    if service.log_groups is None:
        return None
    names = [
        name for name in log_group_names(service.workload, service.facts, service.log_groups) if name not in logged
    ]
    logged.update(names)
    if not names:
        return None
    placeholders = placeholder_parameters([(service.workload, service.discovery)])
    asked = used_placeholders(placeholders, names)
    template = log_groups_template(project, service.name, names, service.log_groups, asked)
    return with_template(Stack(f"{project}-{service.name}-log-groups", f"{service.name}-log-groups"), template, project)


def _alarms_stack(services: Sequence[Task], project: str, alarms: AlarmOptions, stacks: Sequence[Stack]) -> Stack:
    made = {export: stack.name for stack in stacks for export in stack.exports}
    exports = {
        service.name: {
            holder: export for holder, export in export_names(service).items() if _resolved(export, project) in made
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


def _numbered(services: Sequence[Task]) -> Iterator[_Asked]:
    """The services that have secrets, each with the number of the validator whose role has room for them."""
    number, room = 1, _ROOM
    for service in services:
        needs = validator_needs(service.discovery.references, service.facts)
        if not needs:
            continue
        needed = size(compose(needs))
        if needed > room and room < _ROOM:
            number, room = number + 1, _ROOM
        room -= needed
        yield _Asked(service, needs, number)


def _validators(
    asked: Sequence[_Asked],
    names: Mapping[str, str],
    placeholders: Mapping[str, Parameter],
    facts: Facts,
    project: str,
    form: Form,
) -> Iterator[Stack]:
    if any(role.permissions_boundary for each in asked for role in each.service.options.values()):
        # Who bounds the roles of services likely has to bound every role.
        form = form.also("PermissionsBoundaryArn")
    for number in sorted({each.number for each in asked}):
        group = [each for each in asked if each.number == number]
        references = [reference for each in group for reference in each.service.discovery.references]
        arns = {arn: names[arn] for arn in secret_names(references, facts)}
        keys = tuple(sorted({key for each in group for key in each.service.facts.kms_key_arns}))
        needs = [need for each in group for need in each.needs]
        spelling = Spelling(replace(facts, kms_key_arns=keys), within_quota(arns))
        yield validator_stack(needs, project, spelling, placeholders, number, form)


def _common(services: Sequence[Task]) -> Facts:
    """The account and the region, as far as all services agree on them."""
    accounts = {service.facts.account for service in services}
    regions = {service.facts.region for service in services}
    return replace(
        Facts(),
        account=accounts.pop() if len(accounts) == 1 else "",
        region=regions.pop() if len(regions) == 1 else "",
    )
