"""Container images: private ECR repositories cost a token and a pull; anonymous registries cost nothing."""

from __future__ import annotations

from awacs import ecr

from cfnroles.arns import ecr_repository
from cfnroles.feature import Feature, Found, Grant, everything
from cfnroles.need import Holder


def is_private_ecr(found: Found) -> bool:
    """The image is pulled from a private ECR registry, of whatever account and region."""
    return ecr_repository(found.text) is not None


def is_elsewhere(found: Found) -> bool:
    """The image is pulled from any other registry, ECR Public among them."""
    return ecr_repository(found.text) is None


def repository(found: Found) -> str:
    """The repository's ARN."""
    return str(ecr_repository(found.text))


FEATURES = (
    Feature(
        name="ecr-image",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="ECS pulls the image from a private ECR repository before it starts the container",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html",
        example="123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1.4.2",
        grants=(
            Grant(ecr.GetAuthorizationToken, on=everything, sid="GetRegistryToken"),
            Grant(ecr.BatchGetImage, on=repository, sid="PullImages"),
            Grant(ecr.GetDownloadUrlForLayer, on=repository, sid="PullImages"),
        ),
        when=is_private_ecr,
    ),
    Feature(
        name="other-image",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="ECS pulls the image from its registry without credentials of AWS",
        source="https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html",
        example="public.ecr.aws/docker/library/nginx:1.27",
        when=is_elsewhere,
    ),
)
