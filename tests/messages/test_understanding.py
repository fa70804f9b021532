"""What a message says, in whatever form it is pasted."""

from __future__ import annotations

import json
import time
from textwrap import wrap

import pytest

from cfnroles.messages.collecting import collected
from cfnroles.messages.normalising import normalised, split
from cfnroles.messages.understanding import Understood, understand
from cfnroles.table.message import CallingRole, Category, PolicyKind

TASK = "0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
ROLE = f"arn:aws:sts::123456789012:assumed-role/shop-execution/{TASK}"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbC1eF"
DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:"
    " unable to"
    " retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret"
    f" {SECRET} from secrets manager: operation error Secrets Manager: GetSecretValue, https response error"
    f" StatusCode: 400,"
    " RequestID: 11111111-2222-3333-4444-555555555555, api error AccessDeniedException: User: "
    f"{ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource: {SECRET} because no"
    f" identity-based"
    " policy allows the secretsmanager:GetSecretValue action"
)


def understood(text: str) -> Understood:
    found = understand(text)
    assert found is not None
    return found


FORMS = {
    "as it is": DENIED,
    "in a service event": f"service shop was unable to place a task. Reason: {DENIED}.",
    "in the other service event": f"(service shop) failed to launch a task with (error {DENIED}).",
    "from a stack": f'Resource handler returned message: "{DENIED}" (RequestToken: 1, HandlerErrorCode: X)',
    "as a member of JSON": json.dumps(DENIED),
    "in JSON in JSON": json.dumps(json.dumps(f'"{DENIED}"')),
    "wrapped between words": "\n".join(wrap(DENIED, 80, break_on_hyphens=False)),
    "wrapped at hyphens": "\n".join(wrap(DENIED, 80)),
    "broken at the 80th column": "\n".join(DENIED[at : at + 80] for at in range(0, len(DENIED), 80)),
    "quoted": "\n".join(f"> {line}" for line in wrap(DENIED, 70)),
    "in a box of a terminal": "\n".join(f"│ {line}" for line in wrap(DENIED, 70)),
    "in an agent's log": f'level=error time=2026-01-15T10:00:00Z msg="Error" error="{DENIED}\\n\\tstatus code: 400"',
    "with entities": DENIED.replace("-", "&#45;").replace(": User", "&#58; User"),
    "with ANSI's colours": f"\x1b[31m{DENIED}\x1b[0m",
    "in capitals before the colon": DENIED.replace("ResourceInitializationError", "Resourceinitializationerror"),
    "with spaces that are none": DENIED.replace(" on resource", "\u00a0on\u00a0resource"),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_refusal_is_read_in_every_form(text: str) -> None:
    found = understood(text)
    denial = found.denial
    assert denial is not None
    assert (found.category, found.action, found.caller) == (
        Category.PERMISSION,
        "secretsmanager:GetSecretValue",
        CallingRole.EXECUTION,
    )
    assert (denial.role, denial.resource, denial.kind, denial.explicit) == (
        "shop-execution",
        SECRET,
        PolicyKind.IDENTITY,
        False,
    )
    assert [stage.name for stage in found.stages] == ["secret", "secrets-or-registry"]
    assert found.retries == 1
    assert found.patchable


PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/db"
WHO = f"User: {ROLE} is not authorized to perform: ssm:GetParameters on resource: {PARAMETER}"
WHYS = {
    " because no identity-based policy allows the ssm:GetParameters action": (PolicyKind.IDENTITY, False),
    " because no identity-based policy allowsthe ssm:GetParameters action": (PolicyKind.IDENTITY, False),
    " with an explicit deny in an identity-based policy": (PolicyKind.IDENTITY, True),
    " because no permissions boundary allows the ssm:GetParameters action": (PolicyKind.BOUNDARY, False),
    " with an explicit deny in a permissions boundary": (PolicyKind.BOUNDARY, True),
    " because no service control policy allows the ssm:GetParameters action": (PolicyKind.SERVICE_CONTROL, False),
    " with an explicit deny in a service control policy": (PolicyKind.SERVICE_CONTROL, True),
    " with an explicit deny in a resource control policy": (PolicyKind.RESOURCE_CONTROL, True),
    " because no session policy allows the ssm:GetParameters action": (PolicyKind.SESSION, False),
    " with an explicit deny in a sessions policy": (PolicyKind.SESSION, True),
    " because no VPC endpoint policy allows the ssm:GetParameters action": (PolicyKind.ENDPOINT, False),
    " with an explicit deny in a VPC endpoint policy": (PolicyKind.ENDPOINT, True),
    " with an explicit deny in a VPC endpoint policy transitively through a service control policy": (
        PolicyKind.SERVICE_CONTROL,
        True,
    ),
    " because no resource-based policy allows the ssm:GetParameters action": (PolicyKind.RESOURCE, False),
    " with an explicit deny in a resource-based policy": (PolicyKind.RESOURCE, True),
    " with an explicit deny in the role trust policy": (PolicyKind.TRUST, True),
    " with an explicit deny": (PolicyKind.UNSTATED, True),
    " because no identity-based": (PolicyKind.UNSTATED, False),
    "": (PolicyKind.UNSTATED, False),
}


@pytest.mark.parametrize(("why", "expected"), WHYS.items(), ids=[why or "nothing" for why in WHYS])
def test_a_statement_is_offered_for_one_kind_of_refusal_alone(why: str, expected: tuple[PolicyKind, bool]) -> None:
    found = understood(f"{WHO}{why}")
    assert found.denial is not None
    assert (found.denial.kind, found.denial.explicit) == expected
    assert found.patchable == (expected == (PolicyKind.IDENTITY, False))


GET = "not authorized to perform: ssm:GetParameters"
LOOSE = {
    f"User {ROLE} is {GET.replace('perform:', 'perform')} on resource {PARAMETER}": PARAMETER,
    f"is {GET} on resource: *": "*",
    f"User: x is {GET} on resource*.": "*",
    f'{GET} on resource: "{PARAMETER}"': PARAMETER,
    f"role shop is {GET} on {PARAMETER}": PARAMETER,
    GET: "",
}


@pytest.mark.parametrize(("text", "resource"), LOOSE.items(), ids=str)
def test_refusals_are_read_as_people_write_them(text: str, resource: str) -> None:
    found = understood(text)
    assert found.denial is not None
    assert (found.denial.action, found.denial.resource) == ("ssm:GetParameters", resource)


@pytest.mark.parametrize("resource", [f"{PARAMETER[:-6]}...", PARAMETER.replace("123456789012", "xxxxxxxxxxxx")])
def test_no_statement_is_offered_on_a_resource_that_is_cut_or_masked(resource: str) -> None:
    why = "because no identity-based policy allows the ssm:GetParameters action"
    text = f"User: {ROLE} is not authorized to perform: ssm:GetParameters on resource: {resource} {why}"
    assert not understood(text).patchable


def test_several_refusals_of_one_text_are_all_told() -> None:
    other = DENIED.replace("shop/db", "shop/key")
    assert [each.resource for each in understood(f"{DENIED}; {other}; {other}").denials] == [
        SECRET,
        SECRET.replace("shop/db", "shop/key"),
    ]


IDENTITY = "because no identity-based policy allows the action"
MISLEADING = {
    "a log group that is said to be missing": (
        "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log"
        " group defined in"
        " the task definition. There is a connection issue between the task and Amazon CloudWatch. : signal: killed",
        "log-group-unreachable",
        Category.NETWORK,
        2,
    ),
    "a role named null": (
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/null' that was provided for this task."
        " Please verify that the role being passed has the proper trust relationship and permissions and that your IAM"
        " user has permissions to pass this role.",
        "role-not-named",
        Category.MALFORMED,
        0,
    ),
    "a trust policy that is said to be wrong": (
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/shop' that was provided for this task."
        " Please verify that the"
        " role being passed has the proper trust relationship and permissions and that your IAM user has permissions"
        " to pass this role.",
        "role-not-assumed",
        Category.TRUST,
        4,
    ),
    "a Python package that is said to be missing": (
        "failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to import botocore, please install"
        " botocore first",
        "efs-name-not-resolved",
        Category.VOLUME,
        2,
    ),
    "an environment file that does not exist": (
        "failed to download env files: operation error S3: HeadObject, https response error StatusCode: 403, api"
        " error Forbidden",
        "environment-file-forbidden",
        Category.MISSING,
        4,
    ),
    "a host that is mistyped": (
        'CannotPullContainerError: Get "https://123456789012.dkr.ecr.us-east-1.amazonawss.com/v2/": dial tcp'
        " 10.0.0.1:443: i/o timeout",
        "image-host-mistyped",
        Category.MALFORMED,
        0,
    ),
    "layers in Amazon S3": (
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open:"
        " failed to do"
        " request: Get 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web: dial tcp 52.217.1.1:443: i/o timeout",
        "layers-unreachable",
        Category.NETWORK,
        0,
    ),
    "a partial ARN that was read as complete": (
        f"User: {ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource:"
        f" arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-secret {IDENTITY}",
        "denied-by-identity-based-policy",
        Category.MALFORMED,
        2,
    ),
    "an image that expired": (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:1111: unexpected status from HEAD request: 403"
        " Forbidden",
        "digest-forbidden",
        Category.IMAGE,
        4,
    ),
    "an environment file that does not exist, in newer words": (
        "failed to download env files: operation error S3: HeadObject, https response error StatusCode: 403, api error"
        f' AccessDenied: User: {ROLE} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::shop"'
        f" {IDENTITY}",
        "denied-by-identity-based-policy",
        Category.MISSING,
        2,
    ),
    "a role whose name nobody filled in": (
        f"User: arn:aws:iam::123456789012:user/deploy is not authorized to perform: iam:PassRole on resource:"
        f" arn:aws:iam::123456789012:role/null {IDENTITY}",
        "denied-by-identity-based-policy",
        Category.MALFORMED,
        2,
    ),
    "an instance with another role": (
        'level=error msg="Error re-registering container instance" error="AccessDeniedException: User:'
        " arn:aws:sts::123456789012:assumed-role/other/mi-02eeadc1ad782ba21 is not authorized to perform:"
        f' ecs:RegisterContainerInstance on resource: arn:aws:ecs:us-east-1:123456789012:cluster/shop {IDENTITY}"',
        "denied-by-identity-based-policy",
        Category.PERMISSION,
        0,
    ),
    "an instance that calls for a task without an execution role": (
        "User: arn:aws:sts::123456789012:assumed-role/instances/i-02eeadc1ad782ba21 is not authorized to perform:"
        f" ecr:GetAuthorizationToken on resource: * {IDENTITY}",
        "denied-by-identity-based-policy",
        Category.PERMISSION,
        2,
    ),
    "a name where an ARN belongs": (
        f"User: {ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource: shop/db {IDENTITY}",
        "denied-by-identity-based-policy",
        Category.PERMISSION,
        0,
    ),
    "a circuit breaker": ("ECS Deployment Circuit Breaker was triggered", "circuit-breaker", Category.UNDETERMINED, 0),
    "a wait that ended": ("Exceeded attempts to wait", "not-stable", Category.UNDETERMINED, 0),
    "a task that did not start": ("Task failed to start", "task-failed-to-start", Category.UNDETERMINED, 0),
    "exit 137 alone": ("Exit code: 137", "killed", Category.UNDETERMINED, 2),
    "exit 137 with its cause": ("Exit code: 137 OutOfMemoryError: killed", "out-of-memory", Category.LIMIT, 0),
}


@pytest.mark.parametrize(("text", "name", "category", "causes"), MISLEADING.values(), ids=MISLEADING)
def test_what_misleads_misleads_nobody_here(text: str, name: str, category: Category, causes: int) -> None:
    found = understood(text)
    assert (found.name, found.category, len(found.causes)) == (name, category, causes)
    assert not found.patchable


@pytest.mark.parametrize("start", ["16.15.0.", "52.216.0.", "52.217.0.", "52.218.0.", "52.219.0."])
def test_an_address_of_amazon_s3_is_that_of_layers(start: str) -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web"
    pulling = (
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open"
    )
    found = understood(f"{pulling} open: failed to do request: Get {image}: dial tcp {start}9:443: i/o timeout")
    assert (found.name, found.action) == ("layers-unreachable", "ecr:GetDownloadUrlForLayer")


def test_four_things_are_behind_a_role_that_is_not_assumed() -> None:
    found = understood(MISLEADING["a trust policy that is said to be wrong"][0])
    signs = ("trust policy", "does not exist", "iam:PassRole", "seconds ago")
    assert [next(sign for sign in signs if sign in cause.what) for cause in found.causes] == list(signs)


CUT = {
    "dots": f"{DENIED[:252]}...",
    "at 255": DENIED[:255],
    "at 255, behind the label of a console": f"Stopped reason\n{DENIED[:255]}",
    "colon": f"{DENIED[:230]}:",
}


@pytest.mark.parametrize("text", CUT.values(), ids=CUT)
def test_a_text_that_ends_before_its_cause_says_so(text: str) -> None:
    found = understood(text)
    assert (found.name, found.cut, found.category) == ("cut", True, Category.UNDETERMINED)
    assert found.action == "secretsmanager:GetSecretValue"
    assert "describe-tasks" in found.sure


@pytest.mark.parametrize(("times", "likeliest"), [(1, Category.PERMISSION), (5, Category.NETWORK)])
def test_the_retries_of_a_cut_text_rank_its_causes_and_prove_none(times: int, likeliest: Category) -> None:
    cut = DENIED[: DENIED.index(": failed to fetch")].replace("1 time", f"{times} time")
    found = understood(f"{cut}...")
    assert (found.category, found.causes[0].category, found.cut) == (Category.UNDETERMINED, likeliest, True)


def test_what_is_no_message_is_none() -> None:
    assert understand("The shop opens at nine.") is None
    assert understand("") is None


def test_a_time_out_names_the_endpoint_that_is_missing() -> None:
    found = understood(
        "unable to retrieve secret from asm: RequestError: send request failed caused by: Post"
        ' "https://secretsmanager.us-east-1.'
        'amazonaws.com/": dial tcp 52.94.0.1:443: i/o timeout'
    )
    assert (found.category, found.endpoint) == (Category.NETWORK, "com.amazonaws.us-east-1.secretsmanager")


def test_a_log_is_split_into_its_entries() -> None:
    log = f"2026-01-15T10:00:00Z one\n  more of one\n2026-01-15T10:00:01Z two\n\nthree\n{'x' * 20}"
    assert split(log) == (
        "2026-01-15T10:00:00Z one\n  more of one",
        "2026-01-15T10:00:01Z two",
        f"three\n{'x' * 20}",
    )


def test_a_name_at_the_end_of_a_line_is_not_glued_to_what_follows() -> None:
    assert normalised("on arn:aws:s3:::shop/\nbecause no policy") == "on arn:aws:s3:::shop/ because no policy"


HOSTILE = {
    "backslashes": "\\" * 250_000,
    "refusals": "not authorized to perform: a:b " * 8_000,
    "gaps": "repository exec: volume log driver capacity provider " * 4_800,
    "hosts": "https://a.b lookup c.d &#38 \x1b[" * 8_200,
    "lines": "arn:aws-\n" * 28_000,
    "paragraphs": "a\n\n" * 82_000,
    "brackets": "[" * 250_000,
    "operations": "operation error a a a a a a a a " * 7_800,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_takes_longer_than_its_length(text: str) -> None:
    began = time.process_time()
    collected(text)
    # A slow machine takes a second; more than linear time would be minutes.
    assert time.process_time() - began < 3
