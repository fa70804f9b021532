"""What is known of the stack that a template makes."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class Given(Struct, frozen=True):
    """What is known of the stack that a template makes: values of its parameters, where it is, and what it imports.

    The value ``None`` of a parameter is one that nobody knows. ``imports`` are the values of exports by name. ``keys``
    are what ``Fn::FindInMap`` alone is asked for in the place of a text that nobody knows, and ``not_keys`` what such a
    text is known not to be.
    """

    parameters: Mapping[str, str | None] = field(default_factory=dict)
    account: str = ""
    region: str = ""
    imports: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    not_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)


NOTHING_GIVEN = Given()
