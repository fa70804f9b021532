"""The roles stack: the execution role, the task role and the further roles of one service."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from awacs.aws import PolicyDocument
from msgspec import Struct, field
from troposphere import (
    And,
    Condition,
    Equals,
    Export,
    GetAtt,
    If,
    Not,
    NoValue,
    Output,
    Parameter,
    Ref,
    Tags,
    Template,
    iam,
)

from cfnroles.need import Holder, Origin
from cfnroles.options import NO_OPTIONS, RoleOptions
from cfnroles.policies import Policy
from cfnroles.role_kinds import ROLE_KINDS, kind_of
from cfnroles.statements import Statement
from cfnroles.targets.cloudformation.parameters import (
    key_arns,
    permissions_boundary,
    project_name,
    secret_parameter,
    switch,
)
from cfnroles.targets.cloudformation.policy_documents import (
    condition_name,
    conditions_of,
    inline_policies,
    policy_document,
    trust,
)
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import Spelling, value
from cfnroles.text import from_spelling

#: Export name of each role's ARN, in the spelling of ``Fn::Sub``.
EXPORTS = {kind.holder: kind.export_name for kind in ROLE_KINDS}


class RolesStack(Struct, frozen=True):
    """The contents of the roles stack.

    ``service`` is empty for roles of any service. ``secrets`` maps parameter names to the ARNs that are their defaults.
    ``exports`` are the names of the roles' exports, in the spelling of ``Fn::Sub``.
    """

    project: str
    service: str
    policies: Mapping[Holder, Sequence[Policy]]
    spelling: Spelling
    secrets: Mapping[str, str]
    key_arns: tuple[str, ...] = ()
    placeholders: Sequence[Parameter] = ()
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)
    exports: Mapping[Holder, str] = field(default_factory=lambda: EXPORTS)

    def option(self, holder: Holder) -> RoleOptions:
        """Return the options of one of the roles."""
        return self.options.get(holder, NO_OPTIONS)

    def path_parameter(self, holder: Holder) -> str:
        """Return the parameter of a role's path: one for all roles, unless their paths differ."""
        shared = len({options.path for options in self.options.values()}) < 2
        return "RolePath" if shared else f"{kind_of(holder).name}Path"

    def boundary_parameter(self, holder: Holder) -> str:
        """Return the parameter of a role's permissions boundary: one for all roles, unless their boundaries differ."""
        shared = len({options.permissions_boundary for options in self.options.values()}) < 2
        return "PermissionsBoundaryArn" if shared else f"{kind_of(holder).name}BoundaryArn"


def roles_template(stack: RolesStack, holders: Sequence[Holder] = (Holder.EXECUTION, Holder.TASK)) -> Template:
    """Return the template with one role for each of ``holders``.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html and task-iam-roles.html
    """
    template = StackTemplate(Description=f"IAM roles of {_service(stack)}, with the permissions that it needs.")
    template.set_version("2010-09-09")
    _add_parameters(template, stack, holders)
    _add_conditions(template, stack, holders)
    for holder in holders:
        _add_role(template, stack, holder)
    return template


def _add_parameters(template: Template, stack: RolesStack, holders: Sequence[Holder]) -> None:
    template.add_parameter(project_name(stack.project))
    if any("KmsKeyArns" in policy.when for policies in stack.policies.values() for policy in policies):
        template.add_parameter(key_arns(stack.key_arns))
    for name, holder in _by_parameter(stack.boundary_parameter, holders):
        whose = "the roles" if name == "PermissionsBoundaryArn" else f"the {holder}"
        template.add_parameter(permissions_boundary(name, stack.option(holder).permissions_boundary, whose))
    for holder in holders:
        template.add_parameter(_role_name(holder, stack.option(holder).name))
    for name, holder in _by_parameter(stack.path_parameter, holders):
        whose = "roles" if name == "RolePath" else str(holder)
        template.add_parameter(_role_path(name, stack.option(holder).path, whose))
    _add_trust_switches(template, holders)
    for name, arn in stack.secrets.items():
        template.add_parameter(secret_parameter(name, arn))
    for parameter in stack.placeholders:
        template.add_parameter(parameter)


