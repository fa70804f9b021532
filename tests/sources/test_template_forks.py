"""Values that only the deployment knows: conditions on them, and parts of them, are right for every value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.sources.template_tasks import around_task, run_in
from cfnroles.table.images import ecr_repository, repository_name
from cfnroles.targets.cloudformation.values import value
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import Resolution
from cfnroles.template.template import Template, read_template


def template(image: str) -> Template:
    parameters = "Parameters: {Image: {Type: String}, Tag: {Type: String}}\n"
    container = f"{{Name: web, Image: {image}}}"
    task = f"{{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{container}]}}}}"
    return read_template(f"{parameters}Resources: {{Task: {task}}}", "t.yaml")


ACCOUNT = "111122223333"
IMAGES = {
    "a tag": (f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.2", "eu-west-1", "shop/web"),
    "a digest": (f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com/a@sha256:0a", "us-gov-west-1", "a"),
    "FIPS": (f"{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com/a.b-c/d", "us-east-1", "a.b-c/d"),
    "dual-stack": (f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws/shop:1@sha256:0a", "eu-west-1", "shop"),
    "dual-stack and FIPS": (f"{ACCOUNT}.dkr-ecr-fips.us-east-1.on.aws/shop", "us-east-1", "shop"),
    "China": (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/shop", "cn-north-1", "shop"),
    "the European sovereign cloud": (f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu/shop", "eusc-de-east-1", "shop"),
    "an isolated Region": (f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov/shop", "us-iso-east-1", "shop"),
    "Docker Hub": ("nginx:1.27", "", ""),
    "ECR Public": ("public.ecr.aws/docker/library/nginx:1.27", "", ""),
    "another registry": ("registry.example.com:5000/dkr/ecr:1", "", ""),
}


@pytest.mark.parametrize("told", [True, False], ids=["its Region is told", "no Region is told"])
@pytest.mark.parametrize(("image", "region", "name"), IMAGES.values(), ids=IMAGES)
def test_the_repository_of_an_image_is_cut_out_of_it(image: str, region: str, name: str, told: bool) -> None:
    known = Given(region=region if told else "")
    _, worlds = around_task("Task", template("!Ref Image"), known)
    (asked,) = worlds.expressions.values()
    stack = Resolution(worlds.template.tree, Given({"Image": image}, region=region))
    assert stack.truth(asked) is bool(name)
    found = [_repository(world, worlds, stack) for world in worlds.all]
    assert found[1] is None
    if name:
        assert str(found[0]).split(":", 2)[2] == f"ecr:{region}:{ACCOUNT}:repository/{name}"


def _repository(world: Any, worlds: Any, stack: Resolution) -> Any:
    ((task, _),) = run_in(world, worlds, "Task")
    arn = ecr_repository(task.workload.tree["containerDefinitions"][0]["image"])
    spelled = None if arn is None else value(arn.text)
    return None if arn is None else stack.value(json.loads(json.dumps(spelled, default=lambda each: each.to_dict())))


def test_what_the_image_is_called_is_known_in_each_world() -> None:
    _, worlds = around_task("Task", template("!Sub '${Image}/xray/aws-xray-daemon:${Tag}'"), NOTHING_GIVEN)
    tasks = [task for world in worlds.all for task, _ in run_in(world, worlds, "Task")]
    images = [task.workload.tree["containerDefinitions"][0]["image"] for task in tasks]
    assert [repository_name(image) for image in images] == ["xray/aws-xray-daemon"] * 2
