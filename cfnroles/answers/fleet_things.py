"""The existence of the secrets, keys, log groups and repositories that task definitions name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from msgspec.structs import replace

from cfnroles.answers.fleet_finding import FleetFinding, Kind
from cfnroles.answers.fleet_users import Users
from cfnroles.aws.existing import Looked, Presence
from cfnroles.sources.fleet import Kept


class Things(Protocol):
    """Access to these resources: ``cfnroles.aws.existing.ExistingThings``."""

    denied: dict[str, None]

    def references(self, given: Iterable[str]) -> Iterator[tuple[str, Looked]]:
        """Look up secrets and parameters."""

    def key(self, named: str) -> Looked:
        """Look up a KMS key."""

    @property
    def log_groups(self) -> frozenset[str] | None:
        """Return all log groups."""

    @property
    def repositories(self) -> frozenset[str] | None:
        """Return all repositories."""

    @property
    def pull_through_prefixes(self) -> frozenset[str] | None:
        """Return the prefixes of repositories that a pull creates."""


class LookedAt:
    """The results for secrets, parameters and keys."""

    def __init__(self, things: Things, kept: Kept) -> None:
        self._things, self._kept = things, kept

    def look(self, references: Iterable[str]) -> None:
        """Look up those without a result."""
        new = [each for each in references if ("reference", each) not in self._kept.looked]
        for given, looked in self._things.references(new):
            self._kept.look("reference", given, looked)
        for key in {each.key: None for (kind, _), each in [*self._kept.looked.items()] if kind == "reference"}:
            if key and ("key", key) not in self._kept.looked:
                self._kept.look("key", key, self._things.key(key))

    def of(self, reference: str) -> Looked:
        """Return the result for a reference."""
        return self._kept.looked.get(("reference", reference), Looked(Presence.DENIED))

    def key_of(self, reference: str) -> Looked | None:
        """Return the key that encrypts a secret or parameter; ``None`` for one of AWS's own."""
        told = self.of(reference).key
        return self._kept.looked.get(("key", told)) if told else None


def absent_things(users: Users, things: Things, looked: LookedAt) -> Iterator[FleetFinding]:
    """Yield what is named and does not exist, and what could not be looked up."""
    for reference, numbers in users.references.items():
        seen, key = looked.of(reference), looked.key_of(reference)
        affected = users.affected(numbers)
        match seen.presence:
            case Presence.MISSING:
                noun = "secret" if ":secretsmanager:" in reference else "parameter"
                yield FleetFinding(Kind.SECRET_MISSING, reference, f"there is no such {noun}", affected)
            case Presence.DELETED | Presence.UNUSABLE:
                yield FleetFinding(Kind.SECRET_MISSING, reference, seen.detail or f"it is {seen.presence}", affected)
            case Presence.FOREIGN:
                what = f"whether it exists: it is in {seen.detail}, which was not read"
                yield FleetFinding(Kind.NOT_KNOWN, reference, what, affected)
            case Presence.DENIED:
                what = "whether it exists: the credentials may not ask about it"
                yield FleetFinding(Kind.NOT_KNOWN, reference, what, affected)
            case _ if key and key.presence in (Presence.MISSING, Presence.UNUSABLE, Presence.DELETED):
                what = f"{key.detail or 'it does not exist'}; it encrypts {reference}"
                yield FleetFinding(Kind.KEY, key.key or seen.key, what, affected)
    yield from _named(users, things)


def _named(users: Users, things: Things) -> Iterator[FleetFinding]:
    groups, repositories = users.log_groups, users.repositories
    if groups:
        yield from _absent(users, groups, things.log_groups, Kind.LOG_GROUP_MISSING, "log groups")
    if repositories:
        found = list(_absent(users, repositories, things.repositories, Kind.REPOSITORY_MISSING, "repositories"))
        prefixes = things.pull_through_prefixes if found and things.repositories is not None else frozenset()
        for each in found:
            if prefixes is None:
                what = "it does not exist, and whether a pull creates it is unknown: AWS refused"
                yield replace(each, kind=Kind.NOT_KNOWN, what=f"{what} ecr:DescribePullThroughCacheRules")
            elif not any(prefix == "ROOT" or each.subject.startswith(f"{prefix}/") for prefix in prefixes):
                yield each
    for what, numbers in users.elsewhere.items():
        yield FleetFinding(Kind.NOT_KNOWN, what, "whether they exist: not checked there", users.affected(numbers))


def _absent(
    users: Users, named: Mapping[str, list[int]], there: frozenset[str] | None, kind: Kind, noun: str
) -> Iterator[FleetFinding]:
    if there is None:
        call = "logs:DescribeLogGroups" if kind is Kind.LOG_GROUP_MISSING else "ecr:DescribeRepositories"
        everybody = (number for numbers in named.values() for number in numbers)
        what = f"whether {len(named):,} of them exist: AWS refused {call}"
        yield FleetFinding(Kind.NOT_KNOWN, noun, what, users.affected(everybody))
        return
    for name, numbers in named.items():
        if name not in there:
            yield FleetFinding(kind, name, "it does not exist", users.affected(numbers))
