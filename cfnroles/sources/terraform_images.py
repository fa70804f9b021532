"""Images of a configuration whose registry only Terraform knows: each pass has them in Amazon ECR, or elsewhere."""

from __future__ import annotations

from typing import Any

from cfnroles.ecr_images import in_ecr_asked, is_of_repository
from cfnroles.hcl.session import Session
from cfnroles.symbols import Expression, PseudoParameter
from cfnroles.table.images import elsewhere, in_ecr, names_registry
from cfnroles.text import Text
from cfnroles.written import as_written


def told_apart(tree: dict[str, Any], session: Session) -> None:
    """Replace each open image by one in Amazon ECR or elsewhere, as this pass assumes."""
    if "containerDefinitions" in tree:
        tree["containerDefinitions"] = [_told_apart(each, session) for each in tree["containerDefinitions"]]


def _told_apart(container: dict[str, Any], session: Session) -> dict[str, Any]:
    image = container.get("image")
    if not isinstance(image, Text) or not _is_open(image):
        return container
    own = as_written(image)
    is_in_ecr = is_of_repository(own) or session.holds(in_ecr_asked(own))
    return {**container, "image": in_ecr(own, "") if is_in_ecr else elsewhere(own)}


def _is_open(image: Text) -> bool:
    """Whether an expression that can be written again decides which registry an image is in."""
    if names_registry(image):
        return False
    kinds = (Expression, PseudoParameter)
    return all(isinstance(each, kinds) and not getattr(each, "secret", False) for each in image.unknown)
