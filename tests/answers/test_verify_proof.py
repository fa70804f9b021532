"""The proof takes each grant away alone and names the call that ECS is then refused."""

from __future__ import annotations

import json
from typing import Any

from cfnroles.answers.prove import Removal
from cfnroles.facts import Facts
from cfnroles.iam.roles import read_role
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from tests.judged import judge

KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
NAMES = ("a", "b")
A, B = (f"arn:aws:ssm:eu-west-1:111122223333:parameter/{name}" for name in NAMES)


def need(name: str, action: str, resource: str, *conditions: Condition) -> Need:
    origin = Origin("t.json", ("containerDefinitions", 0, "secrets", NAMES.index(name), "valueFrom"), "web", name)
    return Need(Holder.EXECUTION, Permission(action, resource, conditions), Reason("f", "w", "s"), origin, "Sid")


def through(*arns: str) -> Condition:
    return Condition("StringEquals", "kms:EncryptionContext:PARAMETER_ARN", arns)


NEEDS = [
    need("a", "ssm:GetParameters", A),
    need("b", "ssm:GetParameters", B),
    need("a", "kms:Decrypt", KEY, through(A)),
    need("b", "kms:Decrypt", KEY, through(B)),
]


def removals(*statements: dict[str, Any]) -> tuple[Removal, ...]:
    whole = [{"Effect": "Allow", **statement} for statement in statements]
    role = read_role(json.dumps({"Version": "2012-10-17", "Statement": whole}), "p")
    found = judge(NEEDS, role, Facts("111122223333", "eu-west-1"), Holder.EXECUTION, prove=True).removals
    assert found is not None
    return found


def told(found: tuple[Removal, ...]) -> list[tuple[str, list[str]]]:
    return [(str(removal), [need.origin.item for need in removal.fails]) for removal in found]


READ = {"Action": "ssm:GetParameters", "Resource": [A, B]}


def test_each_resource_of_a_statement_is_taken_away_alone() -> None:
    assert told(removals(READ)) == [
        (f"ssm:GetParameters on {A}", ["a"]),
        (f"ssm:GetParameters on {B}", ["b"]),
    ]


def test_each_value_of_a_condition_is_taken_away_alone() -> None:
    key = "kms:EncryptionContext:PARAMETER_ARN"
    decrypt = {"Action": "kms:Decrypt", "Resource": KEY, "Condition": {"StringEquals": {key: [A, B]}}}

    assert told(removals(decrypt)) == [
        (f"kms:Decrypt on {KEY}, {key} {A}", ["a"]),
        (f"kms:Decrypt on {KEY}, {key} {B}", ["b"]),
    ]


def test_each_combination_of_values_is_taken_away_alone() -> None:
    key, via = "kms:EncryptionContext:PARAMETER_ARN", "aws:RequestedRegion"
    block = {"StringEquals": {via: ["eu-west-1", "us-east-1"], key: [A, B]}}

    assert told(removals({"Action": "kms:Decrypt", "Resource": KEY, "Condition": block})) == [
        (f"kms:Decrypt on {KEY}, {via} eu-west-1, {key} {A}", ["a"]),
        (f"kms:Decrypt on {KEY}, {via} eu-west-1, {key} {B}", ["b"]),
        (f"kms:Decrypt on {KEY}, {via} us-east-1, {key} {A}", []),
        (f"kms:Decrypt on {KEY}, {via} us-east-1, {key} {B}", []),
    ]


def test_what_is_denied_does_not_fail_for_want_of_a_grant() -> None:
    deny = {"Effect": "Deny", "Action": "ssm:*", "Resource": A}

    assert told(removals(READ, deny)) == [
        (f"ssm:GetParameters on {A}", []),
        (f"ssm:GetParameters on {B}", ["b"]),
    ]


def test_one_grant_may_carry_several_needs() -> None:
    assert told(removals({"Action": "kms:Decrypt", "Resource": "*"})) == [("kms:Decrypt on *", ["a", "b"])]


def test_what_is_granted_twice_is_not_needed_twice() -> None:
    assert told(removals(READ, {**READ, "Resource": A})) == [
        (f"ssm:GetParameters on {A}", []),
        (f"ssm:GetParameters on {B}", ["b"]),
        (f"ssm:GetParameters on {A}", []),
    ]


def test_what_nothing_needs_breaks_nothing() -> None:
    assert told(removals({"Action": ["s3:GetObject", "ssm:GetParameters"], "Resource": [A]})) == [
        (f"s3:GetObject on {A}", []),
        (f"ssm:GetParameters on {A}", ["a"]),
    ]


def test_exceptions_are_taken_away_whole() -> None:
    assert told(removals({"NotAction": ["iam:*", "kms:*"], "Resource": "*"})) == [("NOT iam:*, kms:* on *", ["a", "b"])]


def test_a_deny_is_no_grant() -> None:
    assert removals({**READ, "Effect": "Deny"}) == ()
