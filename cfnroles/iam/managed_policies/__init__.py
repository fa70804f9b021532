"""AWS managed policies that are common in roles around Amazon ECS, as published by AWS.

One JSON file for each policy in this directory: its name, path, default version, the day AWS last updated it, the day
it was read, and its document. They are the policies of the ``aws`` partition; the other partitions have their own.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from importlib import resources

from msgspec import Struct

from cfnroles.iam.evaluator import IdentityPolicy, parse_policy

__all__ = ["ManagedPolicy", "managed_policy", "managed_policy_names"]

#: The maximum length of a name: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
_NAME = re.compile(r"[A-Za-z0-9_]{1,128}")
_ARN = re.compile(r"arn:aws:iam::aws:policy(?P<path>/(?:[A-Za-z0-9_-]+/)*)(?P<name>[A-Za-z0-9_]+)")


class ManagedPolicy(Struct, frozen=True):
    """An AWS managed policy in its default version as of ``read``; AWS last changed it on ``updated``."""

    name: str
    path: str
    version: str
    updated: date
    read: date
    document: Mapping[str, object]

    @property
    def arn(self) -> str:
        """The ARN by which roles attach it."""
        return f"arn:aws:iam::aws:policy{self.path}{self.name}"

    @property
    def source(self) -> str:
        """The page where AWS publishes it."""
        return f"https://docs.aws.amazon.com/aws-managed-policy/latest/reference/{self.name}.html"

    @property
    def policy(self) -> IdentityPolicy:
        """The document for the evaluator, under the name of the policy."""
        return parse_policy(self.name, self.document)


def managed_policy(name_or_arn: str) -> ManagedPolicy | None:
    """Return the AWS managed policy of that name or ARN, or None if it is not included.

    An ARN must have the policy's own path, and the ``aws`` partition: in others, such as ``aws-cn``, a policy of
    the same name may have other content, so the result is None.
    """
    by_arn = _ARN.fullmatch(name_or_arn)
    name = by_arn["name"] if by_arn else name_or_arn
    if not _NAME.fullmatch(name):
        return None
    file = resources.files(__name__).joinpath(f"{name}.json")
    if not file.is_file():
        return None
    record = json.loads(file.read_text(encoding="utf-8"))
    found = ManagedPolicy(
        record["name"],
        record["path"],
        record["version"],
        date.fromisoformat(record["updated"]),
        date.fromisoformat(record["read"]),
        record["document"],
    )
    # A case-insensitive file system would also find a misspelled name.
    return found if found.name == name and (not by_arn or found.path == by_arn["path"]) else None


def managed_policy_names() -> tuple[str, ...]:
    """Return the names of all included policies, in alphabetical order."""
    files = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in files if name.endswith(".json")))
