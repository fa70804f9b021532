"""What a deployment and its gate tell each other: whichever clock is wrong, no missing secret passes silently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cfnroles.aws.stack import Event, StackDescription
from cfnroles.deploy.failures import explained
from cfnroles.deploy.gate import GateAnswer, gate_answer, next_deployment_id
from cfnroles.template.template import read_template

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
AN_HOUR_AGO = NOON - timedelta(hours=1)


def stack(outputs=(), updated=AN_HOUR_AGO, **parameters):
    return StackDescription(
        "id", "shop-task", "UPDATE_COMPLETE", "", tuple(parameters.items()), tuple(outputs), updated=updated
    )


class TestTheNextId:
    @pytest.mark.parametrize(
        ("deployed", "sent"),
        [
            pytest.param("initial", "20260131T120000.000000Z", id="the first"),
            pytest.param("20260131T110000.000000Z", "20260131T120000.000000Z", id="the time"),
            pytest.param("20260131T120000.000000Z", "20260131T120000.000001Z", id="a second at the same time"),
            pytest.param("20260131T120500.999999Z", "20260131T120501.000000Z", id="a clock that is 5 minutes slow"),
            pytest.param("2026-01-31T12:05:00Z", "20260131T120500.000001Z", id="another spelling"),
            pytest.param("20260131T121500.000000Z", "20260131T121500.000001Z", id="as far ahead as the gate believes"),
            pytest.param("20260131T121500.000001Z", "20260131T120000.000000Z", id="further ahead"),
            pytest.param("20990101T000000Z", "20260131T120000.000000Z", id="from the future"),
            pytest.param("99999999T999999.999999Z", "20260131T120000.000000Z", id="no time at all"),
            pytest.param("2", "20260131T120000.000000Z", id="a number"),
            pytest.param("", "20260131T120000.000000Z", id="nothing"),
        ],
    )
    def test_is_later_than_the_deployed_one(self, deployed, sent):
        assert next_deployment_id(NOON, stack(DeploymentId=deployed)) == sent

    def test_of_a_new_stack_is_the_time(self):
        assert next_deployment_id(NOON, None) == "20260131T120000.000000Z"

    def test_follows_what_was_deployed_at_its_time_however_slow_the_clock_is_now(self):
        deployed = stack(updated=NOON + timedelta(days=1), DeploymentId="20260201T120000Z")

        assert next_deployment_id(NOON, deployed) == "20260201T120000.000001Z"


TEMPLATE = """
Resources:
  SecretsExist: {Type: Custom::SecretsExist}
  Others: {Type: Custom::SecretsExist}
  Queue: {Type: Custom::Queue}
Outputs:
  A: {Value: !GetAtt SecretsExist.Checked}
  B: {Value: {Fn::GetAtt: Others.Checked}}
  C: {Value: !GetAtt Others.Tolerated}
  D: {Value: !GetAtt Queue.Checked}
  E: {Value: text}
"""


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("outputs", "answer"),
        [
            pytest.param({"A": "2", "C": "none", "D": "9", "E": "none"}, GateAnswer(2), id="one gate"),
            pytest.param({"A": "2", "B": "3"}, GateAnswer(5), id="two gates"),
            pytest.param({"A": "0", "C": "1 of 1"}, GateAnswer(0, ("1 of 1",)), id="something let through"),
            pytest.param({"D": "9", "E": "8"}, GateAnswer(None), id="outputs of something else"),
            pytest.param({"A": "many"}, GateAnswer(None), id="no number"),
            pytest.param({}, GateAnswer(None), id="no outputs"),
        ],
    )
    def test_is_what_the_outputs_carry(self, outputs, answer):
        asked = Event("1", "shop-task", "id", "SecretsExist", "Custom::SecretsExist", "UPDATE_COMPLETE")

        assert gate_answer(read_template(TEMPLATE, "x"), stack(outputs.items()), [asked]) == answer

    def test_of_another_time_counts_nothing_but_keeps_what_was_let_through(self):
        outputs = [("A", "2"), ("C", "1 of 1")]

        assert gate_answer(read_template(TEMPLATE, "x"), stack(outputs), ()) == GateAnswer(0, ("1 of 1",))


@pytest.fixture
def deployed_without_a_secret(cfnroles, aws, stacks, began):
    """A function that deploys at one time with all secrets, and at another without one of them."""

    def deploy(first, second):
        client = aws("secretsmanager")
        for name in ("shop/db", "shop/api"):
            client.create_secret(Name=name, SecretString="x")
        began(first)
        answer = cfnroles("deploy", stacks, "--yes")
        assert answer.code == 0, answer.err
        client.delete_secret(SecretId="shop/api", ForceDeleteWithoutRecovery=True)
        began(second)
        return cfnroles("deploy", stacks, "--yes", "--no-check")

    return deploy


def test_a_slow_clock_does_not_pass_the_gate(deployed_without_a_secret):
    now = datetime.now(UTC)

    answer = deployed_without_a_secret(now, now - timedelta(minutes=5))

    assert answer.code == 1
    assert "1. Secret shop/api does not exist." in answer.err


def test_what_a_gate_lets_through_is_told_and_fails_the_deployment(deployed_without_a_secret):
    # The gate of these stacks believes ids from the future, unlike cfnroles's own.
    now = datetime.now(UTC)

    answer = deployed_without_a_secret(now + timedelta(days=365), now)

    assert answer.code == 1
    assert answer.err.partition("\nerror: ")[2].splitlines()[:4] == [
        "the gate treated the deployment as a rollback and accepted what cannot be used:",
        "Secret shop/api does not exist. Needed by containerDefinitions[0].secrets[1] (API_KEY).",
        "",
        "shop-task failed; the stack is UPDATE_COMPLETE (is deployed).",
    ]
    assert "checked" not in answer.err.rpartition("shop-task")[2]


def test_the_number_of_checked_secrets_is_the_gates_not_the_templates(cfnroles, aws, quick):
    stacks, _ = quick
    validator = stacks / "secret-validator.yaml"
    validator.write_text(validator.read_text().replace("str(len(event", "str(5 + len(event"))

    answer = cfnroles("deploy", stacks, "--yes")

    assert answer.code == 0, answer.err
    assert "shop-task              created, 7 references checked" in answer.err


def test_a_template_that_hides_the_answer_is_told(cfnroles, aws, quick):
    stacks, _ = quick
    task = stacks / "shop-task.yaml"
    task.write_text(task.read_text().partition("  SecretsChecked:")[0])

    answer = cfnroles("deploy", stacks, "--yes")

    assert answer.code == 0, answer.err
    assert "created; what its gate checked is unknown: the template has no output of the attribute" in answer.err


@pytest.mark.parametrize("word", ["attribute", "key"])
def test_a_validator_older_than_the_template_is_named(word):
    failure = explained(
        "shop-task", f"CustomResource attribute error: Vendor response doesn't contain Checked {word} in"
    )

    assert failure.lines == ("the deployed secret validator does not return what the template requires (Checked)",)
    assert failure.remedy == "It is older than the template: also deploy the stack of the secret validator."
