"""Directories of Terraform: variables, modules, instances and files, and how far each of them leads."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.hcl.definitions import instances, sites
from cfnroles.hcl.directory import Directory
from cfnroles.hcl.instances import ResourceInstance
from cfnroles.hcl.module import Module
from cfnroles.hcl.project import Project
from cfnroles.hcl.providers import root_provider
from cfnroles.hcl.session import Budget, Session
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Failed
from cfnroles.symbols import Apart
from tests.evaluated import output, project, shown

HERE = Place("", 0, 0)
TASK = "aws_ecs_task_definition"


def found(files: dict[str, str] | str, **parameters: str) -> list[ResourceInstance]:
    """The instances of all task definitions."""
    whole = project(files, parameters)
    module = Module(whole, Session(Budget()))
    return [each for site in sites(whole, TASK) for each in instances(site, module)]


def families(files: dict[str, str] | str, **parameters: str) -> dict[str, Any]:
    return {each.address: shown(each.member("family", HERE)) for each in found(files, **parameters)}


VARIABLES = {
    "a default": ({}, {}, "default"),
    "terraform.tfvars": ({"terraform.tfvars": 'v = "file"'}, {}, "file"),
    "an automatic file": ({"terraform.tfvars": 'v = "file"', "a.auto.tfvars": 'v = "auto"'}, {}, "auto"),
    "the last automatic file": ({"b.auto.tfvars": 'v = "b"', "a.auto.tfvars": 'v = "a"'}, {}, "b"),
    "the command line": ({"a.auto.tfvars": 'v = "auto"'}, {"v": "told"}, "told"),
    "a file that nobody names": ({"prod.tfvars": 'v = "prod"'}, {}, "default"),
}


@pytest.mark.parametrize(("beside", "parameters", "expected"), VARIABLES.values(), ids=VARIABLES)
def test_who_tells_the_value_of_a_variable(beside: dict[str, str], parameters: dict[str, str], expected: str) -> None:
    main = 'variable "v" { default = "default" }\noutput "it" { value = var.v }\n'
    assert shown(output({"main.tf": main, **beside}, **parameters)) == expected


TYPES = {
    "a number for a text": ("string", "3", '"3"'),
    "a text for a number": ("number", "3", "3"),
    "an expression where any value is taken": ("any", '["a", 1]', '["a", 1]'),
    "a type in quotes": ('"string"', '["a"]', '"[\\"a\\"]"'),
    "a list": ("list(string)", '["a", 1]', '["a", "1"]'),
    "a set": ("set(string)", '["b", "a", "b"]', '["a", "b"]'),
    "a map": ("map(number)", '{a = "1"}', '{"a": 1}'),
    "an optional member": ("object({a = string, b = optional(number), c = optional(bool, true)})", "{a = 1}", None),
    "null for an optional member": (
        "object({a = string, b = optional(number), c = optional(bool, true)})",
        '{a = "1", c = null}',
        None,
    ),
    "what is written like an expression": ("string", "${local.a}", '"${local.a}"'),
}


@pytest.mark.parametrize(("kind", "told", "expected"), TYPES.values(), ids=TYPES)
def test_a_value_becomes_what_its_variable_is(kind: str, told: str, expected: str | None) -> None:
    made = shown(output(f'variable "v" {{ type = {kind} }}\noutput "it" {{ value = var.v }}\n', v=told))
    assert json.dumps(made) == (expected or '{"a": "1", "b": null, "c": true}')


def test_a_variable_that_is_not_there_cannot_be_told() -> None:
    with pytest.raises(InvalidInput, match="no variable is named w") as raised:
        project('variable "v" {}\n', {"w": "1"})
    assert "Its variables: v" in raised.value.why


def test_what_a_call_leaves_out_is_given_in_the_call() -> None:
    files = {
        "main.tf": 'module "m" { source = "./m" }\noutput "it" { value = module.m.o }\n',
        "m/main.tf": 'variable "v" {}\noutput "o" { value = var.v }\n',
    }
    made = output(files).unknown
    assert made is not None
    assert made.remedy == 'Write v = "VALUE" in the call of module.m'


PASTED = {
    "nothing": ("", "v=VALUE"),
    "a text": ("type = string", "v=VALUE"),
    "a number": ("type = number", "v=1"),
    "a truth value": ("type = bool", "v=true"),
    "any value": ("type = any", """'v="VALUE"'"""),
    "a list": ("type = list(number)", "'v=[1]'"),
    "a set of objects": ("type = set(object({ a = string }))", """'v=[{"a":"VALUE"}]'"""),
    "a map": ("type = map(string)", """'v={"KEY":"VALUE"}'"""),
    "a map in quotes": ('type = "map"', """'v={"KEY":"VALUE"}'"""),
    "a list without elements' type": ("type = list", """'v=["VALUE"]'"""),
    "a tuple": ("type = tuple([string, bool])", """'v=["VALUE",true]'"""),
    "an object": (
        "type = object({ name = string, keys = map(list(any)), port = optional(number) })",
        """'v={"name":"VALUE","keys":{"KEY":["VALUE"]}}'""",
    ),
}


@pytest.mark.parametrize(("kind", "expected"), PASTED.values(), ids=PASTED)
def test_the_option_that_tells_a_variable_has_the_form_of_its_type(kind: str, expected: str) -> None:
    files = f'variable "v" {{ {kind} }}\noutput "it" {{ value = var.v }}\n'
    unknown = output(files).unknown
    assert unknown is not None
    assert unknown.remedy == f"Pass --parameter {expected}"
    (pasted,) = shlex.split(expected)
    assert output(files, v=pasted.partition("=")[2]).unknown is None


@pytest.mark.parametrize(("kind", "expected"), PASTED.values(), ids=PASTED)
def test_a_remedy_for_a_call_has_a_value_of_the_variables_type(kind: str, expected: str) -> None:
    call = 'module "m" {{\n source = "./m"\n{}\n}}\noutput "it" {{ value = module.m.o }}\n'
    inner = {"m/main.tf": f'variable "v" {{ {kind} }}\noutput "o" {{ value = var.v }}\n'}
    unknown = output({"main.tf": call.format(""), **inner}).unknown
    assert unknown is not None
    written = unknown.remedy.removeprefix("Write ").removesuffix(" in the call of module.m")
    assert output({"main.tf": call.format(written), **inner}).unknown is None


INSTANCES = {
    "one": ("", {"aws_ecs_task_definition.app": "app-"}),
    "a count": ("count = 2", {f"aws_ecs_task_definition.app[{n}]": f"app-{n}" for n in (0, 1)}),
    "a count of none": ("count = 0", {}),
    "keys": ('for_each = toset(["a", "b"])', {f'aws_ecs_task_definition.app["{n}"]': f"app-{n}" for n in "ab"}),
    "a map": ("for_each = { a = 1 }", {'aws_ecs_task_definition.app["a"]': "app-a"}),
    "a count that nobody knows": (
        "count = length(var.n)",
        {"aws_ecs_task_definition.app[count.index]": "app-<count.index of length(var.n)>"},
    ),
    "keys that nobody knows": (
        "for_each = var.n",
        {"aws_ecs_task_definition.app[each.key]": "app-<each.key of var.n>"},
    ),
}


@pytest.mark.parametrize(("repeated", "expected"), INSTANCES.values(), ids=INSTANCES)
def test_instances(repeated: str, expected: dict[str, str]) -> None:
    own = "count.index" if "count" in repeated else "each.key" if repeated else '""'
    text = f'variable "n" {{}}\nresource "{TASK}" "app" {{\n {repeated}\n family = "app-${{{own}}}"\n}}\n'
    assert families(text) == expected


MODULE = {
    "main.tf": """
