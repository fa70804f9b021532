"""What a trail shows about each statement of a role, and what it cannot show."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cfnroles import read
from cfnroles.answers.audit import Subject, audit_roles
from cfnroles.answers.audited import AuditedRole, GrantStatus, RoleUser
from cfnroles.answers.usage import Watching
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role, RolePolicy
from cfnroles.need import Holder
from cfnroles.trail.coverage import Coverage
from cfnroles.trail.reading import Pass
from cfnroles.trail.record import Record
from tests.trails import ACCOUNT, OTHER_ACCOUNT, REGION, assumed, event, quiet_days, role, s3_object, secret, somebody

USED, DENIED, UNUSED, UNKNOWN, NEVER = GrantStatus
DAYS = 4
ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}".format
SECRET, OLD = ARN("secretsmanager", "secret:db-AbCdEf"), ARN("secretsmanager", "secret:old-AbCdEf")
ASSETS = "arn:aws:s3:::assets"
GET = "secretsmanager:GetSecretValue"
#: A trail that records management events of all kinds on each day, in which the role does something else.
QUIET = [*quiet_days(DAYS), assumed("web"), event("ecr:GetAuthorizationToken", "web")]


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def covering(events: Sequence[dict[str, Any]], *, history: bool = False) -> Any:
    def passing(watch: Watching) -> Coverage:
        one = Pass(watch)
        one.take(msgspec.json.decode(msgspec.json.encode(list(events)), type=list[Record]))
        return one.coverage(history=history)

    return passing


def audited(
    events: Sequence[dict[str, Any]],
    *statements: Any,
    users: tuple[RoleUser, ...] = (),
    arn: str = role("web"),
    facts: Facts = Facts(),  # noqa: B008
    history: bool = False,
) -> AuditedRole:
    policy = RolePolicy("Ours", {"Version": "2012-10-17", "Statement": list(statements)})
    subject = Subject(Role("web", (policy,), arn=arn), users, facts=facts)
    (found,) = audit_roles([subject], covering(events, history=history)).roles
    return found


def status(events: Sequence[dict[str, Any]], action: str, resource: str = "*", **more: Any) -> tuple[GrantStatus, str]:
    (found,) = audited(events, allow(action, resource), **more).grants
    return found.status, found.why


def without(events: Sequence[dict[str, Any]], **members: Any) -> list[dict[str, Any]]:
    return [each for each in events if any(each.get(name) != value for name, value in members.items())]


TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all"


def told(*selectors: Any, trail: str = TRAIL) -> dict[str, Any]:
    """What ``aws cloudtrail get-event-selectors`` answers."""
    kind = "AdvancedEventSelectors" if "FieldSelectors" in selectors[0] else "EventSelectors"
    return {"TrailARN": trail, kind: list(selectors)}


def where(category: str = "Data", **fields: Any) -> dict[str, Any]:
    named = {"eventCategory": {"Equals": [category]}, **{name.replace("_", "."): each for name, each in fields.items()}}
    return {"Name": "x", "FieldSelectors": [{"Field": name, **each} for name, each in named.items()]}


def objects(*values: str, kind: str = "All") -> dict[str, Any]:
    return {"ReadWriteType": kind, "DataResources": [{"Type": "AWS::S3::Object", "Values": list(values)}]}


S3 = {"Equals": ["AWS::S3::Object"]}
BEGINS = {"StartsWith": [f"{ASSETS}/"]}
SELECTED = {
    "all objects": (told(objects("arn:aws:s3")), UNUSED),
    "objects of the bucket": (told(objects(f"{ASSETS}/")), UNUSED),
    "some objects of it": (told(objects(f"{ASSETS}/pictures/")), UNKNOWN),
    "of another bucket": (told(objects("arn:aws:s3:::assets-2/")), UNKNOWN),
    "events that write": (told(objects("arn:aws:s3", kind="WriteOnly")), UNKNOWN),
    "an advanced selector of all objects": (told(where(resources_type=S3)), UNUSED),
    "of those of the bucket": (told(where(resources_type=S3, resources_ARN=BEGINS)), UNUSED),
    "of what is not in another": (told(where(resources_type=S3, resources_ARN={"NotStartsWith": ["x"]})), UNKNOWN),
    "of some calls": (told(where(resources_type=S3, eventName={"Equals": ["GetObject"]})), UNKNOWN),
    "of what reads": (told(where(resources_type=S3, readOnly={"Equals": ["true"]})), UNUSED),
    "of what writes": (told(where(resources_type=S3, readOnly={"Equals": ["false"]})), UNKNOWN),
    "of management events": (told(where("Management")), UNKNOWN),
    "of a trail of another account": (
        told(objects("arn:aws:s3"), trail=TRAIL.replace(ACCOUNT, OTHER_ACCOUNT)), UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "found"), SELECTED.values(), ids=SELECTED)
def test_event_selectors_tell_what_a_trail_records(answer: dict[str, Any], found: GrantStatus) -> None:
    assert status([*QUIET, answer], "s3:GetObject", f"{ASSETS}/*")[0] is found
    changed = event("cloudtrail:PutEventSelectors", "operators", host="cloudtrail.amazonaws.com", read=False)
    assert status([*QUIET, changed, answer], "s3:GetObject", f"{ASSETS}/*")[0] is UNKNOWN


def test_event_selectors_tell_of_management_events_too() -> None:
    writes = [each for each in QUIET if not each["readOnly"]] + [event("logs:CreateLogStream", "web", read=False)]
    every = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    assert status(writes, GET, OLD)[0] is UNKNOWN
    assert status([*writes, told(every)], GET, OLD)[0] is UNUSED
    assert status([*writes, told({**every, "ReadWriteType": "WriteOnly"})], GET, OLD)[0] is UNKNOWN
    kms = told({**every, "ExcludeManagementEventSources": ["kms.amazonaws.com"]})
    assert status([*writes, kms], "kms:Decrypt", "*")[0] is UNKNOWN
    assert status([*writes, told(where("Management"))], "kms:Decrypt", "*")[0] is UNUSED


RECORDED = [
    *QUIET,
    s3_object("GetObject", "assets", "a", "operators"),
    s3_object("PutObject", "assets", "b", "x", read=False),
]


@pytest.mark.parametrize(
    ("events", "action", "resource", "expected", "why"),
    [
        pytest.param([*QUIET, secret("db-AbCdEf", "web")], GET, SECRET, USED, "", id="a call"),
        pytest.param([*QUIET, secret("db-AbCdEf", "web")], GET, OLD, UNUSED, "", id="a call on something else"),
        pytest.param(QUIET, "logs:PutLogEvents", "*", UNKNOWN, "does not record", id="never recorded"),
        pytest.param(QUIET, "iam:PassRole", "*", UNKNOWN, "does not record", id="no call of the API"),
        pytest.param(QUIET, "glue:GetTable", "*", UNKNOWN, "records of glue", id="a service without a row"),
        pytest.param(QUIET, "s3:GetBucketCORS", ASSETS, UNKNOWN, "whether CloudTrail records", id="not in the row"),
        pytest.param(QUIET, "ecr:InventedAction", "*", UNKNOWN, "whether CloudTrail records", id="no action"),
        pytest.param(QUIET, "s3:GetObject", f"{ASSETS}/*", UNKNOWN, "data event", id="no data events"),
        pytest.param(RECORDED, "s3:GetObject", f"{ASSETS}/*", UNUSED, "", id="data events of others"),
        pytest.param(RECORDED, "s3:PutObject", f"{ASSETS}/*", UNUSED, "", id="data events that write"),
        pytest.param(
            RECORDED, "s3:GetObject", "arn:aws:s3:::other/*", UNKNOWN, "none of arn:aws:s3:::other", id="bucket"
        ),
        pytest.param(RECORDED, "s3:GetObject", "arn:aws:s3:::*", UNKNOWN, "some resources only", id="any bucket"),
        pytest.param(RECORDED, "s3:GetObject", "*", UNKNOWN, "some resources only", id="anything"),
        pytest.param(
            without(RECORDED, readOnly=True, eventCategory="Data"),
            "s3:GetObject",
            f"{ASSETS}/*",
            UNKNOWN,
            "none of arn:aws:s3:::assets that read",
            id="data events that write only",
        ),
        pytest.param(
            [each for each in QUIET if not each["readOnly"] or each["eventName"] == "AssumeRole"],
            GET,
            SECRET,
            UNUSED,
            "",
            id="an AssumeRole is an event that reads",
        ),
        pytest.param(
            [*(each for each in QUIET if not each["readOnly"]), event("logs:CreateLogStream", "web", read=False)],
            GET,
            SECRET,
            UNKNOWN,
            "no management event that reads",
            id="a trail of writes only",
        ),
        pytest.param(
            [each for each in QUIET if each["readOnly"]],
            "ecr:PutImage",
            ARN("ecr", "repository/web"),
            UNKNOWN,
            "no management event that writes",
            id="a trail of reads only",
        ),
        pytest.param(QUIET, "kms:Decrypt", ARN("kms", "key/1"), UNUSED, "", id="a key"),
        pytest.param(
            without(QUIET, eventSource="kms.amazonaws.com"),
            "kms:Decrypt",
            ARN("kms", "key/1"),
            UNKNOWN,
            "no event of kms",
            id="without events of KMS",
        ),
        pytest.param(
            QUIET, GET, SECRET.replace(REGION, "us-east-1"), UNKNOWN, "no events of us-east-1", id="another Region"
        ),
        pytest.param(QUIET, "sts:AssumeRole", role("other"), UNKNOWN, "no events of us-east-1", id="a global service"),
        pytest.param(
            [each for each in QUIET if not each["eventTime"].startswith("2026-11-03")],
            GET,
            SECRET,
            UNKNOWN,
            "on 2026-11-03",
            id="a day is missing",
        ),
        pytest.param(
            [*QUIET, {"eventName": "?"}], GET, SECRET, UNKNOWN, "unknown time and Region", id="a broken event"
        ),
        pytest.param(QUIET, "ecr:Get*", "*", USED, "", id="a pattern in use"),
        pytest.param(QUIET, "secretsmanager:*", SECRET, UNUSED, "", id="a pattern out of use"),
        pytest.param(QUIET, "logs:*", "*", UNKNOWN, "cannot be seen", id="a pattern of which some is never recorded"),
        pytest.param(QUIET, "*", "*", USED, "", id="everything, in use"),
        pytest.param(QUIET[:-1], "*", "*", UNKNOWN, "cannot list", id="everything, out of use"),
        pytest.param(
            [*QUIET, secret("db", "web")], GET, SECRET, UNKNOWN, "1 call may have used it", id="the name of a secret"
        ),
    ],
)
def test_a_grant_is_unused_only_where_the_trail_would_show_its_use(
    events: list[dict[str, Any]], action: str, resource: str, expected: GrantStatus, why: str
) -> None:
    found, told = status(events, action, resource)
    assert found is expected
    assert why in told
    assert bool(why) == bool(told)


def test_a_role_that_was_never_assumed_is_reported_if_the_trail_would_show_it() -> None:
    quiet = quiet_days(DAYS)
    assert status(quiet, GET, SECRET) == (NEVER, "")
    assert status(quiet, "logs:PutLogEvents") == (NEVER, "")
    assert status([each for each in quiet if not each["readOnly"]], GET, SECRET)[0] is UNKNOWN
    assert status([*quiet, assumed("web")], GET, SECRET) == (UNUSED, "")
    there = Facts(region="us-east-1")
    assert status(quiet, GET, SECRET, facts=there) == (UNKNOWN, "the trail has no events of us-east-1")


@pytest.mark.parametrize("action", [GET, "logs:PutLogEvents"])
def test_events_of_another_account_say_nothing(action: str) -> None:
    there = [*quiet_days(DAYS, account=OTHER_ACCOUNT), secret("db-AbCdEf", "web", account=OTHER_ACCOUNT)]
    events = [*there, assumed("web", account=OTHER_ACCOUNT)]
    assert status(events, action, "*")[0] is UNKNOWN
    assert audited(events, allow(action, "*")).calls.times == 0


def test_the_event_history_has_all_management_events_and_no_data_events() -> None:
    one = [assumed("web")]
    assert status(one, GET, SECRET, history=True) == (UNUSED, "")
    assert status(one, "kms:Decrypt", ARN("kms", "key/1"), history=True) == (UNUSED, "")
    found, why = status(one, "s3:GetObject", f"{ASSETS}/*", history=True)
    assert (found, "the event history has none" in why) == (UNKNOWN, True)


def test_a_refused_call_is_told_with_the_policy_that_refused() -> None:
    message = f"is not authorized to perform: {GET} on resource: {SECRET} because no VPC endpoint policy allows it"
    refused = secret("db-AbCdEf", "web", error="AccessDeniedException", message=f"User: {role('web')} {message}")
    (found,) = audited([*QUIET, refused], allow(GET, SECRET)).grants
    assert (found.status, [each.what for each in found.denied]) == (DENIED, ["VPC endpoint policy"])
    assert not found.removable
    beyond = audited([*QUIET, refused], allow(GET, OLD))
    assert [(each.action, each.kind, times.times) for each, times in beyond.refused] == [
        (GET, "VPC endpoint policy", 1)
    ]


WEB = {
    "family": "web",
    "executionRoleArn": role("web"),
    "containerDefinitions": [
        {"name": "web", "image": "nginx", "secrets": [{"name": "DB", "valueFrom": SECRET}]},
    ],
}


def users() -> tuple[RoleUser, ...]:
    (task,) = read(Document("web.json", json.dumps(WEB))).tasks
    needs = tuple(need for need in task.discovery.needs if need.holder is Holder.EXECUTION)
    return (RoleUser("web", Holder.EXECUTION, needs),)


def test_what_a_field_asks_for_is_never_taken_away() -> None:
    found = audited(QUIET, allow(GET, [SECRET, OLD]), allow("kms:Decrypt", ARN("kms", "key/1")), users=users())
    needed, old, key = found.grants
    assert [each.status for each in found.grants] == [UNUSED] * 3
    assert [need.origin.pointer for need in needed.needs] == ["containerDefinitions[0].secrets[0].valueFrom"]
    # A key that is unknown may be the one that encrypts the secret.
    assert [each.removable for each in (needed, old, key)] == [False, True, False]
    (tight,) = found.tight
    assert tight.after is not None
    assert tight.after["Statement"] == [allow(GET, [SECRET]), allow("kms:Decrypt", ARN("kms", "key/1"))]


def tightened(events: Sequence[dict[str, Any]], *statements: Any) -> Any:
    tight = audited(events, *statements).tight
    return [each.after["Statement"] if each.after else None for each in tight]


BOTH = [SECRET, OLD]
OTHERS = [
    *QUIET,
    secret("db-AbCdEf", "web"),
    event("logs:ListLogGroups", "web"),
    event("secretsmanager:DescribeSecret", "web", sent={"secretId": OLD}),
]
DESCRIBE = "secretsmanager:DescribeSecret"


@pytest.mark.parametrize(
    ("statements", "after"),
    [
        pytest.param([allow(GET, BOTH)], [[allow(GET, [SECRET])]], id="one of two resources"),
        pytest.param([allow([GET, "ecr:ListImages"], SECRET)], [[allow([GET], SECRET)]], id="one of two actions"),
        pytest.param(
            [allow([GET, DESCRIBE], BOTH, Sid="Read", Condition={})],
            [
                [
                    allow([GET], [SECRET], Sid="Read", Condition={}),
                    allow([DESCRIBE], [OLD], Sid="Read2", Condition={}),
                ]
            ],
            id="each resource keeps its own actions",
        ),
        pytest.param([allow(GET, SECRET)], [], id="nothing to take away"),
        pytest.param([allow(GET, OLD)], [None], id="nothing is left"),
        pytest.param(
            [allow(GET, OLD), {"Effect": "Deny", "Action": "*", "Resource": OLD}],
            [[{"Effect": "Deny", "Action": "*", "Resource": OLD}]],
            id="what denies stays",
        ),
        pytest.param([allow("secretsmanager:*", SECRET)], [[allow(GET, SECRET)]], id="a pattern is narrowed"),
        pytest.param([allow("logs:*", "*"), allow(GET, OLD)], [[allow("logs:*", "*")]], id="what is not known stays"),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, allow(GET, OLD)],
            [[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]],
            id="an exception stays",
        ),
    ],
)
def test_a_tight_policy_grants_what_is_left_and_nothing_else(statements: list[Any], after: list[Any]) -> None:
    assert tightened(OTHERS, *statements) == after


WIDE = [
    allow(GET, [SECRET, OLD]),
    allow("secretsmanager:*", "*"),
    allow("secretsmanager:Get*", ARN("secretsmanager", "secret:db-*")),
    allow(["ssm:*", GET, "ecr:ListImages"], ["*", SECRET]),
    allow("kms:*", ARN("kms", "key/*")),
    allow(GET, SECRET, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
    {"Effect": "Deny", "Action": "secretsmanager:Put*", "Resource": "*"},
]


@pytest.mark.parametrize("seed", range(30))
def test_a_tight_policy_allows_all_that_the_fields_need(seed: int) -> None:
    choose = random.Random(seed)
    statements = choose.sample(WIDE, choose.randint(1, 5))
    events = choose.sample([*OTHERS, event("kms:ListKeys", "web"), event("ssm:DescribeParameters", "web")], 12)
    found = audited([*QUIET, *events], *statements, users=users())
    after = [RolePolicy(each.name, each.after) for each in found.tight if each.after]
    tight = found.role if not found.tight else replace(found.role, policies=tuple(after))
    (user,) = users()
    before, now = (
        judge_uses(Uses(user.holder, user.needs, Facts()), one, prove=False).judged for one in (found.role, tight)
    )
    assert [each.outcome for each in now] == [each.outcome for each in before]


POOL = [
    *quiet_days(DAYS),
    *(assumed("web", day=day) for day in range(DAYS)),
    *(secret("db-AbCdEf", "web", day=day) for day in range(DAYS)),
    *RECORDED[-2:],
    s3_object("GetObject", "assets", "a", "web"),
    event("kms:Decrypt", "web", on=[ARN("kms", "key/1")]),
    secret("old", "web"),
    secret("old-AbCdEf", "web", error="AccessDenied"),
    somebody(region="us-east-1"),
    somebody(account=OTHER_ACCOUNT),
]
STATEMENTS = [
    allow(GET, [SECRET, OLD, "*"]),
    allow(["s3:GetObject", "s3:PutObject"], [f"{ASSETS}/*", "*"]),
    allow("kms:Decrypt", ARN("kms", "key/1")),
    allow(["logs:PutLogEvents", "glue:GetTable", "s3:*", "secretsmanager:*"], "*"),
]


@pytest.mark.parametrize("seed", range(40))
def test_more_events_make_nothing_unused_that_was_used_and_fewer_nothing_that_was_not_known(seed: int) -> None:
    choose = random.Random(seed)
    fewer = [each for each in POOL if choose.random() < 0.7]
    more = [*fewer, *(each for each in POOL if each not in fewer and choose.random() < 0.5)]
    before = [each.status for each in audited(fewer, *STATEMENTS).grants]
    after = [each.status for each in audited(more, *STATEMENTS).grants]
    assert all(new is USED for old, new in zip(before, after, strict=True) if old is USED)
    without_data = [each for each in more if each["eventCategory"] != "Data"]
    left = zip(after, audited(without_data, *STATEMENTS).grants, strict=True)
    data = [
        each.status
        for old, each in left
        if "s3:Get" in each.grant.granted.action or "s3:Put" in each.grant.granted.action
    ]
    assert UNUSED not in data


def test_iams_own_report_shows_calls_that_no_event_shows() -> None:
    report = {
        "JobStatus": "COMPLETED",
        "ServicesLastAccessed": [
            {
                "ServiceNamespace": "lambda",
                "LastAuthenticated": "2026-11-02T00:00:00Z",
                "LastAuthenticatedEntity": role("web"),
                "TrackedActionsLastAccessed": [
                    {"ActionName": "GetFunction", "LastAccessedTime": "2026-11-02T00:00:00Z"},
                    {"ActionName": "ListFunctions"},
                ],
            },
            {"ServiceNamespace": "logs"},
        ],
    }
    actions = ["lambda:GetFunction", "lambda:ListFunctions", "logs:PutLogEvents"]
    found = audited([*QUIET, report], allow(actions, "*")).grants
    assert [each.status for each in found] == [USED, UNUSED, UNKNOWN]
    assert [each.iam[:30] for each in found] == [
        "IAM last saw it on 2026-11-02,",
        "IAM saw lambda called last on ",
        "IAM saw no call of logs in the",
    ]
    other = {
        **report,
        "ServicesLastAccessed": [{**report["ServicesLastAccessed"][0], "LastAuthenticatedEntity": role("x")}],
    }
    assert audited([*QUIET, other], allow(actions, "*")).grants[0].iam == ""


def test_roles_are_ranked_by_what_is_to_be_looked_at_first(tmp_path: Path) -> None:
    def subject(name: str, *statements: Any) -> Subject:
        policy = RolePolicy("Ours", {"Version": "2012-10-17", "Statement": list(statements)})
        return Subject(Role(name, (policy,), arn=role(name)))

    subjects = [
        subject("fine", allow(GET, SECRET)),
        subject("idle", allow("ecr:ListImages", ARN("ecr", "repository/web"))),
        subject("risky", allow("kms:CreateGrant", ARN("kms", "key/1"))),
    ]
    events = [*quiet_days(DAYS), *(assumed(name) for name in ("fine", "idle", "risky")), secret("db-AbCdEf", "fine")]
    found = audit_roles(subjects, covering(events))
    assert [each.role.name for each in found.roles] == ["risky", "idle", "fine"]
    assert found.has_problems
    assert not audit_roles(subjects[:1], covering(events)).has_problems
