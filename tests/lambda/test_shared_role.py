"""The role as which a shared gate asks: assumed when it is there, told by AWS's code alone when it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from cfnroles.lambda_code import secret_gate, secret_validator
from cfnroles.lambda_code.custom_resource import Deadline, Request

from tests.clock import WoundClock

ROLE = "arn:aws:iam::123456789012:role/shop-secret-check-role-Role-1"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:gate"
KEYS = {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T"}
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"


class Refusal(Exception):
    """An error of botocore's."""

    def __init__(self, code: str) -> None:
        super().__init__("what AWS said")
        self.response = {"Error": {"Code": code, "Message": "what AWS said"}}


class Aws:
    """Clients that remember what they were made with; AssumeRole is refused by each of ``refusals`` first."""

    def __init__(self, *refusals: str) -> None:
        self.refusals, self.made, self.asked = list(refusals), [], 0

    def client(self, service: str, region: str, credentials: Any = None, **_: Any) -> Aws:
        self.made.append((service, region, credentials))
        return self

    def assume_role(self, **given: Any) -> dict[str, Any]:
        assert given["RoleArn"] == ROLE
        self.asked += 1
        if self.refusals:
            raise Refusal(self.refusals.pop(0))
        return {"Credentials": KEYS}

    def describe_secret(self, **_: Any) -> dict[str, Any]:
        return {"ARN": SECRET, "VersionIdsToStages": {"v": ["AWSCURRENT"]}}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`check(aws, **properties)`: the answer of the function to a request with these properties."""

    def ask(aws: Aws, previous: dict[str, Any] | None = None, **properties: Any) -> Any:
        monkeypatch.setattr(secret_gate.as_role, "__defaults__", (aws.client,))
        monkeypatch.setattr(secret_validator, "boto3_client", aws.client)
        wanted = {"References": [SECRET], "RoleArn": ROLE, **properties}
        return secret_validator.check(Request(wanted, previous or {}, Deadline(50, WoundClock()), FUNCTION))

    return ask


@pytest.mark.parametrize("refusals", [(), ("AccessDenied",) * 3, ("ThrottlingException",)], ids=["", "new", "busy"])
def test_it_asks_as_the_role_once_that_is_there(check: Any, refusals: tuple[str, ...]) -> None:
    aws = Aws(*refusals)

    assert check(aws).success
    assert aws.made[0] == ("sts", "us-east-1", None)
    assert {credentials["aws_access_key_id"] for service, _, credentials in aws.made if service != "sts"} == {"A"}


def test_without_a_role_it_asks_as_itself(check: Any) -> None:
    aws = Aws()

    assert check(aws, RoleArn="").success
    assert aws.made == [("secretsmanager", "us-east-1", None)]


REFUSED = {"never admitted": (("AccessDenied",) * 99, 16), "no role's ARN": (("ValidationError",) * 9, 1)}


@pytest.mark.parametrize(("refusals", "most"), REFUSED.values(), ids=REFUSED)
def test_a_role_that_it_may_not_assume_refuses_and_is_named(check: Any, refusals: tuple[str, ...], most: int) -> None:
    aws = Aws(*refusals)
    answer = check(aws)

    assert not answer.success
    assert answer.reason.startswith(f"{ROLE} cannot be assumed by the gate: {refusals[0]}.")
    assert "what AWS said" not in answer.reason
    assert 1 <= aws.asked <= most


def test_a_rollback_is_let_through_and_told(check: Any) -> None:
    before, after = {"DeploymentId": "20260101T000000Z"}, {"DeploymentId": "20250101T000000Z"}
    answer = check(Aws(*["AccessDenied"] * 99), before, **after)

    assert answer.success
    assert ROLE in answer.data["Tolerated"]
