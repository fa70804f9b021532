"""The stacks of one service, in deployment order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from troposphere import Template

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.need import Holder
from cfnroles.policies import Policy, pack
from cfnroles.references import validator_needs
from cfnroles.stacks import roles, secret_validator
from cfnroles.stacks.limits import check
from cfnroles.stacks.parameters import secret_parameters, used
from cfnroles.stacks.roles import RolesStack, roles_template
from cfnroles.stacks.secret_validator import secret_validator_template
from cfnroles.stacks.task import task_template
from cfnroles.stacks.template_text import ordered
from cfnroles.stacks.values import Spelling
from cfnroles.statements import Statement, compose
from cfnroles.workload import Workload


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: its name, its template, and what it takes from and gives to the others."""

    name: str
    stem: str
    template: Mapping[str, Any]
    capabilities: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def service_stacks(workload: Workload, discovery: Discovery, facts: Facts, project: str) -> tuple[Stack, ...]:
    """The validator's stack, the roles' and the task definition's.

    Without a secret to check there is no validator. Raises InvalidInput for what CloudFormation or IAM would refuse.
    """
    secrets = secret_parameters(discovery.references, facts)
    spelling = Spelling(facts, secrets)
    statements = compose(discovery.needs)
    holders = _holders(statements)
    policies = {
        holder: pack([statement for statement in statements if statement.holder is holder], _values(secrets))
        for holder in holders
    }
    stacks = []
    if discovery.references:
        stacks.append(_validator_stack(discovery, facts, project, spelling, secrets))
    stacks.append(
        _stack(
            f"{project}-roles",
            f"{workload.family}-roles",
            roles_template(
                RolesStack(
                    project,
                    workload.family,
                    policies,
                    spelling,
                    used(secrets, _resources(statements)),
                    facts.kms_key_arns,
                ),
                holders,
            ),
            project,
            # Also where every name is left to CloudFormation: the template could name the roles.
            capabilities=("CAPABILITY_NAMED_IAM",),
            exports=tuple(roles.EXPORTS[holder] for holder in holders),
        )
    )
    stacks.append(
        _stack(
            f"{project}-task",
            f"{workload.family}-task",
            task_template(
                workload,
                project,
                discovery.references,
                spelling,
                used(secrets, (reference.value_from for reference in discovery.references)),
            ),
            project,
            # The infrastructure role goes to the service, not to the task definition.
            imports=tuple(
                export
                for stack in stacks
                for export in stack.exports
                if not export.endswith(roles.EXPORTS[Holder.INFRASTRUCTURE].removeprefix("${ProjectName}"))
            ),
            depends_on=tuple(stack.name for stack in stacks),
        )
    )
    return tuple(stacks)


def _holders(statements: Sequence[Statement]) -> tuple[Holder, ...]:
    # The task definition always names the first two; the third exists for the few features that use it.
    infrastructure = any(statement.holder is Holder.INFRASTRUCTURE for statement in statements)
    return (Holder.EXECUTION, Holder.TASK, *([Holder.INFRASTRUCTURE] if infrastructure else []))


def _validator_stack(
    discovery: Discovery, facts: Facts, project: str, spelling: Spelling, secrets: Mapping[str, str]
) -> Stack:
    statements = compose(validator_needs(discovery.references, facts))
    policies: Sequence[Policy] = pack(statements, _values(secrets))
    return _stack(
        f"{project}-secret-validator",
        "secret-validator",
        secret_validator_template(
            project, policies, spelling, used(secrets, _resources(statements)), facts.kms_key_arns
        ),
        project,
        capabilities=("CAPABILITY_IAM",),
        exports=(secret_validator.EXPORT,),
    )


def _stack(
    name: str,
    stem: str,
    template: Template,
    project: str,
    capabilities: tuple[str, ...] = (),
    exports: tuple[str, ...] = (),
    imports: tuple[str, ...] = (),
    depends_on: tuple[str, ...] = (),
) -> Stack:
    rendered = ordered(template.to_dict())
    check(name, rendered)
    parameters = {
        parameter: str(definition.get("Default", ""))
        for parameter, definition in rendered.get("Parameters", {}).items()
        if definition.get("Default", "") != "" and parameter != "DeploymentId"
    }
    return Stack(
        name,
        stem,
        rendered,
        capabilities,
        tuple(export.replace("${ProjectName}", project) for export in exports),
        imports,
        depends_on,
        {name: value for name, value in parameters.items() if name == "ProjectName" or name.endswith("SecretArn")},
    )


def _values(secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: arn for arn, name in secrets.items()}


def _resources(statements: Sequence[Statement]) -> list[str]:
    return [
        text
        for statement in statements
        for text in (*statement.resources, *(value for c in statement.conditions for value in c.values))
    ]