module "web" {
  source   = "./service"
  for_each = { a = "one", b = "two" }
  name     = each.value
  secret   = aws_secretsmanager_secret.db.arn
}
resource "aws_secretsmanager_secret" "db" {}
output "it" { value = { name = module.web["a"].name, all = [for m in module.web : m.name], s = module.web["b"].s } }
""",
    "service/main.tf": """
variable "name" {}
variable "secret" {}
variable "size" { default = 1 }
locals { full = "${var.name}-${var.size}" }
resource "aws_ecs_task_definition" "app" { family = local.full }
output "name" { value = local.full }
output "s" { value = var.secret }
""",
}


def test_a_local_module_takes_inputs_and_gives_outputs() -> None:
    assert families(MODULE) == {
        'module.web["a"].aws_ecs_task_definition.app': "one-1",
        'module.web["b"].aws_ecs_task_definition.app': "two-1",
    }
    assert shown(output(MODULE)) == {
        "name": "one-1",
        "all": ["one-1", "two-1"],
        "s": "<aws_secretsmanager_secret.db.arn>",
    }


def test_a_module_that_is_not_at_hand_is_never_fetched() -> None:
    text = 'module "m" { source = "terraform-aws-modules/ecs/aws" }\noutput "it" { value = module.m.arn }\n'
    symbol = output(text).unknown
    assert symbol is not None
    assert symbol.name == "module.m.arn"
    assert symbol.reason == 'module.m is not available: its source is "terraform-aws-modules/ecs/aws"'
    assert symbol.remedy == "Run `terraform init` to download it to .terraform/modules, where cfnroles reads it"
    missing = output(text.replace("terraform-aws-modules/ecs/aws", "./m")).unknown
    assert missing is not None
    assert missing.reason == 'module.m is not available: cfnroles finds no files of Terraform in "./m"'
    assert missing.remedy.startswith("Restore its directory")


def test_a_module_is_read_where_terraform_init_has_brought_it() -> None:
    files = {
        "main.tf": 'module "m" { source = "a/b/aws" }\noutput "it" { value = module.m.name }\n',
        ".terraform/modules/modules.json": '{"Modules": [{"Key": "m", "Dir": ".terraform/modules/m"}]}',
        ".terraform/modules/m/main.tf": 'output "name" { value = "here" }\n',
    }
    assert shown(output(files)) == "here"


def test_a_module_that_was_brought_to_elsewhere_is_not_read() -> None:
    files = {
        "main.tf": 'module "m" { source = "a/b/aws" }\noutput "it" { value = module.m.name }\n',
        ".terraform/modules/modules.json": '{"Modules": [{"Key": "m", "Dir": "/elsewhere"}]}',
        "/elsewhere/main.tf": 'output "name" { value = "there" }\n',
    }
    assert shown(output(files)) == "<module.m.name>"


@pytest.mark.parametrize("noted", ["", "[]", '{"Modules": 1}', "[" * 100_000, '{"Modules": [{"Key": "m"}]}'])
def test_what_terraform_init_noted_may_be_anything(noted: str) -> None:
    files = {
        "main.tf": 'module "m" { source = "a/b/aws" }\noutput "it" { value = module.m.name }\n',
        ".terraform/modules/modules.json": noted,
    }
    assert shown(output(files)) == "<module.m.name>"


def test_modules_that_call_each_other_come_to_an_end() -> None:
    files = {
        "main.tf": 'module "a" { source = "./a" }\n',
        "a/main.tf": f'module "b" {{ source = "../b" }}\nresource "{TASK}" "t" {{ family = "x" }}\n',
        "b/main.tf": 'module "a" { source = "../a" }\n',
    }
    whole = project(files)
    assert 1 < len(sites(whole, TASK)) < 20


def test_a_file_overrides_what_others_say() -> None:
    files = {
        "main.tf": 'variable "v" { default = "a" }\noutput "it" { value = var.v }\n',
        "z_override.tf": 'variable "v" { default = "b" }\n',
    }
    assert shown(output(files)) == "b"


def test_what_overrides_takes_the_place_of_blocks_however_they_are_made() -> None:
    volume = 'dynamic "volume" {{\n for_each = ["{0}"]\n content {{ name = volume.value }}\n}}\n'
    files = {
        "main.tf": f'provider "aws" {{ region = "a" }}\nresource "{TASK}" "t" {{\n{volume.format("usual")}}}\n',
        "override.tf": f'provider "aws" {{ region = "b" }}\nresource "{TASK}" "t" {{\n{volume.format("own")}}}\n',
    }
    (task,) = found(files)
    blocks = task.blocks("volume")
    assert blocks is not None
    assert shown(blocks) == [{"name": "own"}]
    assert [each.body.arguments["region"].written for each in project(files).root.providers] == ['"b"']


def test_what_two_files_declare_is_refused() -> None:
    files = {"a.tf": 'variable "v" {}\n', "b.tf": '\nvariable "v" {}\n'}
    with pytest.raises(InvalidInput, match="declares variable v a second time") as raised:
        project(files)
    assert raised.value.where == "b.tf:2:1"


DYNAMIC = """
resource "aws_ecs_task_definition" "app" {
  volume { name = "fixed" }
  dynamic "volume" {
    for_each = VOLUMES
    iterator = v
    content { name = v.value }
  }
}
variable "volumes" {}
"""


def test_dynamic_blocks() -> None:
    (task,) = found(DYNAMIC.replace("VOLUMES", '["a", "b"]'))
    blocks = task.blocks("volume")
    assert blocks is not None
    assert shown(blocks) == [{"name": "fixed"}, {"name": "a"}, {"name": "b"}]
    (task,) = found(DYNAMIC.replace("VOLUMES", "var.volumes"))
    blocks = task.blocks("volume")
    assert blocks is not None
    assert shown(blocks) == [{"name": "fixed"}, "<var.volumes>"]


FILES = {
    "a file": ('file("${path.module}/a.txt")', "text ${b}\n"),
    "a template": ('templatefile("${path.module}/a.txt", { b = "filled" })', "text filled\n"),
    "a template in a string": ('templatestring("text $${b}", { b = "filled" })', "text filled"),
    "a template with an open part": ('templatefile("a.txt", { b = var.b })', "text <var.b>\n"),
    "a file that is there": ('fileexists("a.txt")', True),
    "a file that is not": ('fileexists("b.txt")', False),
    "an old template": ("data.template_file.a.rendered", "text old\n"),
}


@pytest.mark.parametrize(("expression", "expected"), FILES.values(), ids=FILES)
def test_files_of_the_directory(expression: str, expected: Any) -> None:
    data = 'data "template_file" "a" {\n template = file("a.txt")\n vars = { b = "old" }\n}\n'
    main = f'output "it" {{ value = {expression} }}\nvariable "b" {{}}\n{data}'
    assert shown(output({"main.tf": main, "a.txt": "text ${b}\n"})) == expected


OUTSIDE = {
    "a path that leads up": "../secret.txt",
    "an absolute path": "/etc/passwd",
    "a link": "link.txt",
    "a folder": ".",
    "no name": "a\\u0000b",
    "a template that knows no variable": None,
}


@pytest.mark.parametrize("path", OUTSIDE.values(), ids=OUTSIDE)
def test_no_file_is_read_outside_of_the_directory(path: str | None, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "t.txt").write_text("${local.a}", encoding="utf-8")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    call = f'file("{path}")' if path else 'templatefile("t.txt", {})'
    (inside / "main.tf").write_text(f"locals {{ a = {call} }}\n", encoding="utf-8")
    told = local_of(inside)
    assert "secret" not in told.replace("secret.txt", "")
    assert ("and cfnroles reads no files there" in told) is (
        path in ("../secret.txt", "/etc/passwd", "link.txt", "a\\u0000b")
    )


def local_of(directory: Path) -> str:
    """What the local `a` comes to, or why it does not."""
    module = Module(Project(Directory(str(directory))), Session(Budget()))
    try:
        found = module.named("local", ("a",), HERE)
    except Failed as failed:
        return failed.what
    value = found[0] if found else None
    return str(value.unknown.reason if value and value.unknown else value.data if value else "")


IN_REPOSITORY = {
    "shared/t.txt": "shared",
    ".git/config": "and cfnroles reads no files there",
    "../t.txt": "and cfnroles",
}


@pytest.mark.parametrize(("path", "expected"), IN_REPOSITORY.items(), ids=IN_REPOSITORY)
def test_a_file_of_the_same_repository_is_read(
    path: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    for name in ("shared", ".git", "envs/prod"):
        (repository / name).mkdir(parents=True)
    for name in ("shared/t.txt", ".git/config", "../t.txt"):
        (repository / name).write_text(f"the text of {name}", encoding="utf-8")
    (repository / "envs/prod/main.tf").write_text(f'locals {{ a = file("../../{path}") }}\n', encoding="utf-8")
    assert expected in local_of(repository / "envs/prod")
    monkeypatch.setenv("HOME", str(repository))
    assert "and cfnroles reads no files there" in local_of(repository / "envs/prod")


def test_no_value_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_v", "hidden")
    text = 'variable "v" {}\nvariable "w" { default = "own" }\noutput "it" { value = "${var.v} ${var.w}" }\n'
    assert shown(output({"main.tf": text})) == "<var.v> own"


def test_a_directory_without_terraform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"has no \.tf files"):
        Project(Directory(str(tmp_path)))


OF_OPENTOFU = {
    "beside files of Terraform": ({"a.tofu": "b", "c.tf": "d"}, {"b", "d"}),
    "in the place of one": ({"a.tofu": "b", "a.tf": "c"}, {"b"}),
    "in JSON": ({"a.tofu.json": "b", "a.tf.json": "c", "a.tf": "d"}, {"b", "d"}),
}


@pytest.mark.parametrize(("files", "expected"), OF_OPENTOFU.values(), ids=OF_OPENTOFU)
def test_files_of_opentofu_are_read(files: dict[str, str], expected: set[str]) -> None:
    """https://opentofu.org/docs/language/files/"""
    texts = {
        file: json.dumps({"resource": {TASK: {name: {"family": name}}}})
        if file.endswith(".json")
        else f'resource "{TASK}" "{name}" {{\n  family = "{name}"\n}}\n'
        for file, name in files.items()
    }
    assert set(families(texts).values()) == expected


