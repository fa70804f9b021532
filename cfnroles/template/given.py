"""Known values of the stack of a template."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class Given(Struct, frozen=True):
    """Known values of the stack of a template: its parameters, its account and Region, and its imports.

    The value ``None`` of a parameter is unknown. ``imports`` are the values of exports by name. ``keys`` are assumed
    keys of ``Fn::FindInMap`` for unknown texts, and ``not_keys`` are keys that such a text does not have.
    """

    parameters: Mapping[str, str | None] = field(default_factory=dict)
    account: str = ""
    region: str = ""
    imports: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    not_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)


NOTHING_GIVEN = Given()
