"""What a file that cfnroles wrote asks of an image, read as what the image of the task definition means."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cfnroles.ecr_images import HOST, PARTS, called, in_ecr_asked, is_of_repository
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Call, Constant, Index, Node, Template
from cfnroles.hcl.values import Value, first_unknown, text
from cfnroles.symbols import InImage
from cfnroles.text import Text, text_of

_Evaluate = Callable[[Node, Scope], Value]
_PARTS = {pattern: part for part, pattern in PARTS.items()}


def image_question(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """Whether an open image is in Amazon ECR, for `can(regex(HOST, IMAGE))`; ``None`` for anything else."""
    asked = node.arguments[0] if isinstance(node, Call) and node.name == "can" and len(node.arguments) == 1 else None
    if asked is None or _pattern(asked) != HOST or (image := _open_image(asked, scope, evaluate)) is None:
        return None
    if is_of_repository(image):
        return Value(True, node.place)
    return Value(replace(scope.open(node, image.unknown[0]), name=in_ecr_asked(image)), node.place)


def image_part(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """A part of an open image, for `regex(PART, IMAGE)[0]`; ``None`` for anything else."""
    if not isinstance(node, Index) or not isinstance(node.key, Constant) or node.key.value != 0:
        return None
    part = _PARTS.get(_pattern(node.of))
    image = _open_image(node.of, scope, evaluate) if part else None
    if not part or image is None:
        return None
    symbol = InImage(f"{called(image)}[{part}]", f"${{{node.written}}}", image=image, part=part)
    return Value(Text(symbol), node.place)


def _pattern(node: Node) -> str:
    """The pattern of a `regex` with two arguments; empty for anything else."""
    if not isinstance(node, Call) or node.name != "regex" or len(node.arguments) != 2:
        return ""
    written = node.arguments[0].written
    return written[1:-1] if isinstance(node.arguments[0], Template | Constant) else ""


def _open_image(node: Node, scope: Scope, evaluate: _Evaluate) -> Text | None:
    value = evaluate(node.arguments[1], scope) if isinstance(node, Call) else None
    if value is None or first_unknown(value) is None or (not isinstance(value.data, str) and not value.unknown):
        return None
    return text_of(text(value))
