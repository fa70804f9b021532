"""Container images: which registry each is pulled from, and what is known by its name."""

from __future__ import annotations

import re

from cfnroles.facts import partition_of
from cfnroles.placeholders import placeholder
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import Arn, named, remedy

#: Hosts of private ECR registries: standard, FIPS and dual-stack, in every partition.
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html and the ECR credential helper's own pattern
_ECR_HOST = re.compile(
    r"(?P<account>\d{12}|\$\{AWS::AccountId\})\.dkr[.-]ecr(-fips)?"
    r"\.(?P<region>[a-z0-9][a-z0-9-]*|\$\{AWS::Region\})\."
    r"(\$\{AWS::URLSuffix\}|amazonaws\.(com(\.cn)?|eu)|on\.(aws|amazonwebservices\.com\.cn)"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
_LOOKS_LIKE_ECR = re.compile(r"[^/]*\.dkr[.-]ecr")

#: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
_ECR_REPOSITORY = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
#: https://pkg.go.dev/github.com/distribution/reference
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")


def check_image(image: str) -> str:
    """``image`` itself. Raises Unnamed while it is empty, a placeholder, or a word that no image can be called."""
    if not image.strip():
        raise Unnamed("the container has no image", "Give it with --image CONTAINER=IMAGE")
    ecr_repository(image)
    return image


def ecr_repository(image: str) -> Arn | None:
    """The ECR repository that a private image is pulled from, or ``None`` for an image from any other registry.

    Tag and digest have no part in it. Raises Unnamed while the registry or the repository is a placeholder.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
    """
    if not image.strip():
        return None
    registry, slash, repository = image.partition("/")
    host = _ECR_HOST.fullmatch(registry) if slash else None
    if host is not None:
        name = re.split(r"[:@]", named(_before_tag(repository)), maxsplit=1)[0]
        if not _ECR_REPOSITORY.fullmatch(name):
            raise Malformed(
                f"{name!r} cannot be a repository's name", "ECR takes small letters, digits and . _ - / only."
            )
        region = host["region"]
        return Arn(partition_of(region), "ecr", region, host["account"], f"repository/{name}")
    first = registry if slash else _before_tag(image)
    if left := placeholder(first):
        raise Unnamed(f"the image's registry is the placeholder {left}", remedy(left))
    if _LOOKS_LIKE_ECR.match(first):
        if not slash:
            raise Malformed(f"{image} names a registry and no repository", "Write REGISTRY/REPOSITORY:TAG.")
        raise Unnamed(
            f"{registry} is not the host of an ECR registry, which begins with the 12 digits of an account",
            remedy(registry.split(".", 1)[0]),
        )
    _check_elsewhere(image, registry, slash)
    return None


def _check_elsewhere(image: str, registry: str, slash: str) -> None:
    # A first part with a dot, a colon or the name localhost is a host, as Docker reads it.
    is_host = bool(slash) and ("." in registry or ":" in registry or registry == "localhost")
    path = _before_tag(image.partition("/")[2] if is_host else image)
    if placeholder(path):
        return
    if not _REPOSITORY.fullmatch(path):
        raise Unnamed(
            f"{image} can be no image, because names of images have small letters",
            "Give it with --image CONTAINER=IMAGE",
        )


def _before_tag(image: str) -> str:
    """The image without digest and tag; colons inside of placeholders and before a slash separate nothing."""
    image = image.split("@", 1)[0]
    head, slash, last = image.rpartition("/")
    masked = re.sub(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|<[^<>]*>", lambda match: match.group().replace(":", ";"), last)
    colon = masked.find(":")
    return f"{head}{slash}{last if colon < 0 else last[:colon]}"


def repository_name(image: str) -> str:
    """The last two parts of the image's name: ``xray/aws-xray-daemon`` of ``public.ecr.aws/xray/aws-xray-daemon:3``."""
    return "/".join(_before_tag(image).split("/")[-2:])


def tag(image: str) -> str:
    """The image's tag, or an empty text."""
    return image.split("@", 1)[0].removeprefix(_before_tag(image)).removeprefix(":")