def test_a_file_of_opentofu_overrides() -> None:
    block = f'resource "{TASK}" "a" {{\n  family = "FAMILY"\n}}\n'
    texts = {"main.tf": block, "override.tofu": block.replace("FAMILY", "other")}
    assert set(families(texts).values()) == {"other"}


ASIDE = """
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

provider "aws" {
  alias   = "other"
  profile = "other"
}

provider "aws" {
  alias  = "same"
  region = var.region
}

provider "aws" {
  region = var.region
}
variable "region" {}
data "aws_region" "r" {
  ARGUMENT
}
output "it" { value = data.aws_region.r.name }
"""
APART = {
    "the usual provider": ("", Apart.NOT),
    "one with the same credentials and Region": ("provider = aws.same", Apart.NOT),
    "one of another Region": ("provider = aws.us", Apart.REGION),
    "one with other credentials": ("provider = aws.other", Apart.ACCOUNT),
    "one that is not declared": ("provider = aws.east", Apart.ACCOUNT),
    "the same Region, named": ("region = var.region", Apart.NOT),
    "another Region, named": ('region = "us-east-1"', Apart.REGION),
    "no Region, named": ("region = null", Apart.NOT),
}


@pytest.mark.parametrize(("argument", "expected"), APART.values(), ids=APART)
def test_what_is_made_in_another_place_says_so(argument: str, expected: Apart) -> None:
    symbol = output(ASIDE.replace("ARGUMENT", argument)).unknown
    assert symbol is not None
    assert symbol.apart is expected


