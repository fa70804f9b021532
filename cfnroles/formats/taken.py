"""What was taken for known: the defaults of parameters, and the values that the roles were made for."""

from __future__ import annotations

from collections.abc import Sequence

from cfnroles.counted import by_number


def defaults_words(names: Sequence[str]) -> str:
    """The parameters whose default was taken, and how to give another; empty for none."""
    used = by_number(len(names), "Default used", "Defaults used")
    return f"{used}: {', '.join(names)}. Override with --parameter NAME=VALUE." if names else ""


def values_words(names: Sequence[str], again: str, noun: str = "parameter") -> tuple[str, str]:
    """The parameters whose value of here counts in the roles, and what to do ``again`` when it changes."""
    of = by_number(len(names), f"value that this {noun} has", f"values that these {noun}s have")
    return f"The roles are made for the {of} here: {', '.join(names)}.", f"When a value changes, {again}."
