"""Whom cfnroles talks to: profile, Region and endpoint, turned into boto3 clients when first used."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cfnroles.aws.refusals import answering

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config


@dataclass(frozen=True, slots=True)
class Connection:
    """Settings that win over AWS's own variables and profiles; what is empty is left to those.

    ``environment`` holds credentials given as AWS's variables (``AWS_ACCESS_KEY_ID`` ...), as the local
    emulator hands them out; it then replaces the whole credential chain.
    """

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> Connection:
        """The connection that exactly these AWS variables describe."""
        return cls(
            region=variables.get("AWS_REGION", ""),
            endpoint_url=variables.get("AWS_ENDPOINT_URL", ""),
            environment=tuple(sorted(variables.items())),
        )

    def client(self, service: str) -> Any:
        """A boto3 client for ``service``.

        Raises ``InvalidInput`` for an unknown profile or a missing Region.
        """
        with answering(f"AWS ({service})"):
            return self._session().client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.endpoint_url or None,
                config=_config(),
            )

    def _session(self) -> boto3.Session:
        import boto3

        given = dict(self.environment)
        if not given:
            return boto3.Session(profile_name=self.profile or None, region_name=self.region or None)
        return boto3.Session(
            aws_access_key_id=given.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
            region_name=self.region or None,
        )


def _config() -> Config:
    from botocore.config import Config

    return Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=10, read_timeout=60)


def is_loopback(url: str) -> bool:
    """Whether ``url`` is on this machine, where polling fast costs nobody anything."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
