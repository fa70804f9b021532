"""Expressions: what is literal stays literal, what is a symbol stays whole, and ARNs are cut between symbols."""

from __future__ import annotations

import copy
import pickle
from operator import eq, ne
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfnroles.symbols import (
    Attribute,
    Import,
    Opaque,
    Parameter,
    Placeholder,
    PolicyVariable,
    PseudoParameter,
    Wildcard,
)
from cfnroles.text import (
    ACCOUNT,
    ANYTHING,
    EMPTY,
    PARTITION,
    REGION,
    Text,
    arn_of,
    field_of,
    from_spelling,
    imported,
    is_account,
    is_region,
    of_policy,
    whole_number,
)

TAG = Placeholder("Tag", written="<TAG>", called="TAG")

SYMBOLS = st.sampled_from([TAG, Parameter("Stage"), PseudoParameter("AWS::Region"), Opaque("Fn::Select(0, A:B/C)")])
TEXTS = st.lists(st.text(alphabet="a:/.$%{}!*?-\n") | SYMBOLS).map(lambda parts: Text(*parts))

SPELLED = {
    "literal": (Text("web:1.27"), "web:1.27"),
    "what looks like a symbol": (Text("${TAG}"), "${!TAG}"),
    "a placeholder": (Text("web:", TAG), "web:${Tag}"),
    "account and Region": (Text(ACCOUNT, "/", REGION), "${AWS::AccountId}/${AWS::Region}"),
    "an attribute": (Text(Attribute("Queue.Arn")), "${Queue.Arn}"),
    "an export of another stack": (imported("shop-Arn"), "${Import::shop-Arn}"),
    "a policy variable": (Text(PolicyVariable("aws:username")), "${!aws:username}"),
    "a wildcard": (Text("arn:", ANYTHING), "arn:*"),
    "a field of a parameter": (field_of(Parameter("SecretArn"), 3), "${SecretArn[region]}"),
}


@pytest.mark.parametrize(("text", "spelled"), SPELLED.values(), ids=SPELLED)
def test_a_text_is_a_string_in_the_spelling_of_fn_sub(text: Text, spelled: str) -> None:
    assert text == spelled
    assert hash(text) == hash(spelled)
    assert {text: 1}[spelled] == 1


@given(st.text())
def test_what_a_document_says_is_literal(written: str) -> None:
    text = Text(written)
    assert (text.symbols, text.plain, text.written, text.shape("#")) == ((), written, written, written)


@given(TEXTS)
def test_pieces_put_together_are_the_text(text: Text) -> None:
    first, *others = text.cut(":")
    joined = first
    for other in others:
        joined = Text(joined, ":", other)
    assert joined.parts == text.parts
    assert not any(isinstance(part, str) and ":" in part for piece in (first, *others) for part in piece.parts)


@given(TEXTS, st.integers(0, 3))
def test_as_many_cuts_as_are_asked_for_are_those_at_the_beginning(text: Text, most: int) -> None:
    pieces = text.cut("/", most)
    assert len(pieces) == min(most + 1, len(text.cut("/")))
    assert pieces[:-1] == text.cut("/")[: len(pieces) - 1]


@given(TEXTS)
def test_the_same_parts_are_the_same_text(text: Text) -> None:
    for again in (Text(*text.parts), Text(text, ""), pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):
        assert (again, again.parts) == (text, text.parts)


@given(TEXTS)
def test_a_spelling_is_read_back_as_it_was(text: Text) -> None:
    assert from_spelling(str(text), policy=False) == text


def test_wildcards_and_policy_variables_come_from_policies_alone() -> None:
    written = "arn:aws:s3:::b/${aws:username}/?*"
    policy = of_policy(written)
    assert policy.symbols == (PolicyVariable("aws:username"), Wildcard("?*"))
    assert policy.unknown == (PolicyVariable("aws:username"),)
    assert Text(written).symbols == ()


