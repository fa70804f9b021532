"""The stacks of one service, in deployment order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from troposphere import Parameter, Template

from cfnroles.discovery import Discovery
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.need import Holder, Need
from cfnroles.policies import Policy, pack
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.statements import Statement, compose
from cfnroles.targets.cloudformation import secret_validator
from cfnroles.targets.cloudformation.limits import beyond_default_quota, check
from cfnroles.targets.cloudformation.mark import marked
from cfnroles.targets.cloudformation.parameters import secret_parameters, used
from cfnroles.targets.cloudformation.parts import Parts
from cfnroles.targets.cloudformation.placeholders import placeholder_parameters, used_placeholders
from cfnroles.targets.cloudformation.plain_tree import plain_tree
from cfnroles.targets.cloudformation.roles import RolesStack, roles_template
from cfnroles.targets.cloudformation.secret_validator import ValidatorStack, secret_validator_template
from cfnroles.targets.cloudformation.settled import USUAL, Form, settled
from cfnroles.targets.cloudformation.task import task_template
from cfnroles.targets.cloudformation.template_text import ordered
from cfnroles.targets.cloudformation.values import Spelling, exports_in
from cfnroles.text import Text
from cfnroles.validator_needs import CHECK_JSON_KEYS, validator_needs
from cfnroles.workload import EXPRESS, Workload


class Stack(Struct, frozen=True):
    """One stack: its name, its template, and what it imports from and exports to the others.

    ``for_others`` are its exports that no stack of the project imports: those who create the service do.
    ``beyond_quota`` are its roles that need a higher IAM quota.
    """

    name: str
    stem: str
    template: Mapping[str, Any] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    for_others: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    beyond_quota: tuple[str, ...] = ()


def service_stacks(
    workload: Workload,
    discovery: Discovery,
    facts: Facts,
    project: str,
    form: Form = USUAL,
) -> tuple[Stack, ...]:
    """Return the validator's stack, the roles' and the task definition's, written in the ``form``.

    With a shared gate, the first is that of the role that it assumes. Without a secret to check there is no validator.
    Raise InvalidInput for values that CloudFormation or IAM would reject.
    """
    placeholders = placeholder_parameters([(workload, discovery)])
    secrets = secret_parameters(discovery.references, facts, placeholders)
    family = workload.family
    parts = Parts(project, project, family, workload, discovery, facts, secrets, placeholders, form=form).gated(1)
    stacks = []
    if discovery.references:
        needs = validator_needs(discovery.references, facts)
        stacks.append(validator_stack(needs, project, Spelling(facts, secrets), placeholders, 1, form))
    stacks.append(roles_stack(parts))
    stacks.append(task_stack(parts, tuple(stack.name for stack in stacks)))
    return tuple(stacks)


def roles_stack(parts: Parts) -> Stack:
    """Return the stack of a service's roles."""
    statements = compose(parts.discovery.needs)
    holders = _holders(statements, for_tasks=not parts.workload.is_provider)
    policies = {
        holder: pack([statement for statement in statements if statement.holder is holder], _values(parts.secrets))
        for holder in holders
    }
    options = {holder: parts.options[holder] for holder in holders if holder in parts.options}
    resources = _resources(statements)
    made_of = RolesStack(
        parts.project,
        parts.label or parts.workload.family,
        policies,
        parts.spelling,
        used(parts.secrets, resources),
        parts.facts.kms_key_arns,
        used_placeholders(parts.placeholders, resources),
        options,
        parts.exports,
    )
    stack = Stack(
        f"{parts.name}-roles",
        f"{parts.stem}-roles",
        # Also if CloudFormation chooses every name: the template could name the roles.
        capabilities=("CAPABILITY_NAMED_IAM",),
        exports=tuple(parts.exports[holder] for holder in holders),
        for_others=tuple(parts.exports[holder] for holder in holders if holder not in _taken(parts)),
        imports=exports_in([*resources, *(arn for each in options.values() for arn in each.managed_policies)]),
    )
    return with_template(stack, roles_template(made_of, holders), parts.project, parts.form)


def task_stack(parts: Parts, depends_on: tuple[str, ...]) -> Stack:
    """Return the stack of a service's task definition or Express Mode service, which waits for the validator."""
    imports = tuple(parts.exports[holder] for holder in _taken(parts))
    gate = filter(None, (parts.validator, parts.check_role) if parts.discovery.references else ())
    stack = Stack(
        f"{parts.name}-task",
        f"{parts.stem}-task",
        imports=(*gate, *imports),
        depends_on=depends_on,
    )
    return with_template(stack, task_template(parts), parts.project)


