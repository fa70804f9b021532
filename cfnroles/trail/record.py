"""One event of CloudTrail, with only the members that are used: caller, action, resource, time, and result.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from cfnroles.table.event_source import reads_only
from cfnroles.trail.selectors import AdvancedEventSelector, EventSelector

#: AWS's error codes for a denied call.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_REFUSED = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden", "AuthorizationError")


class Issuer(Struct, gc=False):
    """The role of a session."""

    arn: str | None = None


class SessionContext(Struct, gc=False):
    """The context of a session."""

    sessionIssuer: Issuer | None = None  # noqa: N815 - CloudTrail's own names


class Identity(Struct, gc=False):
    """The caller."""

    type: str | None = None
    arn: str | None = None
    accountId: str | None = None  # noqa: N815
    invokedBy: str | None = None  # noqa: N815
    sessionContext: SessionContext | None = None  # noqa: N815


class EventResource(Struct, gc=False):
    """A resource in the event."""

    ARN: str | None = None


class ActionAccess(Struct, gc=False):
    """The last use of an action, from IAM."""

    ActionName: str = ""
    LastAccessedTime: str | None = None


class ServiceAccess(Struct, gc=False):
    """The last use of a service and, if tracked, of its actions, from IAM."""

    ServiceNamespace: str = ""
    LastAuthenticated: str | None = None
    LastAuthenticatedEntity: str | None = None
    TrackedActionsLastAccessed: list[ActionAccess] | None = None


class Record(Struct, gc=False):
    """One event, or the wrapper of one; with ``ServicesLastAccessed``, IAM's report on a role.

    ``Records``, ``Events``, ``CloudTrailEvent``, ``eventJson`` and ``detail`` are the wrappers of delivered files,
    lookup-events, CloudTrail Lake and EventBridge. ``EventSelectors`` and ``AdvancedEventSelectors`` define what a
    trail records.
    """

    eventTime: str = ""  # noqa: N815
    eventSource: str = ""  # noqa: N815
    eventName: str = ""  # noqa: N815
    awsRegion: str = ""  # noqa: N815
    userIdentity: Identity | None = None  # noqa: N815
    sourceIPAddress: str | None = None  # noqa: N815
    errorCode: str | None = None  # noqa: N815
    errorMessage: str | None = None  # noqa: N815
    requestParameters: Raw = Raw(b"null")  # noqa: N815
    resources: list[EventResource] | None = None
    readOnly: bool | str | None = None  # noqa: N815
    managementEvent: bool | str | None = None  # noqa: N815
    eventCategory: str | None = None  # noqa: N815
    recipientAccountId: str | None = None  # noqa: N815
    Records: list[Record] | None = None
    Events: list[Record] | None = None
    CloudTrailEvent: str | None = None
    eventJson: str | None = None  # noqa: N815
    detail: Record | None = None
    ServicesLastAccessed: list[ServiceAccess] | None = None
    IsTruncated: bool | None = None
    TrailARN: str | None = None
    EventSelectors: list[EventSelector] | None = None
    AdvancedEventSelectors: list[AdvancedEventSelector] | None = None

    @property
    def account(self) -> str:
        """The account whose trail has the event; empty if unknown."""
        who = self.userIdentity
        return self.recipientAccountId or (who.accountId if who else None) or role_key(self.issuer)[0]

    @property
    def issuer(self) -> str:
        """The ARN of the role whose session made the call; empty for other callers."""
        who = self.userIdentity
        if who is None or who.type != "AssumedRole":
            return ""
        context = who.sessionContext
        issuer = context.sessionIssuer.arn if context and context.sessionIssuer else None
        return issuer or who.arn or ""

    @property
    def via(self) -> str:
        """The service that made the call on behalf of the caller, as a host: ``secretsmanager.amazonaws.com``."""
        who = self.userIdentity
        told = (who.invokedBy if who else None) or self.sourceIPAddress or ""
        return told if told.endswith((".amazonaws.com", ".amazonaws.com.cn")) else ""

    @property
    def is_refused(self) -> bool:
        """Whether a policy denied the call."""
        return bool(self.errorCode) and any(word in str(self.errorCode) for word in _REFUSED)

    @property
    def is_read(self) -> bool | None:
        """Whether the call is read-only, from CloudTrail or from its name; ``None`` if unknown."""
        return reads_only(self.eventName) if self.readOnly is None else str(self.readOnly).lower() == "true"

    def parameters(self) -> dict[str, Any]:
        """The request parameters; empty if they are absent or unreadable."""
        try:
            found = msgspec.json.decode(self.requestParameters)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return {}
        return found if isinstance(found, dict) else {}


def role_key(arn: str) -> tuple[str, str]:
    """Return account and name of a role, from its ARN or that of a session; empty strings for another ARN.

    A name is unique in an account, for any path, and the ARN of a session has no path.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "", ""
    kind, _, rest = parts[5].partition("/")
    if kind == "role" and rest:
        return parts[4], rest.rpartition("/")[2]
    return (parts[4], rest.partition("/")[0]) if kind == "assumed-role" else ("", "")
