"""How statements, policies and the permissions boundary combine.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfnroles.iam.evaluator import (
    Context,
    Decision,
    Evaluation,
    Principal,
    Request,
    evaluate,
    parse_policy,
)

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html
REPORTS = [
    {"Sid": "AllowGetList", "Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"},
    {"Sid": "DenyReports", "Effect": "Deny", "Action": "iam:*Report", "Resource": "*"},
]


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("iam:GetUser", "allowed by P.Statement[0] (AllowGetList)"),
        ("iam:CreatePolicy", "implicit deny: no statement allows it"),
        ("iam:GetOrganizationsAccessReport", "explicit deny by P.Statement[1] (DenyReports)"),
        ("iam:GenerateCredentialReport", "explicit deny by P.Statement[1] (DenyReports)"),
    ],
)
def test_explicit_and_implicit_denies(verdict: Callable[..., Evaluation], action: str, sentence: str) -> None:
    assert str(verdict(REPORTS, action=action, resource="*")) == sentence


def test_without_policies_everything_is_implicitly_denied() -> None:
    request = Request(Principal("arn:aws:iam::111122223333:role/web"), "iam:GetUser", "*")
    assert evaluate(request, []) == Evaluation(Decision.IMPLICIT_DENY)


ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
DENY: dict[str, Any] = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
OTHER: dict[str, Any] = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
ALLOW_IF: dict[str, Any] = ALLOW | {"Condition": {"StringEquals": {"aws:a": "1"}}}
DENY_IF: dict[str, Any] = DENY | {"Condition": {"StringEquals": {"aws:d": "1"}}}

# "Evaluating identity-based policies with permissions boundaries: the resulting permissions are the
# intersection of the two categories. An explicit deny in either of these policies overrides the allow."
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
# Identity-based statements, boundary statements, verdict.
BOUNDARIES = [
    pytest.param(ALLOW, ALLOW, "allowed by P.Statement[0], B.Statement[0]", id="both"),
    pytest.param(ALLOW, OTHER, "implicit deny: the permissions boundary B does not allow it", id="only-policy"),
    pytest.param(OTHER, ALLOW, "implicit deny: no statement allows it", id="only-boundary"),
    pytest.param(OTHER, OTHER, "implicit deny: no statement allows it", id="neither"),
    pytest.param([ALLOW, DENY], ALLOW, "explicit deny by P.Statement[1]", id="denied-by-policy"),
    pytest.param(ALLOW, [ALLOW, DENY], "explicit deny by B.Statement[1]", id="denied-by-boundary"),
    pytest.param(OTHER, DENY, "explicit deny by B.Statement[0]", id="denied-without-allow"),
    pytest.param(
        [DENY, ALLOW, DENY], DENY, "explicit deny by P.Statement[0], P.Statement[2], B.Statement[0]", id="all"
    ),
    pytest.param(ALLOW, ALLOW_IF, "unknown; B.Statement[0] may allow it, depending on aws:a", id="unknown-boundary"),
    pytest.param(OTHER, ALLOW_IF, "implicit deny: no statement allows it", id="no-allow-whatever-the-boundary"),
    pytest.param(ALLOW_IF, OTHER, "implicit deny: no statement allows it", id="no-boundary-whatever-the-policy"),
    pytest.param(
        ALLOW,
        [ALLOW, DENY_IF],
        "unknown; B.Statement[1] may deny it, depending on aws:d",
        id="unknown-deny",
    ),
]


@pytest.mark.parametrize(("statements", "boundary", "sentence"), BOUNDARIES)
def test_permissions_boundary(
    verdict: Callable[..., Evaluation], statements: Any, boundary: Any, sentence: str
) -> None:
    asked = {"action": "iam:CreateUser", "resource": "*", "complete": False}
    assert str(verdict(statements, boundary=boundary, **asked)) == sentence


# Three-valued: what is unknown stays unknown unless the rest decides.
UNKNOWNS = [
    pytest.param([ALLOW_IF], "unknown", ("aws:a",), id="the-only-allow"),
    pytest.param([ALLOW_IF, ALLOW], "allowed", (), id="another-allow-decides"),
    pytest.param([ALLOW, DENY_IF], "unknown", ("aws:d",), id="a-deny-may-apply"),
    pytest.param([ALLOW_IF, DENY_IF], "unknown", ("aws:a", "aws:d"), id="both"),
    pytest.param([ALLOW_IF, DENY], "explicit deny", (), id="a-certain-deny-decides"),
    pytest.param([ALLOW, DENY_IF, DENY], "explicit deny", (), id="a-certain-deny-beats-an-unknown-one"),
    pytest.param([DENY_IF], "implicit deny", (), id="nothing-to-deny"),
    pytest.param([OTHER, DENY_IF], "implicit deny", (), id="denied-either-way"),
]


@pytest.mark.parametrize(("statements", "decision", "keys"), UNKNOWNS)
def test_unknown_keys(
    verdict: Callable[..., Evaluation], statements: Any, decision: str, keys: tuple[str, ...]
) -> None:
    answer = verdict(statements, action="iam:CreateUser", resource="*", complete=False)
    assert (str(answer.decision), answer.keys) == (decision, keys)


def test_what_is_undecided_is_named_even_where_the_rest_decides(verdict: Callable[..., Evaluation]) -> None:
    answer = verdict([DENY_IF], action="iam:CreateUser", resource="*", complete=False)
    assert [str(each) for each in answer.undecided] == ["P.Statement[0] may deny it, depending on aws:d"]


def test_all_policies_count() -> None:
    request = Request(Principal("arn:aws:iam::111122223333:role/web"), "iam:GetUser", "*")
    first = parse_policy("First", {"Statement": ALLOW})
    second = parse_policy("Second", {"Statement": [OTHER, ALLOW | {"Sid": "Also"}]})
    third = parse_policy("Third", {"Statement": DENY})
    assert str(evaluate(request, [first, second])) == "allowed by First.Statement[0], Second.Statement[1] (Also)"
    assert str(evaluate(request, [first, second, third])) == "explicit deny by Third.Statement[0]"


def test_context_can_say_that_keys_are_absent() -> None:
    policy = parse_policy("P", {"Statement": ALLOW | {"Condition": {"Null": {"aws:RequestTag/x": "true"}}}})
    principal = Principal("arn:aws:iam::111122223333:role/web")

    def decision(**known: Any) -> str:
        return str(evaluate(Request(principal, "iam:GetUser", "*", Context.of(**known)), [policy]).decision)

    assert decision() == "unknown"
    assert decision(absent=["aws:requesttag/*"]) == "allowed"
    assert decision(absent=["aws:RequestTag/X"]) == "allowed"
    assert decision(absent=["aws:RequestTag/y"]) == "unknown"
    assert decision(complete=True) == "allowed"
    assert decision(values={"AWS:RequestTag/x": "1"}) == "implicit deny"
