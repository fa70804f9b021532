"""A task definition needs the same, whatever others were read before it."""

from __future__ import annotations

from itertools import product

import pytest

from cfnroles import Told
from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.module import Module
from cfnroles.hcl.session import Budget, Session
from cfnroles.hcl.values import Value
from cfnroles.sources.terraform_known import KnownTasks
from cfnroles.sources.terraform_members import Turned, TurnedParts
from cfnroles.sources.terraform_tasks import InWorld, Surroundings, TaskInPasses, in_passes
from tests.evaluated import complete, project

ADDRESS = "aws_ecs_task_definition.app"
FILE = """
variable "tag" {}
locals {
  web   = { name = "web", image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1", essential = true }
  key   = [{ name = "KEY", valueFrom = aws_secretsmanager_secret.key.arn }]
  other = [{ name = "KEY", valueFrom = aws_secretsmanager_secret.other.arn }]
}
output "it" { value = jsonencode(CONTAINERS) }
"""
WEB = "local.web"
CONTAINERS = (
    f"[{WEB}]",
    f"[merge({WEB}, {{ secrets = local.key }})]",
    f"[merge({WEB}, {{ secrets = local.other }})]",
    f'[{WEB}, merge({WEB}, {{ name = "proxy", secrets = local.key }})]',
    f'[merge({WEB}, {{ name = "proxy", secrets = local.key }}), {WEB}]',
    f'[merge({WEB}, {{ name = var.tag }}), {{ name = "web" }}]',
    f'[merge({WEB}, {{ environment = [{{ name = "A", value = "<TAG>" }}] }})]',
    f'[merge({WEB}, {{ image = "<TAG>" }}), var.tag]',
    f'[merge({WEB}, {{ logConfiguration = {{ logDriver = "awslogs" }} }})]',
)
KEYS = ({}, {"aws_secretsmanager_secret.key.arn": None})


def given(containers: str, tag: str) -> dict[str, Value]:
    """The attributes of a task definition with these containers."""
    parameters = {"tag": tag} if tag else {}
    text = complete(FILE.replace("CONTAINERS", containers)).text("main.tf") or ""
    module = Module(project(text, parameters), Session(Budget()))
    return {"container_definitions": evaluate(module.configuration.outputs["it"].body.arguments["value"], module.scope)}


def task(turned: Turned, known: KnownTasks) -> TaskInPasses:
    return in_passes(ADDRESS, [InWorld({}, turned)], [{}], Told(region="us-east-1"), Surroundings("main.tf"), known)


FORMS = tuple(product(CONTAINERS, ("", "a")))


@pytest.mark.parametrize("forms", [FORMS, FORMS[::-1]], ids=["in order", "reversed"])
def test_it_needs_the_same_after_others(forms: tuple[tuple[str, str], ...]) -> None:
    known, parts = KnownTasks(), TurnedParts()
    for (containers, tag), keys in product(forms, KEYS):
        attributes = given(containers, tag)
        shared, alone = Turned(ADDRESS).attributes(attributes, parts), Turned(ADDRESS).attributes(attributes)
        for each in (shared, alone):
            each.keys |= keys
        assert shared == alone
        found, expected = task(shared, known), task(alone, KnownTasks())
        assert found.discoveries == expected.discoveries
        assert found.workloads == expected.workloads


def test_a_form_that_was_seen_is_the_same_object() -> None:
    known, parts = KnownTasks(), TurnedParts()
    first, again = (Turned(ADDRESS).attributes(given(CONTAINERS[1], ""), parts) for _ in range(2))
    assert first is not again
    assert task(first, known).workloads[0] is task(again, known).workloads[0]


def test_a_container_is_made_once_for_all_lists_that_have_it() -> None:
    parts = TurnedParts()
    whole = given(f"[{WEB}, {WEB}]", "")["container_definitions"]
    (one, _), (same, _) = (
        Turned(ADDRESS).attributes({"container_definitions": each}, parts).tree["containerDefinitions"]
        for each in (whole, whole)
    )
    assert one is same