@lru_cache(maxsize=64)  # the same for most services
def _role_path(name: str, default: str, whose: str) -> Parameter:
    return Parameter(
        name,
        Type="String",
        Default=default or "/",
        Description=f"Path of the {whose}.",
        AllowedPattern=r"^/([!-~]{1,510}/)?$",
        ConstraintDescription="a path that begins and ends with a slash",
    )


def _add_trust_switches(template: Template, holders: Sequence[Holder]) -> None:
    template.add_parameter(
        switch(
            "TrustConditions",
            "enabled",
            "Whether the trust policies allow ECS only for this account (aws:SourceAccount) and, for the task role,"
            " for this Region (aws:SourceArn). AWS documents both for the task role only; disable them if ECS"
            " cannot assume the execution role.",
        )
    )
    if Holder.EXECUTION in holders:
        template.add_parameter(
            switch(
                "ExecutionRoleSourceArn",
                "disabled",
                "Whether the trust policy of the execution role also requires aws:SourceArn. AWS documents that ECS"
                " sends it for the task role; its pages do not say so for the execution role.",
            )
        )


def _add_conditions(template: Template, stack: RolesStack, holders: Sequence[Holder]) -> None:
    for name, _ in _by_parameter(stack.boundary_parameter, holders):
        template.add_condition(_boundary_condition(name), Not(Equals(Ref(name), "")))
    for holder in holders:
        name = f"{kind_of(holder).name}Name"
        template.add_condition(f"Has{name}", Not(Equals(Ref(name), "")))
    template.add_condition("HasTrustConditions", Equals(Ref("TrustConditions"), "enabled"))
    if Holder.EXECUTION in holders:
        template.add_condition(
            "HasExecutionRoleSourceArn",
            And(Condition("HasTrustConditions"), Equals(Ref("ExecutionRoleSourceArn"), "enabled")),
        )
    policies = [policy for holder in holders for policy in stack.policies.get(holder, ())]
    for name, condition in conditions_of(policies, stack.spelling).items():
        template.add_condition(name, condition)


def _add_role(template: Template, stack: RolesStack, holder: Holder) -> None:
    for policy in stack.policies.get(holder, ()):
        if policy.managed:
            template.add_resource(_managed_policy(policy, stack, holder))
    template.add_resource(_role(stack, holder))
    logical_id = kind_of(holder).name
    exported = kind_of(holder).profile or logical_id
    if exported != logical_id:
        path = Ref(stack.path_parameter(holder))
        template.add_resource(iam.InstanceProfile(exported, Path=path, Roles=[Ref(logical_id)]))
    template.add_output(
        Output(
            f"{exported}Arn",
            Description=f"ARN of the {holder}." if exported == logical_id else f"ARN of the profile of the {holder}.",
            Value=GetAtt(exported, "Arn"),
            Export=Export(value(from_spelling(stack.exports[holder]))),
        )
    )


def _role(stack: RolesStack, holder: Holder) -> iam.Role:
    logical_id, options, policies = kind_of(holder).name, stack.option(holder), stack.policies.get(holder, ())
    attached = _attached(stack, holder)
    inline = inline_policies(policies, stack.spelling)
    metadata = metadata_of(policies)
    boundary = stack.boundary_parameter(holder)
    return iam.Role(
        logical_id,
        Description=f"{kind_of(holder).used_by} of {_service(stack)}.",
        RoleName=If(f"Has{logical_id}Name", Ref(f"{logical_id}Name"), NoValue),
        Path=Ref(stack.path_parameter(holder)),
        PermissionsBoundary=If(_boundary_condition(boundary), Ref(boundary), NoValue),
        **({"MaxSessionDuration": options.max_session_duration} if options.max_session_duration else {}),
        AssumeRolePolicyDocument=_trust(holder),
        **({"ManagedPolicyArns": attached} if attached else {}),
        **({"Policies": inline} if inline else {}),
        Tags=Tags(
            **{"cfnroles:project": Ref("ProjectName")},
            **({"cfnroles:service": stack.service} if stack.service else {}),
            **options.tags,
        ),
        **({"Metadata": metadata} if metadata else {}),
    )


