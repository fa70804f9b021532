"""The policies of a roles stack as IAM would hold them after its deployment."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from tests.ecs_calls import ACCOUNT, REGION, Call

_ABSENT = object()
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": _ABSENT,
}


def listed(value: Any) -> list[Any]:
    """The values of a member of a policy, which may be one or a list."""
    return value if isinstance(value, list) else [value]


def documents(template: Mapping[str, Any], role: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The documents of a role's policies, inline and attached, with every intrinsic resolved."""
    values = {name: declared.get("Default", "") for name, declared in template["Parameters"].items()} | parameters
    resolve = _Resolver(template, {**values, **_PSEUDO})
    properties = template["Resources"][role]["Properties"]
    found = [policy["PolicyDocument"] for policy in resolve(properties.get("Policies", []))]
    for attached in properties.get("ManagedPolicyArns", []):
        name = _policy_name(attached, resolve)
        if name:
            found.append(resolve(template["Resources"][name]["Properties"]["PolicyDocument"]))
    return found


def is_allowed(policies: list[dict[str, Any]], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether the policies allow the action, by an evaluator that is not ours."""
    asked = EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/x",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=REGION,
        service_context=dict(context),
    )
    return bool(evaluate(asked, [parse_policy_document(policy) for policy in policies]).decision == "Allow")


def denied(policies: Mapping[str, list[dict[str, Any]]], calls: list[Call]) -> list[Call]:
    """The calls that the roles do not allow."""
    return [
        call for call in calls if not is_allowed(policies[call.role], call.action, call.resource, dict(call.context))
    ]


def smaller(policies: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The policies with one action or one resource taken out of one statement, each once, and what was taken."""
    for number, policy in enumerate(policies):
        for index, statement in enumerate(policy["Statement"]):
            for member in ("Action", "Resource"):
                entries = statement[member] if isinstance(statement[member], list) else [statement[member]]
                for entry in entries:
                    reduced = copy.deepcopy(policies)
                    rest = [other for other in entries if other != entry]
                    if rest:
                        reduced[number]["Statement"][index][member] = rest
                    else:
                        del reduced[number]["Statement"][index]
                    if not reduced[number]["Statement"]:
                        del reduced[number]
                    yield f"{statement['Sid']}: {entry}", reduced


def _policy_name(attached: Any, resolve: _Resolver) -> str:
    if "Fn::If" in attached:
        condition, yes, no = attached["Fn::If"]
        attached = yes if resolve.holds({"Condition": condition}) else no
    return "" if attached["Ref"] == "AWS::NoValue" else str(attached["Ref"])


class _Resolver:
    """Resolves the few intrinsics that the roles stack uses."""

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self.template = template
        self.values = values

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for found in map(self, value) if found is not _ABSENT]
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            found = self.values[value["Ref"]]
            declared = self.template["Parameters"].get(value["Ref"], {})
            return found.split(",") if declared.get("Type") == "CommaDelimitedList" else found
        if "Fn::Sub" in value:
            text = value["Fn::Sub"]
            for name, replacement in self.values.items():
                text = text.replace(f"${{{name}}}", str(replacement))
            assert "${" not in text.replace("${!", ""), text
            return text.replace("${!", "${")
        if "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return self(yes if self.holds({"Condition": condition}) else no)
        resolved = {key: self(member) for key, member in value.items()}
        return {key: member for key, member in resolved.items() if member is not _ABSENT}

    def holds(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self.holds(self.template["Conditions"][argument])
        if name == "Fn::Not":
            return not self.holds(argument[0])
        if name == "Fn::And":
            return all(map(self.holds, argument))
        left, right = (self._compared(each) for each in argument)
        return bool(left == right)

    def _compared(self, value: Any) -> Any:
        if isinstance(value, dict) and "Fn::Select" in value:
            index, of = value["Fn::Select"]
            return self(of)[int(index)]
        return self(value)
