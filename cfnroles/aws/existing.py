"""The existence of secrets, parameters, keys, log groups and repositories, by metadata.

No value of a secret or parameter is read, and each is looked up once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cached_property, partial
from typing import Any

from msgspec import Struct

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import Denied, Refused, answering
from cfnroles.aws.secret_validator import as_parsed

#: The maximum number of names in DescribeParameters.
_NAMES = 50
#: After this number of denied calls in a row, the rest is treated as denied.
_REFUSALS = 5
_KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")


class Presence(StrEnum):
    """Whether something exists."""

    THERE = "there"
    MISSING = "missing"
    DELETED = "scheduled for deletion"
    UNUSABLE = "not usable"
    FOREIGN = "of another account"
    DENIED = "denied"


class Looked(Struct, frozen=True):
    """The result for one resource. ``key`` is its customer managed key, ``detail`` the problem."""

    presence: Presence
    key: str = ""
    detail: str = ""


class ExistingThings:
    """The resources of one account and Region. Methods raise ``Unavailable`` if AWS cannot be reached."""

    def __init__(self, connection: Connection, region: str, account: str) -> None:
        self._connection, self._region, self._account = connection, region, account
        self._clients: dict[str, Any] = {}
        self._refused: dict[str, int] = {}
        #: The denied calls, which are the missing permissions.
        self.denied: dict[str, None] = {}

    def references(self, given: Iterable[str]) -> Iterator[tuple[str, Looked]]:
        """Yield the result for each reference of a task definition: one call for a secret, and one for fifty
        parameters.
        """
        parameters: list[tuple[str, Any]] = []
        for each in given:
            parsed = as_parsed(each, self._region, self._account)
            if parsed is None:
                yield each, Looked(Presence.UNUSABLE, detail="it is not a secret or parameter")
            elif parsed.foreign or parsed.region != self._region:
                where = f"account {parsed.foreign}" if parsed.foreign else parsed.region
                yield each, Looked(Presence.FOREIGN, detail=where)
            elif parsed.service == "ssm":
                parameters.append((each, parsed))
            else:
                yield each, self._asked("secretsmanager:DescribeSecret", partial(self._secret, parsed.names[0]))
        for start in range(0, len(parameters), _NAMES // 2):
            yield from self._parameters(parameters[start : start + _NAMES // 2])

    def key(self, named: str) -> Looked:
        """DescribeKey: whether a key can be used. ``key`` is its ARN."""
        return self._asked("kms:DescribeKey", lambda: self._key(named), denied=Looked(Presence.DENIED, key=named))

    @cached_property
    def log_groups(self) -> frozenset[str] | None:
        """DescribeLogGroups: all names; ``None`` if the call is denied."""
        return self._all("logs:DescribeLogGroups", "describe_log_groups", "logGroups", "logGroupName")

    @cached_property
    def repositories(self) -> frozenset[str] | None:
        """DescribeRepositories: all names in the account's registry; ``None`` if the call is denied."""
        return self._all("ecr:DescribeRepositories", "describe_repositories", "repositories", "repositoryName")

    @cached_property
    def pull_through_prefixes(self) -> frozenset[str] | None:
        """DescribePullThroughCacheRules: the prefixes of repositories that a pull creates; ``None`` if denied."""
        call, rules = "ecr:DescribePullThroughCacheRules", "pullThroughCacheRules"
        return self._all(call, "describe_pull_through_cache_rules", rules, "ecrRepositoryPrefix")

    def _secret(self, name: str) -> Looked:
        with answering("secretsmanager:DescribeSecret"):
            answer = self._client("secretsmanager").describe_secret(SecretId=name)
        if answer.get("DeletedDate"):
            return Looked(Presence.DELETED)
        return Looked(Presence.THERE, _customers(answer.get("KmsKeyId", "")))

    def _parameters(self, some: list[tuple[str, Any]]) -> Iterator[tuple[str, Looked]]:
        names = list(dict.fromkeys(name for _, parsed in some for name in parsed.names))
        filters = [{"Key": "Name", "Option": "Equals", "Values": names}]
        found: dict[str, str] = {}

        def ask() -> Looked:
            with answering("ssm:DescribeParameters"):
                pages = list(
                    self._client("ssm").get_paginator("describe_parameters").paginate(ParameterFilters=filters)
                )
            for each in (each for page in pages for each in page["Parameters"]):
                found[each["Name"]] = _customers(each.get("KeyId", "")) if each.get("Type") == "SecureString" else ""
            return Looked(Presence.THERE)

        whole = self._asked("ssm:DescribeParameters", ask)
        for given, parsed in some:
            key = next((found[name] for name in parsed.names if name in found), None)
            if whole.presence is not Presence.THERE:
                yield given, whole
            else:
                yield given, Looked(Presence.MISSING) if key is None else Looked(Presence.THERE, key)

    def _key(self, named: str) -> Looked:
        with answering("kms:DescribeKey"):
            told = self._client("kms").describe_key(KeyId=named)["KeyMetadata"]
        state = told.get("KeyState", "Enabled")
        if state == "Enabled":
            return Looked(Presence.THERE, told["Arn"])
        return Looked(Presence.UNUSABLE, told["Arn"], f"its state is {state}")

    def _asked(self, call: str, ask: Callable[[], Looked], denied: Looked = Looked(Presence.DENIED)) -> Looked:  # noqa: B008
        if self._refused.get(call, 0) >= _REFUSALS:
            return denied
        try:
            found = ask()
        except Denied:
            self.denied[call] = None
            self._refused[call] = self._refused.get(call, 0) + 1
            return denied
        except Refused as refused:
            self._refused[call] = 0
            if "NotFound" in refused.code:
                return Looked(Presence.MISSING)
            return Looked(Presence.UNUSABLE, detail=f"AWS answers {refused.code}")
        self._refused[call] = 0
        return found

    def _all(self, call: str, operation: str, member: str, name: str) -> frozenset[str] | None:
        found: set[str] = set()
        client = self._client(call.partition(":")[0])
        try:
            with answering(call):
                for page in client.get_paginator(operation).paginate():
                    found.update(each[name] for each in page[member])
        except Denied:
            self.denied[call] = None
            return None
        except Refused:
            return None  # not every Region and emulator supports every call
        return frozenset(found)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._connection.client(service, patient=True)
        return self._clients[service]


def _customers(key: str) -> str:
    """Return the key in a response as DescribeKey accepts it; empty for one of AWS's own."""
    alias = key.rpartition(":")[2]
    if not key or alias.startswith("alias/aws/"):
        return ""
    return key if key.startswith("arn:") or _KEY_ID.fullmatch(key) else alias
