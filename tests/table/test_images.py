"""Which registry an image is pulled from, in every form that images have."""

from __future__ import annotations

import pytest

from cfnroles.placeholders import as_symbols
from cfnroles.symbols import Parameter
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.images import check_image, ecr_repository, in_ecr, repository_name
from cfnroles.text import Text, text_of

DIGEST = "sha256:" + "0" * 64


def read(image: str) -> Text:
    """The image as the reader of task definitions gives it."""
    return text_of(as_symbols({"image": image})["image"])


@pytest.mark.parametrize(
    ("image", "arn"),
    [
        (
            "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web:1",
            "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/web",
        ),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/web", "arn:aws:ecr:us-east-1:123456789012:repository/web"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b:1.0", "arn:aws:ecr:us-east-1:123456789012:repository/a/b"),
        (
            f"123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1@{DIGEST}",
            "arn:aws:ecr:us-east-1:123456789012:repository/web",
        ),
        (
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/web:1",
            "arn:aws:ecr:us-east-1:123456789012:repository/web",
        ),
        ("123456789012.dkr-ecr.us-east-1.on.aws/web:1", "arn:aws:ecr:us-east-1:123456789012:repository/web"),
        ("123456789012.dkr-ecr-fips.us-east-1.on.aws/web:1", "arn:aws:ecr:us-east-1:123456789012:repository/web"),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web:1",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/web",
        ),
        (
            "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/web",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/web",
        ),
        (
            "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/web:1",
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/web",
        ),
        (
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/web:1",
            "arn:aws-eusc:ecr:eusc-de-east-1:123456789012:repository/web",
        ),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:${TAG}",
            "arn:aws:ecr:us-east-1:123456789012:repository/web",
        ),
        (
            "${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/web:1",
            "arn:aws:ecr:us-east-1:${AWS::AccountId}:repository/web",
        ),
        (
            "ACCOUNT_ID.dkr.ecr.us-east-1.amazonaws.com/web:1",
            "arn:aws:ecr:us-east-1:${AWS::AccountId}:repository/web",
        ),
        (
            "123456789012.dkr.ecr.<region>.amazonaws.com/web",
            "arn:${AWS::Partition}:ecr:${AWS::Region}:123456789012:repository/web",
        ),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/${STAGE}/web:1",
            "arn:aws:ecr:us-east-1:123456789012:repository/${Stage}/web",
        ),
        (
            "XXXXXX.dkr.ecr.us-east-1.amazonaws.com/web:1",
            "arn:aws:ecr:us-east-1:${Xxxxxx}:repository/web",
        ),
    ],
)
def test_a_private_ecr_image_names_its_repository(image: str, arn: str) -> None:
    assert str(ecr_repository(read(image))) == arn


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:1.27",
        f"nginx@{DIGEST}",
        "docker.io/library/nginx:1",
        "quay.io/prometheus/node-exporter",
        "localhost:5000/web",
        "public.ecr.aws/docker/library/nginx:1",
        "ecr-public.aws.com/docker/library/nginx:1",
        "registry.example.com:8443/team/web:1",
        "someone/${REPOSITORY}:1",
        "nginx:${TAG:-1}",
    ],
)
def test_an_image_from_elsewhere_has_no_repository_in_ecr(image: str) -> None:
    assert ecr_repository(read(image)) is None


@pytest.mark.parametrize(
    "image",
    [
        "",
        "  ",
        "<IMAGE1_NAME>",
        "${IMAGE}",
        "{{ must_env `IMAGE` }}",
        "${ECR}/web:1",
        "1234.dkr.ecr.us-east-1.amazonaws.com/web:1",
        "IMAGE",
        "REPOSITORY_URI:TAG",
    ],
)
def test_an_image_that_was_left_open_cannot_be_named(image: str) -> None:
    with pytest.raises(Unnamed):
        check_image(read(image))


@pytest.mark.parametrize(
    "image",
    ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/Web:1"],
)
def test_an_image_of_ecr_without_a_repositorys_name_is_refused(image: str) -> None:
    with pytest.raises(Malformed):
        check_image(read(image))


def test_a_sidecar_is_known_by_the_end_of_its_name() -> None:
    assert repository_name(Text("public.ecr.aws/xray/aws-xray-daemon:3.x")) == "xray/aws-xray-daemon"
    assert repository_name(Text(f"amazon/aws-xray-daemon@{DIGEST}")) == "amazon/aws-xray-daemon"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("A", "B"), ("C", "B"), id="another registry"),
        pytest.param(("A", "B"), ("A", "C"), id="another tag"),
        pytest.param(("A", "BB"), ("AB", "B"), id="names that are one when they are put together"),
    ],
)
def test_two_images_are_two_repositories(one: tuple[str, str], other: tuple[str, str]) -> None:
    images = [Text(Parameter(registry), "/", Parameter(tag)) for registry, tag in (one, other)]

    assert len({ecr_repository(in_ecr(image, "us-east-1")).text for image in images}) == 2
