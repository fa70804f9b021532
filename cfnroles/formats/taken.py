"""Assumptions: defaults of parameters, and the values for which the roles were built."""

from __future__ import annotations

from collections.abc import Sequence

from cfnroles.counted import by_number


def defaults_words(names: Sequence[str]) -> str:
    """Return the parameters with their defaults, and how to give other values; empty for none."""
    used = by_number(len(names), "Default used", "Defaults used")
    return f"{used}: {', '.join(names)}. Override with --parameter NAME=VALUE." if names else ""


def values_words(names: Sequence[str], again: str, noun: str = "parameter") -> tuple[str, str]:
    """Return the parameters whose values affect the roles, and what to do ``again`` if they change."""
    of = by_number(len(names), f"value that this {noun} has", f"values that these {noun}s have")
    return f"The roles are built for the {of} here: {', '.join(names)}.", f"When a value changes, {again}."
