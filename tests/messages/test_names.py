"""Commands name what the message names, and nothing that a shell would read."""

from __future__ import annotations

import pytest

from cfnroles.messages.names import filled, names_in
from cfnroles.messages.understanding import understand

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TASK = "0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
NAMES = {
    f"User: arn:aws:sts::123456789012:assumed-role/shop/{TASK} is not": {"ROLE": "shop", "TASK": TASK},
    "the role 'arn:aws:iam::123456789012:role/team/shop' that": {"ROLE": "shop"},
    f"task arn:aws:ecs:us-east-1:123456789012:task/shop/{TASK} was": {
        "CLUSTER": "shop",
        "TASK": TASK,
        "ACCOUNT": "123456789012",
        "REGION": "us-east-1",
    },
    "(service shop) failed to launch": {"SERVICE": "shop"},
    "service shop was unable": {"SERVICE": "shop"},
    "service call has been retried": {},
    f"failed to resolve ref {ECR}/shop/web:v1: {ECR}/shop/web:v1: not found": {
        "ACCOUNT": "123456789012",
        "REGION": "us-east-1",
        "REPOSITORY": "shop/web",
        "TAG": "v1",
        "IMAGE": f"{ECR}/shop/web:v1",
    },
    "failed to resolve ref docker.io/shop/web:v1: not found": {"IMAGE": "docker.io/shop/web:v1"},
    "ref pull has been retried 1 time(s)": {},
    "on arn:aws:s3:::shop-config/web/a.env": {"BUCKET": "shop-config", "OBJECT": "web/a.env"},
    "env file with key web.env from bucket shop-config, error": {"BUCKET": "shop-config", "OBJECT": "web.env"},
    "mounting fs-0123456789abcdef0.efs.us-east-1.amazonaws.com:/": {
        "FS": "fs-0123456789abcdef0",
        "REGION": "us-east-1",
    },
    "on arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/shop:log-stream:": {
        "GROUP": "/ecs/shop",
        "ACCOUNT": "123456789012",
        "REGION": "eu-west-1",
    },
}


@pytest.mark.parametrize(("message", "names"), NAMES.items(), ids=str)
def test_names_are_found_in_a_message(message: str, names: dict[str, str]) -> None:
    assert names_in(message) == names


@pytest.mark.parametrize("name", ["$(id)", "a;id", "a`id`", "a'b", "-h", "xxxxxxxx", "a...", "", "a b", "a\nb", "a>b"])
def test_no_name_is_used_that_a_shell_would_read_or_that_is_masked(name: str) -> None:
    assert filled("aws iam get-role --role-name ROLE", {"ROLE": name}) == "aws iam get-role --role-name ROLE"


def test_what_stands_for_nothing_stays() -> None:
    assert filled("aws x --id SECRET --query ARN", {"SECRET": "shop"}) == "aws x --id shop --query ARN"


def test_the_check_of_a_message_is_about_what_it_names() -> None:
    found = understand(
        f"User: arn:aws:sts::123456789012:assumed-role/shop/{TASK} is not authorized to perform: ecr:BatchGetImage on"
        " resource: arn:aws:ecr:us-east-1:210987654321:repository/web because no resource-based policy allows the"
        " ecr:BatchGetImage action"
    )
    assert found is not None
    assert found.sure == "aws ecr get-repository-policy --repository-name web --registry-id 210987654321"
    denied = understand("arn:aws:iam::123456789012:user/me is not authorized to perform: ecs:RunTask on resource: *")
    assert denied is not None
    asked = "aws iam simulate-principal-policy --policy-source-arn arn:aws:iam::123456789012:user/me"
    assert denied.causes[0].check == f"{asked} --action-names ecs:RunTask"
    assert denied.causes[0].what == "no policy of the user allows the call"
    assert denied.causes[0].remedy == "Add the action to the user"


def test_what_a_deployment_calls_is_in_the_policy_for_it() -> None:
    denied = understand(
        "arn:aws:iam::123456789012:user/me is not authorized to perform: cloudformation:CreateStack on resource: *"
    )
    assert denied is not None
    assert denied.causes[0].check == "cfnroles deploy-policy SOURCE"


def test_an_image_of_another_registry_is_not_asked_for_in_ecr() -> None:
    found = understand(
        "CannotPullContainerError: failed to resolve ref docker.io/library/nginx:latst:"
        " docker.io/library/nginx:latst: not found"
    )
    assert found is not None
    assert {cause.check for cause in found.causes} == {"docker manifest inspect docker.io/library/nginx:latst"}
