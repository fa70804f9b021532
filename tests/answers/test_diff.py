"""The change of permissions from one template or task definition to another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfnroles.answers.diff import Change, Difference, difference
from cfnroles.answers.grants import needed
from cfnroles.answers.template_grants import template_grants
from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.iam.evaluator import Decision, Principal, Request, evaluate, parse_policy
from cfnroles.need import Gap, Holder, Origin
from cfnroles.template.template import Template
from cfnroles.workload import Workload

Statement = dict[str, Any]


def allow(action: Any, resource: Any, **condition: Any) -> Statement:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(action: Any, resource: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


def role(statements: Sequence[Statement], version: str = "2012-10-17", **properties: Any) -> dict[str, Any]:
    document = {"Version": version, "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": document}], **properties},
    }


def between(old: dict[str, Any], new: dict[str, Any]) -> Difference:
    before, after = (template_grants(Template("t.json", "", {"Resources": {"Role": each}})) for each in (old, new))
    return difference(before, after)


def told(change: Change) -> str:
    before, after = (
        " and ".join(f"{','.join(grant.actions)} {','.join(grant.resources)}" for grant in side)
        for side in (change.before, change.after)
    )
    return f"{change.verb}{' for nothing' if change.redundant else ''}: " + " -> ".join(filter(None, (before, after)))


S3 = "arn:aws:s3:::"
CHANGES: list[tuple[str, list[Statement], list[Statement], list[str], bool]] = [
    ("nothing", [allow("s3:GetObject", f"{S3}a")], [allow(["s3:GetObject"], [f"{S3}a"])], [], False),
    (
        "other statements of the same meaning",
        [allow(["s3:GetObject", "s3:PutObject"], f"{S3}a")],
        [allow("s3:PutObject", f"{S3}a"), allow("s3:getobject", f"{S3}a")],
        [],
        False,
    ),
    ("added", [], [allow("s3:GetObject", f"{S3}a")], [f"added: s3:GetObject {S3}a"], True),
    ("removed", [allow("s3:GetObject", f"{S3}a")], [], [f"removed: s3:GetObject {S3}a"], False),
    (
        "a wider resource",
        [allow("s3:GetObject", f"{S3}a/b")],
        [allow("s3:GetObject", f"{S3}a/*")],
        [f"widened: s3:GetObject {S3}a/b -> s3:GetObject {S3}a/*"],
        True,
    ),
    (
        "a resource that takes the place of two",
        [allow("s3:GetObject", [f"{S3}a/b", f"{S3}a/c"])],
        [allow("s3:GetObject", f"{S3}a/*")],
        [f"widened: s3:GetObject {S3}a/b and s3:GetObject {S3}a/c -> s3:GetObject {S3}a/*"],
        True,
    ),
    (
        "a narrower resource",
        [allow("s3:GetObject", "*")],
        [allow("s3:GetObject", [f"{S3}a", f"{S3}b"])],
        [f"narrowed: s3:GetObject * -> s3:GetObject {S3}a and s3:GetObject {S3}b"],
        False,
    ),
    (
        "a narrower action",
        [allow("s3:*", f"{S3}a")],
        [allow("s3:GetObject", f"{S3}a")],
        [f"narrowed: s3:* {S3}a -> s3:GetObject {S3}a"],
        False,
    ),
    (
        "what is not proved to be wider",
        [allow("s3:GetObject", f"{S3}a/b*")],
        [allow("s3:GetObject", f"{S3}a/*c")],
        [f"added: s3:GetObject {S3}a/*c", f"removed: s3:GetObject {S3}a/b*"],
        True,
    ),
    (
        "a condition that goes",
        [allow("kms:Decrypt", "*", StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"})],
        [allow("kms:Decrypt", "*")],
        ["widened: kms:Decrypt * -> kms:Decrypt *"],
        True,
    ),
    (
        "a condition that comes",
        [allow("kms:Decrypt", "*")],
        [allow("kms:Decrypt", "*", Bool={"aws:SecureTransport": True})],
        ["narrowed: kms:Decrypt * -> kms:Decrypt *"],
        False,
    ),
    (
        "one more value of a condition",
        [allow("kms:Decrypt", "*", StringEquals={"kms:ViaService": "a"})],
        [allow("kms:Decrypt", "*", StringEquals={"kms:ViaService": ["a", "b"]})],
        ["added: kms:Decrypt *"],
        True,
    ),
    (
        "what the role has already",
        [allow("s3:*", "*")],
        [allow("s3:*", "*"), allow("s3:GetObject", f"{S3}a")],
        [f"added for nothing: s3:GetObject {S3}a"],
        False,
    ),
    (
        "what the role keeps",
        [allow("s3:*", "*"), allow("s3:GetObject", f"{S3}a")],
        [allow("s3:*", "*")],
        [f"removed for nothing: s3:GetObject {S3}a"],
        False,
    ),
    ("a Deny that comes", [], [deny("s3:*", "*")], ["added: s3:* *"], False),
    ("a Deny that goes", [deny("s3:*", "*")], [], ["removed: s3:* *"], True),
    (
        "a Deny that shrinks",
        [deny("s3:*", "*")],
        [deny("s3:*", f"{S3}a")],
        [f"widened: s3:* * -> s3:* {S3}a"],
        True,
    ),
    (
        "fewer exclusions",
        [{"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}],
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        ["widened: iam:*,s3:* * -> iam:* *"],
        True,
    ),
    (
        "more resources excluded",
        [{"Effect": "Allow", "Action": "s3:*", "NotResource": f"{S3}a"}],
        [{"Effect": "Allow", "Action": "s3:*", "NotResource": [f"{S3}a", f"{S3}b"]}],
        [f"narrowed: s3:* {S3}a -> s3:* {S3}a,{S3}b"],
        False,
    ),
    (
        "everything instead of exclusions",
        [{"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{S3}a"}],
        [allow("*", "*")],
        [f"widened: iam:* {S3}a -> * *"],
        True,
    ),
    (
        "exclusions instead of one action",
        [allow("s3:GetObject", "*")],
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        ["widened: s3:GetObject * -> iam:* *"],
        True,
    ),
    (
        "exclusions instead of an action among them",
        [allow("s3:GetObject", "*")],
        [{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}],
        ["added: s3:Get* *", "removed: s3:GetObject *"],
        True,
    ),
    (
        "exclusions instead of actions of another service",
        [allow("s3:Get*", "*")],
        [{"Effect": "Allow", "NotAction": ["iam:*", "S3express:*"], "Resource": "*"}],
        ["widened: s3:Get* * -> S3express:*,iam:* *"],
        True,
    ),
    (
        "exclusions of which nothing is proved",
        [allow("s3:Get*", "*"), allow("iam:GetRole", "*")],
        [{"Effect": "Allow", "NotAction": ["s3:PutObject", "*:GetRole"], "Resource": "*"}],
        ["added: *:GetRole,s3:PutObject *", "removed: iam:GetRole *", "removed: s3:Get* *"],
        True,
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "expected", "widens"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_statements(old: list[Statement], new: list[Statement], expected: list[str], widens: bool) -> None:
    found = between(role(old), role(new))
    assert [told(change) for change in found.changes] == expected
    assert found.widens is widens
    assert found.changed is bool(expected)


def test_policy_variables_are_variables_in_the_newer_version_only() -> None:
    statements = [allow("s3:GetObject", f"{S3}home/${{aws:username}}")]
    found = between(role(statements), role(statements, version="2008-10-17"))
    assert [change.verb for change in found.changes] == ["added", "removed"]


ACTIONS = ["s3:a", "s3:ab", "kms:a"]
RESOURCES = ["arn:aws:x:r:1:a", "arn:aws:x:r:1:ab", "arn:aws:x:r:1:a:b"]
ACTION_PATTERNS = st.sampled_from(["s3:a", "S3:A", "s3:ab", "s3:a*", "s3:a?", "s3:*", "*"])
RESOURCE_PATTERNS = st.sampled_from([*RESOURCES, "arn:aws:x:r:1:a*", "arn:aws:x:r:1:*b", "arn:aws:x:r:1:a?", "*"])
STATEMENTS = st.builds(
    lambda effect, action, actions, resource, resources: {"Effect": effect, action: actions, resource: resources},
    st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
    st.sampled_from(["Action", "Action", "Action", "NotAction"]),
    st.lists(ACTION_PATTERNS, min_size=1, max_size=2, unique=True),
    st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]),
    st.lists(RESOURCE_PATTERNS, min_size=1, max_size=2, unique=True),
)
POLICIES = st.lists(STATEMENTS, min_size=1, max_size=3)


def allowed(statements: list[Statement]) -> set[tuple[str, str]]:
    policy = parse_policy("p", {"Version": "2012-10-17", "Statement": statements})
    principal = Principal("arn:aws:iam::111122223333:role/web")
    return {
        (action, resource)
        for action, resource in itertools.product(ACTIONS, RESOURCES)
        if evaluate(Request(principal, action, resource), [policy]).decision is Decision.ALLOWED
    }


@given(POLICIES, POLICIES)
@settings(deadline=None, max_examples=250)
def test_a_change_that_widens_nothing_allows_nothing_new(old: list[Statement], new: list[Statement]) -> None:
    found = between(role(old), role(new))
    if not found.widens:
        assert allowed(new) <= allowed(old)
    if not found.changed:
        assert allowed(new) == allowed(old)


@given(POLICIES)
@settings(deadline=None, max_examples=50)
def test_the_order_of_statements_is_no_change(statements: list[Statement]) -> None:
    assert not between(role(statements), role(statements[::-1])).changed


TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "web",
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/web.env"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key"}],
        }
    ],
}


def discovered(tree: dict[str, Any]) -> Discovery:
    return discover(Workload("web.json", tree), Facts(account="111122223333", region="eu-west-1"))


def test_needs_of_task_definitions_are_compared_with_their_fields() -> None:
    container = TASK["containerDefinitions"][0]  # type: ignore[index]
    changed = {**container, "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/new.env"}]}
    old, new = discovered(TASK), discovered({**TASK, "containerDefinitions": [changed]})
    found = difference(needed(old), needed(new))
    assert [told(change) for change in found.changes] == [
        "added: s3:GetObject arn:aws:s3:::config/new.env",
        "removed: s3:GetObject arn:aws:s3:::config/web.env",
    ]
    assert found.changes[0].grant.role == "execution role"
    assert [place.origin.pointer for place in found.changes[0].grant.places] == [
        "containerDefinitions[0].environmentFiles[0].value"
    ]


def test_a_field_that_moves_is_no_change() -> None:
    container = TASK["containerDefinitions"][0]  # type: ignore[index]
    first = {"name": "first", "image": "first"}
    new = {**TASK, "containerDefinitions": [first, container]}
    assert not difference(needed(discovered(TASK)), needed(discovered(new))).changed


def test_gaps_open_and_close() -> None:
    def gap(place: str, what: str) -> Gap:
        return Gap(Holder.EXECUTION, "secrets", Origin("web.json", ("secrets", 0), item=place), what, "Fill it.")

    stays, goes, comes = gap("secret A", "no name"), gap("secret B", "no name"), gap("secret B", "no bucket")
    found = difference((), (), [stays, goes], [comes, stays])
    assert (found.opened, found.closed) == ((comes,), (goes,))
    assert found.changed
    assert not found.widens
