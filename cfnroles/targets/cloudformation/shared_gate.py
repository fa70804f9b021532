"""One gate for all services of an account and Region: its function, and the role that it assumes for each of them.

The function's own role writes its log and nothing else. For a service it assumes a role that has exactly what that
service's references need, and whose trust policy names the function's role: within one account, AWS requires no more.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import Equals, Export, GetAtt, If, ImportValue, Not, NoValue, Output, Ref, Sub, Tags, Template, iam

from cfnroles.facts import Facts
from cfnroles.policies import Policy
from cfnroles.targets.cloudformation.policy_documents import (
    attached_policies,
    attachments,
    conditions_of,
    inline_policies,
)
from cfnroles.targets.cloudformation.secret_validator import (
    SHARED_ROLE_EXPORT,
    ValidatorStack,
    add_own_parameters,
    export_name,
    secret_validator_template,
)
from cfnroles.targets.cloudformation.settled import SHARED_GATE
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import Spelling


def check_role_template(stack: ValidatorStack) -> Template:
    """Return the template of the role that the shared gate assumes: what it may check, and no function."""
    policies, spelling = stack.policies, stack.spelling
    template = StackTemplate(
        Description="Role for the shared gate, which checks that secrets and parameters exist before a task"
        " definition is deployed."
    )
    template.set_version("2010-09-09")
    add_own_parameters(template, stack)
    template.add_condition("HasPermissionsBoundary", Not(Equals(Ref("PermissionsBoundaryArn"), "")))
    for name, condition in conditions_of(policies, spelling).items():
        template.add_condition(name, condition)
    for resource in attached_policies(policies, "Role", spelling, "the shared gate"):
        template.add_resource(resource)
    template.add_resource(_check_role(policies, spelling))
    template.add_output(
        Output(
            "SecretCheckRoleArn",
            Description="RoleArn of Custom::SecretsExist.",
            Value=GetAtt("Role", "Arn"),
            Export=Export(Sub(export_name(stack.number, shared=True))),
        )
    )
    return template


def shared_gate_template() -> Template:
    """Return the template of the gate for all services of an account and Region: its role may only write its log."""
    template = secret_validator_template(ValidatorStack(SHARED_GATE, (), Spelling(Facts())))
    template.add_output(
        Output(
            "SecretValidatorRoleArn",
            Description="Role of the function; the roles that it assumes trust it.",
            Value=GetAtt("Role", "Arn"),
            Export=Export(Sub(SHARED_ROLE_EXPORT.replace(SHARED_GATE, "${ProjectName}"))),
        )
    )
    return template


def _check_role(policies: Sequence[Policy], spelling: Spelling) -> iam.Role:
    attached = attachments(policies, "Role")
    trusted = {"Effect": "Allow", "Principal": {"AWS": ImportValue(SHARED_ROLE_EXPORT)}, "Action": "sts:AssumeRole"}
    inline = inline_policies(policies, spelling)
    return iam.Role(
        "Role",
        Description="The shared gate uses this role to check that secrets and parameters exist; it keeps no value.",
        PermissionsBoundary=If("HasPermissionsBoundary", Ref("PermissionsBoundaryArn"), NoValue),
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trusted]},
        **({"ManagedPolicyArns": attached} if attached else {}),
        **({"Policies": inline} if inline else {}),
        Tags=Tags(**{"cfnroles:project": Ref("ProjectName")}),
    )
