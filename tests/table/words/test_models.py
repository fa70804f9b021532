"""Models of Bedrock: the model itself, or an inference profile with the model behind it."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.table.words import GRANTS
from cfnroles.workload import Workload

HOME = "arn:aws:bedrock:us-east-1:123456789012"
NOVA = "amazon.nova-lite-v1:0"
PROFILE = f"{HOME}:inference-profile/us.{NOVA}"
APPLICATION = f"{HOME}:application-inference-profile/a1b2c3d4e5f6"


def granted(value: Any, **options: Any) -> Discovery:
    entry = {"bedrock-invoke": [value], **options}
    return discover(Workload("cfnroles.yaml", {"grants": [entry]}), Facts("123456789012", "us-east-1"), GRANTS)


def invoked(found: Discovery) -> set[str]:
    assert not found.findings
    return {
        str(need.permission).removeprefix("bedrock:InvokeModel on ")
        for need in found.needs
        if need.permission.action == "bedrock:InvokeModel"
    }


def behind(profile: str, model: str = NOVA) -> set[str]:
    condition = f"bedrock:InferenceProfileArn ArnEquals {profile}"
    return {profile, f"arn:aws:bedrock:*::foundation-model/{model}, {condition}"}


@pytest.mark.parametrize("name", [NOVA, "zai.glm-4.7", "ai21.jamba-1-5-mini-v1:0", "meta.llama3-1-8b-instruct-v1:0"])
def test_a_foundation_model_is_invoked_where_the_task_runs(name: str) -> None:
    assert invoked(granted(name)) == {f"arn:aws:bedrock:us-east-1::foundation-model/{name}"}


@pytest.mark.parametrize("geography", ["us", "eu", "apac", "global", "us-gov", "jp"])
def test_an_inference_profile_reaches_its_model_in_every_region_through_itself_only(geography: str) -> None:
    found = granted(f"{geography}.{NOVA}")
    assert invoked(found) == behind(f"{HOME}:inference-profile/{geography}.{NOVA}")
    assert not found.gaps


def test_an_arn_of_a_profile_is_taken_as_its_id_is() -> None:
    assert invoked(granted(PROFILE)) == invoked(granted(f"us.{NOVA}")) == behind(PROFILE)


def test_the_model_behind_an_application_profile_is_named_beside_it() -> None:
    assert invoked(granted(APPLICATION, model=NOVA)) == behind(APPLICATION)
    (gap,) = granted(APPLICATION).gaps
    assert "does not say the foundation model" in gap.what
    assert invoked(granted(APPLICATION)) == {APPLICATION}


def test_the_same_holds_for_an_import() -> None:
    assert granted({"import": "profile"}).gaps
    assert len(invoked(granted({"import": "profile"}, model=NOVA))) == 2


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:bedrock:::foundation-model/{NOVA}",
        f"arn:aws:bedrock:eu-west-1::foundation-model/{NOVA}",
        f"{HOME}:provisioned-model/abc123",
        f"{HOME}:imported-model/abc123",
        f"{HOME}:custom-model-deployment/abc123",
        f"{HOME}:prompt-router/abc123",
    ],
)
def test_whatever_else_can_be_invoked_is_named_by_its_arn(arn: str) -> None:
    assert invoked(granted(arn)) == {arn}


@pytest.mark.parametrize("value", [f"{HOME}:guardrail/x", f"{HOME}:inference-profile/{NOVA}", "nova", f"us.{NOVA}*"])
def test_nothing_else_is_taken(value: str) -> None:
    assert granted(value).findings


def test_a_model_that_contradicts_the_profile_is_refused() -> None:
    assert "other than" in granted(f"us.{NOVA}", model="amazon.nova-pro-v1:0").findings[0].what
    assert not granted(f"us.{NOVA}", model=NOVA).findings
