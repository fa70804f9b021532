"""The grants table: each word has a source and an example, and gives what AWS's own data say it can."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cfnlint.data.AdditionalSpecs
import pytest

from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.need import Severity, Standing
from cfnroles.statements import compose
from cfnroles.table.words import GRANTS, ROWS
from cfnroles.table.words.row import Row
from cfnroles.workload import Workload

SERVICES = json.loads((Path(cfnlint.data.AdditionalSpecs.__file__).parent / "Policies.json").read_text())
FACTS = Facts("123456789012", "us-east-1")
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPTIONS = {
    "prefix": "images/",
    "indexes": "by-customer",
    "access-point": "fsap-0123456789abcdef0",
    "via": "s3",
    "model": "amazon.nova-lite-v1:0",
    "user": "shop",
    "group": "orders",
    "consumer": "shop",
    "configuration-set": "receipts",
}

#: Metrics of a namespace have no ARN that a role could name: a condition replaces it.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
WITHOUT_RESOURCE = frozenset({"cloudwatch:PutMetricData"})

each_word = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)


def granted(row: Row, *values: Any, facts: Facts = FACTS, **options: Any) -> Discovery:
    example = row.example if isinstance(row.example, list) else [row.example]
    entry = {row.word: list(values or example), **{key.replace("_", "-"): v for key, v in options.items()}}
    return discover(Workload("cfnroles.yaml", {"grants": [entry]}), facts, GRANTS)


def with_everything(row: Row) -> Discovery:
    options = {name: OPTIONS[name] for name in row.options}
    return granted(row, **options, **({"kms-key": KEY} if row.key else {}))


def resource_types(action: str) -> list[str]:
    service, name = action.split(":")
    resources = {kind.lower(): resource for kind, resource in SERVICES[service]["Resources"].items()}
    assert name.lower() in SERVICES[service]["Actions"], f"{action} is no action of IAM"
    return [
        pattern
        for kind in SERVICES[service]["Actions"][name.lower()].get("Resources", ())
        for pattern in resources[kind.lower()]["ARNFormats"]
    ]


def test_words_are_unique() -> None:
    assert len({row.word for row in ROWS}) == len(ROWS) >= 30


@each_word
def test_each_word_says_what_it_does_and_by_whose_word(row: Row) -> None:
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+\.html", row.source)
    assert re.match(r"[a-z]+s ", row.does + " ")
    assert set(row.options) <= set(OPTIONS)


@each_word
def test_what_nobody_has_shown_is_said(row: Row) -> None:
    assert (row.standing is Standing.UNPROVEN) == bool(row.doubt)
    assert row.key is None or (row.key.standing is Standing.UNPROVEN) == bool(row.key.doubt)


@each_word
def test_each_example_gives_the_words_own_actions(row: Row) -> None:
    discovery = granted(row, **{name: OPTIONS[name] for name in row.options})
    assert discovery.findings == discovery.gaps == ()
    wanted = {f"{action.prefix}:{action.action}" for access in row.access for action in access.actions}
    assert {need.permission.action for need in discovery.needs} == wanted


@each_word
def test_a_star_stands_only_where_aws_defines_no_resource_type(row: Row) -> None:
    for need in with_everything(row).needs:
        action = need.permission.action
        types = [] if action in WITHOUT_RESOURCE else resource_types(action)
        assert (need.permission.resource == "*") == (not types), need.permission


@each_word
def test_each_resource_is_of_a_type_that_the_action_takes(row: Row) -> None:
    for need in with_everything(row).needs:
        if need.permission.resource == "*":
            continue
        patterns = [
            re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(pattern)).replace(r"\.\*", ".+")
            for pattern in resource_types(need.permission.action)
        ]
        assert any(re.fullmatch(pattern, need.permission.resource) for pattern in patterns), need.permission


@pytest.mark.parametrize("row", [row for row in ROWS if row.key], ids=lambda row: row.word)
def test_the_key_follows_with_its_conditions(row: Row) -> None:
    on_key = [need.permission for need in granted(row, **{"kms-key": KEY}).needs if need.permission.resource == KEY]
    assert {permission.action for permission in on_key} == {f"kms:{action.action}" for action in row.key.actions}
    for permission in on_key:
        keys = {condition.key for condition in permission.conditions}
        assert ("kms:ViaService" in keys) == bool(row.key.service)
        assert keys
        assert any(key.startswith("kms:EncryptionContext:") for key in keys) == bool(row.key.context)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind], ids=lambda row: row.word)
def test_an_import_stands_where_the_arn_would(row: Row) -> None:
    resources = {need.permission.resource for need in granted(row, {"import": "data-Arn"}).needs}
    assert all(resource.startswith("${Import::data-Arn}") for resource in resources - {"*"})
    assert resources - {"*"}


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind], ids=lambda row: row.word)
def test_nothing_of_another_kind_is_taken(row: Row) -> None:
    found = granted(row, "arn:aws:iam::123456789012:user/x").findings
    assert found
    assert all("is not" in finding.what for finding in found)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind and row.kind.account], ids=lambda row: row.word)
def test_names_are_of_the_home_account_and_region(row: Row) -> None:
    if str(row.example).startswith("arn:"):
        return
    elsewhere = Facts("210987654321", "cn-north-1")
    for need in granted(row, facts=elsewhere).needs:
        resource = need.permission.resource
        assert resource == "*" or resource.startswith("arn:aws-cn:")
        assert resource == "*" or ":cn-north-1:210987654321:" in resource


@pytest.mark.parametrize("word", ["s3-read", "s3-write", "s3-read-write", "s3-list", "s3-delete"])
def test_directory_buckets_have_words_of_their_own(word: str) -> None:
    row = next(row for row in ROWS if row.word == word)
    for name in ("shop--use1-az4--x-s3", "arn:aws:s3:::shop--use1-az4--x-s3"):
        (finding,) = granted(row, name).findings
        assert "s3-express-read" in finding.remedy
    assert not granted(row, "shop--x").findings


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("orders/_search", True),
        ("_msearch", True),
        ("_search/scroll", True),
        ("a,b/_count", True),
        ("orders/_doc", False),
        ("orders/_doc/1", False),
        ("orders/_delete_by_query", False),
        ("orders/_update/1", False),
        ("_bulk", False),
        ("orders/_bulk", False),
    ],
)
def test_reading_from_opensearch_posts_searches_only(path: str, allowed: bool) -> None:
    row = next(row for row in ROWS if row.word == "opensearch-read")
    posted = [need.permission.resource for need in granted(row).needs if need.permission.action == "es:ESHttpPost"]
    asked = f"arn:aws:es:us-east-1:123456789012:domain/shop-search/{path}"
    assert any(fnmatch.fnmatchcase(asked, pattern) for pattern in posted) is allowed


def test_what_each_word_gives_reads_as_reviewed(golden: Callable[[str, str], None]) -> None:
    lines = []
    for row in ROWS:
        lines.append(f"{row.word}: the application {row.does}")
        for statement in compose(with_everything(row).needs):
            lines.append(f"  {statement.sid}: {', '.join(statement.actions)}")
            lines += [f"    on {resource}" for resource in statement.resources]
            lines += [f"    if {c.key} {c.operator} {' or '.join(c.values)}" for c in statement.conditions]
        lines.append("")
    golden("grants.txt", "\n".join(lines))


SERVICE, NAMESPACE = (
    "srv-e4anhexample0004",
    "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-e4anhexample0004",
)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ((SERVICE,), "no namespace"),
        ((NAMESPACE,), "no service"),
        ((SERVICE, "srv-other"), "no namespace"),
        ((SERVICE, NAMESPACE), ""),
        ((SERVICE, {"import": "namespace"}), ""),
    ],
    ids=["a service", "a namespace", "two services", "both", "an import"],
)
def test_discovery_is_asked_for_the_namespace_and_the_service(values: tuple[Any, ...], missing: str) -> None:
    row = next(row for row in ROWS if row.word == "cloud-map-discover")
    found = granted(row, *values)
    assert len(found.needs) == 2 * len(values)
    told = [str(finding.what) for finding in found.findings]
    assert [missing in what for what in told] == [True] * bool(missing)
    assert all(finding.severity is Severity.WARNING for finding in found.findings)