def _attached(stack: RolesStack, holder: Holder) -> list[Any]:
    """Return the managed policies of a role: the chosen ones, and those for what inline policies cannot hold."""
    own = [policy for policy in stack.policies.get(holder, ()) if policy.managed]
    references = [(policy.when, Ref(f"{kind_of(holder).name}{policy.name}")) for policy in own]
    return [value(arn) for arn in stack.option(holder).managed_policies] + [
        If(condition_name(when), reference, NoValue) if when else reference for when, reference in references
    ]


@lru_cache(maxsize=64)  # the same for most services
def _trust(holder: Holder) -> PolicyDocument:
    by = kind_of(holder).assumed_by
    if not by.source_arn:
        return trust(by.service)
    source_arn: Any = {"aws:SourceArn": value(by.source_arn)}
    if by.source_arn_switch:
        source_arn = If(f"Has{by.source_arn_switch}", source_arn, NoValue)
    conditions: Any = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}, "ArnLike": source_arn}
    return trust(by.service, If(f"Has{by.switch}", conditions, NoValue) if by.switch else conditions)


def _managed_policy(policy: Policy, stack: RolesStack, holder: Holder) -> iam.ManagedPolicy:
    resource = iam.ManagedPolicy(
        f"{kind_of(holder).name}{policy.name}",
        Description=f"Permissions of {_service(stack)} beyond the quota for inline policies.",
        Path=Ref(stack.path_parameter(holder)),
        PolicyDocument=policy_document(policy.statements, stack.spelling),
    )
    if policy.when:
        resource.Condition = condition_name(policy.when)
    return resource


def _service(stack: RolesStack) -> str:
    return f"the ECS service {stack.service}" if stack.service else "an ECS service"


def metadata_of(policies: Sequence[Policy]) -> dict[str, Any]:
    """Return the fields that each statement exists for, and why a scanner's finding about ``*`` is not one here."""
    metadata: dict[str, Any] = {}
    statements = [statement for policy in policies for statement in policy.statements]
    if any(need.origin.document for statement in statements for need in statement.needs):
        metadata["cfnroles"] = {
            statement.sid: [_field(origin) for origin in _origins(statement)] for statement in statements
        }
    # For a user's own statement on all resources, AWS may have resource types.
    ours = [s for s in statements if not any(need.reason.feature == "statement" for need in s.needs)]
    unscoped = sorted({action for s in ours if s.resources == ("*",) for action in s.actions})
    if unscoped:
        reason = f"AWS defines no resource type for {', '.join(unscoped)}"
        metadata["cfn_nag"] = {"rules_to_suppress": [{"id": "W11", "reason": reason}]}
    return metadata


def _origins(statement: Statement) -> list[Origin]:
    return sorted({need.origin for need in statement.needs}, key=lambda origin: origin.sort_key)


def _field(origin: Origin) -> str:
    told = origin.pointer if origin.place == origin.pointer else f"{origin.pointer} ({origin.place})"
    return unspelled(told)


def unspelled(text: str) -> str:
    """Return a text that names symbols in readable form: in a template, only Fn::Sub has ``${...}``."""
    return re.sub(r"\$\{!?([^{}]*)\}", r"<\1>", text) if "${" in text else text


def _by_parameter(parameter: Callable[[Holder], str], holders: Sequence[Holder]) -> Iterable[tuple[str, Holder]]:
    """Yield each parameter once, with the first role that it is for."""
    first: dict[str, Holder] = {}
    for holder in holders:
        first.setdefault(parameter(holder), holder)
    return first.items()


def _boundary_condition(parameter: str) -> str:
    return f"Has{parameter.removesuffix('Arn')}"


@lru_cache(maxsize=64)  # the same for most services
def _role_name(holder: Holder, default: str) -> Parameter:
    return Parameter(
        f"{kind_of(holder).name}Name",
        Type="String",
        Default=default,
        Description=f"Name of the {holder}; empty to let CloudFormation generate one.",
        AllowedPattern=r"^[\w+=,.@-]{0,64}$",
        ConstraintDescription="up to 64 letters, digits and + = , . @ _ -",
    )
