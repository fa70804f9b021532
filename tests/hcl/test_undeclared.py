"""Names that nothing declares are refused, as `terraform validate` does; those of elsewhere are not."""

from __future__ import annotations

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.hcl.undeclared import refuse_undeclared
from tests.evaluated import project

BESIDE = """
variable "services" {}
locals { name = "a" }
resource "aws_secretsmanager_secret" "db" {}
data "aws_region" "current" {}
module "m" { source = "./m" }
module "away" { source = "git::https://x" }
"""
INNER = 'variable "secrets" {}\noutput "arn" { value = var.secrets }\n'

REFUSED = {
    "a variable": ("var.servces", "main.tf:1:24: var.servces is not declared", "Did you mean 'var.services'?"),
    "a local": ("local.nam", "local.nam is not declared", "Did you mean 'local.name'?"),
    "a resource": (
        "aws_secretsmanager_secret.bd.arn",
        "aws_secretsmanager_secret.bd is not declared",
        "Did you mean 'aws_secretsmanager_secret.db'?",
    ),
    "a data source": ("data.aws_region.curent.id", "", "Did you mean 'data.aws_region.current'?"),
    "a module": ("module.none.arn", "module.none is not declared", "Declare it: `module"),
    "an output": ("module.m.arm", "module.m has no output arm", "Did you mean 'module.m.arn'?"),
    "in an index": ("{a = 1}[var.servces]", "var.servces is not declared", ""),
    "in a template": ('"a-${var.servces}"', "var.servces is not declared", ""),
    "in a condition": ('"%{if var.servces}a%{endif}"', "var.servces is not declared", ""),
    "in what `try` is given": ('try(var.servces, "")', "var.servces is not declared", ""),
    "in the collection of a loop": ("[for local in local.nam : local]", "local.nam is not declared", ""),
}


@pytest.mark.parametrize(("written", "what", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_name_that_nothing_declares_is_refused_with_the_one_that_was_meant(
    written: str, what: str, remedy: str
) -> None:
    files = {"main.tf": f'output "it" {{ value  = {written} }}\n{BESIDE}', "m/main.tf": INNER}
    with pytest.raises(InvalidInput) as raised:
        refuse_undeclared(project(files))
    assert what in str(raised.value)
    assert remedy in raised.value.remedy


TAKEN = {
    "a variable like no other, which Terragrunt may declare": "var.region",
    "a name of a loop": "[for aws_x in var.services : aws_x.y]",
    "names of a loop": "{for var, local in var.services : var => local.y}",
    "a name of a loop in a template": '"%{for var in var.services}${var.y}%{endfor}"',
    "a splat": "var.services[*].aws_x.y",
    "an attribute": "var.services.aws_x.y",
    "a key of an object": "{ aws_x = 1 }",
    "an instance": 'aws_secretsmanager_secret.db["a"].arn',
    "the workspace": "terraform.workspace",
    "an output of a module that is not available": "module.away.x",
    "the role of a file that is not written yet": "local.app_execution_role_arn",
    "a type without an underscore": "each.value",
}


@pytest.mark.parametrize("written", TAKEN.values(), ids=TAKEN)
def test_a_name_that_something_gives_is_none(written: str) -> None:
    refuse_undeclared(project({"main.tf": f'output "it" {{ value = {written} }}\n{BESIDE}', "m/main.tf": INNER}))


BLOCKS = """
resource "aws_x" "y" {
  provider = my_provider.west
  lifecycle { ignore_changes = [aws_tags.x] }
  dynamic "log_configuration" {
    for_each = [1]
    content { a = log_configuration.value }
  }
  dynamic "b" {
    for_each = [1]
    iterator = one_each
    content { a = one_each.value }
  }
}
"""


def test_the_iterator_of_a_dynamic_block_is_declared_inside_it() -> None:
    refuse_undeclared(project(BLOCKS))
    with pytest.raises(InvalidInput, match=r"log_configuration\.value is not declared"):
        refuse_undeclared(project(BLOCKS.replace("for_each = [1]", "for_each = log_configuration.value", 1)))


ELSEWHERE = {
    "a generator": {"main.tf": 'output "a" { value = var.a }\n', "terragrunt.hcl": ""},
    "a module that was fetched": {
        "main.tf": 'module "m" { source = "x/y/z" }\n',
        ".terraform/modules/modules.json": '{"Modules": [{"Key": "m", "Dir": ".terraform/modules/m"}]}',
        ".terraform/modules/m/main.tf": 'output "a" { value = var.a }\n',
    },
    "a file that cfnroles wrote": {"main.tf": "", "app.cfnroles.tf": "locals { a = aws_x.gone.arn }\n"},
}


@pytest.mark.parametrize("files", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_others_write_may_name_what_is_not_there(files: dict[str, str]) -> None:
    refuse_undeclared(project(files))


def test_a_call_gives_a_module_what_that_has_variables_for() -> None:
    files = {"main.tf": 'module "m" {\n  source = "./m"\n  secrts = []\n}\n', "m/main.tf": INNER}
    with pytest.raises(InvalidInput) as raised:
        refuse_undeclared(project(files))
    assert str(raised.value).startswith("main.tf:3:12: module.m has no variable secrts\nDid you mean 'secrets'?")


def test_all_names_are_told_at_once_and_each_of_them_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        refuse_undeclared(project('output "a" { value = [local.a, local.b, local.a] }\n'))
    assert raised.value.what == "2 names are not declared"
    assert str(raised.value.why).count("local.a is not declared") == 1
