"""The result of a check for each reference: usable, not usable, or unknown, and why."""

from __future__ import annotations

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.check import Usable, at_home, check, left_open
from cfnroles.aws.secret_validator import Examined
from cfnroles.facts import Facts
from cfnroles.need import Reference

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/token-AbCdEf"

TASK = """{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128,
  "secrets": [{"name": "TOKEN", "valueFrom": "VALUE"}]}]}"""


def reference(value_from: str) -> Reference:
    task = read(Document("shop.json", TASK.replace("VALUE", value_from)), Told()).task()
    (found,) = task.discovery.references
    return found


FOUND = {
    "there": (Examined(ARN, version="v1"), Usable.YES),
    "not there": (Examined(ARN, code="missing", what="does not exist"), Usable.NO),
    "AWS refused to say": (Examined(ARN, code="denied", what="may not be described", unknown=True), Usable.UNKNOWN),
}


@pytest.mark.parametrize(("examined", "usable"), FOUND.values(), ids=FOUND)
def test_what_was_found_out(examined: Examined, usable: Usable) -> None:
    checked = check([reference(ARN)], [examined], ())
    assert checked.references[0].usable is usable
    assert [checked.count(each) for each in Usable] == [int(each is usable) for each in Usable]


def test_answers_go_to_the_references_that_were_asked_about() -> None:
    open_one, asked = reference(ARN.replace("shop", "<STAGE>")), reference(ARN)
    assert [placeholder.called for placeholder in left_open(open_one)] == ["STAGE"]
    checked = check([open_one, asked], [Examined(ARN, version="v1")], ())
    assert [each.usable for each in checked.references] == [Usable.UNKNOWN, Usable.YES]


OWN = {
    "account and Region": (
        "arn:aws:secretsmanager:${AWS_REGION}:${AWS_ACCOUNT_ID}:secret:shop/token-AbCdEf",
        Facts("111122223333", "eu-west-1"),
        ARN,
    ),
    "a placeholder stays": (
        "arn:aws:secretsmanager:${AWS_REGION}:111122223333:secret:<STAGE>-AbCdEf",
        Facts("111122223333", "eu-west-1"),
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:${Stage}-AbCdEf",
    ),
}


@pytest.mark.parametrize(("value_from", "facts", "told"), OWN.values(), ids=OWN)
def test_a_reference_at_home(value_from: str, facts: Facts, told: str) -> None:
    assert str(at_home(reference(value_from), facts).value_from) == told
