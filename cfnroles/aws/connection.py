"""Connections to AWS: profile, Region and endpoint, with clients on demand."""

from __future__ import annotations

import functools
import ipaddress
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from cfnroles.aws.refusals import answering
from cfnroles.errors import InvalidInput


class Connection(Struct, frozen=True, dict=True):
    """Settings that take precedence over AWS's own variables and profiles. Empty settings leave the default.

    ``environment`` has credentials as AWS's variables (``AWS_ACCESS_KEY_ID`` ...), such as those of the local emulator.
    It replaces the whole credential chain.
    """

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> Connection:
        """Return the connection that exactly these AWS variables describe."""
        return cls(
            region=variables.get("AWS_REGION", ""),
            endpoint_url=variables.get("AWS_ENDPOINT_URL", ""),
            environment=tuple(sorted(variables.items())),
        )

    def client(self, service: str, *, patient: bool = False) -> Any:
        """Return a client for ``service`` from botocore: boto3 would only add import time.

        A ``patient`` client makes thousands of calls: it slows down when AWS throttles, and leaves quota for others.
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html

        Raise ``InvalidInput`` for an unknown profile, a missing Region or an invalid endpoint.
        """
        # A local endpoint that does not respond is not running; a network needs patience.
        attempts = 2 if is_loopback(self._endpoint) else 10 if patient else 6
        with answering(f"AWS ({service})"):
            return self.made(
                service,
                self.home_region,
                retries={"mode": "adaptive" if patient else "standard", "max_attempts": attempts},
                connect_timeout=10,
                read_timeout=60,
            )

    @property
    def home_region(self) -> str:
        """Return the Region from an option, a variable or the profile; empty if there is none."""
        # botocore only reads AWS_DEFAULT_REGION; all other SDKs and the CLI read both.
        told = self.region or os.environ.get("AWS_REGION")
        with answering("AWS"):
            return told or self._session.get_config_variable("region") or ""

    def made(self, service: str, region: str, **settings: Any) -> Any:
        """Return a client for ``service`` in ``region`` with settings of botocore's Config. Errors of botocore
        propagate.

        All clients share one session, so that MFA is requested once.
        """
        from botocore.config import Config

        given = dict(self.environment)
        check_endpoint(self._endpoint)
        return self._session.create_client(
            service,
            region_name=region or None,
            endpoint_url=self.endpoint_url or None,
            aws_access_key_id=given.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
            config=Config(**settings),
        )

    def check_credentials(self) -> None:
        """Raise ``Unavailable`` if there are no credentials, or none can be obtained now."""
        from botocore.exceptions import NoCredentialsError

        with answering("AWS"):
            check_endpoint(self._endpoint)
            credentials = None if self.environment else self._session.get_credentials()
            if credentials is not None:
                credentials.get_frozen_credentials()
            elif not self.environment:
                raise NoCredentialsError

    @property
    def _endpoint(self) -> str:
        return self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or ""

    @functools.cached_property
    def _session(self) -> Any:
        import botocore.session

        session = botocore.session.Session(_NO_FILES if self.environment else None, profile=self.profile or None)
        session.register_component("data_loader", _api_descriptions(session.get_config_variable("data_path")))
        return session


@functools.cache
def _api_descriptions(data_path: str | None) -> Any:
    # A new session would read botocore's files again for each client, which takes longer than most calls.
    from botocore.loaders import create_loader

    return create_loader(data_path)


#: Session variables (file key, variable, default, conversion) that keep user profiles out of complete settings.
_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def check_endpoint(url: str) -> None:
    """Raise ``InvalidInput`` for an invalid ``url``: botocore raises a plain ValueError, like a bug."""
    from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

    try:
        parts = urlsplit(url)
        valid = (
            parts.scheme in ("http", "https")
            and parts.port != 0  # reading the port raises ValueError if it is invalid
            and (is_valid_endpoint_url(url) or is_valid_ipv6_endpoint_url(url))
        )
    except ValueError:
        valid = False
    if url and not valid:
        raise InvalidInput(
            f"{url} is not the URL of an endpoint",
            remedy="Write --endpoint-url or AWS_ENDPOINT_URL as in http://127.0.0.1:4566, or omit it.",
        )


def is_loopback(url: str) -> bool:
    """Return whether ``url`` is on this machine, where fast polling is free."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
