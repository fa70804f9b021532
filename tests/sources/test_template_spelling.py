"""Messages about a template name its properties as CloudFormation spells them."""

from __future__ import annotations

import pytest

from cfnroles.sources.template_spelling import in_template
from cfnroles.workload import Path

MESSAGES = {
    "a member": ((), "the secret has no valueFrom", "the secret has no ValueFrom"),
    "a member and its value": (
        (),
        'Add "transitEncryption": "ENABLED" to efsVolumeConfiguration',
        'Add "TransitEncryption": "ENABLED" to EFSVolumeConfiguration',
    ),
    "a list of members": (
        (),
        "a list of objects with the members name, valueFrom",
        "a list of objects with the members Name, ValueFrom",
    ),
    "the members of an object": (
        (),
        "Its members are driver, driverOpts, scope, labels, ...",
        "Its members are Driver, DriverOpts, Scope, Labels, ...",
    ),
    "a file system of EFS": (("volumes", 0, "efsVolumeConfiguration"), "no fileSystemId", "no FilesystemId"),
    "a file system of FSx": (
        ("volumes", 0, "fsxWindowsFileServerVolumeConfiguration"),
        "no fileSystemId",
        "no FileSystemId",
    ),
    "an English word": ((), "the container has no name", "the container has no name"),
    "a name of the user": ((), "the container webServer has no image", "the container webServer has no image"),
    "JSON in the input of a target": (
        ("runTask", "overrides"),
        "Remove `executionRoleArn`",
        "Remove `executionRoleArn`",
    ),
}


@pytest.mark.parametrize(("about", "message", "told"), MESSAGES.values(), ids=MESSAGES)
def test_a_member_has_the_name_of_its_property(about: Path, message: str, told: str) -> None:
    assert in_template(message, about) == told
