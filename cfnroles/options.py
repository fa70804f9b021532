"""Options for roles and log groups other than permissions."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from cfnroles.text import Text


class RoleOptions(Struct, frozen=True):
    """The options of one role. Empty options leave the template's default.

    ``name``, ``path`` and ``permissions_boundary`` become defaults of template parameters. ``managed_policies`` are
    ARNs. ``export`` is the full name of the export of the role's ARN.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
    """

    name: str = ""
    path: str = ""
    permissions_boundary: str = ""
    managed_policies: tuple[Text, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    max_session_duration: int = 0
    export: str = ""


NO_OPTIONS = RoleOptions()


class LogGroupOptions(Struct, frozen=True):
    """Options of log groups. With ``retention_days`` 0, events never expire."""

    retention_days: int = 0
    kms_key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    keep: bool = True
    existing: tuple[str, ...] = ()
