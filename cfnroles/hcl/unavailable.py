"""Called modules whose files are unavailable: those that Terraform downloads, and directories without files."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.hcl.configuration import literal
from cfnroles.hcl.syntax import Block

DOWNLOAD = "Run `terraform init` to download it to .terraform/modules, where cfnroles reads it"
RESTORE = "Restore its directory in the same Git repository; a submodule needs `git submodule update --init`"


class Unavailable(Struct, frozen=True):
    """What the source of an unavailable module is, and how to make it available."""

    is_local: bool
    reason: str
    remedy: str


def is_local(source: str | None) -> bool:
    """Whether a source is a directory relative to the caller's.

    https://developer.hashicorp.com/terraform/language/modules/sources#local-paths
    """
    return source is not None and (source.startswith(("./", "../")) or source in (".", ".."))


def unavailable(call: Block) -> Unavailable:
    """Return why the source of a call is unavailable."""
    source = call.body.arguments.get("source")
    written = source.written if source else "nowhere"
    if is_local(literal(source)):
        return Unavailable(True, f"cfnroles finds no files of Terraform in {written}", RESTORE)
    return Unavailable(False, f"its source is {written}", DOWNLOAD)
