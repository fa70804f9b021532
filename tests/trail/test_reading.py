"""CloudTrail in the forms in which people have it: events come out, and missing ones are reported."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cfnroles.errors import InvalidInput
from cfnroles.trail import stream
from cfnroles.trail.coverage import Coverage, periods
from cfnroles.trail.reading import Pass, read_events
from cfnroles.trail.record import Record, role_key
from tests.trails import ACCOUNT, REGION, delivered, event, looked_up, s3_object, secret, somebody

EVENTS = [secret(f"shop/{number}-AbCdEf", day=number % 3) for number in range(7)]
TIMES = [each["eventTime"] for each in EVENTS]


def read(*sources: object) -> tuple[list[Record], Coverage]:
    seen: list[Record] = []
    covered = read_events([str(each) for each in sources], seen.append)
    return seen, covered


def named(number: int, *, region: str = REGION, day: int = 1) -> str:
    return f"{ACCOUNT}_CloudTrail_{region}_202611{day:02}T12{number:02}Z_abcdefgh.json.gz"


FORMS: dict[str, bytes] = {
    "delivered": delivered(EVENTS),
    "delivered, with spaces": delivered(EVENTS, compact=False),
    "unpacked": json.dumps({"Records": EVENTS}).encode(),
    "pretty": json.dumps({"Records": EVENTS}, indent=2).encode(),
    "with a mark of its encoding": b"\xef\xbb\xbf" + json.dumps({"Records": EVENTS}).encode(),
    "members sorted": json.dumps({"Records": EVENTS}, sort_keys=True).encode(),
    "several files packed into one": gzip.compress(delivered(EVENTS)[:0] + json.dumps(EVENTS[0]).encode() + b"\n")
    + gzip.compress(b"\n".join(json.dumps(each).encode() for each in EVENTS[1:])),
    "lookup-events": looked_up(EVENTS).encode(),
    "a list": json.dumps(EVENTS).encode(),
    "JSON lines": b"".join(json.dumps(each).encode() + b"\n" for each in EVENTS),
    "JSON lines of lookup-events": b"\n".join(json.dumps({"CloudTrailEvent": json.dumps(e)}).encode() for e in EVENTS),
    "JSON lines of Lake": b"\n".join(json.dumps({"eventJson": json.dumps(each)}).encode() for each in EVENTS),
    "JSON lines of EventBridge": b"\n".join(json.dumps({"id": "1", "detail": each}).encode() for each in EVENTS),
    "behind another member": json.dumps({"ResponseMetadata": {"a": [1]}, "Events": EVENTS}, indent=1).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_every_form_gives_the_same_events(form: str, chunk: int) -> None:
    text = FORMS[form]
    chunks = (text[at : at + chunk] for at in range(0, len(text), chunk))
    found = [each for batch in stream.batches(chunks) for each in stream.unwrapped(batch.records)]
    assert [each.eventTime for each in found if each] == TIMES


@pytest.mark.parametrize("longest", [200, 900, 5_000])
def test_a_long_file_is_cut_where_one_event_ends_and_the_next_begins(
    longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Braces, commas and the first member's name, where a text only looks like the end of an event.
    odd = {"a": '},{"eventVersion":"1"}]', "b": [{"eventVersion": "1.0"}, {"eventVersion": "2"}], "c": '\\\\"}'}
    events = [event("ssm:GetParameters", sent=odd, day=number % 28) for number in range(60)]
    monkeypatch.setattr(stream, "_CHUNK", longest)
    text = json.dumps({"Records": events}).encode()
    chunks = (text[at : at + longest] for at in range(0, len(text), longest))
    found = [each for batch in stream.batches(chunks) for each in batch.records]
    assert [each.eventTime for each in found] == [each["eventTime"] for each in events]
    assert all(each.parameters() == odd for each in found)


def test_a_directory_is_read_to_its_depth_and_digests_are_left_out(tmp_path: Path) -> None:
    own = tmp_path / "AWSLogs" / ACCOUNT / "CloudTrail" / REGION / "2026" / "11" / "01"
    digest = tmp_path / "AWSLogs" / ACCOUNT / "CloudTrail-Digest" / REGION
    own.mkdir(parents=True)
    digest.mkdir(parents=True)
    (own / named(1)).write_bytes(delivered(EVENTS[:3]))
    (own / named(2)).write_bytes(delivered(EVENTS[3:]))
    (digest / "d.json.gz").write_bytes(gzip.compress(b'{"digestStartTime": "2026-11-01T00:00:00Z"}'))
    (tmp_path / "README.md").write_text("Ours.")
    (tmp_path / "other.json").write_text('{"a": 1}')
    seen, covered = read(tmp_path)
    assert sorted(each.eventTime for each in seen) == sorted(TIMES)
    assert (covered.files, covered.digests, covered.ignored, covered.broken_count) == (2, 1, 2, 0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (delivered(EVENTS)[:-30], "its compressed data ends in the middle"),
        (delivered(EVENTS)[:40] + b"\0" * 60, "its compressed data is damaged"),
        (json.dumps({"Records": EVENTS}).encode()[:-400], "it ends in the middle of an event"),
        (json.dumps({"Records": EVENTS}).encode()[:-1], "it ends before the end of its document"),
        (b'{"Records": [{"eventVersion": nothing}]}', "it is not JSON"),
        (b'{"eventName": "A"}\n{"eventName": \n', "one of its lines is not JSON"),
        (b'{"ResponseMetadata": {\n', "it is not JSON"),
    ],
    ids=["cut", "damaged", "cut unpacked", "one sign short", "no JSON", "a line", "cut early"],
)
def test_a_broken_file_is_refused_by_its_name_and_a_gap_in_a_directory(
    content: bytes, why: str, tmp_path: Path
) -> None:
    broken = tmp_path / named(1, day=2)
    broken.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read(broken)
    assert why.lower() in str(refused.value).lower()
    (tmp_path / named(2, day=1)).write_bytes(delivered([somebody(0), somebody(1), somebody(2)]))
    _, covered = read(tmp_path)
    assert [(each.region, each.day) for each in covered.broken] == [(REGION, "2026-11-02")]
    assert covered.missing_days(covered.regions_of(ACCOUNT)[0]) == ("2026-11-02",)
    assert not covered.is_torn


@pytest.mark.parametrize(
    ("content", "torn"),
    [
        (looked_up(EVENTS, NextToken="AAE").encode(), True),
        (looked_up(EVENTS).encode(), False),
        (json.dumps({"Records": [*EVENTS, {"eventName": 7}]}).encode(), True),
        (json.dumps({"Records": [*EVENTS, {"a": "b"}]}).encode(), True),
        (json.dumps({"Records": [*EVENTS, event("a:B") | {"eventTime": "yesterday"}]}).encode(), True),
        (json.dumps({"Records": [*EVENTS, {"CloudTrailEvent": "{"}]}).encode(), True),
        (json.dumps({"Records": [*EVENTS, {"eventName": "EVIL"}]}).encode().replace(b"EVIL", b"\xf5"), True),
    ],
    ids=["one page", "all pages", "another type", "no event", "no time", "broken inside", "no UTF-8"],
)
def test_what_is_missing_without_a_place_is_told(content: bytes, torn: bool, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(content)
    seen, covered = read(file)
    assert len(seen) == len(EVENTS)
    assert covered.is_torn is torn


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"Ours.", b'{"a": 1}', b'{\n"a": 1}', b"[]", b'{"Records": []}', gzip.compress(b"", mtime=0)],
)
def test_what_holds_no_event_is_refused_with_the_forms_that_do(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="has no CloudTrail events") as refused:
        read(file)
    assert "lookup-events" in refused.value.remedy


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path / "none.json")


def test_what_a_trail_covers_is_counted_by_account_region_and_kind(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = [
        somebody(0),
        somebody(2, read=False),
        event("kms:Decrypt", day=1),
        s3_object("GetObject", "assets", "a", day=1),
        s3_object("PutObject", "assets", "b", day=1, read=False),
        somebody(1, account="999988887777", region="us-east-1"),
    ]
    file = tmp_path / "events.json"
    file.write_bytes(delivered(events))
    _, covered = read(file)
    own = covered.regions_of(ACCOUNT)[0]
    assert covered.accounts == (ACCOUNT, "999988887777")
    assert (own.events, own.reads, own.writes, own.excludable) == (5, 2, 1, frozenset({"kms.amazonaws.com"}))
    bucket = "arn:aws:s3:::assets"
    assert own.data == {("s3", bucket, True): 1, ("s3", f"{bucket}", False): 1}
    assert covered.missing_days(own) == ()
    assert (covered.first, covered.last) == ("2026-11-01T03:00:00Z", "2026-11-03T03:00:00Z")


@pytest.mark.parametrize(
    ("members", "data"),
    [
        ({"eventCategory": "Data", "managementEvent": False}, True),
        ({"eventCategory": "Management", "managementEvent": True}, False),
        ({"managementEvent": False}, True),
        ({"managementEvent": True}, False),
        ({"managementEvent": "false"}, True),
        # Events of old versions say neither, and S3 has told objects apart ever since.
        ({}, True),
    ],
)
def test_a_data_event_is_known_in_every_version_of_the_format(members: dict[str, Any], data: bool) -> None:
    told = s3_object("GetObject", "assets", "a")
    for name in ("eventCategory", "managementEvent"):
        told.pop(name)
    one = Pass(lambda _: None)
    one.take([msgspec.convert({**told, **members, "requestParameters": msgspec.Raw(b"null")}, Record)])
    (region,) = one.coverage().regions
    assert (bool(region.data), region.reads) == (data, not data)


def test_what_is_recorded_and_whose_it_is_follows_from_the_call_where_the_event_lists_nothing(tmp_path: Path) -> None:
    told = event("sqs:SendMessage", data=True, read=False, sent={"queueUrl": f"https://sqs/{ACCOUNT}/jobs"})
    told.pop("recipientAccountId")
    told["userIdentity"].pop("accountId")
    told["eventTime"] = "2026-11-01T12:00:00.123Z"
    file = tmp_path / "events.json"
    file.write_bytes(delivered([told]))
    (region,) = read(file)[1].regions
    assert (region.account, region.days) == (ACCOUNT, {"2026-11-01"})
    assert region.data == {("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", False): 1}


def test_days_without_events_are_told_as_periods() -> None:
    assert periods(("2026-11-30", "2026-12-01", "2026-12-04")) == (
        ("2026-11-30", "2026-12-01"),
        ("2026-12-04", "2026-12-04"),
    )


@pytest.mark.parametrize(
    ("arn", "key"),
    [
        ("arn:aws:iam::1:role/web", ("1", "web")),
        ("arn:aws:iam::1:role/a/b/web", ("1", "web")),
        ("arn:aws:sts::1:assumed-role/web/0f9d", ("1", "web")),
        ("arn:aws:iam::1:user/web", ("", "")),
        ("web", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_role_is_known_by_its_account_and_its_name(arn: str, key: tuple[str, str]) -> None:
    assert role_key(arn) == key
