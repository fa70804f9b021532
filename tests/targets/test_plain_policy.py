"""Plain policies: what IAM is given is what the task needs, and no expression is left in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cfnroles import Holder, InvalidInput, Told, explain, read, verify
from cfnroles.answers.verification import Outcome
from cfnroles.errors import BadAnswer, Unavailable
from cfnroles.role_kinds import ROLE_KINDS, RoleKind
from cfnroles.sources.reading import Reading
from cfnroles.targets.plain_policy import PlainPolicy, plain_policy, plain_trust

REPOSITORY = Path(__file__).parents[2]
CORPUS = REPOSITORY.parent / "shared" / "corpus" / "taskdefs"
SOURCES = [REPOSITORY / "examples" / "shop.json", *(sorted(CORPUS.glob("*.json")) if CORPUS.is_dir() else ())]
HOME = Told(account="123456789012", region="us-east-1")

#: What says why there is no document.
REASONS = ("needs no permission", "are unknown", "an unknown value", "IAM allows 10,240")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_policy_of_a_role_allows_what_the_task_needs_and_nothing_else(path: Path, tmp_path: Path) -> None:
    reading = read(str(path), HOME)
    for holder in (Holder.EXECUTION, Holder.TASK):
        policy = made(reading, holder)
        if isinstance(policy, str):
            assert any(reason in policy for reason in REASONS)
            continue
        written = json.dumps(policy.document)
        assert "${" not in written
        (tmp_path / "policy.json").write_text(written)

        judged = verify(reading, str(tmp_path / "policy.json"), holder)

        assert (judged.outcome, judged.excess) == (Outcome.ALLOWED, ())


def made(reading: Reading, holder: Holder) -> PlainPolicy | str:
    """The policy, or why there is none; what every command refuses is refused."""
    try:
        return plain_policy(reading, holder)
    except (BadAnswer, Unavailable) as without:
        return str(without)
    except InvalidInput as refused:
        with pytest.raises(InvalidInput, match=re.escape(str(refused))):
            explain(reading)
        return REASONS[0]


@pytest.mark.parametrize("kind", ROLE_KINDS, ids=lambda kind: kind.key)
def test_a_trust_policy_admits_the_service_that_assumes_the_role(kind: RoleKind) -> None:
    trust = plain_trust(read(str(SOURCES[0]), HOME), kind.holder)

    (statement,) = trust.document["Statement"]
    assert statement["Principal"] == {"Service": kind.assumed_by.service}
    assert "${" not in json.dumps(trust.document)
