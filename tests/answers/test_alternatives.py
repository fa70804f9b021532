"""What a role allows in another way is not missing."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.answers.verification import Outcome
from tests.answers.test_verify import allow, need, role, verified

GROUP = "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/shop"
FIND = "logs:DescribeLogStreams"
SPELLINGS: dict[str, tuple[list[dict[str, Any]], list[Outcome]]] = {
    "with streams, as AWS's examples": ([{"resource": f"{GROUP}:*"}], [Outcome.ALLOWED]),
    "without, which refusals never name": ([{"resource": GROUP}], [Outcome.ALLOWED, Outcome.MISSING]),
    "both": ([{"resource": [GROUP, f"{GROUP}:*"]}], [Outcome.ALLOWED, Outcome.ALLOWED]),
    "neither": ([{"resource": f"{GROUP}-other:*"}], [Outcome.MISSING, Outcome.MISSING]),
    "one is denied": (
        [{"resource": f"{GROUP}*"}, {"Effect": "Deny", "resource": GROUP}],
        [Outcome.DENIED, Outcome.ALLOWED],
    ),
}


@pytest.mark.parametrize(("statements", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_the_arn_with_streams_is_enough_for_a_log_group(
    statements: list[dict[str, Any]], expected: list[Outcome]
) -> None:
    judged = verified(role(*(allow(FIND, **each) for each in statements)), need(FIND, GROUP), need(FIND, f"{GROUP}:*"))
    assert [each.outcome for each in judged.judged] == expected
