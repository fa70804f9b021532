"""How Terraform asks of an image that only a deployment knows: is it in Amazon ECR, and in which repository.

A written file asks so, and what is read of it means the same as the image of the task definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cfnroles.need import Need
from cfnroles.symbols import Expression, InImage
from cfnroles.text import Text, text_of

#: How the condition is called, behind the image.
IN_ECR = " is in a private registry of Amazon ECR"
#: The hosts of these registries, as Terraform's `regex` reads them; they have an account, a kind and a Region.
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
HOST = "^[0-9]{12}[.]dkr[.-]ecr[a-z-]*[.][a-z0-9-]+[.]"
#: The parts of an image in one of these registries: each is the first group.
PARTS = {
    "account": "^([0-9]{12})[.]dkr[.-]ecr",
    "region": "^[0-9]+[.]dkr[.-]ecr[a-z-]*[.]([a-z0-9-]+)",
    "repository": "^[^/]+/([^:@]+)",
}
#: What an image of such a registry begins with, by the type of the resource or the data source.
_REPOSITORIES = {"aws_ecr_repository": "repository_url", "aws_ecr_image": "image_uri"}


def is_of_repository(image: Text) -> bool:
    """Whether the image is one of a repository of the configuration, which is in such a registry."""
    first = image.parts[0] if image.parts else ""
    return isinstance(first, Expression) and first.attribute.rpartition(".")[2] == _REPOSITORIES.get(first.type)


def in_ecr_asked(image: Text) -> str:
    """What the condition is called that an image of a configuration is in such a registry."""
    return f"{image.whole.name if image.whole else image}{IN_ECR}"


def images_asked_of(needs: Iterable[Need]) -> Mapping[str, Text]:
    """The images that needs have parts of, by what the condition is called that they are in such a registry."""
    symbols = (symbol for need in needs for text in need.permission.texts for symbol in text_of(text).symbols)
    images = (symbol.image for symbol in symbols if isinstance(symbol, InImage))
    return {in_ecr_asked(image): image for image in images if isinstance(image, Text)}


def called(image: Text) -> str:
    """Return the name of an image, which no other image has."""
    return image.whole.name if image.whole else str(image.replaced(lambda symbol: f"<{symbol.name}>"))