def test_a_text_tells_how_its_document_writes_it() -> None:
    region = PseudoParameter("AWS::Region", written="$REGION")
    assert Text("arn:aws:s3:::", TAG, "/", region).written == "arn:aws:s3:::<TAG>/$REGION"


CUT_AT_THE_ENDS: dict[str, tuple[Text, Any]] = {
    "a prefix": (Text("arn:", TAG).removeprefix("arn:"), "${Tag}"),
    "no prefix": (Text(TAG, "arn:").removeprefix("arn:"), "${Tag}arn:"),
    "a suffix": (Text(TAG, ":").removesuffix(":"), "${Tag}"),
    "slashes": (Text("//a/", TAG, "/").strip("/"), "a/${Tag}"),
    "slashes behind a symbol": (Text(TAG, "//").lstrip("/"), "${Tag}//"),
    "nothing": (EMPTY.strip("/"), ""),
    "the first colon": (Text("a", Opaque("b:c"), ":d:e").partition(":"), ("a${b:c}", ":", "d:e")),
    "no colon": (Text("a", Opaque("b:c")).partition(":"), ("a${b:c}", "", "")),
}


@pytest.mark.parametrize(("found", "expected"), CUT_AT_THE_ENDS.values(), ids=CUT_AT_THE_ENDS)
def test_no_symbol_is_cut_or_taken_away(found: Any, expected: Any) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        pytest.param(Text(TAG), TAG, id="one-symbol"),
        pytest.param(Text(TAG, "x"), None, id="a-symbol-and-more"),
        pytest.param(Text("x"), None, id="literal"),
        pytest.param(EMPTY, None, id="nothing"),
    ],
)
def test_a_text_may_be_one_symbol(text: Text, whole: Any) -> None:
    assert text.whole == whole


def test_an_arn_has_six_parts_whatever_stands_in_its_symbols() -> None:
    arn = arn_of(Text("arn:", PARTITION, ":ssm:", REGION, ":", ACCOUNT, ":parameter/a:b"))
    assert arn is not None
    assert (arn.partition, arn.service, arn.region, arn.account, arn.resource) == (
        "${AWS::Partition}",
        "ssm",
        "${AWS::Region}",
        "${AWS::AccountId}",
        "parameter/a:b",
    )
    assert arn.text == "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a:b"


@pytest.mark.parametrize("text", [Text("arn:aws:s3"), Text("urn:aws:s3:::b"), Text(TAG), EMPTY, Text(TAG, ":::::x")])
def test_what_has_fewer_parts_or_another_scheme_is_no_arn(text: Text) -> None:
    assert arn_of(text) is None


@pytest.mark.parametrize(
    ("text", "account", "region"),
    [
        ("123456789012", True, False),
        ("aws", True, False),
        ("12345678901", False, False),
        ("us-east-1", False, True),
        ("us-gov-west-1", False, True),
        ("us-east", False, False),
        ("*", False, False),
        (Text(TAG), True, True),
        ("", False, False),
    ],
)
def test_accounts_and_regions_are_recognised(text: str, account: bool, region: bool) -> None:
    assert (is_account(text), is_region(text)) == (account, region)


def test_symbols_of_one_name_and_another_kind_are_others() -> None:
    orders, same, other = Parameter("Orders"), Parameter("Orders", written="<ORDERS>"), Opaque("Orders")
    assert (eq(orders, same), ne(orders, same)) == (True, False)
    assert (eq(orders, other), ne(orders, other)) == (False, True)
    assert len({Parameter("Orders"), Opaque("Orders"), Parameter("Orders")}) == 2


def test_an_import_knows_the_export() -> None:
    (symbol,) = imported("shop:Arn").symbols
    assert isinstance(symbol, Import)
    assert symbol.export == "shop:Arn"


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("3600", 3600), ("9" * 5_000, 10**9), ("", -1), ("-1", -1), ("1.5", -1), ("٣", -1)],
)
def test_a_whole_number_has_a_size(text: str, number: int) -> None:
    assert whole_number(text) == number
