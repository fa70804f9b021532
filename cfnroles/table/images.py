"""Container images: the registry of each, and what its name reveals."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from cfnroles.ecr_images import called
from cfnroles.facts import partition_of
from cfnroles.symbols import InImage, Parameter, Placeholder, PseudoParameter
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.references import is_fillable, remedy
from cfnroles.text import URL_SUFFIX, Arn, Part, Text, is_account, is_region, text_of

#: The part after account and Region in the host of a private ECR registry: standard, FIPS and dual-stack, by partition.
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html and the ECR credential helper's own pattern
_DOMAINS_OF = {
    "aws": ("amazonaws.com", "on.aws"),
    "aws-us-gov": ("amazonaws.com", "on.aws"),
    "aws-cn": ("amazonaws.com.cn", "on.amazonwebservices.com.cn"),
    "aws-eusc": ("amazonaws.eu",),
    "aws-iso": ("c2s.ic.gov",),
    "aws-iso-b": ("sc2s.sgov.gov",),
    "aws-iso-e": ("cloud.adc-e.uk",),
    "aws-iso-f": ("csp.hci.ic.gov",),
}
_DOMAINS = tuple(dict.fromkeys(domain for domains in _DOMAINS_OF.values() for domain in domains))
#: The parts between the account and the Region.
KINDS = ("dkr.ecr-fips.", "dkr-ecr-fips.", "dkr.ecr.", "dkr-ecr.")
_LOOKS_LIKE_ECR = re.compile(r"[^/]*\.dkr[.-]ecr")

#: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
_ECR_REPOSITORY = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
#: https://pkg.go.dev/github.com/distribution/reference
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")


def check_image(image: Text) -> Text:
    """Return ``image``. Raise Unnamed if it is empty, a placeholder, or an invalid name."""
    if not image.strip():
        raise Unnamed("the container has no image", "Pass it with --image CONTAINER=IMAGE")
    ecr_repository(image)
    return image


def ecr_repository(image: Text) -> Arn | None:
    """Return the ECR repository of a private image, or ``None`` for an image in any other registry.

    Tag and digest are irrelevant. Raise Unnamed if the registry is unknown.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html
    """
    # five rows parse each image
    found = _repository_of(image.parts, image.written, image.remedies)
    if isinstance(found, Exception):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=256)
def _repository_of(
    parts: tuple[Part, ...], written: str, remedies: tuple[str, ...]
) -> Arn | Unnamed | Malformed | None:
    try:
        return _ecr_repository(Text(*parts))
    except (Unnamed, Malformed) as told:
        return told


def _ecr_repository(image: Text) -> Arn | None:
    if not image.strip() or (isinstance(image.whole, InImage) and image.whole.part == "elsewhere"):
        return None
    registry, slash, repository = image.partition("/")
    host = ecr_registry(registry) if slash else None
    if host is not None:
        name = _before_tag(repository)
        if not _ECR_REPOSITORY.fullmatch(name.shape()):
            raise Malformed(
                f"{name.written!r} cannot be a repository's name", "Use lowercase letters, digits and . _ - / only."
            )
        return Arn(partition_of(host.region), "ecr", host.region, host.account, Text("repository/", name))
    first = registry if slash else _before_tag(image)
    if first.unknown:
        left = first.unknown[0]
        is_ = "is the placeholder" if isinstance(left, Placeholder) else "depends on"
        raise Unnamed(f"the image's registry {is_} {left.written or left.spelled}", remedy(left))
    if _LOOKS_LIKE_ECR.match(first):
        if not slash:
            raise Malformed(f"{image.written} names a registry but no repository", "Write REGISTRY/REPOSITORY:TAG.")
        word = registry.written.split(".", 1)[0]
        raise Unnamed(
            f"{registry.written} is not the host of an ECR registry, which begins with the 12 digits of an account",
            remedy(word) if is_fillable(word) else "Write it as ACCOUNT.dkr.ecr.REGION.amazonaws.com",
        )
    _check_elsewhere(image, registry, bool(slash))
    return None


def is_open(image: Text) -> bool:
    """Return whether only the deployment determines the image's registry, by parameters that a condition can test."""
    # A placeholder is filled before that, or is a parameter of another stack.
    by_parameters = all(type(each) in (Parameter, PseudoParameter) for each in image.unknown)
    return by_parameters and not names_registry(image)


def names_registry(image: Text) -> bool:
    """Return whether the text of an image determines its registry, whatever its symbols represent."""
    registry, slash, _ = image.partition("/")
    if slash and ecr_registry(registry) is not None:
        return True
    return not (registry if slash else _before_tag(image)).unknown


def in_ecr(image: Text, region: str) -> Text:
    """Return an open image in a private registry of Amazon ECR, for a stack in this Region, if known."""
    partition = partition_of(region)
    domains = _DOMAINS_OF.get(partition, _DOMAINS) if partition.plain else _DOMAINS
    # A common name would merge two images.
    account, home, repository = (
        InImage(f"{called(image)}[{part}]", image=image, part=part, domains=domains)
        for part in ("account", "region", "repository")
    )
    return Text(account, ".dkr.ecr.", home, ".", URL_SUFFIX, "/", repository)


def elsewhere(image: Text) -> Text:
    """Return an open image in any other registry."""
    return Text(InImage(str(image), image.written, image=image, part="elsewhere"))


def _written(image: Text) -> Text:
    """Return the image as the document has it, without an assumption about its registry."""
    return next((text_of(each.image) for each in image.symbols if isinstance(each, InImage)), image)


class Registry(Struct, frozen=True):
    """The host of a private ECR registry. ``kind`` is the part between account and Region: ``.dkr.ecr.``"""

    account: Text
    kind: str
    region: Text
    domain: Text


def ecr_registry(host: Text) -> Registry | None:
    """Return the parts of the host of a private ECR registry; ``None`` for any other host."""
    account, dot, rest = host.partition(".")
    kind = next((each for each in KINDS if rest.startswith(each)), "")
    region, end, domain = rest.removeprefix(kind).partition(".")
    if not (dot and kind and end and is_account(account)):
        return None
    if not is_region(region) and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", region):
        return None
    known = domain.unknown or domain in _DOMAINS
    return Registry(account, f".{kind}", region, domain) if known else None


def _check_elsewhere(image: Text, registry: Text, slash: bool) -> None:
    # Like Docker: a first part with a dot or colon, or localhost, is a host.
    host = registry.shape("")
    is_host = slash and ("." in host or ":" in host or host == "localhost")
    path = _before_tag(image.partition("/")[2] if is_host else image)
    if not path.unknown and not _REPOSITORY.fullmatch(path):
        raise Unnamed(
            f"{image.written} cannot be an image: image names are lowercase",
            "Pass it with --image CONTAINER=IMAGE",
        )


def _before_tag(image: Text) -> Text:
    """Return the image without digest and tag; a colon before a slash belongs to a port."""
    *folders, last = image.partition("@")[0].cut("/")
    name = last.partition(":")[0]
    return Text(*(part for folder in folders for part in (folder, "/")), name)


def repository_name(image: Text) -> str:
    """Return the last two parts of the image's name: ``xray/aws-xray-daemon`` of
    ``public.ecr.aws/xray/aws-xray-daemon:3``.
    """
    return "/".join(_before_tag(_written(image)).cut("/")[-2:])


def tag(image: Text) -> str:
    """Return the image's tag, or an empty string."""
    return _written(image).partition("@")[0].cut("/")[-1].partition(":")[2]