def _taken(parts: Parts) -> tuple[Holder, ...]:
    """Return the roles that the task stack uses; others belong to the service and to runners of the task."""
    own = (Holder.EXECUTION, Holder.TASK)
    return (*own, Holder.INFRASTRUCTURE) if EXPRESS in parts.workload.tree else own


def validator_stack(
    needs: Iterable[Need],
    project: str,
    spelling: Spelling,
    placeholders: Mapping[str, Parameter],
    number: int = 1,
    form: Form = USUAL,
) -> Stack:
    """Return the stack of the validator that may check ``needs``, or of the role that the shared gate assumes."""
    needs = tuple(needs)
    statements = compose(needs)
    try:
        policies = _validator_policies(statements, spelling)
    except InvalidInput:
        # Reading values is optional. If a role has no room for it, the check that the secrets exist comes first.
        statements = compose(need for need in needs if CHECK_JSON_KEYS not in need.permission.when)
        policies = _validator_policies(statements, spelling)
    resources = _resources(statements)
    secrets, open_names = used(spelling.parameters, resources), used_placeholders(placeholders, resources)
    made_of = ValidatorStack(project, policies, spelling, secrets, open_names, number)
    shared = form.shared_gate
    stem = validator_stem(number, shared=shared)
    stack = Stack(
        f"{project}-{stem}",
        stem,
        capabilities=("CAPABILITY_IAM",),
        exports=(secret_validator.export_name(number, shared=shared),),
        imports=(secret_validator.SHARED_ROLE_EXPORT,) if shared else (),
    )
    if not shared:
        return with_template(stack, secret_validator_template(made_of), project, form)
    from cfnroles.targets.cloudformation.shared_gate import check_role_template

    return with_template(stack, check_role_template(made_of), project, form)


def validator_stem(number: int, *, shared: bool) -> str:
    """Return the name for the stack of the validator with this number, or of the role for a shared one."""
    return ("secret-check-role" if shared else "secret-validator") + ("" if number == 1 else f"-{number}")


def _validator_policies(statements: Sequence[Statement], spelling: Spelling) -> tuple[Policy, ...]:
    return pack(statements, _values(spelling.parameters), reserved=secret_validator.OWN_POLICY)


def _holders(statements: Sequence[Statement], *, for_tasks: bool) -> tuple[Holder, ...]:
    needed = {statement.holder for statement in statements}
    return tuple(kind.holder for kind in ROLE_KINDS if (kind.always and for_tasks) or kind.holder in needed)


def with_template(stack: Stack, template: Template, project: str, form: Form | None = None) -> Stack:
    """Return a stack whose ``exports`` and ``imports`` are in the spelling of ``Fn::Sub``, with its template and names.

    The template's choices that the ``form`` does not leave open are settled. Raise InvalidInput for values that
    CloudFormation or IAM would reject.
    """
    tree = plain_tree(template)
    return with_tree(stack, tree if form is None else settled(tree, form), project)


def with_tree(stack: Stack, template: Mapping[str, Any], project: str) -> Stack:
    """Return the same for a template that is already a tree."""
    rendered = ordered(marked(template, stack.stem))
    check(stack.name, rendered)
    parameters = {
        parameter: str(definition["Default"]) if "Default" in definition else None
        for parameter, definition in rendered.get("Parameters", {}).items()
        if definition.get("Default", None) != "" and parameter != "DeploymentId"
    }
    return replace(
        stack,
        template=rendered,
        exports=tuple(export.replace("${ProjectName}", project) for export in stack.exports),
        for_others=tuple(export.replace("${ProjectName}", project) for export in stack.for_others),
        imports=tuple(name.replace("${ProjectName}", project) for name in stack.imports),
        beyond_quota=tuple(beyond_default_quota(rendered)),
        parameters={
            name: value
            for name, value in parameters.items()
            if value is None or name == "ProjectName" or name.endswith("SecretArn")
        },
    )


def _values(secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: arn for arn, name in secrets.items()}


def _resources(statements: Sequence[Statement]) -> list[Text]:
    return [
        text
        for statement in statements
        for text in (*statement.resources, *(value for c in statement.conditions for value in c.values))
    ]
