"""The names of ECS's members in messages about a template, in CloudFormation's spelling.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
"""

from __future__ import annotations

import re
from functools import cache

from cfnroles.sources.members import recorded
from cfnroles.workload import Path

#: Names in CloudFormation that differ from the API's in more than the first letter.
_OTHERS = {
    "efsVolumeConfiguration": "EFSVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration": "S3FilesVolumeConfiguration",
    "iam": "IAM",
}
#: What a message says about members: all names in a list of them, and names in camel case, which are no English words.
_NAMED = re.compile(r"(?<=\bmembers )(?:are )?\w+(?:, \w+)*|\b[a-z]+\d*[a-z]*[A-Z]\w*\b")
#: Overrides are often JSON in the input of a target, in the API's spelling.
_AS_IN_THE_API = frozenset({"runTask"})


def in_template(message: str, about: Path) -> str:
    """Return a message with the names of members as in a template. ``about`` is the path of its member in the API."""
    if about[:1] and about[0] in _AS_IN_THE_API:
        return message
    return _NAMED.sub(lambda found: re.sub(r"\w+", lambda word: _spelled(word[0], about), found[0]), message)


def _spelled(name: str, about: Path) -> str:
    if name not in _names():
        return name
    if name == "fileSystemId" and "efsVolumeConfiguration" in about:
        return "FilesystemId"
    return _OTHERS.get(name) or name[:1].upper() + name[1:]


@cache
def _names() -> frozenset[str]:
    return frozenset(
        step for paths in recorded()["takes"].values() for path in paths for step in re.split(r"[.\[]", path)
    )