CALLS = {
    "a provider of the root": "providers = { aws = aws.east }",
    "a provider of the root, through a module": "providers = { aws.x = aws.east }",
}
INNER = {
    "a provider of the root": 'data "aws_region" "r" {}',
    "a provider of the root, through a module": """
module "n" {
  source    = "./n"
  providers = { aws = aws.x }
}
""",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_module_may_be_handed_another_provider(name: str) -> None:
    of = "module.n.region" if "module" in INNER[name] else "data.aws_region.r.name"
    files = {
        "main.tf": f'module "m" {{\n  source = "./m"\n  {CALLS[name]}\n}}\noutput "it" {{ value = module.m.region }}\n',
        "m/main.tf": f'{INNER[name]}\noutput "region" {{ value = {of} }}\n',
        "m/n/main.tf": 'data "aws_region" "r" {}\noutput "region" { value = data.aws_region.r.name }\n',
    }
    symbol = output(files).unknown
    assert symbol is not None
    assert symbol.apart is Apart.ACCOUNT


PROVIDERS = {
    "of its own": ('provider "aws" { region = "us-east-1" }', "m.aws"),
    "that it only names": ('provider "aws" {}', "aws"),
}


@pytest.mark.parametrize(("declared", "expected"), PROVIDERS.values(), ids=PROVIDERS)
def test_a_module_may_declare_a_provider(declared: str, expected: str) -> None:
    files = {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": declared}
    assert root_provider(project(files), ("m",), "aws") == expected
