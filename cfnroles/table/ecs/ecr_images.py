"""Container images: private ECR repositories need a token and a pull, anonymous registries need nothing."""

from __future__ import annotations

from awacs import ecr

from cfnroles.need import Holder, Standing
from cfnroles.symbols import InImage
from cfnroles.table.feature import Feature, Found, Grant, Trap, everything
from cfnroles.table.images import check_image, ecr_repository
from cfnroles.text import EMPTY, Text

_ON_ECS = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html"
_EXAMPLE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1.4.2"


def is_private_ecr(found: Found) -> bool:
    """The image is in a private ECR registry of the home account, or of an account that is not known to be another."""
    return ecr_repository(found.text) is not None and not is_of_another_account(found)


def is_of_another_account(found: Found) -> bool:
    """The image is in a private ECR registry of another account than the task's."""
    arn = ecr_repository(found.text)
    home = found.facts.account
    return arn is not None and bool(home) and arn.account != home and not arn.account.unknown


def is_pulled_through(found: Found) -> bool:
    """A pull-through cache rule, from an option, fills the image's repository."""
    arn = ecr_repository(found.text)
    name = arn.resource.removeprefix("repository/") if arn else ""
    # `ROOT` is the rule without a prefix, which applies to every repository that does not exist.
    return arn is not None and any(
        prefix == "ROOT" or name.startswith(f"{prefix.rstrip('/')}/") for prefix in found.facts.pull_through_prefixes
    )


def is_compatible(found: Found) -> bool:
    """The additional permissions of AWS's own policies are requested."""
    return found.facts.compat and ecr_repository(found.text) is not None


def is_elsewhere(found: Found) -> bool:
    """The image is in any other registry, such as ECR Public."""
    return ecr_repository(check_image(found.text)) is None


def repository(found: Found) -> Text:
    """The repository's ARN."""
    arn = ecr_repository(found.text)
    return arn.text if arn else EMPTY


def stored_credentials(found: Found) -> Trap | None:
    """A private ECR image with ``repositoryCredentials``."""
    # Only the deployment knows whether such an image is in ECR at all.
    of_deployment = any(isinstance(each, InImage) for each in found.text.symbols)
    if "repositoryCredentials" not in found.parent or of_deployment:
        return None
    return Trap(
        "ECS pulls the image from ECR with the execution role, not with stored credentials",
        "Remove repositoryCredentials from this container",
    )


_PULL = (
    Grant(ecr.GetAuthorizationToken, on=everything, sid="GetRegistryToken"),
    Grant(ecr.BatchGetImage, on=repository, sid="PullImages"),
    Grant(ecr.GetDownloadUrlForLayer, on=repository, sid="PullImages"),
)

FEATURES = (
    Feature(
        name="ecr-image",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="ECS pulls the image from a private ECR repository before it starts the container",
        source=_ON_ECS,
        standing=Standing.DOCUMENTED,
        example=_EXAMPLE,
        grants=_PULL,
        when=is_private_ecr,
        trap=stored_credentials,
    ),
    Feature(
        name="ecr-image-of-another-account",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="ECS pulls the image from an ECR repository in another account, and the policy of that repository must"
        " also grant access",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html",
        standing=Standing.DOCUMENTED,
        example="210987654321.dkr.ecr.us-east-1.amazonaws.com/shared/proxy:2",
        grants=_PULL,
        when=is_of_another_account,
        trap=stored_credentials,
    ),
    Feature(
        name="pull-through-cache",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="the repository belongs to a pull through cache, so a pull may create it and import the image",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html",
        standing=Standing.DOCUMENTED,
        example="123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/library/nginx:1.27",
        grants=(
            Grant(ecr.BatchImportUpstreamImage, on=repository, sid="ImportImages"),
            Grant(ecr.CreateRepository, on=repository, sid="ImportImages"),
        ),
        when=is_pulled_through,
    ),
    Feature(
        name="ecr-layer-check",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="required by --compat: AmazonECSTaskExecutionRolePolicy allows the check for a layer; AWS's pages about"
        " pulling omit it because only a push makes that call",
        source="https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html",
        standing=Standing.MANAGED_POLICY,
        example=_EXAMPLE,
        grants=(Grant(ecr.BatchCheckLayerAvailability, on=repository, sid="CheckImageLayers"),),
        when=is_compatible,
    ),
    Feature(
        name="other-image",
        field="containerDefinitions[].image",
        holder=Holder.EXECUTION,
        why="ECS pulls the image from its registry without AWS credentials",
        source="https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html",
        standing=Standing.AGENT,
        example="public.ecr.aws/docker/library/nginx:1.27",
        when=is_elsewhere,
    ),
)
