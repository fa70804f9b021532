"""The needs of a configuration with the names that it gives its resources, whatever other worlds say."""

from __future__ import annotations

from cfnroles.answers.configuration_texts import ConfigurationTexts, KnownTexts
from cfnroles.need import Need, Permission
from cfnroles.sources.terraform_directory import read_files
from cfnroles.sources.terraform_roles import Roles
from cfnroles.sources.told import Told
from cfnroles.symbols import Expression
from tests.evaluated import complete

FILE = """
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name = "web", image = "nginx", secrets = [{ name = "A", valueFrom = aws_ssm_parameter.a.arn }]
  }])
}
"""


def need_of_secret() -> Need:
    (task,) = read_files(complete(FILE), ".", Told()).tasks
    return next(each for each in task.discovery.needs if each.permission.resource.symbols)


def expression(need: Need) -> Expression:
    return next(each for each in need.permission.resource.symbols if isinstance(each, Expression))


def named(need: Need, name: str) -> Roles:
    """The roles of a world in which the resource of a need has this name."""
    return Roles(named={expression(need).name: name})


def resources(needs: list[Need]) -> list[Permission]:
    return [each.permission for each in needs]


def test_a_need_has_the_name_of_its_resource_in_each_world() -> None:
    need = need_of_secret()
    known, worlds = KnownTexts(), [named(need, "a"), named(need, "b"), Roles(), named(need, "a")]
    shared = [ConfigurationTexts(each, known=known).need(need) for each in worlds]
    assert resources(shared) == resources([ConfigurationTexts(each).need(need) for each in worlds])
    assert shared[3] is shared[0]
    assert len({str(each.permission.resource) for each in shared}) == 3


def test_worlds_that_share_a_need_tell_it_in_the_users_spelling() -> None:
    need, known = need_of_secret(), KnownTexts()
    texts = [ConfigurationTexts(named(need, "a"), known=known) for _ in range(2)]
    found = [each.told(each.need(need)) for each in texts]
    assert [each.permission.resource.written for each in found] == ["${aws_ssm_parameter.a.arn}"] * 2
    assert [list(each.seen) for each in texts] == [list(texts[0].seen)] * 2
