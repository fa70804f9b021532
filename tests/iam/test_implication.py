"""One Condition block implies another only if every request that meets the one meets the other."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfnroles.iam.evaluator import Context, Principal, Request, parse_policy, statement_applies
from cfnroles.iam.implication import implies
from cfnroles.need import Condition

ARN = "arn:aws:ecs:eu-west-1:111122223333"
IMPLIED = [
    ("StringEquals a", "StringEquals a b", True),
    ("StringEquals a b", "StringEquals a", False),
    ("StringEquals ab", "StringLike a*", True),
    ("StringLike a*", "StringEquals a*", False),
    ("StringEquals a*", "StringLike a?", True),
    ("StringLike a?", "StringLike a*", True),
    ("StringEquals A", "StringEqualsIgnoreCase a", True),
    ("StringEqualsIgnoreCase a", "StringEquals a", False),
    ("StringNotEquals a b", "StringNotEquals a", True),
    ("StringNotEquals a", "StringNotEquals a b", False),
    ("StringNotLike a*", "StringNotEquals ab", True),
    ("StringEquals a", "StringNotEquals b", False),
    ("StringEquals a", "StringEqualsIfExists a", True),
    ("StringEqualsIfExists a", "StringEquals a", False),
    ("ForAllValues:StringEquals a", "ForAllValues:StringEquals a b", True),
    ("ForAnyValue:StringEquals a", "ForAllValues:StringEquals a", False),
    ("StringEquals a", "ForAnyValue:StringEquals a", False),
    (f"ArnEquals {ARN}:task/a", f"ArnLike {ARN}:task/*", True),
    (f"ArnLike {ARN}:*", f"ArnLike {ARN}:task/*", False),
    (f"ArnLike {ARN}:*", f"StringLike {ARN}:*", False),
    ("Bool true", "Bool true", True),
    ("Bool true", "Bool false", False),
    ("IpAddress 10.1.0.0/16", "IpAddress 10.0.0.0/8", True),
    ("IpAddress 10.0.0.0/8", "IpAddress 10.1.0.0/16", False),
    ("IpAddress ::1", "IpAddress 10.0.0.0/8", False),
    ("NotIpAddress 10.0.0.0/8", "NotIpAddress 10.1.0.0/16", True),
    ("Null true", "Null true", True),
    ("Null true", "Null false", False),
    ("NumericLessThan 3", "NumericLessThan 4", False),
    ("Nonsense a", "Nonsense a", True),
    ("Nonsense a", "Nonsense a b", False),
]


def condition(text: str, key: str = "aws:PrincipalTag/x") -> Condition:
    operator, *values = text.split()
    return Condition(operator, key, tuple(values))


@pytest.mark.parametrize(("strict", "lenient", "expected"), IMPLIED, ids=lambda value: str(value))
def test_one_condition_and_another(strict: str, lenient: str, expected: bool) -> None:
    assert implies([condition(strict)], [condition(lenient)]) is expected


def test_more_conditions_imply_fewer() -> None:
    both = [condition("StringEquals a"), condition("Bool true", "aws:SecureTransport")]
    assert implies(both, both[:1])
    assert implies(both, [])
    assert not implies(both[:1], both)


def test_a_condition_on_another_key_implies_nothing() -> None:
    assert implies([condition("Bool true", "aws:securetransport")], [condition("Bool true", "aws:SecureTransport")])
    assert not implies([condition("Bool true", "aws:SecureTransport")], [condition("Bool true", "aws:ViaAWSService")])


OPERATORS = [
    f"{qualifier}{operator}{if_exists}"
    for qualifier, operator, if_exists in itertools.product(
        ("", "ForAllValues:", "ForAnyValue:"),
        ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"),
        ("", "IfExists"),
    )
]
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(OPERATORS),
    st.just("aws:PrincipalTag/x"),
    st.lists(st.sampled_from(["a", "A", "ab", "a*", "?", "*"]), min_size=1, max_size=2, unique=True).map(tuple),
)
CONTEXTS = [
    Context.of({}, absent=["aws:PrincipalTag/x"]),
    *(
        Context.of({"aws:PrincipalTag/x": list(values)})
        for values in [("a",), ("A",), ("ab",), ("*",), ("zz",), ("",), ("a", "ab"), ("a", "zz")]
    ),
]


def met(given: Condition) -> list[object]:
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {given.operator: {given.key: list(given.values)}},
    }
    policy = parse_policy("p", {"Version": "2012-10-17", "Statement": statement})
    principal = Principal("arn:aws:iam::111122223333:role/web")
    return [
        statement_applies(policy.statements[0], Request(principal, "s3:GetObject", "arn:aws:s3:::a", context))
        for context in CONTEXTS
    ]


@given(CONDITIONS, CONDITIONS)
@settings(deadline=None, max_examples=400)
def test_what_meets_the_strict_one_meets_the_lenient_one(strict: Condition, lenient: Condition) -> None:
    if implies([strict], [lenient]):
        for stricter, more_lenient in zip(met(strict), met(lenient), strict=True):
            assert stricter is not True or more_lenient is True
