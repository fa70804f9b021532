"""What a spec lacks so that `build` writes it goes into the spec."""

from __future__ import annotations

import json

import pytest

from cfnroles import Document, read
from cfnroles.answers.diagnose import diagnose
from cfnroles.sources.reading import Reading
from cfnroles.targets.fix import Fix, fix

TASK = {
    "family": "web",
    "containerDefinitions": [
        {"name": "web", "image": "nginx", "memory": 128, "secrets": [{"name": "A", "valueFrom": "/shop/a"}]}
    ],
}
SPEC = """\
project: shop
account: "123456789012"
region: us-east-1
services:
  web:  # the shop
    task-definition: web.json
"""
HOME = "us-east-1:123456789012"
KEY = f"arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = KEY.replace("1234abcd", "abcd1234")
ROLE = "    task-role:\n"
GRANTS = f"{ROLE}      grants:\n        - xray: true\n"
EXECUTION = "unable to pull secrets or registry auth: execution resource retrieval failed: "


def denied(action: str, resource: str, role: str = "shop-web-roles-TaskRole-1ABCDEFGHIJK") -> str:
    session = f"arn:aws:sts::123456789012:assumed-role/{role}/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
    why = f"because no identity-based policy allows the {action} action"
    return f"User: {session} is not authorized to perform: {action} on resource: {resource} {why}"


def spec(text: str) -> Reading:
    return read(Document("cfnroles.yaml", text, lambda path: Document(path, json.dumps(TASK))))


def fixed(text: str, message: str) -> Fix:
    reading = spec(text)
    return fix(diagnose(message, reading), spec=reading)


AGAIN = "cfnroles.yaml has it: deploy the roles of `cfnroles build cfnroles.yaml` again"
FOLLOWS = "follows from the task definition"
TOPIC, QUEUE = f"arn:aws:sns:{HOME}:orders", f"arn:aws:sqs:{HOME}:orders"
PUBLISH = denied("sns:Publish", TOPIC)
DECRYPT = EXECUTION + denied("kms:Decrypt", KEY)
FORMS = {
    "a word for exactly that": (SPEC, PUBLISH, "        - sns-publish: orders\n"),
    "behind other grants": (SPEC + GRANTS, PUBLISH, "- xray: true\n        - sns-publish: orders\n"),
    "a role without grants": (
        SPEC + ROLE + "      path: /shop/\n", PUBLISH, "      grants:\n        - sns-publish: orders\n"),
    "a statement where words say more": (SPEC, denied("sqs:PurgeQueue", QUEUE), "          actions: sqs:PurgeQueue\n"),
    "the key of a secret": (SPEC, DECRYPT, f"    kms-keys:\n      secrets: {KEY}\n"),
    "one more key": (
        f"{SPEC}    kms-keys: {{secrets: '{OTHER}'}}\n", DECRYPT, f'["{OTHER}", "{KEY}"]'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message", "has"), FORMS.values(), ids=FORMS)
def test_it_is_written_as_a_person_writes_it(text: str, message: str, has: str) -> None:
    (change,) = fixed(text, message).changes
    assert has in change.after
    assert "web:  # the shop\n" in change.after
    assert not spec(change.after).findings


LEFT = {
    "what build writes": (
        SPEC, denied("ssm:GetParameters", f"arn:aws:ssm:{HOME}:parameter/shop/a"), AGAIN),
    "what follows from the task definition": (
        SPEC, EXECUTION + denied("ssm:GetParameters", f"arn:aws:ssm:{HOME}:parameter/shop/b"), FOLLOWS),
    "which service": (
        f"{SPEC}  api:\n    task-definition: api.json\n", denied("sns:Publish", TOPIC, "payroll"), "has web, api"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message", "why"), LEFT.values(), ids=LEFT)
def test_what_the_spec_cannot_change_is_told(text: str, message: str, why: str) -> None:
    found = fixed(text, message)
    assert found.changes == ()
    assert why in found.refused[0]
