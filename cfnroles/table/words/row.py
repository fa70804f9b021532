"""One row of the grants table: a grant, and the permissions that it gives an application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.need import Condition, Holder, Standing
from cfnroles.symbols import Wildcard
from cfnroles.table.feature import Action, Feature, Found, Grant, Trap, everything, harmless, unconditional
from cfnroles.table.references import service_host
from cfnroles.table.words.resources import KEY, ResourceKind, is_import, region_of, resource_arn
from cfnroles.text import EMPTY, Text


def entry(found: Found) -> Mapping[str, Any]:
    """The entry of the grant in the spec, with its options."""
    whole = found.workload.at(found.path[:2])
    return whole if isinstance(whole, Mapping) else {}


def option(found: Found, name: str) -> tuple[Any, ...]:
    """The values of an option of the grant; none if it is absent."""
    value = entry(found).get(name)
    return () if value is None else tuple(value) if isinstance(value, list) else (value,)


class Access(Struct, frozen=True):
    """Actions on the grant's resource, or on a part of it; ``None`` if AWS defines no resource type."""

    actions: tuple[Action, ...]
    on: Callable[[Text, Found], Text | tuple[Text, ...]] | None = lambda arn, found: arn
    conditions: Callable[[Found], tuple[Condition, ...]] = unconditional


class KeyUse(Struct, frozen=True):
    """The permissions for a customer managed key: its actions, only through the service and for the resource.

    ``service`` is empty if AWS documents none for ``kms:ViaService``. ``context`` is the key of the encryption context,
    and ``value`` its value for a resource; without a value, only the service is checked. ``standing`` is the evidence,
    and ``doubt`` the part that is not proven.
    """

    actions: tuple[Action, ...]
    service: str
    standing: Standing
    context: str = ""
    value: Callable[[Text, Found], tuple[Text, ...]] = lambda arn, found: (arn,)
    doubt: str = ""


class Row(Struct, frozen=True):
    """One grant. ``does`` completes "the application ..."; without ``kind`` the value is ``true``.

    ``options`` are the keys that may be next to it. ``text`` describes a value that is not a resource. ``standing`` is
    the evidence, and ``doubt`` the part that is not proven. ``trap`` returns what will likely fail.
    """

    word: str
    does: str
    source: str
    standing: Standing
    example: Any
    access: tuple[Access, ...]
    kind: ResourceKind | None = None
    options: tuple[str, ...] = ()
    key: KeyUse | None = None
    text: str = ""
    doubt: str = ""
    trap: Callable[[Found], Trap | None] = harmless

    @property
    def sid(self) -> str:
        """The purpose of its statements: ``S3Read`` for ``s3-read``."""
        return "".join(part[0].upper() + part[1:] for part in self.word.split("-"))

    @property
    def feature(self) -> Feature:
        """The grant as a row for discovery."""
        grants = [
            Grant(action, on=self._on(access), sid=self.sid, conditions=access.conditions, doubt=self.doubt)
            for access in self.access
            for action in access.actions
        ]
        if self.key:
            grants += [
                Grant(
                    action,
                    on=_keys,
                    sid=f"{self.sid}Key",
                    conditions=self._key_conditions,
                    standing=self.key.standing,
                    doubt=self.key.doubt,
                )
                for action in self.key.actions
            ]
        return Feature(
            name=self.word,
            field=f"grants[].{self.word}[]",
            holder=Holder.TASK,
            why=f"the application {self.does}",
            source=self.source,
            standing=self.standing,
            example=self.example,
            grants=tuple(grants),
            trap=self.trap,
        )

    def arn(self, found: Found) -> Text:
        """Return the resource of the grant."""
        assert self.kind is not None  # noqa: S101 - a row with a resource has a kind
        return resource_arn(self.kind, found.value, found.facts)

    def _on(self, access: Access) -> Callable[[Found], Text | tuple[Text, ...]]:
        part = access.on
        if part is None:
            return everything
        return lambda found: part(self.arn(found), found)

    def _key_conditions(self, found: Found) -> tuple[Condition, ...]:
        assert self.key is not None  # noqa: S101 - only asked of rows with a key
        arn = self.arn(found)
        # The ARN of a bucket has no Region, and its key is always in the bucket's.
        located = arn if self.kind and self.kind.region and not is_import(arn) else _keys(found)[0]
        conditions = []
        if self.key.service:
            host = service_host(self.key.service, region_of(located, found.facts))
            conditions.append(Condition("StringEquals", "kms:ViaService", (host,)))
        values = self.key.value(arn, found) if self.key.context else ()
        if values:
            like = any(isinstance(symbol, Wildcard) for value in values for symbol in value.symbols)
            operator = "StringLike" if like else "StringEquals"
            conditions.append(
                Condition(operator, f"kms:EncryptionContext:{self.key.context}", tuple(sorted(set(values))))
            )
        return tuple(conditions)


def _keys(found: Found) -> tuple[Text, ...]:
    return tuple(resource_arn(KEY, key, found.facts) for key in option(found, "kms-key"))


def name_in(arn: Text) -> Text:
    """Return the name at the end of an ARN; empty for an import, whose name is unknown."""
    return EMPTY if is_import(arn) else arn.cut("/")[-1]
