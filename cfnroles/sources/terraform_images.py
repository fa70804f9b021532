"""Images of a configuration whose registry only Terraform knows: each pass has them in Amazon ECR, or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnroles.ecr_images import in_ecr_asked, is_of_repository
from cfnroles.hcl.session import Session
from cfnroles.symbols import Expression, PseudoParameter
from cfnroles.table.images import elsewhere, in_ecr, names_registry
from cfnroles.text import Text
from cfnroles.written import as_written


def told_apart(tree: Mapping[str, Any], session: Session) -> None:
    """Replace each open image by one in Amazon ECR or elsewhere, as this pass assumes."""
    for container in tree.get("containerDefinitions", ()):
        image = container.get("image")
        if isinstance(image, Text) and _is_open(image):
            own = as_written(image)
            is_in_ecr = is_of_repository(own) or session.holds(in_ecr_asked(own))
            container["image"] = in_ecr(own, "") if is_in_ecr else elsewhere(own)


def _is_open(image: Text) -> bool:
    """Whether an expression that can be written again decides which registry an image is in."""
    if names_registry(image):
        return False
    kinds = (Expression, PseudoParameter)
    return all(isinstance(each, kinds) and not getattr(each, "secret", False) for each in image.unknown)
