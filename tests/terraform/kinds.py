"""What resources and data sources of the stand-in provider have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import Any, ClassVar

import boto3
from botocore.exceptions import ClientError
from msgpack import ExtType
from tf import iface
from tf.gen import tfplugin_pb2 as protocol
from tf.schema import Attribute, Block, NestedBlock, NestMode, Schema
from tf.types import NormalizedJson, Set, String, TfType, Unknown

TEXT = String()


class Json(NormalizedJson):
    """JSON, as jsonencode of Terraform writes it; what Terraform knows only in part yet is passed on."""

    def decode(self, value: Any) -> Any:
        return super().decode(value) if isinstance(value, str) else value

    def encode(self, value: Any) -> Any:
        if value is None or value is Unknown or isinstance(value, ExtType):
            return value
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class Opaque(TfType):
    """A type that is declared in Terraform's own words, and whose values are passed on."""

    def __init__(self, words: str) -> None:
        self.words = words.encode()

    def encode(self, value: Any) -> Any:
        return value

    def decode(self, value: Any) -> Any:
        return value

    def tf_type(self) -> bytes:
        return self.words


class Blocks(NestedBlock):
    """A nested block that may be repeated, in the order of the configuration or, of a set, in none."""

    def __init__(self, name: str, *attributes: Attribute, within: Sequence[NestedBlock] = (), ordered: bool = True):
        super().__init__(name, NestMode.Set, Block(list(attributes), list(within)))
        self.ordered = ordered

    def to_pb(self) -> Any:
        block = super().to_pb()
        if self.ordered:
            block.nesting = protocol.Schema.NestedBlock.LIST
        return block

    def encode(self, value: Any) -> Any:
        return value

    def decode(self, value: Any) -> Any:
        return value

    def semantically_equal(self, a_decoded: Any, b_decoded: Any) -> bool:
        return bool(a_decoded == b_decoded)


def required(name: str, of: TfType = TEXT, **more: Any) -> Attribute:
    return Attribute(name, of, required=True, **more)


def optional(name: str, of: TfType = TEXT, **more: Any) -> Attribute:
    return Attribute(name, of, optional=True, **more)


def computed(name: str, of: TfType = TEXT) -> Attribute:
    return Attribute(name, of, computed=True)


def either(name: str, of: TfType = TEXT, **more: Any) -> Attribute:
    """Optional, and computed where the configuration does not say it."""
    return Attribute(name, of, optional=True, computed=True, **more)


@dataclass(frozen=True)
class Account:
    """The account and the Region that a configuration of the provider is for."""

    endpoint_url: str
    region: str = "us-east-1"
    id: str = "123456789012"

    def configured(self, region: str | None, access_key: str | None) -> Account:
        """The same with another Region, and with the account whose id the emulator takes for an access key."""
        return replace(self, region=region or self.region, id=access_key or self.id)

    def client(self, service: str) -> Any:
        """The client of a service; making one takes longer than most of its calls."""
        with _MAKING:
            return _client(self, service)


_MAKING = Lock()


@cache
def _client(account: Account, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=account.endpoint_url,
        region_name=account.region,
        aws_access_key_id=account.id,
        aws_secret_access_key="local",
    )


@contextmanager
def told(context: Any, doing: str) -> Iterator[None]:
    """What AWS refuses is an error of Terraform's."""
    try:
        yield
    except ClientError as error:
        context.diagnostics.add_error(doing, str(error))


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is Unknown else value for name, value in values.items()}


class Kind(ABC):
    """A type of resource or of data source."""

    NAME: ClassVar[str]
    ATTRIBUTES: ClassVar[Sequence[Attribute]]
    BLOCKS: ClassVar[Sequence[NestedBlock]] = ()

    def __init__(self, provider: Any) -> None:
        self.account: Account = provider.account
        self.client: Callable[[str], Any] = provider.account.client

    def client_for(self, values: Mapping[str, Any], service: str) -> Any:
        """The client in the Region that the configuration gives it.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
        """
        return self.account.configured(values.get("region"), None).client(service)

    @classmethod
    def get_name(cls) -> str:
        return cls.NAME

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(attributes=list(cls.ATTRIBUTES), block_types=list(cls.BLOCKS), version=0)

    @abstractmethod
    def found(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """What AWS knows of it; ``None`` where it is not there."""


class Resource(Kind, iface.Resource):
    """A type of resource by its four calls; what is read is what AWS says."""

    @abstractmethod
    def make(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make it, and return by what it is found."""

    def change(self, values: Mapping[str, Any]) -> None:
        """Let AWS have these values of what is there."""
        self.make(values)

    @abstractmethod
    def remove(self, values: Mapping[str, Any]) -> None:
        """Delete it."""

    def identity(self, id_: str) -> dict[str, Any]:
        """By what it is found that is imported by this id."""
        return {"id": id_, "name": id_}

    def create(self, ctx: Any, planned: Any) -> Any:
        values = known(planned)
        with told(ctx, f"creating aws_{self.NAME}"):
            values |= self.make(values)
            return values | (self.found(values) or {})
        return None

    def read(self, ctx: Any, current: Any) -> Any:
        with told(ctx, f"reading aws_{self.NAME}"):
            found = self.found(current)
            return None if found is None else {**current, **found}
        return current

    def update(self, ctx: Any, current: Any, planned: Any) -> Any:
        values = {**current, **known({name: value for name, value in planned.items() if value is not Unknown})}
        with told(ctx, f"updating aws_{self.NAME}"):
            self.change(values)
            return values | (self.found(values) or {})
        return current

    def delete(self, ctx: Any, current: Any) -> Any:
        with told(ctx, f"deleting aws_{self.NAME}"):
            self.remove(current)

    def import_(self, ctx: Any, id: str) -> Any:
        empty: dict[str, Any] = dict.fromkeys(attribute.name for attribute in self.ATTRIBUTES)
        empty |= {block.type_name: [] for block in self.BLOCKS}
        with told(ctx, f"importing aws_{self.NAME}"):
            values = empty | self.identity(id)
            found = self.found(values)
            return None if found is None else values | found
        return None


class DataSource(Kind, iface.DataSource):
    """A type of data source; one that is not there is an error of Terraform's."""

    def read(self, ctx: Any, config: Any) -> Any:
        with told(ctx, f"reading aws_{self.NAME}"):
            found = self.found(config)
            if found is None:
                which = next((config[name] for name in ("arn", "name", "secret_id") if config.get(name)), "")
                ctx.diagnostics.add_error(f"reading aws_{self.NAME} ({which}): couldn't find resource")
            return {**config, **(found or {})}
        return config


def tags(of: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in (of or {}).items()]


def untagged(of: Sequence[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str] | None:
    return {one[key]: one[value] for one in of or ()} or None


TEXTS = Set(TEXT)
