"""From packed policies to the policy documents of awacs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import awacs.aws
from awacs.aws import Action, Allow, PolicyDocument, Principal
from awacs.sts import AssumeRole
from troposphere import And, Condition, Equals, If, Not, NoValue, Ref, Select, iam

from cfnroles.policies import Policy
from cfnroles.statements import Statement
from cfnroles.targets.cloudformation.values import Spelling


class _Statement(awacs.aws.Statement):
    """A statement whose lists of one element are that element, as people write policies. IAM reads both alike."""

    def JSONrepr(self) -> dict[str, Any]:  # noqa: N802 - the name in awacs
        return {name: alone(member) for name, member in super().JSONrepr().items()}


def policy_document(statements: Iterable[Statement], spelling: Spelling) -> PolicyDocument:
    """Return the document of one policy."""
    return PolicyDocument(Version="2012-10-17", Statement=[_statement(statement, spelling) for statement in statements])


def trust(service: str, condition: Any = None) -> PolicyDocument:
    """Return a trust policy for one AWS service; ``condition`` is its Condition block, if it has one."""
    members: dict[str, Any] = {
        "Effect": Allow,
        "Principal": Principal("Service", service),
        "Action": [AssumeRole],
    }
    if condition is not None:
        members["Condition"] = _block(condition) if isinstance(condition, Mapping) else condition
    return PolicyDocument(Version="2012-10-17", Statement=[_Statement(**members)])


def inline_policies(policies: Sequence[Policy], spelling: Spelling) -> list[Any]:
    """Return the role's inline policies; those that depend on parameters have a condition."""
    return [_inline(policy, spelling) for policy in policies if not policy.managed]


def attached_policies(
    policies: Sequence[Policy], role: str, spelling: Spelling, whose: str, path: Any = None
) -> list[Any]:
    """Return the customer managed policies of the role with the logical ID ``role``, to be added to its template."""
    made = []
    for policy in policies:
        if policy.managed:
            resource = iam.ManagedPolicy(
                f"{role}{policy.name}",
                Description=f"Permissions of {whose} beyond the quota for inline policies.",
                PolicyDocument=policy_document(policy.statements, spelling),
            )
            if path is not None:
                resource.Path = path
            if policy.when:
                resource.Condition = condition_name(policy.when)
            made.append(resource)
    return made


def attachments(policies: Sequence[Policy], role: str) -> list[Any]:
    """Return the entries of the role's ManagedPolicyArns for its customer managed policies."""
    return [
        If(condition_name(policy.when), Ref(f"{role}{policy.name}"), NoValue)
        if policy.when
        else Ref(f"{role}{policy.name}")
        for policy in policies
        if policy.managed
    ]


def conditions_of(policies: Iterable[Policy], spelling: Spelling) -> dict[str, Any]:
    """Return the template conditions of the policies, in the forms that AWS and the emulator both evaluate."""
    conditions: dict[str, Any] = {}
    for when in sorted({policy.when for policy in policies if policy.when}):
        for parameter in when:
            conditions[condition_name((parameter,))] = _has_value(parameter, spelling)
        if len(when) > 1:
            conditions[condition_name(when)] = And(*(Condition(condition_name((name,))) for name in when))
    return conditions


def condition_name(when: Sequence[str]) -> str:
    """Return the name of the condition that holds if all parameters of ``when`` have a value."""
    return "Has" + "And".join(when)


def _has_value(parameter: str, spelling: Spelling) -> Any:
    if parameter in spelling.switches:
        return Equals(Ref(parameter), "enabled")
    # An empty list parameter is a list of one empty string.
    return Not(Equals(Select(0, Ref(parameter)) if parameter in spelling.lists else Ref(parameter), ""))


def _inline(policy: Policy, spelling: Spelling) -> Any:
    rendered = iam.Policy(PolicyName=policy.name, PolicyDocument=policy_document(policy.statements, spelling))
    return If(condition_name(policy.when), rendered, NoValue) if policy.when else rendered


def _statement(statement: Statement, spelling: Spelling) -> awacs.aws.Statement:
    members: dict[str, Any] = {
        "Sid": statement.sid,
        "Effect": Allow,
        "Action": [Action(*action.split(":", 1)) for action in statement.actions],
        "Resource": spelling.values(statement.resources),
    }
    if statement.conditions:
        block: dict[str, dict[str, Any]] = {}
        for condition in statement.conditions:
            block.setdefault(condition.operator, {})[condition.key] = alone(spelling.values(condition.values))
        members["Condition"] = _block(block)
    return _Statement(**members)


def alone(values: Any) -> Any:
    """Return the only element of a list of one, and anything else unchanged."""
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def _block(operators: Mapping[str, Mapping[str, Any]]) -> awacs.aws.Condition:
    elements = [getattr(awacs.aws, operator.replace(":", ""))(keys) for operator, keys in operators.items()]
    return awacs.aws.Condition(elements)
