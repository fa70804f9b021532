"""An image that only Terraform knows: what is needed if it is in Amazon ECR, and a file that asks the image itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

VARIABLES = """
variable "image" {}
variable "repository" {}
variable "tag" {}
variable "images" { type = map(string) }
variable "sidecar" { default = "public.ecr.aws/x/y:1" }
"""
TASK = """
resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = local.app_execution_role_arn
  task_role_arn      = local.app_task_role_arn
  container_definitions = jsonencode([CONTAINERS])
}
"""
ASKED = r'can(regex("^[0-9]{12}[.]dkr[.-]ecr[a-z-]*[.][a-z0-9-]+[.]", IMAGE))'


def written(cfnroles: Any, directory: Path, *images: str, more: str = "") -> str:
    containers = ", ".join(f'{{ name = "c{number}", image = {image} }}' for number, image in enumerate(images))
    (directory / "main.tf").write_text(VARIABLES + TASK.replace("CONTAINERS", containers) + more, encoding="utf-8")
    result = cfnroles("terraform", directory)
    assert result.code == 0, result.err
    return (directory / "app.cfnroles.tf").read_text(encoding="utf-8")


MORE = """
data "aws_ssm_parameter" "image" { name = "/image" }
locals { image = var.image }
module "ecr" { source = "terraform-aws-modules/ecr/aws" }
"""

IMAGES = {
    "a variable": ("var.image", "var.image"),
    "a variable with a default": ("var.sidecar", "var.sidecar"),
    "a repository and a tag": ('"${var.repository}:${var.tag}"', '"${var.repository}:${var.tag}"'),
    "a name in a variable's registry": ('"${var.repository}/app:1"', '"${var.repository}/app:1"'),
    "a local": ("local.image", "var.image"),
    "an output of a module that is not here": ("module.ecr.repository_url", "module.ecr.repository_url"),
    "a function": ('lookup(var.images, "app", "nginx")', 'lookup(var.images, "app", "nginx")'),
    "a resource": ("data.aws_ssm_parameter.image.value", "data.aws_ssm_parameter.image.value"),
}


@pytest.mark.parametrize(("image", "asked"), IMAGES.values(), ids=IMAGES)
def test_the_file_asks_the_image_and_is_understood(cfnroles: Any, tmp_path: Path, image: str, asked: str) -> None:
    text = written(cfnroles, tmp_path, image, more=MORE)
    assert f"if {ASKED.replace('IMAGE', asked)}]),\n" in text
    assert "made for the values" not in text
    assert f':repository/${{regex("^[^/]+/([^:@]+)", {asked})[0]}}"]' in text
    verified = cfnroles("verify", tmp_path, "--fail-on", "excess")
    assert verified.out.count("Verdict: pass") == 2, verified.out
    only_if = f"(only if {asked.strip(chr(34))} is in a private registry of Amazon ECR)"
    assert (only_if in verified.out) is (asked != "var.sidecar")


def test_each_image_decides_what_it_needs(cfnroles: Any, tmp_path: Path) -> None:
    text = written(cfnroles, tmp_path, "var.image", "var.sidecar", '"nginx"')
    image, sidecar = (ASKED.replace("IMAGE", each) for each in ("var.image", "var.sidecar"))
    conditions = re.findall(r"^      \] if ?(.*)\]\),$", text, re.MULTILINE)
    assert sorted(conditions) == sorted([image, sidecar, f"!(({image}) || ({sidecar}))"])
    assert cfnroles("verify", tmp_path, "--fail-on", "excess").code == 0


def test_a_known_image_decides_by_itself(cfnroles: Any, tmp_path: Path) -> None:
    text = written(cfnroles, tmp_path, "var.image")
    for image, needed in {
        "nginx": 0,
        "public.ecr.aws/nginx/nginx:1": 0,
        "ghcr.io/me/app@sha256:0": 0,
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1": 3,
        "210987654321.dkr-ecr-fips.us-gov-west-1.on.aws/app": 3,
    }.items():
        verified = cfnroles("verify", tmp_path, "--parameter", f"image={image}", "--fail-on", "excess")
        assert (verified.code, verified.out.count("[ok]      ecr:")) == (0, needed), verified.out
    assert text == (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")


def test_a_role_for_one_repository_is_not_enough_for_any_image(cfnroles: Any, tmp_path: Path) -> None:
    text = written(cfnroles, tmp_path, "var.image")
    one = re.sub(r'"arn:\S*:ecr:.*"\]', '"arn:aws:ecr:eu-west-1:123456789012:repository/app"]', text)
    (tmp_path / "app.cfnroles.tf").write_text(one, encoding="utf-8")
    assert "[ok]      ecr:BatchGetImage" not in cfnroles("verify", tmp_path).out


def test_a_module_decides_by_the_image_of_each_call(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    containers = '{ name = "app", image = var.image }'
    module = 'variable "image" {}\n' + TASK.replace("CONTAINERS", containers)
    (tmp_path / "service/main.tf").write_text(module, encoding="utf-8")
    calls = {"own": "aws_ecr_repository.app.repository_url", "public": '"nginx"', "any": "var.image"}
    main = "".join(
        f'module "{name}" {{\n  source = "./service"\n  image = {image}\n}}\n' for name, image in calls.items()
    )
    main += 'variable "image" {}\nresource "aws_ecr_repository" "app" {\n  name = "app"\n}\n'
    (tmp_path / "main.tf").write_text(main, encoding="utf-8")
    assert cfnroles("terraform", tmp_path).code == 0
    assert ASKED.replace("IMAGE", "var.image") in (tmp_path / "service/app.cfnroles.tf").read_text(encoding="utf-8")
    verified = cfnroles("verify", tmp_path, "--fail-on", "excess")
    assert (verified.code, verified.out.count("Verdict: pass")) == (0, 6), verified.out


def test_plain_json_and_a_stack_say_what_tells_the_image(cfnroles: Any, tmp_path: Path) -> None:
    written(cfnroles, tmp_path, "var.image")
    policy = cfnroles("policy", tmp_path, "--role", "execution")
    assert (policy.code, "Pass --parameter image=VALUE." in policy.err) == (3, True)
    built = cfnroles("build", tmp_path, "-o", tmp_path / "out")
    assert built.code == 0
    assert built.err.count("it is needed only if var.image is in a private registry of Amazon ECR") == 1
    assert "Pass --parameter image=VALUE\n" in built.err
    assert "ecr:" not in (tmp_path / "out/app-roles.yaml").read_text(encoding="utf-8")
    assert cfnroles("build", tmp_path, "-o", tmp_path / "out", "--strict").code == 1


def test_nobody_is_warned_of_credentials_beside_an_image_that_may_be_anywhere(cfnroles: Any, tmp_path: Path) -> None:
    secret = '"arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-a1b2c3"'
    credentials = f"repositoryCredentials = {{ credentialsParameter = {secret} }}"
    container = f'{{ name = "app", image = var.image, memory = 1, {credentials} }}'
    (tmp_path / "main.tf").write_text(VARIABLES + TASK.replace("CONTAINERS", container), encoding="utf-8")
    assert "stored credentials" not in cfnroles("lint", tmp_path).out
    known = cfnroles("lint", tmp_path, "--parameter", "image=123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1")
    assert "stored credentials" in known.out
