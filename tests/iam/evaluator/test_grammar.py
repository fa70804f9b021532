"""What is a policy and what is not, with the place and a way out in every refusal.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.iam.evaluator import Context, Principal, Request, evaluate, parse_policy

GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def _with(**elements: Any) -> dict[str, Any]:
    """A policy whose second statement has *elements*; None takes one away."""
    second = {key: value for key, value in (GOOD | elements).items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [GOOD, second]}


def _condition(operator: str, value: object, key: str = "some:Key") -> dict[str, Any]:
    return _with(Condition={operator: {key: value}})


S = "Web.Statement[1]"
C = f"{S}.Condition"

REFUSED = [
    ("{", "Web: it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ('{"Statement": [], "Statement": []}', "Web: Statement is twice in one object"),
    ([], "Web: it is not a JSON object"),
    ({"Statement": GOOD, "Statements": GOOD}, "Web: 'Statements' is not a valid element"),
    ({"Version": "2012-10-18", "Statement": GOOD}, "Web: Version is '2012-10-18'"),
    ({"Version": "2012-10-17"}, "Web: Statement has no statements"),
    ({"Statement": []}, "Web: Statement has no statements"),
    ({"Statement": [GOOD, "Allow"]}, f"{S}: it is not a JSON object"),
    (_with(Effect=None), f"{S}: Effect is None"),
    (_with(Effect="allow"), f"{S}: Effect is 'allow'"),
    (_with(Effect=["Allow"]), f"{S}: Effect is ['Allow']"),
    (_with(Sid=1), f"{S}: Sid is 1"),
    (_with(Principal="*"), f"{S}: Principal is not valid in an identity-based policy"),
    (_with(NotPrincipal="*"), f"{S}: NotPrincipal is not valid in an identity-based policy"),
    (_with(Resources="*"), f"{S}: 'Resources' is not a valid element"),
    (_with(Action=None), f"{S}: it has neither Action and NotAction"),
    (_with(NotAction="s3:*"), f"{S}: it has both Action and NotAction"),
    (_with(Resource=None), f"{S}: it has neither Resource and NotResource"),
    (_with(NotResource="*"), f"{S}: it has both Resource and NotResource"),
    (_with(Action=1), f"{S}.Action: 1 is not a string"),
    (_with(Action="GetObject"), f"{S}: 'GetObject' is not an action"),
    (_with(Resource=["*", None]), f"{S}.Resource: None is not a string"),
    (_with(Resource="bucket"), f"{S}: 'bucket' is not a resource"),
    (_with(Condition=[]), f"{C}: Condition is not an object"),
    (_with(Condition={"StringEquals": "x"}), f"{C}.StringEquals: the operator has no object"),
    (_condition("StringMatches", "x"), f"{C}.StringMatches: 'StringMatches' is not a condition operator"),
    (_condition("NullIfExists", "true"), f"{C}.NullIfExists: 'NullIfExists' is not a condition operator"),
    (
        _condition("ForSomeValues:Bool", "true"),
        f"{C}.ForSomeValues:Bool: 'ForSomeValues:Bool' is not a condition operator",
    ),
    (_condition(":Bool", "true"), f"{C}.:Bool: ':Bool' is not a condition operator"),
    (
        _condition("StringEquals", {"a": "b"}),
        f"{C}.StringEquals.some:Key: {{'a': 'b'}} is not a string, a number or a Boolean",
    ),
    (
        _condition("StringEquals", [None]),
        f"{C}.StringEquals.some:Key: None is not a string, a number or a Boolean",
    ),
    (_condition("NumericEquals", "ten"), f"{C}.NumericEquals.some:Key: 'ten' is not valid for the operator"),
    (_condition("NumericEquals", "NaN"), f"{C}.NumericEquals.some:Key: 'NaN' is not valid for the operator"),
    (_condition("DateLessThan", "soon"), f"{C}.DateLessThan.some:Key: 'soon' is not valid for the operator"),
    (
        _condition("DateLessThan", "2020-02-30"),
        f"{C}.DateLessThan.some:Key: '2020-02-30' is not valid for the operator",
    ),
    (_condition("Bool", "yes"), f"{C}.Bool.some:Key: 'yes' is not valid for the operator"),
    (_condition("Null", "yes"), f"{C}.Null.some:Key: 'yes' is not valid for the operator"),
    (_condition("BinaryEquals", "?"), f"{C}.BinaryEquals.some:Key: '?' is not valid for the operator"),
    (
        _condition("IpAddress", "10.0.0.0/33"),
        f"{C}.IpAddress.some:Key: '10.0.0.0/33' is not valid for the operator",
    ),
    (_condition("NotIpAddress", "10.*"), f"{C}.NotIpAddress.some:Key: '10.*' is not valid for the operator"),
]


@pytest.mark.parametrize(("document", "first_line"), REFUSED, ids=[row[1] for row in REFUSED])
def test_refused(document: object, first_line: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_policy("Web", document)
    lines = str(refusal.value).splitlines()
    assert lines[0] == first_line
    assert "reference_policies_grammar" in lines[1]
    assert lines[2].startswith(("Use ", "Write ", "Pass ", "Keep ", "Remove "))


ACCEPTED = [
    pytest.param({"Statement": GOOD}, id="one statement without its list, no version"),
    pytest.param({"Version": "2008-10-17", "Id": "x", "Statement": [GOOD]}, id="an Id, which has no effect"),
    pytest.param(json.dumps({"Statement": [GOOD]}), id="JSON text"),
    pytest.param({"Statement": GOOD | {"Action": ["s3:GetObject", "S3:Put*"]}}, id="a list of actions"),
    pytest.param({"Statement": GOOD | {"Resource": ["arn:aws:s3:::*"]}}, id="a list of resources"),
    pytest.param({"Statement": GOOD | {"Sid": ""}}, id="an empty Sid"),
]


@pytest.mark.parametrize("document", ACCEPTED)
def test_accepted(document: object) -> None:
    request = Request(Principal("arn:aws:iam::111122223333:role/web"), "s3:GetObject", "arn:aws:s3:::b/k")
    assert evaluate(request, [parse_policy("Web", document)]).decision == "allowed"


# "Quotation marks are optional for numeric and Boolean values."
@pytest.mark.parametrize(
    ("operator", "value", "actual"),
    [
        ("Bool", True, "true"),
        ("NumericEquals", 10, "10"),
        ("NumericEquals", 0.5, "0.50"),
        ("Null", False, "x"),
    ],
)
def test_numbers_and_booleans_without_quotation_marks(operator: str, value: object, actual: str) -> None:
    policy = parse_policy("Web", {"Statement": GOOD | {"Condition": {operator: {"some:Key": value}}}})
    context = Context.of({"some:Key": actual})
    request = Request(Principal("arn:aws:iam::111122223333:role/web"), "s3:GetObject", "arn:aws:s3:::b/k", context)
    assert evaluate(request, [policy]).decision == "allowed"


@pytest.mark.parametrize(
    ("action", "resource", "complaint"),
    [
        ("s3:*", "*", "'s3:*' is not the name of a single action"),
        ("GetObject", "*", "'GetObject' is not the name of a single action"),
        ("s3:GetObject", "bucket/key", "'bucket/key' is not an ARN or *"),
    ],
)
def test_a_request_is_for_one_action_on_one_resource(action: str, resource: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=r"request: ") as refusal:
        Request(Principal("arn:aws:iam::111122223333:role/web"), action, resource)
    assert complaint in str(refusal.value)
