"""Members of the API as properties of CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from troposphere import Parameter, Ref

from cfnroles.targets.cloudformation.values import Spelling, value
from cfnroles.workload import Path

#: Members whose name in CloudFormation is not just capitalized, by their name in the API.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
_RENAMED = {
    "efsVolumeConfiguration": "EFSVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration": "S3FilesVolumeConfiguration",
    ("proxyConfiguration", "properties"): "ProxyConfigurationProperties",
    ("efsVolumeConfiguration", "fileSystemId"): "FilesystemId",
    ("authorizationConfig", "iam"): "IAM",
}

#: Members that hold a map with keys of the user's own.
_MAPS = frozenset({"options", "dockerLabels", "labels", "driverOpts"})

#: Members whose values name the account or Region that the task runs in.
_NAMES = frozenset(
    {
        "image",
        "valueFrom",
        "credentialsParameter",
        "credentialSpecs",
        "dockerSecurityOptions",
        "awslogs-region",
        "config-file-value",
        "fileSystemArn",
        "accessPointArn",
    }
)


Images = Mapping[Path, Parameter]


class Rendering(Struct, frozen=True):
    """How the members of a task definition or a service become properties.

    ``images`` are the parameters that replace images, by their path.
    """

    images: Images
    spelling: Spelling

    def structure(self, members: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """Return the properties of ``members``. ECS reads an empty list as absent; CloudFormation may reject it."""
        return {
            _property(name, path): self._value(value, (*path, name)) for name, value in members.items() if value != []
        }

    def _value(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):  # most are; the test for a Mapping takes longer
            return Ref(self.images[path]) if path in self.images else self._text(value, path)
        if isinstance(value, Mapping):
            if path[-1] in _MAPS:
                return {key: self._value(member, (*path, key)) for key, member in value.items()}
            return self.structure(value, path)
        if isinstance(value, list):
            return [self._value(element, (*path, index)) for index, element in enumerate(value) if element is not None]
        return value

    def _text(self, text: str, path: Path) -> Any:
        if path[-1] == "awslogs-region" and text == self.spelling.facts.region:
            return Ref("AWS::Region")
        return self.spelling.value(text) if _names_something(path) else value(text)


def _names_something(path: Path) -> bool:
    names = [step for step in path if isinstance(step, str)]
    return names[-1] in _NAMES or names[-2:] == ["environmentFiles", "value"]


def _property(name: str, path: Path) -> str:
    parent = next((step for step in reversed(path) if isinstance(step, str)), "")
    return _RENAMED.get((parent, name)) or _RENAMED.get(name) or name[:1].upper() + name[1:]
