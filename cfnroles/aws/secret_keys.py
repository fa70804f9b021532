"""The customer managed keys of secrets and parameters, from metadata: no value is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering
from cfnroles.aws.secret_validator import as_parsed

_KEY = re.compile(r"arn:[^:]+:kms:[^:]+:\d{12}:key/.+")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
#: The maximum number of names in one call.
_NAMES = 50
#: A deployment waits for this, with seconds left.
_PATIENCE = {"connect_timeout": 2, "read_timeout": 4, "retries": {"mode": "standard", "max_attempts": 3}}


def keys_of(references: Iterable[str], connection: Connection, region: str, account: str) -> Mapping[str, str]:
    """Return the ARN of the customer managed key of each reference that has one.

    The references belong to a task in ``account`` and ``region``. References that do not exist or belong to another
    account are left out. Errors are those of `answering`.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterMetadata.html
    """
    parsed = [(given, one) for given in references if (one := as_parsed(given, region, account)) is not None]
    found: dict[str, str] = {}
    asked = _Asked(connection, account)
    for given, reference in parsed:
        if reference.service == "secretsmanager" and (key := asked.of_secret(reference)):
            found[given] = key
    parameters = [(given, reference) for given, reference in parsed if reference.service == "ssm"]
    for home in dict.fromkeys(reference.region for _, reference in parameters):
        theirs = [(given, reference) for given, reference in parameters if reference.region == home]
        keys = asked.of_parameters([name for _, reference in theirs for name in reference.names], home)
        found |= {given: keys[name] for given, reference in theirs for name in reference.names if name in keys}
    return found


class _Asked:
    """AWS's responses about keys, each call made once."""

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection, self._account = connection, account
        self._clients: dict[tuple[str, str], Any] = {}
        self._keys: dict[tuple[str, str], str] = {}

    def of_secret(self, reference: Any) -> str:
        """Return the key of a secret; empty for that of Secrets Manager."""
        if reference.foreign:
            return ""
        client = self._client("secretsmanager", reference.region)
        with answering("secretsmanager:DescribeSecret"):
            try:
                answer = client.describe_secret(SecretId=reference.names[0])
            except client.exceptions.ResourceNotFoundException:
                return ""
        return self._key(answer.get("KmsKeyId", ""), reference.region)

    def of_parameters(self, names: list[str], region: str) -> dict[str, str]:
        """Return the keys of parameters by name, except that of Systems Manager."""
        client = self._client("ssm", region)
        found: dict[str, str] = {}
        for some in _batches(names):
            filters = [{"Key": "Name", "Option": "Equals", "Values": some}]
            with answering("ssm:DescribeParameters"):
                pages = list(client.get_paginator("describe_parameters").paginate(ParameterFilters=filters))
            secure = [each for page in pages for each in page["Parameters"] if each.get("Type") == "SecureString"]
            found |= {each["Name"]: key for each in secure if (key := self._key(each.get("KeyId", ""), region))}
        return found

    def _key(self, told: str, region: str) -> str:
        """Return the ARN of a key that is given by ARN, ID or alias; empty for one of AWS's own."""
        alias = told.rpartition(":")[2]
        if not told or alias.startswith("alias/aws/"):
            return ""
        if _KEY.fullmatch(told):
            return told
        if (told, region) not in self._keys:
            named = told if told.startswith("arn:") or _ID.fullmatch(told) else alias
            with answering("kms:DescribeKey"):
                key = self._client("kms", region).describe_key(KeyId=named)["KeyMetadata"]
            self._keys[told, region] = key["Arn"]
        return self._keys[told, region]

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = self._connection.made(service, region, **_PATIENCE)
        return self._clients[service, region]


def _batches(names: list[str]) -> Iterator[list[str]]:
    unique = list(dict.fromkeys(names))
    yield from (unique[start : start + _NAMES] for start in range(0, len(unique), _NAMES))
