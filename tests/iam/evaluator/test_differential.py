"""Generated pairs of policies and request, decided by us and by an independent evaluator.

`make test` decides 20,000 of them, `make fuzz` 100,000.

The outside evaluator is ministack's. Where the two differ, one row of `DIFFERENCES` must say why, with the page of AWS
that decides it; without the statements that the row is about, the two must agree.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, parse_policy_document
from ministack.core.iam_evaluator import evaluate as evaluate_outside

from cfnroles.iam.evaluator import Context, IdentityPolicy, Principal, Request, evaluate, parse_policy

SHARDS, ROLES_EACH, REQUESTS_EACH = int(os.environ.get("SHARDS", "2")), 2_000, 5
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ROLE = "arn:aws:iam::111122223333:role/web"
Statements = list[dict[str, Any]]


class Role:
    """Layers of policies: the identity-based ones, then perhaps the boundary; read by both evaluators."""

    def __init__(self, layers: list[list[Statements]], version: str) -> None:
        self.layers, self.version = layers, version
        ours = [
            [parse_policy("P", {"Version": version, "Statement": policy}) for policy in policies if policy]
            for policies in layers
        ]
        self.policies = ours[0]
        self.boundary = (ours[1] or [IdentityPolicy("B", ())])[0] if len(ours) > 1 else None
        self.outside = [
            [parse_policy_document({"Version": version, "Statement": policy}) for policy in policies]
            for policies in layers
        ]

    def without(self, touched: Callable[[dict[str, Any]], bool]) -> Role:
        kept = [[[each for each in policy if not touched(each)] for policy in policies] for policies in self.layers]
        return Role(kept, self.version)

    def statements(self) -> Iterator[dict[str, Any]]:
        return (each for policies in self.layers for policy in policies for each in policy)


@dataclass(frozen=True)
class Asking:
    """One request, as plain data."""

    action: str
    resource: str
    context: dict[str, Any]


def _ours(role: Role, asking: Asking) -> str:
    context = Context.of(asking.context, complete=True)
    request = Request(Principal(ROLE), asking.action, asking.resource, context)
    return evaluate(request, role.policies, role.boundary).decision.value


def _outside(role: Role, asking: Asking) -> str:
    asked = EvalContext(
        principal_arn=ROLE,
        principal_type="AssumedRole",
        principal_account="111122223333",
        action=asking.action,
        resource_arn=asking.resource,
        region="eu-west-1",
        # A list of one value is one value; outside, the list would count as a text.
        service_context={
            key.lower(): value[0] if isinstance(value, list) and len(value) == 1 else value
            for key, value in asking.context.items()
        },
    )
    decision = evaluate_outside(asked, *role.outside).decision
    return {"Allow": "allowed", "Deny": "explicit deny", "ImplicitDeny": "implicit deny"}[decision]


# What is generated: small vocabularies, so that hits and near misses are both common.
TEXTS = ["", "a", "A", "b", "ab", "aB", "abc", "a*", "*", "?b", "a?c", "${aws:a}", "x${*}", "10"]
NUMBERS = ["0", "1", "9.5", "10", "10.0", "-3"]
DATES = [
    "2019-12-31T23:59:59Z", "2020-01-01T00:00:00Z", "2020-01-01T02:00:00+02:00", "2020-01-01", "1577836800",
    "2020-06-01T12:00:00.250Z", "2020", "2020-01",
]  # fmt: skip
NETWORKS = ["203.0.113.0/24", "203.0.113.77/24", "203.0.113.7", "0.0.0.0/0", "2001:DB8::/32", "2001:db8::1"]
ARN_PATTERNS = [
    "arn:aws:sns:eu-west-1:111122223333:topic", "arn:aws:sns:*:*:t*", "arn:aws:sns:eu-west-1:111122223333:t?pic",
    "arn:aws:iam::111122223333:role/*", "arn:aws:*", "*", "arn:aws:sns:*:topic:1",
]  # fmt: skip
ARNS = [
    "arn:aws:sns:eu-west-1:111122223333:topic", "arn:aws:sns:eu-west-2:444455556666:Topic", ROLE,
    "arn:aws:sns:eu-west-1:111122223333:topic:1", "not-an-arn",
]  # fmt: skip
ADDRESSES = ["203.0.113.7", "198.51.100.1", "2001:db8::1", "AWS Internal"]
ORDERINGS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
CASES = ["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"]
# Family of operators: what ends their names, the values of policies, the values of requests.
FAMILIES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "String": (CASES, TEXTS, ["", "a", "A", "b", "ab", "aB", "abc", "aBC", "a*", "xa", "10"]),
    "Numeric": (ORDERINGS, NUMBERS, [*NUMBERS, "ten"]),
    "Date": (ORDERINGS, DATES, [*DATES, "soon"]),
    "Bool": ([""], ["true", "false"], ["true", "false", "True", "yes"]),
    "Binary": (["Equals"], ["QQ==", "QmluYXJ5"], ["QQ==", "QmluYXJ5", "qq=="]),
    "IpAddress": ([""], NETWORKS, ADDRESSES),
    "NotIpAddress": ([""], NETWORKS, ADDRESSES),
    "Arn": (["Equals", "Like", "NotEquals", "NotLike"], ARN_PATTERNS, ARNS),
    "Null": ([""], ["true", "false"], ["a", ""]),
}
ACTIONS = ["s3:GetObject", "s3:PutObject", "logs:PutLogEvents", "secretsmanager:GetSecretValue"]
ACTION_PATTERNS = [
    "*", "s3:*", "S3:getobject", "s3:Get*", "s3:?etObject", "logs:Put*", "*:Get*", "secretsmanager:*",
    "s3:PutObject",
]  # fmt: skip
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
LOGS = "arn:aws:logs:eu-west-1:111122223333:log-group:"
RESOURCES = [
    "*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a", "arn:aws:s3:::bucket/A/b:c", f"{SECRET}db-AbCdEf",
    f"{SECRET}db-x-AbCdEf", f"{LOGS}/ecs/web:log-stream:1", f"{LOGS}/ecs/web",
]  # fmt: skip
RESOURCE_PATTERNS = [
    "*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/?", "arn:aws:s3:::b*/*c",
    "arn:aws:s3:::bucket/${aws:a}", "arn:aws:s3:::bucket/${*}", f"{SECRET}db-??????", f"{SECRET}db-*",
    f"{SECRET}db-AbCdEf", "arn:aws:secretsmanager", "arn:aws:logs:*:*:log-group:/ecs/*", f"{LOGS}/ecs/web:*",
    f"{LOGS}/ecs/*1", "arn:*:s3:::bucket/a",
]  # fmt: skip
QUALIFIERS = ["", "", "", "ForAllValues:", "ForAnyValue:"]


def _some(rng: random.Random, values: list[str], most: int = 3) -> Any:
    chosen = [rng.choice(values) for _ in range(rng.randint(1, most))]
    return chosen[0] if len(chosen) == 1 and rng.random() < 0.7 else chosen


def _condition(rng: random.Random) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for _ in range(rng.randint(1, 2)):
        family = rng.choice(list(FAMILIES))
        suffixes, wanted, _ = FAMILIES[family]
        if_exists = "IfExists" if family != "Null" and rng.random() < 0.25 else ""
        key = rng.choice(["svc:Key", "SVC:key", "svc:Keys"]) + family.removeprefix("Not")
        if family == "Arn" and rng.random() < 0.2:
            key = "aws:PrincipalArn"
        values = [] if rng.random() < 0.03 else _some(rng, wanted)
        name = rng.choice(QUALIFIERS) + family + rng.choice(suffixes) + if_exists
        block.setdefault(name, {})[key] = values
    return block


def _statement(rng: random.Random) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Deny" if rng.random() < 0.25 else "Allow"}
    statement["NotAction" if rng.random() < 0.15 else "Action"] = _some(rng, ACTION_PATTERNS)
    statement["NotResource" if rng.random() < 0.15 else "Resource"] = _some(rng, RESOURCE_PATTERNS)
    if rng.random() < 0.02:
        statement[rng.choice(["Action", "Resource"])] = []
        statement.pop("NotAction" if statement.get("Action") == [] else "NotResource", None)
    if rng.random() < 0.7:
        statement["Condition"] = _condition(rng)
    return statement


def _role(rng: random.Random) -> Role:
    def policies(most: int) -> list[Statements]:
        return [[_statement(rng) for _ in range(rng.randint(1, 3))] for _ in range(rng.randint(1, most))]

    layers = [policies(2)] + ([policies(1)] if rng.random() < 0.2 else [])
    return Role(layers, "2008-10-17" if rng.random() < 0.2 else "2012-10-17")


def _asking(rng: random.Random) -> Asking:
    context: dict[str, Any] = {"aws:a": "a"} if rng.random() < 0.7 else {}
    for family, (_, _, actual) in FAMILIES.items():
        if rng.random() < 0.75:
            context[f"svc:Key{family.removeprefix('Not')}"] = rng.choice(actual)
        if rng.random() < 0.75:
            values = [rng.choice(actual) for _ in range(rng.choice([0, 1, 2, 2, 3]))]
            context[f"svc:Keys{family.removeprefix('Not')}"] = values
    return Asking(rng.choice(ACTIONS), rng.choice(RESOURCES), context)


@dataclass(frozen=True)
class Compared:
    """One operator and key of a statement, with the values on either side (None: the key is absent)."""

    name: str
    wanted: list[str]
    actual: list[str] | None

    @property
    def operator(self) -> str:
        return self.name.rpartition(":")[2].removesuffix("IfExists")

    @property
    def is_empty(self) -> bool:
        return self.actual is not None and not any(self.actual)


About = Callable[[dict[str, Any], Role, Asking], bool]


def _conditions(statement: dict[str, Any], asking: Asking) -> Iterator[Compared]:
    known = {"aws:principalarn": ROLE} | {key.lower(): value for key, value in asking.context.items()}
    for name, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            actual = known.get(key.lower())
            yield Compared(
                name,
                wanted if isinstance(wanted, list) else [wanted],
                actual if isinstance(actual, list) or actual is None else [actual],
            )


def _resources(statement: dict[str, Any]) -> list[str]:
    given = statement.get("Resource", statement.get("NotResource"))
    return given if isinstance(given, list) else [given]


def _in_conditions(test: Callable[[Compared], bool]) -> About:
    return lambda statement, role, asking: any(map(test, _conditions(statement, asking)))


def _in_resources(test: Callable[[str, str], bool]) -> About:
    return lambda statement, role, asking: any(test(text, asking.resource) for text in _resources(statement))


def _has_variable(statement: dict[str, Any], role: Role, asking: Asking) -> bool:
    values = [text for compared in _conditions(statement, asking) for text in compared.wanted]
    return role.version == "2012-10-17" and any("${" in text for text in _resources(statement) + values)


def _crosses(pattern: str, resource: str) -> bool:
    inside = re.search(r"\*(?!:|$)|\?", pattern)
    return inside is not None and pattern.count(":") < resource.count(":")


def _crosses_components(pattern: str) -> bool:
    *first_five, _ = pattern.split(":", 5)
    return len(first_five) < 5 or any({"*", "?"} & set(each) for each in first_five)


CONDITIONS = f"{GUIDE}reference_policies_elements_condition_operators.html"
TYPED = ("NumericNotEquals", "DateNotEquals")
NULLING = ("Null", "ForAllValues:")
CHECKS = f"{GUIDE}access-analyzer-reference-policy-checks.html"

# What it is; the statements it is about; AWS's words, the outside evaluator's deed; the page.
DIFFERENCES: list[tuple[str, About, str, str]] = [
    (
        "variable",
        _has_variable,
        "'the policy variables are replaced with values'; outside they stay text",
        f"{GUIDE}reference_policies_variables.html",
    ),
    (
        "resource wildcard inside a segment",
        _in_resources(_crosses),
        "'within the individual segments of an ARN (the parts separated by colons)'; outside it crosses colons",
        f"{GUIDE}reference_policies_elements_resource.html",
    ),
    (
        "incomplete ARN",
        _in_resources(lambda text, _: text.startswith("arn:") and text.count(":") < 5),
        "'AWS automatically completes the ARN by adding wildcard characters'; outside it is compared as it stands",
        f"{GUIDE}reference_policies_grammar.html",
    ),
    (
        "empty action or resource",
        lambda statement, *_: [] in (statement.get("Action"), statement.get("Resource")),
        "'the statement has no effect on the policy'; outside it names everything",
        CHECKS,
    ),
    (
        "ARN components",
        _in_conditions(lambda it: it.operator.startswith("Arn") and any(map(_crosses_components, it.wanted))),
        "'Each of the six colon-delimited components of the ARN is checked separately'; outside * crosses them",
        f"{CONDITIONS}#Conditions_ARN",
    ),
    (
        "negated operator on a value of another type",
        _in_conditions(lambda it: it.operator in TYPED and not {"ten", "soon"}.isdisjoint(it.actual or ())),
        "'Negated matching'; outside such a value never meets the operator",
        f"{CONDITIONS}#Conditions_Numeric",
    ),
    (
        "year or month",
        _in_conditions(lambda it: not {"2020", "2020-01"}.isdisjoint((*it.wanted, *(it.actual or ())))),
        "'one of the W3C implementations of the ISO 8601 date formats'; outside 2020 is an epoch, 2020-01 nothing",
        f"{CONDITIONS}#Conditions_Date",
    ),
    (
        "several values without a set operator",
        _in_conditions(lambda it: len(it.actual or ()) > 1 and ":" not in it.name and it.name != "Null"),
        "'Multivalued context keys require a condition set operator', so unknown; outside the list is a text",
        f"{GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html",
    ),
    (
        "ForAnyValue with IfExists, and no such key",
        _in_conditions(
            lambda it: it.name.startswith("ForAnyValue:") and it.name.endswith("IfExists") and not it.actual
        ),
        "'evaluate the condition element as true', and 'if the key does not exist, the condition returns false', so"
        " unknown; outside it is true",
        f"{GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html",
    ),
    (
        "no values",
        _in_conditions(lambda it: it.actual == [] or (it.is_empty and it.name.startswith(NULLING))),
        "'a null dataset, such as an empty string' is no value; outside the key is present",
        f"{CONDITIONS}#Conditions_ARN",
    ),
    (
        "Null with a qualifier",
        _in_conditions(lambda it: it.name == "ForAllValues:Null"),
        "'with ForAllValues, the statement always returns true'; outside it is no operator",
        CHECKS,
    ),
    (
        "Null with other than one value",
        _in_conditions(lambda it: it.name == "Null" and len(it.wanted) != 1),
        "'those values are evaluated using a logical OR'; outside only the first counts",
        f"{GUIDE}reference_policies_condition-logic-multiple-context-keys-or-values.html",
    ),
]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_both_evaluators_agree_but_for_the_listed_differences(shard: int) -> None:
    rng = random.Random(shard)
    differing: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    for _ in range(ROLES_EACH):
        role = _role(rng)
        for asking in [_asking(rng) for _ in range(REQUESTS_EACH)]:
            ours = _ours(role, asking)
            decisions[ours] += 1
            if ours != _outside(role, asking):
                differing.update(_reasons(role, asking))
    assert set(differing) == {name for name, *_ in DIFFERENCES}, "a listed difference no longer occurs"
    assert min(decisions.values()) > 30, f"one decision hardly occurs: {decisions}"


def _reasons(role: Role, asking: Asking) -> list[str]:
    """The listed differences that explain this one; without their statements the two must agree."""
    found = [
        (name, about)
        for name, about, *_ in DIFFERENCES
        if any(about(statement, role, asking) for statement in role.statements())
    ]
    difference = f"we say {_ours(role, asking)}, outside {_outside(role, asking)}: {role.layers} {asking}"
    assert found, f"unlisted difference: {difference}"
    rest = role.without(lambda statement: any(about(statement, role, asking) for _, about in found))
    assert _ours(rest, asking) == _outside(rest, asking), f"also in {rest.layers}, where {difference}"
    return [name for name, _ in found]
